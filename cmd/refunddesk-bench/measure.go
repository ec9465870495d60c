package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// sample is what one segment measured.
type sample struct {
	Round    int                `json:"round"`
	Workload string             `json:"workload"`
	Clients  int                `json:"clients"`
	Count    int                `json:"count"`
	Rate     float64            `json:"per_second"`
	P50      float64            `json:"p50_ms"`
	P99      float64            `json:"p99_ms"`
	CPU      map[string]float64 `json:"cpu_ms_each,omitempty"` // by part, for each operation
}

// warmUp is how long each workload runs before the first round, unmeasured.
const warmUp = 500 * time.Millisecond

// measure runs all rounds. Within a round the workloads take turns at every number of
// clients, and each round begins with another one, so that what else the machine does
// meets all of them.
func (b *bench) measure(ctx context.Context, p *progress) (*report, error) {
	workloads := b.workloads()
	out := &report{Machine: b.machine, Rounds: b.flags.Rounds, Seconds: b.flags.Seconds, clients: b.flags.Clients}
	p.begin(b.flags.Rounds * len(b.flags.Clients) * len(workloads))
	defer p.end()
	for _, w := range workloads {
		if _, err := b.segment(ctx, w, slices.Max(b.flags.Clients), warmUp); err != nil {
			return nil, fmt.Errorf("warm up: %s: %w", w.title, err)
		}
	}
	for round := range b.flags.Rounds {
		for _, clients := range b.flags.Clients {
			for i := range workloads {
				w := workloads[(i+round)%len(workloads)]
				s, err := b.segment(ctx, w, clients, b.flags.segment())
				if err != nil {
					return nil, fmt.Errorf("%s with %d clients: %w", w.title, clients, err)
				}
				if w.name == nameRefund && b.flags.Statements > 0 { // the last segment's count
					if out.Statements, err = b.statements(ctx, s.Count); err != nil {
						return nil, err
					}
				}
				s.Round = round + 1
				out.Samples = append(out.Samples, s)
				p.step(w, s)
			}
		}
	}
	out.Machine.LoadAfter = loadAverage()
	return out, nil
}

// segment lets the clients do the workload over and over until the time is up. The clock
// stops when all that was begun is done, mails included; the CPU clocks a little later,
// when the engine has nothing more to do for it.
func (b *bench) segment(ctx context.Context, w workload, clients int, length time.Duration) (sample, error) {
	if w.refunds {
		if err := b.stock.fill(ctx, int(length.Seconds()*b.stock.fastest)+clients); err != nil {
			return sample{}, err
		}
	}
	if w.name == nameRefund && b.flags.Statements > 0 {
		if err := b.countStatements(ctx); err != nil {
			return sample{}, err
		}
	}
	before := b.cpu()
	start := time.Now()
	took, err := repeat(ctx, clients, start.Add(length), w)
	if err != nil {
		return sample{}, err
	}
	if len(took) == 0 {
		return sample{}, errors.New("nothing was done")
	}
	if w.refunds {
		if err := b.mailbox.await(ctx, b.acknowledgements()); err != nil {
			return sample{}, err
		}
	}
	elapsed := time.Since(start)
	if err := b.baseline.quiet(ctx); err != nil {
		return sample{}, err
	}
	s := sample{Workload: w.name, Clients: clients, Count: len(took), Rate: float64(len(took)) / elapsed.Seconds(), CPU: map[string]float64{}}
	slices.Sort(took)
	s.P50, s.P99 = milliseconds(quantile(took, 0.50)), milliseconds(quantile(took, 0.99))
	for part, used := range b.cpu().since(before) {
		s.CPU[part] = milliseconds(used) / float64(len(took))
	}
	if w.refunds {
		b.stock.fastest = max(b.stock.fastest, 2*s.Rate)
	}
	return s, nil
}

// repeat has each client do it until the deadline, and gives how long each time took.
func repeat(ctx context.Context, clients int, deadline time.Time, w workload) ([]time.Duration, error) {
	each := make([][]time.Duration, clients)
	group, ctx := errgroup.WithContext(ctx)
	for client := range clients {
		group.Go(func() error {
			for time.Now().Before(deadline) {
				took, err := w.once(ctx)
				if errors.Is(err, errOutOfStock) {
					return nil
				}
				if err != nil {
					return err
				}
				each[client] = append(each[client], took)
				if err := pause(ctx, w.pause); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := group.Wait()
	return slices.Concat(each...), err
}

func pause(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// quantile of what is sorted and not empty: the nearest rank.
func quantile[T any](sorted []T, q float64) T {
	rank := int(q*float64(len(sorted)) + 0.5)
	return sorted[min(max(rank, 1), len(sorted))-1]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
