package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/notify"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// stepTests are of what time, an answer and people's votes do to a flagged refund.
var stepTests = map[string]func(*testing.T, Opener){
	"reminders and escalation at their moments":      clockSteps,
	"a desk that slept is told once how late it is":  clockSlept,
	"what crediting failed for stays where it is":    clockAttention,
	"a hold stops the clock":                         clockHeld,
	"asked, answered, approved":                      answered,
	"asked, silent, rejected":                        unanswered,
	"asked, held, released, answered":                askedHeld,
	"asked, withdrawn":                               askedWithdrawn,
	"who may not ask":                                askingRefused,
	"the same question again is the first one":       askedAgain,
	"a vote with words to the customer":              votedWithWords,
	"a quorum with seniors":                          quorums,
	"linked accounts decide nothing":                 linkedVotes,
	"what screening judged is kept as it was judged": screenedUnderLock,
	"a step that comes late says how things stand":   lateStep,
	"a reassessment reports what was not told":       untold,
}

// flagged files for a package of 2,000 and has it reviewed.
func (b *Bundle) flagged() (refundID string, step refund.Step) {
	b.T.Helper()
	b.Buy("p", 2000, 2000)
	r := b.MustFile("p")
	return r.ID, b.Step(r.ID, refund.VerbScreen, refund.InReview)
}

// ticketOf is the refund's case, open or not.
func (b *Bundle) ticketOf(refundID string) review.Ticket {
	b.T.Helper()
	tickets, err := b.Tickets(b.Ctx, desk.TicketFilter{RefundID: refundID, Kind: review.KindRefund, Sort: desk.SortNewest})
	require.NoError(b.T, err)
	require.NotEmpty(b.T, tickets.Items)
	return tickets.Items[0].Ticket
}

// happened are the actions on the refund and its case that the audit log has, oldest first.
func (b *Bundle) happened(refundID string) []audit.Action {
	b.T.Helper()
	entries, err := b.Entries(b.Ctx, refundID)
	require.NoError(b.T, err)
	out := make([]audit.Action, len(entries))
	for i, e := range entries {
		out[i] = e.Action
	}
	return out
}

// until moves the clock to the moment.
func (b *Bundle) until(at time.Time) { b.Clock.Add(at.Sub(b.Clock.Now())) }

func clockSteps(t *testing.T, open Opener) {
	b := New(t, open)
	id, step := b.flagged()
	start := b.Clock.Now()
	assert.Equal(t, start.Add(48*time.Hour), step.DueAt)
	require.Equal(t, start.Add(24*time.Hour), step.WakeAt, "half of the time")
	k := b.ticketOf(id)
	assert.Equal(t, start.Add(24*time.Hour), k.ResponseDueAt)
	assert.Equal(t, 20, k.Priority, "the weights of the rules")
	assert.Equal(t, review.Quorum{Approvals: 1}, k.Quorum)

	b.until(step.WakeAt.Add(-time.Microsecond))
	version := b.version(id)
	step = b.Step(id, refund.VerbReassess, refund.InReview)
	assert.Equal(t, review.OnTime, b.ticketOf(id).Urgency, "not a moment early")
	for _, moment := range []struct {
		urgency review.Urgency
		queue   string
		next    time.Time
	}{
		{review.Half, review.QueueReview, start.Add(48 * time.Hour * 80 / 100)},
		{review.Late, review.QueueReview, start.Add(48 * time.Hour)},
		{review.Overdue, review.QueueEscalation, time.Time{}},
	} {
		b.until(step.WakeAt)
		op := b.Op(id, refund.VerbReassess)
		var err error
		step, err = b.Reassess(b.Ctx, op)
		require.NoError(t, err)
		assert.Equal(t, moment.next, step.WakeAt)
		assert.Equal(t, moment.queue, step.Queue)
		assert.Equal(t, moment.urgency, b.ticketOf(id).Urgency)
		before := b.happened(id)
		again, err := b.Reassess(b.Ctx, op)
		require.NoError(t, err)
		assert.Equal(t, step, again, "a repeat finds nothing left to do")
		assert.Equal(t, before, b.happened(id))
	}
	assert.Equal(t, version, b.version(id), "the refund itself did not change")
	assert.Equal(t, []audit.Action{audit.TicketReminded, audit.TicketReminded, audit.TicketEscalated}, b.happened(id)[len(b.happened(id))-3:])
	assert.Equal(t, refund.Crediting, b.Decide(id, Reviewer, review.Approve).State, "late, and not too late")
	k = b.ticketOf(id)
	require.NotNil(t, k.ClosedAt)
	assert.Equal(t, b.Clock.Now(), *k.ClosedAt)
	assert.Equal(t, b.Clock.Now(), *k.RespondedAt)
	assert.Equal(t, start.Add(48*time.Hour), k.DueAt, "when it was due stays on record")
}

func (b *Bundle) version(refundID string) int64 {
	b.T.Helper()
	r, err := b.Refund(b.Ctx, refundID)
	require.NoError(b.T, err)
	return r.Version
}

func clockSlept(t *testing.T, open Opener) {
	b := New(t, open)
	id, _ := b.flagged()
	b.Clock.Add(100 * 24 * time.Hour)
	step := b.Step(id, refund.VerbReassess, refund.InReview)
	assert.Equal(t, review.QueueEscalation, step.Queue)
	assert.Zero(t, step.WakeAt)
	happened := b.happened(id)
	assert.Equal(t, audit.TicketEscalated, happened[len(happened)-1])
	assert.NotContains(t, happened, audit.TicketReminded)
}

func clockAttention(t *testing.T, open Opener) {
	b := NewWith(t, open, 0)
	b.Buy("p", 10, 10)
	r := b.MustFile("p")
	b.Step(r.ID, refund.VerbScreen, refund.Crediting)
	step := b.Step(r.ID, refund.VerbPark, refund.NeedsAttention)
	assert.Equal(t, b.Clock.Now().Add(24*time.Hour), step.DueAt)
	assert.Equal(t, b.Clock.Now().Add(12*time.Hour), step.WakeAt)
	b.until(step.DueAt)
	step = b.Step(r.ID, refund.VerbReassess, refund.NeedsAttention)
	assert.Equal(t, review.QueueAttention, step.Queue)
	assert.Contains(t, b.happened(r.ID), audit.TicketEscalated)
	assert.Equal(t, review.Overdue, b.ticketOf(r.ID).Urgency)
}

func clockHeld(t *testing.T, open Opener) {
	b := New(t, open)
	id, step := b.flagged()
	due := step.DueAt
	b.Clock.Add(10 * time.Hour)
	b.standing(refund.Suspended)
	step = b.Step(id, refund.VerbReassess, refund.OnHold)
	assert.Zero(t, step.WakeAt, "nothing is waited for but the outside")
	assert.True(t, b.ticketOf(id).Clock.Since.IsZero())
	b.Clock.Add(90 * time.Hour)
	b.Step(id, refund.VerbReassess, refund.OnHold)
	assert.Equal(t, review.OnTime, b.ticketOf(id).Urgency)
	b.standing(refund.Good)
	step = b.Step(id, refund.VerbReassess, refund.InReview)
	assert.Equal(t, due.Add(90*time.Hour), step.DueAt)
	assert.Equal(t, b.Clock.Now().Add(14*time.Hour), step.WakeAt, "half of the time has 14 of its 24 hours left")
}

func answered(t *testing.T, open Opener) {
	b := NewWith(t, open, 0)
	id, step := b.flagged()
	due, ticket := step.DueAt, step.TicketID
	b.Clock.Add(20 * time.Hour)
	asked := b.Clock.Now()
	step = b.AskCustomer(id, "Which number did you use?")
	assert.Equal(t, asked.Add(3*24*time.Hour), step.WakeAt, "when he is reminded")
	require.Len(t, step.Notices, 1)
	messages, err := b.Messages(b.Ctx, false, ticket)
	require.NoError(t, err)
	require.Len(t, messages, 1)
	assert.Equal(t, "Which number did you use?", messages[0].Body)
	assert.Equal(t, Reviewer.Subject, messages[0].Author)
	assert.Equal(t, notify.MessageNoticeID(messages[0].ID, notify.Asked), step.Notices[0])
	k := b.ticketOf(id)
	assert.True(t, k.Waiting())
	assert.Equal(t, asked.Add(7*24*time.Hour), *k.AnswerBy)
	assert.Equal(t, asked, *k.RespondedAt)

	view, err := b.Case(b.Ctx, ticket)
	require.NoError(t, err)
	vote, err := b.RecordDecision(b.Ctx, b.Op(id, refund.VerbDecide), Vote(view, Reviewer, review.Approve), "")
	require.NoError(t, err)
	assert.Equal(t, review.ErrAwaiting.Code, vote.Refused)

	b.Clock.Add(100 * time.Hour)
	step = b.Step(id, refund.VerbReassess, refund.AwaitingCustomer) // reminded
	assert.Equal(t, *k.AnswerBy, step.WakeAt)
	_, intents, err := b.Say(b.Ctx, Customer("acct"), ticket, review.Public, "This one.")
	require.NoError(t, err)
	require.Len(t, intents, 1)
	assert.Equal(t, id, intents[0].RefundID)
	step = b.Step(id, refund.VerbReassess, refund.InReview)
	assert.Equal(t, due.Add(100*time.Hour), step.DueAt, "the wait did not cost the desk any time")
	assert.False(t, b.ticketOf(id).Waiting())
	assert.Equal(t, refund.Crediting, b.Decide(id, Reviewer, review.Approve).State)
	b.Step(id, refund.VerbCredit, refund.Credited)
	assert.EqualValues(t, 2000, b.Balance("USD"))
}

func unanswered(t *testing.T, open Opener) {
	b := New(t, open)
	id, _ := b.flagged()
	step := b.AskCustomer(id, "Which number?")
	asked := step.Notices[0]
	b.until(step.WakeAt)
	op := b.Op(id, refund.VerbReassess)
	step, err := b.Reassess(b.Ctx, op)
	require.NoError(t, err)
	message := strings.TrimSuffix(asked, "/"+string(notify.Asked))
	reminder := notify.MessageNoticeID(message, notify.Reminded)
	assert.Contains(t, step.Notices, reminder)
	assert.Equal(t, b.Clock.Now().Add(4*24*time.Hour), step.WakeAt)
	again, err := b.Reassess(b.Ctx, op)
	require.NoError(t, err)
	assert.Equal(t, step, again, "reminded once")

	b.until(step.WakeAt.Add(-time.Microsecond))
	b.Step(id, refund.VerbReassess, refund.AwaitingCustomer)
	b.Clock.Add(time.Microsecond)
	step = b.Step(id, refund.VerbReassess, refund.Rejected)
	assert.Zero(t, step.WakeAt)
	assert.Contains(t, step.Notices, notify.NoticeID(id, notify.Rejected))
	r, err := b.Refund(b.Ctx, id)
	require.NoError(t, err)
	assert.Equal(t, refund.OutcomeUnanswered, r.Outcome)
	view, err := b.Package(b.Ctx, "p")
	require.NoError(t, err)
	assert.Equal(t, refund.Active, view.Status(b.Clock.Now()), "thawed")
	_, _, err = b.Say(b.Ctx, Customer("acct"), step.TicketID, review.Public, "Too late?")
	require.Error(t, err)
}

func askedHeld(t *testing.T, open Opener) {
	b := New(t, open)
	id, _ := b.flagged()
	step := b.AskCustomer(id, "Which number?")
	ticket, remind := step.TicketID, step.WakeAt
	b.Clock.Add(24 * time.Hour)
	b.dispute(refund.DisputeOpen)
	b.Step(id, refund.VerbReassess, refund.OnHold)
	b.Clock.Add(30 * 24 * time.Hour)
	b.Step(id, refund.VerbReassess, refund.OnHold) // his time stands still
	b.dispute(refund.DisputeWon)
	step = b.Step(id, refund.VerbReassess, refund.AwaitingCustomer)
	assert.Equal(t, remind.Add(30*24*time.Hour), step.WakeAt)

	// Answered while it was on hold again: released and gone on in one step.
	b.dispute(refund.DisputeOpen)
	b.Step(id, refund.VerbReassess, refund.OnHold)
	_, _, err := b.Say(b.Ctx, Customer("acct"), ticket, review.Public, "This one.")
	require.NoError(t, err)
	b.Clock.Add(time.Hour)
	b.dispute(refund.DisputeWon)
	op := b.Op(id, refund.VerbReassess)
	step, err = b.Reassess(b.Ctx, op)
	require.NoError(t, err)
	assert.Equal(t, refund.InReview, step.State)
	assert.Equal(t, b.Clock.Now().Add(48*time.Hour), step.DueAt, "none of the desk's time was used")
	again, err := b.Reassess(b.Ctx, op)
	require.NoError(t, err)
	assert.True(t, again.Repeated)
	again.Repeated = false
	assert.Equal(t, step, again)
}

func askedWithdrawn(t *testing.T, open Opener) {
	b := New(t, open)
	id, _ := b.flagged()
	b.AskCustomer(id, "Which number?")
	step := b.Step(id, refund.VerbWithdraw, refund.Withdrawn)
	assert.Empty(t, step.TicketID)
	assert.Zero(t, step.WakeAt)
	assert.Equal(t, review.Closed, b.ticketOf(id).State)
}

func askingRefused(t *testing.T, open Opener) {
	b := New(t, open)
	id, step := b.flagged()
	note := b.Note(id, Reviewer, "Which number?")
	ask := func(ticketID, noteID string, by identity.Actor) (refund.Step, error) {
		return b.RequestInformation(b.Ctx, b.Op(id, refund.VerbAsk), review.Asking{TicketID: ticketID, NoteID: noteID, By: by})
	}
	for _, c := range []struct {
		ticket string
		by     identity.Actor
		code   string
	}{
		{"ticket_none", Reviewer, review.ErrTicketClosed.Code},
		{step.TicketID, Admin, review.ErrMayNotDecide.Code},
		{step.TicketID, Customer("acct"), review.ErrMayNotDecide.Code},
	} {
		got, err := ask(c.ticket, note, c.by)
		require.NoError(t, err)
		assert.Equal(t, c.code, got.Refused)
		assert.Equal(t, refund.InReview, got.State)
	}
	_, err := ask(step.TicketID, "note_none", Reviewer)
	assert.Equal(t, "not-found", fault.CodeOf(err))
	b.AskCustomer(id, "Which number?")
	got, err := ask(step.TicketID, b.Note(id, Senior, "And which day?"), Senior)
	require.NoError(t, err)
	assert.Equal(t, review.ErrAwaiting.Code, got.Refused, "one question at a time")
	b.Step(id, refund.VerbWithdraw, refund.Withdrawn)
	got, err = ask(step.TicketID, note, Reviewer)
	require.NoError(t, err)
	assert.Equal(t, review.ErrTicketClosed.Code, got.Refused)
}

func askedAgain(t *testing.T, open Opener) {
	b := New(t, open)
	id, step := b.flagged()
	ask := review.Asking{TicketID: step.TicketID, NoteID: b.Note(id, Reviewer, "Which number?"), By: Reviewer}
	op := b.Op(id, refund.VerbAsk)
	first, err := b.RequestInformation(b.Ctx, op, ask)
	require.NoError(t, err)
	again, err := b.RequestInformation(b.Ctx, op, ask)
	require.NoError(t, err)
	again.Repeated = false
	assert.Equal(t, first, again)
	b.Clock.Add(time.Hour)
	other, err := b.RequestInformation(b.Ctx, b.Op(id, refund.VerbAsk), ask) // asked again because the answer was lost
	require.NoError(t, err)
	assert.Empty(t, other.Refused)
	assert.Equal(t, first.WakeAt, other.WakeAt)
	messages, err := b.Messages(b.Ctx, true, step.TicketID)
	require.NoError(t, err)
	assert.Len(t, messages, 1)
	// After the answer it may be asked once more, in the same words.
	_, _, err = b.Say(b.Ctx, Customer("acct"), step.TicketID, review.Public, "?")
	require.NoError(t, err)
	b.Step(id, refund.VerbReassess, refund.InReview)
	b.AskCustomer(id, "Which number?")
	b.Step(id, refund.VerbReassess, refund.AwaitingCustomer)
}
