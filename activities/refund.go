package activities

import (
	"context"

	"go.temporal.io/sdk/activity"

	"refunddesk/internal/audit"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/workflows"
)

// RefundSteps are the steps of a refund. Each is one call of Refunds under the operation
// id that its input names, so that a second try finds the result of the first.
type RefundSteps struct {
	Refunds  Refunds
	Policies Policies
}

// Screen has the policy in force judge the facts of now and carries its plan out. A repeat
// may judge other facts by another policy; the records keep what the first try did.
func (s RefundSteps) Screen(ctx context.Context, in workflows.StepInput) (step refund.Step, err error) {
	defer answer(ctx, &err)
	facts, version, err := s.Refunds.Facts(ctx, in.RefundID)
	if err != nil {
		return refund.Step{}, err
	}
	p, err := s.Policies.Policy(ctx, version)
	if err != nil {
		return refund.Step{}, err
	}
	return s.Refunds.Screen(ctx, op(ctx, refund.VerbScreen, in), facts, p.Evaluate(facts))
}

// Reassess looks at all that may have changed while the refund waits.
func (s RefundSteps) Reassess(ctx context.Context, in workflows.StepInput) (step refund.Step, err error) {
	defer answer(ctx, &err)
	return s.Refunds.Reassess(ctx, op(ctx, refund.VerbReassess, in))
}

// RecordDecision records a vote.
func (s RefundSteps) RecordDecision(ctx context.Context, in workflows.RecordDecisionInput) (step refund.Step, err error) {
	defer answer(ctx, &err)
	d := in.Decision
	ctx = audit.WithRequest(ctx, d.RequestID)
	return s.Refunds.RecordDecision(ctx, op(ctx, refund.VerbDecide, in.StepInput), review.Decision{
		ID: d.DecisionID, TicketID: d.TicketID, RefundID: in.RefundID, Voter: d.Voter,
		Vote: d.Vote, ReasonCode: d.ReasonCode, NoteID: d.NoteID,
		Digest: d.Digest,
	}, d.MessageID)
}

// RequestInformation asks the customer something; the refund waits for the answer.
func (s RefundSteps) RequestInformation(ctx context.Context, in workflows.AskStepInput) (step refund.Step, err error) {
	defer answer(ctx, &err)
	ask := in.Asking
	return s.Refunds.RequestInformation(audit.WithRequest(ctx, ask.RequestID), op(ctx, refund.VerbAsk, in.StepInput),
		review.Asking{TicketID: ask.TicketID, NoteID: ask.NoteID, By: ask.By})
}

// Withdraw takes the request back for its customer.
func (s RefundSteps) Withdraw(ctx context.Context, in workflows.WithdrawStepInput) (step refund.Step, err error) {
	defer answer(ctx, &err)
	return s.Refunds.Withdraw(audit.WithRequest(ctx, in.RequestID), op(ctx, refund.VerbWithdraw, in.StepInput), in.By)
}

// Credit posts the money.
func (s RefundSteps) Credit(ctx context.Context, in workflows.StepInput) (step refund.Step, err error) {
	defer answer(ctx, &err)
	return s.Refunds.Credit(ctx, op(ctx, refund.VerbCredit, in))
}

// Park hands a refund that could not be credited to an operator.
func (s RefundSteps) Park(ctx context.Context, in workflows.ParkInput) (step refund.Step, err error) {
	defer answer(ctx, &err)
	return s.Refunds.Park(ctx, op(ctx, refund.VerbPark, in.StepInput), in.ReasonCode)
}

// Retry sends a parked refund back to crediting.
func (s RefundSteps) Retry(ctx context.Context, in workflows.RetryStepInput) (step refund.Step, err error) {
	defer answer(ctx, &err)
	return s.Refunds.Retry(audit.WithRequest(ctx, in.RequestID), op(ctx, refund.VerbRetry, in.StepInput), in.By, in.NoteID)
}

// op is the operation that the step runs under; the run is on record beside it.
func op(ctx context.Context, verb refund.Verb, in workflows.StepInput) refund.Op {
	return refund.Op{
		RefundID: in.RefundID, Verb: verb, Turn: in.Turn,
		RunID: activity.GetInfo(ctx).WorkflowExecution.RunID,
	}
}
