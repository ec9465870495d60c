package desk

import (
	"context"
	"slices"
	"time"

	"refunddesk/internal/audit"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/review"
)

// The refusals of work on tickets.
var (
	ErrMayNotWork = fault.New(fault.Forbidden, "forbidden", "Only a reviewer who is neither auditor nor admin works on tickets.")
	ErrOwnTicket  = fault.New(fault.Forbidden, "own-ticket", "Nobody works on a ticket of his own account or of one linked to it.")
	// ErrDecisionNeeded refuses to resolve what only a decision ends.
	ErrDecisionNeeded = fault.New(fault.Conflict, "decision-needed", "The ticket of a refund ends with a decision on the refund.")
)

// Claim makes the actor the assignee: a courtesy that blocks nobody's vote or message.
// Claiming his own again changes nothing. Errors: already-claimed, ticket-closed.
func (d *Desk) Claim(ctx context.Context, actor identity.Actor, ticketID string) (CaseView, error) {
	return d.work(ctx, actor, ticketID, func(CaseView) error { return d.records.Claim(ctx, actor, ticketID) })
}

// Release gives a ticket back. Errors: not-assignee when somebody else holds it and the
// actor is no senior reviewer; ticket-closed.
func (d *Desk) Release(ctx context.Context, actor identity.Actor, ticketID string) (CaseView, error) {
	return d.work(ctx, actor, ticketID, func(CaseView) error { return d.records.Release(ctx, actor, ticketID) })
}

// Assign gives a ticket to somebody, whoever holds it. Errors: a fault naming assignee; ticket-closed.
func (d *Desk) Assign(ctx context.Context, actor identity.Actor, ticketID, assignee string) (CaseView, error) {
	return d.work(ctx, actor, ticketID, func(CaseView) error {
		if !isAssignee(assignee) {
			return fault.InvalidField("assignee", assigneeIs)
		}
		return d.records.Assign(ctx, actor, assignee, ticketID)
	})
}

// MostAssigned is how many tickets can be assigned at once.
const MostAssigned = 200

// AssignAll gives tickets to somebody, all or none of them, and says how many they are; a
// ticket named twice is one. Errors: a fault naming ticket_ids or assignee; not-found,
// ticket-closed.
func (d *Desk) AssignAll(ctx context.Context, actor identity.Actor, ticketIDs []string, assignee string) (int, error) {
	ids := slices.Compact(slices.Sorted(slices.Values(ticketIDs)))
	if err := d.assignAll(ctx, actor, ids, assignee); err != nil {
		first := audit.UnknownID // one entry for one attempt
		if len(ids) > 0 {
			first = ids[0]
		}
		return 0, d.refused(ctx, actor, audit.TicketWorkRefused, audit.ObjectTicket, first, err)
	}
	return len(ids), nil
}

func (d *Desk) assignAll(ctx context.Context, actor identity.Actor, ids []string, assignee string) error {
	if !actor.Decides() {
		return ErrMayNotWork
	}
	if len(ids) == 0 || len(ids) > MostAssigned {
		return fault.InvalidField("ticket_ids", "names 1 to %d tickets", MostAssigned)
	}
	if !isAssignee(assignee) {
		return fault.InvalidField("assignee", assigneeIs)
	}
	for _, id := range ids {
		v, err := d.records.Case(ctx, id)
		if err != nil {
			return err
		}
		if err := mayWork(actor, v); err != nil {
			return err
		}
	}
	return d.records.Assign(ctx, actor, assignee, ids...)
}

// MostSnooze is how long a ticket can be snoozed.
const MostSnooze = 30 * 24 * time.Hour

// Snooze hides a ticket from the queue until then; its clock runs on. The zero time ends a
// snooze. Errors: a fault naming until; ticket-closed.
func (d *Desk) Snooze(ctx context.Context, actor identity.Actor, ticketID string, until time.Time) (CaseView, error) {
	return d.work(ctx, actor, ticketID, func(CaseView) error {
		if until.IsZero() {
			return d.records.Snooze(ctx, actor, ticketID, until)
		}
		if err := within("until", until, d.now(), MostSnooze); err != nil {
			return err
		}
		return d.records.Snooze(ctx, actor, ticketID, until.UTC())
	})
}

// within returns a fault naming the field unless at is after now and at most so far away.
func within(field string, at, now time.Time, most time.Duration) error {
	if !at.After(now) || at.After(now.Add(most)) {
		return fault.InvalidField(field, "is in the future, at most %d days away", int(most/(24*time.Hour)))
	}
	return nil
}

// Escalate moves a ticket to the escalation queue. The reason is for staff. Errors: a fault
// naming reason; ticket-closed.
func (d *Desk) Escalate(ctx context.Context, actor identity.Actor, ticketID, reason string) (CaseView, error) {
	return d.work(ctx, actor, ticketID, func(v CaseView) error {
		if err := needText("reason", reason); err != nil {
			return err
		}
		if v.Ticket.State != review.Open {
			return review.ErrTicketClosed
		}
		noteID := noteIDOf("escalate", ticketID, actor.Subject, reason)
		if err := d.records.KeepNote(ctx, noteID, actor, v.Ticket.RefundID, reason); err != nil {
			return err
		}
		intents, err := d.records.Escalate(ctx, actor, ticketID, noteID)
		d.engine.Hear(intents...)
		return err
	})
}

// Resolve closes a question. Errors: decision-needed for the ticket of a refund; ticket-closed.
func (d *Desk) Resolve(ctx context.Context, actor identity.Actor, ticketID string) (CaseView, error) {
	return d.work(ctx, actor, ticketID, func(v CaseView) error {
		if v.Ticket.Kind != review.KindQuestion {
			return ErrDecisionNeeded
		}
		intents, err := d.records.Resolve(ctx, actor, ticketID)
		d.engine.Hear(intents...)
		return err
	})
}

// work lets a reviewer do something on a ticket and gives the ticket as it is then. A
// refused attempt is written down.
func (d *Desk) work(ctx context.Context, actor identity.Actor, ticketID string, do func(CaseView) error) (CaseView, error) {
	if err := d.workOn(ctx, actor, ticketID, do); err != nil {
		return CaseView{}, d.refused(ctx, actor, audit.TicketWorkRefused, audit.ObjectTicket, ticketID, err)
	}
	return d.caseView(ctx, actor, ticketID)
}

func (d *Desk) workOn(ctx context.Context, actor identity.Actor, ticketID string, do func(CaseView) error) error {
	if !actor.Decides() {
		return ErrMayNotWork
	}
	v, err := d.caseFor(ctx, actor, ticketID)
	if err != nil {
		return err
	}
	if err := mayWork(actor, v); err != nil {
		return err
	}
	return do(v)
}

// mayWork returns nil when the actor may work on the ticket, ErrMayNotWork or ErrOwnTicket.
func mayWork(actor identity.Actor, v CaseView) error {
	switch {
	case !actor.Decides():
		return ErrMayNotWork
	case actor.AccountID != "" && actor.AccountID == v.Ticket.AccountID,
		actor.Subject == v.Ticket.OpenedBy, actor.Subject == v.Refund.RequestedBy,
		actor.AccountID != "" && slices.Contains(v.Case.Linked, actor.AccountID):
		return ErrOwnTicket
	}
	return nil
}
