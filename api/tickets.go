package api

import (
	"context"

	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/review"
)

func (s *server) ListTickets(ctx context.Context, r ListTicketsRequestObject) (ListTicketsResponseObject, error) {
	ctx, actor := caller(ctx)
	page, err := s.Desk.Tickets(ctx, actor, desk.TicketFilter{
		Queue:    given(r.Params.Queue, ""),
		State:    review.TicketState(text(r.Params.State)),
		Assignee: given(r.Params.Assignee, ""),
		RefundID: given(r.Params.RefundID, ""),
		Newest:   given(r.Params.Sort, TicketSortDue) == TicketSortNewest,
		Paging:   paging(r.Params.Limit, r.Params.Cursor),
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
		Digest:     r.Body.Digest,
	}
	ctx, actor := caller(ctx)
	view, err := s.Desk.Decide(ctx, actor, r.ID, judgement)
	if err != nil {
		return nil, err
	}
	return DecideTicket200JSONResponse(toTicket(view, actor)), nil
}

// toTicket shows a case; what screening saw and how people voted is for staff only.
func toTicket(v desk.CaseView, viewer identity.Actor) Ticket {
	t := v.Ticket
	out := Ticket{
		ID:          t.ID,
		Kind:        string(t.Kind),
		RefundID:    optional(t.RefundID),
		RefundState: optional(RefundState(v.Refund.State)),
		AccountID:   t.AccountID,
		PackageID:   t.PackageID,
		State:       TicketState(t.State),
		Queue:       t.Queue,
		DueAt:       t.DueAt.UTC(),
		CreatedAt:   t.CreatedAt.UTC(),
		Messages:    []Message{},
	}
	if v.Case.Amount.Currency != "" {
		out.Amount = toMoneyOrNil(&v.Case.Amount)
	}
	if !viewer.IsStaff() {
		return out
	}
	out.Assignee = optional(t.Assignee)
	out.ApprovalsNeeded = optional(t.Approvals)
	out.Digest = optional(v.Case.Digest())
	matches := mapped(t.Matches, func(m review.Match) Match {
		return Match{Rule: m.Rule, Value: m.Value, Threshold: m.Threshold, Reason: m.Reason}
	})
	out.Matches = &matches
	votes := mapped(v.Case.Decisions, func(d review.Decision) CastVote {
		return CastVote{Reviewer: d.Voter.Subject, Decision: Vote(d.Vote), ReasonCode: d.ReasonCode, At: d.CreatedAt.UTC()}
	})
	out.Votes = &votes
	return out
}
