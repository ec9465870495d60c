package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"
)

// How long a wait lasts at least after a wake-up that found nothing to do, doubling from
// one to the other. The clock of the records may be behind the engine's, and a step that
// names the same past moment again must not spin.
const (
	restFirst = time.Second
	restLast  = 30 * time.Minute
)

// alarm is when the clock of a ticket has something to do: remind, escalate, give up
// waiting. The moment comes from the step before, which knows calendar and policy.
type alarm struct {
	at   time.Time // zero: never
	idle int       // wake-ups in a row that found nothing to do
}

// set takes over what a step says. Only a moment that is new and still to come is progress.
func (a *alarm) set(ctx workflow.Context, at time.Time) {
	if at.IsZero() || at.After(workflow.Now(ctx)) && !at.Equal(a.at) {
		a.idle = 0
	}
	a.at = at
}

// await waits for the condition or the alarm, and reports whether the alarm rang. A timer
// that is no longer needed is taken back, so that it wakes nobody.
func (a *alarm) await(ctx workflow.Context, condition func() bool) (rang bool) {
	if a.at.IsZero() {
		until(ctx, condition)
		return false
	}
	if condition() {
		return false
	}
	if wait := max(a.at.Sub(workflow.Now(ctx)), a.rest()); wait > 0 {
		timing, cancel := workflow.WithCancel(ctx)
		defer cancel()
		timer := workflow.NewTimer(timing, wait)
		until(ctx, func() bool { return timer.IsReady() || condition() })
		if !timer.IsReady() {
			return false
		}
	}
	a.idle++
	return true
}

// rest is how long the next wait lasts at least.
func (a *alarm) rest() time.Duration {
	if a.idle == 0 {
		return 0
	}
	return doubled(restFirst, restLast, a.idle)
}

// doubled is the n-th of waits that double from first up to last.
func doubled(first, last time.Duration, n int) time.Duration {
	wait := first
	for range n - 1 {
		if wait *= 2; wait >= last {
			return last
		}
	}
	return wait
}

// until waits for a condition. The context is disconnected from cancellation, so the wait
// ends only when the condition holds.
func until(ctx workflow.Context, condition func() bool) {
	if err := workflow.Await(ctx, condition); err != nil {
		workflow.GetLogger(ctx).Error("A wait was cancelled.", "error", err)
	}
}

// letOthersRun gives every other coroutine its turn: the new one is the last in the row. A
// signal of this task may have been handed to the coroutine that hears it, which has not
// run yet; it is in no channel any more, and a run that ended here would lose it.
func letOthersRun(ctx workflow.Context) {
	done := false
	workflow.Go(ctx, func(workflow.Context) { done = true })
	until(ctx, func() bool { return done })
}
