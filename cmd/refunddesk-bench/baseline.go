package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/grpc"
)

// The workflows that refunds are compared with.
const (
	workflowEmpty      = "BenchEmpty"
	workflowActivities = "BenchActivities"
	activityNoop       = "BenchNoop"

	benchQueue = "bench"
	noopLimit  = 10 * time.Second
)

// baseline runs workflows that do nothing on the engine that runs the refunds. Like the
// product it starts them eagerly in the process of their worker, and like the product it
// does not ask the engine for their results, which would cost as much again: a workflow is
// done when the engine has acknowledged its last task.
type baseline struct {
	client client.Client
	worker worker.Worker

	mu      sync.Mutex
	started int
	waiting map[string]chan struct{} // by the engine's name of the workflow
}

func startBaseline(address string) (*baseline, error) {
	b := &baseline{waiting: map[string]chan struct{}{}}
	var err error
	b.client, err = client.Dial(client.Options{
		HostPort: address,
		Logger:   sdklog.NewStructuredLogger(slog.New(slog.NewTextHandler(io.Discard, nil))),
		ConnectionOptions: client.ConnectionOptions{
			DialOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(b.hear)},
		},
	})
	if err != nil {
		return nil, err
	}
	b.worker = worker.New(b.client, benchQueue, worker.Options{
		MaxConcurrentWorkflowTaskPollers: 4, // as the product's
		MaxConcurrentActivityTaskPollers: 4,
	})
	b.worker.RegisterWorkflowWithOptions(func(workflow.Context) error { return nil }, workflow.RegisterOptions{Name: workflowEmpty})
	b.worker.RegisterWorkflowWithOptions(threeActivities, workflow.RegisterOptions{Name: workflowActivities})
	b.worker.RegisterActivityWithOptions(func(context.Context) error { return nil }, activity.RegisterOptions{Name: activityNoop})
	if err := b.worker.Start(); err != nil {
		b.client.Close()
		return nil, err
	}
	return b, nil
}

func threeActivities(ctx workflow.Context) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: noopLimit})
	for range 3 {
		if err := workflow.ExecuteActivity(ctx, activityNoop).Get(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

func (b *baseline) stop() {
	if b != nil {
		b.worker.Stop()
		b.client.Close()
	}
}

// hear notices, on its way through the connection, that the engine took the task that ends
// a workflow.
func (b *baseline) hear(ctx context.Context, method string, request, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	err := invoke(ctx, method, request, reply, cc, opts...)
	task, ok := request.(*workflowservice.RespondWorkflowTaskCompletedRequest)
	if err != nil || !ok {
		return err
	}
	for _, command := range task.GetCommands() {
		if command.GetCommandType() == enumspb.COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION {
			b.ended(task.GetResourceId())
		}
	}
	return nil
}

// resource is what the engine's requests call a workflow.
func resource(workflowID string) string { return "workflow:" + workflowID }

func (b *baseline) ended(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if done, ok := b.waiting[name]; ok {
		close(done)
		delete(b.waiting, name)
	}
}

// expect names the next workflow and gives what is closed when it has ended.
func (b *baseline) expect(kind string) (string, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.started++
	id, done := fmt.Sprintf("%s/%d", kind, b.started), make(chan struct{})
	b.waiting[resource(id)] = done
	return id, done
}

// workflowPatience is how long a workflow that does nothing may take.
const workflowPatience = 30 * time.Second

// once runs one workflow to its end.
func (b *baseline) once(ctx context.Context, kind string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, workflowPatience)
	defer cancel()
	start := time.Now()
	id, done := b.expect(kind)
	_, err := b.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: id, TaskQueue: benchQueue, EnableEagerStart: true}, kind)
	if err != nil {
		return 0, err
	}
	select {
	case <-done:
		return time.Since(start), nil
	case <-ctx.Done():
		return 0, fmt.Errorf("workflow %s did not end: %w", id, ctx.Err())
	}
}

// running is how many workflows the engine believes to be under way, the schedules aside.
func (b *baseline) running(ctx context.Context) (int64, error) {
	count, err := b.client.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{
		Query: `ExecutionStatus = "Running" AND WorkflowType IN ("Refund", "` + workflowEmpty + `", "` + workflowActivities + `")`,
	})
	return count.GetCount(), err
}

// quiet waits until the engine has nothing more to do for workflows that ended.
func (b *baseline) quiet(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, workflowPatience)
	defer cancel()
	for {
		n, err := b.running(ctx)
		if err == nil && n == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d workflows are still running: %w", n, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}
