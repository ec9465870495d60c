package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// How long a notice is tried. A mail server that is up takes it in the first second; one
// that is down delays the notice, never the refund.
const (
	noticeLocalLimit = time.Second
	noticeTryLimit   = 30 * time.Second
	noticeLifetime   = 7 * 24 * time.Hour
	noticeRetryFirst = 5 * time.Second
	noticeRetryLast  = 10 * time.Minute
)

// deliverNotices tells the customer what happened, in order, beside the refund's own steps.
func (r *process) deliverNotices(ctx workflow.Context) {
	workflow.GoNamed(ctx, "notices", func(ctx workflow.Context) {
		for {
			r.until(ctx, func() bool { return len(r.notices) > 0 })
			if err := r.tell(ctx, r.notices[0]); err != nil {
				r.bury(ctx, r.notices[0])
			}
			r.notices = r.notices[1:]
		}
	})
}

// tell delivers one notice. It returns an error when the notice is to be given up: its
// time is over, or the other side will never take it.
func (r *process) tell(ctx workflow.Context, n PendingNotice) error {
	input := NoticeInput{NoticeID: n.ID}
	local := workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		StartToCloseTimeout: noticeLocalLimit, ScheduleToCloseTimeout: noticeLocalLimit, RetryPolicy: once,
	})
	err := workflow.ExecuteLocalActivity(local, ActivityNotify, input).Get(ctx, nil)
	if err == nil || hopeless(err) {
		return err
	}
	left := n.Since.Add(noticeLifetime).Sub(workflow.Now(ctx))
	if left <= 0 {
		return err
	}
	regular := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		ScheduleToCloseTimeout: left,
		StartToCloseTimeout:    noticeTryLimit,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: noticeRetryFirst, BackoffCoefficient: 2, MaximumInterval: noticeRetryLast,
			NonRetryableErrorTypes: []string{FailureInternal},
		},
	})
	return workflow.ExecuteActivity(regular, ActivityNotify, input).Get(ctx, nil)
}

// bury makes a notice a dead letter. When not even that can be recorded, the log says so
// and the refund ends all the same.
func (r *process) bury(ctx workflow.Context, n PendingNotice) {
	r.dead++
	if err := r.execute(ctx, ActivityBuryNotice, NoticeInput{NoticeID: n.ID}, nil); err != nil {
		workflow.GetLogger(ctx).Error("A notice was given up and could not be marked so.", "notice", n.ID, "code", codeOf(err))
	}
}
