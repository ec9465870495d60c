package policy

import (
	"math"
	"slices"
	"strings"

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
	Count   int           `json:"count"`
	Money   []money.Money `json:"money"`   // by currency, in the order of their codes
	Refunds []string      `json:"refunds"` // the newest, at most MostIDs
}

// Change is a group of cases whose verdict would be another one, and what people decided on them.
type Change struct {
	From Verdict `json:"from"`
	To   Verdict `json:"to"`
	Group
	Approved int `json:"approved"`
	Rejected int `json:"rejected"`
}

// Report is what a draft would have done with past requests. Its JSON is that of the API.
type Report struct {
	Version   string   `json:"version"` // empty for a file
	Digest    string   `json:"digest"`
	Cases     int      `json:"cases"`
	Changed   int      `json:"changed"`
	Changes   []Change `json:"changes"`    // from the mildest verdict of then to the strictest
	KnownBad  int      `json:"known_bad"`  // rejected by people
	KnownGood int      `json:"known_good"` // approved by people
	Missed    Group    `json:"missed"`     // known bad that the draft approves by itself
	Disturbed Group    `json:"disturbed"`  // known good that the draft has reviewed or rejects
}

// Backtest replays a policy over past cases. It keeps counts, sums and the ids that it
// names, never the cases: its memory does not grow with their number. It is not safe for
// use by many at once.
type Backtest struct {
	policy            *Policy
	report            Report
	changes           map[[2]Verdict]*tally
	votes             map[[2]Verdict]*[2]int // approved, rejected
	missed, disturbed tally
}

// tally is a group that grows.
type tally struct {
	count   int
	sums    map[string]int64
	refunds []string
}

func (t *tally) add(c Case) {
	t.count++
	if t.sums == nil {
		t.sums = map[string]int64{}
	}
	sum, err := money.Of(t.sums[c.Facts.Amount.Currency], c.Facts.Amount.Currency).Add(c.Facts.Amount)
	if err != nil {
		sum.Micros = math.MaxInt64 // more than can be kept; a report is no ledger
	}
	t.sums[c.Facts.Amount.Currency] = sum.Micros
	if len(t.refunds) < MostIDs {
		t.refunds = append(t.refunds, c.RefundID)
	}
}

func (t *tally) group() Group {
	g := Group{Count: t.count, Money: []money.Money{}, Refunds: append([]string{}, t.refunds...)}
	for code, micros := range t.sums {
		g.Money = append(g.Money, money.Of(micros, code))
	}
	slices.SortFunc(g.Money, func(a, b money.Money) int { return strings.Compare(a.Currency, b.Currency) })
	return g
}

// NewBacktest starts a backtest of p.
func NewBacktest(p *Policy) *Backtest {
	return &Backtest{policy: p, changes: map[[2]Verdict]*tally{}, votes: map[[2]Verdict]*[2]int{}}
}

// Add replays a case; give the newest first.
func (b *Backtest) Add(c Case) {
	b.report.Cases++
	verdict := b.policy.Evaluate(c.Facts).Verdict
	switch c.Decided {
	case review.Approve:
		b.report.KnownGood++
		if verdict != Approve {
			b.disturbed.add(c)
		}
	case review.Reject:
		b.report.KnownBad++
		if verdict == Approve {
			b.missed.add(c)
		}
	}
	if verdict == c.Verdict {
		return
	}
	b.report.Changed++
	key := [2]Verdict{c.Verdict, verdict}
	if b.changes[key] == nil {
		b.changes[key], b.votes[key] = &tally{}, &[2]int{}
	}
	b.changes[key].add(c)
	switch c.Decided {
	case review.Approve:
		b.votes[key][0]++
	case review.Reject:
		b.votes[key][1]++
	}
}

// Report sums up what was added.
func (b *Backtest) Report() Report {
	out := b.report
	out.Version, out.Digest = b.policy.Version(), b.policy.Digest()
	out.Missed, out.Disturbed = b.missed.group(), b.disturbed.group()
	out.Changes = make([]Change, 0, len(b.changes))
	for key, t := range b.changes {
		out.Changes = append(out.Changes, Change{From: key[0], To: key[1], Group: t.group(), Approved: b.votes[key][0], Rejected: b.votes[key][1]})
	}
	slices.SortFunc(out.Changes, func(a, b Change) int {
		if a.From != b.From {
			return strictness[a.From] - strictness[b.From]
		}
		return strictness[a.To] - strictness[b.To]
	})
	return out
}
