package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/workflows"
)

func TestPausedCreditGoesOnWhenThePauseExpires(t *testing.T) {
	b := setup(t)
	b.records.pausedUntil = start.Add(6 * time.Hour)
	b.at(time.Hour, func() {
		s := b.snapshot()
		require.Equal(t, refund.OnHold, s.State)
		require.Equal(t, start.Add(6*time.Hour), s.WakeAt)
		require.Zero(t, b.records.credits)
	})
	b.run(refund.Credited)
	b.path(refund.Submitted, refund.Screening, refund.Crediting, refund.OnHold, refund.Crediting, refund.Credited)
	require.Equal(t, []time.Duration{6 * time.Hour}, b.timers)
	require.Equal(t, 1, b.records.credits)
}

func TestPausedCreditGoesOnWhenThePauseIsEnded(t *testing.T) {
	b := setup(t)
	b.records.pausedUntil = start.Add(6 * day)
	b.at(time.Hour, func() {
		b.records.set(func(r *records) { r.pausedUntil = time.Time{} })
		b.signal(workflows.SignalPauseChanged)
	})
	b.run(refund.Credited)
	require.Less(t, b.Now().Sub(start), 2*time.Hour)
}

func TestPauseThatWasProlongedHoldsOn(t *testing.T) {
	b := setup(t)
	b.records.pausedUntil = start.Add(6 * time.Hour)
	b.at(time.Hour, func() { b.records.set(func(r *records) { r.pausedUntil = start.Add(9 * time.Hour) }) })
	b.at(7*time.Hour, func() { require.Equal(t, refund.OnHold, b.snapshot().State) })
	b.run(refund.Credited)
	require.GreaterOrEqual(t, b.Now().Sub(start), 9*time.Hour)
}

func TestWhatIsReviewedIsNotHeldByAPause(t *testing.T) {
	b := promised(t)
	b.records.pausedUntil = start.Add(6 * time.Hour)
	b.at(time.Hour, func() { b.decide("d", "ticket_1", reviewer, review.Approve) })
	b.run(refund.Credited)
	require.NoError(t, b.answers["d"].err)
	b.path(refund.Submitted, refund.Screening, refund.InReview, refund.Crediting, refund.OnHold, refund.Crediting, refund.Credited)
}

func TestPausedCreditIsWithdrawn(t *testing.T) {
	b := setup(t)
	b.records.pausedUntil = start.Add(6 * time.Hour)
	b.at(time.Hour, func() { b.withdraw("w") })
	b.run(refund.Withdrawn)
	require.Zero(t, b.records.credits)
}

func TestScreeningWaitsForThePolicy(t *testing.T) {
	b := setup(t)
	b.records.noPolicy = []error{errAway, errAway}
	b.run(refund.Credited)
	require.Equal(t, []string{workflows.ActivityScreen, workflows.ActivityScreen}, b.regular, "two tries, the second finds it")
}
