package workflows

import (
	"go.temporal.io/sdk/workflow"

	"refunddesk/internal/refund"
)

// hearChanges remembers that something changed that the refund may depend on. The signals
// are level-triggered: what it changed to is read by the step that follows. Screening and
// crediting look for themselves; whoever waits is looked at again.
func (r *process) hearChanges(ctx workflow.Context) {
	for _, name := range []string{SignalStandingChanged, SignalDisputeChanged, SignalPauseChanged, SignalTicketChanged} {
		channel := workflow.GetSignalChannel(ctx, name)
		workflow.GoNamed(ctx, name, func(ctx workflow.Context) {
			for {
				channel.Receive(ctx, nil)
				r.news = true
				r.said = r.said || name == SignalTicketChanged
			}
		})
	}
}

// heedsNews reports whether a change is looked at now: while the refund waits for somebody,
// and before crediting, which can be a drain window away. Screening and crediting look for
// themselves.
func (r *process) heedsNews() bool { return r.state.Waits() || r.state == refund.Crediting }

// reassess looks again at all that may have changed, the time among it: hold, release,
// remind, escalate, back to review, reject, or stay.
func (r *process) reassess(ctx workflow.Context) {
	if !r.news {
		return
	}
	r.advance(ctx, r.heedsNews, func() (refund.Step, error) { return r.look(ctx) })
}

func (r *process) look(ctx workflow.Context) (refund.Step, error) {
	said := r.said
	r.news, r.said = false, false
	step, err := r.perform(ctx, ActivityReassess, func(at StepInput) any { return at })
	if err != nil || step.Repeated {
		// The change that woke us may be newer than the result we were given.
		r.news, r.said = true, r.said || said
	}
	return step, err
}

// tellRest delivers what is still to be told when the refund has ended. Something may have
// been said on the ticket just before: the step that ended the refund does not report it.
func (r *process) tellRest(ctx workflow.Context) {
	over := func() bool { return len(r.notices) == 0 && workflow.AllHandlersFinished(ctx) }
	for {
		until(ctx, func() bool { return over() || r.said })
		if !r.said {
			return
		}
		r.advance(ctx, func() bool { return r.said }, func() (refund.Step, error) { return r.look(ctx) })
		if r.failing != "" {
			r.pause(ctx)
		}
	}
}
