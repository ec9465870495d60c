package postgres_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/policy"
	"refunddesk/internal/review"
	"refunddesk/internal/store"
	"refunddesk/internal/store/pgtest"
	"refunddesk/internal/store/postgres"
)

// BenchmarkMillion measures what must not grow with the records: screening beside one
// SELECT by primary key at 1,000,000 refunds (to reach: at most 8 times), and the first page
// of the review queue at 1,000,000 tickets beside that at 10,000 (p99 at most 1.5 times).
// What is compared takes turns, so that a busy machine slows both.
func BenchmarkMillion(b *testing.B) {
	const large, small = 1_000_000, 10_000
	s := loaded(b, large)
	b.Run("screening", func(b *testing.B) { benchmarkScreening(b, s, large) })
	b.Run("queue", func(b *testing.B) { benchmarkQueue(b, s, loaded(b, small)) })
}

func benchmarkScreening(b *testing.B, s *store.Store, refunds int) {
	pool, err := s.SQL()
	require.NoError(b, err)
	shelf := policy.NewShelf(s.PolicySource)
	ctx := b.Context()
	state := ""
	selecting := func(id string) error {
		return pool.QueryRowContext(ctx, "SELECT state FROM refunds WHERE id = $1", id).Scan(&state)
	}
	verdicts := map[policy.Verdict]int{}
	screening := func(id string) error {
		facts, version, err := s.Facts(ctx, id)
		if err != nil {
			return err
		}
		rules, err := shelf.Policy(ctx, version)
		if err != nil {
			return err
		}
		if len(facts.Unknown) > 0 {
			return fmt.Errorf("%s: facts are unknown", id)
		}
		verdicts[rules.Evaluate(facts).Verdict]++
		return nil
	}
	var selected, screened []time.Duration
	// Those of the last year, of which the account's others are in the windows too.
	some := func() string { return loadedID(refunds/2 + rand.IntN(refunds/2)) }
	for range 200 { // statements are prepared and plans kept
		id := some()
		require.NoError(b, selecting(id))
		require.NoError(b, screening(id))
	}
	for b.Loop() {
		selected = append(selected, took(b, func() error { return selecting(some()) }))
		screened = append(screened, took(b, func() error { return screening(some()) }))
	}
	compare(b, "select", selected, "screening", screened)
	b.Logf("verdicts: %v", verdicts)
}

func benchmarkQueue(b *testing.B, large, small *store.Store) {
	no := false
	filter := desk.TicketFilter{Queue: review.QueueReview, State: review.Open, Snoozed: &no}
	for _, order := range []desk.TicketSort{desk.SortPriority, desk.SortDue, desk.SortNewest} {
		b.Run(string(order), func(b *testing.B) {
			filter.Sort = order
			page := func(s *store.Store) error {
				page, err := s.Tickets(b.Context(), filter)
				if err == nil && (len(page.Items) != 50 || page.Next == "") {
					return fmt.Errorf("a page of %d", len(page.Items))
				}
				return err
			}
			for range 20 {
				require.NoError(b, page(large))
				require.NoError(b, page(small))
			}
			var ofLarge, ofSmall []time.Duration
			for b.Loop() {
				ofSmall = append(ofSmall, took(b, func() error { return page(small) }))
				ofLarge = append(ofLarge, took(b, func() error { return page(large) }))
			}
			compare(b, "10k", ofSmall, "1m", ofLarge)
		})
	}
}

func took(b *testing.B, do func() error) time.Duration {
	b.Helper()
	start := time.Now()
	err := do()
	d := time.Since(start)
	require.NoError(b, err)
	return d
}

// compare reports two measurements of the same run and their ratios, at the median and at the 99th.
func compare(b *testing.B, baseline string, base []time.Duration, name string, measured []time.Duration) {
	b.Helper()
	at := func(of []time.Duration, percent int) float64 {
		slices.Sort(of)
		return float64(of[(len(of)-1)*percent/100].Nanoseconds()) / 1e3
	}
	for _, p := range []int{50, 99} {
		b.ReportMetric(at(base, p), fmt.Sprintf("%s-p%d-µs", baseline, p))
		b.ReportMetric(at(measured, p), fmt.Sprintf("%s-p%d-µs", name, p))
		b.ReportMetric(at(measured, p)/at(base, p), fmt.Sprintf("p%d-ratio", p))
	}
}

func loadedID(n int) string { return fmt.Sprintf("refund_%08d", n) }

// loaded is a database with so many refunds of the last two years, four an account, each of
// a package of its own with usage, most of them credited, and a ticket each, one in ten of
// them open.
// What else is to be done comes last.
func loaded(b *testing.B, refunds int, more ...string) *store.Store {
	b.Helper()
	digest, err := store.SchemaDigest(store.Postgres)
	require.NoError(b, err)
	url := pgtest.New(b, migrate, digest)
	conn, err := pgx.Connect(b.Context(), url)
	require.NoError(b, err)
	defer func() { require.NoError(b, conn.Close(context.WithoutCancel(b.Context()))) }()
	start := time.Now()
	for _, sql := range slices.Concat(loading, more) {
		_, err := conn.Exec(b.Context(), strings.ReplaceAll(sql, "{refunds}", strconv.Itoa(refunds)))
		require.NoError(b, err, sql)
	}
	b.Logf("%d refunds loaded in %s", refunds, time.Since(start).Round(time.Second))
	s, err := postgres.Open(postgres.Config{URL: url, Role: postgres.AppRole, MaxConnections: 1})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, s.Close()) })
	return s
}

// loading fills an empty database past its triggers, which check what nobody doubts here.
// Refund n is of package n and of account n/4; it was filed up to 730 days ago, the newest last.
var loading = []string{
	"SET session_replication_role = replica; SET work_mem = '256MB'; SET synchronous_commit = off; SELECT setseed(0.5)",
	`INSERT INTO accounts (id, name, email, phone, payer, registered_at, created_at, updated_at, contact_changed_at)
	 SELECT 'acct_' || n, 'Ann', 'ann' || n || '@example.com', '+86' || n, CASE WHEN n % 20 = 0 THEN 'visa-' || n / 100 ELSE '' END,
	        now() - interval '3 years', now(), now(), CASE WHEN n % 50 = 0 THEN now() - random() * interval '60 days' END
	   FROM generate_series(0, {refunds} / 4) n`,
	`CREATE TEMP TABLE plan AS
	 SELECT n, now() - (730.0 * (1 - n::float8 / {refunds})) * interval '1 day' AS filed_at, random() AS chance, random() AS other
	   FROM generate_series(0, {refunds} - 1) n`,
	`INSERT INTO packages (id, account_id, product, name, currency, paid, face, status, purchased_at, created_at)
	 SELECT 'pkg_' || n, 'acct_' || (n / 4 * 7919) % ({refunds} / 4), 'global-sms', 'Global SMS', CASE WHEN n % 10 = 0 THEN 'CNY' ELSE 'USD' END,
	        100000000, 100000000, CASE WHEN chance < 0.85 THEN 'refunded' ELSE 'active' END, filed_at - other * interval '60 days', filed_at
	   FROM plan`,
	"INSERT INTO ledger_accounts (id, currency, balance) SELECT 'package/' || id, currency, 60000000 FROM packages",
	`INSERT INTO refunds (id, account_id, package_id, requested_by, state, reason_code, currency, quote_amount, quote_paid, quote_face, quote_remaining,
	        approved, amount, verdict, outcome, created_at, updated_at, last_step)
	 SELECT 'refund_' || lpad(n::text, 8, '0'), p.account_id, p.id, 'owner', state, 'no_longer_needed', p.currency, 60000000, 100000000, 100000000, 60000000,
	        CASE WHEN state = 'credited' THEN 60000000 END, CASE WHEN state = 'credited' THEN 60000000 END, 'approve',
	        CASE WHEN state = 'rejected' THEN 'suspected_abuse' ELSE '' END, filed_at, filed_at, repeat('x', 200)
	   FROM (SELECT plan.*, CASE WHEN chance < 0.85 THEN 'credited' WHEN chance < 0.88 THEN 'rejected' WHEN chance < 0.9 THEN 'withdrawn' ELSE 'in_review' END AS state
	           FROM plan) x
	   JOIN packages p ON p.id = 'pkg_' || n
	  ORDER BY n`,
	`INSERT INTO usage_records (id, package_id, cost, occurred_at, recorded_at)
	 SELECT 'use_' || n || '_' || k, 'pkg_' || n, 10000000, filed_at - k * interval '9 hours', filed_at FROM plan, generate_series(1, 4) k`,
	`INSERT INTO tickets (id, kind, refund_id, account_id, package_id, state, queue, assignee, due_at, approvals, priority, matches, sla, clock,
	        created_at, updated_at, responded_at, closed_at)
	 SELECT 'ticket_' || lpad(n::text, 8, '0'), 'refund', r.id, r.account_id, r.package_id, CASE WHEN r.state = 'in_review' THEN 'open' ELSE 'closed' END,
	        (ARRAY['review', 'review', 'review', 'escalation'])[1 + n % 4], CASE WHEN n % 3 = 0 THEN 'rita' ELSE '' END, filed_at + other * interval '5 days',
	        1, (chance * 1000)::int % 150, '[{"rule":"large-amount","value":"1200.00 USD","threshold":"1000.00 USD","reason":"A single large refund."}]',
	        '{}', '{}', filed_at, filed_at, CASE WHEN r.state <> 'in_review' THEN filed_at + interval '3 hours' END,
	        CASE WHEN r.state <> 'in_review' THEN filed_at + other * interval '3 days' END
	   FROM plan JOIN refunds r ON r.id = 'refund_' || lpad(n::text, 8, '0')
	  ORDER BY n`,
	"VACUUM ANALYZE",
}
