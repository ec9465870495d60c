package activities

import (
	"context"
	"errors"

	"refunddesk/internal/fault"
	"refunddesk/internal/notify"
	"refunddesk/workflows"
)

// Notification delivers notices.
type Notification struct {
	Notices Notices
	Mailer  Mailer
}

// Notify sends a notice that is still pending and marks it sent. A crash between the two
// sends it again under the same Message-ID.
func (n Notification) Notify(ctx context.Context, in workflows.NoticeInput) (err error) {
	defer answer(ctx, &err)
	notice, err := n.Notices.Notice(ctx, in.NoticeID)
	if err != nil {
		return err
	}
	if notice.State != notify.Pending {
		return nil
	}
	if err := n.Mailer.Send(ctx, notice); err != nil {
		return undelivered(err)
	}
	return n.Notices.MarkNotice(ctx, in.NoticeID, notify.Sent)
}

// errMailAway is what a failure to send is, unless the mailer says what it was.
var errMailAway = fault.New(fault.Unavailable, "mail-unavailable", "The mail server did not take the message.")

// undelivered keeps a mailer's fault (an address that can never work is an answer) and
// takes everything else for a mail server that is away.
func undelivered(err error) error {
	var known *fault.Error
	if errors.As(err, &known) {
		return err
	}
	return errMailAway.With(err)
}

// BuryNotice marks a notice dead, unless it was sent after all.
func (n Notification) BuryNotice(ctx context.Context, in workflows.NoticeInput) (err error) {
	defer answer(ctx, &err)
	notice, err := n.Notices.Notice(ctx, in.NoticeID)
	if err != nil {
		return err
	}
	if notice.State != notify.Pending {
		return nil
	}
	return n.Notices.MarkNotice(ctx, in.NoticeID, notify.Dead)
}
