// Package pgtest gives tests a real PostgreSQL.
//
// A test asks New for a database of its own: a clone of one that was migrated once, in
// about 50 ms. The server behind it is the one that REFUNDDESK_TEST_POSTGRES names, else a
// private one that is started from local binaries (PostgreSQL 15 or later), once a test
// process, and goes away with that process however it ends. Both are safe under parallel
// tests and parallel test processes.
//
// Tests that break the server on purpose take one for themselves with Private.
package pgtest

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // pgtestdb opens databases through the driver "pgx"
	"github.com/peterldowns/pgtestdb"

	"refunddesk/internal/store/pgtest/pgserver"
)

// Variable names a PostgreSQL server to use instead of a private one: a URL of a role that
// may create databases and roles. Tests create and drop databases named testdb_… in it and
// leave those of failed tests for a look.
const Variable = "REFUNDDESK_TEST_POSTGRES"

// Migrate brings the empty database at the URL to the schema that tests want. Roles are
// shared by the whole server, so it must tolerate those that exist.
type Migrate func(ctx context.Context, url string) error

var shared struct {
	once sync.Once
	url  string
	err  error
	// own is never read: it keeps the pipe to the keeper, whose end is the server's end,
	// from being collected as garbage.
	own *pgserver.Server
}

// Server gives the URL of the server that this process's tests share, as a role that may
// create databases and roles. It ends the test when there is none to be had.
func Server(t testing.TB) string {
	t.Helper()
	shared.once.Do(func() {
		if shared.url = os.Getenv(Variable); shared.url != "" {
			shared.err = check(shared.url)
			return
		}
		// Nobody stops it: its keeper does, when this process ends.
		if shared.own, shared.err = pgserver.Start(pgserver.Options{}); shared.err == nil {
			shared.url = shared.own.URL()
		}
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.url
}

// New gives the URL of a fresh database that migrate has been run on, connected as the
// server's own role. hash identifies what migrate does (say, a digest of the migration
// files): the same hash is migrated once and cloned from then on. The database is dropped
// when the test passes, connections or not.
func New(t testing.TB, migrate Migrate, hash string) string {
	t.Helper()
	conf, err := config(Server(t))
	if err != nil {
		t.Fatal(err)
	}
	return pgtestdb.Custom(t, conf, migrator{migrate: migrate, hash: hash}).URL()
}

// migrator fits a Migrate into pgtestdb.
type migrator struct {
	migrate Migrate
	hash    string
}

func (m migrator) Hash() (string, error) { return m.hash, nil }

func (m migrator) Migrate(ctx context.Context, _ *sql.DB, conf pgtestdb.Config) error {
	return m.migrate(ctx, conf.URL())
}

// config splits the server's URL for pgtestdb, which puts the parts together again as they are.
func config(server string) (pgtestdb.Config, error) {
	u, err := url.Parse(server)
	if err != nil {
		return pgtestdb.Config{}, fmt.Errorf("%s must be a URL like postgres://user:password@host:5432/postgres", Variable)
	}
	password, _ := u.User.Password()
	user := url.PathEscape(u.User.Username())
	password = url.PathEscape(password)
	port := u.Port()
	if port == "" {
		port = "5432"
	}
	host := u.Hostname()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return pgtestdb.Config{
		DriverName: "pgx",
		Host:       host,
		Port:       port,
		User:       user,
		Password:   password,
		Database:   strings.TrimPrefix(u.Path, "/"),
		Options:    u.RawQuery,
		// The server's own role: migrations create roles and triggers, which a role made for
		// the test might not be allowed to.
		TestRole:                  &pgtestdb.Role{Username: user, Password: password},
		ForceTerminateConnections: true,
	}, nil
}

// check looks at a server that somebody else started.
func check(server string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return fmt.Errorf("the PostgreSQL named by %s does not answer: %w", Variable, err)
	}
	defer func() { _ = conn.Close(ctx) }()
	var version int
	if err := conn.QueryRow(ctx, `SELECT current_setting('server_version_num')::int`).Scan(&version); err != nil {
		return fmt.Errorf("ask PostgreSQL for its version: %w", err)
	}
	if version/10000 < pgserver.Oldest {
		return fmt.Errorf("the PostgreSQL named by %s is version %d; tests want %d or later", Variable, version/10000, pgserver.Oldest)
	}
	return nil
}
