package policy_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/money"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// past is a case of so many refunds in 30 days.
func past(id string, refunds30d int64, then policy.Verdict, decided review.Vote) policy.Case {
	return policy.Case{
		RefundID: id, Verdict: then, Decided: decided, State: refund.Credited,
		Facts: ordinary(func(f *policy.Facts) { f.Refunds30d = refunds30d }),
	}
}

func TestBacktest(t *testing.T) {
	draft := ruled(t, "many|review|1|refunds_30d > 5", "too-many|reject|1|refunds_30d > 50")
	b := policy.NewBacktest(draft)
	for _, c := range []policy.Case{
		past("same approved", 1, policy.Approve, ""),
		past("same reviewed", 6, policy.Review, review.Approve),
		past("now reviewed", 6, policy.Approve, ""),
		past("missed", 4, policy.Review, review.Reject),
		past("caught", 6, policy.Review, review.Reject),
		past("spared", 4, policy.Review, review.Approve),
		past("undecided", 4, policy.Review, ""),
		past("rejected good", 51, policy.Review, review.Approve),
		past("rejected bad", 51, policy.Review, review.Reject),
	} {
		if c.RefundID == "undecided" {
			c.Facts.Amount = money.Units(7, "EUR")
		}
		b.Add(c)
	}
	usd := func(n int64) []money.Money { return []money.Money{money.Units(n, "USD")} }
	assert.Equal(t, policy.Report{
		Version: "9", Digest: draft.Digest(), Cases: 9, Changed: 6,
		Changes: []policy.Change{
			{From: policy.Approve, To: policy.Review, Group: policy.Group{Count: 1, Money: usd(80), Refunds: []string{"now reviewed"}}},
			{From: policy.Review, To: policy.Approve, Approved: 1, Rejected: 1, Group: policy.Group{
				Count: 3, Money: []money.Money{money.Units(7, "EUR"), money.Units(160, "USD")}, Refunds: []string{"missed", "spared", "undecided"},
			}},
			{From: policy.Review, To: policy.Reject, Approved: 1, Rejected: 1, Group: policy.Group{Count: 2, Money: usd(160), Refunds: []string{"rejected good", "rejected bad"}}},
		},
		KnownBad: 3, KnownGood: 3,
		Missed:    policy.Group{Count: 1, Money: usd(80), Refunds: []string{"missed"}},
		Disturbed: policy.Group{Count: 2, Money: usd(160), Refunds: []string{"same reviewed", "rejected good"}},
	}, b.Report())
}

func TestBacktestKeepsWhatItNames(t *testing.T) {
	b := policy.NewBacktest(ruled(t, "all|review|1|true"))
	for i := range policy.MostIDs + 500 {
		c := past(fmt.Sprint(i), 1, policy.Approve, "")
		c.Facts.Amount.Micros = math.MaxInt64 / 2
		b.Add(c)
	}
	r := b.Report()
	require.Len(t, r.Changes, 1)
	assert.Equal(t, policy.MostIDs+500, r.Changes[0].Count)
	assert.Len(t, r.Changes[0].Refunds, policy.MostIDs)
	assert.Equal(t, "0", r.Changes[0].Refunds[0], "the newest")
	assert.Equal(t, []money.Money{money.Of(math.MaxInt64, "USD")}, r.Changes[0].Money, "never less than nothing")
}

// The API and the program print the same report.
func TestReportOfNothingHasNoNulls(t *testing.T) {
	text, err := json.Marshal(policy.NewBacktest(ruled(t, "all|review|1|true")).Report())
	require.NoError(t, err)
	assert.NotContains(t, string(text), "null")
	assert.Contains(t, string(text), `"missed":{"count":0,"money":[],"refunds":[]}`)
}

func TestDiff(t *testing.T) {
	from := shipped(t)
	same, err := policy.Parse("2", []byte(strings.ReplaceAll(string(policy.DefaultSource), "  # ", "  # really ")))
	require.NoError(t, err)
	none := policy.DiffOf(from, same)
	assert.True(t, none.Same())
	assert.NotEqual(t, none.From, none.To, "a comment is another source")
	text, err := json.Marshal(none)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "null")

	source := string(policy.DefaultSource)
	for _, change := range [][2]string{
		{"refunds_30d > 3", "refunds_30d > 4"},
		{"weight: 50", "weight: 55"},
		{"  - id: contact-changed", "  - id: contact"},
		{`month_total: {USD: "5000"`, `month_total: {USD: "6000.5"`},
		{`budget: {USD: "20000", `, `budget: {`},
		{`{up_to: "7000", reviewers: 1}`, `{up_to: "8000", reviewers: 2, seniors: 1}`},
		{"holidays: []", "holidays: [2026-12-25, 2026-01-01]"},
		{"review: {calendar: office, first_response: 8h, decision: 2d", "review: {calendar: office, first_response: 90m, decision: 3d"},
	} {
		require.Contains(t, source, change[0])
		source = strings.Replace(source, change[0], change[1], 1)
	}
	to, err := policy.Parse("2", []byte(source))
	require.NoError(t, err)
	diff := policy.DiffOf(from, to)
	assert.Equal(t, []policy.FieldDiff{
		{"approval.CNY[0]", "up to 7000.00: 1 reviewers, 0 of them senior", "up to 8000.00: 2 reviewers, 1 of them senior"},
		{"budget.USD", "20000.00", ""},
		{"calendars.office.holidays", "", "2026-01-01, 2026-12-25"},
		{"limits.month_total.USD", "5000.00", "6000.50"},
		{"queues.review.decision", "18h", "27h"},
		{"queues.review.first_response", "8h", "90m"},
	}, diff.Settings)
	require.Len(t, diff.Rules, 4)
	assert.Equal(t, []string{"contact", "added"}, []string{diff.Rules[0].ID, diff.Rules[0].Change})
	assert.Equal(t, []string{"contact-changed", "removed"}, []string{diff.Rules[1].ID, diff.Rules[1].Change})
	assert.Equal(t, policy.RuleDiff{ID: "many-refunds-24h", Change: "changed", Fields: []policy.FieldDiff{{"weight", "50", "55"}}}, diff.Rules[2])
	assert.Equal(t, policy.RuleDiff{ID: "many-refunds-30d", Change: "changed", Fields: []policy.FieldDiff{{"when", "refunds_30d > 3", "refunds_30d > 4"}}}, diff.Rules[3])
	assert.Contains(t, diff.Rules[0].Fields, policy.FieldDiff{Field: "when", To: "contact_changed_72h"})
}
