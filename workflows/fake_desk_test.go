package workflows_test

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"refunddesk/internal/notify"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// desk is what the records hold of tickets: the clock, what a customer is asked, pauses,
// what was said, a question. Without a time to decide there is no clock.
type desk struct {
	now     func() time.Time
	sla     review.SLA
	clock   review.Clock
	urgency review.Urgency
	queue   string
	marks   []string // what the clock brought, and when

	askedAt  time.Time // while the customer is asked something
	reminded bool
	answered bool
	asked    []review.Asking

	pausedUntil time.Time
	stuckAt     time.Time // a moment that every step names, whatever happens
	words       []string  // note ids of what votes tell the customer
	noPolicy    []error   // what the next reads of the policy fail with

	closed      bool
	ticks       []bool // per look at it: was it local
	tickTrouble []error
}

// promise is an SLA around the clock.
var promise = review.SLA{
	Calendar: review.AllHours, FirstResponse: 8 * time.Hour, Decision: 40 * time.Hour,
	AnswerWithin: 7 * 24 * time.Hour, RemindAfter: 3 * 24 * time.Hour,
}

func (r *records) mark(what any) {
	r.marks = append(r.marks, fmt.Sprintf("%v after %v", what, r.now().Sub(start).Round(time.Second)))
}

// post makes a notice pending.
func (r *records) post(id string) string {
	if _, known := r.notices[id]; !known {
		r.order = append(r.order, id)
	}
	r.notices[id] = notify.Pending
	return id
}

func (r *records) pending() (ids []string) {
	for _, id := range r.order {
		if r.notices[id] == notify.Pending {
			ids = append(ids, id)
		}
	}
	return ids
}

// paused reports whether crediting is paused and what is held is to be credited.
func (r *records) paused() bool {
	credits := r.state == refund.Crediting || r.state == refund.OnHold && r.heldFrom == refund.Crediting
	return credits && r.now().Before(r.pausedUntil)
}

// resume lets the clock go on where somebody of the desk moves next.
func (r *records) resume() {
	if r.sla.Decision > 0 && (r.state == refund.InReview || r.state == refund.NeedsAttention) {
		r.clock = r.sla.Resume(r.clock, r.now())
	}
}

// tick does what the time or an answer has brought.
func (r *records) tick() {
	switch r.state {
	case refund.AwaitingCustomer:
		r.tickAnswer()
	case refund.InReview, refund.NeedsAttention:
		r.tickClock()
	}
}

func (r *records) tickAnswer() {
	switch now := r.now(); {
	case r.answered:
		r.askedAt, r.answered, r.reminded = time.Time{}, false, false
		r.become(refund.InReview)
		r.resume()
	case !now.Before(r.askedAt.Add(r.sla.AnswerWithin)):
		r.mark("unanswered")
		r.reject()
	case !r.reminded && !now.Before(r.askedAt.Add(r.sla.RemindAfter)):
		r.reminded = true
		r.mark("reminded")
		r.tell(notify.Reminded)
	}
}

func (r *records) tickClock() {
	if r.sla.Decision == 0 {
		return
	}
	if u := r.sla.UrgencyAt(r.clock, r.now()); u > r.urgency {
		r.urgency = u
		r.mark(int(u))
		if u == review.Overdue {
			r.queue = review.QueueEscalation
		}
	}
}

// describe says when the clock has something to do next.
func (r *records) describe(step *refund.Step) {
	if r.ticket != "" {
		step.Queue = r.queue
	}
	switch {
	case !r.stuckAt.IsZero():
		step.WakeAt = r.stuckAt
	case r.state == refund.AwaitingCustomer && !r.reminded:
		step.WakeAt = r.askedAt.Add(r.sla.RemindAfter)
	case r.state == refund.AwaitingCustomer:
		step.WakeAt = r.askedAt.Add(r.sla.AnswerWithin)
	case r.state == refund.OnHold && r.paused():
		step.WakeAt = r.pausedUntil
	case (r.state == refund.InReview || r.state == refund.NeedsAttention) && r.sla.Decision > 0:
		step.WakeAt = r.sla.NextAfter(r.clock, r.urgency)
	}
}

func (r *records) RequestInformation(ctx context.Context, op refund.Op, ask review.Asking) (refund.Step, error) {
	return r.operation(ctx, op, func(step *refund.Step) {
		r.asked = append(r.asked, ask)
		r.askedAt = r.now()
		r.clock = r.sla.Stop(r.clock, r.now())
		r.become(refund.AwaitingCustomer)
		r.tell(notify.Asked)
	})
}

func (r *records) TickQuestion(ctx context.Context, ticketID string) (review.QuestionStep, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ticks = append(r.ticks, activity.GetInfo(ctx).IsLocalActivity)
	if len(r.tickTrouble) > 0 {
		err := r.tickTrouble[0]
		r.tickTrouble = r.tickTrouble[1:]
		return review.QuestionStep{}, err
	}
	if ticketID != questionID {
		r.t.Errorf("ticket %q is not the one", ticketID)
	}
	step := review.QuestionStep{Closed: r.closed, Notices: r.pending()}
	if r.closed {
		return step, nil
	}
	r.tickClock()
	step.Queue, step.DueAt = r.queue, r.sla.Due(r.clock, r.now())
	step.WakeAt = r.sla.NextAfter(r.clock, r.urgency)
	if !r.stuckAt.IsZero() {
		step.WakeAt = r.stuckAt
	}
	return step, nil
}
