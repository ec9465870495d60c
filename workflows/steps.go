package workflows

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"refunddesk/internal/refund"
)

// How long steps may take. A step is one transaction on our own database: it is first tried
// as a local activity, which costs the engine nothing, and only when the database is away
// as a regular one, which waits for it.
const (
	localLimit   = 2 * time.Second
	regularLimit = 10 * time.Second
	retryFirst   = 500 * time.Millisecond
	retryLast    = time.Minute

	// A step that the database refuses is tried again after these, doubling from one to the other.
	pauseFirst = time.Minute
	pauseLast  = 30 * time.Minute
)

var once = &temporal.RetryPolicy{MaximumAttempts: 1}

// codeStuck is the failure of a step that should have moved the refund and did not.
const codeStuck = "no-progress"

// advance carries out a step of the system, alone: do runs unless a command that was
// before us in the queue has already changed what is due. A failure is kept for pause.
func (r *process) advance(ctx workflow.Context, due func() bool, do func() (refund.Step, error)) {
	if err := r.steps.Lock(ctx); err != nil {
		r.fail(codeOf(err))
		return
	}
	defer r.steps.Unlock()
	if !due() {
		return
	}
	if _, err := do(); err != nil {
		r.fail(codeOf(err))
		return
	}
	r.failing, r.failures = "", 0
}

// move is perform for a step that has to take the refund on. Without it a step that answers
// and does not move would spin.
func (r *process) move(ctx workflow.Context, activity string, input func(StepInput) any) (refund.Step, error) {
	before := r.state
	step, err := r.perform(ctx, activity, input)
	if err == nil && r.state == before {
		return step, failure(cmp.Or(step.Refused, codeStuck))
	}
	return step, err
}

func (r *process) fail(code string) {
	r.failing = code
	r.failures++
}

// pause waits before the due step is tried again, ever longer, until something changes.
func (r *process) pause(ctx workflow.Context) {
	r.publish(ctx)
	workflow.GetLogger(ctx).Error("A step failed and is tried again later.", "state", r.state, "code", r.failing, "failures", r.failures)
	before := r.state
	pauseFor(ctx, r.failures, func() bool { return r.state != before || !before.Final() && shouldRenew(ctx) })
	r.failing = ""
}

// pauseFor waits after so many failures in a row, or until the condition holds.
func pauseFor(ctx workflow.Context, failures int, condition func() bool) {
	if _, err := workflow.AwaitWithTimeout(ctx, doubled(pauseFirst, pauseLast, failures), condition); err != nil {
		workflow.GetLogger(ctx).Error("A pause was cancelled.", "error", err)
	}
}

// perform runs one activity under a fresh turn and takes over what it left behind. The
// caller holds the mutex. It returns an error only when trying again would not help.
func (r *process) perform(ctx workflow.Context, activity string, input func(StepInput) any) (refund.Step, error) {
	return r.performBy(ctx, r.execute, activity, input)
}

// performDurably is perform for a step that a person asked for. A command is in the
// engine's memory only until the task that accepted it completes, and a local activity
// commits before that: killed in between, the records would have moved and the workflow
// would never hear of it. A regular activity begins once the acceptance is in the history.
func (r *process) performDurably(ctx workflow.Context, activity string, input func(StepInput) any) (refund.Step, error) {
	return r.performBy(ctx, executeDurably, activity, input)
}

func (r *process) performBy(ctx workflow.Context, execute func(workflow.Context, string, any, any) error, activity string, input func(StepInput) any) (refund.Step, error) {
	r.turn++
	var step refund.Step
	if err := execute(ctx, activity, input(StepInput{RefundID: r.in.RefundID, Turn: r.turn}), &step); err != nil {
		return refund.Step{}, err
	}
	if !step.State.Known() {
		return refund.Step{}, failure(FailureInternal)
	}
	r.take(ctx, step)
	return step, nil
}

func (r *process) execute(ctx workflow.Context, activity string, input, result any) error {
	return execute(ctx, r.publish, activity, input, result)
}

// execute runs an activity locally, and as a regular one, under the same operation id, when
// the local try met an infrastructure error. The activity finds the result of a first try
// whose answer was lost. What can take long is published first.
func execute(ctx workflow.Context, publish func(workflow.Context), activity string, input, result any) error {
	local := workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		StartToCloseTimeout: localLimit, ScheduleToCloseTimeout: localLimit, RetryPolicy: once,
	})
	err := workflow.ExecuteLocalActivity(local, activity, input).Get(ctx, result)
	if err == nil || hopeless(err) {
		return err
	}
	publish(ctx)
	return executeDurably(ctx, activity, input, result)
}

// executeDurably runs a regular activity, again and again until its neighbour is there.
func executeDurably(ctx workflow.Context, activity string, input, result any) error {
	regular := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: regularLimit,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: retryFirst, BackoffCoefficient: 2, MaximumInterval: retryLast,
			NonRetryableErrorTypes: []string{FailureInternal},
		},
	})
	return workflow.ExecuteActivity(regular, activity, input).Get(ctx, result)
}

// take makes what a step left behind the state of the process.
func (r *process) take(ctx workflow.Context, step refund.Step) {
	r.state = step.State
	r.tellLater(ctx, step.Notices)
	if step.Refused != "" {
		return
	}
	r.alarm.set(ctx, step.WakeAt)
	if !step.SettleAt.IsZero() {
		r.settleAt = step.SettleAt
	}
	r.verdict = cmp.Or(step.Verdict, r.verdict)
	r.queue = cmp.Or(step.Queue, r.queue)
	if step.TicketID != "" && step.TicketID != r.ticketID {
		r.ticketID, r.voters = step.TicketID, nil
	}
	if !step.DueAt.IsZero() {
		r.dueAt = step.DueAt
	}
	if step.Voter != "" && !slices.Contains(r.voters, step.Voter) {
		r.voters = append(r.voters, step.Voter)
	}
}

// failure is an answer that trying again does not change. Its message is its code: what is
// in a history stays there.
func failure(code string) error {
	return temporal.NewApplicationErrorWithOptions(code, code, temporal.ApplicationErrorOptions{NonRetryable: true})
}

// hopeless reports whether an activity failed in a way that trying again does not mend.
func hopeless(err error) bool {
	var app *temporal.ApplicationError
	return errors.As(err, &app) && (app.NonRetryable() || app.Type() == FailureInternal)
}

// reasonOf is the exact code behind a failure: what an operator has to look into.
func reasonOf(err error) string {
	var app *temporal.ApplicationError
	if errors.As(err, &app) && app.Message() != "" {
		return app.Message()
	}
	return FailureInternal
}

// codeOf is the code of what an activity failed with.
func codeOf(err error) string {
	var app *temporal.ApplicationError
	if errors.As(err, &app) && app.Type() != "" {
		return app.Type()
	}
	return FailureInternal
}
