package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/gorm"
)

// transition is the transaction of a hot path. It is lazy: writes queue up until an answer
// is needed and then travel together, with the transaction's begin and commit among them. On
// PostgreSQL a filing, a screening and a credit are so two round trips each, one that locks
// and looks and one that writes, instead of eight to ten; round trips were most of their
// cost. On SQLite, which is in this process, the same statements run in the same order.
//
// A queued write that the database refuses fails whatever is asked after it, the commit at
// the latest.
type transition struct {
	// reads is a session in the transaction, for what is not hot. It does not see what is
	// still queued.
	reads  *gorm.DB
	queued []*statement
	send   func(writes []*statement, q *question) error
}

// statement is a write.
type statement struct {
	sql  string // ? stands for an argument
	args []any
	rows int64 // how many it changed; known once something was asked after it
}

// question is a query for at most one row.
type question struct {
	statement
	into  fields
	found bool
}

// fields are pointers to the values of a row, in the order of its columns: a query reads
// into them, an INSERT writes what they point to.
type fields []any

func stmt(sql string, args ...any) *statement { return &statement{sql: sql, args: args} }

// insert is an INSERT of one row or, with as many more values, of several.
func insert(table, columns string, values ...any) *statement {
	names := columnsOf(columns)
	row := "(?" + strings.Repeat(", ?", len(names)-1) + ")"
	return stmt("INSERT INTO "+table+" ("+strings.Join(names, ", ")+") VALUES "+
		row+strings.Repeat(", "+row, len(values)/len(names)-1), values...)
}

// queue adds writes.
func (t *transition) queue(writes ...*statement) { t.queued = append(t.queued, writes...) }

// ask carries out what is queued and then a query, and reports whether it found a row.
func (t *transition) ask(into fields, query string, args ...any) (found bool, err error) {
	q := question{statement: statement{sql: query, args: args}, into: into}
	err = t.flush(&q)
	return q.found, err
}

func (t *transition) flush(q *question) error {
	writes := t.queued
	t.queued = nil
	return t.send(writes, q)
}

// transact runs do as one transition and commits what it queued. Like write it repeats what
// lost a race, and rolls back and returns a fault that do returns.
func (s *Store) transact(ctx context.Context, do func(*transition) error) error {
	if s.dialect == Postgres {
		return s.repeat(ctx, func() error {
			return s.db.WithContext(ctx).Connection(func(session *gorm.DB) error { return pipelined(ctx, session, do) })
		})
	}
	return s.write(ctx, func(tx *gorm.DB) error {
		t := &transition{reads: tx, send: func(writes []*statement, q *question) error { return oneByOne(tx, writes, q) }}
		if err := do(t); err != nil {
			return err
		}
		return t.flush(nil)
	})
}

// oneByOne sends statements through a transaction that has begun.
func oneByOne(tx *gorm.DB, writes []*statement, q *question) error {
	for _, w := range writes {
		res := tx.Exec(w.sql, w.args...)
		if res.Error != nil {
			return res.Error
		}
		w.rows = res.RowsAffected
	}
	if q == nil {
		return nil
	}
	var err error
	q.found, err = one(tx, q.into, q.sql, q.args...)
	return err
}

// one reads at most one row and reports whether there was one.
func one(tx *gorm.DB, into fields, query string, args ...any) (found bool, err error) {
	rows, err := tx.Raw(query, args...).Rows()
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	if !rows.Next() {
		return false, rows.Err()
	}
	return true, rows.Scan(into...)
}

// pipelined runs do on the session's one connection.
func pipelined(ctx context.Context, session *gorm.DB, do func(*transition) error) error {
	conn, ok := session.Statement.ConnPool.(*sql.Conn)
	if !ok {
		return errors.New("store: the session is not bound to a connection")
	}
	t := &transition{
		reads: session.Session(&gorm.Session{NewDB: true, Context: ctx}),
		send: func(writes []*statement, q *question) error {
			return conn.Raw(func(driver any) error { return sendBatch(ctx, driver.(*stdlib.Conn).Conn(), writes, q) })
		},
		queued: []*statement{stmt("BEGIN")},
	}
	err := do(t)
	if err == nil {
		t.queue(stmt("COMMIT"))
		err = t.flush(nil)
	}
	if err != nil {
		_ = conn.Raw(func(driver any) error { return rollback(ctx, driver.(*stdlib.Conn).Conn()) })
	}
	return err
}

// sendBatch sends all statements in one round trip.
func sendBatch(ctx context.Context, conn *pgx.Conn, writes []*statement, q *question) (err error) {
	batch := &pgx.Batch{}
	for _, w := range writes {
		batch.Queue(numbered(w.sql), w.args...)
	}
	if q != nil {
		batch.Queue(numbered(q.sql), q.args...)
	}
	results := conn.SendBatch(ctx, batch)
	defer func() {
		if closed := results.Close(); err == nil {
			err = closed
		}
	}()
	for _, w := range writes {
		tag, err := results.Exec()
		if err != nil {
			return err
		}
		w.rows = tag.RowsAffected()
	}
	if q == nil {
		return nil
	}
	err = results.QueryRow().Scan(q.into...)
	q.found = err == nil
	if errors.Is(err, pgx.ErrNoRows) {
		err = nil
	}
	return err
}

// rollbackLimit is how long a rollback may take; the pool then gives the connection up.
const rollbackLimit = 2 * time.Second

// rollback ends what is left of a transaction, also when its caller has gone away.
func rollback(ctx context.Context, conn *pgx.Conn) error {
	const idle = 'I'
	if conn.IsClosed() || conn.PgConn().TxStatus() == idle {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackLimit)
	defer cancel()
	_, err := conn.Exec(ctx, "ROLLBACK")
	return err
}

// written keeps statements with their arguments numbered as PostgreSQL wants them: there
// are few, all constants of ours.
var written sync.Map // string → string

// numbered turns each ? into $1, $2 and so on.
func numbered(query string) string {
	if known, ok := written.Load(query); ok {
		return known.(string)
	}
	var b strings.Builder
	n := 0
	for _, r := range query {
		if r != '?' {
			b.WriteRune(r)
			continue
		}
		n++
		b.WriteString("$" + strconv.Itoa(n))
	}
	written.Store(query, b.String())
	return b.String()
}
