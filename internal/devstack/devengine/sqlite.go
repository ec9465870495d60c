package devengine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"time"

	"github.com/blang/semver/v4"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/persistence"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	dbschemas "go.temporal.io/server/schema"
	sqliteschema "go.temporal.io/server/schema/sqlite"
	"go.temporal.io/server/tools/common/schema"

	"refunddesk/internal/fault"
)

// schemaFolder holds the engine's schema for SQLite and the steps between its versions.
const schemaFolder = "sqlite/v3/temporal"

func prepareDatabase(ctx context.Context, o Options, logger log.Logger) (database, error) {
	if o.PostgresURL != "" {
		return preparePostgres(ctx, o.PostgresURL, logger)
	}
	return prepareFile(ctx, o.File, logger)
}

// prepareFile makes the file, or brings one of an older engine up to this one's schema.
func prepareFile(ctx context.Context, file string, logger log.Logger) (database, error) {
	path, err := filepath.Abs(file)
	if err != nil {
		return database{}, fmt.Errorf("find the engine's file: %w", err)
	}
	// The plug-in puts the name into a URI as it is, so a blank or a % in a folder's name
	// must be escaped already.
	name := (&url.URL{Path: path}).EscapedPath()
	if err := migrateFile(ctx, name, logger); err != nil {
		return database{}, err
	}
	store := &config.SQL{
		PluginName:   sqliteplugin.PluginName,
		DatabaseName: name,
		ConnectAttributes: map[string]string{
			"mode": "rwc",
			// The write-ahead log makes the file safe against a killed process; against a
			// power cut it may lose the last moments, which development can bear.
			"journal_mode": "wal",
			"synchronous":  "normal",
			"busy_timeout": "5000",
		},
		// One connection (the plug-in's default): its transactions read before they write,
		// and a second writer would be refused instead of waiting.
	}
	return database{main: store, visibility: store, shards: 1}, nil
}

func migrateFile(ctx context.Context, name string, logger log.Logger) error {
	db, err := sql.Open("sqlite", "file:"+name+"?mode=rwc&_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)&_txlock=immediate")
	if err != nil {
		return fmt.Errorf("open the engine's file: %w", err)
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)

	var tables int
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master WHERE type = 'table'`).Scan(&tables); err != nil {
		return unreadable(err)
	}
	if tables == 0 {
		return createSchema(ctx, db)
	}
	stamp := fileSchema{ctx: ctx, db: db}
	version, err := stamp.ReadSchemaVersion()
	if err != nil {
		return unreadable(err)
	}
	have, err := semver.ParseTolerant(version)
	if err != nil {
		return unreadable(err)
	}
	want, err := semver.ParseTolerant(sqliteschema.Version)
	if err != nil {
		return fmt.Errorf("read the engine's schema version: %w", err)
	}
	switch have.Compare(want) {
	case 0:
		return nil
	case 1:
		return fault.New(fault.Conflict, "engine-file",
			"the engine's file was written by a newer version (schema %s, this one knows %s); use that version, or give another folder with --data",
			version, sqliteschema.Version)
	}
	update := schema.NewUpdateSchemaTask(stamp, &schema.UpdateConfig{SchemaName: schemaFolder}, logger)
	if err := update.Run(); err != nil {
		return fmt.Errorf("update the engine's file from schema %s to %s: %w", version, sqliteschema.Version, err)
	}
	return nil
}

func unreadable(cause error) error {
	return fault.New(fault.Conflict, "engine-file",
		"the engine's file is not one that this program made, or it is damaged; give another folder with --data").With(cause)
}

// createSchema makes all tables and their stamp in one transaction, so that a process killed
// in the middle leaves an empty file and not half a schema.
func createSchema(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("create the engine's tables: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	for _, part := range []string{"sqlite/v3/temporal/schema.sql", "sqlite/v3/visibility/schema.sql"} {
		text, err := dbschemas.Assets().Open(part)
		if err != nil {
			return fmt.Errorf("read the engine's schema: %w", err)
		}
		statements, err := persistence.LoadAndSplitQueryFromReaders([]io.Reader{text})
		_ = text.Close()
		if err != nil {
			return fmt.Errorf("read the engine's schema: %w", err)
		}
		for _, statement := range statements {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("create the engine's tables: %w", err)
			}
		}
	}
	stamp := fileSchema{ctx: ctx, db: tx}
	if err := errors.Join(
		stamp.CreateSchemaVersionTables(),
		stamp.UpdateSchemaVersion(sqliteschema.Version, sqliteschema.Version),
	); err != nil {
		return fmt.Errorf("stamp the engine's schema: %w", err)
	}
	return tx.Commit()
}

// fileSchema is the engine's version stamp in the file, in the shape its update step works on.
// The engine's own one keys the stamp by the file's path and would lose it in a moved folder.
type fileSchema struct {
	ctx context.Context //nolint:containedctx // the update step's interface carries none
	db  interface {
		ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
		QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	}
}

var _ schema.DB = fileSchema{}

func (s fileSchema) Exec(statement string, args ...any) error {
	_, err := s.db.ExecContext(s.ctx, statement, args...)
	return err
}

func (s fileSchema) CreateSchemaVersionTables() error {
	return errors.Join(
		s.Exec(`CREATE TABLE schema_version (name TEXT PRIMARY KEY, curr_version TEXT NOT NULL, min_compatible_version TEXT NOT NULL, updated_at TEXT NOT NULL)`),
		s.Exec(`CREATE TABLE schema_update_history (updated_at TEXT NOT NULL, old_version TEXT NOT NULL, new_version TEXT NOT NULL, manifest_md5 TEXT NOT NULL, description TEXT NOT NULL)`),
	)
}

func (s fileSchema) ReadSchemaVersion() (version string, err error) {
	err = s.db.QueryRowContext(s.ctx, `SELECT curr_version FROM schema_version WHERE name = 'temporal'`).Scan(&version)
	return version, err
}

func (s fileSchema) UpdateSchemaVersion(version, compatible string) error {
	return s.Exec(`REPLACE INTO schema_version (name, curr_version, min_compatible_version, updated_at) VALUES ('temporal', ?, ?, ?)`,
		version, compatible, stampTime())
}

func (s fileSchema) WriteSchemaUpdateLog(from, to, digest, description string) error {
	return s.Exec(`INSERT INTO schema_update_history (updated_at, old_version, new_version, manifest_md5, description) VALUES (?, ?, ?, ?, ?)`,
		stampTime(), from, to, digest, description)
}

// DropAllTables is for a dry run, which never happens here.
func (fileSchema) DropAllTables() error { return errors.ErrUnsupported }

// Close leaves the handle to its owner.
func (fileSchema) Close() {}

// Type names the kind of database.
func (fileSchema) Type() string { return "sql" }

func stampTime() string { return time.Now().UTC().Format(time.RFC3339Nano) }
