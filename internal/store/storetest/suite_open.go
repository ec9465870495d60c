package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/money"
	"refunddesk/internal/notify"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/internal/store"
)

func withdrawn(t *testing.T, open Opener) {
	b := New(t, open)
	p := b.Buy("p", 10, 10)
	r := b.MustFile("p")
	b.Clock.Add(48 * time.Hour)
	step := b.Step(r.ID, refund.VerbWithdraw, refund.Withdrawn)
	assert.Equal(t, []string{notify.NoticeID(r.ID, notify.Withdrawn)}, step.Notices)
	view, err := b.Package(b.Ctx, "p")
	require.NoError(t, err)
	assert.Equal(t, refund.Active, view.Status(b.Clock.Now()))
	assert.Equal(t, p.ExpiresAt.Add(48*time.Hour), *view.ExpiresAt, "the expiry clock that ran meanwhile is given back")
	require.NoError(t, b.Use("u", "p", 1))
	assert.EqualValues(t, 0, b.Balance("USD"))
}

func tooLate(t *testing.T, open Opener) {
	b := New(t, open)
	b.Buy("p", 10, 10)
	r := b.MustFile("p")
	b.Step(r.ID, refund.VerbScreen, refund.Crediting)
	step := b.Step(r.ID, refund.VerbWithdraw, refund.Crediting)
	assert.Equal(t, refund.ErrTooLate.Code, step.Refused)
	b.Step(r.ID, refund.VerbCredit, refund.Credited)
	assert.Equal(t, refund.ErrTooLate.Code, b.Step(r.ID, refund.VerbWithdraw, refund.Credited).Refused)
}

func (b *Bundle) standing(to refund.Standing) []desk.Intent {
	b.T.Helper()
	_, intents, err := b.SetStanding(b.Ctx, Admin, "acct", to, "agreement section 4")
	require.NoError(b.T, err)
	return intents
}

func (b *Bundle) dispute(to refund.Dispute) []desk.Intent {
	b.T.Helper()
	_, intents, err := b.SetDispute(b.Ctx, Integrator, "p", to)
	require.NoError(b.T, err)
	return intents
}

func obstacles(t *testing.T, open Opener) {
	for _, c := range []struct {
		name  string
		units int64
		reach func(b *Bundle, id string) refund.State // the state in which the obstacle arrives
		step  refund.Verb                             // the step that meets it
	}{
		{"before screening", 10, func(*Bundle, string) refund.State { return refund.Screening }, refund.VerbScreen},
		{"in review", 2000, func(b *Bundle, id string) refund.State {
			b.Step(id, refund.VerbScreen, refund.InReview)
			return refund.InReview
		}, refund.VerbReassess},
		{"while crediting", 10, func(b *Bundle, id string) refund.State {
			b.Step(id, refund.VerbScreen, refund.Crediting)
			return refund.Crediting
		}, refund.VerbCredit},
	} {
		t.Run(c.name+" suspended and released", func(t *testing.T) {
			b := New(t, open)
			b.Buy("p", c.units, c.units)
			r := b.MustFile("p")
			from := c.reach(b, r.ID)
			require.Len(t, b.standing(refund.Suspended), 1, "the open refund hears of it")
			b.Step(r.ID, c.step, refund.OnHold)
			require.Len(t, b.dispute(refund.DisputeOpen), 1)
			b.Step(r.ID, refund.VerbReassess, refund.OnHold)
			got, err := b.Refund(b.Ctx, r.ID)
			require.NoError(t, err)
			assert.Equal(t, []refund.Cause{refund.CauseDispute, refund.CauseStanding}, got.HoldCauses)
			b.standing(refund.Good)
			b.Step(r.ID, refund.VerbReassess, refund.OnHold)
			b.dispute(refund.DisputeWon)
			b.Step(r.ID, refund.VerbReassess, from)
			assert.EqualValues(t, 0, b.Balance("USD"))
		})
		t.Run(c.name+" terminated", func(t *testing.T) {
			b := New(t, open)
			b.Buy("p", c.units, c.units)
			r := b.MustFile("p")
			c.reach(b, r.ID)
			b.standing(refund.Terminated)
			b.Step(r.ID, c.step, refund.Rejected)
			got, err := b.Refund(b.Ctx, r.ID)
			require.NoError(t, err)
			assert.Equal(t, refund.OutcomeTerminated, got.Outcome)
			assert.EqualValues(t, 0, b.Balance("USD"))
		})
		t.Run(c.name+" dispute lost", func(t *testing.T) {
			b := New(t, open)
			b.Buy("p", c.units, c.units)
			r := b.MustFile("p")
			c.reach(b, r.ID)
			b.dispute(refund.DisputeLost)
			b.Step(r.ID, c.step, refund.Rejected)
			assert.EqualValues(t, 0, b.Balance("USD"))
		})
	}
	t.Run("withdrawn while on hold", func(t *testing.T) {
		b := New(t, open)
		b.Buy("p", 10, 10)
		r := b.MustFile("p")
		b.dispute(refund.DisputeOpen)
		b.Step(r.ID, refund.VerbScreen, refund.OnHold)
		b.Step(r.ID, refund.VerbWithdraw, refund.Withdrawn)
	})
	t.Run("the hold does not run the ticket's clock", func(t *testing.T) {
		b := New(t, open)
		b.Buy("p", 2000, 2000)
		r := b.MustFile("p")
		due := b.Step(r.ID, refund.VerbScreen, refund.InReview).DueAt
		b.standing(refund.Suspended)
		b.Step(r.ID, refund.VerbReassess, refund.OnHold)
		b.Clock.Add(24 * time.Hour)
		b.standing(refund.Good)
		assert.Equal(t, due.Add(24*time.Hour), b.Step(r.ID, refund.VerbReassess, refund.InReview).DueAt)
	})
}

func draining(t *testing.T, open Opener) {
	b := New(t, open)
	b.Buy("p", 100, 100)
	r := b.MustFile("p")
	record := func(id string, units int64, occurred time.Time) error {
		_, err := b.RecordUsage(b.Ctx, Integrator, desk.UsageRecord{ID: id, PackageID: "p", Cost: units * money.Scale, OccurredAt: occurred})
		return err
	}
	b.Clock.Add(time.Minute)
	require.ErrorIs(t, record("after", 1, r.CreatedAt.Add(time.Second)), refund.ErrPackageFrozen)
	require.NoError(t, record("before", 40, r.CreatedAt.Add(-time.Second)))
	step := b.Step(r.ID, refund.VerbScreen, refund.Crediting)
	assert.Equal(t, r.CreatedAt.Add(drain), step.SettleAt)
	b.Clock.Add(drain)
	require.ErrorIs(t, record("late", 1, r.CreatedAt.Add(-time.Second)), refund.ErrPackageFrozen)
	b.Step(r.ID, refund.VerbCredit, refund.Credited)
	assert.EqualValues(t, 60, b.Balance("USD"), "lower than the quote")
	require.ErrorIs(t, record("closed", 1, r.CreatedAt.Add(-time.Second)), refund.ErrPackageClosed)

	b.Buy("q", 10, 10)
	r = b.MustFile("q")
	_, err := b.RecordUsage(b.Ctx, Integrator, desk.UsageRecord{ID: "all", PackageID: "q", Cost: 10 * money.Scale, OccurredAt: r.CreatedAt.Add(-time.Second)})
	require.NoError(t, err)
	b.Step(r.ID, refund.VerbScreen, refund.Rejected)
	got, err := b.Refund(b.Ctx, r.ID)
	require.NoError(t, err)
	assert.Equal(t, refund.OutcomeNothingToRefund, got.Outcome)
}

func usage(t *testing.T, open Opener) {
	b := New(t, open)
	b.Buy("p", 10, 10)
	b.Buy("q", 10, 10)
	require.NoError(t, b.Use("u", "p", 4))
	require.NoError(t, b.Use("u", "p", 4), "the same usage again is the first one")
	require.ErrorIs(t, b.Use("u", "p", 5), store.ErrUsageMismatch)
	require.ErrorIs(t, b.Use("u", "q", 4), store.ErrUsageMismatch)
	require.ErrorIs(t, b.Use("u2", "p", 7), refund.ErrInsufficientBalance)
	require.NoError(t, b.Use("u3", "p", 6))
	view, err := b.Package(b.Ctx, "p")
	require.NoError(t, err)
	assert.Equal(t, refund.Exhausted, view.Status(b.Clock.Now()))
	_, err = b.RecordUsage(b.Ctx, Integrator, desk.UsageRecord{ID: "u4", PackageID: "q", Cost: 1, OccurredAt: b.Clock.Now().Add(time.Hour)})
	assert.Equal(t, "occurred_at", fault.From(err).Fields[0].Name)
	b.CheckLedger()
}

func parked(t *testing.T, open Opener) {
	b := New(t, open)
	b.Buy("p", 10, 10)
	r := b.MustFile("p")
	b.Step(r.ID, refund.VerbScreen, refund.Crediting)
	step := b.Step(r.ID, refund.VerbPark, refund.NeedsAttention)
	assert.Equal(t, review.QueueAttention, step.Queue)
	assert.Equal(t, review.ErrSeniorOnly.Code, b.Decide(r.ID, Reviewer, review.Reject).Refused)
	assert.Equal(t, review.ErrNotApprovable.Code, b.Decide(r.ID, Senior, review.Approve).Refused)
	b.Step(r.ID, refund.VerbRetry, refund.Crediting)
	b.Step(r.ID, refund.VerbCredit, refund.Credited)
	assert.EqualValues(t, 10, b.Balance("USD"))
}

func parkedRejected(t *testing.T, open Opener) {
	b := New(t, open)
	b.Buy("p", 10, 10)
	r := b.MustFile("p")
	b.Step(r.ID, refund.VerbScreen, refund.Crediting)
	b.Step(r.ID, refund.VerbPark, refund.NeedsAttention)
	assert.Equal(t, refund.Rejected, b.Decide(r.ID, Senior, review.Reject).State)
	assert.EqualValues(t, 0, b.Balance("USD"))
}

// clicks files fifty times at once and counts what came of it.
func clicks(b *Bundle, key func(i int) string) (refunds map[string]int, refused map[string]int) {
	refunds, refused = map[string]int{}, map[string]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			filed, err := b.TryFile("p", key(i))
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				refused[fault.CodeOf(err)]++
				return
			}
			refunds[filed.Refund.ID]++
		})
	}
	wg.Wait()
	return refunds, refused
}

func fiftyKeys(t *testing.T, open Opener) {
	b := New(t, open)
	b.Buy("p", 10, 10)
	refunds, refused := clicks(b, func(i int) string { return fmt.Sprintf("key-%d", i) })
	assert.Len(t, refunds, 1)
	assert.Equal(t, map[string]int{refund.ErrRefundOpen.Code: 49}, refused)
}

func fiftySame(t *testing.T, open Opener) {
	b := New(t, open)
	b.Buy("p", 10, 10)
	refunds, refused := clicks(b, func(int) string { return "key" })
	assert.Len(t, refunds, 1)
	assert.Empty(t, refused)
	for id, n := range refunds {
		assert.Equal(t, 50, n)
		b.Step(id, refund.VerbScreen, refund.Crediting)
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				_, err := b.Credit(b.Ctx, refund.Op{RefundID: id, Verb: refund.VerbCredit, Turn: 100 + i})
				assert.NoError(t, err)
			})
		}
		wg.Wait()
	}
	assert.EqualValues(t, 10, b.Balance("USD"), "credited once")
	b.CheckLedger()
}

func mismatch(t *testing.T, open Opener) {
	b := New(t, open)
	b.Buy("p", 10, 10)
	b.Buy("q", 10, 10)
	first, err := b.TryFile("p", "k")
	require.NoError(t, err)
	again, err := b.TryFile("p", "k")
	require.NoError(t, err)
	assert.True(t, again.Replayed)
	assert.Equal(t, first.Refund.ID, again.Refund.ID)
	_, err = b.TryFile("q", "k")
	require.ErrorIs(t, err, desk.ErrIdempotencyMismatch)
	_, err = b.File(b.Ctx, Customer("acct"), desk.Filing{PackageID: "p", ReasonCode: refund.NoLongerNeeded, Note: "x", IdempotencyKey: "k"})
	require.ErrorIs(t, err, desk.ErrIdempotencyMismatch)
}

func audited(t *testing.T, open Opener) {
	b := New(t, open)
	b.Buy("p", 2000, 2000)
	r := b.MustFile("p")
	b.Step(r.ID, refund.VerbScreen, refund.InReview)
	b.Decide(r.ID, Reviewer, review.Approve)
	b.Step(r.ID, refund.VerbCredit, refund.Credited)
	entries, err := b.Entries(b.Ctx, r.ID)
	require.NoError(t, err)
	var states, actions []string
	for _, e := range entries {
		actions = append(actions, string(e.Action))
		assert.NotEmpty(t, e.Actor)
		assert.NotEmpty(t, e.OperationID)
		assert.False(t, e.At.IsZero())
		if e.Object == audit.ObjectRefund {
			states = append(states, e.NewState)
		}
	}
	assert.Equal(t, []string{"submitted", "screening", "in_review", "crediting", "credited"}, states)
	assert.Equal(t, []string{"filed", "screened", "ticket-opened", "screened", "decided", "ticket-closed", "approved", "credited"}, actions)
	decided := entries[4]
	assert.Equal(t, Reviewer.Subject, decided.Actor)
	assert.NotEmpty(t, decided.DecisionDigest)
	assert.Equal(t, money.Units(2000, "USD"), *decided.Amount)
}
