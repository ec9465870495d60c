package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"refunddesk/internal/audit"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/ledger"
	"refunddesk/internal/money"
	"refunddesk/internal/notify"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// turn is one step of one refund inside its transaction: what was locked, and what is to
// be written. Changes are made in memory and written once at the end, in the order in
// which the database can check them.
type turn struct {
	tx  *gorm.DB
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
	before  []func() error
	after   []func() error
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

var lockedQuery = "SELECT " + prefixed("r", refundColumns) + ", " + prefixed("p", packageColumns) + `,
       l.balance AS balance, a.standing AS standing
  FROM packages p
  JOIN refunds r ON r.package_id = p.id
  JOIN accounts a ON a.id = p.account_id
  JOIN ledger_accounts l ON l.id = 'package/' || p.id`

const (
	refundColumns = `id account_id package_id requested_by state reason_code note_id currency quote_amount quote_paid quote_face
		quote_remaining approved amount verdict outcome policy_version policy_digest hold_causes held_from held_at provider_fault
		last_op last_step created_at updated_at version`
	packageColumns = `id account_id product name currency paid face status dispute auto_renew purchased_at expires_at frozen_at
		created_at version`
)

func prefixed(alias, columns string) string {
	var parts []string
	for _, c := range strings.Fields(columns) {
		parts = append(parts, alias+"."+c+" AS "+alias+"_"+c)
	}
	return strings.Join(parts, ", ")
}

// step runs one step of a refund. When the operation had been carried out before, its
// result is returned and nothing changes. When the refund is in a state that the step does
// not start from, do is not called and the refund's own state is the answer: whoever calls
// acts on the record, never on what he believed.
func (s *Store) step(ctx context.Context, op refund.Op, by identity.Actor, from func(refund.State) bool, do func(*turn) error) (refund.Step, error) {
	var out refund.Step
	err := s.write(ctx, func(tx *gorm.DB) error {
		var l locked
		if err := tx.Raw(lockedQuery+" WHERE r.id = ?"+s.lock("FOR UPDATE OF p, r FOR SHARE OF a"), op.RefundID).Scan(&l).Error; err != nil {
			return err
		}
		if l.Refund.ID == "" {
			return fault.New(fault.NotFound, "not-found", "There is no refund %s.", op.RefundID)
		}
		t := &turn{
			tx: tx, op: op, by: by, now: s.now(), drain: s.drain, row: l.Refund, standing: refund.Standing(l.Standing),
			pkg: l.Package.domain(l.Balance), request: audit.RequestOf(ctx),
		}
		state := refund.State(t.row.State)
		if t.row.LastOp == op.ID() || state.Final() || !from(state) {
			var err error
			out, err = t.recorded()
			return err
		}
		if state != refund.Submitted && state != refund.Screening {
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
		out = t.step
		return nil
	})
	if err != nil {
		return refund.Step{}, err
	}
	s.watch.changed(op.RefundID)
	return out, nil
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

func (t *turn) loadTicket() error {
	var rows []ticketRow
	if err := t.tx.Raw("SELECT * FROM tickets WHERE refund_id = ? AND state = 'open'", t.row.ID).Scan(&rows).Error; err != nil {
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
		t.after = append(t.after, func() error {
			return t.tx.Exec("UPDATE tickets SET due_at = ?, updated_at = ? WHERE id = ?", due, t.now, t.ticket.ID).Error
		})
	}
	t.clearHold()
	return t.become(back, audit.Released, "")
}

func (t *turn) clearHold() { t.row.HeldFrom, t.row.HoldCauses, t.row.HeldAt = "", "", nil }

// thaw gives the package back to its owner, with the time that ran while it was frozen.
func (t *turn) thaw() {
	expires := t.pkg.ThawedExpiry(t.now)
	t.after = append(t.after, func() error {
		return t.tx.Exec("UPDATE packages SET status = 'active', frozen_at = NULL, expires_at = ?, version = version + 1 WHERE id = ?",
			expires, t.pkg.ID).Error
	})
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
	t.after = append(t.after, func() error { return t.tx.Create(t.ticket).Error })
	return nil
}

func (t *turn) closeTicket() {
	if t.ticket == nil {
		return
	}
	id := t.ticket.ID
	t.ticket = nil
	t.after = append(t.after, func() error {
		return t.tx.Exec("UPDATE tickets SET state = 'closed', updated_at = ? WHERE id = ?", t.now, id).Error
	})
}

// finish writes the turn.
func (t *turn) finish() error {
	if len(t.updates) == 0 {
		t.describe()
		return nil
	}
	for _, write := range t.before {
		if err := write(); err != nil {
			return err
		}
	}
	if err := t.writeNotices(); err != nil {
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
		if err := updateRefund(t.tx, row); err != nil {
			return err
		}
	}
	for _, write := range t.after {
		if err := write(); err != nil {
			return err
		}
	}
	return writeEntries(t.tx, t.entries...)
}

// describe fills in what the workflow needs to know.
func (t *turn) describe() {
	t.step.State, t.step.Verdict = t.state(), t.row.Verdict
	if t.ticket != nil {
		t.step.TicketID, t.step.Queue, t.step.DueAt = t.ticket.ID, t.ticket.Queue, t.ticket.DueAt.UTC()
	}
	if t.state() == refund.Crediting && t.drain > 0 && t.pkg.FrozenAt != nil {
		t.step.SettleAt = t.pkg.FrozenAt.Add(t.drain)
	}
}

// writeNotices commits what the customer is to be told; an event is told once.
func (t *turn) writeNotices() error {
	for _, event := range t.notices {
		id := notify.NoticeID(t.row.ID, event)
		res := t.tx.Exec("INSERT INTO notices (id, refund_id, event, state, created_at, updated_at) VALUES (?, ?, ?, 'pending', ?, ?) ON CONFLICT DO NOTHING",
			id, t.row.ID, string(event), t.now, t.now)
		if res.Error != nil {
			return res.Error
		}
		if res.RowsAffected == 1 {
			t.step.Notices = append(t.step.Notices, id)
		}
	}
	return nil
}

// post writes a journal; the same operation again with the same input is the first one.
func post(tx *gorm.DB, j ledger.Journal, now time.Time) error {
	if err := j.Validate(); err != nil {
		return err
	}
	var reverses *string
	if j.Reverses != "" {
		reverses = &j.Reverses
	}
	id := newID("journal")
	res := tx.Exec(`INSERT INTO journals (id, operation, operation_id, currency, account_id, package_id, reverses, input_hash, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (operation, operation_id) DO NOTHING`,
		id, string(j.Operation), j.OperationID, j.Currency, j.AccountID, j.PackageID, reverses, j.InputHash(), now)
	if res.Error != nil {
		return res.Error
	}
	if res.RowsAffected == 0 {
		var hash string
		if err := tx.Raw("SELECT input_hash FROM journals WHERE operation = ? AND operation_id = ?", string(j.Operation), j.OperationID).Scan(&hash).Error; err != nil {
			return err
		}
		if hash != j.InputHash() {
			return fault.New(fault.Conflict, "journal-mismatch", "The operation was posted before with another input.")
		}
		return nil
	}
	sql, args := make([]string, 0, len(j.Postings)), make([]any, 0, 4*len(j.Postings))
	for n, p := range j.Postings {
		sql = append(sql, "(?, ?, ?, ?)")
		args = append(args, id, n, p.Account, p.Micros)
	}
	return tx.Exec("INSERT INTO postings (journal_id, n, ledger_account, micros) VALUES "+strings.Join(sql, ", "), args...).Error
}

func updateRefund(tx *gorm.DB, r refundRow) error {
	res := tx.Exec(`UPDATE refunds SET state = ?, approved = ?, amount = ?, verdict = ?, outcome = ?, policy_version = ?, policy_digest = ?,
		hold_causes = ?, held_from = ?, held_at = ?, provider_fault = ?, last_op = ?, last_step = ?, updated_at = ?, version = ?
		WHERE id = ? AND version = ?`,
		r.State, r.Approved, r.Amount, r.Verdict, r.Outcome, r.PolicyVersion, r.PolicyDigest,
		r.HoldCauses, r.HeldFrom, r.HeldAt, r.ProviderFault, r.LastOp, r.LastStep, r.UpdatedAt, r.Version,
		r.ID, r.Version-1)
	if res.Error != nil {
		return res.Error
	}
	if res.RowsAffected != 1 {
		return fault.New(fault.Internal, "refund-version", "refund %s was not at version %d", r.ID, r.Version-1)
	}
	return nil
}

// writeEntries appends to the audit log, in the transaction of the change.
func writeEntries(tx *gorm.DB, entries ...audit.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	rows := make([]auditRow, len(entries))
	for i, e := range entries {
		rows[i] = auditRowOf(e)
	}
	if err := tx.Create(&rows).Error; err != nil {
		return fmt.Errorf("audit entry: %w", err)
	}
	return nil
}

func refundableOf(p refund.Package) money.Money { return p.Quote().Amount }
