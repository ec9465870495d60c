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
	Quorum         Quorum
	Decisions      []Decision
	// Linked are the other accounts that share e-mail, phone or payer with AccountID, and
	// FiledBy who files refunds for any of them: their people decide nothing here.
	Linked  []string
	FiledBy []string
	// Barred are those who decided the refund that this one appeals.
	Barred []identity.Actor
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
	ErrSelfApproval  = fault.New(fault.Forbidden, "self-approval", "Nobody decides on a refund of his own or of an account linked to his.")
	ErrFirstDecider  = fault.New(fault.Forbidden, "first-decider", "An appeal is decided by somebody who did not decide the first request.")
	ErrSeniorOnly    = fault.New(fault.Forbidden, "above-limit", "This case needs a senior reviewer.")
	ErrAlreadyVoted  = fault.New(fault.Forbidden, "already-voted", "You have decided on this case already.")
	ErrStale         = fault.New(fault.Conflict, "stale-decision", "The case has changed since it was shown to you; read it again.")
	ErrAwaiting      = fault.New(fault.Conflict, "awaiting-customer", "The customer has been asked for something and has not answered yet.")
	ErrTicketClosed  = fault.New(fault.Conflict, "ticket-closed", "The case is no longer waiting for a decision.")
	ErrNotApprovable = fault.New(fault.Conflict, "not-approvable", "A refund that needs attention can be rejected here; an admin retries what was approved.")
)

// MayDecide returns nil when the actor may cast the vote on the case as shown by digest;
// else, in this order, ErrMayNotDecide, ErrSelfApproval, ErrFirstDecider, ErrAlreadyVoted,
// ErrSeniorOnly, ErrNotApprovable or ErrStale. Limits are limits of approval: whoever may
// decide may reject, because a rejection moves no money.
func (c Case) MayDecide(actor identity.Actor, vote Vote, digest string) *fault.Error {
	switch {
	case !actor.Decides():
		return ErrMayNotDecide
	case c.isOwn(actor):
		return ErrSelfApproval
	case slices.ContainsFunc(c.Barred, actor.SamePerson):
		return ErrFirstDecider
	case slices.ContainsFunc(c.Decisions, func(d Decision) bool { return actor.SamePerson(d.Voter) }):
		return ErrAlreadyVoted
	case c.NeedsAttention && !actor.Has(identity.Senior):
		return ErrSeniorOnly
	case c.NeedsAttention && vote == Approve:
		return ErrNotApprovable
	case vote == Approve && !c.Quorum.takes(actor, c.Decisions):
		return ErrSeniorOnly
	case digest != c.Digest():
		return ErrStale
	}
	return nil
}

func (c Case) isOwn(actor identity.Actor) bool {
	if actor.Subject == c.RequestedBy || slices.Contains(c.FiledBy, actor.Subject) {
		return true
	}
	return actor.AccountID != "" && (actor.AccountID == c.AccountID || slices.Contains(c.Linked, actor.AccountID))
}

// Quorum is who must approve: so many different people, so many of them senior reviewers.
type Quorum struct {
	Approvals int
	Seniors   int
}

// takes reports whether an approval of the actor can still count: the seats that are left
// for whoever is no senior may be taken.
func (q Quorum) takes(actor identity.Actor, cast []Decision) bool {
	if actor.Has(identity.Senior) {
		return true
	}
	juniors := 0
	for _, d := range cast {
		if d.Vote == Approve && !d.Voter.Has(identity.Senior) {
			juniors++
		}
	}
	return juniors < max(1, q.Approvals)-q.Seniors
}

// Outcome is what the votes amount to: Reject as soon as one rejects, Approve once as many
// different people approve as the quorum asks for, and empty while the case stays open.
// Silence decides nothing.
func (q Quorum) Outcome(decisions []Decision) Vote {
	approvers, seniors := map[string]bool{}, map[string]bool{}
	for _, d := range decisions {
		if d.Vote == Reject {
			return Reject
		}
		approvers[d.Voter.Subject] = true
		if d.Voter.Has(identity.Senior) {
			seniors[d.Voter.Subject] = true
		}
	}
	if len(approvers) >= max(1, q.Approvals) && len(seniors) >= q.Seniors {
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
