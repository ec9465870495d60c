// Package workflows holds the processes of RefundDesk: what happens in which order, who is
// waited for and how long. Steps are done by activities; rules live in the domain.
package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"refunddesk/internal/refund"
)

// process is one run of the Refund workflow. It is the only writer of its refund's state
// after filing: people send it updates, the outside sends it signals, and every change is
// a step carried out one after the other.
type process struct {
	in      RefundInput
	version version

	state    refund.State
	turn     int // steps begun so far; part of each step's operation id
	verdict  string
	ticketID string
	queue    string
	dueAt    time.Time
	settleAt time.Time
	alarm    alarm
	voters   []string // who voted on the ticket that is open

	courier
	news bool // something changed since we last looked: standing, dispute, pause, ticket, or the time
	said bool // among it the ticket: there may be something to tell that no other step reports

	failing  string // code of what the due step failed with; empty when all is well
	failures int    // how often in a row

	published attributes
	steps     workflow.Mutex // held by whoever carries out a step
}

// Refund is the life of one refund: screen, perhaps review, hold or wait, credit, notify.
// It ends in credited, rejected or withdrawn, when its notices are delivered or given up.
//
// It cannot be cancelled: a refund ends by its table of states only, and a cancelled
// workflow would leave one open that nobody moves.
func Refund(ctx workflow.Context, in RefundInput) (RefundResult, error) {
	version := askVersion(ctx, changeRefund, FirstRelease, latest)
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	r := &process{in: in, version: version}
	r.courier.execute = r.execute
	if err := r.setup(ctx); err != nil {
		return RefundResult{}, err
	}
	return r.run(ctx)
}

// setup takes over from an earlier run and registers every handler, before anything blocks.
func (r *process) setup(ctx workflow.Context) error {
	r.state = refund.Submitted
	r.published = attributes{state: refund.Submitted}
	if r.in.Resume != nil {
		r.resume(*r.in.Resume)
	}
	r.steps = workflow.NewMutex(ctx)
	if err := r.answerQueries(ctx); err != nil {
		return err
	}
	if err := r.takeCommands(ctx); err != nil {
		return err
	}
	r.hearChanges(ctx)
	r.deliverNotices(ctx)
	return nil
}

// run reads like the process. The loop acts on the state that the last step left behind,
// whoever carried that step out.
func (r *process) run(ctx workflow.Context) (RefundResult, error) {
	for !r.state.Final() {
		switch r.state {
		case refund.Submitted, refund.Screening:
			r.screen(ctx)
		case refund.Crediting:
			r.settle(ctx)
			if r.failing == "" {
				r.credit(ctx)
			}
		default:
			r.awaitPeople(ctx)
			r.reassess(ctx)
		}
		if r.failing != "" {
			r.pause(ctx)
		}
		if shouldRenew(ctx) && r.calm(ctx) {
			return RefundResult{}, r.renew(ctx)
		}
	}
	r.publish(ctx)
	r.tellRest(ctx)
	return RefundResult{State: r.state}, nil
}

// screen has the request judged. Screening that the database refuses is not parked, as the
// table has no arrow for it: nothing was approved yet that an operator could retry.
// It is tried again ever more slowly, and may be withdrawn in between.
func (r *process) screen(ctx workflow.Context) {
	r.advance(ctx, func() bool { return r.state == refund.Submitted || r.state == refund.Screening },
		func() (refund.Step, error) {
			return r.move(ctx, ActivityScreen, func(at StepInput) any { return at })
		})
}

// settle waits until usage from before the freeze can no longer arrive (the drain window).
// A suspension does not wait for that.
func (r *process) settle(ctx workflow.Context) {
	for r.state == refund.Crediting {
		wait := r.settleAt.Sub(workflow.Now(ctx))
		if wait <= 0 {
			return
		}
		r.publish(ctx)
		if _, err := workflow.AwaitWithTimeout(ctx, wait, func() bool { return r.news }); err != nil {
			workflow.GetLogger(ctx).Warn("The drain window was cut short.", "error", err)
			return
		}
		r.reassess(ctx)
		if r.failing != "" {
			return
		}
	}
}

// credit posts the money. Standing, dispute and balance are checked again in the crediting
// transaction. What the database refuses goes to an operator.
func (r *process) credit(ctx workflow.Context) {
	r.advance(ctx, func() bool { return r.state == refund.Crediting },
		func() (refund.Step, error) {
			step, err := r.move(ctx, ActivityCredit, func(at StepInput) any { return at })
			if err == nil {
				return step, nil
			}
			reason := reasonOf(err)
			return r.move(ctx, ActivityPark, func(at StepInput) any {
				return ParkInput{StepInput: at, ReasonCode: reason}
			})
		})
}

// awaitPeople waits until a command moved the refund or the alarm, something changed, the
// alarm rings, or the history has grown long enough for a new run.
func (r *process) awaitPeople(ctx workflow.Context) {
	r.publish(ctx)
	at, asked := r.alarm.at, r.state == refund.AwaitingCustomer
	moved := func() bool {
		return !r.state.Waits() || !r.alarm.at.Equal(at) || (r.state == refund.AwaitingCustomer) != asked
	}
	if r.alarm.await(ctx, func() bool { return moved() || r.news || shouldRenew(ctx) }) {
		r.news = true
	}
}

// answerQueries registers the query.
func (r *process) answerQueries(ctx workflow.Context) error {
	return workflow.SetQueryHandler(ctx, QuerySnapshot, func() (Snapshot, error) {
		return Snapshot{
			State: r.state, Verdict: r.verdict, TicketID: r.ticketID, Queue: r.queue,
			DueAt: r.dueAt, SettleAt: r.settleAt, WakeAt: r.alarm.at, Turn: r.turn, Voters: r.voters,
			PendingNotices: len(r.notices), DeadNotices: r.dead,
			Failing: r.failing, Version: int(r.version),
		}, nil
	})
}
