package workflows_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/workflows"
)

const day = 24 * time.Hour

// promised is a refund in review whose ticket has a clock of 40 hours.
func promised(t *testing.T) *bench {
	t.Helper()
	b := setup(t).inReview()
	b.records.sla = promise
	return b
}

func TestClockRemindsAndEscalates(t *testing.T) {
	b := promised(t)
	b.at(39*time.Hour, func() { require.Equal(t, review.QueueReview, b.snapshot().Queue) })
	b.at(41*time.Hour, func() {
		s := b.snapshot()
		require.Equal(t, review.QueueEscalation, s.Queue)
		require.True(t, s.WakeAt.IsZero(), "nothing is left for the clock to do")
		b.decide("d", "ticket_1", reviewer, review.Approve)
	})
	seen := b.upserts()
	b.run(refund.Credited)
	require.Equal(t, []string{"50 after 20h0m0s", "80 after 32h0m0s", "100 after 40h0m0s"}, b.records.marks)
	require.Equal(t, []time.Duration{20 * time.Hour, 12 * time.Hour, 8 * time.Hour}, b.timers)
	require.Len(t, b.records.calls[refund.VerbReassess], 3)
	require.Equal(t, []string{workflows.ActivityRecordDecision}, b.regular)
	var queues []string
	for _, sa := range *seen {
		if q, ok := sa.GetKeyword(workflows.AttrTicketQueue); ok {
			queues = append(queues, q)
		}
	}
	require.Equal(t, []string{review.QueueReview, review.QueueEscalation}, queues)
}

func TestDecisionBeforeTheAlarmTakesItsTimerBack(t *testing.T) {
	b := promised(t)
	taken := 0
	b.SetOnTimerCanceledListener(func(string) { taken++ })
	b.at(time.Hour, func() { b.decide("d", "ticket_1", reviewer, review.Approve) })
	b.run(refund.Credited)
	require.Equal(t, 1, taken)
	require.Empty(t, b.records.marks)
	require.Empty(t, b.records.calls[refund.VerbReassess])
	require.Less(t, b.Now().Sub(start), 2*time.Hour)
}

// The parked refund's ticket has a clock, too.
func TestClockOfAParkedRefund(t *testing.T) {
	b := setup(t)
	b.records.sla = promise
	b.records.trouble[refund.VerbCredit] = []error{errDatabase}
	b.at(45*time.Hour, func() { b.retry("r") })
	b.run(refund.Credited)
	require.Equal(t, []string{"50 after 20h0m0s", "80 after 32h0m0s", "100 after 40h0m0s"}, b.records.marks)
}

func TestCustomerAnswersInTime(t *testing.T) {
	b := promised(t)
	b.at(10*time.Hour, func() { b.ask("ask", reviewer) })
	b.at(20*time.Hour, func() {
		s := b.snapshot()
		require.Equal(t, refund.AwaitingCustomer, s.State)
		require.Equal(t, start.Add(10*time.Hour+3*day), s.WakeAt)
		b.decide("early", "ticket_1", reviewer, review.Approve)
		b.ask("again", reviewer2)
	})
	b.at(2*day, func() {
		b.records.set(func(r *records) { r.answered = true })
		b.signal(workflows.SignalTicketChanged)
	})
	b.at(2*day+time.Minute, func() {
		s := b.snapshot()
		require.Equal(t, refund.InReview, s.State)
		require.Equal(t, start.Add(2*day+10*time.Hour), s.WakeAt, "half of 40 hours, of which 10 had run")
	})
	b.at(2*day+11*time.Hour, func() { b.decide("d", "ticket_1", reviewer, review.Approve) })
	seen := b.upserts()
	b.run(refund.Credited)
	require.NoError(t, b.answers["ask"].err)
	require.Equal(t, refund.AwaitingCustomer, b.answers["ask"].step.State)
	require.Equal(t, []review.Asking{{TicketID: "ticket_1", NoteID: "note_1", By: reviewer}}, b.records.asked)
	b.refused(b.answers["early"], "awaiting-customer")
	b.refused(b.answers["again"], "awaiting-customer")
	require.False(t, b.answers["early"].accepted)
	require.Equal(t, []string{"50 after 58h0m0s"}, b.records.marks)
	require.Contains(t, b.records.mails, "refund_1/information_requested")
	require.NotContains(t, b.records.mails, "refund_1/information_reminder")
	b.path(refund.Submitted, refund.Screening, refund.InReview, refund.AwaitingCustomer, refund.InReview, refund.Crediting, refund.Credited)
	var states []string
	for _, sa := range *seen {
		if s, ok := sa.GetKeyword(workflows.AttrRefundState); ok {
			states = append(states, s)
		}
	}
	require.Equal(t, []string{"in_review", "awaiting_customer", "in_review", "credited"}, slices.Compact(states))
}

func TestCustomerIsRemindedAndThenRejected(t *testing.T) {
	b := promised(t)
	b.at(time.Hour, func() { b.ask("ask", reviewer) })
	b.run(refund.Rejected)
	require.Equal(t, []string{"reminded after 73h0m0s", "unanswered after 169h0m0s"}, b.records.marks)
	require.Equal(t, []string{
		"refund_1/received", "refund_1/in_review", "refund_1/information_requested", "refund_1/information_reminder", "refund_1/rejected",
	}, b.records.mails)
	require.Zero(t, b.records.credits)
}

func TestWithdrawnWhileTheCustomerIsAsked(t *testing.T) {
	b := promised(t)
	b.at(time.Hour, func() { b.ask("ask", reviewer) })
	b.at(2*time.Hour, func() { b.withdraw("w") })
	b.run(refund.Withdrawn)
	require.NoError(t, b.answers["w"].err)
}

func TestHoldStopsTheClock(t *testing.T) {
	b := promised(t)
	b.at(10*time.Hour, b.suspend(refund.Suspended))
	b.at(11*time.Hour, func() { require.True(t, b.snapshot().WakeAt.IsZero()) })
	b.at(30*time.Hour, b.suspend(refund.Good))
	b.at(41*time.Hour, func() { b.withdraw("w") })
	b.run(refund.Withdrawn)
	require.Equal(t, []string{"50 after 40h0m0s"}, b.records.marks)
}

func TestHeldWhileTheCustomerIsAsked(t *testing.T) {
	b := promised(t)
	b.at(time.Hour, func() { b.ask("ask", reviewer) })
	b.at(2*time.Hour, b.suspend(refund.Suspended))
	b.at(3*time.Hour, func() { b.decide("held", "ticket_1", reviewer, review.Approve) })
	b.at(4*time.Hour, b.suspend(refund.Good))
	b.at(5*time.Hour, func() { require.Equal(t, refund.AwaitingCustomer, b.snapshot().State) })
	b.run(refund.Rejected)
	b.refused(b.answers["held"], "ticket-closed")
	require.Equal(t, []string{"reminded after 73h0m0s", "unanswered after 169h0m0s"}, b.records.marks)
}

func TestAskingThatIsRefusedAtTheDoor(t *testing.T) {
	own := identity.Actor{Subject: requester, Roles: []identity.Role{identity.Reviewer}}
	owner := identity.Actor{Subject: "reviewer_3", Roles: []identity.Role{identity.Reviewer}, AccountID: accountID}
	for name, c := range map[string]struct {
		with func(*workflows.AskInput)
		code string
	}{
		"his own request":      {func(a *workflows.AskInput) { a.By = own }, "self-approval"},
		"his own account":      {func(a *workflows.AskInput) { a.By = owner }, "self-approval"},
		"an admin":             {func(a *workflows.AskInput) { a.By = admin }, "forbidden"},
		"another ticket":       {func(a *workflows.AskInput) { a.TicketID = "ticket_0" }, "ticket-closed"},
		"a sender who gave up": {func(a *workflows.AskInput) { a.NotAfter = start }, "decision-expired"},
	} {
		t.Run(name, func(t *testing.T) {
			b := promised(t)
			b.at(time.Hour, func() {
				a := b.asking(reviewer)
				c.with(&a)
				b.update("a", workflows.UpdateRequestInformation, a)
			})
			b.at(2*time.Hour, func() { b.withdraw("w") })
			b.run(refund.Withdrawn)
			b.refused(b.answers["a"], c.code)
			require.False(t, b.answers["a"].accepted)
			require.Empty(t, b.records.asked)
		})
	}
}

func TestAskingWhileNobodyReviews(t *testing.T) {
	for name, prepare := range map[string]func(*bench){
		"on hold": func(b *bench) { b.records.standing = refund.Suspended; b.at(2*time.Hour, b.suspend(refund.Good)) },
		"needs attention": func(b *bench) {
			b.records.trouble[refund.VerbCredit] = []error{errDatabase}
			b.at(2*time.Hour, func() { b.retry("r") })
		},
		"crediting": func(b *bench) { b.records.settleAt = start.Add(2 * time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			prepare(b)
			b.at(time.Hour, func() { b.ask("a", reviewer) })
			b.run(refund.Credited)
			b.refused(b.answers["a"], "ticket-closed")
			require.False(t, b.answers["a"].accepted)
		})
	}
}

// Of two who ask at once one does; the second is checked again when it is its turn.
func TestSecondOfTwoWhoAskAtOnceIsRefused(t *testing.T) {
	b := promised(t)
	b.at(time.Hour, func() {
		b.ask("1", reviewer)
		b.ask("2", reviewer2)
	})
	b.at(2*time.Hour, func() { b.withdraw("w") })
	b.run(refund.Withdrawn)
	require.NoError(t, b.answers["1"].err)
	require.True(t, b.answers["2"].accepted)
	b.refused(b.answers["2"], "awaiting-customer")
	require.Len(t, b.records.asked, 1)
}

// The customer and a reviewer at once: whoever is first decides what the other finds.
func TestAnswerBesideADecision(t *testing.T) {
	b := promised(t)
	b.at(time.Hour, func() { b.ask("ask", reviewer) })
	b.at(2*time.Hour, func() {
		b.records.set(func(r *records) { r.answered = true })
		b.signal(workflows.SignalTicketChanged)
		b.decide("d", "ticket_1", reviewer, review.Approve)
	})
	b.at(3*time.Hour, func() { b.decide("again", "ticket_1", reviewer, review.Approve) })
	b.run(refund.Credited)
	b.refused(b.answers["d"], "awaiting-customer")
	require.NoError(t, b.answers["again"].err)
}

func TestWordsOfAVoteReachTheRecords(t *testing.T) {
	b := promised(t)
	b.at(time.Hour, func() {
		d := b.decision("ticket_1", reviewer, review.Approve)
		d.MessageID = "note_9"
		b.update("d", workflows.UpdateDecide, d)
	})
	b.run(refund.Credited)
	require.Equal(t, []string{"note_9"}, b.records.words)
}

// What staff writes is delivered while the refund waits: once, however often it is signalled.
func TestMessageIsDeliveredWhileTheRefundWaits(t *testing.T) {
	b := promised(t)
	b.at(time.Hour, func() {
		b.records.set(func(r *records) { r.post("message_1/message") })
		b.signal(workflows.SignalTicketChanged)
		b.signal(workflows.SignalTicketChanged)
	})
	b.at(2*time.Hour, func() {
		require.Equal(t, []string{"refund_1/received", "refund_1/in_review", "message_1/message"}, b.records.mails)
		b.signal(workflows.SignalTicketChanged)
	})
	b.at(3*time.Hour, func() { b.withdraw("w") })
	b.run(refund.Withdrawn)
	require.Equal(t, []string{"refund_1/received", "refund_1/in_review", "message_1/message", "refund_1/withdrawn"}, b.records.mails)
	require.LessOrEqual(t, len(b.records.calls[refund.VerbReassess]), 3)
}

// Staff writes, and the very next thing ends the refund: what was written is told all the same.
func TestMessageJustBeforeTheEndIsDelivered(t *testing.T) {
	b := promised(t)
	b.at(time.Hour, func() {
		b.withdraw("w")
		b.records.set(func(r *records) { r.post("message_1/message") })
		b.signal(workflows.SignalTicketChanged)
	})
	b.run(refund.Withdrawn)
	require.Contains(t, b.records.mails, "message_1/message")
	require.Contains(t, b.records.mails, "refund_1/withdrawn")
}

func TestLookAfterTheEndIsTriedAgain(t *testing.T) {
	b := promised(t)
	b.records.trouble[refund.VerbReassess] = []error{errDatabase, errDatabase}
	b.at(time.Hour, func() {
		b.withdraw("w")
		b.records.set(func(r *records) { r.post("message_1/message") })
		b.signal(workflows.SignalTicketChanged)
	})
	b.run(refund.Withdrawn)
	require.Contains(t, b.records.mails, "message_1/message")
}

// A step that names the same past moment again and again wakes the refund ever more rarely.
func TestWakeUpThatFindsNothingToDoDoesNotSpin(t *testing.T) {
	b := setup(t).inReview()
	b.records.stuckAt = start.Add(time.Hour)
	b.at(3*day, func() { b.withdraw("w") })
	b.run(refund.Withdrawn)
	looks := len(b.records.calls[refund.VerbReassess])
	require.Less(t, looks, 170, "every 30 minutes at most")
	require.Greater(t, looks, 100)
	require.Equal(t, []time.Duration{time.Hour, time.Second, 2 * time.Second, 4 * time.Second}, b.timers[:4])
	require.Equal(t, 30*time.Minute, b.timers[len(b.timers)-1])
	require.NotContains(t, b.timers, time.Duration(0))
}

// While it rests it hears: people and news do not wait for the clock.
func TestRestingRefundHears(t *testing.T) {
	b := setup(t).inReview()
	b.records.stuckAt = start
	b.at(day, b.suspend(refund.Suspended))
	b.at(day+time.Second, func() { require.Equal(t, refund.OnHold, b.snapshot().State) })
	b.at(day+time.Minute, func() { b.records.set(func(r *records) { r.stuckAt = time.Time{} }) })
	b.at(day+2*time.Minute, b.suspend(refund.Good))
	b.at(day+3*time.Minute, func() { b.decide("d", "ticket_1", reviewer, review.Approve) })
	b.run(refund.Credited)
	require.Less(t, b.Now().Sub(start), day+4*time.Minute)
}

// The clock's step failed for an hour: what it would have brought comes then.
func TestLookThatFailsIsMadeUpFor(t *testing.T) {
	b := promised(t)
	b.records.trouble[refund.VerbReassess] = []error{errDatabase, errDatabase, errDatabase, errDatabase, errDatabase, errDatabase}
	b.at(39*time.Hour, func() { b.withdraw("w") })
	b.run(refund.Withdrawn)
	require.Equal(t, []string{"50 after 21h1m0s", "80 after 32h0m0s"}, b.records.marks)
}

// The engine was away while the alarm should have rung: it rings at once, and one look
// brings all that is due.
func TestAlarmThatIsOverdueRingsAtOnce(t *testing.T) {
	b := promised(t)
	b.records.state, b.records.ticket, b.records.queue = refund.InReview, "ticket_1", review.QueueReview
	b.records.clock = promise.Start(start.Add(-33 * time.Hour))
	b.at(time.Hour, func() { b.withdraw("w") })
	in := b.input()
	in.Resume = &workflows.Resume{State: refund.InReview, Turn: 5, TicketID: "ticket_1", WakeAt: start.Add(-13 * time.Hour)}
	b.ExecuteWorkflow(workflows.WorkflowRefund, in)
	require.NoError(t, b.GetWorkflowError())
	require.Equal(t, []string{"80 after 0s"}, b.records.marks)
	require.Equal(t, []time.Duration{7 * time.Hour}, b.timers)
}

func TestContinuesAsNewWithItsAlarm(t *testing.T) {
	first := promised(t)
	first.at(time.Hour, func() { first.SetContinueAsNewSuggested(true); first.signal(workflows.SignalTicketChanged) })
	in := first.renewed()
	require.Equal(t, start.Add(20*time.Hour), in.Resume.WakeAt)

	second := setup(t)
	second.records = first.records
	second.records.now = second.Now
	second.reregister()
	second.at(21*time.Hour, func() { second.withdraw("w") })
	second.ExecuteWorkflow(workflows.WorkflowRefund, in)
	require.NoError(t, second.GetWorkflowError())
	require.Equal(t, []string{"50 after 20h0m0s"}, second.records.marks)
}
