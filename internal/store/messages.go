package store

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/notify"
	"refunddesk/internal/review"
)

type messageRow struct {
	ID         string
	TicketID   string
	Author     string
	ByStaff    bool
	Visibility string
	Body       string
	CreatedAt  time.Time
}

func (r messageRow) domain() review.Message {
	return review.Message{
		ID: r.ID, TicketID: r.TicketID, Author: r.Author, ByStaff: r.ByStaff,
		Visibility: review.Visibility(r.Visibility), Body: r.Body, CreatedAt: r.CreatedAt.UTC(),
	}
}

// messageOf gives the statement that keeps a message, once for a form's key that is not "".
func messageOf(m review.Message, key string) *statement {
	return insert("messages", "id ticket_id author by_staff visibility body created_at form_key",
		m.ID, m.TicketID, m.Author, m.ByStaff, string(m.Visibility), m.Body, m.CreatedAt, nullable(key))
}

// sentBefore is desk.ErrSentBefore for a key that its author used already, else the error.
func sentBefore(err error) error {
	if violates(errors.Unwrap(err), "messages_sent_once", "messages.author, messages.form_key") {
		return desk.ErrSentBefore.With(err)
	}
	return err
}

// Sent implements desk.ReviewRecords.
func (s *Store) Sent(ctx context.Context, author, key string) (review.Message, bool, error) {
	var rows []messageRow
	err := s.read(ctx).Raw("SELECT * FROM messages WHERE author = ? AND form_key = ?", author, key).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return review.Message{}, false, classify(err)
	}
	return rows[0].domain(), true, nil
}

// messageNotice gives the statement that has the customer told of a public message of staff.
// The notice is a refund's, told by the refund's workflow, where the ticket is a flagged
// refund's; the question's own workflow tells of all others.
func messageNotice(t review.Ticket, messageID string, e notify.Event, now time.Time) *statement {
	return insert("notices", "id refund_id ticket_id message_id event state created_at updated_at",
		notify.MessageNoticeID(messageID, e), nullable(caseRefund(t)), t.ID, messageID, string(e), string(notify.Pending), now, now)
}

// errNotYours refuses an internal message of somebody who is a customer on the ticket.
var errNotYours = fault.New(fault.Forbidden, "forbidden", "Internal messages are for staff.")

// Say implements desk.ReviewRecords. Whoever owns the ticket's account speaks as the
// customer, also when he works here. The answer to what a customer was asked is left for
// the refund's workflow to find. Errors: not-found, review.ErrTicketClosed, forbidden for an
// internal message of a customer.
func (s *Store) Say(ctx context.Context, by identity.Actor, ticketID string, v review.Visibility, body string) (review.Message, []desk.Intent, error) {
	return s.SayOnce(ctx, by, ticketID, v, body, "")
}

// SayOnce implements desk.ReviewRecords: Say, with desk.ErrSentBefore for a key that was used.
func (s *Store) SayOnce(ctx context.Context, by identity.Actor, ticketID string, v review.Visibility, body, key string) (review.Message, []desk.Intent, error) {
	var said review.Message
	var intents []desk.Intent
	err := s.onTicket(ctx, by, ticketID, func(w *work) error {
		intents = nil
		staff := by.IsStaff() && !by.Owns(w.ticket.AccountID)
		if v != review.Public && !staff {
			return errNotYours
		}
		said = review.Message{
			ID: newID("message"), TicketID: w.ticket.ID, Author: by.Subject, ByStaff: staff, Visibility: v, Body: body, CreatedAt: w.now,
		}
		action := audit.MessageSent
		if !staff && w.ticket.Waiting() {
			action = audit.CustomerReplied
		}
		entry := w.entry(action)
		entry.DecisionDigest, entry.ReasonCode = said.ID, string(v)
		if err := w.do(messageOf(said, key), entriesOf(entry)); err != nil {
			return err
		}
		if v != review.Public {
			return nil
		}
		if action == audit.CustomerReplied { // for Reassess, which ends the wait
			if err := w.update("answered_at = ?", w.now); err != nil {
				return err
			}
		}
		if !staff && w.ticket.SnoozedUntil != nil { // what was snoozed has news
			if err := w.update("snoozed_until = ?", nil); err != nil {
				return err
			}
		}
		if staff {
			if err := w.do(messageNotice(w.ticket, said.ID, notify.Wrote, w.now)); err != nil {
				return err
			}
			if w.ticket.RespondedAt == nil {
				if err := w.update("responded_at = ?", w.now); err != nil {
					return err
				}
			}
		}
		var err error
		intents, err = w.tellEngine()
		return err
	})
	return said, intents, sentBefore(err)
}

// Messages implements desk.ReviewRecords.
func (s *Store) Messages(ctx context.Context, internal bool, ticketIDs ...string) ([]review.Message, error) {
	m, err := messagesOf(s.read(ctx), internal, ticketIDs...)
	return m, classify(err)
}

// messagesOf leaves internal messages where they are unless they are asked for: what is not
// read cannot be shown by mistake.
func messagesOf(tx *gorm.DB, internal bool, ticketIDs ...string) ([]review.Message, error) {
	if len(ticketIDs) == 0 {
		return nil, nil
	}
	query := "SELECT * FROM messages WHERE ticket_id IN ?"
	if !internal {
		query += " AND visibility = 'public'"
	}
	return messagesFrom(tx.Raw(query+" ORDER BY created_at, id", ticketIDs))
}

// RefundMessages implements desk.ReviewRecords.
func (s *Store) RefundMessages(ctx context.Context, refundID string) ([]review.Message, error) {
	m, err := messagesFrom(s.read(ctx).Raw(
		"SELECT m.* FROM messages m JOIN tickets t ON t.id = m.ticket_id WHERE t.refund_id = ? ORDER BY m.created_at, m.id", refundID))
	return m, classify(err)
}

func messagesFrom(query *gorm.DB) ([]review.Message, error) {
	var rows []messageRow
	if err := query.Scan(&rows).Error; err != nil {
		return nil, err
	}
	out := make([]review.Message, len(rows))
	for i, r := range rows {
		out[i] = r.domain()
	}
	return out, nil
}
