package postgres_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/store"
	"refunddesk/internal/store/pgtest"
	"refunddesk/internal/store/postgres"
	"refunddesk/internal/store/storetest"
)

func migrate(ctx context.Context, url string) error {
	s, err := postgres.Open(postgres.Config{URL: url, MaxConnections: 1})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	_, err = s.Migrate(ctx)
	return err
}

// database is a fresh migrated database.
func database(t *testing.T) string {
	t.Helper()
	digest, err := store.SchemaDigest(store.Postgres)
	require.NoError(t, err)
	return pgtest.New(t, migrate, digest)
}

// open opens it under the application's role, as the programs do.
func open(t *testing.T, o store.Options) *store.Store {
	t.Helper()
	s, err := postgres.Open(postgres.Config{URL: database(t), Role: postgres.AppRole, MaxConnections: 4, Options: o})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, open)
}
