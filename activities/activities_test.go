package activities_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"refunddesk/activities"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/money"
	"refunddesk/internal/notify"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/workflows"
)

const secret = "Li Lei <li.lei@example.com>"

// ports record what they were asked and fail as told.
type ports struct {
	err      error
	panics   any
	op       refund.Op
	facts    policy.Facts
	plan     policy.Plan
	away     error // of the policies
	ask      review.Asking
	ticket   string
	message  string
	decision review.Decision
	by       identity.Actor
	reason   string
	notice   notify.Notice
	marked   []notify.State
	sent     int
	mail     error
}

func (p *ports) step(op refund.Op) (refund.Step, error) {
	p.op = op
	if p.panics != nil {
		panic(p.panics)
	}
	return refund.Step{State: refund.InReview}, p.err
}

func (p *ports) Facts(context.Context, string) (policy.Facts, string, error) {
	return policy.Facts{Amount: money.Units(1, "USD"), Standing: refund.Good, Dispute: refund.NoDispute, Appeal: true}, "7", p.err
}

func (p *ports) Policy(_ context.Context, version string) (*policy.Policy, error) {
	if p.away != nil {
		return nil, p.away
	}
	return policy.Parse(version, policy.DefaultSource)
}

func (p *ports) Screen(_ context.Context, op refund.Op, facts policy.Facts, plan policy.Plan) (refund.Step, error) {
	p.facts, p.plan = facts, plan
	return p.step(op)
}
func (p *ports) RequestInformation(_ context.Context, op refund.Op, ask review.Asking) (refund.Step, error) {
	p.ask = ask
	return p.step(op)
}
func (p *ports) TickQuestion(_ context.Context, ticketID string) (review.QuestionStep, error) {
	p.ticket = ticketID
	return review.QuestionStep{Queue: review.QueueQuestions}, p.err
}
func (p *ports) Reassess(_ context.Context, op refund.Op) (refund.Step, error) { return p.step(op) }
func (p *ports) RecordDecision(_ context.Context, op refund.Op, d review.Decision, message string) (refund.Step, error) {
	p.decision, p.message = d, message
	return p.step(op)
}
func (p *ports) Withdraw(_ context.Context, op refund.Op, by identity.Actor) (refund.Step, error) {
	p.by = by
	return p.step(op)
}
func (p *ports) Credit(_ context.Context, op refund.Op) (refund.Step, error) { return p.step(op) }
func (p *ports) Park(_ context.Context, op refund.Op, reason string) (refund.Step, error) {
	p.reason = reason
	return p.step(op)
}
func (p *ports) Retry(_ context.Context, op refund.Op, by identity.Actor, note string) (refund.Step, error) {
	p.by, p.reason = by, note
	return p.step(op)
}
func (p *ports) Notice(context.Context, string) (notify.Notice, error) { return p.notice, p.err }
func (p *ports) MarkNotice(_ context.Context, _ string, s notify.State) error {
	p.marked = append(p.marked, s)
	return nil
}
func (p *ports) Send(context.Context, notify.Notice) error { p.sent++; return p.mail }
func (p *ports) Sweep(context.Context) (int, error)        { return 7, p.err }

func setup(t *testing.T) (*testsuite.TestActivityEnvironment, *ports, *strings.Builder) {
	t.Helper()
	var logged strings.Builder
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.NewTextHandler(&logged, nil))))
	env := suite.NewTestActivityEnvironment()
	p := &ports{}
	activities.Register(env, activities.Ports{
		Refunds: p, Policies: p, Questions: p, Notices: p, Mailer: p, Sweeper: p,
	})
	return env, p, &logged
}

var at = workflows.StepInput{RefundID: "refund_1", Turn: 4}

func TestEveryStepRunsUnderItsOwnOperation(t *testing.T) {
	actor := identity.Actor{Subject: "someone_1"}
	for name, c := range map[string]struct {
		input any
		id    string
		check func(*testing.T, *ports)
	}{
		workflows.ActivityScreen: {at, "refund/refund_1/screen/4", func(t *testing.T, p *ports) {
			require.Equal(t, policy.Review, p.plan.Verdict)
			require.Equal(t, "7", p.plan.Version)
			require.True(t, p.facts.Appeal, "the facts are kept with the verdict")
		}},
		workflows.ActivityReassess: {at, "refund/refund_1/reassess/4", nil},
		workflows.ActivityCredit:   {at, "refund/refund_1/credit/4", nil},
		workflows.ActivityRecordDecision: {
			workflows.RecordDecisionInput{StepInput: at, Decision: workflows.DecideInput{
				DecisionID: "decision_1", TicketID: "ticket_1", Voter: actor, Vote: review.Approve,
				ReasonCode: review.ReasonProviderFault, NoteID: "note_1", MessageID: "note_3", Digest: "d",
			}},
			"refund/refund_1/decide/4",
			func(t *testing.T, p *ports) {
				require.Equal(t, review.Decision{
					ID: "decision_1", TicketID: "ticket_1", RefundID: "refund_1", Voter: actor, Vote: review.Approve,
					ReasonCode: review.ReasonProviderFault, NoteID: "note_1", Digest: "d",
				}, p.decision)
				require.Equal(t, "note_3", p.message)
			},
		},
		workflows.ActivityRequestInformation: {
			workflows.AskStepInput{StepInput: at, Asking: workflows.AskInput{RefundID: "refund_1", TicketID: "ticket_1", By: actor, NoteID: "note_4"}},
			"refund/refund_1/request-information/4",
			func(t *testing.T, p *ports) {
				require.Equal(t, review.Asking{TicketID: "ticket_1", NoteID: "note_4", By: actor}, p.ask)
			},
		},
		workflows.ActivityWithdraw: {workflows.WithdrawStepInput{StepInput: at, By: actor}, "refund/refund_1/withdraw/4",
			func(t *testing.T, p *ports) { require.Equal(t, actor, p.by) }},
		workflows.ActivityPark: {workflows.ParkInput{StepInput: at, ReasonCode: "database-refused"}, "refund/refund_1/park/4",
			func(t *testing.T, p *ports) { require.Equal(t, "database-refused", p.reason) }},
		workflows.ActivityRetry: {workflows.RetryStepInput{StepInput: at, By: actor, NoteID: "note_2"}, "refund/refund_1/retry/4",
			func(t *testing.T, p *ports) { require.Equal(t, "note_2", p.reason) }},
	} {
		t.Run(name, func(t *testing.T) {
			env, p, _ := setup(t)
			value, err := env.ExecuteActivity(name, c.input)
			require.NoError(t, err)
			var step refund.Step
			require.NoError(t, value.Get(&step))
			require.Equal(t, refund.InReview, step.State)
			require.Equal(t, c.id, p.op.ID())
			require.NotEmpty(t, p.op.RunID)
			if c.check != nil {
				c.check(t, p)
			}
		})
	}
}

// What an activity fails with decides whether it is tried again, and tells nobody's name.
func TestFailuresAreClassified(t *testing.T) {
	for name, c := range map[string]struct {
		err       error
		kind      string
		message   string
		retryable bool
	}{
		"database away":    {fault.New(fault.Unavailable, "database-unavailable", secret), "unavailable", "database-unavailable", true},
		"wrapped":          {fmt.Errorf("%s: %w", secret, fault.New(fault.Unavailable, "database-unavailable", "")), "unavailable", "database-unavailable", true},
		"database refused": {fault.New(fault.Internal, "database-refused", "rule").With(errors.New(secret)), "internal", "database-refused", false},
		"not there":        {fault.New(fault.NotFound, "not-found", secret), "not-found", "not-found", false},
		"ran out of time":  {context.DeadlineExceeded, "unavailable", "timeout", true},
		"no fault":         {errors.New(secret), "unavailable", "unclassified", true},
	} {
		t.Run(name, func(t *testing.T) {
			env, p, logged := setup(t)
			p.err = c.err
			_, err := env.ExecuteActivity(workflows.ActivityCredit, at)
			requireFailure(t, err, c.kind, c.message, c.retryable)
			require.NotContains(t, logged.String(), "Li Lei")
		})
	}
}

// A policy that cannot be loaded is waited for, whoever says so.
func TestScreeningWaitsForThePolicy(t *testing.T) {
	for name, c := range map[string]struct {
		err     error
		message string
	}{
		"database away":   {fmt.Errorf("policy 7: %w", fault.New(fault.Unavailable, "database-unavailable", "")), "database-unavailable"},
		"ran out of time": {fmt.Errorf("policy 7: %w", context.DeadlineExceeded), "timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			env, p, _ := setup(t)
			p.away = c.err
			_, err := env.ExecuteActivity(workflows.ActivityScreen, at)
			requireFailure(t, err, "unavailable", c.message, true)
			require.Empty(t, p.op, "nothing was screened")
		})
	}
}

func TestTickQuestion(t *testing.T) {
	env, p, _ := setup(t)
	value, err := env.ExecuteActivity(workflows.ActivityTickQuestion, workflows.TickInput{TicketID: "ticket_1"})
	require.NoError(t, err)
	var step review.QuestionStep
	require.NoError(t, value.Get(&step))
	require.Equal(t, review.QueueQuestions, step.Queue)
	require.Equal(t, "ticket_1", p.ticket)
	p.err = fault.New(fault.NotFound, "not-found", secret)
	_, err = env.ExecuteActivity(workflows.ActivityTickQuestion, workflows.TickInput{TicketID: "ticket_1"})
	requireFailure(t, err, "not-found", "not-found", false)
}

func TestPanicIsFinalAndKeepsItsValueToItself(t *testing.T) {
	env, p, logged := setup(t)
	p.panics = secret
	_, err := env.ExecuteActivity(workflows.ActivityCredit, at)
	requireFailure(t, err, "internal", "panic", false)
	require.Contains(t, logged.String(), "An activity panicked.")
}

func requireFailure(t *testing.T, err error, kind, message string, retryable bool) {
	t.Helper()
	var app *temporal.ApplicationError
	require.True(t, errors.As(err, &app), "%T: %v", err, err)
	require.Equal(t, kind, app.Type())
	require.Equal(t, message, app.Message())
	require.Equal(t, !retryable, app.NonRetryable())
	require.NotContains(t, err.Error(), "Li Lei")
}

func TestNotify(t *testing.T) {
	in := workflows.NoticeInput{NoticeID: "refund_1/credited"}
	t.Run("sends a pending notice and marks it", func(t *testing.T) {
		env, p, _ := setup(t)
		p.notice.State = notify.Pending
		_, err := env.ExecuteActivity(workflows.ActivityNotify, in)
		require.NoError(t, err)
		require.Equal(t, 1, p.sent)
		require.Equal(t, []notify.State{notify.Sent}, p.marked)
	})
	t.Run("does nothing for one that was sent or given up", func(t *testing.T) {
		for _, state := range []notify.State{notify.Sent, notify.Dead} {
			env, p, _ := setup(t)
			p.notice.State = state
			for _, name := range []string{workflows.ActivityNotify, workflows.ActivityBuryNotice} {
				_, err := env.ExecuteActivity(name, in)
				require.NoError(t, err)
			}
			require.Zero(t, p.sent)
			require.Empty(t, p.marked)
		}
	})
	t.Run("a mail server that is away is tried again", func(t *testing.T) {
		env, p, _ := setup(t)
		p.notice.State, p.mail = notify.Pending, errors.New(secret)
		_, err := env.ExecuteActivity(workflows.ActivityNotify, in)
		requireFailure(t, err, "unavailable", "mail-unavailable", true)
		require.Empty(t, p.marked)
	})
	t.Run("an address that can never work is not", func(t *testing.T) {
		env, p, _ := setup(t)
		p.notice.State, p.mail = notify.Pending, fault.New(fault.Unprocessable, "mail-refused", secret)
		_, err := env.ExecuteActivity(workflows.ActivityNotify, in)
		requireFailure(t, err, "mail-refused", "mail-refused", false)
	})
	t.Run("is buried", func(t *testing.T) {
		env, p, _ := setup(t)
		p.notice.State = notify.Pending
		_, err := env.ExecuteActivity(workflows.ActivityBuryNotice, in)
		require.NoError(t, err)
		require.Equal(t, []notify.State{notify.Dead}, p.marked)
	})
}

func TestSweep(t *testing.T) {
	env, p, _ := setup(t)
	value, err := env.ExecuteActivity(workflows.ActivitySweep)
	require.NoError(t, err)
	var result workflows.SweepResult
	require.NoError(t, value.Get(&result))
	require.Equal(t, 7, result.Delivered)
	p.err = fault.New(fault.Unavailable, "engine-unavailable", "")
	_, err = env.ExecuteActivity(workflows.ActivitySweep)
	requireFailure(t, err, "unavailable", "engine-unavailable", true)
}
