package activities

import (
	"context"

	"refunddesk/workflows"
)

// Housekeeping is what schedules have done.
type Housekeeping struct {
	Sweeper Sweeper
}

// Sweep delivers the engine intents that the fast path left behind.
func (h Housekeeping) Sweep(ctx context.Context) (result workflows.SweepResult, err error) {
	defer answer(ctx, &err)
	delivered, err := h.Sweeper.Sweep(ctx)
	return workflows.SweepResult{Delivered: delivered}, err
}
