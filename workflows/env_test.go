package workflows_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"refunddesk/activities"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/workflows"
)

var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

const shown = "sha256:shown"

var (
	reviewer  = identity.Actor{Subject: "reviewer_1", Roles: []identity.Role{identity.Reviewer}}
	reviewer2 = identity.Actor{Subject: "reviewer_2", Roles: []identity.Role{identity.Reviewer}}
	senior    = identity.Actor{Subject: "senior_1", Roles: []identity.Role{identity.Senior}}
	admin     = identity.Actor{Subject: "admin_1", Roles: []identity.Role{identity.Admin}}
	customer  = identity.Actor{Subject: requester, Roles: []identity.Role{identity.Customer}, AccountID: accountID}
)

// bench is a refund on the test environment of the SDK, with its clock under our control.
type bench struct {
	*testsuite.TestWorkflowEnvironment
	t       *testing.T
	records *records
	regular []string                 // regular activities that were started
	limits  map[string]time.Duration // how long all tries of a regular activity may take together
	timers  []time.Duration
	answers map[string]*answer
}

// answer is what a command was told.
type answer struct {
	accepted bool
	step     refund.Step
	err      error
}

func setup(t *testing.T) *bench {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	b := &bench{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), t: t, records: newRecords(t), answers: map[string]*answer{}, limits: map[string]time.Duration{}}
	b.records.now = b.Now
	b.SetStartTime(start)
	b.SetTestTimeout(20 * time.Second)
	b.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: refund.WorkflowID(refundID), TaskQueue: "refunds"})
	b.RegisterWorkflowWithOptions(workflows.Refund, workflow.RegisterOptions{Name: workflows.WorkflowRefund})
	b.RegisterWorkflowWithOptions(workflows.Question, workflow.RegisterOptions{Name: workflows.WorkflowQuestion})
	b.RegisterWorkflowWithOptions(workflows.Sweep, workflow.RegisterOptions{Name: workflows.WorkflowSweep})
	b.RegisterWorkflowWithOptions(workflows.Notice, workflow.RegisterOptions{Name: workflows.WorkflowNotice})
	b.reregister()
	b.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
		b.regular = append(b.regular, info.ActivityType.Name)
		b.limits[info.ActivityType.Name] = info.ScheduleToCloseTimeout
	})
	b.SetOnTimerScheduledListener(func(_ string, d time.Duration) { b.timers = append(b.timers, d) })
	return b
}

// reregister lets the activities work on the bench's records.
func (b *bench) reregister() {
	activities.Register(b, activities.Ports{
		Refunds: b.records, Policies: b.records, Questions: b.records, Notices: b.records, Mailer: b.records, Sweeper: b.records,
	})
}

// inReview makes the amount one that a person looks at.
func (b *bench) inReview() *bench {
	b.records.amount.Micros = reviewAbove + 1
	return b
}

func (b *bench) input() workflows.RefundInput {
	return workflows.RefundInput{RefundID: refundID, AccountID: accountID, PackageID: packageID, RequestedBy: requester}
}

// run carries the refund out and expects it to end in the state.
func (b *bench) run(ends refund.State) {
	b.t.Helper()
	b.ExecuteWorkflow(workflows.WorkflowRefund, b.input())
	require.True(b.t, b.IsWorkflowCompleted(), "the workflow has not ended: %v", b.records.path)
	require.NoError(b.t, b.GetWorkflowError())
	var result workflows.RefundResult
	require.NoError(b.t, b.GetWorkflowResult(&result))
	require.Equal(b.t, ends, result.State)
	require.Equal(b.t, ends, b.records.state)
}

func (b *bench) path(states ...refund.State) {
	b.t.Helper()
	require.Equal(b.t, states, b.records.path)
}

// at does something at a time after the start.
func (b *bench) at(after time.Duration, do func()) { b.RegisterDelayedCallback(do, after) }

func (b *bench) update(id, name string, input any) *answer {
	a := &answer{}
	b.answers[id] = a
	b.UpdateWorkflow(name, id, &testsuite.TestUpdateCallback{
		OnAccept: func() { a.accepted = true },
		OnReject: func(err error) { a.err = err },
		OnComplete: func(result any, err error) {
			a.err = err
			if step, ok := result.(refund.Step); ok {
				a.step = step
			}
		},
	}, input)
	return a
}

func (b *bench) decision(ticket string, voter identity.Actor, vote review.Vote) workflows.DecideInput {
	reason := "verified_request"
	if vote == review.Reject {
		reason = "suspected_abuse"
	}
	return workflows.DecideInput{
		DecisionID: "decision_" + voter.Subject, TicketID: ticket, RefundID: refundID, Voter: voter,
		Vote: vote, ReasonCode: reason, Digest: shown, NotAfter: b.Now().Add(10 * time.Second),
	}
}

func (b *bench) decide(id, ticket string, voter identity.Actor, vote review.Vote) *answer {
	return b.update(id, workflows.UpdateDecide, b.decision(ticket, voter, vote))
}

func (b *bench) asking(by identity.Actor) workflows.AskInput {
	return workflows.AskInput{RefundID: refundID, TicketID: "ticket_1", By: by, NoteID: "note_1", NotAfter: b.Now().Add(10 * time.Second)}
}

func (b *bench) ask(id string, by identity.Actor) *answer {
	return b.update(id, workflows.UpdateRequestInformation, b.asking(by))
}

func (b *bench) withdraw(id string) *answer {
	return b.update(id, workflows.UpdateWithdraw, workflows.WithdrawInput{By: customer, NotAfter: b.Now().Add(10 * time.Second)})
}

func (b *bench) retry(id string) *answer {
	return b.update(id, workflows.UpdateRetry, workflows.RetryInput{By: admin, NoteID: "note_1", NotAfter: b.Now().Add(10 * time.Second)})
}

func (b *bench) signal(name string) {
	b.SignalWorkflow(name, workflows.ChangedSignal{IntentID: "intent_1"})
}

func (b *bench) suspend(standing refund.Standing) func() {
	return func() {
		b.records.set(func(r *records) { r.standing = standing })
		b.signal(workflows.SignalStandingChanged)
	}
}

func (b *bench) disputed(dispute refund.Dispute) func() {
	return func() {
		b.records.set(func(r *records) { r.dispute = dispute })
		b.signal(workflows.SignalDisputeChanged)
	}
}

func (b *bench) snapshot() workflows.Snapshot {
	value, err := b.QueryWorkflow(workflows.QuerySnapshot)
	require.NoError(b.t, err)
	var s workflows.Snapshot
	require.NoError(b.t, value.Get(&s))
	return s
}

// refused asserts the code a command was refused with, and that the refusal says nothing else.
func (b *bench) refused(a *answer, code string) {
	b.t.Helper()
	require.Error(b.t, a.err)
	var app *temporal.ApplicationError
	require.True(b.t, errors.As(a.err, &app), "%T: %v", a.err, a.err)
	require.Equal(b.t, code, app.Type())
	require.Equal(b.t, code, app.Message())
	require.True(b.t, app.NonRetryable())
}
