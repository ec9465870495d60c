package engine

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"

	"refunddesk/internal/fault"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/workflows"
)

func refusal(code string, details ...any) error {
	return temporal.NewApplicationErrorWithOptions(code, code, temporal.ApplicationErrorOptions{NonRetryable: true, Details: details})
}

func TestWorkflowsAnswersBecomeFaults(t *testing.T) {
	for _, want := range []*fault.Error{
		refund.ErrTooLate, refund.ErrIllegalTransition, review.ErrMayNotDecide, review.ErrSelfApproval, review.ErrSeniorOnly,
		review.ErrFirstDecider, review.ErrAlreadyVoted, review.ErrStale, review.ErrAwaiting, review.ErrTicketClosed, review.ErrNotApprovable,
		ErrExpired, ErrClosed, errInternal,
	} {
		t.Run(want.Code, func(t *testing.T) {
			require.Equal(t, want, fault.From(faultOf(fmt.Errorf("update: %w", refusal(want.Code)))))
		})
	}
	unknown := fault.From(faultOf(refusal("something-new")))
	require.Equal(t, fault.Conflict, unknown.Kind)
	require.Equal(t, "something-new", unknown.Code)
	require.Equal(t, ErrClosed, fault.From(faultOf(refusal("AcceptedUpdateCompletedWorkflow"))))
}

func TestFailuresOfTheEngineBecomeFaults(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want *fault.Error
	}{
		"no answer in time":  {serviceerror.NewDeadlineExceeded("late"), ErrOutcomeUnknown},
		"the caller left":    {context.Canceled, ErrOutcomeUnknown},
		"our own deadline":   {context.DeadlineExceeded, ErrOutcomeUnknown},
		"broke meanwhile":    {serviceerror.NewUnavailable("broke"), ErrOutcomeUnknown},
		"too many in flight": {serviceerror.NewResourceExhausted(0, "busy"), ErrBusy},
		"a fault":            {ErrUnavailable, ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			got := fault.From(faultOf(c.err))
			require.ErrorIs(t, got, c.want)
			require.Positive(t, got.RetryAfter)
		})
	}
	require.NoError(t, faultOf(nil))
	require.Equal(t, fault.Internal, fault.From(faultOf(errors.New("?"))).Kind)
}

func TestOnlyRefusalsAfterAcceptanceAreStored(t *testing.T) {
	require.True(t, isStored(refusal("too-late", workflows.AcceptedFirst)))
	require.False(t, isStored(refusal("too-late")))
	require.False(t, isStored(refusal("too-late", "something else")))
	require.False(t, isStored(errors.New("too-late")))
	require.True(t, isExpired(refusal(workflows.CodeExpired)))
	require.False(t, isExpired(refusal(workflows.CodeExpired, workflows.AcceptedFirst)))
}
