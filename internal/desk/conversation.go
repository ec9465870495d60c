package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"

	"refunddesk/internal/audit"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// MostQuestions is how many questions of an account may be open, MostMessages how many
// messages a ticket may have. Both are counted before the command's transaction: of those
// that come at once some may go beyond, which does no harm.
const (
	MostQuestions = 20
	MostMessages  = 500
)

// The refusals of what is too much for one conversation.
var (
	ErrTooManyQuestions = fault.New(fault.Conflict, "too-many-questions",
		"You have %d open questions. Please wait until they are answered, or add to one of them.", MostQuestions)
	ErrConversationFull = fault.New(fault.Conflict, "conversation-full", "A ticket has at most %d messages.", MostMessages)
)

// Ask opens a ticket with a customer's question, about a package of his, a refund of his
// or nothing. Errors: no-account; a fault naming subject, body or package_id; not-found for
// a package or refund that is not his; too-many-questions.
func (d *Desk) Ask(ctx context.Context, actor identity.Actor, q Question) (CaseView, error) {
	v, err := d.ask(ctx, actor, q)
	if err != nil {
		object, id := audit.ObjectAccount, actor.AccountID
		if id == "" {
			object, id = audit.ObjectTicket, audit.NewID
		}
		return CaseView{}, d.refused(ctx, actor, audit.TicketWorkRefused, object, id, err)
	}
	return showCase(actor, v), nil
}

func (d *Desk) ask(ctx context.Context, actor identity.Actor, q Question) (CaseView, error) {
	if err := needAccount(actor); err != nil {
		return CaseView{}, err
	}
	q.AccountID = actor.AccountID
	if v, found, err := d.askedBefore(ctx, actor, q); err != nil || found {
		return v, err
	}
	if err := d.asksAboutHisOwn(ctx, actor, q); err != nil {
		return CaseView{}, err
	}
	if err := needLine("subject", q.Subject); err != nil {
		return CaseView{}, err
	}
	if err := needText("body", q.Body); err != nil {
		return CaseView{}, err
	}
	open, err := d.records.CountOpenQuestions(ctx, actor.AccountID)
	if err != nil {
		return CaseView{}, err
	}
	if open >= MostQuestions {
		return CaseView{}, ErrTooManyQuestions
	}
	inForce, err := d.records.PolicyVersion(ctx, "")
	if err != nil {
		return CaseView{}, err
	}
	p, err := d.policies.Policy(ctx, inForce.Version)
	if err != nil {
		return CaseView{}, err
	}
	q.SLA = p.SLA(review.QueueQuestions)
	v, intents, err := d.records.Ask(ctx, actor, q)
	d.engine.Hear(intents...)
	if errors.Is(err, ErrSentBefore) { // at the same moment
		v, _, err = d.askedBefore(ctx, actor, q)
	}
	return v, err
}

// ErrSentBefore is of a form's key that its author used already.
var ErrSentBefore = fault.New(fault.Conflict, "already-sent", "This was sent before.")

// ErrIdempotencyMismatch refuses a key that was used with other contents.
var ErrIdempotencyMismatch = fault.New(fault.Unprocessable, "idempotency-mismatch", "The Idempotency-Key was used before with another request.")

// askedBefore gives the question that the form asked already, and whether it did.
func (d *Desk) askedBefore(ctx context.Context, actor identity.Actor, q Question) (CaseView, bool, error) {
	m, found, err := d.sentBefore(ctx, actor, q.Key, q.Body)
	if err != nil || !found {
		return CaseView{}, false, err
	}
	v, err := d.records.Case(ctx, m.TicketID)
	if err == nil && v.Ticket.Subject != q.Subject {
		err = ErrIdempotencyMismatch
	}
	return v, true, err
}

// sentBefore gives what the actor sent under the form's key, and whether he did. Errors:
// ErrIdempotencyMismatch for other words.
func (d *Desk) sentBefore(ctx context.Context, actor identity.Actor, key, body string) (review.Message, bool, error) {
	if key == "" {
		return review.Message{}, false, nil
	}
	m, found, err := d.records.Sent(ctx, actor.Subject, key)
	if err == nil && found && m.Body != body {
		err = ErrIdempotencyMismatch
	}
	return m, found, err
}

// Say adds a message to an open ticket. Public ones are of the two parties and are told to
// the customer; internal ones are of staff, for staff. Without a visibility the customer's
// is public and that of staff internal: what somebody forgot to say mails nobody a remark. A
// public word of a customer who is asked something is his answer. Errors: a fault naming
// visibility or body; forbidden for an auditor or admin; ticket-closed, conversation-full.
func (d *Desk) Say(ctx context.Context, actor identity.Actor, ticketID string, visibility review.Visibility, body string) (review.Message, error) {
	return d.SayOnce(ctx, actor, ticketID, visibility, body, "")
}

// SayOnce is Say under the key of a form, which says it once however often it is sent; "" for
// none. Errors beside those of Say: ErrIdempotencyMismatch for a key that said something else.
func (d *Desk) SayOnce(ctx context.Context, actor identity.Actor, ticketID string, visibility review.Visibility, body, key string) (review.Message, error) {
	m, err := d.say(ctx, actor, ticketID, visibility, body, key)
	if err != nil {
		return review.Message{}, d.refused(ctx, actor, audit.TicketWorkRefused, audit.ObjectTicket, ticketID, err)
	}
	return m, nil
}

func (d *Desk) say(ctx context.Context, actor identity.Actor, ticketID string, visibility review.Visibility, body, key string) (review.Message, error) {
	v, err := d.caseFor(ctx, actor, ticketID)
	if err != nil {
		return review.Message{}, err
	}
	if m, found, err := d.saidBefore(ctx, actor, ticketID, body, key); err != nil || found {
		return m, err
	}
	customer := actor.Owns(v.Ticket.AccountID) // also when he works here: on his own ticket he is its customer
	if !customer {
		if err := mayWork(actor, v); err != nil {
			return review.Message{}, err
		}
	}
	switch {
	case visibility == "" && customer:
		visibility = review.Public
	case visibility == "":
		visibility = review.Internal
	case !visibility.Known():
		return review.Message{}, fault.InvalidField("visibility", "is public or internal")
	case customer && visibility != review.Public:
		return review.Message{}, fault.InvalidField("visibility", "of your messages is public")
	}
	if err := needText("body", body); err != nil {
		return review.Message{}, err
	}
	if err := d.roomFor(ctx, v, customer); err != nil {
		return review.Message{}, err
	}
	m, intents, err := d.records.SayOnce(ctx, actor, v.Ticket.ID, visibility, body, key)
	d.engine.Hear(intents...)
	if errors.Is(err, ErrSentBefore) { // at the same moment
		m, _, err = d.saidBefore(ctx, actor, ticketID, body, key)
	}
	return m, err
}

// saidBefore gives what the form said on the ticket already, and whether it did.
func (d *Desk) saidBefore(ctx context.Context, actor identity.Actor, ticketID, body, key string) (review.Message, bool, error) {
	m, found, err := d.sentBefore(ctx, actor, key, body)
	if err == nil && found && m.TicketID != ticketID {
		err = ErrIdempotencyMismatch
	}
	return m, found, err
}

// roomFor returns ErrConversationFull when the ticket can take no more messages. What a
// customer is asked he can answer all the same.
func (d *Desk) roomFor(ctx context.Context, v CaseView, customer bool) error {
	if v.Ticket.State != review.Open || customer && v.Ticket.Waiting() {
		return nil
	}
	said, err := d.records.CountMessages(ctx, v.Ticket.ID)
	if err == nil && said >= MostMessages {
		return ErrConversationFull
	}
	return err
}

// ErrNotInReview refuses to ask a customer about a refund that nobody is to decide now.
var ErrNotInReview = fault.New(fault.Conflict, "not-in-review", "Only a refund that is in review can wait for its customer.")

// RequestInformation asks the customer something: the refund waits for his answer, and the
// clock stands still. The workflow gives the answer; the same request again is the same.
// Errors: a fault naming body; not-in-review, awaiting-customer when he is asked something
// else already, ticket-closed; Unavailable when engine or workers are away, with nothing
// said to the customer.
func (d *Desk) RequestInformation(ctx context.Context, actor identity.Actor, ticketID, body string) (CaseView, error) {
	return d.work(ctx, actor, ticketID, func(v CaseView) error {
		if err := needText("body", body); err != nil {
			return err
		}
		return d.requestInformation(ctx, actor, v, body)
	})
}

func (d *Desk) requestInformation(ctx context.Context, actor identity.Actor, v CaseView, body string) error {
	switch {
	case v.Ticket.Kind != review.KindRefund:
		return ErrNotInReview
	case v.Ticket.State != review.Open:
		return review.ErrTicketClosed
	case v.Refund.State == refund.AwaitingCustomer:
		return d.askedAlready(ctx, actor, v, body)
	case v.Refund.State != refund.InReview:
		return ErrNotInReview
	}
	if err := d.engine.Ready(ctx); err != nil { // before the words are kept
		return err
	}
	// The same words may be asked again once he has answered: the version tells the two apart.
	noteID := noteIDOf("ask", v.Ticket.ID, strconv.FormatInt(v.Refund.Version, 10), actor.Subject, body)
	if err := d.records.KeepNote(ctx, noteID, actor, v.Refund.ID, body); err != nil {
		return err
	}
	_, err := d.engine.RequestInformation(ctx, AskCommand{
		RefundID: v.Refund.ID, TicketID: v.Ticket.ID, By: actor, NoteID: noteID, NoteDigest: digestOf(body), NotAfter: d.now().Add(commandPatience),
	})
	if err == nil || !fault.IsAnswer(err) {
		return err
	}
	// A "no" to what was asked already is the end of an earlier try.
	after, readErr := d.records.Case(ctx, v.Ticket.ID)
	switch {
	case readErr != nil:
		return readErr
	case after.Refund.State == refund.AwaitingCustomer:
		return d.askedAlready(ctx, actor, after, body)
	case fault.CodeOf(err) == CodeClosed:
		return review.ErrTicketClosed
	}
	return err
}

// askedAlready returns nil when it was the actor who asked, and in these words.
func (d *Desk) askedAlready(ctx context.Context, actor identity.Actor, v CaseView, body string) error {
	said, err := d.records.Messages(ctx, false, v.Ticket.ID)
	if err != nil {
		return err
	}
	for _, m := range said {
		asked := m.ByStaff && v.Ticket.AskedAt != nil && !m.CreatedAt.Before(*v.Ticket.AskedAt)
		if asked && m.Author == actor.Subject && m.Body == body {
			return nil
		}
	}
	return review.ErrAwaiting
}

// noteIDOf derives the id of a note from what it belongs to and its words, so that the same
// request keeps the same note.
func noteIDOf(parts ...string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", parts))
	return "note_" + hex.EncodeToString(sum[:16])
}

func digestOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256:" + hex.EncodeToString(sum[:])
}
