package engine

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"refunddesk/internal/fault"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/workflows"
)

// retryAfter is what somebody is asked to wait for who met an engine that was away.
const retryAfter = 5 * time.Second

// The faults of the engine itself.
var (
	// ErrUnavailable: the engine cannot be reached, and nothing was recorded.
	ErrUnavailable = fault.New(fault.Unavailable, "engine-unavailable", "The workflow engine is away; nothing was recorded. Try again shortly.").After(retryAfter)
	// ErrOutcomeUnknown: the engine was there and no answer came in time, because no worker
	// is there or the database is away. The same request again is safe.
	ErrOutcomeUnknown = fault.New(fault.Unavailable, "outcome-unknown", "No answer came in time, so whether it was done is not known; the same request again is safe.").After(retryAfter)
	// ErrBusy: more commands are under way than the engine takes for one refund.
	ErrBusy = fault.New(fault.Unavailable, "engine-busy", "Too many requests for this refund are under way; nothing was recorded. Try again shortly.").After(time.Second)
	// ErrExpired: the command reached the workflow after its own time.
	ErrExpired = fault.New(fault.Unavailable, workflows.CodeExpired, "The request was taken up too late; nothing was recorded. Try again.").After(time.Second)
	// ErrClosed: the refund's workflow has ended; the records have the answer.
	ErrClosed = fault.New(fault.Conflict, "refund-closed", "The refund has ended.")
	// errInternal: the database refused the step; somebody has to look.
	errInternal = fault.New(fault.Internal, workflows.FailureInternal, "The request was refused by our own records; nothing was changed.")
)

// answers are the faults that a workflow or its steps refuse with, by code.
var answers = byCode(
	refund.ErrTooLate, refund.ErrIllegalTransition, refund.ErrSuspended, refund.ErrTerminated,
	review.ErrMayNotDecide, review.ErrSelfApproval, review.ErrFirstDecider, review.ErrSeniorOnly, review.ErrAlreadyVoted,
	review.ErrStale, review.ErrAwaiting, review.ErrTicketClosed, review.ErrNotApprovable,
	ErrExpired, ErrClosed, errInternal,
)

func byCode(all ...*fault.Error) map[string]*fault.Error {
	out := make(map[string]*fault.Error, len(all))
	for _, f := range all {
		out[f.Code] = f
	}
	return out
}

// codeAborted is the failure that the engine itself gives to an update whose workflow ended under it.
const codeAborted = "AcceptedUpdateCompletedWorkflow"

// answerFor is the fault of a code that a workflow refused with.
func answerFor(code string) *fault.Error {
	if known, ok := answers[code]; ok {
		return known
	}
	if code == codeAborted {
		return ErrClosed
	}
	return fault.New(fault.Conflict, code, "The refund does not allow this now.")
}

// faultOf translates what a call of the engine failed with. A workflow's own answer keeps
// its code; a call that ran out of time leaves the outcome open.
func faultOf(err error) error {
	var (
		known     *fault.Error
		answer    *temporal.ApplicationError
		late      *client.WorkflowUpdateServiceTimeoutOrCanceledError
		deadline  *serviceerror.DeadlineExceeded
		cancelled *serviceerror.Canceled
		away      *serviceerror.Unavailable
		busy      *serviceerror.ResourceExhausted
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return known
	case errors.As(err, &answer):
		return answerFor(answer.Type())
	case errors.As(err, &late), errors.As(err, &deadline), errors.As(err, &cancelled), errors.As(err, &away),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return ErrOutcomeUnknown.With(err)
	case errors.As(err, &busy):
		return ErrBusy.With(err)
	}
	return fault.From(err)
}

// isNotFound reports whether the engine knows no running workflow of that id.
func isNotFound(err error) bool {
	var missing *serviceerror.NotFound
	return errors.As(err, &missing)
}

// isStored reports whether a refusal is kept by the engine under the command's id: the
// command had been accepted before it was refused.
func isStored(err error) bool {
	var answer *temporal.ApplicationError
	if !errors.As(err, &answer) || !answer.HasDetails() {
		return false
	}
	var detail string
	return answer.Details(&detail) == nil && detail == workflows.AcceptedFirst
}

// isExpired reports whether a validator refused a command that had come too late.
func isExpired(err error) bool {
	var answer *temporal.ApplicationError
	return errors.As(err, &answer) && answer.Type() == workflows.CodeExpired && !isStored(err)
}
