package workflows

import "go.temporal.io/sdk/workflow"

// Notice sends a message again that had been given up. It is a workflow of its own, because
// that of the refund or the question may have ended; like theirs it tries for seven days and
// gives the message up then. Should one of theirs send it beside this one, it carries the
// same Message-ID.
//
// Like Refund it cannot be cancelled.
func Notice(ctx workflow.Context, in NoticeInput) error {
	askVersion(ctx, changeNotice, FirstNotice, latestNotice)
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	if tell(ctx, PendingNotice{ID: in.NoticeID, Since: workflow.Now(ctx)}) == nil {
		return nil
	}
	workflow.GetLogger(ctx).Warn("A message was sent again and given up again.", "notice", in.NoticeID)
	return execute(ctx, func(workflow.Context) {}, ActivityBuryNotice, in, nil)
}
