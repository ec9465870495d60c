package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/ledger"
	"refunddesk/internal/notify"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

func in(states ...refund.State) func(refund.State) bool {
	return func(s refund.State) bool {
		for _, x := range states {
			if s == x {
				return true
			}
		}
		return false
	}
}

// Facts implements activities.Refunds: what the policy judges on, in one query.
func (s *Store) Facts(ctx context.Context, refundID string) (policy.Facts, error) {
	var l locked
	found, err := one(s.read(ctx), l.fields(), lockedQuery+" WHERE r.id = ?", refundID)
	if err != nil {
		return policy.Facts{}, classify(err)
	}
	if !found {
		return policy.Facts{}, desk.Missing(audit.ObjectRefund, refundID)
	}
	return policy.Facts{
		Amount:   l.Package.domain(l.Balance).Quote().Amount,
		Standing: refund.Standing(l.Standing),
		Dispute:  refund.Dispute(l.Package.Dispute),
	}, nil
}

// Screen implements activities.Refunds. Standing and dispute are looked at again under
// lock: they may have changed since the facts were read.
func (s *Store) Screen(ctx context.Context, op refund.Op, plan policy.Plan) (refund.Step, error) {
	step, _, err := s.step(ctx, op, identity.Desk, in(refund.Submitted, refund.Screening), func(t *turn) error {
		if t.state() == refund.Submitted {
			if err := t.become(refund.Screening, audit.Screened, ""); err != nil {
				return err
			}
			// The workflow runs: the engine has heard of the refund.
			t.after = append(t.after, stmt("UPDATE engine_intents SET delivered_at = ? WHERE id = ?", t.now, startIntentID(t.row.ID)))
		}
		obstacle := refund.Obstacles(t.standing, t.pkg.Dispute)
		if obstacle.Reject == "" && len(obstacle.Causes) > 0 {
			return t.hold(obstacle.Causes)
		}
		t.row.Verdict, t.row.PolicyVersion, t.row.PolicyDigest = string(plan.Verdict), plan.Version, plan.Digest
		switch {
		case obstacle.Reject != "":
			t.row.Verdict = string(policy.Reject)
			t.notices = append(t.notices, notify.Received)
			return t.reject(obstacle.Reject)
		case plan.Verdict == policy.Reject:
			t.notices = append(t.notices, notify.Received)
			return t.reject(plan.Outcome)
		case plan.Verdict == policy.Review:
			if err := t.openTicket(plan.Queue, plan.Approvals, plan.Matches, t.now.Add(plan.DueAfter)); err != nil {
				return err
			}
			t.notices = append(t.notices, notify.Received, notify.InReview)
			return t.become(refund.InReview, audit.Screened, matchedRules(plan.Matches))
		}
		// No word yet: a refund that is credited at once is told of once.
		return t.approve(audit.Approved, "screened")
	})
	return step, err
}

func matchedRules(matches []review.Match) string {
	if len(matches) == 0 {
		return ""
	}
	return matches[0].Rule
}

// Reassess implements activities.Refunds.
func (s *Store) Reassess(ctx context.Context, op refund.Op) (refund.Step, error) {
	step, _, err := s.step(ctx, op, identity.Desk, reassessable, func(t *turn) error {
		obstacle := refund.Obstacles(t.standing, t.pkg.Dispute)
		switch {
		case obstacle.Reject != "":
			return t.reject(obstacle.Reject)
		case t.state() == refund.OnHold && obstacle.Clear():
			return t.release()
		case t.state() == refund.OnHold && joinCauses(obstacle.Causes) != t.row.HoldCauses:
			t.row.HoldCauses = joinCauses(obstacle.Causes)
			t.change(audit.Held, t.row.HoldCauses, refund.OnHold)
		case t.state().CanBecome(refund.OnHold) && !obstacle.Clear():
			return t.hold(obstacle.Causes)
		}
		return nil
	})
	return step, err
}

// reassessable: who waits for somebody, and who waits for the drain window to close.
func reassessable(s refund.State) bool { return s.Waits() || s == refund.Crediting }

// RecordDecision implements activities.Refunds: the vote, and what it leads to.
func (s *Store) RecordDecision(ctx context.Context, op refund.Op, d review.Decision) (refund.Step, error) {
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
				return nil
			}
		}
		shown := t.reviewCase(decisions)
		if refusal := shown.MayDecide(d.Voter, d.Vote, d.Digest); refusal != nil {
			t.step.Refused = refusal.Code
			return nil
		}
		t.recordVote(d)
		decisions = append(decisions, d)
		t.step.Votes, t.step.Voter = len(decisions), d.Voter.Subject
		switch review.Outcome(decisions, t.ticket.Approvals) {
		case review.Reject:
			return t.reject(d.ReasonCode)
		case review.Approve:
			t.row.ProviderFault = d.ReasonCode == review.ReasonProviderFault
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
	if taken == 0 {
		step.Refused = review.ErrTicketClosed.Code
	}
	return step, nil
}

func (t *turn) reviewCase(decisions []review.Decision) review.Case {
	return caseOf(t.row.domain(), t.pkg, decisions)
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

// Withdraw implements activities.Refunds.
func (s *Store) Withdraw(ctx context.Context, op refund.Op, by identity.Actor) (refund.Step, error) {
	step, _, err := s.step(ctx, op, by, refund.State.Withdrawable, func(t *turn) error {
		t.clearHold()
		t.closeTicket()
		t.thaw()
		t.notices = append(t.notices, notify.Withdrawn)
		// It may be withdrawn before its workflow screened it.
		t.after = append(t.after, stmt("UPDATE engine_intents SET delivered_at = ? WHERE id = ? AND delivered_at IS NULL", t.now, startIntentID(t.row.ID)))
		return t.become(refund.Withdrawn, audit.Withdrawn, "")
	})
	if err == nil && step.State != refund.Withdrawn {
		step.Refused = refund.ErrTooLate.Code
	}
	return step, err
}

// Credit implements activities.Refunds: the one place that pays. Standing, dispute and
// balance are checked again under lock, whatever was approved before.
func (s *Store) Credit(ctx context.Context, op refund.Op) (refund.Step, error) {
	step, _, err := s.step(ctx, op, identity.Desk, in(refund.Crediting), func(t *turn) error {
		obstacle := refund.Obstacles(t.standing, t.pkg.Dispute)
		quote := t.pkg.Quote()
		switch {
		case obstacle.Reject != "":
			return t.reject(obstacle.Reject)
		case !obstacle.Clear():
			return t.hold(obstacle.Causes)
		case quote.Amount.IsZero():
			return t.reject(refund.OutcomeNothingToRefund)
		case t.row.Approved == nil || quote.Amount.Micros > *t.row.Approved:
			return t.park("above-approved")
		}
		journal, postings, err := journalOf(
			ledger.ForRefund(t.row.ID, t.pkg.ID, t.pkg.AccountID, t.pkg.Currency, quote.Amount.Micros, quote.Gift.Micros), t.now)
		if err != nil {
			return err
		}
		t.row.Amount = &quote.Amount.Micros
		t.notices = append(t.notices, notify.Credited)
		t.after = append(t.after,
			stmt("UPDATE packages SET status = 'refunded', frozen_at = NULL, version = version + 1 WHERE id = ?", t.pkg.ID), journal, postings)
		return t.become(refund.Credited, audit.Credited, "")
	})
	return step, err
}

// attentionDue is how long an operator has for a refund that crediting failed for.
const attentionDue = 24 * time.Hour

func (t *turn) park(reason string) error {
	t.closeTicket()
	if err := t.openTicket(review.QueueAttention, 1, []review.Match{{
		Rule: reason, Value: t.pkg.Quote().Amount.Decimal(), Threshold: amountOf(t.row.Approved, t.row.Currency).Decimal(),
		Reason: "Crediting could not go on; an admin retries what was approved, a senior reviewer rejects.",
	}}, t.now.Add(attentionDue)); err != nil {
		return err
	}
	t.notices = append(t.notices, notify.Received)
	return t.become(refund.NeedsAttention, audit.Parked, reason)
}

// Park implements activities.Refunds.
func (s *Store) Park(ctx context.Context, op refund.Op, reasonCode string) (refund.Step, error) {
	step, _, err := s.step(ctx, op, identity.Desk, in(refund.Crediting), func(t *turn) error { return t.park(reasonCode) })
	return step, err
}

// Retry implements activities.Refunds: only what was approved is tried again.
func (s *Store) Retry(ctx context.Context, op refund.Op, by identity.Actor, noteID string) (refund.Step, error) {
	step, done, err := s.step(ctx, op, by, in(refund.NeedsAttention), func(t *turn) error {
		t.closeTicket()
		if err := t.become(refund.Crediting, audit.Retried, ""); err != nil {
			return err
		}
		t.entries[len(t.entries)-1].DecisionDigest = noteID // why he did it; the id is over the text
		return nil
	})
	if err == nil && !done {
		step.Refused = refund.ErrIllegalTransition.Code
	}
	return step, err
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

func startIntentID(refundID string) string { return refundID + "/start" }
