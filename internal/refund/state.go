// Package refund is the domain: accounts and their standing, packages and their use,
// what a package returns, and the states a refund goes through. Plain Go: no HTTP, no
// engine, no SQL.
package refund

import (
	"slices"

	"refunddesk/internal/fault"
)

// State is where a refund stands; each says who moves next.
type State string

// The states. A refund starts as Submitted and ends in one of the three final ones.
const (
	Submitted        State = "submitted"         // system moves next
	Screening        State = "screening"         // system moves next
	InReview         State = "in_review"         // a reviewer moves next
	AwaitingCustomer State = "awaiting_customer" // the customer moves next
	OnHold           State = "on_hold"           // standing or dispute moves next
	Crediting        State = "crediting"         // system moves next
	NeedsAttention   State = "needs_attention"   // an operator moves next
	Credited         State = "credited"          // final: the money is in the balance
	Rejected         State = "rejected"          // final: the package thawed
	Withdrawn        State = "withdrawn"         // final: the package thawed
)

// States are all states, in the order a refund may go through them.
var States = []State{Submitted, Screening, InReview, AwaitingCustomer, OnHold, Crediting, NeedsAttention, Credited, Rejected, Withdrawn}

// transitions is the table of DESIGN section 2; the databases hold the same table in
// refund_transitions, and a test compares the two.
var transitions = map[State][]State{
	Submitted:        {Screening, Withdrawn},
	Screening:        {Crediting, InReview, Rejected, OnHold, Withdrawn},
	InReview:         {Crediting, Rejected, AwaitingCustomer, OnHold, Withdrawn},
	AwaitingCustomer: {InReview, Rejected, OnHold, Withdrawn},
	OnHold:           {Screening, InReview, AwaitingCustomer, Crediting, Rejected, Withdrawn},
	Crediting:        {Credited, OnHold, Rejected, NeedsAttention},
	NeedsAttention:   {Crediting, Rejected},
	Credited:         nil,
	Rejected:         nil,
	Withdrawn:        nil,
}

// ErrIllegalTransition is returned for a change of state that the table does not have.
var ErrIllegalTransition = fault.New(fault.Conflict, "illegal-transition", "The refund cannot go from its state to that one.")

// CanBecome reports whether the table has an arrow from s to next.
func (s State) CanBecome(next State) bool { return slices.Contains(transitions[s], next) }

// Next lists the states that may follow s; none for a final state.
func (s State) Next() []State { return slices.Clone(transitions[s]) }

// Final reports whether the refund has ended.
func (s State) Final() bool { return s == Credited || s == Rejected || s == Withdrawn }

// Known reports whether s is a state at all.
func (s State) Known() bool { _, ok := transitions[s]; return ok }

// Waits reports whether nothing happens until somebody or something outside moves.
func (s State) Waits() bool {
	return s == InReview || s == AwaitingCustomer || s == OnHold || s == NeedsAttention
}

// Withdrawable reports whether the customer can still take the request back: until
// crediting begins, and while it is on hold.
func (s State) Withdrawable() bool { return s.CanBecome(Withdrawn) }

// Mover is who moves a refund next.
type Mover string

// The movers, as the table of states names them.
const (
	BySystem   Mover = "system"
	ByReviewer Mover = "reviewer"
	ByCustomer Mover = "customer"
	ByOutside  Mover = "standing_or_dispute"
	ByOperator Mover = "operator"
	ByNobody   Mover = "nobody"
)

// MovesNext says who moves a refund in state s.
func (s State) MovesNext() Mover {
	switch s {
	case InReview:
		return ByReviewer
	case AwaitingCustomer:
		return ByCustomer
	case OnHold:
		return ByOutside
	case NeedsAttention:
		return ByOperator
	case Credited, Rejected, Withdrawn:
		return ByNobody
	}
	return BySystem
}
