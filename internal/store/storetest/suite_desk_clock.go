package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/review"
)

// tick looks at the question's clock and gives what there is then.
func (b *Bundle) tick(ticketID string) (review.QuestionStep, review.Ticket) {
	b.T.Helper()
	step, err := b.TickQuestion(b.Ctx, ticketID)
	require.NoError(b.T, err)
	k := b.ticket(ticketID)
	assert.Equal(b.T, k.Queue, step.Queue)
	assert.Equal(b.T, k.DueAt, step.DueAt)
	return step, k
}

func questionClock(t *testing.T, open Opener) {
	b := New(t, open)
	asked := b.Clock.Now()
	id := b.question("?").ID
	for _, c := range []struct {
		after   time.Duration // since it was asked
		urgency review.Urgency
		queue   string
		wake    time.Duration
	}{
		{0, review.OnTime, review.QueueQuestions, 5 * time.Hour},
		{5*time.Hour - time.Microsecond, review.OnTime, review.QueueQuestions, 5 * time.Hour},
		{5 * time.Hour, review.Half, review.QueueQuestions, 8 * time.Hour},
		{8*time.Hour - time.Microsecond, review.Half, review.QueueQuestions, 8 * time.Hour},
		{8 * time.Hour, review.Late, review.QueueQuestions, 10 * time.Hour},
		{10*time.Hour - time.Microsecond, review.Late, review.QueueQuestions, 10 * time.Hour},
		{10 * time.Hour, review.Overdue, review.QueueEscalation, 0},
		{100 * time.Hour, review.Overdue, review.QueueEscalation, 0},
	} {
		b.Clock.Add(asked.Add(c.after).Sub(b.Clock.Now()))
		for range 2 { // a look again finds nothing to do
			step, k := b.tick(id)
			assert.Equal(t, c.urgency, k.Urgency, "%s", c.after)
			assert.Equal(t, c.queue, step.Queue, "%s", c.after)
			wake := time.Time{}
			if c.wake > 0 {
				wake = asked.Add(c.wake)
			}
			assert.Equal(t, wake, step.WakeAt, "%s", c.after)
			assert.Equal(t, asked.Add(10*time.Hour), step.DueAt)
		}
	}
	assert.Equal(t, []string{
		"question-asked >open", "ticket-reminded 0>50", "ticket-reminded 50>80", "ticket-escalated questions>escalation",
	}, b.history(id))
	_, err := b.TickQuestion(b.Ctx, "none")
	assert.Equal(t, fault.NotFound, fault.From(err).Kind)
	_, err = b.TickQuestion(b.Ctx, b.flag("p").ID)
	assert.Equal(t, fault.NotFound, fault.From(err).Kind, "a refund's own workflow keeps the clock of its case")
}

// Sunday noon is no time of an office that works in Shanghai from 9 to 18 on weekdays: ten
// hours of it begin on Monday at 1 in the morning UTC.
func questionOffice(t *testing.T, open Opener) {
	b := New(t, open)
	office := promise
	office.Calendar = review.Calendar{
		Name: "office", Zone: "Asia/Shanghai", Opens: 9 * 60, Closes: 18 * 60, Weekend: []time.Weekday{time.Saturday, time.Sunday},
	}
	v, _, err := b.Store.Ask(b.Ctx, Customer("acct"), desk.Question{AccountID: "acct", Subject: "?", Body: "?", SLA: office})
	require.NoError(t, err)
	at := func(day, hour int) time.Time { return time.Date(2026, 3, day, hour, 0, 0, 0, time.UTC) }
	assert.Equal(t, at(2, 5), v.Ticket.ResponseDueAt)
	assert.Equal(t, at(3, 2), v.Ticket.DueAt)
	for _, c := range []struct {
		at      time.Time
		urgency review.Urgency
		wake    time.Time
	}{
		{at(2, 1), review.OnTime, at(2, 6)},
		{at(2, 6), review.Half, at(2, 9)},
		{at(2, 9), review.Late, at(3, 2)},
		{at(3, 2), review.Overdue, time.Time{}},
	} {
		b.Clock.Add(c.at.Sub(b.Clock.Now()))
		step, k := b.tick(v.Ticket.ID)
		assert.Equal(t, c.urgency, k.Urgency, "%s", c.at)
		assert.Equal(t, c.wake, step.WakeAt, "%s", c.at)
	}
}

func questionLate(t *testing.T, open Opener) {
	b := New(t, open)
	id, escalated := b.question("?").ID, b.question("!").ID
	_, err := b.Escalate(b.Ctx, Reviewer, escalated, "note_why")
	require.NoError(t, err)
	b.Clock.Add(9 * time.Hour)
	_, k := b.tick(id)
	assert.Equal(t, review.Late, k.Urgency)
	assert.Equal(t, []string{"question-asked >open", "ticket-reminded 0>80"}, b.history(id), "one reminder for all that was missed")
	b.Clock.Add(time.Hour)
	_, k = b.tick(escalated)
	assert.Equal(t, review.Overdue, k.Urgency)
	assert.Equal(t, []string{"question-asked >open", "ticket-escalated questions>escalation", "ticket-reminded 0>100"}, b.history(escalated))
}
