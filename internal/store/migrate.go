package store

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"refunddesk/internal/fault"
)

//go:embed migrations
var migrations embed.FS

// Migration is one step of the schema.
type Migration struct {
	Version   int64
	Name      string
	AppliedAt time.Time // zero: not yet
}

// CodeNotMigrated is the fault of a database whose schema is not this program's.
const CodeNotMigrated = "database-not-migrated"

func (s *Store) migrator() (*goose.Provider, error) {
	pool, err := s.db.DB()
	if err != nil {
		return nil, err
	}
	dialect := map[Dialect]goose.Dialect{Postgres: goose.DialectPostgres, SQLite: goose.DialectSQLite3}[s.dialect]
	dir, err := fs.Sub(migrations, "migrations/"+string(s.dialect))
	if err != nil {
		return nil, err
	}
	var options []goose.ProviderOption
	if s.dialect == Postgres { // two that migrate at once take turns
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return nil, err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	return goose.NewProvider(dialect, pool, dir, options...)
}

// Migrate brings the schema to this program's version and returns what it applied. A
// database without a policy gets the one that the program ships with. It is safe to run
// again, also for two at once, and needs the rights of the migrating role.
func (s *Store) Migrate(ctx context.Context) ([]Migration, error) {
	p, err := s.migrator()
	if err != nil {
		return nil, classify(err)
	}
	results, err := p.Up(ctx)
	if err != nil {
		return nil, migrationFault(err)
	}
	var done []Migration
	for _, r := range results {
		done = append(done, Migration{Version: r.Source.Version, Name: r.Source.Path, AppliedAt: s.now()})
	}
	return done, s.seedPolicy(ctx)
}

// MigrateDown undoes the newest step and returns it; nil when there is none.
func (s *Store) MigrateDown(ctx context.Context) (*Migration, error) {
	p, err := s.migrator()
	if err != nil {
		return nil, classify(err)
	}
	r, err := p.Down(ctx)
	if errors.Is(err, goose.ErrNoNextVersion) {
		return nil, nil
	}
	if err != nil {
		return nil, migrationFault(err)
	}
	return &Migration{Version: r.Source.Version, Name: r.Source.Path}, nil
}

// MigrationStatus lists every step of this program's schema.
func (s *Store) MigrationStatus(ctx context.Context) ([]Migration, error) {
	p, err := s.migrator()
	if err != nil {
		return nil, classify(err)
	}
	statuses, err := p.Status(ctx)
	if err != nil {
		return nil, migrationFault(err)
	}
	var out []Migration
	for _, st := range statuses {
		out = append(out, Migration{Version: st.Source.Version, Name: st.Source.Path, AppliedAt: st.AppliedAt})
	}
	return out, nil
}

func migrationFault(err error) error {
	if f := fault.From(classify(err)); f.Code == CodeUnavailable {
		return f
	}
	return fault.New(fault.Internal, "migration-failed", "The schema could not be changed: %v", err).With(err)
}

// Ready implements desk.Records: the database answers and has this program's schema.
// Errors: fault Unavailable with CodeUnavailable or CodeNotMigrated.
func (s *Store) Ready(ctx context.Context) error {
	want, err := newestMigration(s.dialect)
	if err != nil {
		return err
	}
	var have int64
	err = s.read(ctx).Raw("SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied").Scan(&have).Error
	if err != nil && fault.CodeOf(classify(err)) == CodeUnavailable {
		return classify(err)
	}
	if err != nil || have < want {
		return fault.New(fault.Unavailable, CodeNotMigrated, "The database is not migrated: run \"refunddesk migrate up\".")
	}
	return nil
}

func newestMigration(d Dialect) (int64, error) {
	entries, err := fs.ReadDir(migrations, "migrations/"+string(d))
	if err != nil {
		return 0, err
	}
	var newest int64
	for _, e := range entries {
		v, err := goose.NumericComponent(e.Name())
		if err != nil {
			return 0, fmt.Errorf("migration %s: %w", e.Name(), err)
		}
		newest = max(newest, v)
	}
	return newest, nil
}

// SchemaDigest is over the texts of all migrations: another schema has another digest.
func SchemaDigest(d Dialect) (string, error) {
	h := sha256.New()
	dir := "migrations/" + string(d)
	entries, err := fs.ReadDir(migrations, dir)
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		text, err := fs.ReadFile(migrations, dir+"/"+e.Name())
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %d\n%s", e.Name(), len(text), text)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
