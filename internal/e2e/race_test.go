package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refunddesk/api/client"
)

const tries = 5 // of what happens at the same moment

// Two reviewers decide at once: one of them is heard, the other is told that he was not.
func TestTwoReviewersAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Program) {
		for range tries {
			c := newCustomer(t, p, client.LocaleEn)
			pkg := c.buys(large)
			id := c.file(pkg, "1", "wait=10").ok().ID
			ticket := p.as(t, "reviewer").ticketOf(id)
			votes := []client.Vote{client.VoteApprove, client.VoteReject}
			people := []*person{p.as(t, "reviewer"), p.as(t, "reviewer2")}
			answers := together(2, func(i int) answer[client.Ticket] { return people[i].decide(ticket.ID, voteOn(ticket, votes[i])) })

			heard := 0
			if answers[0].value == nil {
				heard = 1
			}
			answers[heard].ok()
			answers[1-heard].refused(http.StatusConflict, "ticket-closed")
			if votes[heard] == client.VoteReject {
				c.sees(id, client.RefundStateRejected)
				c.gotNothing()
				continue
			}
			c.sees(id, client.RefundStateCredited)
			c.creditedOnce(large, pkg)
		}
	})
}

// A withdrawal and an approval at once: the money moves or the package thaws, never both.
func TestWithdrawalAndApprovalAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Program) {
		for range tries {
			c, reviewer := newCustomer(t, p, client.LocaleEn), p.as(t, "reviewer")
			pkg := c.buys(large)
			id := c.file(pkg, "1", "wait=10").ok().ID
			ticket := reviewer.ticketOf(id)
			var withdrawn answer[client.Refund]
			var decided answer[client.Ticket]
			together(2, func(i int) bool {
				if i == 0 {
					withdrawn = c.withdraw(id)
				} else {
					decided = reviewer.decide(ticket.ID, voteOn(ticket, client.VoteApprove))
				}
				return true
			})
			if withdrawn.value != nil {
				decided.refused(http.StatusConflict, "ticket-closed")
				c.sees(id, client.RefundStateWithdrawn)
				require.Equal(t, client.PackageStatusActive, c.pkg(pkg).ok().Status)
				c.gotNothing()
				continue
			}
			withdrawn.refused(http.StatusConflict, "too-late")
			decided.ok()
			c.sees(id, client.RefundStateCredited)
			c.creditedOnce(large, pkg)
		}
	})
}

// News of a dispute and the decision that was taken knowing of it reach the workflow
// together; the decision is carried out without delay.
func TestDecisionRightAfterNews(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Program) {
		for range tries {
			c, reviewer := newCustomer(t, p, client.LocaleEn), p.as(t, "reviewer")
			pkg := c.buys(large)
			id := c.file(pkg, "1", "wait=10").ok().ID
			p.as(t, "integrator").setDispute(pkg, client.DisputeStatusWon).ok()
			approve(reviewer, id)
			decided := time.Now()
			c.sees(id, client.RefundStateCredited)
			require.Less(t, time.Since(decided), 20*time.Second)
			c.creditedOnce(large, pkg)
		}
	})
}

// Suspension and filing at once: either the request is refused, or it is held, or it was
// credited before; after termination nothing more is credited.
func TestSuspensionAndFilingAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Program) {
		for range tries {
			c, admin := newCustomer(t, p, client.LocaleEn), p.as(t, "admin")
			pkg := c.buys("10")
			var filed answer[client.Refund]
			together(2, func(i int) bool {
				if i == 0 {
					filed = c.file(pkg, "1", "wait=10")
				} else {
					admin.setStanding(c.account, client.StandingSuspended)
				}
				return true
			})
			if filed.value == nil {
				filed.refused(http.StatusConflict, "account-suspended")
				c.gotNothing()
				continue
			}
			r := await(t, "the refund to be credited or held", func() client.Refund { return c.refund(filed.value.ID).ok() },
				func(r client.Refund) bool {
					return r.State == client.RefundStateCredited || r.State == client.RefundStateOnHold
				})
			admin.setStanding(c.account, client.StandingTerminated).ok()
			if r.State == client.RefundStateCredited {
				c.creditedOnce("10", pkg)
				continue
			}
			c.sees(r.ID, client.RefundStateRejected)
			c.gotNothing()
		}
	})
}

// The kill comes while a vote is being written: whoever heard no answer repeats the same
// decision, and it counts once.
func TestKillWhileADecisionIsRecorded(t *testing.T) {
	t.Parallel()
	database := emptyDatabase(t)
	p := Start(t, Options{Database: database})
	c, reviewer := newCustomer(t, p, client.LocaleEn), p.as(t, "reviewer")
	pkg := c.buys(large)
	id := c.file(pkg, "1", "wait=10").ok().ID
	ticket := reviewer.ticketOf(id)

	conn, err := pgx.Connect(t.Context(), database)
	require.NoError(t, err)
	defer func() { _ = conn.Close(t.Context()) }()
	tx, err := conn.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "LOCK TABLE decisions IN SHARE ROW EXCLUSIVE MODE")
	require.NoError(t, err)

	cut := make(chan answer[client.Ticket], 1)
	go func() { cut <- reviewer.decide(ticket.ID, voteOn(ticket, client.VoteApprove)) }()
	await(t, "the vote to wait for the lock", func() (waiting int) {
		err := tx.QueryRow(t.Context(), "SELECT count(*) FROM pg_locks WHERE relation = 'decisions'::regclass AND NOT granted").Scan(&waiting)
		require.NoError(t, err)
		return waiting
	}, func(waiting int) bool { return waiting > 0 })
	p.Kill(t)
	require.Error(t, (<-cut).err, "the answer cannot have come")
	require.NoError(t, tx.Rollback(t.Context()))

	p.Restart(t)
	again := await(t, "the same decision to be taken", func() answer[client.Ticket] {
		return reviewer.decide(ticket.ID, voteOn(ticket, client.VoteApprove))
	}, func(a answer[client.Ticket]) bool {
		if a.value == nil {
			a.refused(http.StatusServiceUnavailable, "outcome-unknown") // safe to repeat
		}
		return a.value != nil
	})
	require.Len(t, *again.value.Votes, 1)
	c.sees(id, client.RefundStateCredited)
	c.creditedOnce(large, pkg)
	events, _ := letters(t, c, id, 3)
	require.Equal(t, []string{"received", "in_review", "credited"}, events)
}
