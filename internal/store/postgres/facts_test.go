package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/money"
	"refunddesk/internal/policy"
	"refunddesk/internal/store"
	"refunddesk/internal/store/pgtest"
	"refunddesk/internal/store/postgres"
	"refunddesk/internal/store/storetest"
)

// When the source of facts fails the refund is still judged, on what is known, and never
// approved; and the connection serves whoever comes next.
func TestFactsOfASourceThatFailsAreUnknown(t *testing.T) {
	t.Parallel()
	url := database(t)
	b := storetest.New(t, func(t *testing.T, o store.Options) *store.Store {
		o.History = 0 // as programs have it
		s, err := postgres.Open(postgres.Config{URL: url, Role: postgres.AppRole, MaxConnections: 1, Options: o})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return s
	})
	b.Buy("p", 100, 100)
	r := b.MustFile("p")
	b.Judge(r.ID)
	pool, err := b.SQL()
	require.NoError(t, err)
	var pid int
	require.NoError(t, pool.QueryRowContext(b.Ctx, "SELECT pg_backend_pid()").Scan(&pid))
	owner, err := pgx.Connect(b.Ctx, url)
	require.NoError(t, err)
	defer func() { require.NoError(t, owner.Close(context.WithoutCancel(b.Ctx))) }()
	execute := func(sql string) {
		_, err := owner.Exec(b.Ctx, sql)
		require.NoError(t, err)
	}
	unknown := func() policy.Facts {
		facts, version, err := b.Facts(b.Ctx, r.ID)
		require.NoError(t, err)
		assert.Equal(t, "1", version)
		storetest.Unknown(t, facts)
		assert.Equal(t, money.Units(100, "USD"), facts.Amount)
		return facts
	}

	t.Run("it takes too long", func(t *testing.T) {
		tx, err := owner.Begin(b.Ctx)
		require.NoError(t, err)
		_, err = tx.Exec(b.Ctx, "LOCK TABLE usage_records IN ACCESS EXCLUSIVE MODE")
		require.NoError(t, err)
		start := time.Now()
		unknown()
		assert.Less(t, time.Since(start), 2*time.Second, "before the step itself would be given up")
		require.NoError(t, tx.Rollback(b.Ctx))
	})
	t.Run("it may not be read", func(t *testing.T) {
		execute("REVOKE SELECT ON usage_records FROM app_rw")
		unknown()
		execute("GRANT SELECT ON usage_records TO app_rw")
	})
	t.Run("it is not there", func(t *testing.T) {
		execute("ALTER TABLE usage_records RENAME TO elsewhere")
		unknown()
		fresh, err := postgres.Open(postgres.Config{URL: url, Role: postgres.AppRole, MaxConnections: 1})
		require.NoError(t, err)
		facts, _, err := fresh.Facts(b.Ctx, r.ID) // the statement was never prepared
		require.NoError(t, err)
		storetest.Unknown(t, facts)
		require.NoError(t, fresh.Close())
		execute("ALTER TABLE elsewhere RENAME TO usage_records")
	})

	b.Judge(r.ID)
	var same int
	var limit string
	require.NoError(t, pool.QueryRowContext(b.Ctx, "SELECT pg_backend_pid(), current_setting('statement_timeout')").Scan(&same, &limit))
	assert.Equal(t, pid, same, "the same connection")
	assert.Equal(t, "0", limit, "with its own limit")
}

// Programs that migrate one database at once leave one policy.
func TestMigratingAtOnceSeedsOnePolicy(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t, func(context.Context, string) error { return nil }, "nothing")
	errs := make(chan error, 4)
	for range 4 {
		go func() { errs <- migrate(t.Context(), url) }()
	}
	for range 4 {
		require.NoError(t, <-errs)
	}
	s, err := postgres.Open(postgres.Config{URL: url, Role: postgres.AppRole, MaxConnections: 1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	v, err := s.PolicyVersion(t.Context(), "")
	require.NoError(t, err)
	assert.Equal(t, "1", v.Version)
	_, err = s.PolicyVersion(t.Context(), "2")
	require.Error(t, err)
}
