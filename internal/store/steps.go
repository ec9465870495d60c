package store

import (
	"context"
	"encoding/json"
	"slices"

	"refunddesk/internal/audit"
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

// Screen implements activities.Refunds. Standing and dispute are looked at again under
// lock: they may have changed since the facts were read. What was judged is kept with the
// verdict, as it was judged.
func (s *Store) Screen(ctx context.Context, op refund.Op, facts policy.Facts, plan policy.Plan) (refund.Step, error) {
	step, _, err := s.step(ctx, op, identity.Desk, in(refund.Submitted, refund.Screening), func(t *turn) error {
		if t.state() == refund.Submitted {
			if err := t.become(refund.Screening, audit.Screened, ""); err != nil {
				return err
			}
			// The workflow runs: the engine has heard of the refund.
			t.after = append(t.after, stmt("UPDATE engine_intents SET delivered_at = ? WHERE id = ?", t.now, startIntentID(t.row.ID)))
		}
		obstacle := t.obstacle()
		if obstacle.Reject == "" && !obstacle.Clear() {
			return t.hold(obstacle.Causes)
		}
		facts, plan := t.judged(facts, plan, obstacle)
		kept, err := screeningStatements(t.row.ID, facts, plan, t.now)
		if err != nil {
			return err
		}
		t.before = append(t.before, kept...)
		t.row.Verdict, t.row.PolicyVersion, t.row.PolicyDigest = string(plan.Verdict), plan.Version, plan.Digest
		switch plan.Verdict {
		case policy.Reject:
			t.notices = append(t.notices, notify.Received)
			return t.reject(plan.Outcome)
		case policy.Review:
			t.openTicket(opening{queue: plan.Queue, quorum: plan.Quorum, priority: plan.Weight, matches: plan.Matches, sla: plan.SLA})
			t.notices = append(t.notices, notify.Received, notify.InReview)
			return t.become(refund.InReview, audit.Screened, matchedRules(plan.Matches))
		}
		// No word yet: a refund that is credited at once is told of once.
		return t.approve(audit.Approved, "screened")
	})
	return step, err
}

// judged are facts and plan as they hold under lock. What came after the facts were read and
// rejects whatever a policy says becomes part of them, and an appeal is never left to the
// program, whoever made the plan.
func (t *turn) judged(facts policy.Facts, plan policy.Plan, obstacle refund.Obstacle) (policy.Facts, policy.Plan) {
	appeal := t.row.AppealOf != ""
	switch {
	case obstacle.Reject != "" && (plan.Verdict != policy.Reject || plan.Outcome != obstacle.Reject):
		facts.Standing, facts.Dispute = t.standing, t.pkg.Dispute
		plan.Verdict, plan.Outcome = policy.Reject, obstacle.Reject
		plan.Matches = []review.Match{{
			Rule: obstacle.Reject, Value: string(t.standing) + "/" + string(t.pkg.Dispute),
			Reason: "Standing or dispute changed while the request was judged.",
		}}
	case appeal && plan.Verdict == policy.Approve:
		facts.Appeal, plan.Verdict = true, policy.Review
		plan.Matches = append(slices.Clone(plan.Matches), review.Match{Rule: policy.RuleAppeal, Value: "true", Reason: "An appeal is always reviewed."})
	}
	if plan.Queue == "" {
		plan.Queue = review.QueueReview
	}
	return facts, plan
}

func matchedRules(matches []review.Match) string {
	if len(matches) == 0 {
		return ""
	}
	return matches[0].Rule
}

// Withdraw implements activities.Refunds.
func (s *Store) Withdraw(ctx context.Context, op refund.Op, by identity.Actor) (refund.Step, error) {
	step, _, err := s.step(ctx, op, by, refund.State.Withdrawable, func(t *turn) error {
		t.clearHold()
		t.closeTicket()
		t.thaw()
		t.notices = append(t.notices, notify.Withdrawn)
		// Whoever screened may have died before the workflow heard of its notices.
		if err := t.repeatNotices(); err != nil {
			return err
		}
		// It may be withdrawn before its workflow screened it.
		t.after = append(t.after, stmt("UPDATE engine_intents SET delivered_at = ? WHERE id = ? AND delivered_at IS NULL", t.now, startIntentID(t.row.ID)))
		return t.become(refund.Withdrawn, audit.Withdrawn, "")
	})
	if err == nil && step.State != refund.Withdrawn {
		step.Refused = refund.ErrTooLate.Code
	}
	return step, err
}

// Credit implements activities.Refunds: the one place that pays. Standing, dispute, pause
// and balance are checked again under lock, whatever was approved before.
func (s *Store) Credit(ctx context.Context, op refund.Op) (refund.Step, error) {
	step, _, err := s.stepPast(ctx, s.heedPauses, op, identity.Desk, in(refund.Crediting), func(t *turn) error {
		obstacle := t.obstacle()
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

func (t *turn) park(reason string) error {
	t.closeTicket()
	sla, err := t.promised()
	if err != nil {
		return err
	}
	t.openTicket(opening{queue: review.QueueAttention, quorum: review.Quorum{Approvals: 1}, sla: sla, matches: []review.Match{{
		Rule: reason, Value: t.pkg.Quote().Amount.Decimal(), Threshold: amountOf(t.row.Approved, t.row.Currency).Decimal(),
		Reason: "Crediting could not go on; an admin retries what was approved, a senior reviewer rejects.",
	}}})
	t.notices = append(t.notices, notify.Received)
	return t.become(refund.NeedsAttention, audit.Parked, reason)
}

// promised is what the policy that the refund was screened under promises for cases that
// need attention; plainSLA for a refund from before there were policies.
func (t *turn) promised() (review.SLA, error) {
	var kept []string
	err := t.tx.reads.Raw("SELECT attention FROM screenings WHERE refund_id = ?", t.row.ID).Scan(&kept).Error
	if err != nil || len(kept) == 0 {
		return plainSLA, err
	}
	var promised review.SLA
	// What is not readable was not written by us; the case is worth more than its clock.
	if json.Unmarshal([]byte(kept[0]), &promised) != nil || promised.Decision <= 0 {
		return plainSLA, nil
	}
	return promised, nil
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

func startIntentID(refundID string) string { return refundID + "/start" }
