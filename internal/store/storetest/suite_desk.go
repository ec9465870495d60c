package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/notify"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/internal/store"
)

// deskTests are of people's work on tickets.
var deskTests = map[string]func(*testing.T, Opener){
	"a question": asking,
	"a question about what is somebody else's":     askingWrongly,
	"what is said on a question":                   saying,
	"what is said on a flagged refund":             sayingOnRefund,
	"claim, release, assign":                       claiming,
	"twenty claims at once":                        claimsRace,
	"messages beside a close":                      closeRace,
	"snooze and escalate":                          snoozing,
	"resolve":                                      resolving,
	"saved replies":                                savedReplies,
	"a question's clock":                           questionClock,
	"a question's clock in office hours":           questionOffice,
	"a question that nobody looked at for long":    questionLate,
	"notices of the conversation":                  conversationNotices,
	"what a customer is told of screening":         toldOfScreening,
	"no way out for internal words":                canary,
	"tickets narrowed":                             ticketFilters,
	"tickets in every order, page by page":         ticketOrders,
	"a case with those who may not decide on it":   caseParties,
	"a question about a refund leaves it its case": questionBesideCase,
}

// promise is an SLA of a desk that never closes: half of the time has run after 5 hours,
// most after 8, all after 10.
var promise = review.SLA{
	Calendar: review.AllHours, FirstResponse: 4 * time.Hour, Decision: 10 * time.Hour, AnswerWithin: 72 * time.Hour, RemindAfter: 24 * time.Hour,
}

// question opens a question of "acct" about nothing.
func (b *Bundle) question(body string) review.Ticket {
	b.T.Helper()
	v, _, err := b.Store.Ask(b.Ctx, Customer("acct"), desk.Question{AccountID: "acct", Subject: "Hello", Body: body, SLA: promise})
	require.NoError(b.T, err)
	return v.Ticket
}

// flag buys a package, files for it and has it reviewed for the matches; the ticket weighs
// as much as they do.
func (b *Bundle) flag(packageID string, matches ...review.Match) review.Ticket {
	b.T.Helper()
	b.Buy(packageID, 2000, 2000)
	r := b.MustFile(packageID)
	facts := b.Judge(r.ID)
	plan := policy.Plan{
		Verdict: policy.Review, Matches: matches, Quorum: review.Quorum{Approvals: 1}, Queue: review.QueueReview, SLA: promise, Attention: promise,
		Version: "1", Digest: "sha256:test",
	}
	for _, m := range matches {
		plan.Weight += m.Weight
	}
	step, err := b.Screen(b.Ctx, b.Op(r.ID, refund.VerbScreen), facts, plan)
	require.NoError(b.T, err)
	require.Equal(b.T, refund.InReview, step.State)
	return b.ticket(step.TicketID)
}

func (b *Bundle) ticket(id string) review.Ticket {
	b.T.Helper()
	v, err := b.Case(b.Ctx, id)
	require.NoError(b.T, err)
	return v.Ticket
}

// history lists the audit entries about a ticket as "action old>new", oldest first.
func (b *Bundle) history(ticketID string) []string {
	b.T.Helper()
	pool, err := b.SQL()
	require.NoError(b.T, err)
	rows, err := pool.QueryContext(b.Ctx, fmt.Sprintf("SELECT action, old_state, new_state FROM audit_entries WHERE object = 'ticket' AND object_id = '%s' ORDER BY seq", ticketID))
	require.NoError(b.T, err)
	defer func() { require.NoError(b.T, rows.Close()) }()
	var out []string
	for rows.Next() {
		var action, from, to string
		require.NoError(b.T, rows.Scan(&action, &from, &to))
		out = append(out, action+" "+from+">"+to)
	}
	require.NoError(b.T, rows.Err())
	return out
}

// unheard are the ticket's intents that nobody has delivered.
func (b *Bundle) unheard(ticketID string) []desk.Intent {
	b.T.Helper()
	all, err := b.Undelivered(b.Ctx, 0, 1000)
	require.NoError(b.T, err)
	var out []desk.Intent
	for _, i := range all {
		if i.TicketID == ticketID {
			out = append(out, i)
		}
	}
	return out
}

func (b *Bundle) say(by identity.Actor, ticketID string, v review.Visibility, body string) review.Message {
	b.T.Helper()
	m, _, err := b.Say(b.Ctx, by, ticketID, v, body)
	require.NoError(b.T, err)
	return m
}

func asking(t *testing.T, open Opener) {
	b := New(t, open)
	b.Buy("p", 10, 10)
	r := b.MustFile("p")
	for _, c := range []struct {
		name, packageID, refundID string
		wantPackage               string
	}{
		{"about nothing", "", "", ""},
		{"about a package", "p", "", "p"},
		{"about a refund", "", r.ID, "p"},
		{"about a refund of the package", "p", r.ID, "p"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, intents, err := b.Store.Ask(b.Ctx, Customer("acct"), desk.Question{
				AccountID: "acct", Subject: "When?", Body: "When is it back?", PackageID: c.packageID, RefundID: c.refundID, SLA: promise,
			})
			require.NoError(t, err)
			assert.Equal(t, review.KindQuestion, v.Ticket.Kind)
			assert.Equal(t, review.QueueQuestions, v.Ticket.Queue)
			assert.Equal(t, review.Open, v.Ticket.State)
			assert.Equal(t, c.wantPackage, v.Ticket.PackageID)
			assert.Equal(t, c.refundID, v.Ticket.RefundID)
			assert.Equal(t, c.refundID, v.Refund.ID)
			assert.Zero(t, v.Case)
			assert.Equal(t, Customer("acct").Subject, v.Ticket.OpenedBy)
			assert.Equal(t, b.Clock.Now().Add(promise.Decision), v.Ticket.DueAt)
			assert.Equal(t, b.Clock.Now().Add(promise.FirstResponse), v.Ticket.ResponseDueAt)
			require.Len(t, v.Messages, 1)
			assert.Equal(t, "When is it back?", v.Messages[0].Body)
			assert.False(t, v.Messages[0].ByStaff)

			kept, err := b.Case(b.Ctx, v.Ticket.ID)
			require.NoError(t, err)
			assert.Equal(t, v.Ticket, kept.Ticket)
			said, err := b.Messages(b.Ctx, false, v.Ticket.ID)
			require.NoError(t, err)
			assert.Equal(t, v.Messages, said)
			require.Len(t, intents, 1)
			assert.Equal(t, desk.IntentTicket, intents[0].Kind)
			assert.Empty(t, intents[0].RefundID, "a question has a workflow of its own, also one about a refund")
			assert.Equal(t, intents, b.unheard(v.Ticket.ID))
			assert.Equal(t, []string{"question-asked >open"}, b.history(v.Ticket.ID))
		})
	}
}

func askingWrongly(t *testing.T, open Opener) {
	b := New(t, open)
	b.Account("other")
	b.Buy("p", 10, 10)
	b.Buy("q", 10, 10)
	r := b.MustFile("p")
	try := func(account, packageID, refundID string) error {
		_, intents, err := b.Store.Ask(b.Ctx, Customer(account), desk.Question{
			AccountID: account, Subject: "?", Body: "?", PackageID: packageID, RefundID: refundID, SLA: promise,
		})
		assert.Empty(t, intents)
		return err
	}
	for _, c := range [][3]string{{"nobody", "", ""}, {"other", "p", ""}, {"other", "", r.ID}, {"acct", "none", ""}, {"acct", "", "none"}} {
		assert.Equal(t, fault.NotFound, fault.From(try(c[0], c[1], c[2])).Kind, "%v", c)
	}
	assert.Equal(t, "package_id", fault.From(try("acct", "q", r.ID)).Fields[0].Name)
	none, err := b.Tickets(b.Ctx, desk.TicketFilter{})
	require.NoError(t, err)
	assert.Empty(t, none.Items)
}

func saying(t *testing.T, open Opener) {
	b := New(t, open)
	q := b.question("When?")
	require.NoError(t, b.Delivered(b.Ctx, b.unheard(q.ID)[0].ID))

	b.Clock.Add(time.Minute)
	internal, intents, err := b.Say(b.Ctx, Reviewer, q.ID, review.Internal, "Known to us.")
	require.NoError(t, err)
	assert.True(t, internal.ByStaff)
	assert.Empty(t, intents, "nobody is told of an internal message")
	assert.Nil(t, b.ticket(q.ID).RespondedAt)

	b.Clock.Add(time.Minute)
	first, intents, err := b.Say(b.Ctx, Reviewer, q.ID, review.Public, "Tomorrow.")
	require.NoError(t, err)
	require.Len(t, intents, 1)
	assert.Equal(t, desk.Intent{ID: intents[0].ID, Kind: desk.IntentTicket, TicketID: q.ID}, intents[0])
	responded := b.Clock.Now()
	assert.Equal(t, responded, *b.ticket(q.ID).RespondedAt)

	b.Clock.Add(time.Minute)
	second := b.say(Senior, q.ID, review.Public, "Or today.")
	assert.Equal(t, responded, *b.ticket(q.ID).RespondedAt, "the first word stays the first")

	b.Clock.Add(time.Minute)
	before := b.ticket(q.ID)
	thanks, intents, err := b.Say(b.Ctx, Customer("acct"), q.ID, review.Public, "Thanks.")
	require.NoError(t, err)
	assert.False(t, thanks.ByStaff)
	assert.Len(t, intents, 1)
	assert.Equal(t, before, b.ticket(q.ID), "a customer's word moves nothing")

	step, err := b.TickQuestion(b.Ctx, q.ID)
	require.NoError(t, err)
	assert.Equal(t, []string{notify.MessageNoticeID(first.ID, notify.Wrote), notify.MessageNoticeID(second.ID, notify.Wrote)}, step.Notices,
		"the customer is told what staff wrote to him, in order")

	colleague := identity.Actor{Subject: "carl", Roles: []identity.Role{identity.Reviewer, identity.Customer}, AccountID: "acct"}
	assert.False(t, b.say(colleague, q.ID, review.Public, "I own this account.").ByStaff, "on his own ticket he is its customer")
	_, _, err = b.Say(b.Ctx, colleague, q.ID, review.Internal, "psst")
	assert.Equal(t, fault.Forbidden, fault.From(err).Kind)
	_, _, err = b.Say(b.Ctx, Reviewer, "none", review.Public, "x")
	assert.Equal(t, fault.NotFound, fault.From(err).Kind)
	assert.Equal(t, []string{"question-asked >open", "message-sent >", "message-sent >", "message-sent >", "message-sent >", "message-sent >"}, b.history(q.ID))
	all, err := b.Messages(b.Ctx, true, q.ID)
	require.NoError(t, err)
	assert.Equal(t, []string{"When?", "Known to us.", "Tomorrow.", "Or today.", "Thanks.", "I own this account."},
		idsOf(all, func(m review.Message) string { return m.Body }))
}

func sayingOnRefund(t *testing.T, open Opener) {
	b := New(t, open)
	k := b.flag("p")
	said, intents, err := b.Say(b.Ctx, Reviewer, k.ID, review.Public, "We look at it.")
	require.NoError(t, err)
	require.Len(t, intents, 1)
	assert.Equal(t, k.RefundID, intents[0].RefundID, "the refund's workflow looks after it")
	b.Clock.Add(time.Minute)
	step := b.Step(k.RefundID, refund.VerbReassess, refund.InReview)
	assert.Contains(t, step.Notices, notify.MessageNoticeID(said.ID, notify.Wrote))

	b.Ask(k.RefundID, "Which number?")
	b.Clock.Add(time.Minute)
	b.say(Reviewer, k.ID, review.Internal, "He was asked.")
	b.Step(k.RefundID, refund.VerbReassess, refund.AwaitingCustomer)
	_, intents, err = b.Say(b.Ctx, Customer("acct"), k.ID, review.Public, "This one.")
	require.NoError(t, err)
	require.Len(t, intents, 1)
	assert.True(t, b.ticket(k.ID).Waiting(), "the workflow takes the answer, nobody else")
	assert.Contains(t, b.history(k.ID), "customer-replied >")
	b.Step(k.RefundID, refund.VerbReassess, refund.InReview)
	assert.False(t, b.ticket(k.ID).Waiting())

	b.Decide(k.RefundID, Reviewer, review.Reject)
	for _, by := range []identity.Actor{Reviewer, Customer("acct")} {
		_, intents, err = b.Say(b.Ctx, by, k.ID, review.Public, "too late")
		require.ErrorIs(t, err, review.ErrTicketClosed)
		assert.Empty(t, intents)
	}
	entries, err := b.Entries(b.Ctx, k.RefundID)
	require.NoError(t, err)
	var messages int
	for _, e := range entries {
		if e.Action == audit.MessageSent || e.Object == audit.ObjectTicket && e.Action == audit.CustomerReplied {
			messages++
			assert.Contains(t, e.DecisionDigest, "message_", "an entry names the message and says nothing of it")
		}
	}
	assert.Equal(t, 4, messages)
}

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
