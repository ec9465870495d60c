package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/store"
	"refunddesk/internal/store/postgres"
	"refunddesk/internal/store/storetest"
)

func TestAnUpgradeKeepsWhatThereIs(t *testing.T) {
	t.Parallel()
	url := database(t)
	as := func(t *testing.T, role string, o store.Options) *store.Store {
		s, err := postgres.Open(postgres.Config{URL: url, Role: role, MaxConnections: 2, Options: o})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return s
	}
	storetest.Upgrade(t, func(t *testing.T, o store.Options) *store.Store { return as(t, postgres.AppRole, o) },
		func(t *testing.T) *store.Store { return as(t, "", store.Options{}) })
}
