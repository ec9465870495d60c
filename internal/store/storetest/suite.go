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
	"refunddesk/internal/identity"
	"refunddesk/internal/money"
	"refunddesk/internal/notify"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/internal/store"
)

// Run runs the suite.
func Run(t *testing.T, open Opener) {
	for name, test := range map[string]func(*testing.T, Opener){
		"what a package returns":                            quotes,
		"who is refused a request":                          refusals,
		"a clean refund":                                    clean,
		"a repeated step returns its first result":          repeats,
		"a reviewed refund":                                 reviewed,
		"who may not decide":                                selfApproval,
		"a stale decision":                                  stale,
		"withdrawing gives the package back with its time":  withdrawn,
		"too late to withdraw":                              tooLate,
		"standing and dispute at every open state":          obstacles,
		"usage before a freeze lowers the credit":           draining,
		"usage is idempotent and bounded":                   usage,
		"parked, retried, credited":                         parked,
		"parked, rejected by a senior reviewer":             parkedRejected,
		"fifty clicks with different keys":                  fiftyKeys,
		"fifty clicks with one key":                         fiftySame,
		"the same key with another body":                    mismatch,
		"every change has its audit entry":                  audited,
		"lists page by key":                                 paging,
		"a second request after rejection and after credit": second,
		"accounts":                            accounts,
		"intents stay until the engine heard": intents,
		"notices":                             notices,
		"the table of states is the code's":   table,
		"ready and migrations":                ready,
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); test(t, open) })
	}
}

func quotes(t *testing.T, open Opener) {
	for _, c := range []struct {
		rule             string
		paid, face, used int64
		want             int64
	}{
		{"unused: the full purchase amount", 100, 100, 0, 100},
		{"used: the remaining balance", 100, 100, 30, 70},
		{"discounted, unused: the price", 80, 100, 0, 80},
		{"discounted, used within the gift: what is left less the gift", 80, 100, 10, 70},
		{"discounted, used: never the gift", 80, 100, 50, 30},
		{"used beyond what was paid: only gift is left", 80, 100, 85, 0},
		{"gifted whole: nothing was paid", 0, 100, 10, 0},
		{"used to the last micro", 100, 100, 100, 0},
	} {
		t.Run(c.rule, func(t *testing.T) {
			b := New(t, open)
			b.Buy("p", c.paid, c.face)
			if c.used > 0 {
				require.NoError(t, b.Use("u", "p", c.used))
			}
			filed, err := b.TryFile("p", "k")
			if c.want == 0 {
				require.ErrorIs(t, err, refund.ErrNothingToRefund)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, money.Units(c.want, "USD"), filed.Refund.Quote.Amount)
			assert.Equal(t, c.used > 0, filed.Refund.Quote.Used)
			b.Step(filed.Refund.ID, refund.VerbScreen, refund.Crediting)
			b.Step(filed.Refund.ID, refund.VerbCredit, refund.Credited)
			assert.Equal(t, c.want, b.Balance("USD"))
			b.CheckLedger()
		})
	}
}

func refusals(t *testing.T, open Opener) {
	t.Run("suspended", func(t *testing.T) {
		b := New(t, open)
		b.Buy("p", 10, 10)
		b.standing(refund.Suspended)
		_, err := b.TryFile("p", "k")
		require.ErrorIs(t, err, refund.ErrSuspended)
		b.standing(refund.Good)
		b.MustFile("p")
	})
	t.Run("terminated", func(t *testing.T) {
		b := New(t, open)
		b.Buy("p", 10, 10)
		b.standing(refund.Terminated)
		_, err := b.TryFile("p", "k")
		require.ErrorIs(t, err, refund.ErrTerminated)
	})
	t.Run("foreign package", func(t *testing.T) {
		b := New(t, open)
		b.Account("other")
		b.Buy("p", 10, 10)
		_, err := b.File(b.Ctx, Customer("other"), desk.Filing{PackageID: "p", ReasonCode: refund.OtherReason, IdempotencyKey: "k"})
		assert.Equal(t, fault.NotFound, fault.From(err).Kind)
	})
	t.Run("expired", func(t *testing.T) {
		b := New(t, open)
		b.Buy("p", 10, 10)
		b.Clock.Add(366 * 24 * time.Hour)
		_, err := b.TryFile("p", "k")
		require.ErrorIs(t, err, refund.ErrPackageExpired)
	})
	t.Run("a refused request leaves no trace of its key", func(t *testing.T) {
		b := New(t, open)
		b.Buy("p", 10, 10)
		require.NoError(t, b.Use("u", "p", 10))
		_, err := b.TryFile("p", "k")
		require.ErrorIs(t, err, refund.ErrNothingToRefund)
		b.Buy("q", 10, 10)
		_, err = b.TryFile("q", "k")
		require.NoError(t, err)
	})
}

func clean(t *testing.T, open Opener) {
	b := NewWith(t, open, 0)
	b.BuyIn("p", "EUR", 50, 60)
	r := b.MustFile("p")
	assert.Equal(t, refund.Submitted, r.State)
	view, err := b.Package(b.Ctx, "p")
	require.NoError(t, err)
	assert.Equal(t, refund.Frozen, view.Status(b.Clock.Now()))
	assert.False(t, view.AutoRenew, "auto-renewal is switched off")

	step := b.Step(r.ID, refund.VerbScreen, refund.Crediting)
	assert.Empty(t, step.Notices, "a refund that is credited at once is told of once")
	step = b.Step(r.ID, refund.VerbCredit, refund.Credited)
	assert.Equal(t, []string{notify.NoticeID(r.ID, notify.Credited)}, step.Notices)

	assert.EqualValues(t, 50, b.Balance("EUR"), "in the package's currency, without the gift")
	assert.EqualValues(t, 0, b.Balance("USD"))
	view, err = b.Package(b.Ctx, "p")
	require.NoError(t, err)
	assert.Equal(t, refund.Refunded, view.Status(b.Clock.Now()))
	assert.Zero(t, view.Remaining, "what is left of the gift is voided")
	b.CheckLedger()
	r, err = b.Refund(b.Ctx, r.ID)
	require.NoError(t, err)
	assert.Equal(t, money.Units(50, "EUR"), *r.Amount)
	assert.Equal(t, "approve", r.Verdict)
	assert.NotEmpty(t, r.PolicyVersion)
}

func repeats(t *testing.T, open Opener) {
	b := New(t, open)
	b.Buy("p", 2000, 2000)
	r := b.MustFile("p")
	facts, err := b.Facts(b.Ctx, r.ID)
	require.NoError(t, err)
	op := b.Op(r.ID, refund.VerbScreen)
	first, err := b.Screen(b.Ctx, op, Policy.Evaluate(facts))
	require.NoError(t, err)
	require.Equal(t, refund.InReview, first.State)
	again, err := b.Screen(b.Ctx, op, Policy.Evaluate(facts))
	require.NoError(t, err)
	assert.Equal(t, first, again)

	b.Decide(r.ID, Reviewer, review.Approve)
	op = b.Op(r.ID, refund.VerbCredit)
	first, err = b.Credit(b.Ctx, op)
	require.NoError(t, err)
	again, err = b.Credit(b.Ctx, op)
	require.NoError(t, err)
	assert.Equal(t, first, again)
	late, err := b.Credit(b.Ctx, b.Op(r.ID, refund.VerbCredit))
	require.NoError(t, err)
	assert.Equal(t, refund.Credited, late.State, "a stray step acts on the record")
	assert.EqualValues(t, 2000, b.Balance("USD"))
}

func reviewed(t *testing.T, open Opener) {
	b := New(t, open)
	b.Buy("p", 1000, 1000)
	b.Buy("q", 1001, 1001)
	atLimit := b.MustFile("p")
	b.Step(atLimit.ID, refund.VerbScreen, refund.Crediting)
	above := b.MustFile("q")
	step := b.Step(above.ID, refund.VerbScreen, refund.InReview)
	assert.Equal(t, []string{notify.NoticeID(above.ID, notify.Received), notify.NoticeID(above.ID, notify.InReview)}, step.Notices)
	view, err := b.Case(b.Ctx, step.TicketID)
	require.NoError(t, err)
	assert.Equal(t, "amount-above-limit", view.Ticket.Matches[0].Rule)
	assert.Equal(t, "1001.000000", view.Ticket.Matches[0].Value)

	assert.Equal(t, refund.Crediting, b.Decide(above.ID, Reviewer, review.Approve).State)
	b.Step(above.ID, refund.VerbCredit, refund.Credited)
	assert.EqualValues(t, 1001, b.Balance("USD"))
	view, err = b.Case(b.Ctx, step.TicketID)
	require.NoError(t, err)
	assert.Equal(t, review.Closed, view.Ticket.State)

	b.Buy("r", 3000, 3000)
	abuse := b.MustFile("r")
	b.Step(abuse.ID, refund.VerbScreen, refund.InReview)
	assert.Equal(t, refund.Rejected, b.Decide(abuse.ID, Reviewer, review.Reject).State)
	got, err := b.Refund(b.Ctx, abuse.ID)
	require.NoError(t, err)
	assert.Equal(t, "suspected_abuse", got.Outcome)
	assert.EqualValues(t, 1001, b.Balance("USD"))
}

func selfApproval(t *testing.T, open Opener) {
	b := New(t, open)
	b.Buy("p", 2000, 2000)
	r := b.MustFile("p")
	b.Step(r.ID, refund.VerbScreen, refund.InReview)
	for _, who := range []identity.Actor{
		{Subject: Customer("acct").Subject, Roles: []identity.Role{identity.Reviewer}},
		{Subject: "rob", Roles: []identity.Role{identity.Reviewer}, AccountID: "acct"},
	} {
		step := b.Decide(r.ID, who, review.Approve)
		assert.Equal(t, review.ErrSelfApproval.Code, step.Refused)
		assert.Equal(t, refund.InReview, step.State)
	}
	for _, role := range []identity.Role{identity.Admin, identity.Auditor} {
		step := b.Decide(r.ID, identity.Actor{Subject: "x", Roles: []identity.Role{identity.Senior, role}}, review.Approve)
		assert.Equal(t, review.ErrMayNotDecide.Code, step.Refused)
	}
}

func stale(t *testing.T, open Opener) {
	b := New(t, open)
	b.Buy("p", 2000, 2000)
	r := b.MustFile("p")
	step := b.Step(r.ID, refund.VerbScreen, refund.InReview)
	shown, err := b.Case(b.Ctx, step.TicketID)
	require.NoError(t, err)
	b.Clock.Add(time.Minute)
	_, err = b.RecordUsage(b.Ctx, Integrator, desk.UsageRecord{ID: "u", PackageID: "p", Cost: money.Scale, OccurredAt: r.CreatedAt.Add(-time.Minute)})
	require.NoError(t, err)
	got, err := b.RecordDecision(b.Ctx, b.Op(r.ID, refund.VerbDecide), Vote(shown, Reviewer, review.Approve))
	require.NoError(t, err)
	assert.Equal(t, review.ErrStale.Code, got.Refused)
	assert.Equal(t, refund.Crediting, b.Decide(r.ID, Reviewer, review.Approve).State)
	b.Step(r.ID, refund.VerbCredit, refund.Credited)
	assert.EqualValues(t, 1999, b.Balance("USD"))
}

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
	require.ErrorIs(t, err, store.ErrIdempotencyMismatch)
	_, err = b.File(b.Ctx, Customer("acct"), desk.Filing{PackageID: "p", ReasonCode: refund.NoLongerNeeded, Note: "x", IdempotencyKey: "k"})
	require.ErrorIs(t, err, store.ErrIdempotencyMismatch)
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

func paging(t *testing.T, open Opener) {
	b := New(t, open)
	want := map[string]bool{}
	for i := range 7 {
		id := fmt.Sprintf("p%d", i)
		b.Buy(id, 2000, 2000)
		r := b.MustFile(id)
		b.Step(r.ID, refund.VerbScreen, refund.InReview)
		want[r.ID] = true
	}
	collect := func(next func(desk.Paging) ([]string, string, error)) map[string]bool {
		got, cursor := map[string]bool{}, ""
		for range 10 {
			ids, more, err := next(desk.Paging{Limit: 3, Cursor: cursor})
			require.NoError(t, err)
			require.LessOrEqual(t, len(ids), 3)
			for _, id := range ids {
				require.False(t, got[id], "%s came twice", id)
				got[id] = true
			}
			if cursor = more; more == "" {
				return got
			}
		}
		t.Fatal("the list does not end")
		return nil
	}
	assert.Equal(t, want, collect(func(p desk.Paging) ([]string, string, error) {
		page, err := b.Refunds(b.Ctx, desk.RefundFilter{AccountID: "acct", Paging: p})
		return idsOf(page.Items, func(r refund.Refund) string { return r.ID }), page.Next, err
	}))
	for _, newest := range []bool{true, false} {
		assert.Equal(t, want, collect(func(p desk.Paging) ([]string, string, error) {
			page, err := b.Tickets(b.Ctx, desk.TicketFilter{Queue: review.QueueReview, Newest: newest, Paging: p})
			return idsOf(page.Items, func(v desk.CaseView) string { return v.Ticket.RefundID }), page.Next, err
		}))
	}
	assert.Len(t, collect(func(p desk.Paging) ([]string, string, error) {
		page, err := b.Packages(b.Ctx, desk.PackageFilter{AccountID: "acct", Paging: p})
		return idsOf(page.Items, func(p desk.PackageView) string { return p.ID }), page.Next, err
	}), 7)
	_, err := b.Refunds(b.Ctx, desk.RefundFilter{Paging: desk.Paging{Cursor: "junk"}})
	assert.Equal(t, fault.Malformed, fault.From(err).Kind)
}

func idsOf[T any](items []T, id func(T) string) []string {
	out := make([]string, len(items))
	for i, x := range items {
		out[i] = id(x)
	}
	return out
}

func second(t *testing.T, open Opener) {
	b := New(t, open)
	b.Buy("p", 2000, 2000)
	r := b.MustFile("p")
	_, err := b.TryFile("p", "other")
	require.ErrorIs(t, err, refund.ErrRefundOpen)
	b.Step(r.ID, refund.VerbScreen, refund.InReview)
	b.Decide(r.ID, Reviewer, review.Reject)
	next, err := b.TryFile("p", "after rejection")
	require.NoError(t, err)
	b.Step(next.Refund.ID, refund.VerbScreen, refund.InReview)
	b.Decide(next.Refund.ID, Senior, review.Approve)
	b.Step(next.Refund.ID, refund.VerbCredit, refund.Credited)
	_, err = b.TryFile("p", "after credit")
	require.ErrorIs(t, err, refund.ErrPackageRefunded)
	again, err := b.TryFile("p", "after rejection")
	require.NoError(t, err, "the key is looked up before the package is")
	assert.Equal(t, refund.Credited, again.Refund.State)
}

func accounts(t *testing.T, open Opener) {
	b := New(t, open)
	registered := b.Clock.Now().AddDate(-1, 0, 0)
	a := refund.Account{ID: "a1", Name: "Bo", Email: "bo@example.com", Locale: refund.SimplifiedChinese, RegisteredAt: registered}
	first, err := b.CreateAccount(b.Ctx, Integrator, a)
	require.NoError(t, err)
	b.Clock.Add(time.Hour)
	again, err := b.CreateAccount(b.Ctx, Integrator, a)
	require.NoError(t, err, "the same account again is the first one")
	assert.Equal(t, first.CreatedAt, again.CreatedAt)
	a.Name = "Other"
	_, err = b.CreateAccount(b.Ctx, Integrator, a)
	require.ErrorIs(t, err, store.ErrAccountExists)
	assert.Nil(t, first.ContactChangedAt, "creation is no contact change")
	mail := "new@example.com"
	changed, err := b.ChangeAccount(b.Ctx, Admin, "a1", desk.AccountChange{Email: &mail})
	require.NoError(t, err)
	assert.Equal(t, b.Clock.Now(), *changed.ContactChangedAt)
	_, err = b.Store.Account(b.Ctx, "nobody")
	assert.Equal(t, fault.NotFound, fault.From(err).Kind)
	_, err = b.CreatePackage(b.Ctx, Integrator, refund.Package{AccountID: "nobody", Product: refund.GlobalSMS, Currency: "USD", Paid: 1, Face: 1})
	assert.Equal(t, fault.NotFound, fault.From(err).Kind)
}

func intents(t *testing.T, open Opener) {
	b := New(t, open)
	b.Buy("p", 10, 10)
	r := b.MustFile("p")
	b.Clock.Add(time.Minute)
	open1, err := b.Undelivered(b.Ctx, 30*time.Second, 10)
	require.NoError(t, err)
	require.Len(t, open1, 1)
	assert.Equal(t, desk.IntentStart, open1[0].Kind)
	none, err := b.Undelivered(b.Ctx, time.Hour, 10)
	require.NoError(t, err)
	assert.Empty(t, none, "the fast path gets its time first")
	b.Step(r.ID, refund.VerbScreen, refund.Crediting)
	none, err = b.Undelivered(b.Ctx, 0, 10)
	require.NoError(t, err)
	assert.Empty(t, none, "a workflow that screens was started")
	heard := b.standing(refund.Suspended)
	require.Len(t, heard, 1)
	require.NoError(t, b.Delivered(b.Ctx, heard[0].ID))
	none, err = b.Undelivered(b.Ctx, 0, 10)
	require.NoError(t, err)
	assert.Empty(t, none)
}

func notices(t *testing.T, open Opener) {
	b := New(t, open)
	b.Buy("p", 10, 10)
	r := b.MustFile("p")
	b.Step(r.ID, refund.VerbScreen, refund.Crediting)
	step := b.Step(r.ID, refund.VerbCredit, refund.Credited)
	n, err := b.Notice(b.Ctx, step.Notices[0])
	require.NoError(t, err)
	assert.Equal(t, notify.Credited, n.Event)
	assert.Equal(t, "ann@example.com", n.Email)
	assert.Equal(t, notify.Pending, n.State)
	assert.Contains(t, n.Amount, "10")
	require.NoError(t, b.MarkNotice(b.Ctx, n.ID, notify.Sent))
	require.NoError(t, b.MarkNotice(b.Ctx, n.ID, notify.Dead), "sent stays sent")
	n, err = b.Notice(b.Ctx, n.ID)
	require.NoError(t, err)
	assert.Equal(t, notify.Sent, n.State)
}

func table(t *testing.T, open Opener) {
	b := New(t, open)
	pool, err := b.SQL()
	require.NoError(t, err)
	rows, err := pool.QueryContext(b.Ctx, "SELECT old_state, new_state FROM refund_transitions")
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	got := map[string]bool{}
	for rows.Next() {
		var from, to string
		require.NoError(t, rows.Scan(&from, &to))
		got[from+"→"+to] = true
	}
	require.NoError(t, rows.Err())
	want := map[string]bool{}
	for _, from := range refund.States {
		for _, to := range from.Next() {
			want[string(from)+"→"+string(to)] = true
		}
	}
	assert.Equal(t, want, got)
}

func ready(t *testing.T, open Opener) {
	b := New(t, open)
	require.NoError(t, b.Ready(b.Ctx))
	done, err := b.Migrate(b.Ctx)
	if b.Dialect() == store.SQLite { // under app_rw PostgreSQL refuses, and should
		require.NoError(t, err)
		assert.Empty(t, done)
	}
}
