package desk

import (
	"context"
	"slices"
	"strings"
	"time"

	"refunddesk/internal/audit"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/ledger"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
)

// mostSearched is how long an id or a code can be that is worth looking for.
const mostSearched = 200

// Search looks for refunds, the last filed first. For staff; who owns an account finds none
// of its own, since what he searches by would tell him what he is not shown. Errors: a fault
// naming the criterion that cannot be.
func (d *Desk) Search(ctx context.Context, actor identity.Actor, s RefundSearch) (Page[refund.Refund], error) {
	if !actor.IsStaff() {
		return Page[refund.Refund]{}, ErrForbidden
	}
	if err := s.Check(); err != nil {
		return Page[refund.Refund]{}, err
	}
	s.ExceptAccount = ""
	if !seesInside(actor, actor.AccountID) {
		s.ExceptAccount = actor.AccountID
	}
	return d.records.SearchRefunds(ctx, s)
}

// Check returns a fault naming the criterion that cannot be.
func (s RefundSearch) Check() error {
	for _, text := range []struct{ name, value string }{
		{"text", s.Text},
		{"account_id", s.AccountID},
		{"refund_id", s.RefundID},
		{"workflow_id", s.WorkflowID},
		{"rule", s.Rule},
		{"actor", s.Actor},
	} {
		if !searchable(text.value) {
			return notSearchable(text.name)
		}
	}
	switch {
	case s.State != "" && !s.State.Known():
		return fault.InvalidField("state", "is not a state of a refund")
	case s.Verdict != "" && !slices.Contains([]policy.Verdict{policy.Approve, policy.Review, policy.Reject}, policy.Verdict(s.Verdict)):
		return fault.InvalidField("verdict", "is approve, review or reject")
	case s.AmountFrom != nil && *s.AmountFrom < 0:
		return fault.InvalidField("amount_from", "must not be negative")
	case s.AmountTo != nil && *s.AmountTo < 0:
		return fault.InvalidField("amount_to", "must not be negative")
	case s.AmountFrom != nil && s.AmountTo != nil && *s.AmountTo < *s.AmountFrom:
		return fault.InvalidField("amount_to", "must not be less than the amount it begins with")
	case s.Currency == "" && (s.AmountFrom != nil || s.AmountTo != nil):
		return fault.InvalidField("currency", "belongs to an amount: of another currency the same number is another amount")
	}
	return inOrder(s.From, s.To)
}

// Acts lists what somebody did that belongs to no refund, newest first: policies, standings,
// pauses, saved replies, copies, questions, and what was refused to him there. For auditors.
// Errors: forbidden; a fault naming the criterion that cannot be.
func (d *Desk) Acts(ctx context.Context, actor identity.Actor, s ActSearch) (Page[audit.Entry], error) {
	if err := need(actor, identity.Auditor); err != nil {
		return Page[audit.Entry]{}, err
	}
	if s.Actor == "" || !searchable(s.Actor) {
		return Page[audit.Entry]{}, notSearchable("actor")
	}
	if err := inOrder(s.From, s.To); err != nil {
		return Page[audit.Entry]{}, err
	}
	return d.records.Acts(ctx, s)
}

func searchable(text string) bool {
	return len(text) <= mostSearched && !strings.ContainsFunc(text, isControl)
}

func notSearchable(name string) error {
	return fault.InvalidField(name, "is an id or a code of at most %d characters", mostSearched)
}

// inOrder is about a time of which either end may be open.
func inOrder(from, to *time.Time) error {
	if from != nil && to != nil && !from.Before(*to) {
		return fault.InvalidField("to", "must not be before the day it begins with")
	}
	return nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// RefundJournals gives the journal entries that a refund wrote, oldest first: none until it
// was credited. For auditors and admins.
func (d *Desk) RefundJournals(ctx context.Context, actor identity.Actor, refundID string) ([]ledger.Journal, error) {
	if err := need(actor, identity.Auditor, identity.Admin); err != nil {
		return nil, err
	}
	if _, err := d.refundInside(ctx, actor, refundID); err != nil {
		return nil, err
	}
	return d.records.RefundJournals(ctx, refundID)
}

// refundInside reads a refund for whoever may see what is internal to it. Errors: not-found;
// forbidden to others and to staff whose account it belongs to.
func (d *Desk) refundInside(ctx context.Context, actor identity.Actor, id string) (refund.Refund, error) {
	if !actor.IsStaff() {
		return refund.Refund{}, ErrForbidden
	}
	r, err := d.refundFor(ctx, actor, id)
	if err == nil && !seesInside(actor, r.AccountID) {
		err = ErrForbidden
	}
	return r, err
}

// What somebody takes a copy of.
const (
	ExportRefund  = "refund"  // the whole history of one
	ExportRefunds = "refunds" // what a search found
)

// RecordExport writes down that the auditor takes a copy away, before he has its first byte.
// The id is the refund's; a search has none.
func (d *Desk) RecordExport(ctx context.Context, actor identity.Actor, what, id string) error {
	entry := audit.Entry{
		Actor: actor.Subject, Role: actor.MainRole(), Action: audit.Exported, Object: audit.ObjectExport, ObjectID: what,
		RequestID: audit.RequestOf(ctx),
	}
	if what == ExportRefund {
		entry.Object, entry.ObjectID, entry.RefundID = audit.ObjectRefund, id, id
	}
	err := need(actor, identity.Auditor)
	if err == nil && what == ExportRefund {
		_, err = d.refundFor(ctx, actor, id)
	}
	if err != nil {
		return d.refused(ctx, actor, audit.ExportRefused, entry.Object, entry.ObjectID, err)
	}
	return d.records.Note(ctx, entry)
}
