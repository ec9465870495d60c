package engine

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/refund"
	"refunddesk/workflows"
)

// temporalFake answers as the engine's frontend would; what a test does not set works.
type temporalFake struct {
	client.Client // a call that no test expects is a nil dereference

	mu      sync.Mutex
	down    bool
	running map[string]bool // workflow id → runs; absent = never started
	starts  []client.StartWorkflowOptions
	inputs  []workflows.RefundInput
	notices []workflows.NoticeInput
	signals []string                      // name and workflow id
	opened  []client.StartWorkflowOptions // of questions
	updates []client.UpdateWorkflowOptions
	answers []error // what the next updates come to; nil = success
	hold    chan struct{}
	begun   chan struct{} // gets a value when a held call begins
	closed  bool
}

func (f *temporalFake) CheckHealth(context.Context, *client.CheckHealthRequest) (*client.CheckHealthResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return nil, errors.New("connection refused")
	}
	return &client.CheckHealthResponse{}, nil
}

func (f *temporalFake) ExecuteWorkflow(ctx context.Context, o client.StartWorkflowOptions, _ any, args ...any) (client.WorkflowRun, error) {
	if f.hold != nil {
		f.begun <- struct{}{}
		select {
		case <-f.hold:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return nil, serviceerror.NewUnavailable("away")
	}
	if runs, known := f.running[o.ID]; known && !runs {
		return nil, serviceerror.NewWorkflowExecutionAlreadyStarted("ended", "", "")
	}
	f.running[o.ID] = true
	f.starts = append(f.starts, o)
	if notice, ok := args[0].(workflows.NoticeInput); ok {
		f.notices = append(f.notices, notice)
		return nil, nil
	}
	f.inputs = append(f.inputs, args[0].(workflows.RefundInput))
	return nil, nil
}

func (f *temporalFake) SignalWorkflow(_ context.Context, id, _, name string, arg any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return serviceerror.NewUnavailable("away")
	}
	if !f.running[id] {
		return serviceerror.NewNotFound("no such workflow")
	}
	f.signals = append(f.signals, name+" "+id+" "+arg.(workflows.ChangedSignal).IntentID)
	return nil
}

func (f *temporalFake) SignalWithStartWorkflow(ctx context.Context, id, name string, arg any, o client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error) {
	f.mu.Lock()
	if f.down {
		f.mu.Unlock()
		return nil, serviceerror.NewUnavailable("away")
	}
	if workflow != workflows.WorkflowQuestion || "ticket/"+args[0].(workflows.QuestionInput).TicketID != id {
		f.mu.Unlock()
		return nil, errors.New("this is no question")
	}
	if !f.running[id] {
		f.running[id] = true
		f.opened = append(f.opened, o)
	}
	f.mu.Unlock()
	return nil, f.SignalWorkflow(ctx, id, "", name, arg)
}

func (f *temporalFake) UpdateWorkflow(_ context.Context, o client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.updates = append(f.updates, o)
	if !f.running[o.WorkflowID] {
		return nil, serviceerror.NewNotFound("no such workflow")
	}
	var answer error
	if len(f.answers) > 0 {
		answer, f.answers = f.answers[0], f.answers[1:]
	}
	if answer != nil && !errors.As(answer, new(*temporal.ApplicationError)) {
		return nil, answer // the call itself failed
	}
	return updateHandle{err: answer}, nil
}

func (f *temporalFake) DescribeWorkflowExecution(_ context.Context, id, _ string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	runs, known := f.running[id]
	if !known {
		return nil, serviceerror.NewNotFound("no such workflow")
	}
	status := enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED
	if runs {
		status = enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
	}
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{Status: status}}, nil
}

func (f *temporalFake) Close() { f.closed = true }

type updateHandle struct {
	client.WorkflowUpdateHandle
	err error
}

func (h updateHandle) Get(_ context.Context, value any) error {
	if h.err == nil {
		*value.(*refund.Step) = refund.Step{State: refund.Crediting}
	}
	return h.err
}

// outboxFake keeps intents in memory and reports every mark.
type outboxFake struct {
	mu      sync.Mutex
	pending []desk.Intent
	final   map[string]bool
	missing bool
	marked  chan []string
	err     error
}

func (o *outboxFake) Undelivered(_ context.Context, _ time.Duration, limit int) ([]desk.Intent, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]desk.Intent(nil), o.pending[:min(limit, len(o.pending))]...), o.err
}

func (o *outboxFake) Delivered(_ context.Context, ids ...string) error {
	o.mu.Lock()
	kept := o.pending[:0]
	for _, i := range o.pending {
		if !slices.Contains(ids, i.ID) {
			kept = append(kept, i)
		}
	}
	o.pending = kept
	o.mu.Unlock()
	o.marked <- ids
	return nil
}

func (o *outboxFake) StartInput(_ context.Context, refundID string) (desk.StartInput, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.missing {
		return desk.StartInput{}, fault.New(fault.NotFound, "not-found", "There is no such refund.")
	}
	return desk.StartInput{AccountID: "acct_1", PackageID: "pkg_1", RequestedBy: "customer_1", Final: o.final[refundID]}, nil
}

func setup(t *testing.T, change func(*Options)) (*Client, *temporalFake, *outboxFake, *strings.Builder) {
	t.Helper()
	f := &temporalFake{running: map[string]bool{}, begun: make(chan struct{}, 16)}
	out := &outboxFake{final: map[string]bool{}, marked: make(chan []string, 1000)}
	var logged strings.Builder
	o := Options{Outbox: out, Log: slog.New(slog.NewTextHandler(&logged, nil)), Deliverers: 2}
	if change != nil {
		change(&o)
	}
	return newClient(f, o), f, out, &logged
}
