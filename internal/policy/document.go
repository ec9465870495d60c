package policy

import (
	"time"

	"refunddesk/internal/review"
)

// document is what a policy says, after every check but before expressions are compiled.
type document struct {
	Limits    map[string]amounts // by name
	Rules     []ruleText
	Approval  map[string][]tier // by currency
	Budget    amounts
	Calendars map[string]review.Calendar
	Queues    map[string]review.SLA
}

// ruleText is a rule as it is written.
type ruleText struct {
	ID        string
	When      string
	Verdict   Verdict
	Reason    string            // for staff
	Customer  map[string]string // what the customer may be told, by locale
	Weight    int
	Automatic bool // accept_automatic_rejection

	at *origin // where When stands in the source
}

// amounts are micros by currency.
type amounts struct {
	By      map[string]int64
	Default *int64 // of a currency that is not named; without one it is 0
}

// of is the amount in a currency. One that has neither an amount of its own nor a default
// has 0, so that everything exceeds it: what nobody thought of is looked at.
func (a amounts) of(currency string) int64 {
	if micros, ok := a.By[currency]; ok {
		return micros
	}
	if a.Default != nil {
		return *a.Default
	}
	return 0
}

// tier says who must approve amounts up to a limit.
type tier struct {
	UpTo   *int64 // micros; nil in the last tier, which is for everything above
	Quorum review.Quorum
}

// alwaysTwo is the quorum of a currency that has no tiers.
var alwaysTwo = review.Quorum{Approvals: 2, Seniors: 1}

// quorum is who must approve so much of a currency.
func (d document) quorum(currency string, micros int64) review.Quorum {
	for _, t := range d.Approval[currency] {
		if t.UpTo == nil || micros <= *t.UpTo {
			return t.Quorum
		}
	}
	return alwaysTwo
}

// lastResort is the promise when no policy can be read: around the clock, because no
// calendar is known.
var lastResort = review.SLA{
	Calendar:      review.AllHours,
	FirstResponse: 24 * time.Hour,
	Decision:      48 * time.Hour,
	AnswerWithin:  7 * 24 * time.Hour,
	RemindAfter:   3 * 24 * time.Hour,
}
