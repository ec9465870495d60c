package sqlite_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/store"
	"refunddesk/internal/store/storetest"
)

func TestAnUpgradeKeepsWhatThereIs(t *testing.T) {
	t.Parallel()
	var s *store.Store
	storetest.Upgrade(t, func(t *testing.T, o store.Options) *store.Store {
		s = open(t, o)
		return s
	}, func(*testing.T) *store.Store { return s })
	pool, err := s.SQL()
	require.NoError(t, err)
	rows, err := pool.QueryContext(t.Context(), "PRAGMA foreign_key_check")
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	require.False(t, rows.Next(), "every reference still has its row")
	require.NoError(t, rows.Err())
}
