package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/money"
	"refunddesk/internal/notify"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
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
	for _, tests := range []map[string]func(*testing.T, Opener){stepTests, pauseTests, appealTests, deskTests, factTests, policyTests, edgeTests, noteTests, sessionTests, searchTests} {
		for name, test := range tests {
			t.Run(name, func(t *testing.T) { t.Parallel(); test(t, open) })
		}
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
	facts := b.Judge(r.ID)
	op := b.Op(r.ID, refund.VerbScreen)
	first, err := b.Screen(b.Ctx, op, facts, Policy.Evaluate(facts))
	require.NoError(t, err)
	require.Equal(t, refund.InReview, first.State)
	again, err := b.Screen(b.Ctx, op, facts, Policy.Evaluate(facts))
	require.NoError(t, err)
	assert.True(t, again.Repeated, "and says so: what came since was not looked at")
	again.Repeated = false
	assert.Equal(t, first, again)

	b.Decide(r.ID, Reviewer, review.Approve)
	op = b.Op(r.ID, refund.VerbCredit)
	first, err = b.Credit(b.Ctx, op)
	require.NoError(t, err)
	again, err = b.Credit(b.Ctx, op)
	require.NoError(t, err)
	again.Repeated = false
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
	assert.Equal(t, "1001.00 USD", view.Ticket.Matches[0].Value)

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
	got, err := b.RecordDecision(b.Ctx, b.Op(r.ID, refund.VerbDecide), Vote(shown, Reviewer, review.Approve), "")
	require.NoError(t, err)
	assert.Equal(t, review.ErrStale.Code, got.Refused)
	assert.Equal(t, refund.Crediting, b.Decide(r.ID, Reviewer, review.Approve).State)
	b.Step(r.ID, refund.VerbCredit, refund.Credited)
	assert.EqualValues(t, 1999, b.Balance("USD"))
}
