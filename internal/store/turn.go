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
	paused   *time.Time // until when the first pause that stops its crediting is in force; nil for none
	row      refundRow
	ticket   *ticketRow // the open one; nil when none
	known    ticketRow  // as the records have it; zero for one that this turn opens
	drain    time.Duration

	updates []refundRow   // versions of the refund, in order
	entries []audit.Entry // one or more a version
	before  []*statement  // written before the refund
	after   []*statement  // written after it
	notices []notify.Event
	words   []wording // about messages, beside the events of the refund
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

var (
	lockedColumns = "SELECT " + prefixed("r", refundColumns) + ", " + prefixed("p", packageColumns) + ", l.balance AS balance, a.standing AS standing"
	lockedQuery   = lockedColumns + lockedFrom
	// turnQuery also looks for a pause; it takes the time of now first.
	turnQuery = lockedColumns + `,
       (SELECT z.expires_at FROM pauses z
         WHERE z.ended_at IS NULL AND z.expires_at > ?
           AND (z.scope = 'all' OR (z.scope = 'account' AND z.target = p.account_id) OR (z.scope = 'product' AND z.target = p.product))
         ORDER BY z.expires_at LIMIT 1) AS paused` + lockedFrom
)

const lockedFrom = `
  FROM packages p
  JOIN refunds r ON r.package_id = p.id
  JOIN accounts a ON a.id = p.account_id
  JOIN ledger_accounts l ON l.id = 'package/' || p.id`

// step runs one step of a refund. When the operation had been carried out before, its
// result is returned and nothing changes. When the refund is in a state that the step does
// not start from, do is not called and the refund's own state is the answer: whoever calls
// acts on the record, never on what he believed. done says that the step was carried out,
// now or before.
func (s *Store) step(ctx context.Context, op refund.Op, by identity.Actor, from func(refund.State) bool, do func(*turn) error) (refund.Step, bool, error) {
	return s.stepPast(ctx, func() []*statement { return nil }, op, by, from, do)
}

// stepPast is step with statements that go before everything else, in the same round trip.
func (s *Store) stepPast(ctx context.Context, gate func() []*statement, op refund.Op, by identity.Actor, from func(refund.State) bool, do func(*turn) error) (out refund.Step, done bool, err error) {
	err = s.transact(ctx, func(tx *transition) error {
		tx.queue(gate()...)
		var l locked
		var paused *time.Time
		found, err := tx.ask(append(l.fields(), &paused), turnQuery+" WHERE r.id = ?"+s.lock("FOR NO KEY UPDATE OF p, r, l FOR SHARE OF a"), s.now(), op.RefundID)
		if err != nil {
			return err
		}
		if !found {
			return desk.Missing(audit.ObjectRefund, op.RefundID)
		}
		t := &turn{
			tx: tx, op: op, by: by, now: s.now(), drain: s.drain, row: l.Refund, standing: refund.Standing(l.Standing), paused: utc(paused),
			pkg: l.Package.domain(l.Balance), request: audit.RequestOf(ctx),
		}
		state := refund.State(t.row.State)
		if done = t.row.LastOp == op.ID(); done {
			out, err = t.recorded()
			out.Repeated = true
			return err
		}
		// What the system is at work on has no open ticket.
		if state.Waits() {
			if err := t.loadTicket(s.lock("FOR NO KEY UPDATE")); err != nil {
				return err
			}
			t.now = s.now() // what was said on the ticket while we waited for it was said before
		}
		if state.Final() || !from(state) {
			out, err = t.asItStands()
			return err
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
// the ticket as it is now, and whatever the customer has not been told yet, because the
// workflow may have lost it.
func (t *turn) asItStands() (refund.Step, error) {
	step, err := t.recorded()
	if err != nil {
		return step, err
	}
	t.step = step
	t.describe()
	t.step.Notices, err = t.pending()
	return t.step, err
}

// pending are the notices of the refund and of its case that are still to be delivered, in
// the order in which they were written.
func (t *turn) pending() (ids []string, err error) {
	err = t.tx.reads.Raw(`SELECT id FROM (
		SELECT id, event, message_id, created_at FROM notices WHERE refund_id = ? AND message_id IS NULL AND state = 'pending'
		UNION ALL
		SELECT n.id, n.event, n.message_id, n.created_at FROM tickets k JOIN notices n ON n.ticket_id = k.id
		 WHERE k.refund_id = ? AND k.kind = 'refund' AND n.state = 'pending') untold
		ORDER BY created_at, message_id IS NOT NULL, event <> 'received', event <> 'in_review', id`, t.row.ID, t.row.ID).Scan(&ids).Error
	return ids, err
}

func (t *turn) loadTicket(locking string) error {
	var rows []ticketRow
	err := t.tx.reads.Raw("SELECT * FROM tickets WHERE refund_id = ? AND state = 'open' AND kind = 'refund'"+locking, t.row.ID).Scan(&rows).Error
	if err == nil && len(rows) > 0 {
		t.ticket, t.known = &rows[0], rows[0]
	}
	return err
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

// finish queues what the turn writes. A turn that changes the ticket only leaves the
// refund's version and its last operation as they are: what it does follows from the time
// and from what the ticket says of itself, so a repeat finds nothing left to do.
func (t *turn) finish() error {
	t.tx.queue(t.before...)
	if err := t.tell(); err != nil {
		return err
	}
	t.describe()
	if len(t.updates) > 0 {
		step, err := json.Marshal(t.step)
		if err != nil {
			return err
		}
		last := len(t.updates) - 1
		t.updates[last].LastOp, t.updates[last].LastStep = t.op.ID(), string(step)
	}
	for _, row := range t.updates {
		t.tx.queue(updateRefund(row))
	}
	t.tx.queue(t.after...)
	t.saveTicket()
	if len(t.entries) > 0 {
		t.tx.queue(entriesOf(t.entries...))
	}
	return nil
}

// describe fills in what the workflow needs to know.
func (t *turn) describe() {
	step := &t.step
	step.State, step.Verdict = t.state(), t.row.Verdict
	step.TicketID, step.Queue, step.DueAt, step.SettleAt = "", "", time.Time{}, time.Time{}
	if t.ticket != nil {
		step.TicketID, step.Queue, step.DueAt = t.ticket.ID, t.ticket.Queue, t.ticket.DueAt.UTC()
	}
	if t.state() == refund.Crediting {
		step.SettleAt = t.settleAt()
	}
	step.WakeAt = t.wakeAt()
}

// settleAt is when usage from before the freeze can no longer arrive; zero without a drain window.
func (t *turn) settleAt() time.Time {
	if t.drain <= 0 || t.pkg.FrozenAt == nil {
		return time.Time{}
	}
	return t.pkg.FrozenAt.Add(t.drain)
}

// wording is what the customer is to be told of a message.
type wording struct {
	messageID string
	event     notify.Event
}

// tell queues what the customer is to be told; an event is told once.
func (t *turn) tell() error {
	var told []string
	// How it ended comes once by itself.
	if slices.Contains(t.notices, notify.Received) || slices.Contains(t.notices, notify.InReview) {
		if err := t.tx.reads.Raw("SELECT event FROM notices WHERE refund_id = ? AND message_id IS NULL", t.row.ID).Scan(&told).Error; err != nil {
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
	for _, w := range t.words {
		t.tx.queue(messageNotice(t.known.domain(), w.messageID, w.event, t.now))
		t.step.Notices = append(t.step.Notices, notify.MessageNoticeID(w.messageID, w.event))
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
