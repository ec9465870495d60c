package policy_test

import (
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"refunddesk/internal/money"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

const day = 24 * time.Hour

// shipped is the policy that the program ships with.
func shipped(t testing.TB) *policy.Policy {
	t.Helper()
	p, err := policy.Parse("1", policy.DefaultSource)
	require.NoError(t, err)
	return p
}

// ordinary is a request that nothing is wrong with.
func ordinary(change ...func(*policy.Facts)) policy.Facts {
	f := policy.Facts{
		At: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), Amount: money.Units(80, "USD"), Product: "global-sms", Reason: "no_longer_needed",
		Standing: refund.Good, Dispute: refund.NoDispute,
		Refunds24h: 1, Refunds30d: 1, Refunds365d: 2, Refunded24h: 80e6, Refunded30d: 80e6, Refunded365d: 130e6,
		Purchases90d: 4, Purchased90d: 400e6, ReturnedOf90d: 80e6, AccountAge: 400 * day, PurchaseAge: 12 * day,
		Face: 100e6, Consumed: 20e6, Usage24h: 1e6, Usage14d: 14e6,
	}
	for _, c := range change {
		c(&f)
	}
	return f
}

func rulesOf(p policy.Plan) []string {
	out := []string{}
	for _, m := range p.Matches {
		out = append(out, m.Rule)
	}
	return out
}

func TestAnOrdinaryRequestIsApproved(t *testing.T) {
	p := shipped(t)
	for name, f := range map[string]policy.Facts{
		"used a little": ordinary(),
		"unused":        ordinary(func(f *policy.Facts) { f.Consumed, f.Usage24h, f.Usage14d = 0, 0, 0 }),
		"nothing else on record": ordinary(func(f *policy.Facts) {
			f.Purchases90d, f.Purchased90d, f.ReturnedOf90d = 0, 0, 0
		}),
		"nearly all used": ordinary(func(f *policy.Facts) { f.Consumed = 99e6 }),
		"suspended waits": ordinary(func(f *policy.Facts) { f.Standing = refund.Suspended }),
		"disputed waits":  ordinary(func(f *policy.Facts) { f.Dispute = refund.DisputeOpen }),
		"a dispute won":   ordinary(func(f *policy.Facts) { f.Dispute = refund.DisputeWon }),
		"the limit":       ordinary(func(f *policy.Facts) { f.Amount = money.Units(1000, "USD") }),
	} {
		t.Run(name, func(t *testing.T) {
			plan := p.Evaluate(f)
			assert.Equal(t, policy.Approve, plan.Verdict)
			assert.Empty(t, plan.Matches)
			assert.Empty(t, plan.Outcome)
			assert.Equal(t, "1", plan.Version)
			assert.Equal(t, policy.DigestOf(policy.DefaultSource), plan.Digest)
		})
	}
}

// Every rule of the shipped policy below, at and above its threshold.
func TestShippedThresholds(t *testing.T) {
	p := shipped(t)
	type try struct {
		facts   policy.Facts
		matches bool
	}
	with := ordinary
	usd := func(units, micros int64) money.Money { return money.Of(units*money.Scale+micros, "USD") }
	tries := map[string][]try{
		"large-amount": {
			{with(func(f *policy.Facts) { f.Amount = usd(1000, -1) }), false},
			{with(func(f *policy.Facts) { f.Amount = usd(1000, 0) }), false},
			{with(func(f *policy.Facts) { f.Amount = usd(1000, 1) }), true},
			{with(func(f *policy.Facts) { f.Amount = money.Units(1000, "JPY") }), false},
			{with(func(f *policy.Facts) { f.Amount = money.Units(1001, "JPY") }), true},
			{with(func(f *policy.Facts) { f.Amount = money.Units(1001, "CNY") }), true},
		},
		"many-refunds-30d": {
			{with(func(f *policy.Facts) { f.Refunds30d = 2 }), false},
			{with(func(f *policy.Facts) { f.Refunds30d = 3 }), false},
			{with(func(f *policy.Facts) { f.Refunds30d = 4 }), true},
		},
		"many-refunds-24h": {
			{with(func(f *policy.Facts) { f.Refunds24h = 4 }), false},
			{with(func(f *policy.Facts) { f.Refunds24h = 5 }), false},
			{with(func(f *policy.Facts) { f.Refunds24h = 6 }), true},
		},
		"many-refunds-365d": {
			{with(func(f *policy.Facts) { f.Refunds365d = 19 }), false},
			{with(func(f *policy.Facts) { f.Refunds365d = 20 }), false},
			{with(func(f *policy.Facts) { f.Refunds365d = 21 }), true},
		},
		"large-total-30d": {
			{with(func(f *policy.Facts) { f.Refunded30d = 5000e6 - 1 }), false},
			{with(func(f *policy.Facts) { f.Refunded30d = 5000e6 }), false},
			{with(func(f *policy.Facts) { f.Refunded30d = 5000e6 + 1 }), true},
			{with(func(f *policy.Facts) { f.Amount.Currency, f.Refunded30d = "CNY", 35000e6 }), false},
			{with(func(f *policy.Facts) { f.Amount.Currency, f.Refunded30d = "CNY", 35000e6+1 }), true},
			{with(func(f *policy.Facts) { f.Amount.Currency, f.Refunded30d = "EUR", 5000e6+1 }), true},
			{with(func(f *policy.Facts) { f.Amount.Currency, f.Refunded30d = "SGD", 5000e6+1 }), true},
		},
		"high-refunded-share": {
			{with(func(f *policy.Facts) { f.Purchases90d, f.ReturnedOf90d = 3, 200e6-1 }), false},
			{with(func(f *policy.Facts) { f.Purchases90d, f.ReturnedOf90d = 3, 200e6 }), true},
			{with(func(f *policy.Facts) { f.Purchases90d, f.ReturnedOf90d = 3, 400e6 }), true},
			{with(func(f *policy.Facts) { f.Purchases90d, f.ReturnedOf90d = 2, 400e6 }), false},
			{with(func(f *policy.Facts) { f.Purchases90d, f.Purchased90d, f.ReturnedOf90d = 3, 0, 0 }), false},
		},
		"new-account": {
			{with(func(f *policy.Facts) { f.AccountAge, f.Amount = 7*day-1, usd(100, 1) }), true},
			{with(func(f *policy.Facts) { f.AccountAge, f.Amount = 0, usd(100, 1) }), true},
			{with(func(f *policy.Facts) { f.AccountAge, f.Amount = 7*day-1, usd(100, 0) }), false},
			{with(func(f *policy.Facts) { f.AccountAge, f.Amount = 7*day, usd(100, 1) }), false},
			{with(func(f *policy.Facts) { f.AccountAge, f.Amount = day, money.Units(700, "CNY") }), false},
			{with(func(f *policy.Facts) { f.AccountAge, f.Amount = day, money.Units(701, "CNY") }), true},
		},
		"refund-and-rebuy": {
			{with(func(f *policy.Facts) { f.RebuyCycles30d = 1 }), false},
			{with(func(f *policy.Facts) { f.RebuyCycles30d = 2 }), true},
			{with(func(f *policy.Facts) { f.RebuyCycles30d = 3 }), true},
		},
		"linked-to-rejected": {
			{with(func(f *policy.Facts) { f.LinkedRejected = 0 }), false},
			{with(func(f *policy.Facts) { f.LinkedRejected = 1 }), true},
		},
		"usage-burst": { // 5/14 of the fortnight is exactly five times its mean
			{with(func(f *policy.Facts) { f.Usage24h, f.Usage14d, f.Consumed = 25e6, 70e6, 70e6 }), false},
			{with(func(f *policy.Facts) { f.Usage24h, f.Usage14d, f.Consumed = 25e6+1, 70e6, 70e6 }), true},
			{with(func(f *policy.Facts) { f.Usage24h, f.Usage14d, f.Consumed = 50e6, 50e6, 50e6 }), false},
			{with(func(f *policy.Facts) { f.Usage24h, f.Usage14d, f.Consumed = 50e6, 50e6, 50e6+1 }), true},
			{with(func(f *policy.Facts) { f.Usage24h, f.Usage14d, f.Consumed = 0, 0, 90e6 }), false},
			{with(func(f *policy.Facts) { f.Usage24h, f.Usage14d, f.Consumed, f.Face = 50e6, 50e6, 0, 0 }), false},
		},
		"contact-changed": {
			{with(), false},
			{with(func(f *policy.Facts) { f.ContactChanged72h = true }), true},
		},
		policy.RuleRollingBudget: {
			{with(func(f *policy.Facts) { f.Refunded365d = 20000e6 - 1 }), false},
			{with(func(f *policy.Facts) { f.Refunded365d = 20000e6 }), false},
			{with(func(f *policy.Facts) { f.Refunded365d = 20000e6 + 1 }), true},
			{with(func(f *policy.Facts) { f.Amount.Currency, f.Refunded365d = "CNY", 140000e6 }), false},
			{with(func(f *policy.Facts) { f.Amount.Currency, f.Refunded365d = "CNY", 140000e6+1 }), true},
		},
		policy.RuleAppeal: {
			{with(func(f *policy.Facts) { f.Appeal = true }), true},
		},
		policy.RuleUnknownFact: {
			{with(func(f *policy.Facts) { f.Unknown = []string{"something new"} }), true},
		},
	}
	for rule, list := range tries {
		t.Run(rule, func(t *testing.T) {
			for i, try := range list {
				plan := p.Evaluate(try.facts)
				if !try.matches {
					assert.Equal(t, policy.Approve, plan.Verdict, "try %d: %v", i, rulesOf(plan))
					continue
				}
				assert.Equal(t, policy.Review, plan.Verdict, "try %d", i)
				assert.Equal(t, []string{rule}, rulesOf(plan), "try %d", i)
				m := plan.Matches[0]
				assert.NotEmpty(t, m.Value)
				assert.NotEmpty(t, m.Reason)
				assert.Positive(t, m.Weight)
				assert.Equal(t, m.Weight, plan.Weight)
				assert.NotEmpty(t, m.Told[refund.English])
				assert.NotEmpty(t, m.Told[refund.SimplifiedChinese])
			}
		})
	}
	tested := slices.Collect(maps.Keys(tries))
	for _, r := range p.Rules() {
		assert.Contains(t, tested, r.ID, "a rule of the shipped policy without a test of its threshold")
	}
}

func TestShippedPromises(t *testing.T) {
	p := shipped(t)
	for _, queue := range append(slices.Clone(review.Queues), "another") {
		sla := p.SLA(queue)
		assert.Equal(t, "office", sla.Calendar.Name, queue)
		assert.Equal(t, "UTC", sla.Calendar.Zone, queue)
		assert.LessOrEqual(t, sla.Decision, 18*time.Hour, queue)
		assert.Equal(t, 7*day, sla.AnswerWithin, queue)
		assert.Equal(t, 3*day, sla.RemindAfter, queue)
	}
	assert.Equal(t, 18*time.Hour, p.SLA(review.QueueReview).Decision, "two working days")
	assert.Equal(t, 8*time.Hour, p.SLA(review.QueueReview).FirstResponse)
	assert.Equal(t, p.SLA(review.QueueReview), p.SLA("another"))
	assert.Equal(t, p.SLA(review.QueueReview), p.SLA(review.QueueEscalation), "what is escalated keeps the promise that it has")
	plan := p.Evaluate(ordinary())
	assert.Equal(t, p.SLA(review.QueueReview), plan.SLA)
	assert.Equal(t, p.SLA(review.QueueAttention), plan.Attention)
	assert.Equal(t, review.QueueReview, plan.Queue)
}

func TestShippedTiers(t *testing.T) {
	p := shipped(t)
	one, senior, two := review.Quorum{Approvals: 1}, review.Quorum{Approvals: 1, Seniors: 1}, review.Quorum{Approvals: 2, Seniors: 1}
	for _, tc := range []struct {
		currency string
		micros   int64
		want     review.Quorum
	}{
		{"USD", 1, one}, {"USD", 1000e6, one}, {"USD", 1000e6 + 1, senior}, {"USD", 10000e6, senior}, {"USD", 10000e6 + 1, two},
		{"CNY", 7000e6, one}, {"CNY", 7000e6 + 1, senior}, {"CNY", 70000e6, senior}, {"CNY", 70000e6 + 1, two},
		{"EUR", 1000e6, one}, {"EUR", 10000e6, senior}, {"EUR", 10000e6 + 1, two},
		{"JPY", 1, two}, {"SGD", 1e15, two},
	} {
		plan := p.Evaluate(ordinary(func(f *policy.Facts) { f.Amount = money.Of(tc.micros, tc.currency) }))
		assert.Equal(t, tc.want, plan.Quorum, "%d of %s", tc.micros, tc.currency)
	}
}

// What the comments of the shipped policy say of its numbers holds in every currency.
func TestShippedNumbersAreWhatTheirCommentsSay(t *testing.T) {
	var doc struct {
		Limits map[string]map[string]string
		Budget map[string]string
	}
	require.NoError(t, yaml.Unmarshal(policy.DefaultSource, &doc))
	units := func(written map[string]string) map[string]int64 {
		out := map[string]int64{}
		for currency, amount := range written {
			n, err := strconv.ParseInt(amount, 10, 64)
			require.NoError(t, err)
			out[currency] = n
		}
		return out
	}
	large, month, small, budget := units(doc.Limits["large_amount"]), units(doc.Limits["month_total"]), units(doc.Limits["new_account_amount"]), units(doc.Budget)
	months := map[string]int64{"USD": 5, "EUR": 5, "default": 5, "CNY": 35} // of large_amount
	worth := map[string]int64{"USD": 1, "EUR": 1, "default": 1, "CNY": 7}   // against USD
	for _, amounts := range []map[string]int64{large, month, small, budget} {
		require.ElementsMatch(t, slices.Collect(maps.Keys(worth)), slices.Collect(maps.Keys(amounts)))
	}
	for currency, rate := range worth {
		assert.EqualValues(t, 1000, large[currency], "the limit before there were policies")
		assert.Equal(t, months[currency]*large[currency], month[currency], currency)
		assert.Equal(t, rate*month["USD"], month[currency], currency)
		assert.Equal(t, rate*small["USD"], small[currency], currency)
		assert.Equal(t, 4*month[currency], budget[currency], currency)
	}
	text := string(policy.DefaultSource)
	for _, said := range []string{"5 times large_amount", "35 times that currency's large_amount", "four times month_total, in each currency"} {
		assert.Contains(t, text, said)
	}
	assert.NotContains(t, text, "never later", "a currency worth more than USD is")
}
