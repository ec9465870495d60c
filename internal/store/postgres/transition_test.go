package postgres_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/fault"
	"refunddesk/internal/refund"
	"refunddesk/internal/store"
	"refunddesk/internal/store/postgres"
	"refunddesk/internal/store/storetest"
)

// A transition that ends in a refusal or that its caller gave up leaves nothing behind, and
// its connection is good for the next.
func TestTransitionsGiveTheirConnectionBack(t *testing.T) {
	t.Parallel()
	b := storetest.New(t, func(t *testing.T, o store.Options) *store.Store {
		s, err := postgres.Open(postgres.Config{URL: database(t), Role: postgres.AppRole, MaxConnections: 1, Options: o})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return s
	})
	pool, err := b.SQL()
	require.NoError(t, err)
	connection := func() (pid int) {
		require.NoError(t, pool.QueryRowContext(t.Context(), "SELECT pg_backend_pid()").Scan(&pid))
		return pid
	}
	b.Buy("p", 10, 10)
	first := connection()

	_, err = b.TryFile("nowhere", "k")
	assert.Equal(t, "not-found", fault.CodeOf(err))
	r := b.MustFile("p")
	_, err = b.TryFile("p", "another")
	require.ErrorIs(t, err, refund.ErrRefundOpen)
	again, err := b.TryFile("p", "key-p")
	require.NoError(t, err)
	assert.True(t, again.Replayed)
	_, err = b.Credit(b.Ctx, refund.Op{RefundID: "none", Verb: refund.VerbCredit})
	assert.Equal(t, "not-found", fault.CodeOf(err))
	step, err := b.Credit(b.Ctx, b.Op(r.ID, refund.VerbCredit))
	require.NoError(t, err)
	assert.Equal(t, refund.Submitted, step.State, "not its turn: nothing was done")
	assert.Equal(t, first, connection(), "a refusal costs no connection")

	gone, cancel := context.WithCancel(b.Ctx)
	cancel()
	_, err = b.Credit(gone, b.Op(r.ID, refund.VerbCredit))
	assert.Equal(t, fault.Unavailable, fault.From(err).Kind)

	b.Step(r.ID, refund.VerbScreen, refund.Crediting)
	b.Step(r.ID, refund.VerbCredit, refund.Credited)
	assert.EqualValues(t, 10, b.Balance("USD"))
	b.CheckLedger()
}
