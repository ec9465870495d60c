package e2e

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/api/client"
)

func TestSuspendedInReview(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Program) {
		c, admin := newCustomer(t, p, client.LocaleEn), p.as(t, "admin")
		pkg := c.buys(large)
		id := c.file(pkg, "1", "wait=10").ok().ID
		admin.setStanding(c.account, client.StandingSuspended).ok()
		held := c.sees(id, client.RefundStateOnHold)
		require.Equal(t, []client.HoldCause{client.HoldCauseStanding}, *held.HoldCauses)
		c.file(c.buys("5"), "2", "").refused(http.StatusConflict, "account-suspended")

		ticket := p.as(t, "reviewer").ticketOf(id)
		p.as(t, "reviewer").decide(ticket.ID, voteOn(ticket, client.VoteApprove)).refused(http.StatusConflict, "on-hold")

		admin.setStanding(c.account, client.StandingGood).ok()
		c.sees(id, client.RefundStateInReview)
		approve(p.as(t, "reviewer"), id)
		c.sees(id, client.RefundStateCredited)
		c.creditedOnce(large, pkg)
	})
}

func TestTerminatedWhileOnHold(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Program) {
		c, admin := newCustomer(t, p, client.LocaleEn), p.as(t, "admin")
		pkg := c.buys(large)
		id := c.file(pkg, "1", "wait=10").ok().ID
		admin.setStanding(c.account, client.StandingSuspended).ok()
		c.sees(id, client.RefundStateOnHold)
		admin.setStanding(c.account, client.StandingTerminated).ok()
		rejected := c.sees(id, client.RefundStateRejected)
		require.Equal(t, "account-terminated", rejected.Decision.ReasonCode)
		c.file(pkg, "2", "").refused(http.StatusConflict, "account-terminated")
		require.Equal(t, "account-terminated", *c.pkg(pkg).ok().Refundable.Reason)
		c.gotNothing()
	})
}

func TestDisputeOpenAtFiling(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Program) {
		c, integrator := newCustomer(t, p, client.LocaleEn), p.as(t, "integrator")
		won, lost := c.buys("30"), c.buys("40")
		ids := map[string]string{}
		for _, pkg := range []string{won, lost} {
			integrator.setDispute(pkg, client.DisputeStatusOpen).ok()
			filed := c.file(pkg, pkg, "wait=10").ok()
			require.Equal(t, client.RefundStateOnHold, filed.State)
			require.Equal(t, client.MoverStandingOrDispute, filed.MovesNext)
			require.Equal(t, []client.HoldCause{client.HoldCauseDispute}, *filed.HoldCauses)
			ids[pkg] = filed.ID
		}
		integrator.setDispute(won, client.DisputeStatusWon).ok()
		c.sees(ids[won], client.RefundStateCredited)
		integrator.setDispute(lost, client.DisputeStatusLost).ok()
		rejected := c.sees(ids[lost], client.RefundStateRejected)
		require.Equal(t, "dispute-lost", rejected.Decision.ReasonCode)
		c.creditedOnce("30", won)
	})
}

func TestWithdrawnInReview(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Program) {
		c := newCustomer(t, p, client.LocaleEn)
		pkg := c.buys(large)
		id := c.file(pkg, "1", "wait=10").ok().ID
		p.as(t, "customer2").withdraw(id).refused(http.StatusNotFound, "not-found")
		p.as(t, "reviewer").withdraw(id).refused(http.StatusForbidden, "forbidden")
		require.Equal(t, client.RefundStateWithdrawn, c.withdraw(id).ok().State)
		require.Equal(t, client.RefundStateWithdrawn, c.withdraw(id).ok().State, "again is no error")
		require.Equal(t, client.PackageStatusActive, c.pkg(pkg).ok().Status)
		require.Equal(t, client.TicketStateClosed, p.as(t, "reviewer").ticketOf(id).State)
		c.gotNothing()
	})
}

func TestWithdrawnTooLate(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Program) {
		c := newCustomer(t, p, client.LocaleEn)
		pkg := c.buys("10")
		id := c.file(pkg, "1", "wait=10").ok().ID
		c.withdraw(id).refused(http.StatusConflict, "too-late")
		c.creditedOnce("10", pkg)
	})
}
