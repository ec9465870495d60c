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
)

// deskTests are of people's work on tickets.
var deskTests = map[string]func(*testing.T, Opener){
	"a question": asking,
	"a question about what is somebody else's":     askingWrongly,
	"what a form sends twice":                      sentOnce,
	"what is said on a question":                   saying,
	"what is said on a flagged refund":             sayingOnRefund,
	"claim, release, assign":                       claiming,
	"twenty claims at once":                        claimsRace,
	"messages beside a close":                      closeRace,
	"work beside a decision":                       decisionRace,
	"snooze and escalate":                          snoozing,
	"a customer's words end a snooze":              snoozedNews,
	"resolve":                                      resolving,
	"saved replies":                                savedReplies,
	"a question's clock":                           questionClock,
	"a question's clock in office hours":           questionOffice,
	"a question that nobody looked at for long":    questionLate,
	"notices of the conversation":                  conversationNotices,
	"told of the end in one mail":                  toldOfTheEnd,
	"told after the end":                           toldAfterTheEnd,
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

// inquire has a flagged refund wait for what its customer is asked.
func (b *Bundle) inquire(k review.Ticket, text string) refund.Step {
	b.T.Helper()
	require.NoError(b.T, b.KeepNote(b.Ctx, "note_"+k.ID, Reviewer, k.RefundID, text))
	step, err := b.RequestInformation(b.Ctx, b.Op(k.RefundID, refund.VerbAsk), review.Asking{TicketID: k.ID, NoteID: "note_" + k.ID, By: Reviewer})
	require.NoError(b.T, err)
	require.Equal(b.T, refund.AwaitingCustomer, step.State)
	return step
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

	b.Clock.Add(time.Minute)
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

	b.inquire(k, "Which number?")
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

func sentOnce(t *testing.T, open Opener) {
	b := New(t, open)
	k := b.question("?")
	said, _, err := b.SayOnce(b.Ctx, Customer("acct"), k.ID, review.Public, "Hello?", "form-1")
	require.NoError(t, err)
	_, intents, err := b.SayOnce(b.Ctx, Customer("acct"), k.ID, review.Public, "Hello!", "form-1")
	require.ErrorIs(t, err, desk.ErrSentBefore)
	assert.Empty(t, intents)
	_, _, err = b.Store.Ask(b.Ctx, Customer("acct"), desk.Question{AccountID: "acct", Subject: "?", Body: "?", SLA: promise, Key: "form-1"})
	require.ErrorIs(t, err, desk.ErrSentBefore)
	_, _, err = b.SayOnce(b.Ctx, Reviewer, k.ID, review.Internal, "Hm.", "form-1")
	require.NoError(t, err, "a key is its author's")
	for range 2 { // without a key it is said as often as it is sent
		_, _, err = b.Say(b.Ctx, Customer("acct"), k.ID, review.Public, "Hello?")
		require.NoError(t, err)
	}
	m, found, err := b.Sent(b.Ctx, Customer("acct").Subject, "form-1")
	require.NoError(t, err)
	require.True(t, found)
	assert.Equal(t, said, m)
	_, found, err = b.Sent(b.Ctx, "somebody", "form-1")
	require.NoError(t, err)
	assert.False(t, found)
	all, err := b.Messages(b.Ctx, true, k.ID)
	require.NoError(t, err)
	assert.Len(t, all, 5)
	tickets, err := b.Tickets(b.Ctx, desk.TicketFilter{AccountID: "acct"})
	require.NoError(t, err)
	assert.Len(t, tickets.Items, 1, "of a question that is refused nothing is kept")
}
