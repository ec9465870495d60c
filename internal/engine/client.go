// Package engine is RefundDesk's side of the workflow engine (Temporal): it starts and
// signals workflows, carries commands to them, reads their histories, runs the worker and
// sets up what the engine must know beforehand. One Client serves a whole process, so
// that a workflow's first task stays in the process that started it.
package engine

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"go.temporal.io/sdk/client"

	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
)

// Outbox is what the engine needs of the records: intents that were committed with a
// change and not delivered yet. Its methods return fault Unavailable when the database is
// away; StartInput returns fault NotFound when there is no such refund.
type Outbox interface {
	// Undelivered returns intents older than olderThan that are not marked, oldest first.
	Undelivered(ctx context.Context, olderThan time.Duration, limit int) ([]desk.Intent, error)
	// Delivered marks intents; one that is marked already stays as it was.
	Delivered(ctx context.Context, ids ...string) error
	// StartInput is what a refund's workflow is started with.
	StartInput(ctx context.Context, refundID string) (desk.StartInput, error)
}

// Options of a Client; Address and Outbox are required, the rest has a default.
type Options struct {
	Address   string // host:port of the engine
	Namespace string // "default" when empty
	TaskQueue string // "refunds" when empty
	Outbox    Outbox
	Log       *slog.Logger // slog's default when nil

	// Retention is how long the engine keeps closed workflows, for a namespace that
	// Prepare has to register; 7 days when zero.
	Retention time.Duration
	// SweepEvery is the interval of the sweep; 10 s when zero.
	SweepEvery time.Duration
	// CommandTimeout is how long a command waits for the workflow's answer; 8 s when zero.
	CommandTimeout time.Duration
	// Deliverers is how many intents are delivered at a time; 32 when zero.
	Deliverers int
	// Backlog is how many intents wait to be delivered; the sweep finds what does not fit.
	// 4,096 when zero.
	Backlog int
}

func (o Options) withDefaults() Options {
	if o.Namespace == "" {
		o.Namespace = client.DefaultNamespace
	}
	if o.TaskQueue == "" {
		o.TaskQueue = "refunds"
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	o.Retention = orDefault(o.Retention, 7*24*time.Hour)
	o.SweepEvery = orDefault(o.SweepEvery, 10*time.Second)
	o.CommandTimeout = orDefault(o.CommandTimeout, 8*time.Second)
	o.Deliverers = orDefault(o.Deliverers, 32)
	o.Backlog = orDefault(o.Backlog, 4096)
	return o
}

func orDefault[T time.Duration | int](value, standard T) T {
	if value <= 0 {
		return standard
	}
	return value
}

// Client speaks to the engine. It implements desk.Engine and activities.Sweeper.
type Client struct {
	o        Options
	temporal client.Client
	log      *slog.Logger

	backlog chan desk.Intent
	stop    context.CancelFunc // ends what runs in the background
	workers sync.WaitGroup
}

var _ desk.Engine = (*Client)(nil)

// Open makes a Client. It connects when it is first used, so a process starts while the
// engine is down. It returns a fault naming the option that makes no sense.
func Open(o Options) (*Client, error) {
	if o.Address == "" {
		return nil, fault.InvalidField("engine", "is the engine's host:port")
	}
	if o.Outbox == nil {
		return nil, fault.New(fault.Internal, "internal", "The engine's client was opened without an outbox.")
	}
	o = o.withDefaults()
	temporal, err := client.NewLazyClient(client.Options{
		HostPort:  o.Address,
		Namespace: o.Namespace,
		Logger:    sdkLog(o.Log),
	})
	if err != nil {
		return nil, fault.InvalidField("engine", "cannot be used: %v", err).With(err)
	}
	return newClient(temporal, o), nil
}

func newClient(temporal client.Client, o Options) *Client {
	o = o.withDefaults()
	return &Client{
		o: o, temporal: temporal, log: o.Log,
		backlog: make(chan desk.Intent, o.Backlog),
		stop:    func() {},
	}
}

// Start begins to deliver what Hear is given, and prepares the engine in the background,
// again and again until it has worked.
func (c *Client) Start() {
	ctx := c.startDeliveries()
	c.workers.Go(func() {
		_ = c.Prepare(ctx) // tries until it has worked, or the client closes
	})
}

// startDeliveries returns the context that Close ends.
func (c *Client) startDeliveries() context.Context {
	ctx, stop := context.WithCancel(context.Background())
	c.stop = stop
	for range c.o.Deliverers {
		c.workers.Go(func() { c.deliverBacklog(ctx) })
	}
	return ctx
}

// Close ends the deliveries, waits for those under way, and disconnects. What was still
// waiting is found by the sweep. Stop the worker first.
func (c *Client) Close() {
	c.stop()
	c.workers.Wait()
	c.temporal.Close()
}

// Temporal is the SDK's client, for programs that record or measure.
func (c *Client) Temporal() client.Client { return c.temporal }

// readyLimit is how long the engine may take to say that it is there.
const readyLimit = 2 * time.Second

// Ready returns nil when the engine answers, else ErrUnavailable.
func (c *Client) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	if _, err := c.temporal.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		return ErrUnavailable.With(err)
	}
	return nil
}
