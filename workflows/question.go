package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"refunddesk/internal/review"
)

// inquiry is one run of the Question workflow. The desk writes down what people say and do;
// the run keeps the clock and delivers what was said.
type inquiry struct {
	in      QuestionInput
	version version

	closed bool
	queue  string
	dueAt  time.Time
	alarm  alarm

	courier
	news bool // something happened on the ticket, or it is time

	failing  string
	failures int

	published attributes
}

// codeMissing is the failure of a ticket whose clock nobody keeps here.
const codeMissing = "not-found"

// Question is the life of a customer's question: remind, escalate, deliver what staff
// writes. It ends when the question is closed and all is told. What is said after its end
// starts it again: a run that finds nothing to wait for delivers and ends.
//
// Like Refund it cannot be cancelled.
func Question(ctx workflow.Context, in QuestionInput) error {
	version := askVersion(ctx, changeQuestion, FirstQuestion, latestQuestion)
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	q := &inquiry{in: in, version: version, news: true}
	q.courier.execute = q.execute
	if in.Resume != nil {
		q.resume(*in.Resume)
	}
	if err := q.answerQueries(ctx); err != nil {
		return err
	}
	q.hear(ctx)
	q.deliverNotices(ctx)
	// The signal that starts a run is heard before the first look, which answers it.
	letOthersRun(ctx)
	return q.run(ctx)
}

func (q *inquiry) run(ctx workflow.Context) error {
	for {
		if q.news {
			q.look(ctx)
		}
		q.publish(ctx)
		if q.failing != "" {
			q.pause(ctx)
		} else {
			q.wait(ctx)
		}
		letOthersRun(ctx)
		switch {
		case q.over():
			return nil
		case shouldRenew(ctx):
			return q.renew(ctx)
		}
	}
}

func (q *inquiry) over() bool { return q.closed && !q.news && len(q.notices) == 0 }

// wait lasts until something happens on the ticket, the alarm rings, or nothing is left to do.
func (q *inquiry) wait(ctx workflow.Context) {
	if q.alarm.await(ctx, func() bool { return q.news || q.over() || shouldRenew(ctx) }) {
		q.news = true
	}
}

// look has the records say how the ticket stands, with what the clock brought.
func (q *inquiry) look(ctx workflow.Context) {
	q.news = false
	var step review.QuestionStep
	err := q.execute(ctx, ActivityTickQuestion, TickInput{TicketID: q.in.TicketID}, &step)
	switch {
	case err != nil && codeOf(err) == codeMissing:
		step = review.QuestionStep{Closed: true}
	case err != nil:
		q.news, q.failing = true, codeOf(err)
		q.failures++
		return
	}
	q.failing, q.failures = "", 0
	q.closed, q.queue, q.dueAt = step.Closed, step.Queue, step.DueAt
	q.alarm.set(ctx, step.WakeAt)
	q.tellLater(ctx, step.Notices)
}

// pause waits before the records are asked again, ever longer.
func (q *inquiry) pause(ctx workflow.Context) {
	workflow.GetLogger(ctx).Error("A question could not be looked at and is tried again later.", "code", q.failing, "failures", q.failures)
	pauseFor(ctx, q.failures, func() bool { return shouldRenew(ctx) })
}

func (q *inquiry) execute(ctx workflow.Context, activity string, input, result any) error {
	return execute(ctx, q.publish, activity, input, result)
}

// hear remembers that something happened on the ticket; what it was is read from the records.
func (q *inquiry) hear(ctx workflow.Context) {
	channel := workflow.GetSignalChannel(ctx, SignalTicketChanged)
	workflow.GoNamed(ctx, SignalTicketChanged, func(ctx workflow.Context) {
		for {
			channel.Receive(ctx, nil)
			q.news = true
		}
	})
}

// publish brings the search attributes up to date.
func (q *inquiry) publish(ctx workflow.Context) {
	var now attributes
	if !q.closed {
		now.queue, now.dueAt = q.queue, q.dueAt
	}
	q.published.become(ctx, now)
}

func (q *inquiry) answerQueries(ctx workflow.Context) error {
	return workflow.SetQueryHandler(ctx, QuerySnapshot, func() (QuestionSnapshot, error) {
		return QuestionSnapshot{
			Closed: q.closed, Queue: q.queue, DueAt: q.dueAt, WakeAt: q.alarm.at,
			PendingNotices: len(q.notices), DeadNotices: q.dead, Failing: q.failing, Version: int(q.version),
		}, nil
	})
}

// renew continues as new. A notice that is being delivered is delivered again by the next run.
func (q *inquiry) renew(ctx workflow.Context) error {
	next := q.in
	next.Resume = &QuestionResume{
		Closed: q.closed, Queue: q.queue, DueAt: q.dueAt, WakeAt: q.alarm.at, Idle: q.alarm.idle,
		Notices: q.notices, Dead: q.dead, News: q.news, Failures: q.failures,
	}
	return workflow.NewContinueAsNewError(ctx, WorkflowQuestion, next)
}

// resume takes over what the run before handed on.
func (q *inquiry) resume(from QuestionResume) {
	q.closed, q.queue, q.dueAt = from.Closed, from.Queue, from.DueAt
	q.alarm = alarm{at: from.WakeAt, idle: from.Idle}
	q.notices, q.dead, q.news, q.failures = from.Notices, from.Dead, from.News, from.Failures
}
