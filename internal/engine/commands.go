package engine

import (
	"context"
	"crypto/rand"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/refund"
	"refunddesk/workflows"
)

// Decide carries a vote to the workflow. The update's id is the decision's: the same
// decision again gets the first answer.
func (c *Client) Decide(ctx context.Context, d desk.DecideCommand) (refund.Step, error) {
	return c.command(ctx, d.RefundID, workflows.UpdateDecide, d.DecisionID, workflows.DecideInput{
		DecisionID: d.DecisionID, TicketID: d.TicketID, RefundID: d.RefundID, Voter: d.Voter,
		Vote: d.Vote, ReasonCode: d.ReasonCode, NoteID: d.NoteID, NoteDigest: d.NoteDigest,
		MessageID: d.MessageID, Digest: d.Digest, RequestID: audit.RequestOf(ctx), NotAfter: d.NotAfter,
	})
}

// RequestInformation carries what a customer is to be asked to the workflow. The update's
// id is the note's, which holds the words: the same words again get the first answer.
func (c *Client) RequestInformation(ctx context.Context, a desk.AskCommand) (refund.Step, error) {
	return c.command(ctx, a.RefundID, workflows.UpdateRequestInformation, a.NoteID, workflows.AskInput{
		RefundID: a.RefundID, TicketID: a.TicketID, By: a.By, NoteID: a.NoteID, NoteDigest: a.NoteDigest,
		RequestID: audit.RequestOf(ctx), NotAfter: a.NotAfter,
	})
}

// Withdraw carries a withdrawal to the workflow. There is one per refund, hence one id.
func (c *Client) Withdraw(ctx context.Context, w desk.WithdrawCommand) (refund.Step, error) {
	return c.command(ctx, w.RefundID, workflows.UpdateWithdraw, "withdraw", workflows.WithdrawInput{By: w.By, RequestID: audit.RequestOf(ctx), NotAfter: w.NotAfter})
}

// Retry carries a retry to the workflow. A refund can be parked and retried again and
// again, so each has its own id; the second of two at once finds nothing to retry.
func (c *Client) Retry(ctx context.Context, r desk.RetryCommand) (refund.Step, error) {
	return c.command(ctx, r.RefundID, workflows.UpdateRetry, "retry/"+rand.Text(), workflows.RetryInput{By: r.By, NoteID: r.NoteID, RequestID: audit.RequestOf(ctx), NotAfter: r.NotAfter})
}

// command sends an update and waits for its answer. It returns the workflow's refusal,
// ErrClosed when the workflow has ended, ErrUnavailable when the engine was away from the
// start, ErrOutcomeUnknown when it is not known what became of the command, or ErrBusy.
func (c *Client) command(ctx context.Context, refundID, name, id string, input any) (refund.Step, error) {
	ctx, cancel := context.WithTimeout(ctx, c.o.CommandTimeout)
	defer cancel()
	// Asked first, so that an engine that is away is known to have recorded nothing.
	if err := c.Ready(ctx); err != nil {
		return refund.Step{}, err
	}
	step, err := c.update(ctx, refundID, name, id, input)
	if isNotFound(err) {
		if err := c.ensureRuns(ctx, refundID); err != nil {
			return refund.Step{}, faultOf(err)
		}
		step, err = c.update(ctx, refundID, name, id, input)
	}
	if isExpired(err) {
		// The answer to an earlier try of the same id, which the engine still held when the
		// workers came back. It kept nothing of it, so this try can be made now.
		step, err = c.update(ctx, refundID, name, id, input)
	}
	if isStored(err) {
		// This may be the answer of an earlier try; what held it up may be gone by now.
		step, err = c.update(ctx, refundID, name, id+"/"+rand.Text(), input)
	}
	if isNotFound(err) {
		return refund.Step{}, ErrClosed
	}
	return step, faultOf(err)
}

func (c *Client) update(ctx context.Context, refundID, name, id string, input any) (refund.Step, error) {
	handle, err := c.temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: refund.WorkflowID(refundID), UpdateName: name, UpdateID: id,
		Args: []any{input}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err != nil {
		return refund.Step{}, err
	}
	var step refund.Step
	if err := handle.Get(ctx, &step); err != nil {
		return refund.Step{}, err
	}
	return step, nil
}

// ensureRuns returns nil when the refund's workflow runs, having started it when its start
// was not delivered yet; ErrClosed when it has ended.
func (c *Client) ensureRuns(ctx context.Context, refundID string) error {
	found, err := c.temporal.DescribeWorkflowExecution(ctx, refund.WorkflowID(refundID), "")
	switch {
	case isNotFound(err):
		heard, err := c.start(ctx, desk.Intent{RefundID: refundID})
		if err == nil && heard == heardTooLate {
			return ErrClosed
		}
		return err
	case err != nil:
		return err
	case found.GetWorkflowExecutionInfo().GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING:
		return ErrClosed
	}
	return nil
}
