package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// ErrNotAssignee refuses to give back what somebody else holds.
var ErrNotAssignee = fault.New(fault.Forbidden, "not-assignee", "Only who holds a ticket or a senior reviewer gives it back.")

// work is a command on an open ticket inside its transaction. It locks that one ticket, last
// in the order of locks, and so is never in a deadlock with a step of the ticket's refund.
type work struct {
	tx      *gorm.DB
	by      identity.Actor
	now     time.Time
	ticket  review.Ticket
	request string
}

// onTicket runs do on the ticket as it is under lock. Errors: not-found, review.ErrTicketClosed.
func (s *Store) onTicket(ctx context.Context, by identity.Actor, ticketID string, do func(*work) error) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		tickets, err := s.lockTickets(tx, ticketID)
		if err != nil {
			return err
		}
		if tickets[0].State == review.Closed {
			return review.ErrTicketClosed
		}
		return do(&work{tx: tx, by: by, now: s.now(), ticket: tickets[0], request: audit.RequestOf(ctx)})
	})
}

// lockTickets locks the tickets in the order of their ids; not-found when one is missing.
func (s *Store) lockTickets(tx *gorm.DB, ids ...string) ([]review.Ticket, error) {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	var rows []ticketRow
	if err := tx.Raw("SELECT * FROM tickets WHERE id IN ? ORDER BY id"+s.lock("FOR NO KEY UPDATE"), ids).Scan(&rows).Error; err != nil {
		return nil, err
	}
	out := make([]review.Ticket, len(rows))
	for i, r := range rows {
		out[i] = r.domain()
	}
	for _, id := range ids {
		if !slices.ContainsFunc(out, func(t review.Ticket) bool { return t.ID == id }) {
			return nil, desk.Missing(audit.ObjectTicket, id)
		}
	}
	return out, nil
}

// do carries statements out.
func (w *work) do(statements ...*statement) error { return oneByOne(w.tx, statements, nil) }

// update changes columns of the ticket; set is a constant of ours.
func (w *work) update(set string, args ...any) error {
	return w.do(stmt("UPDATE tickets SET "+set+", updated_at = ? WHERE id = ?", append(args, w.now, w.ticket.ID)...))
}

// entry starts an audit entry about the ticket: ids and codes only.
func (w *work) entry(action audit.Action) audit.Entry {
	e := audit.Entry{
		Actor: w.by.Subject, Role: w.by.MainRole(), Action: action, Object: audit.ObjectTicket, ObjectID: w.ticket.ID,
		RefundID: w.ticket.RefundID, RequestID: w.request, WorkflowID: review.QuestionWorkflowID(w.ticket.ID),
	}
	if id := caseRefund(w.ticket); id != "" {
		e.WorkflowID = refund.WorkflowID(id)
	}
	return e
}

// tellEngine leaves word for the workflow of the ticket.
func (w *work) tellEngine() ([]desk.Intent, error) {
	intent := desk.Intent{ID: newID("intent"), Kind: desk.IntentTicket, RefundID: caseRefund(w.ticket), TicketID: w.ticket.ID}
	return []desk.Intent{intent}, w.do(intentOf(intent, w.now))
}

// caseRefund is the flagged refund whose workflow looks after the ticket; empty for a
// question, also for one about a refund.
func caseRefund(t review.Ticket) string {
	if t.Kind != review.KindRefund {
		return ""
	}
	return t.RefundID
}

// Claim implements desk.ReviewRecords. Errors: not-found, review.ErrTicketClosed, review.ErrClaimed.
func (s *Store) Claim(ctx context.Context, by identity.Actor, ticketID string) error {
	return s.onTicket(ctx, by, ticketID, func(w *work) error {
		switch w.ticket.Assignee {
		case by.Subject:
			return nil
		case "":
			return w.assign(audit.TicketClaimed, by.Subject)
		}
		return review.ErrClaimed
	})
}

// Release implements desk.ReviewRecords. A ticket is given back by who holds it, or by a
// senior reviewer when its holder is away. Errors: not-found, review.ErrTicketClosed, ErrNotAssignee.
func (s *Store) Release(ctx context.Context, by identity.Actor, ticketID string) error {
	return s.onTicket(ctx, by, ticketID, func(w *work) error {
		switch {
		case w.ticket.Assignee == "":
			return nil
		case w.ticket.Assignee != by.Subject && !by.Has(identity.Senior):
			return ErrNotAssignee
		}
		return w.assign(audit.TicketReleased, "")
	})
}

// assign has the ticket held by somebody else; the entry's states are who held it and who does.
func (w *work) assign(action audit.Action, to string) error {
	entry := w.entry(action)
	entry.OldState, entry.NewState = w.ticket.Assignee, to
	if err := w.update("assignee = ?", to); err != nil {
		return err
	}
	return w.do(entriesOf(entry))
}

// Assign implements desk.ReviewRecords. Errors: not-found, review.ErrTicketClosed naming
// those that are closed; nothing changes then.
func (s *Store) Assign(ctx context.Context, by identity.Actor, assignee string, ticketIDs ...string) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		tickets, err := s.lockTickets(tx, ticketIDs...)
		if err != nil {
			return err
		}
		var closed []string
		for _, t := range tickets {
			if t.State == review.Closed {
				closed = append(closed, t.ID)
			}
		}
		if len(closed) > 0 {
			return closedFault(closed)
		}
		now := s.now()
		for _, t := range tickets {
			if t.Assignee == assignee {
				continue
			}
			w := &work{tx: tx, by: by, now: now, ticket: t, request: audit.RequestOf(ctx)}
			if err := w.assign(audit.TicketAssigned, assignee); err != nil {
				return err
			}
		}
		return nil
	})
}

func closedFault(ids []string) error {
	f := *review.ErrTicketClosed
	names := strings.Join(ids, ", ")
	f.Detail = fmt.Sprintf("Nothing was assigned: closed already: %s.", names)
	f.Fields = []fault.Field{{Name: "ticket_ids", Problem: "closed already: " + names}}
	return &f
}

// Snooze implements desk.ReviewRecords; the zero time ends a snooze. Errors: not-found,
// review.ErrTicketClosed.
func (s *Store) Snooze(ctx context.Context, by identity.Actor, ticketID string, until time.Time) error {
	return s.onTicket(ctx, by, ticketID, func(w *work) error {
		var to *time.Time
		if !until.IsZero() {
			until = until.UTC().Truncate(time.Microsecond)
			to = &until
		}
		entry := w.entry(audit.TicketSnoozed)
		entry.OldState, entry.NewState = moment(w.ticket.SnoozedUntil), moment(to)
		if entry.OldState == entry.NewState {
			return nil
		}
		if err := w.update("snoozed_until = ?", to); err != nil {
			return err
		}
		return w.do(entriesOf(entry))
	})
}

// moment writes a time for the audit log; "" for none.
func moment(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// Escalate implements desk.ReviewRecords. What is escalated already stays as it is, and so
// does what needs attention: that is senior reviewers' from the start. Errors: not-found,
// review.ErrTicketClosed.
func (s *Store) Escalate(ctx context.Context, by identity.Actor, ticketID, noteID string) ([]desk.Intent, error) {
	var intents []desk.Intent
	err := s.onTicket(ctx, by, ticketID, func(w *work) error {
		intents = nil
		if q := w.ticket.Queue; q == review.QueueEscalation || q == review.QueueAttention {
			return nil
		}
		entry := w.entry(audit.TicketEscalated)
		entry.OldState, entry.NewState, entry.DecisionDigest = w.ticket.Queue, review.QueueEscalation, noteID
		if err := w.update("queue = ?, snoozed_until = ?", review.QueueEscalation, nil); err != nil {
			return err
		}
		if err := w.do(entriesOf(entry)); err != nil {
			return err
		}
		var err error
		intents, err = w.tellEngine()
		return err
	})
	return intents, err
}

// Resolve implements desk.ReviewRecords. Errors: not-found, review.ErrTicketClosed, desk.ErrDecisionNeeded.
func (s *Store) Resolve(ctx context.Context, by identity.Actor, ticketID string) ([]desk.Intent, error) {
	var intents []desk.Intent
	err := s.onTicket(ctx, by, ticketID, func(w *work) error {
		intents = nil
		if w.ticket.Kind != review.KindQuestion {
			return desk.ErrDecisionNeeded
		}
		clock := textOf(w.ticket.SLA.Stop(w.ticket.Clock, w.now))
		entry := w.entry(audit.TicketResolved)
		entry.OldState, entry.NewState = string(review.Open), string(review.Closed)
		if err := w.update("state = 'closed', closed_at = ?, clock = ?", w.now, clock); err != nil {
			return err
		}
		if err := w.do(entriesOf(entry)); err != nil {
			return err
		}
		var err error
		intents, err = w.tellEngine()
		return err
	})
	return intents, err
}
