package store

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/notify"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// turn is one step of one refund inside its transaction: what was locked, and what is to
// be written. Changes are made in memory and written once at the end, in the order in
// which the database can check them.
type turn struct {
	tx  *transition
	op  refund.Op
	by  identity.Actor
	now time.Time

	pkg      refund.Package
	standing refund.Standing
	row      refundRow
	ticket   *ticketRow // the open one; nil when none
	drain    time.Duration

	updates []refundRow   // versions of the refund, in order
	entries []audit.Entry // one or more a version
	before  []*statement  // written before the refund
	after   []*statement  // written after it
	notices []notify.Event
	step    refund.Step
	request string
}

// locked is the row of everything a turn looks at, read under lock in one statement.
type locked struct {
	Refund   refundRow  `gorm:"embedded;embeddedPrefix:r_"`
	Package  packageRow `gorm:"embedded;embeddedPrefix:p_"`
	Balance  int64
	Standing string
}

func (l *locked) fields() fields {
	return append(append(l.Refund.fields(), l.Package.fields()...), &l.Balance, &l.Standing)
}

var lockedQuery = "SELECT " + prefixed("r", refundColumns) + ", " + prefixed("p", packageColumns) + `,
       l.balance AS balance, a.standing AS standing
  FROM packages p
  JOIN refunds r ON r.package_id = p.id
  JOIN accounts a ON a.id = p.account_id
  JOIN ledger_accounts l ON l.id = 'package/' || p.id`

// step runs one step of a refund. When the operation had been carried out before, its
// result is returned and nothing changes. When the refund is in a state that the step does
// not start from, do is not called and the refund's own state is the answer: whoever calls
// acts on the record, never on what he believed. done says that the step was carried out,
// now or before.
func (s *Store) step(ctx context.Context, op refund.Op, by identity.Actor, from func(refund.State) bool, do func(*turn) error) (out refund.Step, done bool, err error) {
	err = s.transact(ctx, func(tx *transition) error {
		var l locked
		found, err := tx.ask(l.fields(), lockedQuery+" WHERE r.id = ?"+s.lock("FOR NO KEY UPDATE OF p, r, l FOR SHARE OF a"), op.RefundID)
		if err != nil {
			return err
		}
		if !found {
			return desk.Missing(audit.ObjectRefund, op.RefundID)
		}
		t := &turn{
			tx: tx, op: op, by: by, now: s.now(), drain: s.drain, row: l.Refund, standing: refund.Standing(l.Standing),
			pkg: l.Package.domain(l.Balance), request: audit.RequestOf(ctx),
		}
		state := refund.State(t.row.State)
		if done = t.row.LastOp == op.ID(); done {
			out, err = t.recorded()
			out.Repeated = true
			return err
		}
		if state.Final() || !from(state) {
			out, err = t.asItStands()
			return err
		}
		// What the system is at work on has no open ticket.
		if state.Waits() {
			if err := t.loadTicket(); err != nil {
				return err
			}
		}
		if err := do(t); err != nil {
			return err
		}
		if err := t.finish(); err != nil {
			return err
		}
		out, done = t.step, true
		return nil
	})
	if err != nil {
		return refund.Step{}, false, err
	}
	s.watch.changed(op.RefundID, out.State)
	return out, done, nil
}

// recorded is the result of the last step that changed the refund.
func (t *turn) recorded() (refund.Step, error) {
	step := refund.Step{State: refund.State(t.row.State), Verdict: t.row.Verdict}
	if t.row.LastStep != "" {
		if err := json.Unmarshal([]byte(t.row.LastStep), &step); err != nil {
			return step, fault.New(fault.Internal, "step-unreadable", "The record of the last step cannot be read.").With(err)
		}
	}
	return step, nil
}

// asItStands is the answer to a step that another one was before: the last result, with
// whatever the customer has not been told yet, because the workflow may have lost it.
func (t *turn) asItStands() (refund.Step, error) {
	step, err := t.recorded()
	if err != nil {
		return step, err
	}
	step.Notices = nil
	err = t.tx.reads.Raw("SELECT id FROM notices WHERE refund_id = ? AND state = 'pending' ORDER BY created_at, id", t.row.ID).Scan(&step.Notices).Error
	return step, err
}

func (t *turn) loadTicket() error {
	var rows []ticketRow
	if err := t.tx.reads.Raw("SELECT * FROM tickets WHERE refund_id = ? AND state = 'open'", t.row.ID).Scan(&rows).Error; err != nil {
		return err
	}
	if len(rows) > 0 {
		t.ticket = &rows[0]
	}
	return nil
}

func (t *turn) state() refund.State { return refund.State(t.row.State) }

// become moves the refund to a state of the table and writes down who did it and why.
func (t *turn) become(next refund.State, action audit.Action, reason string) error {
	if !t.state().CanBecome(next) {
		return refund.ErrIllegalTransition
	}
	old := t.state()
	t.row.State = string(next)
	t.change(action, reason, old)
	return nil
}

// change writes down a new version of the refund, with or without a new state.
func (t *turn) change(action audit.Action, reason string, old refund.State) {
	t.row.Version++
	t.row.UpdatedAt = t.now
	entry := t.entry(action)
	entry.Object, entry.ObjectID, entry.ObjectVersion = audit.ObjectRefund, t.row.ID, t.row.Version
	entry.OldState, entry.NewState, entry.ReasonCode = string(old), t.row.State, reason
	if t.row.Amount != nil {
		entry.Amount = amountOf(t.row.Amount, t.row.Currency)
	} else if t.row.Approved != nil {
		entry.Amount = amountOf(t.row.Approved, t.row.Currency)
	}
	t.entries = append(t.entries, entry)
	t.updates = append(t.updates, t.row)
}

// entry starts an audit entry with what every one of this turn has.
func (t *turn) entry(action audit.Action) audit.Entry {
	return audit.Entry{
		Actor: t.by.Subject, Role: t.by.MainRole(), Action: action, RefundID: t.row.ID, PolicyVersion: t.row.PolicyVersion,
		RequestID: t.request, WorkflowID: refund.WorkflowID(t.row.ID), RunID: t.op.RunID, OperationID: t.op.ID(),
	}
}

// approve fixes the amount that may be credited and starts crediting.
func (t *turn) approve(action audit.Action, reason string) error {
	amount := min(t.pkg.Quote().Amount.Micros, t.row.QuoteAmount)
	if amount == 0 {
		return t.reject(refund.OutcomeNothingToRefund)
	}
	t.row.Approved = &amount
	if t.settleAt().After(t.now) { // it will not be credited at once
		t.notices = append(t.notices, notify.Received)
	}
	t.closeTicket()
	return t.become(refund.Crediting, action, reason)
}

// reject ends the refund without money and gives the package back.
func (t *turn) reject(reason string) error {
	t.row.Outcome = reason
	t.clearHold()
	t.closeTicket()
	t.thaw()
	t.notices = append(t.notices, notify.Rejected)
	return t.become(refund.Rejected, audit.Rejected, reason)
}

// hold puts the refund on hold, to come back to the state it is in.
func (t *turn) hold(causes []refund.Cause) error {
	t.row.HeldFrom, t.row.HoldCauses, t.row.HeldAt = t.row.State, joinCauses(causes), &t.now
	t.notices = append(t.notices, notify.Received)
	return t.become(refund.OnHold, audit.Held, t.row.HoldCauses)
}

// release lets the refund go on from where it was held; the time on hold does not count
// against the reviewers.
func (t *turn) release() error {
	back := refund.State(t.row.HeldFrom)
	if t.ticket != nil && t.row.HeldAt != nil {
		due := t.ticket.DueAt.Add(t.now.Sub(*t.row.HeldAt))
		t.ticket.DueAt = due
		t.after = append(t.after, stmt("UPDATE tickets SET due_at = ?, updated_at = ? WHERE id = ?", due, t.now, t.ticket.ID))
	}
	t.clearHold()
	return t.become(back, audit.Released, "")
}

func (t *turn) clearHold() { t.row.HeldFrom, t.row.HoldCauses, t.row.HeldAt = "", "", nil }

// thaw gives the package back to its owner, with the time that ran while it was frozen.
func (t *turn) thaw() {
	t.after = append(t.after, stmt("UPDATE packages SET status = 'active', frozen_at = NULL, expires_at = ?, version = version + 1 WHERE id = ?",
		t.pkg.ThawedExpiry(t.now), t.pkg.ID))
}

func (t *turn) openTicket(queue string, approvals int, matches []review.Match, due time.Time) error {
	shown, err := json.Marshal(matches)
	if err != nil {
		return err
	}
	if matches == nil {
		shown = []byte("[]")
	}
	t.ticket = &ticketRow{
		ID: newID("ticket"), Kind: string(review.KindRefund), RefundID: t.row.ID, AccountID: t.row.AccountID, PackageID: t.row.PackageID,
		State: string(review.Open), Queue: queue, DueAt: due, Approvals: max(1, approvals), Matches: string(shown),
		CreatedAt: t.now, UpdatedAt: t.now,
	}
	entry := t.entry(audit.TicketOpened)
	entry.Object, entry.ObjectID, entry.NewState = audit.ObjectTicket, t.ticket.ID, string(review.Open)
	t.entries = append(t.entries, entry)
	t.after = append(t.after, insert("tickets", ticketColumns, t.ticket.fields()...))
	return nil
}

func (t *turn) closeTicket() {
	if t.ticket == nil {
		return
	}
	t.after = append(t.after, stmt("UPDATE tickets SET state = 'closed', updated_at = ? WHERE id = ?", t.now, t.ticket.ID))
	entry := t.entry(audit.TicketClosed)
	entry.Object, entry.ObjectID, entry.OldState, entry.NewState = audit.ObjectTicket, t.ticket.ID, string(review.Open), string(review.Closed)
	t.entries = append(t.entries, entry)
	t.ticket = nil
}

// finish queues what the turn writes.
func (t *turn) finish() error {
	if len(t.updates) == 0 {
		t.describe()
		return nil
	}
	t.tx.queue(t.before...)
	if err := t.tell(); err != nil {
		return err
	}
	t.describe()
	step, err := json.Marshal(t.step)
	if err != nil {
		return err
	}
	last := len(t.updates) - 1
	t.updates[last].LastOp, t.updates[last].LastStep = t.op.ID(), string(step)
	for _, row := range t.updates {
		t.tx.queue(updateRefund(row))
	}
	t.tx.queue(t.after...)
	t.tx.queue(entriesOf(t.entries...))
	return nil
}

// describe fills in what the workflow needs to know.
func (t *turn) describe() {
	t.step.State, t.step.Verdict = t.state(), t.row.Verdict
	if t.ticket != nil {
		t.step.TicketID, t.step.Queue, t.step.DueAt = t.ticket.ID, t.ticket.Queue, t.ticket.DueAt.UTC()
	}
	if t.state() == refund.Crediting {
		t.step.SettleAt = t.settleAt()
	}
}

// settleAt is when usage from before the freeze can no longer arrive; zero without a drain window.
func (t *turn) settleAt() time.Time {
	if t.drain <= 0 || t.pkg.FrozenAt == nil {
		return time.Time{}
	}
	return t.pkg.FrozenAt.Add(t.drain)
}

// tell queues what the customer is to be told; an event is told once.
func (t *turn) tell() error {
	var told []string
	// How it ended comes once by itself.
	if slices.Contains(t.notices, notify.Received) || slices.Contains(t.notices, notify.InReview) {
		if err := t.tx.reads.Raw("SELECT event FROM notices WHERE refund_id = ?", t.row.ID).Scan(&told).Error; err != nil {
			return err
		}
	}
	for _, event := range t.notices {
		if slices.Contains(told, string(event)) {
			continue
		}
		id := notify.NoticeID(t.row.ID, event)
		t.tx.queue(insert("notices", "id refund_id event state created_at updated_at", id, t.row.ID, string(event), string(notify.Pending), t.now, t.now))
		t.step.Notices = append(t.step.Notices, id)
	}
	return nil
}

// updateRefund expects the row to be locked; PostgreSQL refuses a version that is not the next.
func updateRefund(r refundRow) *statement {
	return stmt(`UPDATE refunds SET state = ?, approved = ?, amount = ?, verdict = ?, outcome = ?, policy_version = ?, policy_digest = ?,
		hold_causes = ?, held_from = ?, held_at = ?, provider_fault = ?, last_op = ?, last_step = ?, updated_at = ?, version = ?
		WHERE id = ?`,
		r.State, r.Approved, r.Amount, r.Verdict, r.Outcome, r.PolicyVersion, r.PolicyDigest,
		r.HoldCauses, r.HeldFrom, r.HeldAt, r.ProviderFault, r.LastOp, r.LastStep, r.UpdatedAt, r.Version, r.ID)
}
