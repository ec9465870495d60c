package policy_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/money"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

func TestShelfReadsAVersionOnceForAll(t *testing.T) {
	var loads atomic.Int32
	started, goOn := make(chan struct{}), make(chan struct{})
	shelf := policy.NewShelf(func(ctx context.Context, version string) (string, error) {
		loads.Add(1)
		close(started)
		<-goOn
		return string(policy.DefaultSource), ctx.Err()
	})
	// The first to ask goes away; what he asked for is read for the others.
	impatient, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() { _, err := shelf.Policy(impatient, "1"); left <- err }()
	<-started
	leave()
	require.ErrorIs(t, <-left, context.Canceled)

	var all sync.WaitGroup
	found := make([]*policy.Policy, 20)
	for i := range found {
		all.Go(func() { found[i], _ = shelf.Policy(context.Background(), "1") })
	}
	close(goOn)
	all.Wait()
	again, err := shelf.Policy(t.Context(), "1")
	require.NoError(t, err)
	for _, p := range found {
		assert.Same(t, again, p)
	}
	assert.EqualValues(t, 1, loads.Load())
	assert.Equal(t, "1", again.Version())
}

func TestShelfAsksAgainAfterAFailure(t *testing.T) {
	away := errors.New("away")
	fails := true
	shelf := policy.NewShelf(func(context.Context, string) (string, error) {
		if fails {
			return "", away
		}
		return string(policy.DefaultSource), nil
	})
	_, err := shelf.Policy(t.Context(), "1")
	require.ErrorIs(t, err, away)
	fails = false
	_, err = shelf.Policy(t.Context(), "1")
	require.NoError(t, err)
}

func TestShelfIsBounded(t *testing.T) {
	loads := 0
	shelf := policy.NewShelf(func(context.Context, string) (string, error) { loads++; return "policy: 0", nil })
	for range 2 {
		for i := range 300 {
			p, err := shelf.Policy(t.Context(), strconv.Itoa(i))
			require.NoError(t, err)
			require.Equal(t, strconv.Itoa(i), p.Version())
		}
	}
	assert.Greater(t, loads, 300, "some were read again")
	assert.Less(t, loads, 600, "and some were kept")
}

// A policy of another program that this one cannot read stops nobody's work, and approves nothing.
func TestAPolicyThatCannotBeReadHasEverythingReviewed(t *testing.T) {
	shelf := policy.NewShelf(func(context.Context, string) (string, error) { return "policy: 2\n", nil })
	p, err := shelf.Policy(t.Context(), "7")
	require.NoError(t, err)
	plan := p.Evaluate(ordinary())
	assert.Equal(t, policy.Review, plan.Verdict)
	assert.Equal(t, []string{policy.RuleBrokenPolicy}, rulesOf(plan))
	assert.Equal(t, review.Quorum{Approvals: 2, Seniors: 1}, plan.Quorum)
	assert.Equal(t, "7", plan.Version)
	assert.Equal(t, policy.DigestOf([]byte("policy: 2\n")), plan.Digest)
	assert.Positive(t, plan.SLA.Decision)
	assert.Positive(t, plan.Attention.Decision)
	assert.Empty(t, p.Rules())

	assert.Equal(t, policy.Reject, p.Evaluate(ordinary(func(f *policy.Facts) { f.Standing = refund.Terminated })).Verdict)
	plan = p.Evaluate(ordinary(func(f *policy.Facts) { f.Amount, f.Refunded365d = money.Units(1, "JPY"), 1e15 }))
	assert.Equal(t, []string{policy.RuleBrokenPolicy}, rulesOf(plan), "there is no budget to be above")
}
