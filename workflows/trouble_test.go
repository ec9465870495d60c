package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/fault"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/workflows"
)

func TestStepFallsBackToARegularActivityUnderTheSameOperation(t *testing.T) {
	b := setup(t)
	b.records.trouble[refund.VerbScreen] = []error{errAway, errAway}
	b.run(refund.Credited)
	require.Equal(t, []bool{true, false, false}, b.records.calls[refund.VerbScreen], "local, then regular until it works")
	require.Equal(t, []string{"refund/refund_1/screen/1", "refund/refund_1/credit/2"}, b.records.ops)
	require.Equal(t, workflows.ActivityScreen, b.regular[0])
}

// The commit succeeded and its answer was lost: the second try finds the first result.
func TestLostAnswerCreditsOnce(t *testing.T) {
	b := setup(t)
	b.records.lost[refund.VerbCredit] = 1
	b.run(refund.Credited)
	require.Equal(t, 1, b.records.credits)
	require.Equal(t, []bool{true, false}, b.records.calls[refund.VerbCredit])
	require.Equal(t, []string{"refund_1/credited"}, b.records.mails)
}

// The answer of a reassessment was lost and standing changed again before it was repeated:
// the repeat returns the first result, and what came since is looked at all the same.
func TestChangeBehindALostReassessmentIsLookedAt(t *testing.T) {
	b := setup(t).inReview()
	b.at(time.Hour, func() {
		b.records.lost[refund.VerbReassess] = 1
		b.records.afterLost = refund.Good
		b.suspend(refund.Suspended)()
	})
	b.at(2*time.Hour, func() {
		require.Equal(t, refund.InReview, b.snapshot().State)
		b.withdraw("w")
	})
	b.run(refund.Withdrawn)
}

// A defect of ours is not tried for ever: somebody has to look.
func TestPanicWhileCreditingIsParked(t *testing.T) {
	b := setup(t)
	b.records.trouble[refund.VerbCredit] = []error{nil}
	b.records.parkedFor = "panic"
	b.at(time.Hour, func() {
		require.Equal(t, refund.NeedsAttention, b.snapshot().State)
		b.retry("retry")
	})
	b.run(refund.Credited)
	require.Equal(t, 1, b.records.credits)
}

func TestCreditThatTheDatabaseRefusesIsParkedAndRetried(t *testing.T) {
	b := setup(t)
	b.records.trouble[refund.VerbCredit] = []error{errDatabase}
	b.at(time.Hour, func() {
		s := b.snapshot()
		require.Equal(t, refund.NeedsAttention, s.State)
		require.Equal(t, review.QueueAttention, s.Queue)
		b.withdraw("w")
		b.decide("junior", "ticket_1", reviewer, review.Reject)
		b.decide("approve", "ticket_1", senior, review.Approve)
		b.retry("retry")
	})
	b.run(refund.Credited)
	b.path(refund.Submitted, refund.Screening, refund.Crediting, refund.NeedsAttention, refund.Crediting, refund.Credited)
	b.refused(b.answers["w"], "too-late")
	b.refused(b.answers["junior"], "above-limit")
	b.refused(b.answers["approve"], "not-approvable")
	require.Equal(t, refund.Crediting, b.answers["retry"].step.State)
	require.Equal(t, 1, b.records.credits)
	require.Equal(t, []string{workflows.ActivityRetry}, b.regular, "a refusal is not tried again")
}

func TestParkedRefundIsRejectedByASenior(t *testing.T) {
	b := setup(t).inReview()
	b.records.trouble[refund.VerbCredit] = []error{errDatabase}
	b.at(time.Hour, func() { b.decide("approve", "ticket_1", senior, review.Approve) })
	b.at(2*time.Hour, func() { b.decide("old", "ticket_1", senior, review.Reject) })
	b.at(3*time.Hour, func() { b.decide("reject", "ticket_2", senior, review.Reject) })
	b.run(refund.Rejected)
	b.refused(b.answers["old"], "ticket-closed")
	require.NoError(t, b.answers["reject"].err, "a vote on the first ticket is none on the second")
	require.Zero(t, b.records.credits)
}

func TestRetryThatFailsAgainIsParkedAgain(t *testing.T) {
	b := setup(t)
	b.records.trouble[refund.VerbCredit] = []error{errDatabase, errDatabase}
	b.at(time.Hour, func() { b.retry("1") })
	b.at(2*time.Hour, func() { b.retry("2") })
	b.run(refund.Credited)
	require.Len(t, b.records.calls[refund.VerbCredit], 3)
}

func TestRetryWhileTheDatabaseIsAwayWaits(t *testing.T) {
	b := setup(t)
	b.records.trouble[refund.VerbCredit] = []error{errDatabase}
	b.records.trouble[refund.VerbRetry] = []error{errAway, errAway}
	b.at(time.Hour, func() { b.retry("1") })
	b.run(refund.Credited)
	require.NoError(t, b.answers["1"].err)
}

func TestCommandThatTheDatabaseRefusesSaysSo(t *testing.T) {
	b := setup(t).inReview()
	b.records.trouble[refund.VerbDecide] = []error{errDatabase}
	b.at(time.Hour, func() { b.decide("1", "ticket_1", reviewer, review.Approve) })
	b.at(2*time.Hour, func() { b.decide("2", "ticket_1", reviewer, review.Approve) })
	b.run(refund.Credited)
	b.refused(b.answers["1"], "internal")
	require.NoError(t, b.answers["2"].err)
}

// Neither screening nor parking can be parked; they are tried again ever more slowly.
func TestStepsWithoutAnArrowToAnOperatorAreTriedAgain(t *testing.T) {
	for name, trouble := range map[string]map[refund.Verb][]error{
		"screening":   {refund.VerbScreen: {errDatabase, errDatabase, errDatabase}},
		"parking":     {refund.VerbCredit: {errDatabase}, refund.VerbPark: {errDatabase}},
		"not found":   {refund.VerbScreen: {fault.New(fault.NotFound, "not-found", "")}},
		"reassessing": {refund.VerbReassess: {errDatabase}},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			b.records.trouble = trouble
			if name == "reassessing" {
				b.records.standing = refund.Suspended
				b.at(time.Hour, b.suspend(refund.Good))
			}
			b.run(refund.Credited)
			require.Empty(t, b.regular)
			require.Equal(t, time.Minute, b.timers[0])
			if name == "screening" {
				require.Equal(t, []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute}, b.timers)
			}
		})
	}
}

func TestReassessmentFallsBackToo(t *testing.T) {
	b := setup(t)
	b.records.standing = refund.Suspended
	b.records.trouble[refund.VerbReassess] = []error{errAway}
	b.at(time.Hour, b.suspend(refund.Good))
	b.run(refund.Credited)
	require.Equal(t, []string{workflows.ActivityReassess}, b.regular)
}

// A refund ends by its states only: a cancellation from the engine's side changes nothing.
func TestCancellationDoesNotStopARefund(t *testing.T) {
	b := setup(t).inReview()
	b.at(time.Hour, b.CancelWorkflow)
	b.at(2*time.Hour, func() { b.decide("d", "ticket_1", reviewer, review.Approve) })
	b.run(refund.Credited)
	require.NoError(t, b.answers["d"].err)
}
