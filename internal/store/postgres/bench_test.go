package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/money"
	"refunddesk/internal/notify"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/store"
	"refunddesk/internal/store/pgtest"
	"refunddesk/internal/store/postgres"
	"refunddesk/internal/store/storetest"
)

// BenchmarkCleanRefund is everything that a clean refund asks of the records, one after the
// other: what `make bench` measures, without HTTP and engine.
func BenchmarkCleanRefund(b *testing.B) {
	digest, err := store.SchemaDigest(store.Postgres)
	require.NoError(b, err)
	s, err := postgres.Open(postgres.Config{URL: pgtest.New(b, migrate, digest), Role: postgres.AppRole, MaxConnections: 4})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, s.Close()) })
	buy(b, s, b.N)
	shelf := policy.NewShelf(s.PolicySource)
	took := map[string]time.Duration{}
	timed := func(name string, do func() error) {
		start := time.Now()
		require.NoError(b, do())
		took[name] += time.Since(start)
	}
	ctx := b.Context()
	b.ResetTimer()
	for n := range b.N {
		var filed desk.Filed
		var facts policy.Facts
		var version string
		timed("file", func() (err error) {
			filed, err = s.File(ctx, storetest.Customer(accountID(n)), desk.Filing{PackageID: packageID(n), ReasonCode: refund.NoLongerNeeded, IdempotencyKey: packageID(n)})
			return err
		})
		id := filed.Refund.ID
		timed("facts", func() (err error) { facts, version, err = s.Facts(ctx, id); return err })
		timed("screen", func() error {
			rules, err := shelf.Policy(ctx, version)
			if err != nil {
				return err
			}
			step, err := s.Screen(ctx, refund.Op{RefundID: id, Verb: refund.VerbScreen, Turn: 1, RunID: "run"}, facts, rules.Evaluate(facts))
			if err == nil && step.State != refund.Crediting {
				return fmt.Errorf("it was not clean: %s", step.State)
			}
			return err
		})
		timed("credit", func() error {
			_, err := s.Credit(ctx, refund.Op{RefundID: id, Verb: refund.VerbCredit, Turn: 2, RunID: "run"})
			return err
		})
		notice := notify.NoticeID(id, notify.Credited)
		timed("notice", func() error { _, err := s.Notice(ctx, notice); return err })
		timed("mark", func() error { return s.MarkNotice(ctx, notice, notify.Sent) })
	}
	for name, d := range took {
		b.ReportMetric(float64(d.Microseconds())/float64(b.N), name+"-µs/op")
	}
}

func packageID(n int) string { return fmt.Sprintf("pkg_%d", n) }

// accountID is of whom package n is: an account each, so that no screening finds fault.
func accountID(n int) string { return fmt.Sprintf("acct_%d", n) }

func buy(b *testing.B, s *store.Store, packages int) {
	b.Helper()
	now := time.Now().UTC()
	owners := make([]refund.Account, packages)
	for n := range owners {
		owners[n] = refund.Account{
			ID: accountID(n), Name: "Ann", Email: accountID(n) + "@example.com", Locale: refund.English, Standing: refund.Good, RegisteredAt: now.AddDate(-2, 0, 0),
		}
	}
	_, err := s.ImportAccounts(b.Context(), owners, func(int) {})
	require.NoError(b, err)
	rows := make([]refund.Package, packages)
	for n := range rows {
		rows[n] = refund.Package{
			ID: packageID(n), AccountID: accountID(n), Product: refund.GlobalSMS, Name: "Global SMS", Currency: "USD", Paid: 10 * money.Scale,
			Face: 10 * money.Scale, Recorded: refund.Active, Dispute: refund.NoDispute, PurchasedAt: now.Add(-time.Hour),
		}
	}
	_, err = s.ImportPackages(b.Context(), rows, func(int) {})
	require.NoError(b, err)
}
