// Package policy is the judgement of the program: which requests are safe and which need
// a person. It evaluates facts to a plan; carrying the plan out is the workflow's.
package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"refunddesk/internal/money"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// Verdict is what screening says.
type Verdict string

// The verdicts, from mild to strict.
const (
	Approve Verdict = "approve"
	Review  Verdict = "review"
	Reject  Verdict = "reject"
)

// Facts are what a request is judged on, from our own records.
type Facts struct {
	Amount   money.Money // what would be refunded now
	Standing refund.Standing
	Dispute  refund.Dispute
}

// Plan is what is to be done with a request. It names the policy it came from, so that
// every decision can be explained years later.
type Plan struct {
	Verdict   Verdict
	Matches   []review.Match
	Outcome   string        // reason code when the verdict is Reject
	Approvals int           // people who must approve when the verdict is Review
	Queue     string        // where the ticket waits
	DueAfter  time.Duration // how long the desk has for its decision
	Version   string
	Digest    string
}

// Fixed is the screening of fixed rules: what cannot be refunded is rejected, what is
// above the limit goes to a person, the rest is approved.
type Fixed struct {
	ReviewAbove int64         // micros of whatever currency; amounts above are reviewed
	DueAfter    time.Duration // how long a reviewer has
}

// DefaultReviewAbove is 1,000 of the currency, in micros.
const DefaultReviewAbove = 1000 * money.Scale

// DefaultDueAfter is how long the desk has for a decision.
const DefaultDueAfter = 48 * time.Hour

// Version names the rules of Fixed; a change of the rules is a new name.
const Version = "fixed-1"

// Digest is over the rules' name and limits.
func (f Fixed) Digest() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s review_above=%d due_after=%s", Version, f.ReviewAbove, f.DueAfter))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Evaluate judges the facts. The strictest matching rule wins. A hold (suspension, open
// dispute) is not a verdict: it makes the refund wait and be judged again.
func (f Fixed) Evaluate(facts Facts) Plan {
	plan := Plan{Verdict: Approve, Version: Version, Digest: f.Digest(), DueAfter: f.DueAfter}
	if obstacle := refund.Obstacles(facts.Standing, facts.Dispute); obstacle.Reject != "" {
		plan.Verdict, plan.Outcome = Reject, obstacle.Reject
		plan.Matches = []review.Match{{Rule: obstacle.Reject, Value: string(facts.Standing) + "/" + string(facts.Dispute), Reason: "No refund is granted to a terminated account or after a lost payment dispute."}}
		return plan
	}
	if facts.Amount.IsZero() {
		plan.Verdict, plan.Outcome = Reject, refund.OutcomeNothingToRefund
		plan.Matches = []review.Match{{Rule: refund.OutcomeNothingToRefund, Value: facts.Amount.Decimal(), Threshold: "0.000000", Reason: "Nothing of what was paid is left."}}
		return plan
	}
	if facts.Amount.Micros > f.ReviewAbove {
		plan.Verdict, plan.Queue, plan.Approvals = Review, review.QueueReview, 1
		plan.Matches = []review.Match{{
			Rule:      "amount-above-limit",
			Value:     facts.Amount.Decimal(),
			Threshold: money.Of(f.ReviewAbove, facts.Amount.Currency).Decimal(),
			Reason:    "Amounts above the limit are looked at by a person.",
		}}
	}
	return plan
}
