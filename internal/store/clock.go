package store

import (
	"time"

	"refunddesk/internal/audit"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// plainSLA is what is promised where no policy says anything: of a refund that crediting
// failed for and that nobody had to review. Its times are plain, of a desk that never closes.
var plainSLA = review.SLA{
	Calendar: review.AllHours, FirstResponse: 24 * time.Hour, Decision: 24 * time.Hour,
	AnswerWithin: 7 * 24 * time.Hour, RemindAfter: 3 * 24 * time.Hour,
}

// setClock keeps the clock of the open ticket, and what follows from it.
func (t *turn) setClock(sla review.SLA, c review.Clock) {
	t.ticket.Clock = textOf(c)
	t.ticket.DueAt = sla.Due(c, t.now)
}

// stopClock lets the ticket's clock stand still: somebody else moves next. A ticket from
// before there were clocks has none.
func (t *turn) stopClock() {
	if t.ticket == nil || !t.ticket.timed() {
		return
	}
	if clock := t.ticket.clock(); !clock.Since.IsZero() {
		sla := t.ticket.sla()
		t.setClock(sla, sla.Stop(clock, t.now))
	}
}

// resumeClock lets it go on; a ticket without a clock is due later by the time that passed.
func (t *turn) resumeClock(passed time.Duration) {
	if !t.ticket.timed() {
		t.ticket.DueAt = t.ticket.DueAt.UTC().Add(passed)
		return
	}
	sla := t.ticket.sla()
	t.setClock(sla, sla.Resume(t.ticket.clock(), t.now))
}

// answerLater gives a customer who was asked something time back.
func (t *turn) answerLater(d time.Duration) {
	if t.ticket.AnswerBy != nil {
		later := t.ticket.AnswerBy.UTC().Add(d)
		t.ticket.AnswerBy = &later
	}
}

// answerTimes are how long a customer has to answer, and when he is reminded.
func (r ticketRow) answerTimes() (within, remindAfter time.Duration) {
	sla := r.sla()
	if sla.AnswerWithin <= 0 {
		sla = plainSLA
	}
	return sla.AnswerWithin, sla.RemindAfter
}

// remindAt is when the customer is reminded of what he was asked; zero when that was done
// or is not to be done. It moves with the time that he has to answer.
func (r ticketRow) remindAt() time.Time {
	within, after := r.answerTimes()
	if r.AnswerBy == nil || r.AnswerReminded || after <= 0 || after >= within {
		return time.Time{}
	}
	return r.AnswerBy.UTC().Add(after - within)
}

// wakeAt is when the clock has something to do for the refund as this turn leaves it; zero
// for never.
func (t *turn) wakeAt() time.Time {
	switch {
	case t.state() == refund.OnHold:
		if t.paused != nil && t.toBeCredited() {
			return *t.paused
		}
	case t.ticket == nil:
	case t.state() == refund.AwaitingCustomer && t.ticket.AnswerBy != nil:
		if at := t.ticket.remindAt(); !at.IsZero() {
			return at
		}
		return t.ticket.AnswerBy.UTC()
	case t.watched():
		return t.ticket.sla().NextAfter(t.ticket.clock(), review.Urgency(t.ticket.Urgency))
	}
	return time.Time{}
}

// watched reports whether the desk moves next and its clock is watched.
func (t *turn) watched() bool {
	return t.ticket != nil && t.ticket.timed() && (t.state() == refund.InReview || t.state() == refund.NeedsAttention)
}

// heedClock reminds the desk of a case that nobody decides, and escalates it when its time
// is over. What crediting failed for stays where the operators look for it.
func (t *turn) heedClock() {
	if !t.watched() {
		return
	}
	urgency := t.ticket.sla().UrgencyAt(t.ticket.clock(), t.now)
	if urgency <= review.Urgency(t.ticket.Urgency) {
		return
	}
	t.ticket.Urgency = int(urgency)
	entry := t.ticketEntry(audit.TicketReminded)
	if urgency == review.Overdue {
		entry.Action, entry.OldState = audit.TicketEscalated, t.ticket.Queue
		if t.ticket.Queue == review.QueueReview {
			t.ticket.Queue = review.QueueEscalation
		}
		entry.NewState = t.ticket.Queue
	}
	// Nobody hides a case from its own clock.
	t.after = append(t.after, stmt("UPDATE tickets SET snoozed_until = NULL WHERE id = ?", t.ticket.ID))
	entry.ReasonCode = urgencyCodes[urgency]
	t.entries = append(t.entries, entry)
}

// urgencyCodes say in the audit log how much of the time had run.
var urgencyCodes = map[review.Urgency]string{review.Half: "half-time", review.Late: "late", review.Overdue: "overdue"}

// updateTicket expects the row to be locked. Who holds the ticket is not the steps' to change.
func updateTicket(r ticketRow, now time.Time) *statement {
	return stmt(`UPDATE tickets SET state = ?, queue = ?, due_at = ?, clock = ?, responded_at = ?, urgency = ?,
		asked_at = ?, answer_by = ?, answer_reminded = ?, answered_at = ?, closed_at = ?, updated_at = ? WHERE id = ?`,
		r.State, r.Queue, r.DueAt, r.Clock, r.RespondedAt, r.Urgency,
		r.AskedAt, r.AnswerBy, r.AnswerReminded, r.AnsweredAt, r.ClosedAt, now, r.ID)
}
