package workflows

import (
	"go.temporal.io/sdk/workflow"

	"refunddesk/internal/refund"
)

// hearChanges remembers that standing or dispute changed. The signals are level-triggered:
// what it changed to is read by the step that follows. Screening and crediting look for
// themselves; whoever waits is looked at again.
func (r *process) hearChanges(ctx workflow.Context) {
	for _, name := range []string{SignalStandingChanged, SignalDisputeChanged} {
		channel := workflow.GetSignalChannel(ctx, name)
		workflow.GoNamed(ctx, name, func(ctx workflow.Context) {
			for {
				channel.Receive(ctx, nil)
				r.news = true
			}
		})
	}
}

// heedsNews reports whether a change of standing or dispute is looked at now: while the
// refund waits for somebody, and before crediting, which can be a drain window away.
// Screening and crediting look for themselves.
func (r *process) heedsNews() bool { return r.state.Waits() || r.state == refund.Crediting }

// reassess looks at standing and dispute again when something changed: hold, release,
// reject, or stay.
func (r *process) reassess(ctx workflow.Context) {
	if !r.news {
		return
	}
	r.advance(ctx, r.heedsNews, func() (refund.Step, error) {
		r.news = false
		step, err := r.perform(ctx, ActivityReassess, func(at StepInput) any { return at })
		if err != nil || step.Repeated {
			// The change that woke us may be newer than the result we were given.
			r.news = true
		}
		return step, err
	})
}
