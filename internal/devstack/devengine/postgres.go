package devengine

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql"
	"go.temporal.io/server/tools/common/schema"
	sqltool "go.temporal.io/server/tools/sql"

	"refunddesk/internal/fault"
)

// preparePostgres sets both of the engine's databases up, or brings them up to date.
func preparePostgres(ctx context.Context, address string, logger log.Logger) (database, error) {
	main, err := postgresStore(address)
	if err != nil {
		return database{}, err
	}
	visibility := *main
	visibility.DatabaseName += "_visibility"
	if err := createDatabase(ctx, address, visibility.DatabaseName); err != nil {
		return database{}, err
	}
	for _, step := range []struct {
		store  *config.SQL
		folder string
	}{
		{main, "postgresql/v12/temporal"},
		{&visibility, "postgresql/v12/visibility"},
	} {
		if err := migratePostgres(step.store, step.folder, logger); err != nil {
			return database{}, fmt.Errorf("set the engine's database %s up: %w", step.store.DatabaseName, err)
		}
	}
	return database{main: main, visibility: &visibility, shards: 4}, nil
}

func migratePostgres(store *config.SQL, folder string, logger log.Logger) error {
	db, err := sqltool.NewConnection(store, logger)
	if err != nil {
		return err
	}
	defer db.Close()
	// Version 0.0 is the empty schema; the set-up leaves a newer stamp alone.
	if err := schema.NewSetupSchemaTask(db, &schema.SetupConfig{InitialVersion: "0.0"}, logger).Run(); err != nil {
		return err
	}
	return schema.NewUpdateSchemaTask(db, &schema.UpdateConfig{SchemaName: folder}, logger).Run()
}

// createDatabase makes the second database through the first, unless it is there.
func createDatabase(ctx context.Context, address, name string) (err error) {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		// The driver's text quotes the address; it goes to logs only, without its password.
		return fault.New(fault.Unavailable, "engine-database", "the engine's PostgreSQL database does not answer").With(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	var there bool
	if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, name).Scan(&there); err != nil {
		return fmt.Errorf("look for the engine's database: %w", err)
	}
	if there {
		return nil
	}
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()); err != nil {
		return fmt.Errorf("create the engine's database: %w", err)
	}
	return nil
}

// postgresStore splits a database URL into what the plug-in puts together again.
func postgresStore(address string) (*config.SQL, error) {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return nil, fault.InvalidField("engine database", "must be a URL like postgres://user:password@host:5432/name")
	}
	name := strings.TrimPrefix(u.Path, "/")
	if name == "" || u.User.Username() == "" {
		return nil, fault.InvalidField("engine database", "the URL must name a user and a database")
	}
	host, port := u.Hostname(), u.Port()
	if host == "" {
		host = "localhost" // a socket's folder then stands in the parameter "host", which wins
	}
	if port == "" {
		port = "5432"
	}
	password, _ := u.User.Password()
	attributes := map[string]string{}
	for key, values := range u.Query() {
		attributes[key] = values[0]
	}
	return &config.SQL{
		PluginName:        postgresql.PluginNamePGX,
		DatabaseName:      name,
		ConnectProtocol:   "tcp",
		ConnectAddr:       net.JoinHostPort(host, port),
		User:              url.QueryEscape(u.User.Username()),
		Password:          password,
		ConnectAttributes: attributes,
		// A limit for each of the engine's pools, not for all: it opens about three times as
		// many, and PostgreSQL allows 100 by default.
		MaxConns:     20,
		MaxIdleConns: 20,
	}, nil
}
