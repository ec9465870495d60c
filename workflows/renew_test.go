package workflows_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"refunddesk/internal/notify"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/workflows"
)

// renewed runs until the workflow continues as new and returns what it hands on.
func (b *bench) renewed() workflows.RefundInput {
	b.t.Helper()
	b.ExecuteWorkflow(workflows.WorkflowRefund, b.input())
	require.True(b.t, b.IsWorkflowCompleted())
	var next *workflow.ContinueAsNewError
	require.True(b.t, errors.As(b.GetWorkflowError(), &next), "%v", b.GetWorkflowError())
	require.Equal(b.t, workflows.WorkflowRefund, next.WorkflowType.Name)
	var in workflows.RefundInput
	require.NoError(b.t, converter.GetDefaultDataConverter().FromPayloads(next.Input, &in))
	return in
}

func TestContinuesAsNewWhileWaitingAndLosesNothing(t *testing.T) {
	first := setup(t).inReview()
	first.records.approvals = 2
	first.records.noMail = errAway
	first.at(time.Minute, func() { first.decide("1", "ticket_1", reviewer, review.Approve) })
	first.at(2*time.Minute, func() {
		// No task yet: the next one brings signal and suggestion together, as the engine does it.
		first.SignalWorkflowSkippingWorkflowTask(workflows.SignalStandingChanged, workflows.ChangedSignal{IntentID: "intent_1"})
	})
	first.at(2*time.Minute+time.Nanosecond, func() { first.SetContinueAsNewSuggested(true) })
	in := first.renewed()
	require.Equal(t, refundID, in.RefundID)
	require.Equal(t, requester, in.RequestedBy)
	require.NotNil(t, in.Resume)
	require.Equal(t, refund.InReview, in.Resume.State)
	require.Equal(t, "ticket_1", in.Resume.TicketID)
	require.Equal(t, review.QueueReview, in.Resume.Queue)
	require.Equal(t, []string{"reviewer_1"}, in.Resume.Voters)
	require.Len(t, in.Resume.Notices, 2)
	require.True(t, in.Resume.News, "the signal came with the task that ended the run")
	require.Equal(t, "refund_1/received", in.Resume.Notices[0].ID)
	require.WithinDuration(t, start, in.Resume.Notices[0].Since, time.Second)

	second := setup(t)
	second.records = first.records
	second.records.noMail = nil
	second.reregister()
	turns := len(second.records.ops)
	second.at(time.Minute, func() {
		s := second.snapshot()
		require.Equal(t, refund.InReview, s.State)
		require.Equal(t, start.Add(dueAfter), s.DueAt)
		second.decide("again", "ticket_1", reviewer, review.Approve)
		second.decide("2", "ticket_1", reviewer2, review.Approve)
	})
	second.ExecuteWorkflow(workflows.WorkflowRefund, in)
	require.NoError(t, second.GetWorkflowError())
	second.refused(second.answers["again"], "already-voted")
	require.Equal(t, refund.Credited, second.records.state)
	require.Greater(t, len(second.records.ops), turns)
	seen := map[string]bool{}
	for _, op := range second.records.ops {
		require.False(t, seen[op], "operation %s was used twice: the turn is handed on", op)
		seen[op] = true
	}
	for id, state := range second.records.notices {
		require.Equal(t, notify.Sent, state, id)
	}
	require.Equal(t, []string{"refund_1/received", "refund_1/in_review", "refund_1/credited"}, second.records.mails)
}

func TestContinuesAsNewOnlyWhenCommandsAreAnswered(t *testing.T) {
	b := setup(t).inReview()
	b.records.approvals = 2
	b.records.trouble[refund.VerbDecide] = []error{errAway, errAway, errAway}
	b.at(time.Minute, func() { b.decide("1", "ticket_1", reviewer, review.Approve) })
	b.at(time.Minute+100*time.Millisecond, func() { b.SetContinueAsNewSuggested(true) })
	in := b.renewed()
	require.NoError(t, b.answers["1"].err)
	require.Equal(t, 1, b.answers["1"].step.Votes)
	require.Equal(t, []string{"reviewer_1"}, in.Resume.Voters)
}

func TestFinalRefundDoesNotContinue(t *testing.T) {
	b := setup(t).inReview()
	b.records.trouble[refund.VerbWithdraw] = []error{errAway, errAway}
	b.at(time.Minute, func() { b.withdraw("w") })
	b.at(time.Minute+100*time.Millisecond, func() { b.SetContinueAsNewSuggested(true) })
	b.run(refund.Withdrawn)
}

func TestNewsThatWasNotLookedAtIsHandedOn(t *testing.T) {
	b := setup(t).inReview()
	b.records.always[refund.VerbReassess] = errDatabase
	b.at(time.Minute, b.suspend(refund.Suspended))
	b.at(90*time.Second, func() {
		b.SetContinueAsNewSuggested(true)
		b.signal(workflows.SignalStandingChanged)
	})
	in := b.renewed()
	require.True(t, in.Resume.News)
	require.Equal(t, 1, in.Resume.Failures)
}
