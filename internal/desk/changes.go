package desk

import (
	"context"
	"time"

	"refunddesk/internal/identity"
)

// lookEvery is how often Changes reads the record: what another process changed is not
// heard of.
const lookEvery = 3 * time.Second

// Changes ticks after each change of the refund that the actor may see: of how it stands and
// of what was said on it. Several at once may be one tick. Whoever calls reads the refund
// after it, and once at the beginning. The channel is closed when ctx is over or the
// function is called. For the refund's owner and for staff. Errors: not-found.
func (d *Desk) Changes(ctx context.Context, actor identity.Actor, refundID string) (<-chan struct{}, func(), error) {
	r, err := d.refundFor(ctx, actor, refundID)
	if err != nil {
		return nil, nil, err
	}
	inside := seesInside(actor, r.AccountID)
	heard, unhear := d.watch.Changes(refundID)
	// After the watch began and before the caller reads: no change falls between.
	mark, err := d.records.RefundMark(ctx, refundID, inside)
	if err != nil {
		unhear()
		return nil, nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	ticks := make(chan struct{}, 1)
	go func() {
		defer close(ticks)
		defer unhear()
		look := time.NewTicker(lookEvery)
		defer look.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-heard:
			case <-look.C:
			}
			now, err := d.records.RefundMark(ctx, refundID, inside)
			if err != nil || now == mark {
				continue // a database that is away is asked again
			}
			mark = now
			select {
			case ticks <- struct{}{}:
			default: // the last tick is still to be taken
			}
		}
	}()
	return ticks, stop, nil
}
