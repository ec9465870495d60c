package api

import (
	"context"

	"refunddesk/internal/desk"
)

func (s *server) ListPauses(ctx context.Context, r ListPausesRequestObject) (ListPausesResponseObject, error) {
	ctx, actor := caller(ctx)
	page, err := s.Desk.Pauses(ctx, actor, given(r.Params.InForce, false), paging(r.Params.Limit, r.Params.Cursor))
	if err != nil {
		return nil, err
	}
	return ListPauses200JSONResponse{Items: mapped(page.Items, s.toPause), NextCursor: optional(page.Next)}, nil
}

func (s *server) PauseCrediting(ctx context.Context, r PauseCreditingRequestObject) (PauseCreditingResponseObject, error) {
	ctx, actor := caller(ctx)
	p, err := s.Desk.Pause(ctx, actor, desk.Pause{
		Scope: desk.PauseScope(r.Body.Scope), Target: given(r.Body.Target, ""), Reason: r.Body.Reason, ExpiresAt: moment(r.Body.ExpiresAt),
	})
	if err != nil {
		return nil, err
	}
	return PauseCrediting201JSONResponse(s.toPause(p)), nil
}

func (s *server) PreviewPause(ctx context.Context, r PreviewPauseRequestObject) (PreviewPauseResponseObject, error) {
	ctx, actor := caller(ctx)
	effect, err := s.Desk.PauseEffect(ctx, actor, desk.PauseScope(r.Body.Scope), given(r.Body.Target, ""))
	if err != nil {
		return nil, err
	}
	states := mapped(effect.States, func(c desk.StateCount) StateCount {
		return StateCount{State: RefundState(c.State), Count: c.Count, Money: mapped(c.Money, toMoney)}
	})
	return PreviewPause200JSONResponse{States: states, Held: effect.Held}, nil
}

func (s *server) EndPause(ctx context.Context, r EndPauseRequestObject) (EndPauseResponseObject, error) {
	ctx, actor := caller(ctx)
	p, err := s.Desk.EndPause(ctx, actor, r.ID)
	if err != nil {
		return nil, err
	}
	return EndPause200JSONResponse(s.toPause(p)), nil
}

func (s *server) toPause(p desk.Pause) Pause {
	return Pause{
		ID:        p.ID,
		Scope:     PauseScope(p.Scope),
		Target:    optional(p.Target),
		Reason:    p.Reason,
		By:        p.By,
		InForce:   p.InForce(s.Now()),
		ExpiresAt: p.ExpiresAt.UTC(),
		EndedAt:   utc(p.EndedAt),
		EndedBy:   optional(p.EndedBy),
		CreatedAt: p.CreatedAt.UTC(),
	}
}
