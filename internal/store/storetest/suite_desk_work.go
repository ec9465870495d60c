package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/internal/store"
)

func claiming(t *testing.T, open Opener) {
	b := New(t, open)
	k := b.question("?")
	require.NoError(t, b.Release(b.Ctx, Reviewer, k.ID), "nobody's")
	require.NoError(t, b.Claim(b.Ctx, Reviewer, k.ID))
	require.NoError(t, b.Claim(b.Ctx, Reviewer, k.ID), "his own again")
	require.ErrorIs(t, b.Claim(b.Ctx, Senior, k.ID), review.ErrClaimed)
	other := identity.Actor{Subject: "ron", Roles: []identity.Role{identity.Reviewer}}
	require.ErrorIs(t, b.Release(b.Ctx, other, k.ID), store.ErrNotAssignee)
	assert.Equal(t, "rita", b.ticket(k.ID).Assignee)
	require.NoError(t, b.Release(b.Ctx, Senior, k.ID))
	assert.Empty(t, b.ticket(k.ID).Assignee)
	require.NoError(t, b.Claim(b.Ctx, other, k.ID))
	require.NoError(t, b.Release(b.Ctx, other, k.ID))

	more := []string{b.question("2").ID, b.question("3").ID, b.question("4").ID}
	require.NoError(t, b.Claim(b.Ctx, other, more[0]))
	require.NoError(t, b.Assign(b.Ctx, Senior, "rita", more[2], more[0], more[1], more[2]), "whoever holds them, in any order, one named twice")
	require.NoError(t, b.Assign(b.Ctx, Senior, "rita", more[0]), "again")
	assert.Equal(t, []string{"question-asked >open", "ticket-claimed >ron", "ticket-assigned ron>rita"}, b.history(more[0]))

	_, err := b.Resolve(b.Ctx, Reviewer, more[1])
	require.NoError(t, err)
	err = b.Assign(b.Ctx, Senior, "ron", more...)
	require.ErrorIs(t, err, review.ErrTicketClosed)
	assert.Contains(t, fault.From(err).Detail, more[1], "it says which")
	assert.NotContains(t, fault.From(err).Detail, more[0])
	assert.Equal(t, "rita", b.ticket(more[0]).Assignee, "all or none")
	err = b.Assign(b.Ctx, Senior, "ron", more[0], "none")
	assert.Equal(t, fault.NotFound, fault.From(err).Kind)
	assert.Equal(t, "rita", b.ticket(more[0]).Assignee)
	for _, work := range []error{b.Claim(b.Ctx, other, more[1]), b.Release(b.Ctx, Reviewer, more[1]), b.Snooze(b.Ctx, Reviewer, more[1], b.Clock.Now().Add(time.Hour))} {
		require.ErrorIs(t, work, review.ErrTicketClosed)
	}
	assert.Equal(t, []string{
		"question-asked >open", "ticket-claimed >rita", "ticket-released rita>", "ticket-claimed >ron", "ticket-released ron>",
	}, b.history(k.ID))
	assert.Equal(t, fault.NotFound, fault.From(b.Claim(b.Ctx, Reviewer, "none")).Kind)
}

func snoozing(t *testing.T, open Opener) {
	b := New(t, open)
	k := b.question("?")
	until := b.Clock.Now().Add(time.Hour)
	require.NoError(t, b.Snooze(b.Ctx, Reviewer, k.ID, until))
	require.NoError(t, b.Snooze(b.Ctx, Reviewer, k.ID, until), "again")
	snoozed := b.ticket(k.ID)
	assert.Equal(t, until, *snoozed.SnoozedUntil)
	assert.Equal(t, k.DueAt, snoozed.DueAt, "its clock runs on")
	require.NoError(t, b.Snooze(b.Ctx, Reviewer, k.ID, time.Time{}))
	assert.Nil(t, b.ticket(k.ID).SnoozedUntil)

	intents, err := b.Escalate(b.Ctx, Reviewer, k.ID, "note_why")
	require.NoError(t, err)
	require.Len(t, intents, 1)
	escalated := b.ticket(k.ID)
	assert.Equal(t, review.QueueEscalation, escalated.Queue)
	assert.Equal(t, review.OnTime, escalated.Urgency, "by hand, not by the clock")
	intents, err = b.Escalate(b.Ctx, Senior, k.ID, "note_again")
	require.NoError(t, err)
	assert.Empty(t, intents, "there already")
	assert.Equal(t, []string{
		"question-asked >open", "ticket-snoozed >2026-03-01T13:00:00Z", "ticket-snoozed 2026-03-01T13:00:00Z>", "ticket-escalated questions>escalation",
	}, b.history(k.ID))

	flagged := b.flag("p")
	intents, err = b.Escalate(b.Ctx, Reviewer, flagged.ID, "note_why")
	require.NoError(t, err)
	require.Len(t, intents, 1)
	assert.Equal(t, flagged.RefundID, intents[0].RefundID)
	assert.Equal(t, review.QueueEscalation, b.Step(flagged.RefundID, refund.VerbReassess, refund.InReview).Queue)

	b.Buy("broken", 10, 10)
	r := b.MustFile("broken")
	b.Step(r.ID, refund.VerbScreen, refund.Crediting)
	step := b.Step(r.ID, refund.VerbPark, refund.NeedsAttention)
	intents, err = b.Escalate(b.Ctx, Reviewer, step.TicketID, "note_why")
	require.NoError(t, err)
	assert.Empty(t, intents)
	assert.Equal(t, review.QueueAttention, b.ticket(step.TicketID).Queue, "what needs attention stays where it is looked for")
}

func snoozedNews(t *testing.T, open Opener) {
	b := New(t, open)
	k := b.question("?")
	require.NoError(t, b.Snooze(b.Ctx, Reviewer, k.ID, b.Clock.Now().Add(time.Hour)))
	b.say(Reviewer, k.ID, review.Internal, "Later.")
	assert.NotNil(t, b.ticket(k.ID).SnoozedUntil)
	b.say(Customer("acct"), k.ID, review.Public, "And?")
	assert.Nil(t, b.ticket(k.ID).SnoozedUntil)
}

func resolving(t *testing.T, open Opener) {
	b := New(t, open)
	k := b.question("?")
	b.say(Reviewer, k.ID, review.Public, "Done.")
	b.Clock.Add(time.Hour)
	intents, err := b.Resolve(b.Ctx, Reviewer, k.ID)
	require.NoError(t, err)
	require.Len(t, intents, 1)
	closed := b.ticket(k.ID)
	assert.Equal(t, review.Closed, closed.State)
	assert.Equal(t, b.Clock.Now(), *closed.ClosedAt)
	assert.Equal(t, review.Clock{Left: 9 * time.Hour}, closed.Clock, "the clock stands still")
	step, err := b.TickQuestion(b.Ctx, k.ID)
	require.NoError(t, err)
	assert.True(t, step.Closed)
	assert.Zero(t, step.WakeAt)
	assert.Len(t, step.Notices, 1, "what was said before is still told")
	for _, work := range []func() error{
		func() error { _, err := b.Resolve(b.Ctx, Reviewer, k.ID); return err },
		func() error { _, err := b.Escalate(b.Ctx, Reviewer, k.ID, "n"); return err },
		func() error {
			_, _, err := b.Say(b.Ctx, Customer("acct"), k.ID, review.Public, "And?")
			return err
		},
	} {
		require.ErrorIs(t, work(), review.ErrTicketClosed)
	}
	_, err = b.Resolve(b.Ctx, Reviewer, b.flag("p").ID)
	require.ErrorIs(t, err, desk.ErrDecisionNeeded)
}
