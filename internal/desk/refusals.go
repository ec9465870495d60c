package desk

import (
	"context"
	"regexp"
	"time"

	"refunddesk/internal/audit"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
)

// This file is how a "no" gets into the record. A command that refuses, for whatever reason,
// leaves one entry; what was tried again and taken leaves none, and reading leaves none.

// refusalLimit is how long writing a refused attempt down may take: on a busy machine twelve
// refusals at once took longer than three seconds, and one of them was lost to the record.
const refusalLimit = 10 * time.Second

// isID reports whether an entry can name something by id.
var isID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`).MatchString

// NoteRefusal writes down that the actor tried something and was refused: for an edge that
// refuses before the desk is asked. Whatever goes on to the desk is written down there.
// The action is one of the refusals. Object and id say what it was about; the object is empty
// for what names nothing, and the id may be anything that somebody wrote. Faults that are no
// answers, such as a database that is away, are no refusals. It does not fail: a database
// that is away must not turn a "no" into something else.
func (d *Desk) NoteRefusal(ctx context.Context, actor identity.Actor, action audit.Action, object audit.Object, id string, refusal error) {
	if !fault.IsAnswer(refusal) {
		return
	}
	// A caller who hangs up does not escape the record.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refusalLimit)
	defer cancel()
	if object == "" {
		object, _ = action.Refuses()
		id = audit.UnknownID
	}
	if !isID(id) { // entries hold no free text
		id = audit.UnknownID
	}
	entry := audit.Entry{
		Actor: actor.Subject, Role: actor.MainRole(), Action: action, Object: object, ObjectID: id, RefundID: d.refundOf(ctx, object, id),
		ReasonCode: fault.CodeOf(refusal),
	}
	if err := d.records.Refuse(ctx, entry); err != nil {
		d.log.ErrorContext(ctx, "a refused attempt could not be written down", "action", action, "object", id, "error", fault.CodeOf(err))
	}
}

// refused is the refusal, written down.
func (d *Desk) refused(ctx context.Context, actor identity.Actor, action audit.Action, object audit.Object, id string, refusal error) error {
	d.NoteRefusal(ctx, actor, action, object, id, refusal)
	return refusal
}

// refundOf is the refund that a thing belongs to, so that the refund's record has what was
// tried at it; "" when there is none.
func (d *Desk) refundOf(ctx context.Context, object audit.Object, id string) string {
	switch object {
	case audit.ObjectRefund:
		if r, err := d.records.Refund(ctx, id); err == nil {
			return r.ID
		}
	case audit.ObjectTicket:
		if v, err := d.records.Case(ctx, id); err == nil {
			return v.Ticket.RefundID
		}
	}
	return ""
}
