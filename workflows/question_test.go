package workflows_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"refunddesk/internal/fault"
	"refunddesk/internal/review"
	"refunddesk/workflows"
)

const questionID = "ticket_q"

// asked is a question whose clock began at the start.
func asked(t *testing.T) *bench {
	t.Helper()
	b := setup(t)
	b.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: review.QuestionWorkflowID(questionID), TaskQueue: "refunds"})
	b.records.sla, b.records.queue = promise, review.QueueQuestions
	b.records.clock = promise.Start(start)
	return b
}

func (b *bench) answerQuestion() {
	b.t.Helper()
	b.ExecuteWorkflow(workflows.WorkflowQuestion, workflows.QuestionInput{TicketID: questionID})
	require.True(b.t, b.IsWorkflowCompleted(), "the question has not ended")
	require.NoError(b.t, b.GetWorkflowError())
}

func (b *bench) questionSnapshot() (s workflows.QuestionSnapshot) {
	value, err := b.QueryWorkflow(workflows.QuerySnapshot)
	require.NoError(b.t, err)
	require.NoError(b.t, value.Get(&s))
	return s
}

// close has staff resolve the question.
func (b *bench) close() {
	b.records.set(func(r *records) { r.closed = true })
	b.signal(workflows.SignalTicketChanged)
}

func (b *bench) write(message string) {
	b.records.set(func(r *records) { r.post(message + "/message") })
	b.signal(workflows.SignalTicketChanged)
}

func TestQuestionIsAnsweredAndClosed(t *testing.T) {
	b := asked(t)
	seen := b.upserts()
	b.at(time.Hour, func() {
		s := b.questionSnapshot()
		require.Equal(t, review.QueueQuestions, s.Queue)
		require.Equal(t, start.Add(40*time.Hour), s.DueAt)
		require.Equal(t, start.Add(20*time.Hour), s.WakeAt)
		require.Equal(t, int(workflows.FirstQuestion), s.Version)
		b.write("message_1")
	})
	b.at(2*time.Hour, b.close)
	b.answerQuestion()
	require.Equal(t, []string{"message_1/message"}, b.records.mails)
	require.Empty(t, b.regular)
	require.Empty(t, b.records.marks)
	require.Len(t, b.records.ticks, 3, "at the start, at each change")
	var queued []bool
	for _, sa := range *seen {
		_, ok := sa.GetKeyword(workflows.AttrTicketQueue)
		queued = append(queued, ok)
	}
	require.False(t, queued[len(queued)-1], "a question that is closed waits in no queue")
	require.Contains(t, queued, true)
}

func TestQuestionIsRemindedOfAndEscalated(t *testing.T) {
	b := asked(t)
	b.at(41*time.Hour, func() {
		require.Equal(t, review.QueueEscalation, b.questionSnapshot().Queue)
		b.close()
	})
	b.answerQuestion()
	require.Equal(t, []string{"50 after 20h0m0s", "80 after 32h0m0s", "100 after 40h0m0s"}, b.records.marks)
	require.Equal(t, []time.Duration{20 * time.Hour, 12 * time.Hour, 8 * time.Hour}, b.timers)
}

// The signal that starts a run and the run's first look are one.
func TestSignalThatStartsAQuestionCostsNoSecondLook(t *testing.T) {
	b := asked(t)
	b.records.closed = true
	b.records.post("message_1/message")
	b.at(0, func() { b.signal(workflows.SignalTicketChanged) })
	b.answerQuestion()
	require.Equal(t, []string{"message_1/message"}, b.records.mails)
	require.LessOrEqual(t, len(b.records.ticks), 2)
}

// What was said after the end starts it again: it delivers and ends.
func TestQuestionThatIsClosedDeliversAndEnds(t *testing.T) {
	b := asked(t)
	b.records.closed = true
	b.records.post("message_1/message")
	b.answerQuestion()
	require.Equal(t, []string{"message_1/message"}, b.records.mails)
	require.Len(t, b.records.ticks, 1)
	require.Empty(t, b.timers)
}

func TestClosedQuestionWaitsForItsNotices(t *testing.T) {
	b := asked(t)
	b.records.noMail = errAway
	b.at(time.Hour, func() { b.write("message_1") })
	b.at(time.Hour+time.Second, b.close)
	b.at(time.Hour+10*time.Minute, func() {
		s := b.questionSnapshot()
		require.True(t, s.Closed)
		require.Equal(t, 1, s.PendingNotices)
		b.records.set(func(r *records) { r.noMail = nil })
	})
	b.answerQuestion()
	require.Equal(t, []string{"message_1/message"}, b.records.mails)
}

func TestNoticeOfAQuestionThatCanNeverArriveIsDead(t *testing.T) {
	b := asked(t)
	b.records.noMail = fault.New(fault.Unprocessable, "mail-refused", "")
	b.at(time.Hour, func() { b.write("message_1") })
	b.at(2*time.Hour, func() {
		require.Equal(t, 1, b.questionSnapshot().DeadNotices)
		b.close()
	})
	b.answerQuestion()
	require.Empty(t, b.records.mails)
}

func TestQuestionNeverGivesUp(t *testing.T) {
	t.Run("the database is away", func(t *testing.T) {
		b := asked(t)
		b.records.tickTrouble = []error{errAway, errAway, errAway}
		b.at(time.Hour, b.close)
		b.answerQuestion()
		require.Equal(t, []bool{true, false, false, false, true}, b.records.ticks)
		require.Len(t, b.regular, 3)
	})
	t.Run("the database refuses", func(t *testing.T) {
		b := asked(t)
		b.records.tickTrouble = []error{errDatabase, errDatabase}
		b.at(30*time.Second, func() { require.Equal(t, "internal", b.questionSnapshot().Failing) })
		b.at(time.Hour, b.close)
		b.answerQuestion()
		require.Equal(t, []time.Duration{time.Minute, 2 * time.Minute}, b.timers[:2])
		require.Empty(t, b.regular)
	})
	t.Run("there is no such ticket", func(t *testing.T) {
		b := asked(t)
		b.records.tickTrouble = []error{fault.New(fault.NotFound, "not-found", "")}
		b.answerQuestion()
		require.Len(t, b.records.ticks, 1)
	})
	t.Run("somebody cancels it", func(t *testing.T) {
		b := asked(t)
		b.at(time.Hour, b.CancelWorkflow)
		b.at(2*time.Hour, b.close)
		b.answerQuestion()
		require.True(t, b.Now().After(start.Add(2*time.Hour-time.Second)))
	})
}

func TestClockOfAQuestionDoesNotSpin(t *testing.T) {
	b := asked(t)
	b.records.stuckAt = start.Add(-time.Hour)
	b.at(day, b.close)
	b.answerQuestion()
	require.Less(t, len(b.records.ticks), 70)
}

func TestQuestionContinuesAsNewAndLosesNothing(t *testing.T) {
	first := asked(t)
	first.records.noMail = errAway
	first.at(time.Hour, func() { first.write("message_1") })
	first.at(time.Hour+time.Second, func() {
		first.SignalWorkflowSkippingWorkflowTask(workflows.SignalTicketChanged, workflows.ChangedSignal{IntentID: "intent_1"})
	})
	first.at(time.Hour+time.Second+time.Nanosecond, func() {
		first.SetContinueAsNewSuggested(true)
		first.signal(workflows.SignalTicketChanged)
	})
	first.ExecuteWorkflow(workflows.WorkflowQuestion, workflows.QuestionInput{TicketID: questionID})
	var next *workflow.ContinueAsNewError
	require.True(t, errors.As(first.GetWorkflowError(), &next), "%v", first.GetWorkflowError())
	require.Equal(t, workflows.WorkflowQuestion, next.WorkflowType.Name)
	var in workflows.QuestionInput
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(next.Input, &in))
	require.Equal(t, questionID, in.TicketID)
	require.Equal(t, start.Add(20*time.Hour), in.Resume.WakeAt)
	require.Equal(t, review.QueueQuestions, in.Resume.Queue)
	require.Len(t, in.Resume.Notices, 1)

	second := asked(t)
	second.records = first.records
	second.records.noMail = nil
	second.records.now = second.Now
	second.reregister()
	second.at(21*time.Hour, second.close)
	second.ExecuteWorkflow(workflows.WorkflowQuestion, in)
	require.NoError(t, second.GetWorkflowError())
	require.Equal(t, []string{"message_1/message"}, second.records.mails)
	require.Equal(t, []string{"50 after 20h0m0s"}, second.records.marks)
}
