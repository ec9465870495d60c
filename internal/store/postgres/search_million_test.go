package postgres_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
	"refunddesk/internal/store"
)

// BenchmarkMillionSearch measures the auditor's search by each criterion at 1,000,000
// refunds beside 10,000 (to reach: p99 at most 1.5 times, where as many are found).
func BenchmarkMillionSearch(b *testing.B) {
	const large, small = 1_000_000, 10_000
	many := loaded(b, large, searched...)
	few := loaded(b, small, searched...)
	at := func(daysAgo int) *time.Time {
		t := time.Now().UTC().AddDate(0, 0, -daysAgo)
		return &t
	}
	micros := func(units int64) *int64 {
		units *= money.Scale
		return &units
	}
	for name, search := range map[string]desk.RefundSearch{
		"newest":          {},
		"text refund":     {Text: loadedID(77)},
		"text account":    {Text: "acct_77"},
		"text package":    {Text: "pkg_77"},
		"text ticket":     {Text: "ticket_00000077"},
		"text nothing":    {Text: "nothing"},
		"account":         {AccountID: "acct_77"},
		"refund":          {RefundID: loadedID(77)},
		"workflow":        {WorkflowID: refund.WorkflowID(loadedID(77))},
		"state often":     {State: refund.Credited},
		"state seldom":    {State: refund.Withdrawn},
		"state never":     {State: refund.AwaitingCustomer},
		"verdict often":   {Verdict: "approve"},
		"verdict seldom":  {Verdict: "review"},
		"verdict never":   {Verdict: "reject"},
		"rule often":      {Rule: "often"},
		"rule seldom":     {Rule: "seldom"},
		"rule never":      {Rule: "never"},
		"actor often":     {Actor: "rita"},
		"actor seldom":    {Actor: "user_77"},
		"actor never":     {Actor: "nobody"},
		"actor the desk":  {Actor: identity.Desk.Subject},
		"currency":        {Currency: "USD"},
		"currency never":  {Currency: "CHF"},
		"amount wide":     {Currency: "USD", AmountFrom: micros(100)},
		"amount narrow":   {Currency: "USD", AmountFrom: micros(77), AmountTo: micros(77)},
		"amount never":    {Currency: "USD", AmountFrom: micros(10_000)},
		"date recent":     {From: at(10)},
		"date long ago":   {To: at(700)},
		"date a day":      {From: at(400), To: at(399)},
		"date never":      {To: at(800)},
		"state and date":  {State: refund.Rejected, To: at(600)},
		"actor and date":  {Actor: "rita", To: at(600)},
		"except somebody": {ExceptAccount: "acct_77"},
	} {
		b.Run(strings.ReplaceAll(name, " ", "-"), func(b *testing.B) {
			page := func(s *store.Store) func() error {
				return func() error {
					_, err := s.SearchRefunds(b.Context(), search)
					return err
				}
			}
			for range 20 {
				require.NoError(b, page(many)())
				require.NoError(b, page(few)())
			}
			var ofFew, ofMany []time.Duration
			for b.Loop() {
				ofFew = append(ofFew, took(b, page(few)))
				ofMany = append(ofMany, took(b, page(many)))
			}
			compare(b, "10k", ofFew, "1m", ofMany)
		})
	}
}

// searched gives the refunds what a search looks at: amounts, verdicts, rules that matched and
// who did what.
var searched = []string{
	`UPDATE refunds r SET quote_amount = x.amount, approved = CASE WHEN approved IS NULL THEN NULL ELSE x.amount END,
	        amount = CASE WHEN r.amount IS NULL THEN NULL ELSE x.amount END, verdict = CASE WHEN x.chance < 0.1 THEN 'review' ELSE 'approve' END
	   FROM (SELECT id, (1 + floor(random() * 2000))::bigint * 1000000 AS amount, random() AS chance FROM refunds) x WHERE x.id = r.id`,
	`INSERT INTO screening_matches (refund_id, rule)
	 SELECT id, 'often' FROM refunds WHERE verdict = 'review' UNION ALL SELECT id, 'seldom' FROM refunds WHERE id LIKE '%77777'`,
	`INSERT INTO audit_entries (id, entry_version, actor, role, action, object, object_id, refund_id)
	 SELECT 'audit_' || e.n || id, 1, CASE e.n WHEN 1 THEN replace(account_id, 'acct', 'user') WHEN 2 THEN 'refunddesk' ELSE 'rita' END,
	        CASE e.n WHEN 1 THEN 'customer' WHEN 2 THEN 'system' ELSE 'reviewer' END, 'filed', 'refund', id, id
	   FROM refunds, generate_series(1, 3) e(n) WHERE e.n < 3 OR state = 'rejected'`,
	"VACUUM ANALYZE",
}
