package desk

import (
	"slices"

	"refunddesk/internal/audit"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// This file is the one place where what is internal is left out for a customer: matched
// rules and their values, votes and who cast them, internal messages, who works on a case,
// how many must approve, reasons for staff. What is shown is named here field by field, so
// that a field that comes later is internal until somebody says otherwise.

// seesInside reports whether the actor may see what is internal to the account's cases:
// staff may, except whoever the account belongs to. An auditor reads everything.
func seesInside(actor identity.Actor, accountID string) bool {
	if actor.Has(identity.Auditor) {
		return true
	}
	return actor.IsStaff() && (accountID == "" || actor.AccountID != accountID)
}

// showCase is what the actor may see of a case.
func showCase(actor identity.Actor, v CaseView) CaseView {
	if seesInside(actor, v.Ticket.AccountID) {
		return v
	}
	t := v.Ticket
	return CaseView{
		Ticket: review.Ticket{
			ID: t.ID, Kind: t.Kind, RefundID: t.RefundID, AccountID: t.AccountID, PackageID: t.PackageID, OpenedBy: t.OpenedBy,
			Subject: t.Subject, State: t.State, Queue: shownQueue(t.Kind), DueAt: t.DueAt, AskedAt: t.AskedAt, AnswerBy: t.AnswerBy,
			ClosedAt: t.ClosedAt, CreatedAt: t.CreatedAt,
		},
		Refund:   shownRefund(v.Refund),
		Case:     review.Case{RefundID: v.Case.RefundID, AccountID: v.Case.AccountID, PackageID: v.Case.PackageID, Amount: v.Case.Amount},
		Messages: shownMessages(v.Messages),
	}
}

// shownQueue is the queue as its customer knows it. Where a ticket goes from there, and
// why, is the desk's own affair.
func shownQueue(k review.TicketKind) string {
	if k == review.KindQuestion {
		return review.QueueQuestions
	}
	return review.QueueReview
}

// shownMessages are the public ones; who of the staff wrote them is not said, because the
// words that come with a vote would name the voter.
func shownMessages(all []review.Message) []review.Message {
	var public []review.Message
	for _, m := range all {
		if m.Visibility != review.Public {
			continue
		}
		if m.ByStaff {
			m.Author = ""
		}
		public = append(public, m)
	}
	return public
}

// showRefund is what the actor may see of a refund and what happened to it.
func showRefund(actor identity.Actor, v RefundView) RefundView {
	if seesInside(actor, v.AccountID) {
		return v
	}
	out := RefundView{Refund: shownRefund(v.Refund), Told: v.Told, Locale: v.Locale, TicketID: v.TicketID, AnswerBy: v.AnswerBy}
	for _, e := range v.Entries {
		if e.Object != audit.ObjectRefund || e.NewState == "" || e.NewState == e.OldState {
			continue
		}
		kept := audit.Entry{At: e.At, Role: e.Role, Action: e.Action, Object: e.Object, ObjectID: e.ObjectID, RefundID: e.RefundID, OldState: e.OldState, NewState: e.NewState}
		if isPublic(e.ReasonCode) {
			kept.ReasonCode = e.ReasonCode
		}
		out.Entries = append(out.Entries, kept)
	}
	// What settled the case, and neither who nor who else: a vote that does not settle is internal.
	if r := v.Ruling(); r != nil && !r.At.IsZero() {
		out.Decisions = []review.Decision{{RefundID: v.ID, Vote: r.Outcome, ReasonCode: r.ReasonCode, CreatedAt: r.At}}
	}
	return out
}

// shownRefund keeps the rule that rejected a request to ourselves.
func shownRefund(r refund.Refund) refund.Refund {
	return refund.Refund{
		ID: r.ID, AccountID: r.AccountID, PackageID: r.PackageID, RequestedBy: r.RequestedBy, State: r.State, ReasonCode: r.ReasonCode,
		NoteID: r.NoteID, Quote: r.Quote, Approved: r.Approved, Amount: r.Amount, Verdict: r.Verdict, Outcome: shownOutcome(r.Outcome),
		PolicyVersion: r.PolicyVersion, PolicyDigest: r.PolicyDigest, AppealOf: r.AppealOf, HoldCauses: r.HoldCauses, HeldFrom: r.HeldFrom,
		HeldAt: r.HeldAt, WorkflowID: r.WorkflowID, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
}

// reasonOther is the reason of a decision that has no more to say for itself.
const reasonOther = "other"

func shownOutcome(code string) string {
	if code == "" || isPublic(code) {
		return code
	}
	return reasonOther
}

// showRefunds is what the actor may see of a list of refunds.
func showRefunds(actor identity.Actor, page Page[refund.Refund]) Page[refund.Refund] {
	page.Items = slices.Clone(page.Items)
	for i, r := range page.Items {
		if !seesInside(actor, r.AccountID) {
			page.Items[i] = shownRefund(r)
		}
	}
	return page
}

// showAccount keeps from everybody but staff why an account stands as it does.
func showAccount(actor identity.Actor, a refund.Account) refund.Account {
	if !seesInside(actor, a.ID) {
		a.StandingReason = ""
	}
	return a
}
