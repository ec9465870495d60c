package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/fault"
	"refunddesk/internal/notify"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/workflows"
)

func TestCleanRefundNeedsNothingButLocalSteps(t *testing.T) {
	b := setup(t)
	b.run(refund.Credited)
	b.path(refund.Submitted, refund.Screening, refund.Crediting, refund.Credited)
	require.Equal(t, []string{"refund/refund_1/screen/1", "refund/refund_1/credit/2"}, b.records.ops)
	require.Equal(t, []string{"refund_1/credited"}, b.records.mails)
	require.Empty(t, b.regular, "a regular activity is a second workflow task")
	require.Empty(t, b.timers)
	require.NotEmpty(t, b.records.runs[0], "the run id is part of the operation's record")
}

func TestNothingToRefundIsRejectedByScreening(t *testing.T) {
	b := setup(t)
	b.records.amount.Micros = 0
	b.run(refund.Rejected)
	b.path(refund.Submitted, refund.Screening, refund.Rejected)
	require.Equal(t, []string{"refund_1/rejected"}, b.records.mails)
}

func TestDrainWindowDelaysTheCredit(t *testing.T) {
	b := setup(t)
	b.records.settleAt = start.Add(time.Hour)
	b.at(59*time.Minute, func() {
		s := b.snapshot()
		require.Equal(t, refund.Crediting, s.State)
		require.Zero(t, b.records.credits)
		require.Equal(t, start.Add(time.Hour), s.SettleAt)
		b.withdraw("late")
	})
	b.run(refund.Credited)
	require.Equal(t, []time.Duration{time.Hour}, b.timers)
	b.refused(b.answers["late"], "too-late")
}

func TestDrainWindowThatIsOverDelaysNothing(t *testing.T) {
	b := setup(t)
	b.records.settleAt = start.Add(-time.Hour)
	b.run(refund.Credited)
	require.Empty(t, b.timers)
}

func TestSuspensionDuringTheDrainWindowIsSeenByTheCredit(t *testing.T) {
	b := setup(t)
	b.records.settleAt = start.Add(time.Hour)
	b.at(time.Minute, b.suspend(refund.Suspended))
	b.at(2*time.Hour, func() { require.Equal(t, refund.OnHold, b.snapshot().State) })
	b.at(3*time.Hour, b.suspend(refund.Good))
	b.run(refund.Credited)
	b.path(refund.Submitted, refund.Screening, refund.Crediting, refund.OnHold, refund.Crediting, refund.Credited)
}

func TestHoldAndRelease(t *testing.T) {
	hour := time.Hour
	for name, c := range map[string]struct {
		before func(*bench)
		ends   refund.State
		path   []refund.State
	}{
		"screening, suspended then reinstated": {
			before: func(b *bench) { b.records.standing = refund.Suspended; b.at(hour, b.suspend(refund.Good)) },
			ends:   refund.Credited,
			path:   []refund.State{refund.Submitted, refund.Screening, refund.OnHold, refund.Screening, refund.Crediting, refund.Credited},
		},
		"screening, dispute open then won": {
			before: func(b *bench) { b.records.dispute = refund.DisputeOpen; b.at(hour, b.disputed(refund.DisputeWon)) },
			ends:   refund.Credited,
			path:   []refund.State{refund.Submitted, refund.Screening, refund.OnHold, refund.Screening, refund.Crediting, refund.Credited},
		},
		"screening, terminated": {
			before: func(b *bench) { b.records.standing = refund.Terminated },
			ends:   refund.Rejected,
			path:   []refund.State{refund.Submitted, refund.Screening, refund.Rejected},
		},
		"on hold, then terminated": {
			before: func(b *bench) {
				b.records.standing = refund.Suspended
				b.at(hour, b.suspend(refund.Terminated))
			},
			ends: refund.Rejected,
			path: []refund.State{refund.Submitted, refund.Screening, refund.OnHold, refund.Rejected},
		},
		"on hold for two causes, released by the last": {
			before: func(b *bench) {
				b.records.standing, b.records.dispute = refund.Suspended, refund.DisputeOpen
				b.at(hour, b.suspend(refund.Good))
				b.at(2*hour, b.disputed(refund.NoDispute))
			},
			ends: refund.Credited,
			path: []refund.State{refund.Submitted, refund.Screening, refund.OnHold, refund.Screening, refund.Crediting, refund.Credited},
		},
		"in review, suspended, reinstated, withdrawn": {
			before: func(b *bench) {
				b.inReview()
				b.at(hour, b.suspend(refund.Suspended))
				b.at(2*hour, b.suspend(refund.Good))
				b.at(3*hour, func() { b.withdraw("w") })
			},
			ends: refund.Withdrawn,
			path: []refund.State{refund.Submitted, refund.Screening, refund.InReview, refund.OnHold, refund.InReview, refund.Withdrawn},
		},
		"in review, dispute lost": {
			before: func(b *bench) { b.inReview(); b.at(hour, b.disputed(refund.DisputeLost)) },
			ends:   refund.Rejected,
			path:   []refund.State{refund.Submitted, refund.Screening, refund.InReview, refund.Rejected},
		},
		"in review, terminated": {
			before: func(b *bench) { b.inReview(); b.at(hour, b.suspend(refund.Terminated)) },
			ends:   refund.Rejected,
			path:   []refund.State{refund.Submitted, refund.Screening, refund.InReview, refund.Rejected},
		},
		"crediting, suspended between approval and credit": {
			before: func(b *bench) {
				once := true
				b.records.hook[refund.VerbCredit] = func() {
					if once {
						once = false
						b.records.set(func(r *records) { r.standing = refund.Suspended })
					}
				}
				b.at(hour, b.suspend(refund.Good))
			},
			ends: refund.Credited,
			path: []refund.State{refund.Submitted, refund.Screening, refund.Crediting, refund.OnHold, refund.Crediting, refund.Credited},
		},
		"crediting, terminated between approval and credit": {
			before: func(b *bench) {
				b.records.hook[refund.VerbCredit] = func() {
					b.records.set(func(r *records) { r.standing = refund.Terminated })
				}
			},
			ends: refund.Rejected,
			path: []refund.State{refund.Submitted, refund.Screening, refund.Crediting, refund.Rejected},
		},
		"a change that changes nothing": {
			before: func(b *bench) {
				b.inReview()
				b.at(hour, func() { b.signal(workflows.SignalStandingChanged) })
				b.at(2*hour, func() { b.withdraw("w") })
			},
			ends: refund.Withdrawn,
			path: []refund.State{refund.Submitted, refund.Screening, refund.InReview, refund.Withdrawn},
		},
		"on hold, withdrawn": {
			before: func(b *bench) { b.records.standing = refund.Suspended; b.at(hour, func() { b.withdraw("w") }) },
			ends:   refund.Withdrawn,
			path:   []refund.State{refund.Submitted, refund.Screening, refund.OnHold, refund.Withdrawn},
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			c.before(b)
			b.run(c.ends)
			b.path(c.path...)
		})
	}
}

// A change that is heard while screening runs is looked at once screening is done.
func TestChangeDuringScreeningIsNotLost(t *testing.T) {
	b := setup(t).inReview()
	b.records.trouble[refund.VerbScreen] = []error{errAway, errAway}
	b.at(time.Millisecond, b.suspend(refund.Suspended))
	b.at(time.Hour, func() { require.Equal(t, refund.OnHold, b.snapshot().State) })
	b.at(2*time.Hour, func() { b.withdraw("w") })
	b.run(refund.Withdrawn)
}

func TestNoticesAreDeliveredInOrder(t *testing.T) {
	b := setup(t).inReview()
	b.records.mail = []error{errAway}
	b.at(time.Hour, func() { b.withdraw("w") })
	b.run(refund.Withdrawn)
	require.Equal(t, []string{"refund_1/received", "refund_1/in_review", "refund_1/withdrawn"}, b.records.mails)
	require.Equal(t, []string{workflows.ActivityNotify, workflows.ActivityWithdraw}, b.regular, "only the failed notice and the command needed a regular activity")
}

// A command is carried out by a regular activity: its acceptance is in the history before
// the records change, so a crash in between loses neither.
func TestCommandsAreRecordedBeforeTheyAreCarriedOut(t *testing.T) {
	b := setup(t).inReview()
	b.at(time.Hour, func() { b.decide("d1", "ticket_1", reviewer, review.Approve) })
	b.run(refund.Credited)
	require.Equal(t, []string{workflows.ActivityRecordDecision}, b.regular)
}

// A change of standing that arrives beside a decision costs neither of them time.
func TestChangeBesideADecisionDoesNotDelayTheCredit(t *testing.T) {
	b := setup(t).inReview()
	b.at(time.Hour, func() {
		b.decide("d1", "ticket_1", reviewer, review.Approve)
		b.suspend(refund.Good)()
	})
	b.run(refund.Credited)
	require.Less(t, b.Now().Sub(start), time.Hour+time.Minute)
}

func TestSuspensionDoesNotWaitForTheDrainWindow(t *testing.T) {
	b := setup(t)
	b.records.settleAt = start.Add(48 * time.Hour)
	b.at(time.Hour, b.suspend(refund.Suspended))
	b.at(2*time.Hour, func() { require.Equal(t, refund.OnHold, b.snapshot().State) })
	b.at(3*time.Hour, b.suspend(refund.Good))
	b.at(4*time.Hour, func() { require.Equal(t, refund.Crediting, b.snapshot().State) })
	b.run(refund.Credited)
	require.GreaterOrEqual(t, b.Now().Sub(start), 48*time.Hour)
}

func TestDeadMailServerDelaysTheMailAndNotTheRefund(t *testing.T) {
	b := setup(t)
	b.records.noMail = errAway
	b.at(10*time.Minute, func() {
		require.Equal(t, refund.Credited, b.snapshot().State)
		require.Equal(t, 1, b.records.credits)
		b.records.set(func(r *records) { r.noMail = nil })
	})
	b.run(refund.Credited)
	require.Equal(t, []string{"refund_1/credited"}, b.records.mails)
	require.Equal(t, notify.Sent, b.records.notices["refund_1/credited"])
}

// The test environment gives every activity ten tries where the engine has no limit, so
// the seven days are seen in the activity's own deadline.
func TestNoticeIsDeadAfterSevenDays(t *testing.T) {
	b := setup(t)
	b.records.noMail = errAway
	b.run(refund.Credited)
	require.Equal(t, 7*24*time.Hour, b.limits[workflows.ActivityNotify])
	require.Equal(t, notify.Dead, b.records.notices["refund_1/credited"])
	require.Empty(t, b.records.mails)
}

func TestNoticeThatCanNeverArriveIsDeadAtOnce(t *testing.T) {
	b := setup(t)
	b.records.noMail = fault.New(fault.Unprocessable, "mail-refused", "")
	b.run(refund.Credited)
	require.Empty(t, b.regular)
	require.Equal(t, notify.Dead, b.records.notices["refund_1/credited"])
}

func TestSweepReportsWhatItDelivered(t *testing.T) {
	b := setup(t)
	b.ExecuteWorkflow(workflows.WorkflowSweep)
	var result workflows.SweepResult
	require.NoError(t, b.GetWorkflowResult(&result))
	require.Equal(t, 3, result.Delivered)
	require.Empty(t, b.regular)
}
