// Package store keeps the records: GORM over PostgreSQL in production, over SQLite for
// evaluation. Every transition of a refund is one function and one transaction, which also
// writes its audit entry; whoever repeats it gets the first result.
//
// Locks are taken in one order: the gate of the pauses; idempotency row; package, its refund
// and its ledger account in one statement, the owner's account shared; the refund's open
// ticket; other ledger accounts by id. Work on tickets locks tickets only, by id.
package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"time"

	"go.jetify.com/typeid"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"refunddesk/internal/fault"
)

// Dialect is which database keeps the records.
type Dialect string

// The databases.
const (
	Postgres Dialect = "postgres"
	SQLite   Dialect = "sqlite"
)

// Options set a store up.
type Options struct {
	Now   func() time.Time // the clock; time.Now when nil
	Drain time.Duration    // how long usage from before a freeze is still taken
	// History is how long the query over an account's history may take, without which screening
	// does with what else it knows; a second when 0.
	History time.Duration
}

// Store is the records. It implements the ports of desk, activities, engine and importer.
type Store struct {
	db      *gorm.DB
	dialect Dialect
	now     func() time.Time
	drain   time.Duration
	history time.Duration
	watch   *watchers
}

// Open makes a store over a dialector of the given database. It does not migrate: see Migrate.
// Returns fault Unavailable when the database cannot be reached.
func Open(dialect Dialect, d gorm.Dialector, o Options) (*Store, error) {
	clock := o.Now
	if clock == nil {
		clock = time.Now
	}
	// PostgreSQL keeps micros: what is read back equals what was written.
	now := func() time.Time { return clock().UTC().Truncate(time.Microsecond) }
	db, err := gorm.Open(d, &gorm.Config{
		SkipDefaultTransaction: true, // every write here names its own transaction
		DisableAutomaticPing:   true, // a database that is away is found when it is back
		TranslateError:         false,
		Logger:                 logger.Discard, // statements carry names and addresses
		NowFunc:                now,
	})
	if err != nil {
		return nil, fault.New(fault.Unavailable, CodeUnavailable, "The database cannot be reached.").With(err)
	}
	return &Store{db: db, dialect: dialect, now: now, drain: o.Drain, history: cmp.Or(o.History, historyLimit), watch: newWatchers()}, nil
}

// SQL is the connection pool, for migrations and tests.
func (s *Store) SQL() (*sql.DB, error) { return s.db.DB() }

// Dialect says which database keeps the records.
func (s *Store) Dialect() Dialect { return s.dialect }

// Close ends the connections.
func (s *Store) Close() error {
	pool, err := s.db.DB()
	if err != nil {
		return err
	}
	return pool.Close()
}

// lock gives the locking clause on PostgreSQL. SQLite has none and needs none: its write
// transactions are alone (_txlock=immediate).
//
// Whatever a transaction decides on is locked, a balance too: who waited for a lock reads
// again only the rows that the statement locks, and the rest as it was before the wait. NO
// KEY, because keys never change and rows that refer to a locked one need not wait for it.
func (s *Store) lock(clause string) string {
	if s.dialect == Postgres {
		return " " + clause
	}
	return ""
}

// tries is how often a transaction that lost a race (serialization, deadlock, busy) is repeated.
const tries = 8

// write runs fn in one transaction and repeats it when the database asks for that. A fault
// that fn returns rolls back and is returned as it is.
func (s *Store) write(ctx context.Context, fn func(tx *gorm.DB) error) error {
	return s.repeat(ctx, func() error { return s.db.WithContext(ctx).Transaction(fn) })
}

// repeat runs a transaction until it has not lost a race, and classifies its error.
func (s *Store) repeat(ctx context.Context, transaction func() error) error {
	var err error
	for try := range tries {
		if err = transaction(); !lostRace(err) {
			break
		}
		select {
		case <-ctx.Done():
			return classify(ctx.Err())
		case <-time.After(time.Duration(try+1) * 5 * time.Millisecond):
		}
	}
	return classify(err)
}

// read is a session outside any transaction.
func (s *Store) read(ctx context.Context) *gorm.DB { return s.db.WithContext(ctx) }

// newID makes an id that says what it is of and grows with time, like "refund_01h…".
func newID(prefix string) string {
	id, err := typeid.WithPrefix(prefix)
	if err != nil {
		panic(fmt.Sprintf("store: %q is no id prefix: %v", prefix, err)) // a constant of ours
	}
	return id.String()
}
