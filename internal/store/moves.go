package store

import (
	"refunddesk/internal/audit"
	"refunddesk/internal/notify"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// What a step can do to its refund and to the refund's ticket.

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

// hold puts the refund on hold, to come back to the state it is in. The clock stands still
// meanwhile.
func (t *turn) hold(causes []refund.Cause) error {
	t.row.HeldFrom, t.row.HoldCauses, t.row.HeldAt = t.row.State, joinList(causes), &t.now
	t.stopClock()
	t.notices = append(t.notices, notify.Received)
	return t.become(refund.OnHold, audit.Held, t.row.HoldCauses)
}

// release lets the refund go on from where it was held. The time on hold counts neither
// against the reviewers nor against a customer who was asked something.
func (t *turn) release() error {
	back := refund.State(t.row.HeldFrom)
	if t.ticket != nil && t.row.HeldAt != nil {
		held := t.now.Sub(*t.row.HeldAt)
		if back == refund.AwaitingCustomer {
			t.answerLater(held)
		} else {
			t.resumeClock(held)
		}
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

// opening is a case that begins to wait for a person.
type opening struct {
	queue    string
	quorum   review.Quorum
	priority int
	matches  []review.Match
	sla      review.SLA
}

func (t *turn) openTicket(o opening) {
	matches := o.matches
	if matches == nil {
		matches = []review.Match{}
	}
	sla := o.sla
	if sla.Decision <= 0 {
		sla = plainSLA
	}
	clock := sla.Start(t.now)
	answered := sla.Calendar.Add(t.now, sla.FirstResponse)
	approvals := max(1, o.quorum.Approvals)
	t.known = ticketRow{
		ID: newID("ticket"), Kind: string(review.KindRefund), RefundID: nullable(t.row.ID), AccountID: t.row.AccountID, PackageID: nullable(t.row.PackageID),
		State: string(review.Open), Queue: o.queue, Priority: o.priority, Approvals: approvals, Seniors: min(approvals, o.quorum.Seniors),
		Matches: textOf(matches), SLA: textOf(sla), Clock: textOf(clock), DueAt: sla.Due(clock, t.now), ResponseDueAt: &answered,
		CreatedAt: t.now, UpdatedAt: t.now,
	}
	ticket := t.known
	t.ticket = &ticket
	entry := t.ticketEntry(audit.TicketOpened)
	entry.NewState = string(review.Open)
	t.entries = append(t.entries, entry)
	t.after = append(t.after, insert("tickets", ticketColumns, ticket.fields()...))
}

func (t *turn) closeTicket() {
	if t.ticket == nil {
		return
	}
	entry := t.ticketEntry(audit.TicketClosed)
	entry.OldState, entry.NewState = string(review.Open), string(review.Closed)
	t.entries = append(t.entries, entry)
	t.ticket.State, t.ticket.ClosedAt = string(review.Closed), &t.now
	t.ticket.AskedAt, t.ticket.AnswerBy, t.ticket.AnsweredAt = nil, nil, nil
	if t.ticket.timed() { // it keeps its due time: was it decided in time?
		t.ticket.Clock = textOf(t.ticket.sla().Stop(t.ticket.clock(), t.now))
	}
	t.after = append(t.after, updateTicket(*t.ticket, t.now))
	t.ticket = nil
}

// ticketEntry starts an audit entry about the open ticket.
func (t *turn) ticketEntry(action audit.Action) audit.Entry {
	entry := t.entry(action)
	entry.Object, entry.ObjectID = audit.ObjectTicket, t.ticket.ID
	return entry
}

// saveTicket queues what changed on the open ticket.
func (t *turn) saveTicket() {
	if t.ticket != nil && *t.ticket != t.known {
		t.tx.queue(updateTicket(*t.ticket, t.now))
	}
}
