package desk

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"refunddesk/internal/audit"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// Ticket reads a ticket with what its decision is about and what was said on it.
func (d *Desk) Ticket(ctx context.Context, actor identity.Actor, id string) (CaseView, error) {
	return d.caseView(ctx, actor, id)
}

// Tickets lists tickets. Staff see one that is snoozed when they ask for it, or for the
// tickets of one refund. A customer's filter is on what he is shown: forbidden for any other.
func (d *Desk) Tickets(ctx context.Context, actor identity.Actor, f TicketFilter) (Page[CaseView], error) {
	f, err := f.as(actor)
	if err != nil {
		return Page[CaseView]{}, err
	}
	page, err := d.records.Tickets(ctx, f)
	if err != nil {
		return Page[CaseView]{}, err
	}
	for i, v := range page.Items {
		page.Items[i] = showCase(actor, v)
	}
	return page, nil
}

// Beside gives the tickets next to this one in the list, "" where it ends. The ticket need not
// be of the list (any more): its place is where it would stand. Errors: those of Tickets.
func (d *Desk) Beside(ctx context.Context, actor identity.Actor, f TicketFilter, t review.Ticket) (before, after string, err error) {
	if f, err = f.as(actor); err != nil {
		return "", "", err
	}
	f.From, f.Paging = &t, Paging{Limit: 1}
	nearest := func(backwards bool) (string, error) {
		f.Backwards = backwards
		page, err := d.records.Tickets(ctx, f)
		if err != nil || len(page.Items) == 0 {
			return "", err
		}
		return page.Items[0].Ticket.ID, nil
	}
	if before, err = nearest(true); err != nil {
		return "", "", err
	}
	after, err = nearest(false)
	return before, after, err
}

// as is the filter held to what the actor may list.
func (f TicketFilter) as(actor identity.Actor) (TicketFilter, error) {
	var err error
	if f.AccountID, err = ownList(actor, f.AccountID); err != nil {
		return f, err
	}
	if err := f.check(); err != nil {
		return f, err
	}
	switch {
	case !actor.IsStaff():
		return customersFilter(f)
	case !seesInside(actor, actor.AccountID) && f.tellsInside():
		// What he filters by would tell him of his own account what he is not shown.
		f.ExceptAccount = actor.AccountID
	}
	if f.Snoozed == nil && !f.SnoozedToo && f.RefundID == "" && f.State != review.Closed {
		f.Snoozed = new(bool)
	}
	return f, nil
}

// check returns a fault naming the field of a filter that cannot be.
func (f TicketFilter) check() error {
	switch {
	case f.State != "" && f.State != review.Open && f.State != review.Closed:
		return fault.InvalidField("state", "is open or closed")
	case f.Kind != "" && f.Kind != review.KindRefund && f.Kind != review.KindQuestion:
		return fault.InvalidField("kind", "is refund or question")
	case f.Queue != "" && !slices.Contains(review.Queues, f.Queue):
		return fault.InvalidField("queue", "is one of %v", review.Queues)
	case f.Assignee != "" && !isAssignee(f.Assignee):
		return fault.InvalidField("assignee", assigneeIs)
	case f.Sort != "" && f.Sort != SortDue && f.Sort != SortNewest && f.Sort != SortPriority:
		return fault.InvalidField("sort", "is due, newest or priority")
	}
	return nil
}

// ErrStaffFilter refuses to a customer what would tell him of what he is not shown.
var ErrStaffFilter = fault.New(fault.Forbidden, "forbidden", "Only staff list tickets by rule, assignee, urgency or priority.")

// customersFilter is the filter on what its customer is shown: the queue of a question or
// of a request, whatever became of it since.
func customersFilter(f TicketFilter) (TicketFilter, error) {
	if f.namesInside() {
		return f, ErrStaffFilter
	}
	for _, kind := range []review.TicketKind{review.KindQuestion, review.KindRefund} {
		if f.Queue != "" && f.Queue == shownQueue(kind) && (f.Kind == "" || f.Kind == kind) {
			f.Queue, f.Kind = "", kind
			break
		}
	}
	if f.Queue != "" {
		return f, ErrStaffFilter
	}
	return f, nil
}

// namesInside reports whether the filter is about what only staff are shown.
func (f TicketFilter) namesInside() bool {
	return f.Assignee != "" || f.Rule != "" || f.Unassigned != nil || f.Overdue != nil || f.Snoozed != nil || f.DueBefore != nil || f.Sort == SortPriority
}

// tellsInside is namesInside or by queue: which one a ticket is in is told by being listed.
func (f TicketFilter) tellsInside() bool { return f.namesInside() || f.Queue != "" }

// ErrNotDecidable refuses a decision on what asks for none.
var ErrNotDecidable = fault.New(fault.Conflict, "ticket-not-decidable", "A question is answered and resolved; there is nothing to decide.")

// ErrOnHold refuses a decision while the refund waits for something outside; onHold says for what.
var ErrOnHold = fault.New(fault.Conflict, "on-hold", "The refund is on hold; decide when it is released.")

// Decide casts the actor's vote on the case as it was shown to him. The workflow gives the
// answer. The same decision again returns what it led to. Errors: those of
// review.Case.MayDecide, a fault naming decision, reason_code, note or message,
// awaiting-customer, on-hold, ticket-not-decidable, ticket-closed; Unavailable when engine or workers
// are away: then the same decision is safe to repeat.
func (d *Desk) Decide(ctx context.Context, actor identity.Actor, ticketID string, j Judgement) (CaseView, error) {
	if err := d.decide(ctx, actor, ticketID, j); err != nil {
		return CaseView{}, d.refused(ctx, actor, audit.DecisionRefused, audit.ObjectTicket, ticketID, err)
	}
	return d.caseView(ctx, actor, ticketID)
}

// ballot is a judgement with the ids that follow from it: the same judgement has the same.
type ballot struct {
	Judgement
	actor      identity.Actor
	id         string
	noteID     string // empty without a note
	noteDigest string // empty without a note
	messageID  string // of the note that holds the words to the customer; empty without
}

func ballotOf(actor identity.Actor, v CaseView, j Judgement) ballot {
	b := ballot{Judgement: j, actor: actor}
	if j.Note != "" {
		b.noteDigest = digestOf(j.Note)
	}
	words := b.noteDigest // alone, as when there were no words to the customer
	if j.Message != "" {
		words += " " + digestOf(j.Message)
	}
	b.id = review.DecisionID(v.Ticket.ID, actor.Subject, j.Vote, j.ReasonCode, j.Digest, words)
	if j.Note != "" {
		b.noteID = "note_" + b.id
	}
	if j.Message != "" {
		b.messageID = "note_" + b.id + "_told"
	}
	return b
}

func (d *Desk) decide(ctx context.Context, actor identity.Actor, ticketID string, j Judgement) error {
	if !actor.Decides() {
		return review.ErrMayNotDecide
	}
	v, err := d.caseFor(ctx, actor, ticketID)
	if err != nil {
		return err
	}
	b := ballotOf(actor, v, j)
	if taken(v, b.id) {
		if v.Refund.State.Final() {
			return nil
		}
		// Its answer was lost, and perhaps the workflow never heard of it: send it again.
		return d.send(ctx, v, b)
	}
	if v.Ticket.Kind != review.KindRefund {
		return ErrNotDecidable
	}
	refusal := v.Case.MayDecide(b.actor, b.Vote, b.Digest)
	if refusal != nil && refusal.Kind == fault.Forbidden {
		return refusal
	}
	if invalid := review.ValidateReason(b.Vote, b.ReasonCode); invalid != nil {
		return invalid
	}
	if err := checkText("note", b.Note); err != nil {
		return err
	}
	if b.Message != "" {
		if err := needText("message", b.Message); err != nil {
			return err
		}
	}
	if early := notYet(v); early != nil {
		return early
	}
	if refusal != nil {
		return refusal
	}
	return d.send(ctx, v, b)
}

// notYet says why nobody can decide on the case as it is: it is decided, or it waits for
// something else. nil when it waits for a decision.
func notYet(v CaseView) error {
	switch {
	case v.Ticket.State != review.Open:
		return review.ErrTicketClosed
	case v.Refund.State == refund.AwaitingCustomer:
		return review.ErrAwaiting
	case v.Refund.State == refund.OnHold:
		return onHold(v.Refund.HoldCauses)
	case v.Refund.State != refund.InReview && v.Refund.State != refund.NeedsAttention:
		return review.ErrTicketClosed
	}
	return nil
}

// onHold is ErrOnHold with what the refund waits for.
func onHold(causes []refund.Cause) error {
	words := map[refund.Cause]string{
		refund.CauseStanding: "the standing of its account", refund.CauseDispute: "a payment dispute", refund.CausePause: "the end of a pause",
	}
	var waits []string
	for _, c := range causes {
		waits = append(waits, cmp.Or(words[c], string(c)))
	}
	if len(waits) == 0 {
		return ErrOnHold
	}
	return fault.New(ErrOnHold.Kind, ErrOnHold.Code, "The refund is on hold and waits for %s; decide when it is released.", strings.Join(waits, " and "))
}

// send carries the decision to the workflow. Nothing that was written is kept while the
// engine is away.
func (d *Desk) send(ctx context.Context, v CaseView, b ballot) error {
	if b.noteID != "" || b.messageID != "" {
		if err := d.engine.Ready(ctx); err != nil {
			return err
		}
	}
	for id, text := range map[string]string{b.noteID: b.Note, b.messageID: b.Message} {
		if id == "" {
			continue
		}
		if err := d.records.KeepNote(ctx, id, b.actor, v.Refund.ID, text); err != nil {
			return err
		}
	}
	_, err := d.engine.Decide(ctx, DecideCommand{
		DecisionID: b.id, TicketID: v.Ticket.ID, RefundID: v.Refund.ID, Voter: b.actor, Vote: b.Vote, ReasonCode: b.ReasonCode,
		NoteID: b.noteID, NoteDigest: b.noteDigest, MessageID: b.messageID, Digest: b.Digest, NotAfter: d.now().Add(commandPatience),
	})
	if err == nil || !fault.IsAnswer(err) {
		return err
	}
	// A "no" to what is on the record already is the end of an earlier try.
	after, readErr := d.records.Case(ctx, v.Ticket.ID)
	switch {
	case readErr != nil:
		return readErr
	case taken(after, b.id):
		return nil
	case fault.CodeOf(err) == CodeClosed, fault.CodeOf(err) == review.ErrTicketClosed.Code:
		// Of a case that has not ended the records know what it waits for.
		return cmp.Or(notYet(after), error(review.ErrTicketClosed))
	}
	return err
}

// taken reports whether the decision is on the record: its earlier answer was lost on the way.
func taken(v CaseView, decisionID string) bool {
	return slices.ContainsFunc(v.Case.Decisions, func(d review.Decision) bool { return d.ID == decisionID })
}
