package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"refunddesk/internal/audit"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// Ticket reads a ticket with what its decision is about.
func (d *Desk) Ticket(ctx context.Context, actor identity.Actor, id string) (CaseView, error) {
	return d.caseFor(ctx, actor, id)
}

// Tickets lists tickets, what is due first or the newest.
func (d *Desk) Tickets(ctx context.Context, actor identity.Actor, f TicketFilter) (Page[CaseView], error) {
	var err error
	if f.AccountID, err = ownList(actor, f.AccountID); err != nil {
		return Page[CaseView]{}, err
	}
	return d.records.Tickets(ctx, f)
}

// Decide casts the actor's vote on the case as it was shown to him. The workflow gives the
// answer. The same decision again returns what it led to. Errors: those of
// review.Case.MayDecide, a fault naming decision or reason_code, ticket-closed; Unavailable
// when engine or workers are away: then the same decision is safe to repeat.
func (d *Desk) Decide(ctx context.Context, actor identity.Actor, ticketID string, j Judgement) (CaseView, error) {
	// Who holds auditor or admin is refused below, with an entry in the audit log.
	if err := need(actor, identity.Reviewer, identity.Auditor, identity.Admin); err != nil {
		return CaseView{}, err
	}
	v, err := d.caseFor(ctx, actor, ticketID)
	if err != nil {
		return CaseView{}, err
	}
	if err := d.decide(ctx, actor, v, j); err != nil {
		return CaseView{}, d.refused(ctx, actor, audit.DecisionRefused, audit.ObjectTicket, ticketID, v.Refund.ID, err)
	}
	return d.records.Case(ctx, ticketID)
}

func (d *Desk) decide(ctx context.Context, actor identity.Actor, v CaseView, j Judgement) error {
	noteDigest := ""
	if j.Note != "" {
		sum := sha256.Sum256([]byte(j.Note))
		noteDigest = "sha256:" + hex.EncodeToString(sum[:])
	}
	id := review.DecisionID(v.Ticket.ID, actor.Subject, j.Vote, j.ReasonCode, j.Digest, noteDigest)
	if taken(v, id) && v.Refund.State.Final() {
		return nil
	}
	if taken(v, id) {
		// Its answer was lost, and perhaps the workflow never heard of it: send it again.
		return d.send(ctx, actor, v, j, id, noteDigest)
	}
	refusal := v.Case.MayDecide(actor, j.Vote, j.Digest)
	if refusal != nil && refusal.Kind == fault.Forbidden {
		return refusal
	}
	if invalid := review.ValidateReason(j.Vote, j.ReasonCode); invalid != nil {
		return invalid
	}
	waits := v.Refund.State == refund.InReview || v.Refund.State == refund.NeedsAttention
	if v.Ticket.State != review.Open || !waits {
		return review.ErrTicketClosed
	}
	if refusal != nil {
		return refusal
	}
	return d.send(ctx, actor, v, j, id, noteDigest)
}

// send carries the decision to the workflow.
func (d *Desk) send(ctx context.Context, actor identity.Actor, v CaseView, j Judgement, id, noteDigest string) error {
	noteID := ""
	if j.Note != "" {
		noteID = "note_" + id
		if err := d.records.KeepNote(ctx, noteID, actor, v.Refund.ID, j.Note); err != nil {
			return err
		}
	}
	_, err := d.engine.Decide(ctx, DecideCommand{
		DecisionID: id, TicketID: v.Ticket.ID, RefundID: v.Refund.ID, Voter: actor, Vote: j.Vote, ReasonCode: j.ReasonCode,
		NoteID: noteID, NoteDigest: noteDigest, Digest: j.Digest, NotAfter: d.now().Add(commandPatience),
	})
	if err == nil || !fault.IsAnswer(err) {
		return err
	}
	// A "no" to what is on the record already is the end of an earlier try.
	after, readErr := d.records.Case(ctx, v.Ticket.ID)
	switch {
	case readErr != nil:
		return readErr
	case taken(after, id):
		return nil
	case fault.CodeOf(err) == CodeClosed:
		return review.ErrTicketClosed
	}
	return err
}

// taken reports whether the decision is on the record: its earlier answer was lost on the way.
func taken(v CaseView, decisionID string) bool {
	return slices.ContainsFunc(v.Case.Decisions, func(d review.Decision) bool { return d.ID == decisionID })
}
