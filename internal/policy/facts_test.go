package policy_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"refunddesk/internal/money"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
)

// The names are in the database for good: what a refund was judged on years ago is read by
// every later program.
func TestFactsAreKeptAsTheyAre(t *testing.T) {
	f := ordinary(func(f *policy.Facts) {
		f.Appeal, f.RebuyCycles30d, f.Rejections, f.LinkedRejected, f.ContactChanged72h = true, 1, 2, 3, true
		f.Unknown = []string{"refunds_30d"}
	})
	text, err := json.Marshal(f)
	require.NoError(t, err)
	assert.JSONEq(t, `{
		"at": "2026-11-23T12:00:00Z", "amount": {"amount": "80.000000", "currency": "USD"}, "product": "global-sms", "reason": "no_longer_needed",
		"standing": "good", "dispute": "none", "appeal": true,
		"refunds_24h": 1, "refunds_30d": 1, "refunds_365d": 2, "refunded_24h": 80000000, "refunded_30d": 80000000, "refunded_365d": 130000000,
		"purchases_90d": 4, "purchased_90d": 400000000, "returned_of_90d": 80000000,
		"account_age": 34560000000000000, "purchase_age": 1036800000000000,
		"face": 100000000, "consumed": 20000000, "usage_24h": 1000000, "usage_14d": 14000000,
		"rebuy_cycles_30d": 1, "rejections": 2, "linked_rejected": 3, "contact_changed_72h": true, "unknown": ["refunds_30d"]
	}`, string(text))
}

// names are what Facts.Unknown can hold.
var names = func() []string {
	var out []string
	for _, f := range policy.FactTable() {
		if f.Name != "unknown" {
			out = append(out, f.Name)
		}
	}
	return append(out, "purchased_90d", "returned_of_90d", "account_age", "purchase_age", "face", "consumed", "usage_14d", "of a later program")
}()

func drawFacts(t *rapid.T) policy.Facts {
	// Values are mostly about the thresholds of the shipped policy, and at times anything.
	count := func(name string, near int64) int64 {
		if rapid.IntRange(0, 9).Draw(t, name+" is wild") == 0 {
			return rapid.Int64().Draw(t, name)
		}
		return max(0, near+rapid.Int64Range(-2, 2).Draw(t, name))
	}
	sum := func(name string, units int64) int64 { return count(name, units*money.Scale) }
	f := policy.Facts{
		At:      time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "at"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")).UTC(),
		Amount:  money.Of(sum("amount", rapid.SampledFrom([]int64{0, 100, 1000, 10000}).Draw(t, "size")), rapid.SampledFrom([]string{"USD", "CNY", "EUR", "JPY"}).Draw(t, "currency")),
		Product: rapid.SampledFrom([]string{"global-sms", "", "x"}).Draw(t, "product"), Reason: "other",
		Standing: rapid.SampledFrom([]refund.Standing{refund.Good, refund.Good, refund.Suspended, refund.Terminated}).Draw(t, "standing"),
		Dispute:  rapid.SampledFrom([]refund.Dispute{refund.NoDispute, refund.NoDispute, refund.DisputeOpen, refund.DisputeLost, refund.DisputeWon}).Draw(t, "dispute"),
		Appeal:   rapid.IntRange(0, 5).Draw(t, "appeal") == 0,

		Refunds24h: count("refunds_24h", 5), Refunds30d: count("refunds_30d", 3), Refunds365d: count("refunds_365d", 20),
		Refunded24h: sum("refunded_24h", 100), Refunded30d: sum("refunded_30d", 5000), Refunded365d: sum("refunded_365d", 20000),
		Purchases90d: count("purchases_90d", 3), Purchased90d: sum("purchased_90d", 200), ReturnedOf90d: sum("returned_of_90d", 100),
		AccountAge: time.Duration(count("account_age", int64(7*day))), PurchaseAge: time.Duration(count("purchase_age", int64(day))),
		Face: sum("face", 100), Consumed: sum("consumed", 50), Usage24h: sum("usage_24h", 5), Usage14d: sum("usage_14d", 14),
		RebuyCycles30d: count("rebuys", 2), Rejections: count("rejections", 0), LinkedRejected: count("linked", 0),
		ContactChanged72h: rapid.IntRange(0, 5).Draw(t, "contact") == 0,
	}
	if rapid.IntRange(0, 3).Draw(t, "all is known") == 0 {
		f.Unknown = rapid.SliceOfNDistinct(rapid.SampledFrom(names), 1, 5, rapid.ID[string]).Draw(t, "unknown")
		slices.Sort(f.Unknown)
	}
	return f
}

// A verdict of years ago is worked out again from what was kept.
func TestReplay(t *testing.T) {
	then, now := shipped(t), shipped(t)
	rapid.Check(t, func(t *rapid.T) {
		f := drawFacts(t)
		kept, err := json.Marshal(f)
		require.NoError(t, err)
		var read policy.Facts
		require.NoError(t, json.Unmarshal(kept, &read))
		require.Equal(t, f, read)
		require.Equal(t, then.Evaluate(f), now.Evaluate(read))
	})
}

func TestRatiosOfNothingAreNothing(t *testing.T) {
	var f policy.Facts
	assert.Zero(t, f.RefundedShare90d())
	assert.Zero(t, f.ConsumedShare())
	assert.Zero(t, f.UsageRatio())
}
