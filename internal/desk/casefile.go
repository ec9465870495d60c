package desk

import (
	"context"

	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// CaseFile is a case with what a reviewer looks at beside it.
type CaseFile struct {
	CaseView
	Refunds   []refund.Refund // of the account, newest first, at most 50
	Linked    []LinkedAccount // at most 50
	Screening *Screening      // nil for a question, and for what was never screened
	Notes     []Note          // of the ticket and its refund, and of the refund that this one appeals; oldest first
}

// mostHistory is how many refunds and linked accounts a case file shows.
const mostHistory = 50

// CaseFile reads a ticket with its account's refunds, the accounts linked to it, what its
// refund was screened on and what people wrote for staff. Staff only. Errors: not-found; forbidden, also to whoever
// owns the account.
func (d *Desk) CaseFile(ctx context.Context, actor identity.Actor, ticketID string) (CaseFile, error) {
	if !actor.IsStaff() {
		return CaseFile{}, ErrForbidden
	}
	v, err := d.caseView(ctx, actor, ticketID)
	if err != nil {
		return CaseFile{}, err
	}
	if !seesInside(actor, v.Ticket.AccountID) {
		return CaseFile{}, ErrForbidden
	}
	file := CaseFile{CaseView: v}
	history, err := d.records.Refunds(ctx, RefundFilter{AccountID: v.Ticket.AccountID, Paging: Paging{Limit: mostHistory}})
	if err != nil {
		return CaseFile{}, err
	}
	file.Refunds = history.Items
	if file.Linked, err = d.records.Linked(ctx, v.Ticket.AccountID, mostHistory); err != nil {
		return CaseFile{}, err
	}
	var about []string
	for _, id := range []string{v.Ticket.RefundID, v.Refund.AppealOf} {
		if id != "" {
			about = append(about, id)
		}
	}
	if file.Notes, err = d.records.Notes(ctx, ticketID, about...); err != nil {
		return CaseFile{}, err
	}
	if v.Ticket.RefundID != "" {
		file.Screening, err = d.screeningOf(ctx, v.Ticket.RefundID)
	}
	return file, err
}

// RefundTexts are what people wrote about a refund: what was said on its tickets, and the notes
// for staff; each oldest first. For staff. Errors: not-found; forbidden, also to whoever owns
// the account.
func (d *Desk) RefundTexts(ctx context.Context, actor identity.Actor, refundID string) ([]review.Message, []Note, error) {
	if _, err := d.refundInside(ctx, actor, refundID); err != nil {
		return nil, nil, err
	}
	said, err := d.records.RefundMessages(ctx, refundID)
	if err != nil {
		return nil, nil, err
	}
	notes, err := d.records.Notes(ctx, "", refundID)
	return said, notes, err
}

// ErrNotScreened answers for a refund that there is, of which there is no screening.
var ErrNotScreened = fault.New(fault.NotFound, "not-screened",
	"There is such a refund and no screening of it: it was not screened yet, or before screenings were kept.")

// ScreeningView is what a refund was judged on, and what the same policy says to the same
// facts now.
type ScreeningView struct {
	Screening
	Replayed policy.Verdict
	Same     bool
}

// Screening reads what a refund was judged on and judges it again from the record. Staff
// only. Errors: not-found; not-screened for a refund that nothing has judged; forbidden.
func (d *Desk) Screening(ctx context.Context, actor identity.Actor, refundID string) (ScreeningView, error) {
	if !actor.IsStaff() {
		return ScreeningView{}, ErrForbidden
	}
	r, err := d.refundFor(ctx, actor, refundID)
	if err != nil {
		return ScreeningView{}, err
	}
	if !seesInside(actor, r.AccountID) {
		return ScreeningView{}, ErrForbidden
	}
	s, err := d.screeningOf(ctx, refundID)
	if err != nil {
		return ScreeningView{}, err
	}
	if s == nil {
		return ScreeningView{}, ErrNotScreened
	}
	p, err := d.policies.Policy(ctx, s.PolicyVersion)
	if err != nil {
		return ScreeningView{}, err
	}
	again := p.Evaluate(s.Facts).Verdict
	return ScreeningView{Screening: *s, Replayed: again, Same: again == s.Verdict}, nil
}

// screeningOf is the refund's screening, or nil when there is none.
func (d *Desk) screeningOf(ctx context.Context, refundID string) (*Screening, error) {
	s, err := d.records.Screening(ctx, refundID)
	switch {
	case err == nil:
		return &s, nil
	case fault.From(err).Kind == fault.NotFound:
		return nil, nil //nolint:nilnil // none is an answer
	}
	return nil, err
}
