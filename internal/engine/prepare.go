package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/types/known/durationpb"

	"refunddesk/internal/fault"
	"refunddesk/workflows"
)

// SweepSchedule is the id of the schedule that starts the sweep.
const SweepSchedule = "refunddesk-sweep"

const (
	prepareLimit = 15 * time.Second // one try
	prepareFirst = 500 * time.Millisecond
	prepareLast  = 10 * time.Second
)

// searchAttributes are the attributes of Refund that the namespace must know.
func searchAttributes() map[string]enumspb.IndexedValueType {
	all := map[string]enumspb.IndexedValueType{}
	for _, key := range []temporal.SearchAttributeKey{
		workflows.AttrRefundState, workflows.AttrAccountID, workflows.AttrPackageID,
		workflows.AttrTicketQueue, workflows.AttrDueAt, workflows.AttrVerdict,
	} {
		all[key.GetName()] = key.GetValueType()
	}
	return all
}

// Prepare makes sure that the engine knows what it must: the namespace, the search
// attributes, the schedule of the sweep. It changes nothing that is there already, and
// tries until it has worked or ctx ends; its error is then ctx's.
func (c *Client) Prepare(ctx context.Context) error {
	wait := prepareFirst
	for {
		err := c.prepareOnce(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil {
			c.log.Warn("The engine is not prepared yet; trying again.", "code", fault.CodeOf(err), "error", err, "again_in", wait)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		wait = min(2*wait, prepareLast)
	}
}

func (c *Client) prepareOnce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, prepareLimit)
	defer cancel()
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"reach the engine", c.Ready},
		{"ensure namespace " + c.o.Namespace, c.ensureNamespace},
		{"ensure the search attributes", c.ensureSearchAttributes},
		{"ensure schedule " + SweepSchedule, c.ensureSchedule},
	} {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

func (c *Client) ensureNamespace(ctx context.Context) error {
	_, err := c.temporal.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: c.o.Namespace})
	var missing *serviceerror.NamespaceNotFound
	if !errors.As(err, &missing) && !isNotFound(err) {
		return err
	}
	_, err = c.temporal.WorkflowService().RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace:                        c.o.Namespace,
		Description:                      "RefundDesk: one workflow a refund",
		WorkflowExecutionRetentionPeriod: durationpb.New(c.o.Retention),
	})
	var other *serviceerror.NamespaceAlreadyExists // another process was faster
	if errors.As(err, &other) {
		return nil
	}
	return err
}

func (c *Client) ensureSearchAttributes(ctx context.Context) error {
	operator := c.temporal.OperatorService()
	known, err := operator.ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: c.o.Namespace})
	if err != nil {
		return err
	}
	missing := map[string]enumspb.IndexedValueType{}
	for name, kind := range searchAttributes() {
		have, ok := known.GetCustomAttributes()[name]
		switch {
		case !ok:
			missing[name] = kind
		case have != kind:
			return fault.New(fault.Internal, "search-attribute-type", "The engine knows search attribute %s as %s; it has to be %s.", name, have, kind)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	_, err = operator.AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: c.o.Namespace, SearchAttributes: missing,
	})
	var other *serviceerror.AlreadyExists
	if errors.As(err, &other) {
		return nil
	}
	return err
}

// ensureSchedule creates the sweep's schedule, or brings one of an earlier release up to
// date. Two sweeps never overlap, and what a standstill missed is not caught up on: one
// sweep finds all that is due.
func (c *Client) ensureSchedule(ctx context.Context) error {
	spec := client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: c.o.SweepEvery}}}
	action := &client.ScheduleWorkflowAction{
		ID: SweepSchedule, Workflow: workflows.WorkflowSweep, TaskQueue: c.o.TaskQueue,
		WorkflowExecutionTimeout: 5 * time.Minute,
	}
	_, err := c.temporal.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID: SweepSchedule, Spec: spec, Action: action,
		Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: 10 * time.Second,
		Note: "Delivers what was committed and the engine has not heard of.",
	})
	if !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return err
	}
	return c.temporal.ScheduleClient().GetHandle(ctx, SweepSchedule).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(is client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			schedule := is.Description.Schedule
			if sweepsAsWanted(schedule, c.o) {
				return nil, temporal.ErrSkipScheduleUpdate
			}
			schedule.Spec, schedule.Action = &spec, action
			return &client.ScheduleUpdate{Schedule: &schedule}, nil
		},
	})
}

func sweepsAsWanted(s client.Schedule, o Options) bool {
	action, ok := s.Action.(*client.ScheduleWorkflowAction)
	return ok && action.TaskQueue == o.TaskQueue && action.Workflow == workflows.WorkflowSweep &&
		s.Spec != nil && len(s.Spec.Intervals) == 1 && s.Spec.Intervals[0].Every == o.SweepEvery
}
