package store

import (
	"context"
	"slices"

	"gorm.io/gorm"

	"refunddesk/internal/audit"
	"refunddesk/internal/identity"
	"refunddesk/internal/notify"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// RecordDecision implements activities.Refunds: the vote, what it leads to, and what the
// customer is told with it. Refused: the codes of review.Case.MayDecide, review.ErrAwaiting,
// review.ErrTicketClosed.
func (s *Store) RecordDecision(ctx context.Context, op refund.Op, d review.Decision, messageNoteID string) (refund.Step, error) {
	step, done, err := s.step(ctx, op, d.Voter, in(refund.InReview, refund.NeedsAttention), func(t *turn) error {
		if t.ticket == nil || t.ticket.ID != d.TicketID {
			t.step.Refused = review.ErrTicketClosed.Code
			return nil
		}
		decisions, err := decisionsOf(t.tx.reads, t.row.ID, t.ticket.ID)
		if err != nil {
			return err
		}
		for _, earlier := range decisions {
			if earlier.ID == d.ID { // repeated after its result was lost
				t.step.Votes, t.step.Voter = len(decisions), d.Voter.Subject
				return t.repeatNotices()
			}
		}
		shown, err := t.reviewCase(decisions, d.Voter)
		if err != nil {
			return err
		}
		if refusal := shown.MayDecide(d.Voter, d.Vote, d.Digest); refusal != nil {
			t.step.Refused = refusal.Code
			return nil
		}
		t.recordVote(d)
		decisions = append(decisions, d)
		outcome := shown.Quorum.Outcome(decisions)
		if messageNoteID != "" {
			text, err := t.note(messageNoteID)
			if err != nil {
				return err
			}
			event := notify.Wrote
			if outcome != "" {
				event = noEvent // the mail that says how it ended has the words too
			}
			t.publish(derivedID("message", d.ID), text, event)
		}
		t.step.Votes, t.step.Voter = len(decisions), d.Voter.Subject
		switch outcome {
		case review.Reject:
			t.responded()
			return t.reject(d.ReasonCode)
		case review.Approve:
			t.responded()
			// One of those who approved saw the fault: it does not count against the customer.
			t.row.ProviderFault = slices.ContainsFunc(decisions, func(d review.Decision) bool { return d.ReasonCode == review.ReasonProviderFault })
			return t.approve(audit.Approved, d.ReasonCode)
		}
		t.change(audit.Decided, d.ReasonCode, t.state())
		return nil
	})
	if err != nil || done {
		return step, err
	}
	// The refund has moved on. Was it by this very vote?
	var taken int
	if err := s.read(ctx).Raw("SELECT count(*) FROM decisions WHERE id = ?", d.ID).Scan(&taken).Error; err != nil {
		return refund.Step{}, classify(err)
	}
	switch {
	case taken > 0:
	case step.State == refund.AwaitingCustomer && step.TicketID == d.TicketID:
		step.Refused = review.ErrAwaiting.Code
	default:
		step.Refused = review.ErrTicketClosed.Code
	}
	return step, nil
}

// reviewCase is the case with everybody who may not decide on it, as they are now. The voter
// is looked at by himself, however many accounts are linked to the refund's.
func (t *turn) reviewCase(decisions []review.Decision, voter identity.Actor) (review.Case, error) {
	c := caseOf(t.row.domain(), t.pkg, decisions)
	c.Quorum = review.Quorum{Approvals: t.ticket.Approvals, Seniors: t.ticket.Seniors}
	if err := withParties(t.tx.reads, &c, t.row.AppealOf); err != nil {
		return c, err
	}
	own, err := hasPartIn(t.tx.reads, voter, c.AccountID)
	if own {
		c.FiledBy = append(c.FiledBy, voter.Subject)
	}
	return c, err
}

func caseOf(r refund.Refund, p refund.Package, decisions []review.Decision) review.Case {
	amount := p.Quote().Amount
	if r.State.Final() { // the package has moved on
		amount = r.Quote.Amount
		if r.Amount != nil {
			amount = *r.Amount
		}
	}
	return review.Case{
		RefundID: r.ID, AccountID: r.AccountID, RequestedBy: r.RequestedBy, Amount: amount,
		PackageID: p.ID, PackageVersion: p.Version, PolicyVersion: r.PolicyVersion, PolicyDigest: r.PolicyDigest,
		NeedsAttention: r.State == refund.NeedsAttention, Decisions: decisions,
	}
}

func (t *turn) recordVote(d review.Decision) {
	role := identity.Reviewer
	if d.Voter.Has(identity.Senior) {
		role = identity.Senior
	}
	row := decisionRow{
		ID: d.ID, TicketID: d.TicketID, RefundID: d.RefundID, Voter: d.Voter.Subject, VoterRole: string(role), VoterAccount: d.Voter.AccountID,
		Vote: string(d.Vote), ReasonCode: d.ReasonCode, NoteID: d.NoteID, Digest: d.Digest, CreatedAt: t.now,
	}
	// Before the refund changes: the database counts the votes when it does.
	t.before = append(t.before, insert("decisions", decisionColumns, row.fields()...))
	entry := t.entry(audit.Decided)
	entry.Object, entry.ObjectID, entry.NewState = audit.ObjectTicket, d.TicketID, string(d.Vote)
	entry.ReasonCode, entry.DecisionDigest = d.ReasonCode, d.Digest
	amount := t.pkg.Quote().Amount
	entry.Amount = &amount
	t.entries = append(t.entries, entry)
}

func decisionsOf(tx *gorm.DB, refundID, ticketID string) ([]review.Decision, error) {
	query, args := "SELECT * FROM decisions WHERE refund_id = ?", []any{refundID}
	if ticketID != "" {
		query, args = query+" AND ticket_id = ?", append(args, ticketID)
	}
	var rows []decisionRow
	if err := tx.Raw(query+" ORDER BY created_at, id", args...).Scan(&rows).Error; err != nil {
		return nil, err
	}
	out := make([]review.Decision, len(rows))
	for i, r := range rows {
		out[i] = r.domain()
	}
	return out, nil
}
