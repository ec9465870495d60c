package engine

import (
	"context"
	"sync"
	"time"

	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
)

const (
	// sweepAge spares what the fast path is about to deliver.
	sweepAge = 5 * time.Second
	// sweepBatch is how many intents are read at a time.
	sweepBatch = 200
	// sweepers is how many of them are delivered at a time.
	sweepers = 8
)

// Sweep delivers the intents that the fast path left behind and marks them, batch after
// batch while all goes well. It implements activities.Sweeper. It returns an error when
// nothing could be delivered although something was due.
func (c *Client) Sweep(ctx context.Context) (delivered int, err error) {
	for {
		due, err := c.o.Outbox.Undelivered(ctx, sweepAge, sweepBatch)
		if err != nil {
			return delivered, err
		}
		done, failure := c.deliverAll(ctx, due)
		if len(done) > 0 {
			if err := c.o.Outbox.Delivered(ctx, done...); err != nil {
				return delivered, err
			}
		}
		delivered += len(done)
		if failure != nil {
			c.log.Warn("The sweep left intents behind.", "due", len(due), "delivered", len(done), "code", fault.CodeOf(faultOf(failure)))
			if delivered == 0 {
				return 0, faultOf(failure)
			}
		}
		if len(done) < sweepBatch {
			return delivered, nil
		}
	}
}

// deliverAll returns the ids of what the engine has heard, and the last failure.
func (c *Client) deliverAll(ctx context.Context, due []desk.Intent) (done []string, failure error) {
	var (
		mu      sync.Mutex
		workers sync.WaitGroup
		next    = make(chan desk.Intent)
	)
	for range min(sweepers, len(due)) {
		workers.Go(func() {
			for intent := range next {
				one, cancel := context.WithTimeout(ctx, deliveryLimit)
				_, err := c.deliver(one, intent)
				cancel()
				mu.Lock()
				if err != nil {
					failure = err
				} else {
					done = append(done, intent.ID)
				}
				mu.Unlock()
			}
		})
	}
	for _, intent := range due {
		next <- intent
	}
	close(next)
	workers.Wait()
	return done, failure
}
