package engine

import (
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/workflows"
)

// deliverOnly begins only the deliveries, not the preparation of the engine.
func (c *Client) deliverOnly(t *testing.T) {
	t.Helper()
	c.startDeliveries()
	t.Cleanup(c.Close)
}

var (
	startOf1    = desk.Intent{ID: "intent_start", Kind: desk.IntentStart, RefundID: "refund_1"}
	standingOf1 = desk.Intent{ID: "intent_standing", Kind: desk.IntentStanding, RefundID: "refund_1"}
	disputeOf1  = desk.Intent{ID: "intent_dispute", Kind: desk.IntentDispute, RefundID: "refund_1"}
	pauseOf1    = desk.Intent{ID: "intent_pause", Kind: desk.IntentPause, RefundID: "refund_1"}
	ticketOf1   = desk.Intent{ID: "intent_ticket", Kind: desk.IntentTicket, RefundID: "refund_1", TicketID: "ticket_1"}
	question    = desk.Intent{ID: "intent_question", Kind: desk.IntentTicket, TicketID: "ticket_2"}
)

func TestHearSignalsAndMarks(t *testing.T) {
	c, f, out, _ := setup(t, nil)
	f.running["refund/refund_1"] = true
	c.deliverOnly(t)
	c.Hear(standingOf1)
	require.Equal(t, []string{"intent_standing"}, <-out.marked)
	c.Hear(disputeOf1)
	require.Equal(t, []string{"intent_dispute"}, <-out.marked)
	c.Hear(pauseOf1)
	require.Equal(t, []string{"intent_pause"}, <-out.marked)
	c.Hear(ticketOf1)
	require.Equal(t, []string{"intent_ticket"}, <-out.marked)
	require.Equal(t, []string{
		"StandingChanged refund/refund_1 intent_standing", "DisputeChanged refund/refund_1 intent_dispute",
		"PauseChanged refund/refund_1 intent_pause", "TicketChanged refund/refund_1 intent_ticket",
	}, f.signals)
	require.Empty(t, f.opened)
	require.Empty(t, f.starts)
}

func TestHearStartsAndLeavesTheMarkToScreening(t *testing.T) {
	c, f, out, _ := setup(t, nil)
	c.deliverOnly(t)
	c.Hear(startOf1)
	c.Hear(standingOf1) // of the same refund: marked after the start was delivered or did it itself
	require.Equal(t, []string{"intent_standing"}, <-out.marked)
	c.Close()
	require.Empty(t, out.marked)
	require.NotEmpty(t, f.starts)
	o := f.starts[0]
	require.Equal(t, "refund/refund_1", o.ID)
	require.Equal(t, "refunds", o.TaskQueue)
	require.True(t, o.EnableEagerStart)
	require.Equal(t, enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE, o.WorkflowIDReusePolicy)
	require.Equal(t, enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING, o.WorkflowIDConflictPolicy)
	account, _ := o.TypedSearchAttributes.GetKeyword(workflows.AttrAccountID)
	require.Equal(t, "acct_1", account)
	require.Equal(t, workflows.RefundInput{RefundID: "refund_1", AccountID: "acct_1", PackageID: "pkg_1", RequestedBy: "customer_1"}, f.inputs[0])
}

func TestWhatTheIntentKnowsIsNotAskedOfTheRecords(t *testing.T) {
	c, f, out, _ := setup(t, nil)
	out.missing = true
	known := startOf1
	known.Start = &desk.StartInput{AccountID: "acct_7", PackageID: "pkg_7", RequestedBy: "customer_7"}
	_, err := c.deliver(t.Context(), known)
	require.NoError(t, err)
	require.Equal(t, workflows.RefundInput{RefundID: "refund_1", AccountID: "acct_7", PackageID: "pkg_7", RequestedBy: "customer_7"}, f.inputs[0])
}

func TestHearNeverWaits(t *testing.T) {
	c, f, _, _ := setup(t, func(o *Options) { o.Deliverers, o.Backlog = 1, 3 })
	f.hold = make(chan struct{})
	c.deliverOnly(t)
	c.Hear(startOf1)
	<-f.begun // the only deliverer is busy
	for range 100 {
		c.Hear(startOf1)
	}
	require.Len(t, c.backlog, 3, "the rest is the sweep's")
	close(f.hold)
}

func TestCloseDoesNotWaitForABusyEngine(t *testing.T) {
	c, f, _, logged := setup(t, func(o *Options) { o.Deliverers = 1 })
	f.hold = make(chan struct{})
	c.deliverOnly(t)
	c.Hear(startOf1)
	<-f.begun
	c.Close()
	require.True(t, f.closed)
	require.Empty(t, logged.String(), "stopping is no failure")
}

func TestSignalForAWorkflowThatNeverStartedStartsIt(t *testing.T) {
	c, f, _, _ := setup(t, nil)
	got, err := c.deliver(t.Context(), standingOf1)
	require.NoError(t, err)
	require.Equal(t, heardNow, got)
	require.Len(t, f.starts, 1)
	require.Empty(t, f.signals, "it reads standing itself")
}

func TestNothingIsDeliveredToARefundThatEnded(t *testing.T) {
	for _, intent := range []desk.Intent{startOf1, standingOf1} {
		c, f, out, logged := setup(t, nil)
		out.final["refund_1"] = true
		got, err := c.deliver(t.Context(), intent)
		require.NoError(t, err)
		require.Equal(t, heardTooLate, got)
		require.Empty(t, f.starts)
		require.Empty(t, logged.String())
	}
}

func TestWorkflowThatEndedBeforeItsRefundRaisesAnAlarm(t *testing.T) {
	c, f, _, logged := setup(t, nil)
	f.running["refund/refund_1"] = false
	got, err := c.deliver(t.Context(), standingOf1)
	require.NoError(t, err, "no delivery can mend that")
	require.Equal(t, heardTooLate, got)
	require.Contains(t, logged.String(), "level=ERROR")
	require.Contains(t, logged.String(), "refund=refund_1")
}

func TestQuestionIsStartedAndSignalled(t *testing.T) {
	c, f, _, _ := setup(t, nil)
	for range 2 { // the second finds it running
		got, err := c.deliver(t.Context(), question)
		require.NoError(t, err)
		require.Equal(t, heardNow, got)
	}
	require.Equal(t, []string{"TicketChanged ticket/ticket_2 intent_question", "TicketChanged ticket/ticket_2 intent_question"}, f.signals)
	require.Len(t, f.opened, 1)
	require.Equal(t, "ticket/ticket_2", f.opened[0].ID)
	require.Equal(t, "refunds", f.opened[0].TaskQueue)
	require.Equal(t, enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE, f.opened[0].WorkflowIDReusePolicy)
	require.Empty(t, f.starts, "no refund is started for a question about it")

	f.running["ticket/ticket_2"] = false // it was closed, and then something was said
	_, err := c.deliver(t.Context(), question)
	require.NoError(t, err)
	require.Len(t, f.opened, 2)
}

// Something was said on a case, and its refund ended before the signal came.
func TestWhatWasSaidOnACaseThatEndedIsDelivered(t *testing.T) {
	for name, over := range map[string]func(*temporalFake, *outboxFake){
		"kept":              func(f *temporalFake, o *outboxFake) { f.running["refund/refund_1"] = false; o.final["refund_1"] = true },
		"no longer kept":    func(_ *temporalFake, o *outboxFake) { o.final["refund_1"] = true },
		"ended by somebody": func(f *temporalFake, _ *outboxFake) { f.running["refund/refund_1"] = false },
	} {
		t.Run(name, func(t *testing.T) {
			c, f, out, _ := setup(t, nil)
			over(f, out)
			_, err := c.deliver(t.Context(), ticketOf1)
			require.NoError(t, err)
			require.Equal(t, []string{"TicketChanged ticket/ticket_1 intent_ticket"}, f.signals)
		})
	}
}

func TestTicketIntentsWhileTheEngineIsAwayAreKept(t *testing.T) {
	c, f, out, _ := setup(t, nil)
	f.down = true
	out.pending = []desk.Intent{ticketOf1, question, pauseOf1}
	_, err := c.Sweep(t.Context())
	require.Error(t, err)
	require.Len(t, out.pending, 3)
	f.down = false
	f.running["refund/refund_1"] = true
	n, err := c.Sweep(t.Context())
	require.NoError(t, err)
	require.Equal(t, 3, n)
}

func TestTicketIntentWithoutTicketIsAnError(t *testing.T) {
	c, f, _, _ := setup(t, nil)
	_, err := c.deliver(t.Context(), desk.Intent{ID: "i", Kind: desk.IntentTicket})
	require.Equal(t, "intent-without-ticket", fault.CodeOf(err))
	require.Empty(t, f.opened)
}

func TestUnknownIntentIsAnError(t *testing.T) {
	c, _, _, _ := setup(t, nil)
	_, err := c.deliver(t.Context(), desk.Intent{ID: "i", Kind: "party", RefundID: "refund_1"})
	require.Equal(t, "unknown-intent", fault.CodeOf(err))
}

func TestSweepDeliversAndMarksEverything(t *testing.T) {
	c, f, out, _ := setup(t, nil)
	f.running["refund/refund_1"] = true
	out.final["refund_2"] = true
	out.pending = []desk.Intent{startOf1, standingOf1, {ID: "intent_2", Kind: desk.IntentDispute, RefundID: "refund_2"}}
	n, err := c.Sweep(t.Context())
	require.NoError(t, err)
	require.Equal(t, 3, n)
	require.ElementsMatch(t, []string{"intent_start", "intent_standing", "intent_2"}, <-out.marked)
	n, err = c.Sweep(t.Context())
	require.NoError(t, err)
	require.Zero(t, n)
}

func TestSweepTakesBatchAfterBatch(t *testing.T) {
	c, f, out, _ := setup(t, nil)
	f.running["refund/refund_1"] = true
	for range 2*sweepBatch + 7 {
		out.pending = append(out.pending, desk.Intent{ID: "intent_" + string(rune('a'+len(out.pending))), Kind: desk.IntentStanding, RefundID: "refund_1"})
	}
	n, err := c.Sweep(t.Context())
	require.NoError(t, err)
	require.Equal(t, 2*sweepBatch+7, n)
	require.Empty(t, out.pending)
}

func TestSweepWhileTheEngineIsAwayMarksNothing(t *testing.T) {
	c, f, out, _ := setup(t, nil)
	f.down = true
	out.pending = []desk.Intent{startOf1, standingOf1}
	n, err := c.Sweep(t.Context())
	require.Error(t, err)
	require.Zero(t, n)
	require.Len(t, out.pending, 2)
	require.Empty(t, out.marked)
}

func TestSweepGoesOnBesideOneThatFails(t *testing.T) {
	c, f, out, logged := setup(t, nil)
	f.running["refund/refund_1"] = true
	out.pending = []desk.Intent{{ID: "bad", Kind: "party", RefundID: "refund_1"}, standingOf1}
	n, err := c.Sweep(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, []string{"intent_standing"}, <-out.marked)
	require.Contains(t, logged.String(), "unknown-intent")
}
