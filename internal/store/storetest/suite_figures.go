package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

func (b *Bundle) figures(since time.Time) desk.Figures {
	b.T.Helper()
	f, err := b.Figures(b.Ctx, since)
	require.NoError(b.T, err)
	return f
}

// flaggedBy has a new request reviewed because of the rules.
func (b *Bundle) flaggedBy(account, packageID string, rules ...string) (id, ticket string) {
	b.T.Helper()
	id = b.asked(account, packageID)
	plan := policy.Plan{Verdict: policy.Review, Quorum: review.Quorum{Approvals: 1}, Queue: review.QueueReview, SLA: promise, Version: "1", Digest: "sha256:0"}
	for _, r := range rules {
		plan.Matches = append(plan.Matches, review.Match{Rule: r, Value: "1", Reason: "because"})
	}
	step, err := b.Screen(b.Ctx, b.Op(id, refund.VerbScreen), b.Judge(id), plan)
	require.NoError(b.T, err)
	require.Equal(b.T, refund.InReview, step.State)
	return id, step.TicketID
}

func figures(t *testing.T, open Opener) {
	b := New(t, open)
	b.person("bo", nil)
	begin := b.Clock.Now()

	// Ten cases, decided after 1, 2, … 10 hours; the even ones are rejected, the third not by its rule alone.
	var ids []string
	for n := range 10 {
		rules := []string{"common"}
		if n == 2 {
			rules = append(rules, "rare", "rare")
		}
		id, _ := b.flaggedBy("bo", fmt.Sprint("p", n), rules...)
		ids = append(ids, id)
	}
	for n, id := range ids {
		b.Clock.Add(hour)
		vote, reason := review.Approve, "verified_request"
		if n%2 == 0 {
			vote, reason = review.Reject, "suspected_abuse"
		}
		b.votes(id, vote, reason)
	}
	f := b.figures(begin)
	assert.Equal(t, begin, f.Since)
	assert.Equal(t, b.Clock.Now(), f.At)
	assert.Equal(t, desk.Spread{Count: 10, Median: 5 * hour, P90: 9 * hour}, f.Decision)
	assert.Equal(t, []desk.RuleFigures{
		{Rule: "common", Matched: 10, Approved: 5, Rejected: 5},
		{Rule: "rare", Matched: 1, Rejected: 1},
	}, f.Rules)
	assert.EqualValues(t, 7, b.figures(begin.Add(4*hour)).Decision.Count, "since then, the moment itself among it")
	assert.Empty(t, b.figures(begin.Add(time.Second)).Rules, "screened before")

	// A case that is withdrawn is not decided; one that waits is not yet.
	gone, _ := b.flaggedBy("bo", "gone", "common")
	b.takenBack(gone, "bo")
	_, waiting := b.flaggedBy("bo", "waiting", "common")
	_, claimed := b.flaggedBy("bo", "claimed", "common")
	require.NoError(t, b.Claim(b.Ctx, Reviewer, claimed))
	b.Clock.Add(2 * hour)
	_, young := b.flaggedBy("bo", "young", "common")
	_, _, err := b.Say(b.Ctx, Reviewer, young, review.Internal, "between us")
	require.NoError(t, err)
	b.Clock.Add(time.Minute)
	_, _, err = b.Say(b.Ctx, Reviewer, waiting, review.Public, "We are looking at it.")
	require.NoError(t, err)
	f = b.figures(b.Clock.Now().Add(-2 * hour))
	assert.EqualValues(t, 0, f.Decision.Count)
	assert.Equal(t, desk.Spread{Count: 1, Median: 2*hour + time.Minute, P90: 2*hour + time.Minute}, f.FirstResponse, "an internal word is no response")
	queue := desk.QueueFigures{Queue: review.QueueReview, Open: 3, Unassigned: 2, Oldest: 2*hour + time.Minute, Median: 2*hour + time.Minute}
	assert.Equal(t, queue, f.Queues[0])
	b.Clock.Add(9 * hour)
	f = b.figures(begin)
	queue.Overdue, queue.Oldest, queue.Median = 2, queue.Oldest+9*hour, queue.Median+9*hour
	assert.Equal(t, queue, f.Queues[0])
	for _, q := range f.Queues[1:] {
		assert.Zero(t, q.Open, q.Queue)
	}
	assert.Equal(t, desk.RuleFigures{Rule: "common", Matched: 14, Approved: 5, Rejected: 5}, f.Rules[0])

	// Appeals, decided by somebody else: one reversed, one upheld, one open, one taken back.
	for n, end := range []func(id string){
		func(id string) {
			b.screened(id, policy.Review, "")
			b.votesAs(Senior, id, review.Approve, "verified_request")
			b.credited(id)
		},
		func(id string) {
			b.screened(id, policy.Review, "")
			b.votesAs(Senior, id, review.Reject, "unverified")
		},
		func(string) {},
		func(id string) { b.takenBack(id, "bo") },
	} {
		filed, err := b.File(b.Ctx, Customer("bo"), desk.Filing{
			PackageID: fmt.Sprint("p", 2*n), ReasonCode: refund.OtherReason, IdempotencyKey: fmt.Sprint("appeal", n), AppealOf: ids[2*n],
		})
		require.NoError(t, err)
		end(filed.Refund.ID)
	}
	assert.Equal(t, desk.AppealFigures{Filed: 4, Reversed: 1, Upheld: 1, Open: 1}, b.figures(begin).Appeals)
	b.Clock.Add(time.Second)
	assert.Zero(t, b.figures(b.Clock.Now()).Appeals)
}

func figuresEmpty(t *testing.T, open Opener) {
	b := New(t, open)
	f := b.figures(b.Clock.Now().Add(-days))
	assert.Len(t, f.Queues, len(review.Queues))
	for n, q := range f.Queues {
		assert.Equal(t, desk.QueueFigures{Queue: review.Queues[n]}, q)
	}
	assert.Zero(t, f.FirstResponse)
	assert.Zero(t, f.Decision)
	assert.Zero(t, f.Appeals)
	assert.Empty(t, f.Rules)
}
