package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// errExpired refuses a command whose sender has stopped waiting.
var errExpired = fault.New(fault.Unavailable, CodeExpired, "The command came too late; nothing was recorded.")

// takeCommands registers what people may have the refund do. A validator refuses what
// makes no sense now, which leaves nothing in the history. What it lets pass waits for its
// turn and is checked again, because steps that were before it may have changed the case.
func (r *process) takeCommands(ctx workflow.Context) error {
	err := workflow.SetUpdateHandlerWithOptions(ctx, UpdateDecide, r.decide, workflow.UpdateHandlerOptions{
		Validator: func(ctx workflow.Context, in DecideInput) error { return refuse(r.mayDecide(ctx, in)) },
	})
	if err != nil {
		return err
	}
	err = workflow.SetUpdateHandlerWithOptions(ctx, UpdateRequestInformation, r.ask, workflow.UpdateHandlerOptions{
		Validator: func(ctx workflow.Context, in AskInput) error { return refuse(r.mayAsk(ctx, in)) },
	})
	if err != nil {
		return err
	}
	err = workflow.SetUpdateHandlerWithOptions(ctx, UpdateWithdraw, r.withdraw, workflow.UpdateHandlerOptions{
		Validator: func(ctx workflow.Context, in WithdrawInput) error { return refuse(r.mayWithdraw(ctx, in)) },
	})
	if err != nil {
		return err
	}
	return workflow.SetUpdateHandlerWithOptions(ctx, UpdateRetry, r.retry, workflow.UpdateHandlerOptions{
		Validator: func(ctx workflow.Context, in RetryInput) error { return refuse(r.mayRetry(ctx, in)) },
	})
}

// decide records a reviewer's vote; the records say what the votes amount to.
func (r *process) decide(ctx workflow.Context, in DecideInput) (refund.Step, error) {
	return r.command(ctx, func(ctx workflow.Context) (refund.Step, error) {
		if refusal := r.mayDecide(ctx, in); refusal != nil {
			return refund.Step{}, refusedLate(refusal.Code)
		}
		return r.performDurably(ctx, ActivityRecordDecision, func(at StepInput) any {
			return RecordDecisionInput{StepInput: at, Decision: in}
		})
	})
}

// ask has the refund wait for what its customer is asked. His answer is a message: the
// desk writes it down and signals, and the step that follows brings the refund back.
func (r *process) ask(ctx workflow.Context, in AskInput) (refund.Step, error) {
	return r.command(ctx, func(ctx workflow.Context) (refund.Step, error) {
		if refusal := r.mayAsk(ctx, in); refusal != nil {
			return refund.Step{}, refusedLate(refusal.Code)
		}
		return r.performDurably(ctx, ActivityRequestInformation, func(at StepInput) any {
			return AskStepInput{StepInput: at, Asking: in}
		})
	})
}

// withdraw takes the request back. A second withdrawal finds what it wanted and succeeds:
// the caller of the first may never have heard its answer.
func (r *process) withdraw(ctx workflow.Context, in WithdrawInput) (refund.Step, error) {
	return r.command(ctx, func(ctx workflow.Context) (refund.Step, error) {
		if refusal := r.mayWithdraw(ctx, in); refusal != nil {
			return refund.Step{}, refusedLate(refusal.Code)
		}
		if r.state == refund.Withdrawn {
			return refund.Step{State: refund.Withdrawn}, nil
		}
		return r.performDurably(ctx, ActivityWithdraw, func(at StepInput) any {
			return WithdrawStepInput{StepInput: at, By: in.By, RequestID: in.RequestID}
		})
	})
}

// retry has a parked refund credited again.
func (r *process) retry(ctx workflow.Context, in RetryInput) (refund.Step, error) {
	return r.command(ctx, func(ctx workflow.Context) (refund.Step, error) {
		if refusal := r.mayRetry(ctx, in); refusal != nil {
			return refund.Step{}, refusedLate(refusal.Code)
		}
		return r.performDurably(ctx, ActivityRetry, func(at StepInput) any {
			return RetryStepInput{StepInput: at, By: in.By, NoteID: in.NoteID, RequestID: in.RequestID}
		})
	})
}

// command carries out an accepted command, alone, and makes every "no" an error of its code.
func (r *process) command(ctx workflow.Context, do func(workflow.Context) (refund.Step, error)) (refund.Step, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	if err := r.steps.Lock(ctx); err != nil {
		return refund.Step{}, refusedLate(codeOf(err))
	}
	defer r.steps.Unlock()
	step, err := do(ctx)
	switch {
	case err != nil:
		return refund.Step{}, refusedLate(codeOf(err))
	case step.Refused != "":
		return refund.Step{}, refusedLate(step.Refused)
	}
	return step, nil
}

// mayDecide says whether the vote fits the case as the workflow knows it; the records
// check the rest (digest, quorum). Refusals: errExpired and those of review.
func (r *process) mayDecide(ctx workflow.Context, in DecideInput) *fault.Error {
	attention := r.state == refund.NeedsAttention
	switch {
	case expired(ctx, in.NotAfter):
		return errExpired
	case r.state == refund.AwaitingCustomer && in.TicketID == r.ticketID:
		return review.ErrAwaiting
	case r.state != refund.InReview && !attention, r.ticketID != "" && in.TicketID != r.ticketID:
		return review.ErrTicketClosed
	case !in.Voter.Decides():
		return review.ErrMayNotDecide
	case r.isOwn(in.Voter):
		return review.ErrSelfApproval
	case attention && !in.Voter.Has(identity.Senior):
		return review.ErrSeniorOnly
	case slices.Contains(r.voters, in.Voter.Subject):
		return review.ErrAlreadyVoted
	case attention && in.Vote == review.Approve:
		return review.ErrNotApprovable
	}
	return nil
}

// mayAsk says whether the customer can be asked something now. Refusals: errExpired and
// those of review.
func (r *process) mayAsk(ctx workflow.Context, in AskInput) *fault.Error {
	switch {
	case expired(ctx, in.NotAfter):
		return errExpired
	case r.state == refund.AwaitingCustomer && in.TicketID == r.ticketID:
		return review.ErrAwaiting
	case r.state != refund.InReview, r.ticketID != "" && in.TicketID != r.ticketID:
		return review.ErrTicketClosed
	case !in.By.Decides():
		return review.ErrMayNotDecide
	case r.isOwn(in.By):
		return review.ErrSelfApproval
	}
	return nil
}

// isOwn reports whether the actor filed the refund or belongs to its account.
func (r *process) isOwn(actor identity.Actor) bool {
	return actor.Subject == r.in.RequestedBy || actor.AccountID != "" && actor.AccountID == r.in.AccountID
}

// mayWithdraw refuses with errExpired or refund.ErrTooLate.
func (r *process) mayWithdraw(ctx workflow.Context, in WithdrawInput) *fault.Error {
	switch {
	case expired(ctx, in.NotAfter):
		return errExpired
	case !r.state.Withdrawable() && r.state != refund.Withdrawn:
		return refund.ErrTooLate
	}
	return nil
}

// mayRetry refuses with errExpired or refund.ErrIllegalTransition.
func (r *process) mayRetry(ctx workflow.Context, in RetryInput) *fault.Error {
	switch {
	case expired(ctx, in.NotAfter):
		return errExpired
	case r.state != refund.NeedsAttention:
		return refund.ErrIllegalTransition
	}
	return nil
}

func expired(ctx workflow.Context, notAfter time.Time) bool {
	return !notAfter.IsZero() && workflow.Now(ctx).After(notAfter)
}

// refuse makes a refusal the engine's: type and message are the code.
func refuse(refusal *fault.Error) error {
	if refusal == nil {
		return nil
	}
	return failure(refusal.Code)
}

// refusedLate refuses a command that had been accepted. The engine keeps this answer under
// the command's id; the detail tells the sender that asking again under another id may
// bring another answer.
func refusedLate(code string) error {
	return temporal.NewApplicationErrorWithOptions(code, code, temporal.ApplicationErrorOptions{
		NonRetryable: true, Details: []any{AcceptedFirst},
	})
}
