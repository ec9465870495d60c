package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/internal/store"
)

// reviewDesk is the step of the schema that made the review desk.
const reviewDesk = 3

// Upgrade takes a database with a refund in every state back to the schema of before the
// review desk and forward again, and goes on with the refunds: their cases have due times
// and no clocks then, as those of an installation that is upgraded. The owner is the same
// database under the role that may change it.
func Upgrade(t *testing.T, open Opener, owner func(t *testing.T) *store.Store) {
	b := NewWith(t, open, 0)
	all := b.EveryState()
	_, _, err := b.Store.Ask(b.Ctx, Customer("acct"), desk.Question{AccountID: "acct", Subject: "Hello", Body: "?", SLA: promise})
	require.NoError(t, err)
	due := b.ticketOf(all[refund.InReview].ID).DueAt
	b.person("one", func(a *refund.Account) { a.Phone = "+49 151" })
	b.person("two", func(a *refund.Account) { a.Phone = "0049-151" })
	migrator := owner(t)

	steps, err := migrator.MigrationStatus(b.Ctx)
	require.NoError(t, err)
	steps = slices.DeleteFunc(steps, func(m store.Migration) bool { return m.Version < reviewDesk })
	for _, step := range slices.Backward(steps) {
		undone, err := migrator.MigrateDown(b.Ctx)
		require.NoError(t, err)
		require.Equal(t, step.Version, undone.Version)
	}
	for range 4 { // on every connection
		_, err = b.Store.Account(b.Ctx, "two")
		require.NoError(t, err)
	}
	pool, err := migrator.SQL()
	require.NoError(t, err)
	var tickets, notices int
	require.NoError(t, pool.QueryRowContext(b.Ctx, "SELECT count(*) FROM tickets WHERE refund_id IS NOT NULL").Scan(&tickets))
	require.NoError(t, pool.QueryRowContext(b.Ctx, "SELECT count(*) FROM notices").Scan(&notices))
	assert.Equal(t, 5, tickets, "reviewed, held, asked, in need of attention, rejected; no question")
	done, err := migrator.Migrate(b.Ctx)
	require.NoError(t, err)
	require.Len(t, done, len(steps))
	require.NoError(t, b.Ready(b.Ctx))
	two, err := b.Store.Account(b.Ctx, "two")
	require.NoError(t, err, "a program that was running all the time")
	assert.Equal(t, "0049-151", two.Phone)
	linked, err := b.Linked(b.Ctx, "one", 10)
	require.NoError(t, err)
	assert.Equal(t, []desk.LinkedAccount{{AccountID: "two", Shares: []string{"phone"}, Standing: refund.Good}}, linked, "numbers of before have their keys")

	for state, before := range all {
		now, err := b.Refund(b.Ctx, before.ID)
		require.NoError(t, err)
		assert.Equal(t, before, now, string(state))
	}
	k := b.ticketOf(all[refund.InReview].ID)
	assert.Equal(t, due, k.DueAt)
	assert.Zero(t, k.SLA)
	assert.Equal(t, review.Quorum{Approvals: 2}, k.Quorum)
	rejected := b.ticketOf(all[refund.Rejected].ID)
	assert.Equal(t, rejected.UpdatedAt, *rejected.ClosedAt)
	b.goOn(all, due)
}

// goOn takes every open refund of before on.
func (b *Bundle) goOn(all map[refund.State]refund.Refund, due time.Time) {
	t := b.T
	id := func(s refund.State) string { return all[s].ID }
	b.Step(id(refund.Submitted), refund.VerbScreen, refund.Crediting)
	b.Step(id(refund.Screening), refund.VerbScreen, refund.Crediting)
	b.Step(id(refund.Crediting), refund.VerbCredit, refund.Credited)
	b.Step(id(refund.NeedsAttention), refund.VerbRetry, refund.Crediting)
	_, _, err := b.SetDispute(b.Ctx, Integrator, "p-"+string(Held), refund.DisputeWon)
	require.NoError(t, err)
	b.Step(id(Held), refund.VerbReassess, refund.Screening)

	// On hold: the due time moves by the time on hold.
	b.Clock.Add(24 * time.Hour)
	_, _, err = b.SetDispute(b.Ctx, Integrator, "p-on_hold", refund.DisputeWon)
	require.NoError(t, err)
	step := b.Step(id(refund.OnHold), refund.VerbReassess, refund.InReview)
	assert.Equal(t, due.Add(24*time.Hour), step.DueAt)
	assert.Zero(t, step.WakeAt)

	// What the customer was asked is forgotten: the desk asks again, without a promise of its own.
	step = b.Step(id(refund.AwaitingCustomer), refund.VerbReassess, refund.InReview)
	assert.Zero(t, step.WakeAt)
	asked := b.Clock.Now()
	step = b.AskCustomer(id(refund.AwaitingCustomer), "Which number?")
	assert.Equal(t, asked.Add(3*24*time.Hour), step.WakeAt)
	b.Clock.Add(time.Hour)
	_, _, err = b.Say(b.Ctx, Customer("acct"), step.TicketID, review.Public, "This one.")
	require.NoError(t, err)
	later := b.Step(id(refund.AwaitingCustomer), refund.VerbReassess, refund.InReview)
	assert.Equal(t, step.DueAt.Add(time.Hour), later.DueAt)

	// In review: nobody promised anything that could be late, and votes count as before.
	b.Clock.Add(1000 * time.Hour)
	reviewed := id(refund.InReview)
	assert.Equal(t, review.QueueReview, b.Step(reviewed, refund.VerbReassess, refund.InReview).Queue)
	assert.Equal(t, refund.InReview, b.Decide(reviewed, Reviewer, review.Approve).State)
	assert.Equal(t, refund.Crediting, b.Decide(reviewed, Senior, review.Approve).State)
	b.Step(reviewed, refund.VerbCredit, refund.Credited)
	b.CheckLedger()
}
