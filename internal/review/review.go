// Package review is the judgement of people: tickets, decisions, and who may decide what.
package review

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/money"
)

// TicketKind is what a ticket is about.
type TicketKind string

// KindRefund is a flagged refund that waits for a decision.
const KindRefund TicketKind = "refund"

// TicketState is whether somebody still has to act.
type TicketState string

// The states of a ticket.
const (
	Open   TicketState = "open"
	Closed TicketState = "closed"
)

// The queues that tickets wait in.
const (
	QueueReview    = "review"    // flagged by screening
	QueueAttention = "attention" // crediting could not go on
)

// Match is a screening rule that flagged the refund, with the value it saw.
type Match struct {
	Rule      string `json:"rule"`
	Value     string `json:"value"`
	Threshold string `json:"threshold"`
	Reason    string `json:"reason"` // for staff
}

// Ticket is a case that waits for a person.
type Ticket struct {
	ID        string
	Kind      TicketKind
	RefundID  string
	AccountID string
	PackageID string
	State     TicketState
	Queue     string
	Assignee  string
	DueAt     time.Time // UTC
	Approvals int       // approvals needed
	Matches   []Match
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Vote is what a reviewer decides.
type Vote string

// The votes.
const (
	Approve Vote = "approve"
	Reject  Vote = "reject"
)

// ReasonProviderFault marks an approved refund as the provider's own fault: it does not
// count against the customer.
const ReasonProviderFault = "provider_fault"

var reasons = map[Vote][]string{
	Approve: {"verified_request", ReasonProviderFault, "other"},
	Reject:  {"suspected_abuse", "agreement_violated", "unverified", "other"},
}

// Reasons lists the reason codes a vote can have.
func Reasons(v Vote) []string { return slices.Clone(reasons[v]) }

// Decision is one reviewer's recorded vote. Decisions are never edited.
type Decision struct {
	ID         string // from ticket, voter and vote: the same decision has the same id
	TicketID   string
	RefundID   string
	Voter      identity.Actor
	Vote       Vote
	ReasonCode string
	NoteID     string
	Digest     string // of what was shown
	CreatedAt  time.Time
}

// DecisionID derives the id of a decision, so that repeating the request repeats nothing else.
func DecisionID(ticketID, voter string, vote Vote, reasonCode, digest, noteDigest string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q %q %q", ticketID, voter, vote, reasonCode, digest, noteDigest))
	return "decision_" + hex.EncodeToString(sum[:16])
}

// Case is what a decision is about, as far as who may decide needs it.
type Case struct {
	RefundID       string
	AccountID      string
	RequestedBy    string
	Amount         money.Money
	PackageID      string
	PackageVersion int64
	PolicyVersion  string
	PolicyDigest   string
	NeedsAttention bool
	Decisions      []Decision
}

// Digest is over what a reviewer is shown; a decision names it, and is stale once it differs.
func (c Case) Digest() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "refunddesk/case/1 %q %q %q %d %q %q %t",
		c.RefundID, c.Amount.String(), c.PackageID, c.PackageVersion, c.PolicyVersion, c.PolicyDigest, c.NeedsAttention))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// The refusals of a decision.
var (
	ErrMayNotDecide  = fault.New(fault.Forbidden, "forbidden", "Only a reviewer who is neither auditor nor admin decides cases.")
	ErrSelfApproval  = fault.New(fault.Forbidden, "self-approval", "Nobody decides on a refund of his own.")
	ErrSeniorOnly    = fault.New(fault.Forbidden, "above-limit", "This case needs a senior reviewer.")
	ErrAlreadyVoted  = fault.New(fault.Forbidden, "already-voted", "You have decided on this case already.")
	ErrStale         = fault.New(fault.Conflict, "stale-decision", "The case has changed since it was shown to you; read it again.")
	ErrTicketClosed  = fault.New(fault.Conflict, "ticket-closed", "The case is no longer waiting for a decision.")
	ErrNotApprovable = fault.New(fault.Conflict, "not-approvable", "A refund that needs attention can be rejected here; an admin retries what was approved.")
)

// MayDecide returns nil when the actor may cast the vote on the case as shown by digest;
// else, in this order, ErrMayNotDecide, ErrSelfApproval, ErrSeniorOnly, ErrAlreadyVoted,
// ErrNotApprovable or ErrStale.
func (c Case) MayDecide(actor identity.Actor, vote Vote, digest string) *fault.Error {
	switch {
	case !actor.Decides():
		return ErrMayNotDecide
	case actor.Subject == c.RequestedBy || (actor.AccountID != "" && actor.AccountID == c.AccountID):
		return ErrSelfApproval
	case c.NeedsAttention && !actor.Has(identity.Senior):
		return ErrSeniorOnly
	case slices.ContainsFunc(c.Decisions, func(d Decision) bool { return d.Voter.Subject == actor.Subject }):
		return ErrAlreadyVoted
	case c.NeedsAttention && vote == Approve:
		return ErrNotApprovable
	case digest != c.Digest():
		return ErrStale
	}
	return nil
}

// Outcome is what the votes amount to: Reject as soon as one rejects, Approve once needed
// different people approve, and empty while the case stays open. Silence decides nothing.
func Outcome(decisions []Decision, needed int) Vote {
	approvers := map[string]bool{}
	for _, d := range decisions {
		if d.Vote == Reject {
			return Reject
		}
		approvers[d.Voter.Subject] = true
	}
	if len(approvers) >= max(1, needed) {
		return Approve
	}
	return ""
}

// ValidateReason returns a fault naming reason_code when the vote cannot have it.
func ValidateReason(v Vote, code string) *fault.Error {
	allowed, ok := reasons[v]
	if !ok {
		return fault.InvalidField("decision", "is approve or reject")
	}
	if !slices.Contains(allowed, code) {
		return fault.InvalidField("reason_code", "for %s is one of %v", v, allowed)
	}
	return nil
}
