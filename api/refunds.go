package api

import (
	"context"
	"strconv"
	"time"

	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
)

func (s *server) FileRefund(ctx context.Context, r FileRefundRequestObject) (FileRefundResponseObject, error) {
	wait, asked, err := parseWait(given(r.Params.Prefer, ""))
	if err != nil {
		return nil, err
	}
	ctx, actor := caller(ctx)
	view, err := s.Desk.File(ctx, actor, desk.Filing{
		PackageID:      r.Body.PackageID,
		ReasonCode:     refund.ReasonCode(r.Body.ReasonCode),
		Note:           given(r.Body.Note, ""),
		IdempotencyKey: r.Params.IdempotencyKey,
	}, wait)
	if err != nil {
		return nil, err
	}
	answer := FileRefund202JSONResponse{
		Body:    toRefundView(view, actor),
		Headers: FileRefund202ResponseHeaders{Location: "/v1/refunds/" + view.ID},
	}
	if asked {
		applied := "wait=" + strconv.Itoa(int(wait/time.Second))
		answer.Headers.PreferenceApplied = &applied
	}
	return answer, nil
}

func (s *server) GetRefund(ctx context.Context, r GetRefundRequestObject) (GetRefundResponseObject, error) {
	ctx, actor := caller(ctx)
	view, err := s.Desk.Refund(ctx, actor, r.ID)
	if err != nil {
		return nil, err
	}
	return GetRefund200JSONResponse(toRefundView(view, actor)), nil
}

func (s *server) ListRefunds(ctx context.Context, r ListRefundsRequestObject) (ListRefundsResponseObject, error) {
	ctx, actor := caller(ctx)
	page, err := s.Desk.Refunds(ctx, actor, desk.RefundFilter{
		AccountID: given(r.Params.AccountID, ""),
		PackageID: given(r.Params.PackageID, ""),
		State:     refund.State(text(r.Params.State)),
		Paging:    paging(r.Params.Limit, r.Params.Cursor),
	})
	if err != nil {
		return nil, err
	}
	return ListRefunds200JSONResponse{Items: mapped(page.Items, toRefund), NextCursor: optional(page.Next)}, nil
}

func (s *server) WithdrawRefund(ctx context.Context, r WithdrawRefundRequestObject) (WithdrawRefundResponseObject, error) {
	ctx, actor := caller(ctx)
	view, err := s.Desk.Withdraw(ctx, actor, r.ID)
	if err != nil {
		return nil, err
	}
	return WithdrawRefund200JSONResponse(toRefundView(view, actor)), nil
}

func (s *server) RetryRefund(ctx context.Context, r RetryRefundRequestObject) (RetryRefundResponseObject, error) {
	ctx, actor := caller(ctx)
	view, err := s.Desk.Retry(ctx, actor, r.ID, r.Body.Reason)
	if err != nil {
		return nil, err
	}
	return RetryRefund200JSONResponse(toRefundView(view, actor)), nil
}

// toRefund shows what the refund's own record says, as lists do.
func toRefund(r refund.Refund) Refund {
	out := Refund{
		ID:            r.ID,
		State:         RefundState(r.State),
		MovesNext:     Mover(r.State.MovesNext()),
		AccountID:     r.AccountID,
		PackageID:     r.PackageID,
		ReasonCode:    RefundReason(r.ReasonCode),
		Quote:         toQuote(r.Quote),
		Amount:        toMoneyOrNil(r.Amount),
		Verdict:       optional(Verdict(r.Verdict)),
		PolicyVersion: optional(r.PolicyVersion),
		WorkflowID:    r.WorkflowID,
		CreatedAt:     r.CreatedAt.UTC(),
		UpdatedAt:     r.UpdatedAt.UTC(),
	}
	if len(r.HoldCauses) > 0 {
		causes := mapped(r.HoldCauses, func(c refund.Cause) HoldCause { return HoldCause(c) })
		out.HoldCauses = &causes
	}
	return out
}

// toRefundView adds what happened to the refund. Who decided is for staff only.
func toRefundView(v desk.RefundView, viewer identity.Actor) Refund {
	out := toRefund(v.Refund)
	timeline := mapped(v.Timeline(viewer), func(t desk.TimelineItem) TimelineItem {
		return TimelineItem{At: t.At.UTC(), State: RefundState(t.State), ActorRole: string(t.Role), ReasonCode: optional(t.ReasonCode)}
	})
	out.Timeline = &timeline
	if ruling := v.Ruling(); ruling != nil {
		out.Decision = &Decision{Outcome: Vote(ruling.Outcome), ReasonCode: ruling.ReasonCode}
		if !ruling.At.IsZero() {
			out.Decision.DecidedAt = utc(&ruling.At)
		}
		if viewer.IsStaff() {
			out.Decision.DecidedBy = optional(ruling.By)
		}
	}
	return out
}
