package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// sweepLimit is how long one sweep may take; what it leaves, the next one finds.
const sweepLimit = time.Minute

// Sweep delivers to the engine what was committed and not heard of: starts of refunds that
// were filed while the engine was away, changes that a crash swallowed. A schedule starts
// it; one that fails is not retried, because the next is seconds away. A sweep with
// nothing to do is one local activity, the shortest history there is.
func Sweep(ctx workflow.Context) (SweepResult, error) {
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: sweepLimit,
		RetryPolicy:            &temporal.RetryPolicy{MaximumAttempts: 1},
	})
	var result SweepResult
	err := workflow.ExecuteLocalActivity(ctx, ActivitySweep).Get(ctx, &result)
	return result, err
}
