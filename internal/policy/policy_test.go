package policy_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"refunddesk/internal/money"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

var fixed = policy.Fixed{ReviewAbove: policy.DefaultReviewAbove, DueAfter: policy.DefaultDueAfter}

func TestFixed(t *testing.T) {
	micros := func(n int64) money.Money { return money.Of(n, "USD") }
	for rule, tc := range map[string]struct {
		facts   policy.Facts
		verdict policy.Verdict
		outcome string
		matched string
	}{
		"a small amount is approved":              {policy.Facts{Amount: micros(1)}, policy.Approve, "", ""},
		"the limit itself is approved":            {policy.Facts{Amount: money.Units(1000, "USD")}, policy.Approve, "", ""},
		"a micro above the limit is reviewed":     {policy.Facts{Amount: micros(1000*money.Scale + 1)}, policy.Review, "", "amount-above-limit"},
		"the limit is of whatever currency":       {policy.Facts{Amount: money.Units(1001, "JPY")}, policy.Review, "", "amount-above-limit"},
		"nothing left is rejected":                {policy.Facts{Amount: micros(0)}, policy.Reject, "nothing-to-refund", "nothing-to-refund"},
		"terminated is rejected":                  {policy.Facts{Amount: micros(1), Standing: refund.Terminated}, policy.Reject, "account-terminated", "account-terminated"},
		"a lost dispute is rejected":              {policy.Facts{Amount: micros(1), Dispute: refund.DisputeLost}, policy.Reject, "dispute-lost", "dispute-lost"},
		"the strictest wins":                      {policy.Facts{Amount: money.Units(5000, "USD"), Standing: refund.Terminated}, policy.Reject, "account-terminated", "account-terminated"},
		"suspended is no verdict, it waits":       {policy.Facts{Amount: micros(1), Standing: refund.Suspended}, policy.Approve, "", ""},
		"an open dispute is no verdict, it waits": {policy.Facts{Amount: micros(1), Dispute: refund.DisputeOpen}, policy.Approve, "", ""},
		"a won dispute is none":                   {policy.Facts{Amount: micros(1), Dispute: refund.DisputeWon}, policy.Approve, "", ""},
	} {
		t.Run(rule, func(t *testing.T) {
			if tc.facts.Standing == "" {
				tc.facts.Standing = refund.Good
			}
			if tc.facts.Dispute == "" {
				tc.facts.Dispute = refund.NoDispute
			}
			plan := fixed.Evaluate(tc.facts)
			assert.Equal(t, tc.verdict, plan.Verdict)
			assert.Equal(t, tc.outcome, plan.Outcome)
			assert.Equal(t, policy.Version, plan.Version)
			assert.Equal(t, fixed.Digest(), plan.Digest)
			if tc.matched == "" {
				assert.Empty(t, plan.Matches)
				return
			}
			assert.Equal(t, tc.matched, plan.Matches[0].Rule)
			assert.NotEmpty(t, plan.Matches[0].Value)
			assert.NotEmpty(t, plan.Matches[0].Reason)
		})
	}
}

// Every plan can be carried out: a review says who, where and until when; a rejection why.
func TestAPlanIsComplete(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := policy.Fixed{ReviewAbove: rapid.Int64Range(0, 1e12).Draw(t, "limit"), DueAfter: time.Hour}
		facts := policy.Facts{
			Amount:   money.Of(rapid.Int64Range(0, 2e12).Draw(t, "amount"), "USD"),
			Standing: rapid.SampledFrom([]refund.Standing{refund.Good, refund.Suspended, refund.Terminated}).Draw(t, "standing"),
			Dispute:  rapid.SampledFrom([]refund.Dispute{refund.NoDispute, refund.DisputeOpen, refund.DisputeLost, refund.DisputeWon}).Draw(t, "dispute"),
		}
		plan := f.Evaluate(facts)
		switch plan.Verdict {
		case policy.Review:
			if plan.Queue != review.QueueReview || plan.Approvals < 1 || plan.DueAfter <= 0 || plan.Outcome != "" || len(plan.Matches) == 0 {
				t.Fatalf("%+v cannot be reviewed", plan)
			}
		case policy.Reject:
			if plan.Outcome == "" || len(plan.Matches) == 0 {
				t.Fatalf("%+v says not why", plan)
			}
		case policy.Approve:
			if facts.Amount.Micros > f.ReviewAbove || facts.Amount.IsZero() || plan.Outcome != "" {
				t.Fatalf("%+v approves %+v", plan, facts)
			}
		default:
			t.Fatalf("%q is no verdict", plan.Verdict)
		}
	})
}

func TestDigestIsOfTheRules(t *testing.T) {
	other := fixed
	other.ReviewAbove++
	assert.NotEqual(t, fixed.Digest(), other.Digest())
	other = fixed
	other.DueAfter++
	assert.NotEqual(t, fixed.Digest(), other.Digest())
	assert.Equal(t, fixed.Digest(), policy.Fixed{ReviewAbove: 1000 * money.Scale, DueAfter: 48 * time.Hour}.Digest())
}
