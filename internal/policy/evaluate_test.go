package policy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"refunddesk/internal/money"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// rest is what a policy needs beside limits and rules.
const rest = `
approval:
  USD: [{up_to: "1000", reviewers: 1}, {reviewers: 2, seniors: 1}]
budget: {default: "1000000000"}
calendars: {office: {time_zone: UTC, hours: "09:00-18:00", weekend: [saturday, sunday]}}
queues:
  review: {calendar: office, first_response: 8h, decision: 2d, answer_within: 7d, remind_after: 3d}
`

// ruled is a policy of the rules, each "id|verdict|weight|when".
func ruled(t require.TestingT, rules ...string) *policy.Policy {
	var b strings.Builder
	b.WriteString("policy: 1\nlimits: {large: {USD: \"1000\", JPY: \"150000\"}, other: {default: \"10\"}}\nrules:\n")
	for _, r := range rules {
		part := strings.SplitN(r, "|", 4)
		fmt.Fprintf(&b, "  - {id: %s, verdict: %s, weight: %s, when: '%s', reason: because, customer: {en: told %s, zh-Hans: 告知}, accept_automatic_rejection: true}\n",
			part[0], part[1], part[2], strings.ReplaceAll(part[3], "'", "''"), part[0])
	}
	p, err := policy.Parse("9", []byte(b.String()+rest))
	require.NoError(t, err)
	return p
}

func TestTheStrictestWinsAndWeightsOrder(t *testing.T) {
	p := ruled(t,
		"light|review|5|true", "no|review|500|false", "heavy|review|70|amount > limits.large",
		"rejects|reject|30|refunds_30d > 3", "as-heavy|review|30|refunds_30d > 2")
	plan := p.Evaluate(ordinary())
	assert.Equal(t, policy.Review, plan.Verdict)
	assert.Equal(t, []string{"light"}, rulesOf(plan))
	assert.Empty(t, plan.Outcome)

	plan = p.Evaluate(ordinary(func(f *policy.Facts) { f.Amount, f.Refunds30d = money.Units(2000, "USD"), 4 }))
	assert.Equal(t, policy.Reject, plan.Verdict)
	assert.Equal(t, policy.OutcomeRule, plan.Outcome)
	assert.Equal(t, []string{"heavy", "as-heavy", "rejects", "light"}, rulesOf(plan))
	assert.Equal(t, 135, plan.Weight)
	assert.Equal(t, review.Quorum{Approvals: 2, Seniors: 1}, plan.Quorum)
	assert.Equal(t, "9", plan.Version)
	assert.Equal(t, review.Match{
		Rule: "heavy", Value: "2000.00 USD", Threshold: "1000.00 USD", Reason: "because", Weight: 70,
		Told: map[string]string{"en": "told heavy", "zh-Hans": "告知"},
	}, plan.Matches[0])
}

func TestTheProgramsOwnRejections(t *testing.T) {
	p := ruled(t, "never|review|1|false")
	for outcome, f := range map[string]policy.Facts{
		refund.OutcomeTerminated:      ordinary(func(f *policy.Facts) { f.Standing = refund.Terminated }),
		refund.OutcomeDisputeLost:     ordinary(func(f *policy.Facts) { f.Dispute = refund.DisputeLost }),
		refund.OutcomeNothingToRefund: ordinary(func(f *policy.Facts) { f.Amount.Micros = 0 }),
	} {
		plan := p.Evaluate(f)
		assert.Equal(t, policy.Reject, plan.Verdict, outcome)
		assert.Equal(t, outcome, plan.Outcome)
		assert.Equal(t, []string{outcome}, rulesOf(plan))
		f.Appeal = true
		assert.Equal(t, policy.Reject, p.Evaluate(f).Verdict, "an appeal changes nothing of it")
	}
	all := ordinary(func(f *policy.Facts) {
		f.Standing, f.Dispute, f.Amount.Micros = refund.Terminated, refund.DisputeLost, 0
	})
	assert.Equal(t, refund.OutcomeTerminated, p.Evaluate(all).Outcome)
	assert.Len(t, p.Evaluate(all).Matches, 3)
}

func TestUnknownFactsNeverApprove(t *testing.T) {
	p := ruled(t, "needs|reject|10|refunds_30d > 3", "either|reject|20|refunds_30d > 3 || amount > limits.large",
		"share|review|5|refunded_share_90d > 0.5", "counts|review|1|size(unknown) > 1", "names|review|1|unknown.exists(u, u == \"rejections\")")
	unknown := func(names ...string) policy.Facts {
		return ordinary(func(f *policy.Facts) { f.Unknown, f.Refunds30d = names, 100 })
	}

	plan := p.Evaluate(unknown("refunds_30d"))
	assert.Equal(t, policy.Review, plan.Verdict, "what is not known rejects nobody either")
	assert.Equal(t, []string{policy.RuleUnknownFact, "either", "needs"}, rulesOf(plan))
	assert.Equal(t, "refunds_30d", plan.Matches[0].Value)
	assert.Equal(t, "unknown", plan.Matches[1].Value)
	assert.Empty(t, plan.Matches[1].Threshold)

	large := unknown("refunds_30d")
	large.Amount = money.Units(2000, "USD")
	plan = p.Evaluate(large)
	assert.Equal(t, policy.Reject, plan.Verdict, "the other half is known")
	assert.Equal(t, "refunds_30d = 100, amount = 2000.00 USD", plan.Matches[1].Value)

	assert.Equal(t, []string{policy.RuleUnknownFact, "share"}, rulesOf(p.Evaluate(ordinary(func(f *policy.Facts) { f.Unknown = []string{"purchased_90d"} }))), "what it is worked out from")
	assert.Equal(t, []string{policy.RuleUnknownFact, "counts", "names"}, rulesOf(p.Evaluate(ordinary(func(f *policy.Facts) { f.Unknown = []string{"consumed", "rejections"} }))))
	assert.Equal(t, []string{policy.RuleUnknownFact}, rulesOf(p.Evaluate(ordinary(func(f *policy.Facts) { f.Unknown = []string{"of a later program"} }))))

	terminated := ordinary(func(f *policy.Facts) { f.Standing, f.Unknown = refund.Terminated, []string{"standing"} })
	assert.Equal(t, policy.Review, p.Evaluate(terminated).Verdict, "a standing that is not known terminates nobody")
	terminated.Unknown = []string{"rejections"}
	assert.Equal(t, policy.Reject, p.Evaluate(terminated).Verdict)

	nothing := ordinary(func(f *policy.Facts) { f.Amount, f.Unknown = money.Money{}, []string{"amount"} })
	assert.Equal(t, []string{policy.RuleUnknownFact, "either"}, rulesOf(p.Evaluate(nothing)))
	budget := ordinary(func(f *policy.Facts) { f.Refunded365d, f.Unknown = 1e18, []string{"refunded_365d"} })
	assert.NotContains(t, rulesOf(p.Evaluate(budget)), policy.RuleRollingBudget)
}

func TestARuleThatCannotBeWorkedOutMatchesForReview(t *testing.T) {
	p := ruled(t, "divides|reject|10|refunds_365d / rejections > 3", "overflows|reject|5|refunds_24h * refunds_24h > 1")
	plan := p.Evaluate(ordinary())
	assert.Equal(t, policy.Review, plan.Verdict)
	assert.Equal(t, []string{"divides"}, rulesOf(plan))
	assert.Equal(t, "error: division by zero", plan.Matches[0].Value)
	plan = p.Evaluate(ordinary(func(f *policy.Facts) { f.Rejections, f.Refunds24h = 1, 1<<62 }))
	assert.Equal(t, []string{"overflows"}, rulesOf(plan))
}

func TestACurrencyWithoutLimitHasNone(t *testing.T) {
	p := ruled(t, "large|review|10|amount > limits.large")
	for currency, units := range map[string]int64{"USD": 1000, "JPY": 150000} {
		assert.Equal(t, policy.Approve, p.Evaluate(ordinary(func(f *policy.Facts) { f.Amount = money.Units(units, currency) })).Verdict)
	}
	plan := p.Evaluate(ordinary(func(f *policy.Facts) { f.Amount = money.Of(1, "SEK") }))
	assert.Equal(t, policy.Review, plan.Verdict, "what nobody thought of is looked at")
	assert.Equal(t, "0.000001 SEK", plan.Matches[0].Value)
	assert.Equal(t, "0.00 SEK", plan.Matches[0].Threshold)
}

func TestMatchesShowWhatTheySaw(t *testing.T) {
	for when, want := range map[string][2]string{
		`refunds_30d > 3`:                               {"4", "3"},
		`3 < refunds_30d`:                               {"4", "3"},
		`!(refunds_30d <= 3)`:                           {"4", "3"},
		`amount > limits.large`:                         {"2000.50 USD", "1000.00 USD"},
		`amount > limits.large * 2 - limits.large`:      {"2000.50 USD", "limits.large * 2 - limits.large"},
		`amount > 0`:                                    {"2000.50 USD", "0"},
		`refunded_share_90d >= 0.25`:                    {"0.333333", "0.25"},
		`contact_changed_72h`:                           {"true", "true"},
		`!appeal`:                                       {"false", "false"},
		`reason == "other"`:                             {"other", "other"},
		`reason in ["other", "x"]`:                      {"other", `["other", "x"]`},
		`product.startsWith("global")`:                  {"product = global-sms", ""},
		`account_age_days < 7 && amount > limits.other`: {"account_age_days = 6, amount = 2000.50 USD", "account_age_days < 7, amount > 10.00 USD"},
		`refunds_30d > 3 && refunds_30d < 9`:            {"refunds_30d = 4", "refunds_30d > 3, refunds_30d < 9"},
		`!(refunds_30d > 9 || 9 < refunds_24h)`:         {"refunds_30d = 4, refunds_24h = 1", "refunds_30d <= 9, refunds_24h <= 9"},
		`refunds_30d > refunds_24h`:                     {"refunds_30d = 4, refunds_24h = 1", ""},
		`refunds_30d > refunds_30d - 1`:                 {"refunds_30d = 4", ""},
		`refunds_30d * 2 > 7`:                           {"4", "7"},
		`appeal ? true : refunds_30d == 4`:              {"appeal = false, refunds_30d = 4", "appeal == true, refunds_30d == 4"},
		`double(refunded_24h) / double(amount) < 0.5`:   {"refunded_24h = 80.00 USD, amount = 2000.50 USD", "refunded_24h, amount < 0.5"},
		`true`:                             {"", ""},
		`["other"].exists(r, r == reason)`: {"reason = other", ""},
		`usage_ratio > 5`:                  {"7", "5"},
		`size(unknown) == 0`:               {"", "0"},
	} {
		t.Run(when, func(t *testing.T) {
			plan := ruled(t, "it|review|1|"+when).Evaluate(ordinary(func(f *policy.Facts) {
				f.Amount, f.Refunds30d, f.AccountAge = money.Of(2000_500_000, "USD"), 4, 7*day-time.Second
				f.Purchased90d, f.ReturnedOf90d, f.Reason, f.ContactChanged72h = 300, 100, "other", true
				f.Usage24h, f.Usage14d = 7, 14
			}))
			require.Equal(t, []string{"it"}, rulesOf(plan))
			assert.Equal(t, want, [2]string{plan.Matches[0].Value, plan.Matches[0].Threshold})
		})
	}
}

// Every plan can be carried out, and no request with an unknown fact is approved.
func TestEveryPlanIsComplete(t *testing.T) {
	p := shipped(t)
	strict := map[policy.Verdict]int{policy.Approve: 0, policy.Review: 1, policy.Reject: 2}
	rapid.Check(t, func(t *rapid.T) {
		f := drawFacts(t)
		plan := p.Evaluate(f)
		require.Equal(t, plan, p.Evaluate(f), "the same facts, the same plan")
		require.True(t, plan.Verdict.Known())
		require.Equal(t, plan.Verdict == policy.Reject, plan.Outcome != "")
		require.Equal(t, plan.Verdict == policy.Approve, len(plan.Matches) == 0)
		require.False(t, plan.Verdict == policy.Approve && len(f.Unknown) > 0, "approved without knowing")
		require.GreaterOrEqual(t, plan.Quorum.Approvals, 1)
		require.LessOrEqual(t, plan.Quorum.Seniors, plan.Quorum.Approvals)
		require.Positive(t, plan.SLA.Decision)
		require.Positive(t, plan.Attention.Decision)
		require.True(t, slices.IsSortedFunc(plan.Matches, func(a, b review.Match) int { return b.Weight - a.Weight }))
		sum := 0
		for _, m := range plan.Matches {
			require.NotEmpty(t, m.Reason)
			require.Len(t, m.Told, 2)
			sum += m.Weight
		}
		require.Equal(t, sum, plan.Weight)

		// One more rule that matches makes nothing milder.
		verdict := rapid.SampledFrom([]policy.Verdict{policy.Review, policy.Reject}).Draw(t, "verdict")
		with, err := policy.Parse("1", []byte(strings.Replace(string(policy.DefaultSource), "rules:\n",
			"rules:\n  - {id: more, when: 'true', verdict: "+string(verdict)+", reason: r, customer: {en: e, zh-Hans: z}, accept_automatic_rejection: true}\n", 1)))
		require.NoError(t, err)
		stricter := with.Evaluate(f)
		if f.Appeal { // no rule of a document rejects one
			verdict = policy.Review
		}
		require.GreaterOrEqual(t, strict[stricter.Verdict], strict[plan.Verdict])
		require.GreaterOrEqual(t, strict[stricter.Verdict], strict[verdict])
		require.Len(t, stricter.Matches, len(plan.Matches)+1)
	})
}
