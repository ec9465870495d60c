package workflows

import (
	"slices"
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

// courier tells a customer what happened, in order, beside the steps of the workflow that
// it belongs to.
type courier struct {
	notices []PendingNotice
	dead    int // notices given up
	execute func(ctx workflow.Context, activity string, input, result any) error
}

// deliverNotices begins to deliver what is in line, now and later.
func (c *courier) deliverNotices(ctx workflow.Context) {
	workflow.GoNamed(ctx, "notices", func(ctx workflow.Context) {
		for {
			until(ctx, func() bool { return len(c.notices) > 0 })
			if err := tell(ctx, c.notices[0]); err != nil {
				c.bury(ctx, c.notices[0])
			}
			c.notices = c.notices[1:]
		}
	})
}

// tellLater puts notices in line. One that is in line already stays where it is: a step
// that found another state than it starts from reports what is still to be told.
func (c *courier) tellLater(ctx workflow.Context, ids []string) {
	for _, id := range ids {
		if !slices.ContainsFunc(c.notices, func(n PendingNotice) bool { return n.ID == id }) {
			c.notices = append(c.notices, PendingNotice{ID: id, Since: workflow.Now(ctx)})
		}
	}
}

// tell delivers one notice. It returns an error when the notice is to be given up: its
// time is over, or the other side will never take it.
func tell(ctx workflow.Context, n PendingNotice) error {
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
// and the workflow ends all the same.
func (c *courier) bury(ctx workflow.Context, n PendingNotice) {
	c.dead++
	if err := c.execute(ctx, ActivityBuryNotice, NoticeInput{NoticeID: n.ID}, nil); err != nil {
		workflow.GetLogger(ctx).Error("A notice was given up and could not be marked so.", "notice", n.ID, "code", codeOf(err))
	}
}
