package e2e

import (
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/api/client"
)

const (
	small = "100" // what the default policy lets a new account have at once
	large = "500" // what it has a person look at, of whom one is enough
)

// inReview files a refund that a person has to look at and gives its id.
func inReview(c *customer) string {
	c.t.Helper()
	id := c.files(c.buys(large))
	c.sees(id, client.RefundStateInReview)
	return id
}

func voteOn(ticket client.Ticket, vote client.Vote) client.NewDecision {
	reason := client.NewDecisionReasonCodeVerifiedRequest
	if vote == client.VoteReject {
		reason = client.NewDecisionReasonCodeSuspectedAbuse
	}
	return client.NewDecision{Decision: vote, ReasonCode: reason, Digest: *ticket.Digest}
}

func approve(reviewer *person, refund string) {
	reviewer.t.Helper()
	ticket := reviewer.ticketOf(refund)
	reviewer.decide(ticket.ID, voteOn(ticket, client.VoteApprove)).ok()
}

func reject(reviewer *person, refund string) {
	reviewer.t.Helper()
	ticket := reviewer.ticketOf(refund)
	reviewer.decide(ticket.ID, voteOn(ticket, client.VoteReject)).ok()
}

func TestTheLimitItselfNeedsNoReview(t *testing.T) {
	t.Parallel()
	c := newCustomer(t, program(t), client.LocaleEn)
	require.Equal(t, client.RefundStateCredited, c.file(c.buys(small), "1", "wait=10").ok().State)
	above := c.file(c.buys("100.000001"), "2", "wait=10").ok()
	require.Equal(t, client.RefundStateInReview, above.State)
	require.Equal(t, "new-account", (*program(t).as(t, "reviewer").ticketOf(above.ID).Matches)[0].Rule)
}

func TestReviewApproved(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Program) {
		c, reviewer := newCustomer(t, p, client.LocaleEn), p.as(t, "reviewer")
		pkg := c.buys(large)
		filed := c.file(pkg, "1", "wait=10").ok() // answers when a person must act
		require.Equal(t, client.RefundStateInReview, filed.State)
		require.Equal(t, client.MoverReviewer, filed.MovesNext)
		require.Equal(t, client.VerdictReview, *filed.Verdict)

		open, queue := client.TicketStateOpen, "review"
		limit := 200
		listed := reviewer.tickets(client.ListTicketsParams{State: &open, Queue: &queue, Limit: &limit}).ok()
		require.True(t, slices.ContainsFunc(listed.Items, func(x client.Ticket) bool { return *x.RefundID == filed.ID }))
		ticket := reviewer.ticketOf(filed.ID)
		require.Len(t, *ticket.Matches, 1)
		match := (*ticket.Matches)[0]
		require.Equal(t, "new-account", match.Rule)
		require.Contains(t, match.Value, "500", "the values that the rule saw")
		require.NotEmpty(t, match.Reason)
		require.Equal(t, "500.000000", ticket.Amount.Amount)

		decided := reviewer.decide(ticket.ID, voteOn(ticket, client.VoteApprove)).ok()
		require.Len(t, *decided.Votes, 1)
		credited := c.sees(filed.ID, client.RefundStateCredited)
		require.Equal(t, client.VoteApprove, credited.Decision.Outcome)
		require.Nil(t, credited.Decision.DecidedBy, "for staff only")
		c.creditedOnce(large, pkg)

		// The same decision again is the first one; another comes too late.
		reviewer.decide(ticket.ID, voteOn(ticket, client.VoteApprove)).ok()
		p.as(t, "reviewer2").decide(ticket.ID, voteOn(ticket, client.VoteReject)).refused(http.StatusConflict, "ticket-closed")
		require.Equal(t, client.TicketStateClosed, reviewer.ticketOf(filed.ID).State)
	})
}

func TestReviewRejected(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Program) {
		c, reviewer := newCustomer(t, p, client.LocaleEn), p.as(t, "reviewer")
		pkg := c.buys(large)
		first := c.file(pkg, "1", "wait=10").ok().ID
		require.Equal(t, client.PackageStatusFrozen, c.pkg(pkg).ok().Status)
		p.as(t, "integrator").use(pkg, "use_"+unique(), "1").refused(http.StatusConflict, "package-frozen")
		reject(reviewer, first)
		rejected := c.sees(first, client.RefundStateRejected)
		require.Equal(t, "suspected_abuse", rejected.Decision.ReasonCode)
		c.gotNothing()

		// The package is the customer's again: it takes usage and another request.
		require.Equal(t, client.PackageStatusActive, c.pkg(pkg).ok().Status)
		p.as(t, "integrator").use(pkg, "use_"+unique(), "1.01").ok()
		again := c.file(pkg, "2", "wait=10").ok()
		require.Equal(t, client.RefundStateInReview, again.State)
		approve(p.as(t, "reviewer2"), again.ID)
		c.sees(again.ID, client.RefundStateCredited)
		c.creditedOnce("498.99", pkg)
	})
}

func TestStaleDecisionIsRefused(t *testing.T) {
	t.Parallel()
	p := program(t)
	c, reviewer := newCustomer(t, p, client.LocaleEn), p.as(t, "reviewer")
	pkg := c.buys(large)
	id := c.file(pkg, "1", "wait=10").ok().ID
	shown := reviewer.ticketOf(id)
	p.as(t, "integrator").setDispute(pkg, client.DisputeStatusWon).ok() // the case is another one now
	reviewer.decide(shown.ID, voteOn(shown, client.VoteApprove)).refused(http.StatusConflict, "stale-decision")
	require.Equal(t, client.RefundStateInReview, c.refund(id).ok().State)
	approve(reviewer, id) // who has read it again may decide
	c.sees(id, client.RefundStateCredited)
	c.creditedOnce(large, pkg)
}

func TestNobodyDecidesOnHisOwn(t *testing.T) {
	t.Parallel()
	p := program(t)
	c := newCustomer(t, p, client.LocaleEn)
	id := inReview(c)
	ticket := p.as(t, "reviewer").ticketOf(id)
	vote := voteOn(ticket, client.VoteApprove)

	p.signIn(t, "owner_"+c.account, c.account, "customer", "reviewer").decide(ticket.ID, vote).refused(http.StatusForbidden, "self-approval")
	p.signIn(t, "owner_"+c.account, "", "reviewer").decide(ticket.ID, vote).refused(http.StatusForbidden, "self-approval")
	p.signIn(t, "colleague_"+unique(), c.account, "senior_reviewer").decide(ticket.ID, vote).refused(http.StatusForbidden, "self-approval")
	p.signIn(t, "both_"+unique(), "", "reviewer", "admin").decide(ticket.ID, vote).refused(http.StatusForbidden, "forbidden")
	p.as(t, "auditor").decide(ticket.ID, vote).refused(http.StatusForbidden, "forbidden")
	c.decide(ticket.ID, vote).refused(http.StatusForbidden, "forbidden")
	require.Equal(t, client.RefundStateInReview, c.refund(id).ok().State)
	c.gotNothing()

	// Refused attempts are on the record.
	refused := 0
	for _, item := range p.as(t, "auditor").history(id).ok().Items {
		if item.Entry != nil && item.Entry.Action == "decision-refused" && *item.Entry.ReasonCode == "self-approval" {
			refused++
		}
	}
	require.Equal(t, 3, refused)
}
