package store

import (
	"context"
	"fmt"
	"strconv"

	"gorm.io/gorm"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/review"
)

// Ask implements desk.ReviewRecords. Errors: not-found for an account that is not there, and
// for a package or refund that is not the account's; invalid-value for a refund of another
// package than the one named.
func (s *Store) Ask(ctx context.Context, by identity.Actor, q desk.Question) (desk.CaseView, []desk.Intent, error) {
	var view desk.CaseView
	var intents []desk.Intent
	err := s.write(ctx, func(tx *gorm.DB) error {
		packageID, err := askedAbout(tx, q)
		if err != nil {
			return err
		}
		now := s.now()
		clock := q.SLA.Start(now)
		response := q.SLA.Calendar.Add(now, q.SLA.FirstResponse)
		row := ticketRow{
			ID: newID("ticket"), Kind: string(review.KindQuestion), RefundID: nullable(q.RefundID), AccountID: q.AccountID, PackageID: nullable(packageID),
			OpenedBy: by.Subject, Subject: q.Subject, State: string(review.Open), Queue: review.QueueQuestions, DueAt: q.SLA.Due(clock, now),
			Approvals: 1, Matches: "[]", SLA: textOf(q.SLA), Clock: textOf(clock), ResponseDueAt: &response, CreatedAt: now, UpdatedAt: now,
		}
		w := &work{tx: tx, by: by, now: now, ticket: row.domain(), request: audit.RequestOf(ctx)}
		first := review.Message{
			ID: newID("message"), TicketID: row.ID, Author: by.Subject, Visibility: review.Public, Body: q.Body, CreatedAt: now,
		}
		entry := w.entry(audit.QuestionAsked)
		entry.NewState, entry.DecisionDigest = row.State, first.ID
		if err := w.do(insert("tickets", ticketColumns, row.fields()...), messageOf(first, q.Key), entriesOf(entry)); err != nil {
			return err
		}
		if intents, err = w.tellEngine(); err != nil {
			return err
		}
		views, err := casesOf(tx, []ticketRow{row})
		if err != nil {
			return err
		}
		view = views[0]
		view.Messages = []review.Message{first}
		return nil
	})
	if err != nil {
		return desk.CaseView{}, nil, sentBefore(err)
	}
	return view, intents, nil
}

// askedAbout gives the package that a question is about, if any, once all that it names is
// the account's.
func askedAbout(tx *gorm.DB, q desk.Question) (packageID string, err error) {
	var owner, refunded string
	check := func(object audit.Object, id string, into fields, query string) error {
		if id == "" {
			return nil
		}
		found, err := one(tx, into, query, id)
		if err == nil && (!found || owner != q.AccountID) {
			err = desk.Missing(object, id)
		}
		return err
	}
	if err := check(audit.ObjectAccount, q.AccountID, fields{&owner}, "SELECT id FROM accounts WHERE id = ?"); err != nil {
		return "", err
	}
	if err := check(audit.ObjectPackage, q.PackageID, fields{&owner}, "SELECT account_id FROM packages WHERE id = ?"); err != nil {
		return "", err
	}
	if err := check(audit.ObjectRefund, q.RefundID, fields{&owner, &refunded}, "SELECT account_id, package_id FROM refunds WHERE id = ?"); err != nil {
		return "", err
	}
	switch {
	case q.RefundID == "":
		return q.PackageID, nil
	case q.PackageID != "" && q.PackageID != refunded:
		return "", fault.InvalidField("package_id", "is not the package of the refund; leave one of the two out")
	}
	return refunded, nil
}

// TickQuestion implements activities.Questions. Whoever was late looks once: only the last
// urgency that the clock has reached is written down. Errors: not-found, also
// for the ticket of a refund, whose own workflow keeps its clock.
func (s *Store) TickQuestion(ctx context.Context, ticketID string) (review.QuestionStep, error) {
	var step review.QuestionStep
	err := s.write(ctx, func(tx *gorm.DB) error {
		tickets, err := s.lockTickets(tx, ticketID)
		if err != nil {
			return err
		}
		w := &work{tx: tx, by: identity.Desk, now: s.now(), ticket: tickets[0], request: audit.RequestOf(ctx)}
		// A refund's ticket is its own workflow's while it is open; what was said on it just before
		// that one ended is told from here.
		if w.ticket.Kind != review.KindQuestion && w.ticket.State == review.Open {
			return desk.Missing(audit.ObjectTicket, ticketID)
		}
		step = review.QuestionStep{Closed: w.ticket.State == review.Closed, DueAt: w.ticket.DueAt}
		if !step.Closed {
			if err := w.tick(); err != nil {
				return err
			}
			step.WakeAt = w.ticket.SLA.NextAfter(w.ticket.Clock, w.ticket.Urgency)
		}
		step.Queue = w.ticket.Queue
		return tx.Raw("SELECT id FROM notices WHERE ticket_id = ? AND state = 'pending' ORDER BY created_at, id", ticketID).Scan(&step.Notices).Error
	})
	return step, err
}

// tick writes down how urgent the ticket has become, and escalates it once its time is over.
func (w *work) tick() error {
	reached := w.ticket.SLA.UrgencyAt(w.ticket.Clock, w.now)
	if reached <= w.ticket.Urgency {
		return nil
	}
	entry := w.entry(audit.TicketReminded)
	entry.OldState, entry.NewState = strconv.Itoa(int(w.ticket.Urgency)), strconv.Itoa(int(reached))
	queue := w.ticket.Queue
	if reached == review.Overdue && queue == review.QueueQuestions {
		queue = review.QueueEscalation
		entry = w.entry(audit.TicketEscalated)
		entry.OldState, entry.NewState, entry.ReasonCode = w.ticket.Queue, queue, "overdue"
	}
	entry.OperationID = fmt.Sprintf("%s/clock/%d", review.QuestionWorkflowID(w.ticket.ID), reached)
	w.ticket.Urgency, w.ticket.Queue = reached, queue
	// Nobody hides a ticket from its own clock.
	if err := w.update("urgency = ?, queue = ?, snoozed_until = ?", int(reached), queue, nil); err != nil {
		return err
	}
	return w.do(entriesOf(entry))
}
