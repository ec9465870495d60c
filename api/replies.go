package api

import (
	"context"

	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

func (s *server) ListSavedReplies(ctx context.Context, _ ListSavedRepliesRequestObject) (ListSavedRepliesResponseObject, error) {
	ctx, actor := caller(ctx)
	replies, err := s.Desk.SavedReplies(ctx, actor)
	if err != nil {
		return nil, err
	}
	return ListSavedReplies200JSONResponse{Items: mapped(replies, toReply)}, nil
}

func (s *server) CreateSavedReply(ctx context.Context, r CreateSavedReplyRequestObject) (CreateSavedReplyResponseObject, error) {
	ctx, actor := caller(ctx)
	saved, err := s.Desk.SaveReply(ctx, actor, review.SavedReply{Title: r.Body.Title, Body: fromWording(r.Body.Body)})
	if err != nil {
		return nil, err
	}
	return CreateSavedReply201JSONResponse(toReply(saved)), nil
}

func (s *server) ChangeSavedReply(ctx context.Context, r ChangeSavedReplyRequestObject) (ChangeSavedReplyResponseObject, error) {
	ctx, actor := caller(ctx)
	saved, err := s.Desk.SaveReply(ctx, actor, review.SavedReply{
		ID: r.ID, Title: r.Body.Title, Body: fromWording(r.Body.Body), Version: r.Body.Version,
	})
	if err != nil {
		return nil, err
	}
	return ChangeSavedReply200JSONResponse(toReply(saved)), nil
}

func (s *server) DeleteSavedReply(ctx context.Context, r DeleteSavedReplyRequestObject) (DeleteSavedReplyResponseObject, error) {
	ctx, actor := caller(ctx)
	if err := s.Desk.DeleteReply(ctx, actor, r.ID); err != nil {
		return nil, err
	}
	return DeleteSavedReply204Response{}, nil
}

func fromWording(w Wording) map[string]string {
	body := map[string]string{}
	if w.En != nil {
		body[refund.English] = *w.En
	}
	if w.ZhHans != nil {
		body[refund.SimplifiedChinese] = *w.ZhHans
	}
	return body
}

func toReply(r review.SavedReply) SavedReply {
	out := SavedReply{ID: r.ID, Title: r.Title, Version: r.Version, UpdatedBy: r.UpdatedBy, UpdatedAt: r.UpdatedAt.UTC()}
	out.Body.En = optional(r.Body[refund.English])
	out.Body.ZhHans = optional(r.Body[refund.SimplifiedChinese])
	return out
}
