// Package policy is the judgement of the program: which requests are safe and which need
// a person. A policy is a document of rules over facts; it evaluates facts to a plan, and
// carrying the plan out is the workflow's.
package policy

import "refunddesk/internal/review"

// Verdict is what screening says.
type Verdict string

// The verdicts, from mild to strict.
const (
	Approve Verdict = "approve"
	Review  Verdict = "review"
	Reject  Verdict = "reject"
)

// Known reports whether v is a verdict at all.
func (v Verdict) Known() bool { return v == Approve || v == Review || v == Reject }

// Plan is what is to be done with a request. It names the policy it came from, so that
// every decision can be explained years later.
type Plan struct {
	Verdict Verdict
	Matches []review.Match // the rules that matched, heaviest first
	Outcome string         // reason code when the verdict is Reject
	Weight  int            // the weights of the matches, summed: the ticket's priority
	Quorum  review.Quorum  // who must approve, should a person have to
	Queue   string         // where the ticket waits when the verdict is Review
	SLA     review.SLA     // of that queue
	// Attention is the promise of the queue for refunds that crediting cannot go on with.
	Attention review.SLA
	Version   string
	Digest    string
}

// The rules that are part of the program and of every policy.
const (
	RuleTerminated      = "account-terminated"
	RuleDisputeLost     = "dispute-lost"
	RuleNothingToRefund = "nothing-to-refund"
	RuleUnknownFact     = "unknown-fact"      // a fact's source failed: never approved
	RuleAppeal          = "appeal"            // an appeal is always reviewed
	RuleRollingBudget   = "rolling-budget"    // refunded in 12 months, above the account's budget
	RuleBrokenPolicy    = "policy-unreadable" // the policy in force cannot be evaluated: everything is reviewed
)
