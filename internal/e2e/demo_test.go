package e2e

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/api/client"
)

// The demo shows the desk: cases in every state that lasts, clocks at every urgency, and it
// gets there when its first start is killed.
func TestTheDemoShowsTheDesk(t *testing.T) {
	t.Parallel()
	for _, database := range []string{onSQLite, onPostgres} {
		t.Run(database, func(t *testing.T) {
			t.Parallel()
			o := Options{Demo: true}
			if database == onPostgres {
				o.Database = emptyDatabase(t)
			}
			p := Start(t, o)
			p.Kill(t) // in the middle of it, mostly
			p.Restart(t)
			senior := p.as(t, "senior")
			limit := 200
			await(t, "the last of the demo's refunds", func() []client.Refund {
				account := "acct_case_clean"
				r, err := senior.api.ListRefundsWithResponse(t.Context(), &client.ListRefundsParams{AccountID: &account})
				require.NoError(t, err)
				require.NotNil(t, r.JSON200)
				return r.JSON200.Items
			}, func(r []client.Refund) bool { return len(r) == 1 && r[0].State == client.RefundStateCredited })

			list, err := senior.api.ListRefundsWithResponse(t.Context(), &client.ListRefundsParams{Limit: &limit})
			require.NoError(t, err)
			require.NotNil(t, list.JSON200)
			states, causes := map[client.RefundState]int{}, map[client.HoldCause]int{}
			for _, r := range list.JSON200.Items {
				if strings.HasPrefix(r.AccountID, "acct_past_") {
					continue // the weeks before, which are over
				}
				states[r.State]++
				if r.HoldCauses != nil {
					causes[(*r.HoldCauses)[0]]++
				}
			}
			require.Equal(t, map[client.RefundState]int{
				client.RefundStateInReview: 15, client.RefundStateAwaitingCustomer: 1, client.RefundStateOnHold: 3, client.RefundStateNeedsAttention: 1,
				client.RefundStateCredited: 2, client.RefundStateRejected: 2, client.RefundStateWithdrawn: 1,
			}, states, "and none of them twice")
			require.Equal(t, map[client.HoldCause]int{client.HoldCauseStanding: 1, client.HoldCauseDispute: 1, client.HoldCausePause: 1}, causes)

			open := client.TicketStateOpen
			tickets := await(t, "the clocks", func() []client.Ticket {
				return senior.tickets(client.ListTicketsParams{State: &open, Limit: &limit}).ok().Items
			}, func(all []client.Ticket) bool {
				urgency := map[client.Urgency]int{}
				for _, x := range all {
					urgency[*x.Urgency]++
				}
				return urgency[client.UrgencyHalf] >= 1 && urgency[client.UrgencyLate] >= 1 && urgency[client.UrgencyOverdue] >= 1
			})
			queues := map[string]int{}
			for _, x := range tickets {
				queues[x.Queue]++
			}
			for _, queue := range []string{"review", "escalation", "attention", "questions"} {
				require.Positive(t, queues[queue], queue)
			}
			snoozed := true
			require.Len(t, senior.tickets(client.ListTicketsParams{Snoozed: &snoozed}).ok().Items, 1)
		})
	}
}
