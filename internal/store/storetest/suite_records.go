package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/notify"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/internal/store"
)

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
	for _, sort := range []desk.TicketSort{desk.SortDue, desk.SortNewest, desk.SortPriority} {
		assert.Equal(t, want, collect(func(p desk.Paging) ([]string, string, error) {
			page, err := b.Tickets(b.Ctx, desk.TicketFilter{Queue: review.QueueReview, Sort: sort, Paging: p})
			return idsOf(page.Items, func(v desk.CaseView) string { return v.Ticket.RefundID }), page.Next, err
		}))
	}
	assert.Len(t, collect(func(p desk.Paging) ([]string, string, error) {
		page, err := b.Packages(b.Ctx, desk.PackageFilter{AccountID: "acct", Paging: p})
		return idsOf(page.Items, func(p desk.PackageView) string { return p.ID }), page.Next, err
	}), 7)
	packages, err := b.Packages(b.Ctx, desk.PackageFilter{AccountID: "acct"})
	require.NoError(t, err)
	some := idsOf(packages.Items, func(p desk.PackageView) string { return p.ID })[:2]
	packages, err = b.Packages(b.Ctx, desk.PackageFilter{AccountID: "acct", IDs: append(some, "none")})
	require.NoError(t, err)
	assert.ElementsMatch(t, some, idsOf(packages.Items, func(p desk.PackageView) string { return p.ID }))
	refunds, err := b.Refunds(b.Ctx, desk.RefundFilter{AccountID: "acct", PackageIDs: append(some, "none")})
	require.NoError(t, err)
	assert.ElementsMatch(t, some, idsOf(refunds.Items, func(r refund.Refund) string { return r.PackageID }))
	packages, err = b.Packages(b.Ctx, desk.PackageFilter{AccountID: "other", IDs: some})
	require.NoError(t, err)
	assert.Empty(t, packages.Items, "whose they are counts as before")
	none, err := b.Refunds(b.Ctx, desk.RefundFilter{AppealOf: refunds.Items[0].ID})
	require.NoError(t, err)
	assert.Empty(t, none.Items)
	_, err = b.Refunds(b.Ctx, desk.RefundFilter{Paging: desk.Paging{Cursor: "junk"}})
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
