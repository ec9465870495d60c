package policy

import (
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// Case is a past request: the facts it was judged on, what the policy of then said, and
// how it ended.
type Case struct {
	RefundID      string
	Facts         Facts
	Verdict       Verdict      // of then
	State         refund.State // how it stands now
	Decided       review.Vote  // what people decided; empty when nobody had to
	ProviderFault bool
}

// MostIDs is how many refunds a group of a report names; Count is of all.
const MostIDs = 1000

// Group is some of the cases of a backtest.
type Group struct {
	Count   int
	Money   []money.Money // by currency
	Refunds []string      // the newest, at most MostIDs
}

// Change is a group of cases whose verdict would be another one, and what people decided on them.
type Change struct {
	From, To Verdict
	Group
	Approved, Rejected int
}

// Report is what a draft would have done with past requests.
type Report struct {
	Version, Digest string
	Cases           int
	Changed         int
	Changes         []Change
	KnownBad        int   // rejected by people
	KnownGood       int   // approved by people
	Missed          Group // known bad that the draft approves by itself
	Disturbed       Group // known good that the draft has reviewed or rejects
}

// Backtest replays a policy over past cases.
type Backtest struct{}

// NewBacktest starts a backtest of p.
func NewBacktest(p *Policy) *Backtest { panic("written by the policy helper") }

// Add replays a case; give the newest first.
func (b *Backtest) Add(c Case) { panic("written by the policy helper") }

// Report sums up what was added.
func (b *Backtest) Report() Report { panic("written by the policy helper") }

// Diff is what differs between two policies.
type Diff struct {
	From, To string // digests
	Rules    []RuleDiff
	Settings []FieldDiff // limits, approval tiers, budget, calendars, queues
}

// RuleDiff is a rule that was added, removed or changed.
type RuleDiff struct {
	ID     string
	Change string // added, removed or changed
	Fields []FieldDiff
}

// FieldDiff is one value before and after.
type FieldDiff struct{ Field, From, To string }

// DiffOf compares two policies.
func DiffOf(from, to *Policy) Diff { panic("written by the policy helper") }
