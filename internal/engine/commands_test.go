package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/workflows"
)

var (
	voter    = identity.Actor{Subject: "reviewer_1", Roles: []identity.Role{identity.Reviewer}}
	notAfter = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	decision = desk.DecideCommand{
		DecisionID: "decision_1", TicketID: "ticket_1", RefundID: "refund_1", Voter: voter, Vote: review.Approve,
		ReasonCode: "other", NoteID: "note_1", NoteDigest: "nd", MessageID: "note_3", Digest: "d", NotAfter: notAfter,
	}
	asking     = desk.AskCommand{RefundID: "refund_1", TicketID: "ticket_1", By: voter, NoteID: "note_4", NoteDigest: "nd", NotAfter: notAfter}
	withdrawal = desk.WithdrawCommand{RefundID: "refund_1", By: voter, NotAfter: notAfter}
	retrial    = desk.RetryCommand{RefundID: "refund_1", By: voter, NoteID: "note_2", NotAfter: notAfter}
)

func TestDecideIsSentUnderTheDecisionsID(t *testing.T) {
	c, f, _, _ := setup(t, nil)
	f.running["refund/refund_1"] = true
	step, err := c.Decide(t.Context(), decision)
	require.NoError(t, err)
	require.Equal(t, refund.Crediting, step.State)
	require.Len(t, f.updates, 1)
	u := f.updates[0]
	require.Equal(t, "decision_1", u.UpdateID)
	require.Equal(t, workflows.UpdateDecide, u.UpdateName)
	require.Equal(t, client.WorkflowUpdateStageCompleted, u.WaitForStage)
	require.Equal(t, workflows.DecideInput{
		DecisionID: "decision_1", TicketID: "ticket_1", RefundID: "refund_1", Voter: voter, Vote: review.Approve,
		ReasonCode: "other", NoteID: "note_1", NoteDigest: "nd", MessageID: "note_3", Digest: "d", NotAfter: notAfter,
	}, u.Args[0])
}

func TestRequestInformationIsSentUnderTheNotesID(t *testing.T) {
	c, f, _, _ := setup(t, nil)
	f.running["refund/refund_1"] = true
	_, err := c.RequestInformation(t.Context(), asking)
	require.NoError(t, err)
	require.Len(t, f.updates, 1)
	require.Equal(t, "note_4", f.updates[0].UpdateID)
	require.Equal(t, workflows.UpdateRequestInformation, f.updates[0].UpdateName)
	require.Equal(t, workflows.AskInput{RefundID: "refund_1", TicketID: "ticket_1", By: voter, NoteID: "note_4", NoteDigest: "nd", NotAfter: notAfter}, f.updates[0].Args[0])

	f.answers = []error{refusal("awaiting-customer")}
	_, err = c.RequestInformation(t.Context(), asking)
	require.ErrorIs(t, err, review.ErrAwaiting)

	f.down = true
	_, err = c.RequestInformation(t.Context(), asking)
	require.ErrorIs(t, err, ErrUnavailable)
	require.Len(t, f.updates, 2)
}

func TestRetriesDoNotShareAnID(t *testing.T) {
	c, f, _, _ := setup(t, nil)
	f.running["refund/refund_1"] = true
	for range 2 {
		_, err := c.Retry(t.Context(), retrial)
		require.NoError(t, err)
	}
	require.NotEqual(t, f.updates[0].UpdateID, f.updates[1].UpdateID, "a refund can be parked twice")
	require.Equal(t, workflows.RetryInput{By: voter, NoteID: "note_2", NotAfter: notAfter}, f.updates[0].Args[0])
}

func TestCommandWhileTheEngineIsAwayIsNotSent(t *testing.T) {
	c, f, _, _ := setup(t, nil)
	f.down = true
	_, err := c.Withdraw(t.Context(), withdrawal)
	require.ErrorIs(t, err, ErrUnavailable)
	require.Equal(t, 5*time.Second, fault.From(err).RetryAfter)
	require.Empty(t, f.updates)
	require.ErrorIs(t, c.Ready(t.Context()), ErrUnavailable)
}

func TestCommandWithoutAnswerLeavesTheOutcomeOpen(t *testing.T) {
	c, f, _, _ := setup(t, nil)
	f.running["refund/refund_1"] = true
	f.answers = []error{serviceerror.NewDeadlineExceeded("late")}
	_, err := c.Withdraw(t.Context(), withdrawal)
	require.ErrorIs(t, err, ErrOutcomeUnknown)
	require.Len(t, f.updates, 1)
}

func TestCommandStartsAWorkflowThatWasNotStartedYet(t *testing.T) {
	c, f, _, _ := setup(t, nil)
	_, err := c.Withdraw(t.Context(), withdrawal)
	require.NoError(t, err)
	require.Len(t, f.starts, 1)
	require.Len(t, f.updates, 2)
	require.Equal(t, f.updates[0].UpdateID, f.updates[1].UpdateID)
}

func TestCommandForAWorkflowThatEnded(t *testing.T) {
	c, f, _, _ := setup(t, nil)
	f.running["refund/refund_1"] = false
	_, err := c.Decide(t.Context(), decision)
	require.ErrorIs(t, err, ErrClosed)
	require.Empty(t, f.starts)

	c, _, out, _ := setup(t, nil) // its history is no longer kept
	out.final["refund_1"] = true
	_, err = c.Decide(t.Context(), decision)
	require.ErrorIs(t, err, ErrClosed)

	c, _, out, _ = setup(t, nil)
	out.missing = true
	_, err = c.Decide(t.Context(), decision)
	require.Equal(t, fault.NotFound, fault.From(err).Kind)
}

func TestRefusalAtTheDoorIsTheAnswer(t *testing.T) {
	c, f, _, _ := setup(t, nil)
	f.running["refund/refund_1"] = true
	f.answers = []error{refusal("self-approval")}
	_, err := c.Decide(t.Context(), decision)
	require.ErrorIs(t, err, review.ErrSelfApproval)
	require.Len(t, f.updates, 1)
}

// The engine keeps the answer of an accepted command under its id. A withdrawal that lost a
// race once must not be refused for ever.
func TestStoredRefusalIsAskedForAgainUnderAnotherID(t *testing.T) {
	c, f, _, _ := setup(t, nil)
	f.running["refund/refund_1"] = true
	f.answers = []error{refusal("too-late", workflows.AcceptedFirst), nil}
	step, err := c.Withdraw(t.Context(), withdrawal)
	require.NoError(t, err)
	require.Equal(t, refund.Crediting, step.State)
	require.Len(t, f.updates, 2)
	require.Equal(t, "withdraw", f.updates[0].UpdateID)
	require.NotEqual(t, "withdraw", f.updates[1].UpdateID)

	f.updates, f.answers = nil, []error{refusal("too-late", workflows.AcceptedFirst), refusal("too-late", workflows.AcceptedFirst)}
	_, err = c.Withdraw(t.Context(), withdrawal)
	require.ErrorIs(t, err, refund.ErrTooLate)
	require.Len(t, f.updates, 2, "asked once more, not for ever")
}

// A try that the engine held while the workers were away answers "too late" for the next one.
func TestExpiredEarlierTryIsAskedForAgain(t *testing.T) {
	c, f, _, _ := setup(t, nil)
	f.running["refund/refund_1"] = true
	f.answers = []error{refusal(workflows.CodeExpired), nil}
	_, err := c.Withdraw(t.Context(), withdrawal)
	require.NoError(t, err)
	require.Equal(t, "withdraw", f.updates[1].UpdateID)

	f.answers = []error{refusal(workflows.CodeExpired), refusal(workflows.CodeExpired)}
	_, err = c.Withdraw(t.Context(), withdrawal)
	require.ErrorIs(t, err, ErrExpired)
	require.Equal(t, fault.Unavailable, fault.From(err).Kind)
}
