package storetest

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// pauseTests are of the switch that stops crediting.
var pauseTests = map[string]func(*testing.T, Opener){
	"a pause holds what is to be credited": paused,
	"a pause that expires":                 pauseExpires,
	"a pause in the drain window":          pauseDraining,
	"pauses and what else stands in a way": pauseAndDispute,
	"scopes of a pause":                    pauseScopes,
	"pauses that cannot be":                pauseRefused,
	"a pause pressed twice":                pausedTwice,
	"what a pause would hold":              pauseEffect,
}

func (b *Bundle) pause(scope desk.PauseScope, target string, d time.Duration) desk.Pause {
	b.T.Helper()
	p, err := b.Pause(b.Ctx, Admin, desk.Pause{Scope: scope, Target: target, Reason: "odd pattern", ExpiresAt: b.Clock.Now().Add(d)})
	require.NoError(b.T, err)
	return p
}

func paused(t *testing.T, open Opener) {
	b := NewWith(t, open, 0)
	p := b.pause(desk.PauseAll, "", 48*time.Hour)
	assert.Equal(t, Admin.Subject, p.By)
	assert.True(t, p.InForce(b.Clock.Now()))
	id, _ := b.flagged() // filings are taken, screened and reviewed meanwhile
	b.Step(id, refund.VerbReassess, refund.InReview)
	assert.Equal(t, refund.Crediting, b.Decide(id, Reviewer, review.Approve).State)
	op := b.Op(id, refund.VerbCredit)
	held, err := b.Credit(b.Ctx, op)
	require.NoError(t, err)
	require.Equal(t, refund.OnHold, held.State)
	assert.Equal(t, p.ExpiresAt, held.WakeAt)
	again, err := b.Credit(b.Ctx, op)
	require.NoError(t, err)
	again.Repeated = false
	assert.Equal(t, held, again)
	r, err := b.Refund(b.Ctx, id)
	require.NoError(t, err)
	assert.Equal(t, []refund.Cause{refund.CausePause}, r.HoldCauses)
	assert.Equal(t, refund.Crediting, r.HeldFrom)
	b.Step(id, refund.VerbReassess, refund.OnHold)

	ended, intents, err := b.EndPause(b.Ctx, Admin, p.ID)
	require.NoError(t, err)
	assert.Equal(t, b.Clock.Now(), *ended.EndedAt)
	require.Len(t, intents, 1)
	assert.Equal(t, desk.Intent{ID: intents[0].ID, Kind: desk.IntentPause, RefundID: id}, intents[0])
	left, err := b.Undelivered(b.Ctx, 0, 10)
	require.NoError(t, err)
	assert.Contains(t, left, intents[0])
	same, none, err := b.EndPause(b.Ctx, Admin, p.ID)
	require.NoError(t, err)
	assert.Equal(t, ended, same, "ended once")
	assert.Empty(t, none)
	b.Step(id, refund.VerbReassess, refund.Crediting)
	b.Step(id, refund.VerbCredit, refund.Credited)
	assert.EqualValues(t, 2000, b.Balance("USD"))

	pool, err := b.SQL()
	require.NoError(t, err)
	var entries int
	require.NoError(t, pool.QueryRowContext(b.Ctx, "SELECT count(*) FROM audit_entries WHERE object = 'pause' AND object_id = '"+p.ID+"'").Scan(&entries))
	assert.Equal(t, 2, entries)
	_, _, err = b.EndPause(b.Ctx, Admin, "pause_none")
	assert.Equal(t, "not-found", fault.CodeOf(err))
}

func pauseExpires(t *testing.T, open Opener) {
	b := NewWith(t, open, 0)
	b.Buy("p", 10, 10)
	r := b.MustFile("p")
	b.Step(r.ID, refund.VerbScreen, refund.Crediting)
	first, second := b.pause(desk.PauseAccount, "acct", time.Hour), b.pause(desk.PauseAll, "", 2*time.Hour)
	step := b.Step(r.ID, refund.VerbCredit, refund.OnHold)
	assert.Equal(t, first.ExpiresAt, step.WakeAt)
	b.until(first.ExpiresAt)
	step = b.Step(r.ID, refund.VerbReassess, refund.OnHold)
	assert.Equal(t, second.ExpiresAt, step.WakeAt)
	b.until(second.ExpiresAt.Add(-time.Microsecond))
	b.Step(r.ID, refund.VerbReassess, refund.OnHold)
	b.until(second.ExpiresAt)
	b.Step(r.ID, refund.VerbReassess, refund.Crediting)
	b.Step(r.ID, refund.VerbCredit, refund.Credited)

	inForce, err := b.Pauses(b.Ctx, true, desk.Paging{})
	require.NoError(t, err)
	assert.Empty(t, inForce.Items)
	page, err := b.Pauses(b.Ctx, false, desk.Paging{Limit: 1})
	require.NoError(t, err)
	assert.Equal(t, []desk.Pause{second}, page.Items, "newest first")
	page, err = b.Pauses(b.Ctx, false, desk.Paging{Limit: 1, Cursor: page.Next})
	require.NoError(t, err)
	assert.Equal(t, []desk.Pause{first}, page.Items)
	assert.Empty(t, page.Next)
	over, intents, err := b.EndPause(b.Ctx, Admin, first.ID)
	require.NoError(t, err)
	assert.Nil(t, over.EndedAt, "it was over already")
	assert.Empty(t, intents)
}

func pauseDraining(t *testing.T, open Opener) {
	b := New(t, open)
	b.Buy("p", 10, 10)
	r := b.MustFile("p")
	assert.NotZero(t, b.Step(r.ID, refund.VerbScreen, refund.Crediting).SettleAt)
	p := b.pause(desk.PauseProduct, refund.GlobalSMS, time.Minute)
	b.Step(r.ID, refund.VerbReassess, refund.OnHold)
	b.until(p.ExpiresAt)
	assert.NotZero(t, b.Step(r.ID, refund.VerbReassess, refund.Crediting).SettleAt, "what is left of the window is waited for")
}

func pauseAndDispute(t *testing.T, open Opener) {
	b := NewWith(t, open, 0)
	b.Buy("p", 10, 10)
	r := b.MustFile("p")
	b.dispute(refund.DisputeOpen)
	p := b.pause(desk.PauseAll, "", time.Hour)
	assert.Zero(t, b.Step(r.ID, refund.VerbScreen, refund.OnHold).WakeAt, "a pause does not hold screening")
	b.dispute(refund.DisputeWon)
	b.Step(r.ID, refund.VerbReassess, refund.Screening)
	b.Step(r.ID, refund.VerbScreen, refund.Crediting)
	b.dispute(refund.DisputeOpen)
	assert.Equal(t, p.ExpiresAt, b.Step(r.ID, refund.VerbCredit, refund.OnHold).WakeAt)
	got, err := b.Refund(b.Ctx, r.ID)
	require.NoError(t, err)
	assert.Equal(t, []refund.Cause{refund.CauseDispute, refund.CausePause}, got.HoldCauses)
	b.until(p.ExpiresAt)
	assert.Zero(t, b.Step(r.ID, refund.VerbReassess, refund.OnHold).WakeAt)
	b.dispute(refund.DisputeLost)
	b.Step(r.ID, refund.VerbReassess, refund.Rejected)
}

func pauseScopes(t *testing.T, open Opener) {
	b := NewWith(t, open, 0)
	b.Account("other")
	b.Buy("p", 10, 10)
	r := b.MustFile("p")
	b.Step(r.ID, refund.VerbScreen, refund.Crediting)
	b.pause(desk.PauseAccount, "other", time.Hour)
	b.Step(r.ID, refund.VerbCredit, refund.Credited)
	for _, scope := range []struct {
		scope  desk.PauseScope
		target string
	}{{desk.PauseAccount, "acct"}, {desk.PauseProduct, refund.GlobalSMS}, {desk.PauseAll, ""}} {
		id := "p-" + string(scope.scope)
		b.Buy(id, 10, 10)
		r := b.MustFile(id)
		b.Step(r.ID, refund.VerbScreen, refund.Crediting)
		p := b.pause(scope.scope, scope.target, time.Hour)
		b.Step(r.ID, refund.VerbCredit, refund.OnHold)
		_, intents, err := b.EndPause(b.Ctx, Admin, p.ID)
		require.NoError(t, err)
		require.Len(t, intents, 1)
		b.Step(r.ID, refund.VerbReassess, refund.Crediting)
		b.Step(r.ID, refund.VerbCredit, refund.Credited)
	}
}

func pauseRefused(t *testing.T, open Opener) {
	b := New(t, open)
	now := b.Clock.Now()
	for name, c := range map[string]struct {
		pause desk.Pause
		code  string
		field string
	}{
		"of nobody":         {desk.Pause{Scope: desk.PauseAccount, Target: "nobody", Reason: "x", ExpiresAt: now.Add(time.Hour)}, "not-found", ""},
		"of no account":     {desk.Pause{Scope: desk.PauseAccount, Reason: "x", ExpiresAt: now.Add(time.Hour)}, "invalid-value", "target"},
		"of no product":     {desk.Pause{Scope: desk.PauseProduct, Target: "sms", Reason: "x", ExpiresAt: now.Add(time.Hour)}, "invalid-value", "target"},
		"of all of one":     {desk.Pause{Scope: desk.PauseAll, Target: "acct", Reason: "x", ExpiresAt: now.Add(time.Hour)}, "invalid-value", "target"},
		"of another scope":  {desk.Pause{Scope: "team", Target: "a", Reason: "x", ExpiresAt: now.Add(time.Hour)}, "invalid-value", "scope"},
		"without a reason":  {desk.Pause{Scope: desk.PauseAll, ExpiresAt: now.Add(time.Hour)}, "invalid-value", "reason"},
		"over already":      {desk.Pause{Scope: desk.PauseAll, Reason: "x", ExpiresAt: now}, "invalid-value", "expires_at"},
		"without an expiry": {desk.Pause{Scope: desk.PauseAll, Reason: "x"}, "invalid-value", "expires_at"},
		"for ever":          {desk.Pause{Scope: desk.PauseAll, Reason: "x", ExpiresAt: now.AddDate(2, 0, 0)}, "invalid-value", "expires_at"},
	} {
		_, err := b.Pause(b.Ctx, Admin, c.pause)
		assert.Equal(t, c.code, fault.CodeOf(err), name)
		if c.field != "" {
			assert.Equal(t, c.field, fault.From(err).Fields[0].Name, name)
		}
	}
	page, err := b.Pauses(b.Ctx, false, desk.Paging{})
	require.NoError(t, err)
	assert.Empty(t, page.Items)
	_, err = b.PauseEffect(b.Ctx, desk.PauseAccount, "nobody")
	assert.Equal(t, "not-found", fault.CodeOf(err))
}

func pauseEffect(t *testing.T, open Opener) {
	b := New(t, open)
	b.Account("other")
	b.EveryState()
	b.BuyIn("e", "EUR", 30, 30)
	b.Step(b.MustFile("e").ID, refund.VerbScreen, refund.Crediting)
	want := map[refund.State]desk.StateCount{}
	for state, units := range map[refund.State]int64{
		refund.Submitted: 100, refund.Screening: 100, refund.InReview: 2000, refund.AwaitingCustomer: 2000, refund.OnHold: 2100, refund.NeedsAttention: 100,
	} {
		want[state] = desk.StateCount{State: state, Count: 1, Money: []money.Money{money.Units(units, "USD")}}
	}
	held := want[refund.OnHold]
	held.Count = 2
	want[refund.OnHold] = held
	want[refund.Crediting] = desk.StateCount{State: refund.Crediting, Count: 2, Money: []money.Money{money.Units(30, "EUR"), money.Units(70, "USD")}}
	for _, scope := range []struct {
		scope  desk.PauseScope
		target string
	}{{desk.PauseAccount, "acct"}, {desk.PauseProduct, refund.GlobalSMS}, {desk.PauseAll, ""}} {
		got, err := b.PauseEffect(b.Ctx, scope.scope, scope.target)
		require.NoError(t, err)
		assert.EqualValues(t, 2, got.Held)
		byState := map[refund.State]desk.StateCount{}
		for _, c := range got.States {
			byState[c.State] = c
		}
		assert.Equal(t, want, byState)
		assert.Equal(t, refund.Submitted, got.States[0].State, "in the order that a refund goes through them")
	}
	none, err := b.PauseEffect(b.Ctx, desk.PauseAccount, "other")
	require.NoError(t, err)
	assert.Equal(t, desk.PauseEffect{}, none)
}

// The same pause of the same admin again, also at once, is the one that is in force: ending it
// ends it.
func pausedTwice(t *testing.T, open Opener) {
	b := New(t, open)
	p := desk.Pause{Scope: desk.PauseAll, Reason: "odd pattern", ExpiresAt: b.Clock.Now().Add(time.Hour)}
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			_, err := b.Pause(b.Ctx, Admin, p)
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	begun, err := b.Pause(b.Ctx, Admin, p)
	require.NoError(t, err)
	inForce, err := b.Pauses(b.Ctx, true, desk.Paging{})
	require.NoError(t, err)
	require.Len(t, inForce.Items, 1)
	assert.Equal(t, inForce.Items[0], begun)
	other := p
	other.Reason = "another pattern"
	_, err = b.Pause(b.Ctx, Admin, other)
	require.NoError(t, err)
	_, _, err = b.EndPause(b.Ctx, Admin, begun.ID)
	require.NoError(t, err)
	again, err := b.Pause(b.Ctx, Admin, p)
	require.NoError(t, err)
	assert.NotEqual(t, begun.ID, again.ID, "what was ended can begin again")
}
