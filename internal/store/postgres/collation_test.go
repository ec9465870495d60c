package postgres_test

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
	"refunddesk/internal/store"
	"refunddesk/internal/store/pgtest"
	"refunddesk/internal/store/postgres"
	"refunddesk/internal/store/storetest"
)

// Ids that differ in case only are two customers, in whatever language the database sorts.
func TestBalancesAreThoseOfOneAccountInAnyCollation(t *testing.T) {
	t.Parallel()
	server := pgtest.Private(t)
	conn, err := pgx.Connect(t.Context(), server.URL())
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), "CREATE DATABASE sorted TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C'")
	require.NoError(t, err)
	require.NoError(t, conn.Close(t.Context()))
	url := server.URL()[:len(server.URL())-len("/postgres?sslmode=disable")] + "/sorted?sslmode=disable"
	require.NoError(t, migrate(t.Context(), url))
	b := storetest.New(t, func(t *testing.T, o store.Options) *store.Store {
		s, err := postgres.Open(postgres.Config{URL: url, Role: application, MaxConnections: 2, Options: o})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return s
	})
	ids := []string{"ACCT", "Acct", "acct", "acct.1", "acct-1", "acct_1"}
	for n, id := range ids {
		if id != "acct" {
			b.Account(id)
		}
		pkg, units := fmt.Sprint("p", n), int64(n+1)
		_, err := b.CreatePackage(b.Ctx, storetest.Integrator, refund.Package{
			ID: pkg, AccountID: id, Product: refund.GlobalSMS, Name: "x", Currency: "USD", Paid: units * money.Scale, Face: units * money.Scale,
		})
		require.NoError(t, err)
		filed, err := b.File(b.Ctx, storetest.Customer(id), desk.Filing{PackageID: pkg, ReasonCode: refund.OtherReason, IdempotencyKey: "k"})
		require.NoError(t, err)
		b.Step(filed.Refund.ID, refund.VerbScreen, refund.Crediting)
		b.Step(filed.Refund.ID, refund.VerbCredit, refund.Credited)
	}
	for n, id := range ids {
		balances, err := b.Balances(b.Ctx, id)
		require.NoError(t, err)
		assert.Equal(t, []money.Money{money.Units(int64(n+1), "USD")}, balances, "%s sees his own", id)
	}
}
