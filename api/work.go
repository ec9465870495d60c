package api

import (
	"context"

	"refunddesk/internal/desk"
	"refunddesk/internal/review"
)

func (s *server) AskQuestion(ctx context.Context, r AskQuestionRequestObject) (AskQuestionResponseObject, error) {
	ctx, actor := caller(ctx)
	view, err := s.Desk.Ask(ctx, actor, desk.Question{
		Subject:   r.Body.Subject,
		Body:      r.Body.Body,
		PackageID: given(r.Body.PackageID, ""),
		RefundID:  given(r.Body.RefundID, ""),
	})
	if err != nil {
		return nil, err
	}
	return AskQuestion201JSONResponse{
		Body:    toTicket(view, actor),
		Headers: AskQuestion201ResponseHeaders{Location: "/v1/tickets/" + view.Ticket.ID},
	}, nil
}

func (s *server) SendMessage(ctx context.Context, r SendMessageRequestObject) (SendMessageResponseObject, error) {
	ctx, actor := caller(ctx)
	m, err := s.Desk.Say(ctx, actor, r.ID, review.Visibility(text(r.Body.Visibility)), r.Body.Body)
	if err != nil {
		return nil, err
	}
	return SendMessage201JSONResponse(toMessage(m, actor.IsStaff() && m.ByStaff)), nil
}

func (s *server) ClaimTicket(ctx context.Context, r ClaimTicketRequestObject) (ClaimTicketResponseObject, error) {
	ctx, actor := caller(ctx)
	view, err := s.Desk.Claim(ctx, actor, r.ID)
	if err != nil {
		return nil, err
	}
	return ClaimTicket200JSONResponse{TicketJSONResponse(toTicket(view, actor))}, nil
}

func (s *server) ReleaseTicket(ctx context.Context, r ReleaseTicketRequestObject) (ReleaseTicketResponseObject, error) {
	ctx, actor := caller(ctx)
	view, err := s.Desk.Release(ctx, actor, r.ID)
	if err != nil {
		return nil, err
	}
	return ReleaseTicket200JSONResponse{TicketJSONResponse(toTicket(view, actor))}, nil
}

func (s *server) AssignTicket(ctx context.Context, r AssignTicketRequestObject) (AssignTicketResponseObject, error) {
	ctx, actor := caller(ctx)
	view, err := s.Desk.Assign(ctx, actor, r.ID, r.Body.Assignee)
	if err != nil {
		return nil, err
	}
	return AssignTicket200JSONResponse{TicketJSONResponse(toTicket(view, actor))}, nil
}

func (s *server) AssignTickets(ctx context.Context, r AssignTicketsRequestObject) (AssignTicketsResponseObject, error) {
	ctx, actor := caller(ctx)
	assigned, err := s.Desk.AssignAll(ctx, actor, r.Body.TicketIds, r.Body.Assignee)
	if err != nil {
		return nil, err
	}
	return AssignTickets200JSONResponse{Assigned: assigned}, nil
}

func (s *server) SnoozeTicket(ctx context.Context, r SnoozeTicketRequestObject) (SnoozeTicketResponseObject, error) {
	ctx, actor := caller(ctx)
	view, err := s.Desk.Snooze(ctx, actor, r.ID, moment(r.Body.Until))
	if err != nil {
		return nil, err
	}
	return SnoozeTicket200JSONResponse{TicketJSONResponse(toTicket(view, actor))}, nil
}

func (s *server) RequestInformation(ctx context.Context, r RequestInformationRequestObject) (RequestInformationResponseObject, error) {
	ctx, actor := caller(ctx)
	view, err := s.Desk.RequestInformation(ctx, actor, r.ID, r.Body.Body)
	if err != nil {
		return nil, err
	}
	return RequestInformation200JSONResponse{TicketJSONResponse(toTicket(view, actor))}, nil
}

func (s *server) EscalateTicket(ctx context.Context, r EscalateTicketRequestObject) (EscalateTicketResponseObject, error) {
	ctx, actor := caller(ctx)
	view, err := s.Desk.Escalate(ctx, actor, r.ID, r.Body.Reason)
	if err != nil {
		return nil, err
	}
	return EscalateTicket200JSONResponse{TicketJSONResponse(toTicket(view, actor))}, nil
}

func (s *server) ResolveTicket(ctx context.Context, r ResolveTicketRequestObject) (ResolveTicketResponseObject, error) {
	ctx, actor := caller(ctx)
	view, err := s.Desk.Resolve(ctx, actor, r.ID)
	if err != nil {
		return nil, err
	}
	return ResolveTicket200JSONResponse{TicketJSONResponse(toTicket(view, actor))}, nil
}

func (s *server) GetCaseFile(ctx context.Context, r GetCaseFileRequestObject) (GetCaseFileResponseObject, error) {
	ctx, actor := caller(ctx)
	file, err := s.Desk.CaseFile(ctx, actor, r.ID)
	if err != nil {
		return nil, err
	}
	if !seesInside(actor, file.Ticket.AccountID) {
		return nil, desk.ErrForbidden
	}
	out := GetCaseFile200JSONResponse{
		Ticket:  toTicket(file.CaseView, actor),
		Refunds: mapped(file.Refunds, toRefund),
		Notes:   mapped(file.Notes, toNote),
		Linked: mapped(file.Linked, func(l desk.LinkedAccount) LinkedAccount {
			shares := mapped(l.Shares, func(what string) LinkedAccountShares { return LinkedAccountShares(what) })
			return LinkedAccount{AccountID: l.AccountID, Shares: shares, Standing: Standing(l.Standing), Refunds: l.Refunds, Rejected: l.Rejected}
		}),
	}
	if file.Screening != nil {
		screening := toScreening(*file.Screening)
		out.Screening = &screening
	}
	return out, nil
}

func toNote(n desk.Note) Note {
	return Note{
		ID: n.ID, RefundID: optional(n.RefundID), Author: n.Author, Role: optional(string(n.Role)), About: NoteAbout(n.About),
		Body: n.Body, CreatedAt: n.CreatedAt.UTC(),
	}
}
