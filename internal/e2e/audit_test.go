package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refunddesk/api/client"
)

func TestHistoryOfAReviewedRefund(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Program) {
		c := newCustomer(t, p, client.LocaleEn)
		pkg := c.buys(large)
		id := c.file(pkg, "1", "wait=10").ok().ID
		approve(p.as(t, "reviewer"), id)
		c.sees(id, client.RefundStateCredited)
		workflowEnded(t, p, id)

		for _, other := range []*person{c.person, p.as(t, "reviewer"), p.as(t, "senior"), p.as(t, "admin"), p.as(t, "integrator")} {
			other.history(id).refused(http.StatusForbidden, "forbidden")
		}
		history := p.as(t, "auditor").history(id).ok()
		require.True(t, history.EngineAvailable)
		require.Equal(t, id, history.RefundID)

		var states []string
		var last time.Time
		events := map[string]int{}
		for _, item := range history.Items {
			require.False(t, item.At.Before(last), "in one order")
			last = item.At
			require.NotEmpty(t, item.Summary)
			switch item.Source {
			case client.HistoryItemSourceAudit:
				e := item.Entry
				require.NotEmpty(t, e.Actor)
				if e.Object == client.AuditEntryObjectRefund && e.NewState != nil {
					states = append(states, *e.NewState)
					require.Equal(t, history.WorkflowID, *e.WorkflowID)
				}
			case client.HistoryItemSourceEngine:
				events[item.Event.Type]++
			}
		}
		require.Equal(t, []string{"submitted", "screening", "in_review", "crediting", "credited"}, states)
		require.Equal(t, 1, events["WorkflowExecutionStarted"])
		require.Equal(t, 1, events["WorkflowExecutionUpdateAccepted"])
		require.Equal(t, 1, events["WorkflowExecutionCompleted"])
	})
}

// The clean path is over in one workflow task: three steps and a mail, and the engine is
// asked once.
func TestCleanRefundTakesOneWorkflowTask(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Program) {
		c := newCustomer(t, p, client.LocaleEn)
		id := c.file(c.buys("10"), "1", "wait=10").ok().ID
		workflowEnded(t, p, id)
		tasks := 0
		for _, item := range p.as(t, "auditor").history(id).ok().Items {
			if item.Event == nil {
				continue
			}
			require.False(t, strings.HasPrefix(item.Event.Type, "ActivityTask"), "a step was not local: %s", item.Summary)
			if item.Event.Type == "WorkflowTaskCompleted" {
				tasks++
			}
		}
		require.Equal(t, 1, tasks)
	})
}

func TestHistorySaysNothingPersonal(t *testing.T) {
	t.Parallel()
	p := program(t)
	c := newCustomer(t, p, client.LocaleEn)
	note := client.Text("My sister Ottilie needs it.")
	filed, err := c.api.FileRefundWithResponse(t.Context(), &client.FileRefundParams{IdempotencyKey: "1"},
		client.Filing{PackageID: c.buys(large), ReasonCode: client.RefundReasonOther, Note: &note})
	require.NoError(t, err)
	require.NotNil(t, filed.JSON202)
	c.sees(filed.JSON202.ID, client.RefundStateInReview)
	raw, err := p.as(t, "auditor").api.GetRefundHistoryWithResponse(t.Context(), filed.JSON202.ID)
	require.NoError(t, err)
	for _, secret := range []string{"Ann Example", c.email, "Ottilie"} {
		require.NotContains(t, string(raw.Body), secret)
	}
	require.NotContains(t, p.Output(), "Ottilie")
	require.NotContains(t, p.Output(), c.email)
}
