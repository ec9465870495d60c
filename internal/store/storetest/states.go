package storetest

import (
	"github.com/stretchr/testify/require"

	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// Held is the key of EveryState's refund that is on hold from screening; the one under
// refund.OnHold is so from review.
const Held = refund.State("on_hold from screening")

// EveryState files a refund for a package of its own for each state ("p-" and the state), and
// takes it there. The reviews ask for two approvals. The refund in crediting is worth 70: of a
// package of 100 for 80, 10 were used.
func (b *Bundle) EveryState() map[refund.State]refund.Refund {
	b.T.Helper()
	all := map[refund.State]refund.Refund{}
	file := func(state refund.State, paid, face int64) string {
		b.Buy("p-"+string(state), paid, face)
		all[state] = b.MustFile("p-" + string(state))
		return all[state].ID
	}
	disputed := func(state refund.State, to refund.Dispute) {
		_, _, err := b.SetDispute(b.Ctx, Integrator, "p-"+string(state), to)
		require.NoError(b.T, err)
	}
	file(refund.Submitted, 100, 100)

	for _, state := range []refund.State{Held, refund.Screening} {
		id := file(state, 100, 100)
		disputed(state, refund.DisputeOpen)
		b.Step(id, refund.VerbScreen, refund.OnHold)
	}
	disputed(refund.Screening, refund.DisputeWon)
	b.Step(all[refund.Screening].ID, refund.VerbReassess, refund.Screening)

	b.twoApprovals(file(refund.InReview, 2000, 2000))
	b.twoApprovals(file(refund.OnHold, 2000, 2000))
	disputed(refund.OnHold, refund.DisputeOpen)
	b.Step(all[refund.OnHold].ID, refund.VerbReassess, refund.OnHold)

	b.twoApprovals(file(refund.AwaitingCustomer, 2000, 2000))
	b.AskCustomer(all[refund.AwaitingCustomer].ID, "Which package did you mean?")

	b.Buy("p-crediting", 80, 100)
	require.NoError(b.T, b.Use("u-crediting", "p-crediting", 10))
	all[refund.Crediting] = b.MustFile("p-crediting")
	b.Step(all[refund.Crediting].ID, refund.VerbScreen, refund.Crediting)

	id := file(refund.NeedsAttention, 100, 100)
	b.Step(id, refund.VerbScreen, refund.Crediting)
	b.Step(id, refund.VerbPark, refund.NeedsAttention)

	id = file(refund.Credited, 50, 60)
	b.Step(id, refund.VerbScreen, refund.Crediting)
	b.Step(id, refund.VerbCredit, refund.Credited)

	id = file(refund.Rejected, 2000, 2000)
	b.twoApprovals(id)
	b.Decide(id, Reviewer, review.Reject)

	b.Step(file(refund.Withdrawn, 100, 100), refund.VerbWithdraw, refund.Withdrawn)

	for state, r := range all {
		now, err := b.Refund(b.Ctx, r.ID)
		require.NoError(b.T, err)
		if state != Held {
			require.Equal(b.T, state, now.State)
		}
		all[state] = now
	}
	return all
}

// twoApprovals screens the refund into a review by two people.
func (b *Bundle) twoApprovals(id string) {
	b.T.Helper()
	facts := b.Judge(id)
	plan := Policy.Evaluate(facts)
	require.Equal(b.T, policy.Review, plan.Verdict)
	plan.Quorum.Approvals = 2
	_, err := b.Screen(b.Ctx, b.Op(id, refund.VerbScreen), facts, plan)
	require.NoError(b.T, err)
}
