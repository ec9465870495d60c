package engine

import (
	"context"
	"sync/atomic"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"refunddesk/activities"
	"refunddesk/internal/fault"
	"refunddesk/workflows"
)

// WorkerOptions of a Worker; all have a default.
type WorkerOptions struct {
	// Steps is how many local activities run at a time: each needs a database connection
	// while it does. 64 when zero.
	Steps int
	// StopTimeout is how long steps that are under way may take when the worker stops;
	// 10 s when zero. What is cut off is done again elsewhere, under the same operation id.
	StopTimeout time.Duration
}

// Worker carries out workflows and activities. It must be made from the Client that starts
// workflows: only then does a refund's first task stay in the process.
type Worker struct {
	client *Client
	o      WorkerOptions
	ports  activities.Ports

	stop  context.CancelFunc
	ended chan struct{}
	ready atomic.Bool
}

// NewWorker makes a worker with every workflow and activity registered.
func NewWorker(c *Client, o WorkerOptions, ports activities.Ports) *Worker {
	o.Steps = orDefault(o.Steps, 64)
	o.StopTimeout = orDefault(o.StopTimeout, 10*time.Second)
	return &Worker{client: c, o: o, ports: ports, ended: make(chan struct{})}
}

// Start returns at once. The worker begins when the engine and its namespace are there, and
// begins anew when it met an error that it cannot go on from.
func (w *Worker) Start() {
	ctx, stop := context.WithCancel(context.Background())
	w.stop = stop
	go w.run(ctx)
}

// Ready reports whether the worker takes work.
func (w *Worker) Ready() bool { return w.ready.Load() }

// Stop takes no more work, waits for what is under way, at most StopTimeout, and returns.
func (w *Worker) Stop() {
	if w.stop == nil {
		return
	}
	w.stop()
	<-w.ended
}

// workerPause is how long to wait before looking for the engine again.
const workerPause = time.Second

func (w *Worker) run(ctx context.Context) {
	defer close(w.ended)
	for quiet := false; ctx.Err() == nil; {
		err := w.serve(ctx)
		if err != nil && ctx.Err() == nil && !quiet {
			quiet = true // once per standstill
			w.client.log.Warn("The worker waits for the engine.", "code", fault.CodeOf(faultOf(err)), "error", err)
		}
		if err == nil {
			quiet = false
		}
		select {
		case <-ctx.Done():
		case <-time.After(workerPause):
		}
	}
}

// serve works until ctx ends or the worker dies; an error means that it could not begin.
func (w *Worker) serve(ctx context.Context) error {
	// Looked for first: starting a worker cannot be interrupted.
	if err := w.client.Ready(ctx); err != nil {
		return err
	}
	_, err := w.client.temporal.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: w.client.o.Namespace})
	if err != nil {
		return err
	}
	died := make(chan struct{}, 1)
	sdk := w.build(func(err error) {
		w.client.log.Error("The worker died and is started again.", "code", fault.CodeOf(faultOf(err)), "error", err)
		select {
		case died <- struct{}{}:
		default:
		}
	})
	if err := sdk.Start(); err != nil {
		return err
	}
	w.ready.Store(true)
	w.client.log.Info("The worker takes work.", "task_queue", w.client.o.TaskQueue)
	defer w.ready.Store(false)
	select {
	case <-ctx.Done():
		sdk.Stop()
	case <-died: // has stopped itself
	}
	return nil
}

func (w *Worker) build(onFatal func(error)) worker.Worker {
	sdk := worker.New(w.client.temporal, w.client.o.TaskQueue, worker.Options{
		MaxConcurrentLocalActivityExecutionSize: w.o.Steps,
		// Regular activities are the fallback of steps and slow mail.
		MaxConcurrentActivityExecutionSize: w.o.Steps,
		// First tasks come eagerly with the start and need no poller; these serve
		// signals, updates, timers, and workflows that another process started.
		MaxConcurrentWorkflowTaskPollers: 4,
		MaxConcurrentActivityTaskPollers: 2,
		WorkerStopTimeout:                w.o.StopTimeout,
		// One second, the default, is met by a busy machine and not only by a deadlock.
		DeadlockDetectionTimeout:    5 * time.Second,
		DisableRegistrationAliasing: true,
		OnFatalError:                onFatal,
	})
	Register(sdk, w.ports)
	return sdk
}

// Registry takes workflows and activities: a worker, a replayer's twin in tests.
type Registry interface {
	activities.Registry
	RegisterWorkflowWithOptions(w any, options workflow.RegisterOptions)
}

// Register makes every workflow and activity known under its name.
func Register(to Registry, ports activities.Ports) {
	to.RegisterWorkflowWithOptions(workflows.Refund, workflow.RegisterOptions{Name: workflows.WorkflowRefund})
	to.RegisterWorkflowWithOptions(workflows.Question, workflow.RegisterOptions{Name: workflows.WorkflowQuestion})
	to.RegisterWorkflowWithOptions(workflows.Sweep, workflow.RegisterOptions{Name: workflows.WorkflowSweep})
	to.RegisterWorkflowWithOptions(workflows.Notice, workflow.RegisterOptions{Name: workflows.WorkflowNotice})
	activities.Register(to, ports)
}
