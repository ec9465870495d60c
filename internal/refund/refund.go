package refund

import (
	"slices"
	"time"

	"refunddesk/internal/fault"
	"refunddesk/internal/money"
)

// ReasonCode is why a customer asks.
type ReasonCode string

// The reasons a customer can give.
const (
	NoLongerNeeded    ReasonCode = "no_longer_needed"
	BoughtByMistake   ReasonCode = "bought_by_mistake"
	ServiceProblem    ReasonCode = "service_problem"
	SwitchingProvider ReasonCode = "switching_provider"
	OtherReason       ReasonCode = "other"
)

// Known reports whether a customer can give the reason.
func (r ReasonCode) Known() bool {
	return slices.Contains([]ReasonCode{NoLongerNeeded, BoughtByMistake, ServiceProblem, SwitchingProvider, OtherReason}, r)
}

// Cause is why a refund is on hold.
type Cause string

// The causes. A hold ends when none is left.
const (
	CauseStanding Cause = "standing"
	CauseDispute  Cause = "dispute"
	CausePause    Cause = "pause" // an admin stopped crediting; holds only what is to be credited
)

// Refund is one request for the money of one package.
type Refund struct {
	ID            string
	AccountID     string
	PackageID     string
	RequestedBy   string // subject of who filed; never decides on it
	State         State
	ReasonCode    ReasonCode
	NoteID        string // the customer's note, stored apart; empty for none
	Quote         Quote  // as quoted when filed
	Approved      *money.Money
	Amount        *money.Money // what was credited; nil before
	Verdict       string       // what screening said: approve, review, reject; empty before
	Outcome       string       // reason code of a rejection
	PolicyVersion string
	PolicyDigest  string
	AppealOf      string // the rejected refund that this one appeals; empty for none
	HoldCauses    []Cause
	HeldFrom      State // where an on_hold refund came from
	HeldAt        *time.Time
	ProviderFault bool
	WorkflowID    string
	CreatedAt     time.Time
	UpdatedAt     time.Time
	Version       int64
}

// The refusals of an appeal, beside those of a new request.
var (
	ErrNotRejected     = fault.New(fault.Conflict, "not-rejected", "Only a rejected refund can be appealed.")
	ErrDisputeLost     = fault.New(fault.Conflict, OutcomeDisputeLost, "The payment dispute over the package was lost; its price has gone back by another way. An appeal is possible once that changes.")
	ErrAlreadyAppealed = fault.New(fault.Conflict, "already-appealed", "The rejection has been appealed already; an appeal is decided once.")
)

// Worth is what the refund is about: the money that was credited, else what may be credited,
// else what was quoted.
func (r Refund) Worth() money.Money {
	switch {
	case r.Amount != nil:
		return *r.Amount
	case r.Approved != nil:
		return *r.Approved
	}
	return r.Quote.Amount
}

// MovesNext says who moves the refund next. Crediting that was stopped is let go on by an
// operator, not by standing or dispute.
func (r Refund) MovesNext() Mover {
	if r.State == OnHold && len(r.HoldCauses) == 1 && r.HoldCauses[0] == CausePause {
		return ByOperator
	}
	return r.State.MovesNext()
}

// MayAppeal returns nil when the rejection of r may be appealed, ErrNotRejected, or
// ErrAlreadyAppealed when r is itself an appeal. Whether another appeal of r exists is the
// records' to know.
func (r Refund) MayAppeal() *fault.Error {
	switch {
	case r.AppealOf != "":
		return ErrAlreadyAppealed
	case r.State != Rejected:
		return ErrNotRejected
	}
	return nil
}

// WorkflowID is the id of the workflow that drives the refund: "refund/<id>".
func WorkflowID(refundID string) string { return "refund/" + refundID }

// ErrTooLate refuses a withdrawal once crediting began or the refund ended.
var ErrTooLate = fault.New(fault.Conflict, "too-late", "The refund can no longer be withdrawn.")

// Reasons of a rejection that no person made.
const (
	OutcomeTerminated      = "account-terminated"
	OutcomeDisputeLost     = "dispute-lost"
	OutcomeNothingToRefund = "nothing-to-refund"
	OutcomeUnanswered      = "unanswered" // the customer was asked something and did not answer in time
)

// Obstacle is what standing, dispute and pause say about an open refund.
type Obstacle struct {
	Causes []Cause // wait for these; sorted
	Reject string  // reason code; not empty = reject, whatever the causes
}

// Obstacles applies rule 4 and the dispute edge to an open refund: termination and a lost
// dispute reject it, suspension and an open dispute hold it.
func Obstacles(standing Standing, dispute Dispute) Obstacle {
	switch {
	case standing == Terminated:
		return Obstacle{Reject: OutcomeTerminated}
	case dispute == DisputeLost:
		return Obstacle{Reject: OutcomeDisputeLost}
	}
	var causes []Cause
	if dispute == DisputeOpen {
		causes = append(causes, CauseDispute)
	}
	if standing == Suspended {
		causes = append(causes, CauseStanding)
	}
	return Obstacle{Causes: causes}
}

// Paused adds that crediting is paused. It says nothing about a refund that is to be
// rejected anyhow.
func (o Obstacle) Paused() Obstacle {
	if o.Reject != "" {
		return o
	}
	causes := append(slices.Clone(o.Causes), CausePause)
	slices.Sort(causes)
	return Obstacle{Causes: causes}
}

// Clear reports whether nothing stands in the way.
func (o Obstacle) Clear() bool { return o.Reject == "" && len(o.Causes) == 0 }
