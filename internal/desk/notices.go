package desk

import (
	"context"

	"refunddesk/internal/audit"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
)

// ErrNoticeNotFailed refuses to send again what was not given up.
var ErrNoticeNotFailed = fault.New(fault.Conflict, "notice-not-failed", "Only a message that was given up is sent again.")

// RefundNotices gives the messages that were to be sent about a refund, oldest first: that
// there were any and what became of them, never their words. For staff.
func (d *Desk) RefundNotices(ctx context.Context, actor identity.Actor, refundID string) ([]NoticeView, error) {
	if _, err := d.refundInside(ctx, actor, refundID); err != nil {
		return nil, err
	}
	return d.records.RefundNotices(ctx, refundID)
}

// FailedNotices lists the messages that were given up, newest first. For admins and auditors.
func (d *Desk) FailedNotices(ctx context.Context, actor identity.Actor, p Paging) (Page[NoticeView], error) {
	if err := need(actor, identity.Admin, identity.Auditor); err != nil {
		return Page[NoticeView]{}, err
	}
	return d.records.FailedNotices(ctx, p)
}

// RetryNotice has a message that was given up sent again. Only for admins. Errors: not-found;
// notice-not-failed.
func (d *Desk) RetryNotice(ctx context.Context, actor identity.Actor, id string) (NoticeView, error) {
	v, err := d.retryNotice(ctx, actor, id)
	if err != nil {
		return NoticeView{}, d.refused(ctx, actor, audit.NoticeRefused, "", "", err)
	}
	return v, nil
}

func (d *Desk) retryNotice(ctx context.Context, actor identity.Actor, id string) (NoticeView, error) {
	if err := needWriter(actor, identity.Admin); err != nil {
		return NoticeView{}, err
	}
	v, intents, err := d.records.RetryNotice(ctx, actor, id)
	d.engine.Hear(intents...)
	return v, err
}
