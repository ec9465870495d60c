package refund_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"refunddesk/internal/refund"
)

// The table of DESIGN section 2, spelled out a second time on purpose: who moves next, and
// where to.
var published = []struct {
	state refund.State
	mover refund.Mover
	next  []refund.State
}{
	{"submitted", "system", []refund.State{"screening", "withdrawn"}},
	{"screening", "system", []refund.State{"crediting", "in_review", "rejected", "on_hold", "withdrawn"}},
	{"in_review", "reviewer", []refund.State{"crediting", "rejected", "awaiting_customer", "on_hold", "withdrawn"}},
	{"awaiting_customer", "customer", []refund.State{"in_review", "rejected", "on_hold", "withdrawn"}},
	{"on_hold", "standing_or_dispute", []refund.State{"screening", "in_review", "awaiting_customer", "crediting", "rejected", "withdrawn"}},
	{"crediting", "system", []refund.State{"credited", "on_hold", "rejected", "needs_attention"}},
	{"needs_attention", "operator", []refund.State{"crediting", "rejected"}},
	{"credited", "nobody", nil},
	{"rejected", "nobody", nil},
	{"withdrawn", "nobody", nil},
}

func TestEveryPairOfStatesFollowsTheTable(t *testing.T) {
	assert.Len(t, refund.States, len(published))
	for i, row := range published {
		assert.Equal(t, refund.States[i], row.state)
		assert.Equal(t, row.mover, row.state.MovesNext(), row.state)
		for _, to := range refund.States {
			assert.Equal(t, slices.Contains(row.next, to), row.state.CanBecome(to), "%s to %s", row.state, to)
		}
		assert.ElementsMatch(t, row.next, row.state.Next())
	}
}

func TestFinalStatesAreThoseNobodyMoves(t *testing.T) {
	for _, row := range published {
		final := row.next == nil
		assert.Equal(t, final, row.state.Final(), row.state)
		assert.Equal(t, final, row.state.MovesNext() == refund.ByNobody, row.state)
		waits := slices.Contains([]refund.Mover{refund.ByReviewer, refund.ByCustomer, refund.ByOutside, refund.ByOperator}, row.mover)
		assert.Equal(t, waits, row.state.Waits(), row.state)
	}
}

func TestWithdrawalIsPossibleUntilCrediting(t *testing.T) {
	for state, want := range map[refund.State]bool{
		refund.Submitted: true, refund.Screening: true, refund.InReview: true, refund.AwaitingCustomer: true, refund.OnHold: true,
		refund.Crediting: false, refund.NeedsAttention: false, refund.Credited: false, refund.Rejected: false, refund.Withdrawn: false,
	} {
		assert.Equal(t, want, state.Withdrawable(), state)
	}
}

func TestAnUnknownStateLeadsNowhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := refund.State(rapid.String().Draw(t, "state"))
		if slices.Contains(refund.States, s) {
			return
		}
		if s.Known() || s.Final() || s.Waits() || len(s.Next()) > 0 {
			t.Fatalf("%q is treated as a state", s)
		}
		for _, known := range refund.States {
			if known.CanBecome(s) || s.CanBecome(known) {
				t.Fatalf("%q is reached or left", s)
			}
		}
	})
}

func TestNextIsACopy(t *testing.T) {
	refund.Submitted.Next()[0] = refund.Credited
	assert.False(t, refund.Submitted.CanBecome(refund.Credited))
}

// From everywhere, an end can be reached: nothing is stuck by design.
func TestEveryStateReachesAnEnd(t *testing.T) {
	for _, start := range refund.States {
		seen := map[refund.State]bool{}
		var reaches func(s refund.State) bool
		reaches = func(s refund.State) bool {
			if s.Final() {
				return true
			}
			seen[s] = true
			return slices.ContainsFunc(s.Next(), func(n refund.State) bool { return !seen[n] && reaches(n) })
		}
		assert.True(t, reaches(start), start)
	}
}

func TestObstacles(t *testing.T) {
	wait := func(causes ...refund.Cause) refund.Obstacle { return refund.Obstacle{Causes: causes} }
	reject := func(code string) refund.Obstacle { return refund.Obstacle{Reject: code} }
	standing, dispute := refund.CauseStanding, refund.CauseDispute
	for s, row := range map[refund.Standing]map[refund.Dispute]refund.Obstacle{
		refund.Good: {
			refund.NoDispute: wait(), refund.DisputeWon: wait(), refund.DisputeOpen: wait(dispute), refund.DisputeLost: reject("dispute-lost"),
		},
		refund.Suspended: {
			refund.NoDispute: wait(standing), refund.DisputeWon: wait(standing), refund.DisputeOpen: wait(dispute, standing),
			refund.DisputeLost: reject("dispute-lost"),
		},
		refund.Terminated: {
			refund.NoDispute: reject("account-terminated"), refund.DisputeWon: reject("account-terminated"),
			refund.DisputeOpen: reject("account-terminated"), refund.DisputeLost: reject("account-terminated"),
		},
	} {
		for d, want := range row {
			got := refund.Obstacles(s, d)
			assert.Equal(t, want, got, "%s, dispute %s", s, d)
			assert.Equal(t, len(want.Causes) == 0 && want.Reject == "", got.Clear())
			assert.True(t, slices.IsSorted(got.Causes))
		}
	}
}

func TestOperationsHaveTheirOwnIDs(t *testing.T) {
	assert.Equal(t, "refund/r1", refund.WorkflowID("r1"))
	assert.Equal(t, "refund/r1/credit/4", refund.Op{RefundID: "r1", Verb: refund.VerbCredit, Turn: 4, RunID: "run"}.ID())
	a := refund.Op{RefundID: "r1", Verb: refund.VerbCredit, Turn: 1, RunID: "first"}
	b := a
	b.RunID = "after a reset"
	assert.Equal(t, a.ID(), b.ID(), "the same step of another run is the same operation")
}

func TestKnownWords(t *testing.T) {
	for _, r := range []refund.ReasonCode{"no_longer_needed", "bought_by_mistake", "service_problem", "switching_provider", "other"} {
		assert.True(t, r.Known(), r)
	}
	for _, r := range []refund.ReasonCode{"", "Other", "because"} {
		assert.False(t, r.Known(), r)
	}
	for _, s := range []refund.Standing{"", "Good", "bad"} {
		assert.False(t, s.Known(), s)
	}
	for _, d := range []refund.Dispute{"", "Open", "perhaps"} {
		assert.False(t, d.Known(), d)
	}
}

func TestWhoMovesAHeldRefundNext(t *testing.T) {
	for _, one := range []struct {
		causes []refund.Cause
		want   refund.Mover
	}{
		{[]refund.Cause{refund.CauseStanding}, refund.ByOutside},
		{[]refund.Cause{refund.CauseDispute}, refund.ByOutside},
		{[]refund.Cause{refund.CausePause}, refund.ByOperator},
		{[]refund.Cause{refund.CauseDispute, refund.CausePause}, refund.ByOutside},
	} {
		assert.Equal(t, one.want, refund.Refund{State: refund.OnHold, HoldCauses: one.causes}.MovesNext(), one.causes)
	}
	assert.Equal(t, refund.ByReviewer, refund.Refund{State: refund.InReview}.MovesNext())
}
