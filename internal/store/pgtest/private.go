package pgtest

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"refunddesk/internal/store/pgtest/pgserver"
)

// Instance is a PostgreSQL that one test has for itself, to break it.
type Instance struct {
	t testing.TB
	s *pgserver.Server
}

// Private starts a server for this test alone, from local binaries even when
// REFUNDDESK_TEST_POSTGRES is set. It goes away with the test. Takes about a second.
func Private(t testing.TB) *Instance {
	t.Helper()
	s, err := pgserver.Start(pgserver.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("PostgreSQL's log ends with:\n%s", s.LogTail())
		}
		s.Remove()
	})
	return &Instance{t: t, s: s}
}

// URL connects as the superuser to the database postgres. It stays the same over restarts.
func (i *Instance) URL() string { return i.s.URL() }

// Database makes a new database with that name, runs migrate on it (nil leaves it empty)
// and gives its URL.
func (i *Instance) Database(name string, migrate Migrate) string {
	i.t.Helper()
	ctx, cancel := context.WithTimeout(i.t.Context(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, i.URL())
	if err != nil {
		i.t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()); err != nil {
		i.t.Fatal(err)
	}
	u, err := url.Parse(i.URL())
	if err != nil {
		i.t.Fatal(err)
	}
	u.Path = "/" + name
	if migrate == nil {
		return u.String()
	}
	if err := migrate(ctx, u.String()); err != nil {
		i.t.Fatalf("migrate %s: %v", name, err)
	}
	return u.String()
}

// StopImmediate ends the server as `pg_ctl stop -m immediate` does: every connection is cut
// and nothing is tidied. What was committed is there again after Start.
func (i *Instance) StopImmediate() {
	i.t.Helper()
	if err := i.s.Stop(); err != nil {
		i.t.Fatal(err)
	}
}

// Start starts a stopped server at the same address and returns when it answers.
func (i *Instance) Start() {
	i.t.Helper()
	if err := i.s.Start(); err != nil {
		i.t.Fatal(err)
	}
}

// RestartImmediate is StopImmediate and Start.
func (i *Instance) RestartImmediate() {
	i.t.Helper()
	i.StopImmediate()
	i.Start()
}
