package engine

import (
	"context"
	"errors"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/workflows"
)

// deliveryLimit is how long one delivery may take; the sweep tries again.
const deliveryLimit = 5 * time.Second

// Hear delivers intents soon and does not wait. What does not fit into the backlog, or
// fails, is found by the sweep.
func (c *Client) Hear(intents ...desk.Intent) {
	for _, intent := range intents {
		select {
		case c.backlog <- intent:
		default:
			c.log.Debug("The backlog of intents is full; the sweep will deliver.", "intent", intent.ID)
		}
	}
}

// deliverBacklog is one of the workers behind Hear.
func (c *Client) deliverBacklog(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case intent := <-c.backlog:
			c.deliverSoon(ctx, intent)
		}
	}
}

// deliverSoon is the fast path. It marks signals, and leaves starts to the transaction of
// screening, which writes anyway.
func (c *Client) deliverSoon(running context.Context, intent desk.Intent) {
	ctx, cancel := context.WithTimeout(running, deliveryLimit)
	defer cancel()
	_, err := c.deliver(ctx, intent)
	if err == nil && intent.Kind != desk.IntentStart {
		err = c.o.Outbox.Delivered(ctx, intent.ID)
	}
	if err != nil && running.Err() == nil {
		c.log.Warn("An intent was not delivered; the sweep will try again.", "intent", intent.ID, "kind", intent.Kind, "code", fault.CodeOf(faultOf(err)))
	}
}

// heard is what the engine made of an intent.
type heard int

const (
	heardNow     heard = iota // a workflow runs and knows
	heardTooLate              // the workflow or its refund has ended; nobody needs to know
)

// deliver tells the engine of one intent. It returns nil when the engine has it for good.
func (c *Client) deliver(ctx context.Context, intent desk.Intent) (heard, error) {
	switch intent.Kind {
	case desk.IntentStart:
		return c.start(ctx, intent)
	case desk.IntentStanding:
		return c.signal(ctx, intent, workflows.SignalStandingChanged)
	case desk.IntentDispute:
		return c.signal(ctx, intent, workflows.SignalDisputeChanged)
	case desk.IntentPause:
		return c.signal(ctx, intent, workflows.SignalPauseChanged)
	case desk.IntentTicket:
		return c.ticket(ctx, intent)
	case desk.IntentNotice:
		return c.notice(ctx, intent)
	}
	return 0, fault.New(fault.Internal, "unknown-intent", "There is no intent %q.", intent.Kind)
}

// signal tells a refund's workflow that something changed.
func (c *Client) signal(ctx context.Context, intent desk.Intent, name string) (heard, error) {
	err := c.temporal.SignalWorkflow(ctx, refund.WorkflowID(intent.RefundID), "", name, workflows.ChangedSignal{IntentID: intent.ID})
	if isNotFound(err) {
		// Not started yet, or over. Whoever starts reads what there is himself.
		return c.start(ctx, intent)
	}
	return heardNow, err
}

// ticket tells of what happened on a ticket: the refund's workflow when it is a refund's
// case, else the ticket's own. What was said on a case just before its refund ended is
// delivered by a workflow of the ticket's own, too: the refund's is over.
func (c *Client) ticket(ctx context.Context, intent desk.Intent) (heard, error) {
	if intent.RefundID != "" {
		got, err := c.signal(ctx, intent, workflows.SignalTicketChanged)
		if err != nil || got == heardNow {
			return got, err
		}
	}
	if intent.TicketID == "" {
		return 0, fault.New(fault.Internal, "intent-without-ticket", "The intent %s names no ticket.", intent.ID)
	}
	id := review.QuestionWorkflowID(intent.TicketID)
	_, err := c.temporal.SignalWithStartWorkflow(ctx, id, workflows.SignalTicketChanged, workflows.ChangedSignal{IntentID: intent.ID},
		client.StartWorkflowOptions{
			ID:        id,
			TaskQueue: c.o.TaskQueue,
			// One that ended starts again: there is something to deliver.
			WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		}, workflows.WorkflowQuestion, workflows.QuestionInput{TicketID: intent.TicketID})
	return heardNow, err
}

// notice starts a workflow that sends a message again. It is the intent's own: one that gives
// the same message up at this moment does not stand in the way.
func (c *Client) notice(ctx context.Context, intent desk.Intent) (heard, error) {
	_, err := c.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                                       "notice/" + intent.ID,
		TaskQueue:                                c.o.TaskQueue,
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowIDConflictPolicy:                 enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
	}, workflows.WorkflowNotice, workflows.NoticeInput{NoticeID: intent.NoticeID})
	var ended *serviceerror.WorkflowExecutionAlreadyStarted
	if errors.As(err, &ended) {
		return heardTooLate, nil
	}
	return heardNow, err
}

// start starts the workflow of a refund that is not final. One that runs already is left
// alone; one that has ended is never started again.
func (c *Client) start(ctx context.Context, intent desk.Intent) (heard, error) {
	refundID, in := intent.RefundID, intent.Start
	if in == nil {
		read, err := c.o.Outbox.StartInput(ctx, refundID)
		if err != nil {
			return 0, err
		}
		in = &read
	}
	if in.Final {
		return heardTooLate, nil
	}
	input := workflows.RefundInput{RefundID: refundID, AccountID: in.AccountID, PackageID: in.PackageID, RequestedBy: in.RequestedBy}
	_, err := c.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                       refund.WorkflowID(refundID),
		TaskQueue:                c.o.TaskQueue,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		// With the policies above this error means that the workflow has ended.
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		// The first task runs in this process, without a way through the task queue.
		EnableEagerStart:      true,
		TypedSearchAttributes: workflows.StartAttributes(input),
	}, workflows.WorkflowRefund, input)
	var ended *serviceerror.WorkflowExecutionAlreadyStarted
	if errors.As(err, &ended) {
		return heardTooLate, c.mustBeFinal(ctx, refundID)
	}
	return heardNow, err
}

// mustBeFinal raises an alarm when a workflow has ended and left its refund open: somebody
// terminated it. No delivery can mend that.
func (c *Client) mustBeFinal(ctx context.Context, refundID string) error {
	in, err := c.o.Outbox.StartInput(ctx, refundID)
	if err != nil {
		return err
	}
	if !in.Final {
		c.log.Error("The workflow of an open refund has ended; nobody moves the refund any more.", "refund", refundID)
	}
	return nil
}
