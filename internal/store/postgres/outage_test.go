package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/fault"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
	"refunddesk/internal/store"
	"refunddesk/internal/store/pgtest"
	"refunddesk/internal/store/postgres"
	"refunddesk/internal/store/storetest"
)

// The server ends under load: what was answered is kept, what was not is whole or not there,
// and the same store works on when the server is back.
func TestAnOutageIsUnavailableAndPasses(t *testing.T) {
	t.Parallel()
	server := pgtest.Private(t)
	url := server.Database("records", migrate)
	b := storetest.New(t, func(t *testing.T, o store.Options) *store.Store {
		s, err := postgres.Open(postgres.Config{URL: url, Role: application, MaxConnections: 4, Options: o})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return s
	})
	b.Buy("p", 10, 10)
	r := b.MustFile("p")
	b.Step(r.ID, refund.VerbScreen, refund.Crediting)
	op := b.Op(r.ID, refund.VerbCredit)
	for n := range 20 {
		b.Buy(fmt.Sprintf("p%d", n), 10, 10)
	}

	answered, started := tally{}, make(chan struct{}, 20)
	var wg sync.WaitGroup
	for n := range 20 {
		wg.Go(func() {
			id := fmt.Sprintf("p%d", n)
			for use := 0; use < 1000; use++ {
				err := b.Use(fmt.Sprintf("u%d-%d", n, use), id, 1)
				if errors.Is(err, refund.ErrInsufficientBalance) {
					return
				}
				if err != nil {
					assert.Equal(t, store.CodeUnavailable, fault.CodeOf(err))
					return
				}
				answered.add(id)
				started <- struct{}{}
			}
		})
	}
	<-started
	server.StopImmediate()
	go func() { // whoever still reports
		for range started {
		}
	}()
	wg.Wait()
	close(started)

	for name, call := range map[string]func() error{
		"credit":  func() error { _, err := b.Credit(b.Ctx, op); return err },
		"file":    func() error { _, err := b.TryFile("p1", "k"); return err },
		"refund":  func() error { _, err := b.Refund(b.Ctx, r.ID); return err },
		"facts":   func() error { _, _, err := b.Facts(b.Ctx, r.ID); return err },
		"use":     func() error { return b.Use("u", "p1", 1) },
		"refuse":  func() error { return b.KeepNote(b.Ctx, "note_1", storetest.Admin, r.ID, "text") },
		"ready":   func() error { return b.Ready(b.Ctx) },
		"intents": func() error { _, err := b.Undelivered(b.Ctx, 0, 10); return err },
		"migrate": func() error { _, err := b.MigrationStatus(b.Ctx); return err },
	} {
		err := call()
		assert.Equal(t, store.CodeUnavailable, fault.CodeOf(err), name)
		assert.Equal(t, fault.Unavailable, fault.From(err).Kind, name)
		assert.False(t, fault.IsAnswer(err), name)
	}

	server.Start()
	require.NoError(t, b.Ready(b.Ctx), "the same store, without opening it again")
	for id, n := range answered.got {
		v, err := b.Package(b.Ctx, id)
		require.NoError(t, err)
		assert.LessOrEqual(t, v.Remaining, int64(10-n)*money.Scale, "usage of %s that was answered is kept", id)
	}
	whole(t, url)
	step, err := b.Credit(b.Ctx, op)
	require.NoError(t, err)
	assert.Equal(t, refund.Credited, step.State)
	assert.EqualValues(t, 10, b.Balance("USD"))
	b.CheckLedger()
}

// whole expects that nothing is half-written: each usage has its journal and its entry, each
// journal its postings, and each balance is the sum of its postings.
func whole(t *testing.T, url string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(context.WithoutCancel(t.Context()))) }()
	for what, query := range map[string]string{
		"usage without its journal":     "SELECT count(*) FROM usage_records u WHERE NOT EXISTS (SELECT 1 FROM journals j WHERE j.operation = 'usage' AND j.operation_id = u.id)",
		"usage without its audit entry": "SELECT count(*) FROM usage_records u WHERE NOT EXISTS (SELECT 1 FROM audit_entries a WHERE a.operation_id = 'usage/' || u.id)",
		"journals out of balance":       "SELECT count(*) FROM (SELECT journal_id FROM postings GROUP BY journal_id HAVING sum(micros) <> 0) x",
		"journals without postings":     "SELECT count(*) FROM journals j WHERE NOT EXISTS (SELECT 1 FROM postings p WHERE p.journal_id = j.id)",
		"balances unlike their postings": `SELECT count(*) FROM ledger_accounts l WHERE balance IS NOT NULL
			AND balance <> (SELECT coalesce(sum(micros), 0) FROM postings p WHERE p.ledger_account = l.id)`,
	} {
		var n int
		require.NoError(t, conn.QueryRow(t.Context(), query).Scan(&n))
		assert.Zero(t, n, what)
	}
}

// A connection that is cut in the middle of a transaction leaves nothing of it.
func TestATransactionCutInTheMiddleLeavesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.fingerprint()
	all := w.credit(nil)
	for cut := 1; cut <= len(all); cut++ {
		conn := w.connect(application)
		tx, err := conn.Begin(w.Ctx)
		require.NoError(t, err)
		for _, s := range all[:cut] {
			_, err := tx.Exec(w.Ctx, s.sql, s.args...)
			require.NoError(t, err)
		}
		_, err = w.conns[owner].Exec(w.Ctx, "SELECT pg_terminate_backend($1, 5000)", conn.PgConn().PID())
		require.NoError(t, err)
		require.Error(t, tx.Commit(w.Ctx))
		require.Equal(t, before, w.fingerprint(), "cut after statement %d", cut)
	}
}
