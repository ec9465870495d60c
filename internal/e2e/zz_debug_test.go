package e2e

import (
	"fmt"
	"testing"
	"time"

	"refunddesk/api/client"
)

func TestZZ(t *testing.T) {
	p := program(t)
	for i := range 300 {
		c, reviewer := newCustomer(t, p, client.LocaleEn), p.as(t, "reviewer")
		pkg := c.buys(large)
		id := c.file(pkg, "1", "wait=10").ok().ID
		shown := reviewer.ticketOf(id)
		p.as(t, "integrator").setDispute(pkg, client.DisputeStatusWon).ok()
		reviewer.decide(shown.ID, voteOn(shown, client.VoteApprove)).refused(409, "stale-decision")
		approve(reviewer, id)
		end := time.Now().Add(3 * time.Second)
		for c.refund(id).ok().State != client.RefundStateCredited && time.Now().Before(end) {
		}
		if c.refund(id).ok().State != client.RefundStateCredited {
			fmt.Println("STUCK at", i)
			for _, it := range p.as(t, "auditor").history(id).ok().Items {
				extra := ""
				if it.Entry != nil && it.Entry.OperationID != nil {
					extra = *it.Entry.OperationID
				}
				if it.Event != nil { extra = fmt.Sprint(it.Event.ID, " ", it.Event.Type) }
				fmt.Println(it.At.Format("05.000000"), it.Source, it.Summary, extra)
			}
			t.FailNow()
		}
	}
}
