package workflows

import "go.temporal.io/sdk/workflow"

// shouldRenew reports whether the history has grown so long that a new run is due.
func shouldRenew(ctx workflow.Context) bool {
	return workflow.GetInfo(ctx).GetContinueAsNewSuggested()
}

// calm waits until no command is being carried out and every signal of this task has been
// taken note of, and reports whether the refund is still open then.
func (r *process) calm(ctx workflow.Context) bool {
	for {
		until(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
		letOthersRun(ctx)
		if workflow.AllHandlersFinished(ctx) {
			return !r.state.Final()
		}
	}
}

// renew continues as new. A notice that is being delivered is delivered again by the next
// run: it finds it sent, or sends it under the same Message-ID.
func (r *process) renew(ctx workflow.Context) error {
	next := r.in
	next.Resume = &Resume{
		State: r.state, Turn: r.turn, Verdict: r.verdict, TicketID: r.ticketID, Queue: r.queue,
		DueAt: r.dueAt, SettleAt: r.settleAt, WakeAt: r.alarm.at, Idle: r.alarm.idle, Voters: r.voters,
		Notices: r.notices, Dead: r.dead, News: r.news, Said: r.said, Failures: r.failures,
	}
	return workflow.NewContinueAsNewError(ctx, WorkflowRefund, next)
}

// resume takes over what the run before handed on.
func (r *process) resume(from Resume) {
	r.state, r.turn, r.verdict = from.State, from.Turn, from.Verdict
	r.ticketID, r.queue, r.dueAt, r.settleAt = from.TicketID, from.Queue, from.DueAt, from.SettleAt
	r.alarm = alarm{at: from.WakeAt, idle: from.Idle}
	r.voters, r.notices, r.dead = from.Voters, from.Notices, from.Dead
	r.news, r.said, r.failures = from.News, from.Said, from.Failures
	// The engine carries the search attributes over; setting them again costs one event.
	r.published = attributes{}
}
