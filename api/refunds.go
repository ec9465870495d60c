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
	locale := localeOf(ctx)
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
		Body:    toRefundView(view, actor, locale),
		Headers: FileRefund202ResponseHeaders{Location: "/v1/refunds/" + view.ID},
	}
	if asked {
		answer.Headers.PreferenceApplied = applied(wait)
	}
	return answer, nil
}

func applied(wait time.Duration) *string {
	preference := "wait=" + strconv.Itoa(int(wait/time.Second))
	return &preference
}

func (s *server) AppealRefund(ctx context.Context, r AppealRefundRequestObject) (AppealRefundResponseObject, error) {
	wait, asked, err := parseWait(given(r.Params.Prefer, ""))
	if err != nil {
		return nil, err
	}
	locale := localeOf(ctx)
	ctx, actor := caller(ctx)
	view, err := s.Desk.Appeal(ctx, actor, r.ID, r.Body.Note, wait)
	if err != nil {
		return nil, err
	}
	answer := AppealRefund202JSONResponse{
		Body:    toRefundView(view, actor, locale),
		Headers: AppealRefund202ResponseHeaders{Location: "/v1/refunds/" + view.ID},
	}
	if asked {
		answer.Headers.PreferenceApplied = applied(wait)
	}
	return answer, nil
}

func (s *server) GetRefund(ctx context.Context, r GetRefundRequestObject) (GetRefundResponseObject, error) {
	locale := localeOf(ctx)
	ctx, actor := caller(ctx)
	view, err := s.Desk.Refund(ctx, actor, r.ID)
	if err != nil {
		return nil, err
	}
	return GetRefund200JSONResponse(toRefundView(view, actor, locale)), nil
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
	locale := localeOf(ctx)
	ctx, actor := caller(ctx)
	view, err := s.Desk.Withdraw(ctx, actor, r.ID)
	if err != nil {
		return nil, err
	}
	return WithdrawRefund200JSONResponse(toRefundView(view, actor, locale)), nil
}

func (s *server) RetryRefund(ctx context.Context, r RetryRefundRequestObject) (RetryRefundResponseObject, error) {
	locale := localeOf(ctx)
	ctx, actor := caller(ctx)
	view, err := s.Desk.Retry(ctx, actor, r.ID, r.Body.Reason)
	if err != nil {
		return nil, err
	}
	return RetryRefund200JSONResponse(toRefundView(view, actor, locale)), nil
}

// toRefund shows what the refund's own record says, as lists do.
func toRefund(r refund.Refund) Refund {
	out := Refund{
		ID:            r.ID,
		State:         RefundState(r.State),
		MovesNext:     Mover(r.MovesNext()),
		AccountID:     r.AccountID,
		PackageID:     r.PackageID,
		ReasonCode:    RefundReason(r.ReasonCode),
		Quote:         toQuote(r.Quote),
		Amount:        toMoneyOrNil(r.Amount),
		Verdict:       optional(Verdict(r.Verdict)),
		PolicyVersion: optional(r.PolicyVersion),
		AppealOf:      optional(r.AppealOf),
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

// toRefundView adds what happened to the refund. Who decided is for staff only. The words for
// the customer are in the locale asked for, else in the customer's own.
func toRefundView(v desk.RefundView, viewer identity.Actor, locale string) Refund {
	out := toRefund(v.Refund)
	out.Explanation = optional(v.Explanation(locale))
	out.TicketID = optional(v.TicketID)
	out.AnswerBy = utc(v.AnswerBy)
	timeline := mapped(v.Timeline(viewer), func(t desk.TimelineItem) TimelineItem {
		return TimelineItem{At: t.At.UTC(), State: RefundState(t.State), ActorRole: string(t.Role), ReasonCode: optional(t.ReasonCode)}
	})
	out.Timeline = &timeline
	if ruling := v.Ruling(); ruling != nil {
		out.Decision = &Decision{Outcome: Vote(ruling.Outcome), ReasonCode: ruling.ReasonCode}
		if !ruling.At.IsZero() {
			out.Decision.DecidedAt = utc(&ruling.At)
		}
		if seesInside(viewer, v.AccountID) {
			out.Decision.DecidedBy = optional(ruling.By)
		}
	}
	return out
}
