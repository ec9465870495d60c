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
	rules := policy.Fixed{ReviewAbove: policy.DefaultReviewAbove, DueAfter: policy.DefaultDueAfter}
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
		timed("file", func() (err error) {
			filed, err = s.File(ctx, storetest.Customer("acct"), desk.Filing{PackageID: packageID(n), ReasonCode: refund.NoLongerNeeded, IdempotencyKey: packageID(n)})
			return err
		})
		id := filed.Refund.ID
		timed("facts", func() (err error) { facts, err = s.Facts(ctx, id); return err })
		timed("screen", func() error {
			_, err := s.Screen(ctx, refund.Op{RefundID: id, Verb: refund.VerbScreen, Turn: 1, RunID: "run"}, rules.Evaluate(facts))
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

func buy(b *testing.B, s *store.Store, packages int) {
	b.Helper()
	now := time.Now().UTC()
	_, err := s.ImportAccounts(b.Context(), []refund.Account{{
		ID: "acct", Name: "Ann", Email: "ann@example.com", Locale: refund.English, Standing: refund.Good, RegisteredAt: now.AddDate(-2, 0, 0),
	}}, func(int) {})
	require.NoError(b, err)
	rows := make([]refund.Package, packages)
	for n := range rows {
		rows[n] = refund.Package{
			ID: packageID(n), AccountID: "acct", Product: refund.GlobalSMS, Name: "Global SMS", Currency: "USD", Paid: 10 * money.Scale,
			Face: 10 * money.Scale, Recorded: refund.Active, Dispute: refund.NoDispute, PurchasedAt: now.Add(-time.Hour),
		}
	}
	_, err = s.ImportPackages(b.Context(), rows, func(int) {})
	require.NoError(b, err)
}
