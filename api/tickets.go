package api

import (
	"context"

	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/review"
)

func (s *server) ListTickets(ctx context.Context, r ListTicketsRequestObject) (ListTicketsResponseObject, error) {
	ctx, actor := caller(ctx)
	sort := desk.TicketSort(given(r.Params.Sort, TicketSortDue))
	if sort == desk.SortPriority && !actor.IsStaff() {
		return nil, errStaffOnly
	}
	page, err := s.Desk.Tickets(ctx, actor, desk.TicketFilter{
		AccountID:  given(r.Params.AccountID, ""),
		RefundID:   given(r.Params.RefundID, ""),
		Kind:       review.TicketKind(text(r.Params.Kind)),
		Queue:      given(r.Params.Queue, ""),
		State:      review.TicketState(text(r.Params.State)),
		Assignee:   given(r.Params.Assignee, ""),
		Unassigned: r.Params.Unassigned,
		Waiting:    r.Params.Waiting,
		Overdue:    r.Params.Overdue,
		Snoozed:    r.Params.Snoozed,
		Rule:       given(r.Params.Rule, ""),
		Sort:       sort,
		Paging:     paging(r.Params.Limit, r.Params.Cursor),
	})
	if err != nil {
		return nil, err
	}
	items := mapped(page.Items, func(v desk.CaseView) Ticket { return toTicket(v, actor) })
	return ListTickets200JSONResponse{Items: items, NextCursor: optional(page.Next)}, nil
}

func (s *server) GetTicket(ctx context.Context, r GetTicketRequestObject) (GetTicketResponseObject, error) {
	ctx, actor := caller(ctx)
	view, err := s.Desk.Ticket(ctx, actor, r.ID)
	if err != nil {
		return nil, err
	}
	return GetTicket200JSONResponse(toTicket(view, actor)), nil
}

func (s *server) DecideTicket(ctx context.Context, r DecideTicketRequestObject) (DecideTicketResponseObject, error) {
	judgement := desk.Judgement{
		Vote:       review.Vote(r.Body.Decision),
		ReasonCode: string(r.Body.ReasonCode),
		Note:       given(r.Body.Note, ""),
		Message:    given(r.Body.Message, ""),
		Digest:     r.Body.Digest,
	}
	ctx, actor := caller(ctx)
	view, err := s.Desk.Decide(ctx, actor, r.ID, judgement)
	if err != nil {
		return nil, err
	}
	return DecideTicket200JSONResponse(toTicket(view, actor)), nil
}

// toTicket shows a case. What screening saw, how people voted, how the desk goes about it
// and what it says among itself is for staff only.
func toTicket(v desk.CaseView, viewer identity.Actor) Ticket {
	t := v.Ticket
	out := Ticket{
		ID:          t.ID,
		Kind:        TicketKind(t.Kind),
		Subject:     optional(t.Subject),
		RefundID:    optional(t.RefundID),
		RefundState: optional(RefundState(v.Refund.State)),
		AccountID:   t.AccountID,
		PackageID:   optional(t.PackageID),
		State:       TicketState(t.State),
		Queue:       t.Queue,
		DueAt:       t.DueAt.UTC(),
		Waiting:     t.Waiting(),
		AnswerBy:    utc(t.AnswerBy),
		CreatedAt:   t.CreatedAt.UTC(),
		ClosedAt:    utc(t.ClosedAt),
		Messages:    toMessages(v.Messages, t.AccountID, viewer),
	}
	if v.Case.Amount.Currency != "" {
		out.Amount = toMoneyOrNil(&v.Case.Amount)
	}
	if seesInside(viewer, t.AccountID) {
		addInside(&out, v)
	}
	return out
}

// addInside adds what is for staff.
func addInside(out *Ticket, v desk.CaseView) {
	t := v.Ticket
	out.Assignee = optional(t.Assignee)
	out.Priority = &t.Priority
	out.ResponseDueAt = utc(optional(t.ResponseDueAt))
	out.RespondedAt = utc(t.RespondedAt)
	out.Urgency = optional(urgencies[t.Urgency])
	out.SnoozedUntil = utc(t.SnoozedUntil)
	if t.Kind != review.KindRefund {
		return // nobody votes on a question
	}
	out.ApprovalsNeeded = optional(t.Quorum.Approvals)
	out.SeniorsNeeded = &t.Quorum.Seniors
	out.Digest = optional(v.Case.Digest())
	matches := mapped(t.Matches, toMatch)
	out.Matches = &matches
	votes := mapped(v.Case.Decisions, func(d review.Decision) CastVote {
		return CastVote{Reviewer: d.Voter.Subject, Decision: Vote(d.Vote), ReasonCode: d.ReasonCode, At: d.CreatedAt.UTC()}
	})
	out.Votes = &votes
}

var urgencies = map[review.Urgency]Urgency{
	review.OnTime: UrgencyOnTime, review.Half: UrgencyHalf, review.Late: UrgencyLate, review.Overdue: UrgencyOverdue,
}

// toMessages leaves internal ones out for whoever they are not for.
func toMessages(all []review.Message, accountID string, viewer identity.Actor) []Message {
	out := make([]Message, 0, len(all))
	inside := seesInside(viewer, accountID)
	for _, m := range all {
		if inside || m.Visibility == review.Public {
			out = append(out, toMessage(m, inside))
		}
	}
	return out
}

// toMessage names the author to staff; a customer is told that it was staff or he.
func toMessage(m review.Message, inside bool) Message {
	out := Message{
		ID: m.ID, Role: SpeakerCustomer, Visibility: Visibility(m.Visibility), Body: m.Body, CreatedAt: m.CreatedAt.UTC(),
	}
	if m.ByStaff {
		out.Role = SpeakerStaff
	}
	if inside {
		out.Author = optional(m.Author)
	}
	return out
}

// seesInside reports whether the viewer is staff to the account's cases and not their
// customer. The desk leaves out what is internal by the same rule; here it is shut a second time.
func seesInside(viewer identity.Actor, accountID string) bool {
	return viewer.Has(identity.Auditor) || (viewer.IsStaff() && (accountID == "" || viewer.AccountID != accountID))
}
