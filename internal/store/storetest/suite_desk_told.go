package storetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/notify"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

func (b *Bundle) notice(id string) notify.Notice {
	b.T.Helper()
	n, err := b.Notice(b.Ctx, id)
	require.NoError(b.T, err)
	return n
}

func conversationNotices(t *testing.T, open Opener) {
	b := New(t, open)
	b.Buy("p", 10, 10)
	q := b.question("When?")
	m := b.say(Reviewer, q.ID, review.Public, "Tomorrow.")
	n := b.notice(notify.MessageNoticeID(m.ID, notify.Wrote))
	assert.Equal(t, notify.Notice{
		ID: notify.MessageNoticeID(m.ID, notify.Wrote), Event: notify.Wrote, State: notify.Pending, Name: "Ann", Email: "ann@example.com",
		Locale: refund.English, TicketID: q.ID, Text: "Tomorrow.",
	}, n, "a question about nothing has neither package nor refund nor amount")

	about, _, err := b.Store.Ask(b.Ctx, Customer("acct"), desk.Question{AccountID: "acct", Subject: "?", Body: "?", PackageID: "p", SLA: promise})
	require.NoError(t, err)
	m = b.say(Reviewer, about.Ticket.ID, review.Public, "Yes.")
	n = b.notice(notify.MessageNoticeID(m.ID, notify.Wrote))
	assert.Equal(t, "Global SMS", n.PackageName)
	assert.Empty(t, n.Amount)

	k := b.flag("q")
	m = b.say(Reviewer, k.ID, review.Public, "We look at it.")
	n = b.notice(notify.MessageNoticeID(m.ID, notify.Wrote))
	assert.Equal(t, k.RefundID, n.RefundID)
	assert.Equal(t, "Global SMS", n.PackageName)
	assert.Contains(t, n.Amount, "2,000")
	assert.Equal(t, "We look at it.", n.Text)

	step := b.inquire(k, "Which number?")
	n = b.notice(step.Notices[len(step.Notices)-1])
	assert.Equal(t, notify.Asked, n.Event)
	assert.Equal(t, "Which number?", n.Text)
	assert.Equal(t, "4 March 2026, 12:00 (UTC)", n.AnswerBy)
	chinese := refund.SimplifiedChinese
	_, err = b.ChangeAccount(b.Ctx, Admin, "acct", desk.AccountChange{Locale: &chinese})
	require.NoError(t, err)
	assert.Equal(t, "2026年3月4日 12:00（UTC）", b.notice(n.ID).AnswerBy)

	require.NoError(t, b.MarkNotice(b.Ctx, n.ID, notify.Sent))
	assert.Equal(t, notify.Sent, b.notice(n.ID).State)
	_, err = b.Notice(b.Ctx, "none")
	assert.Equal(t, fault.NotFound, fault.From(err).Kind)
}

func toldOfScreening(t *testing.T, open Opener) {
	light := review.Match{Rule: "light", Value: "1", Reason: "inside", Weight: 1, Told: map[string]string{refund.English: "A little."}}
	heavy := review.Match{
		Rule: "heavy", Value: "9", Reason: "inside", Weight: 9, Told: map[string]string{refund.English: "Much.", refund.SimplifiedChinese: "很多。"},
	}
	silent := review.Match{Rule: "silent", Reason: "inside", Weight: 5}
	for _, c := range []struct {
		name     string
		locale   string
		verdict  policy.Verdict
		outcome  string
		matches  []review.Match
		wantTold string
	}{
		{"the heaviest rule", refund.English, policy.Review, "", []review.Match{light, heavy}, "Much."},
		{"in his language", refund.SimplifiedChinese, policy.Review, "", []review.Match{heavy, light}, "很多。"},
		{"in English where his language has no words", refund.SimplifiedChinese, policy.Review, "", []review.Match{light}, "A little."},
		{"nothing of a rule that has no words", refund.English, policy.Review, "", []review.Match{silent, light}, ""},
		{"nothing matched", refund.English, policy.Review, "", nil, ""},
		{"rejected by a rule of the policy", refund.English, policy.Reject, policy.OutcomeRule, []review.Match{heavy}, "Much."},
		{"rejected by a rule of the program", refund.English, policy.Reject, refund.OutcomeDisputeLost, []review.Match{
			heavy, {Rule: policy.RuleDisputeLost, Weight: 1, Told: map[string]string{refund.English: "It went back."}},
		}, "It went back."},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := New(t, open)
			_, err := b.ChangeAccount(b.Ctx, Admin, "acct", desk.AccountChange{Locale: &c.locale})
			require.NoError(t, err)
			b.Buy("p", 2000, 2000)
			r := b.MustFile("p")
			step, err := b.Screen(b.Ctx, b.Op(r.ID, refund.VerbScreen), b.Judge(r.ID), policy.Plan{
				Verdict: c.verdict, Outcome: c.outcome, Matches: c.matches, Quorum: review.Quorum{Approvals: 1}, Queue: review.QueueReview, SLA: promise, Version: "1",
			})
			require.NoError(t, err)
			event := notify.InReview
			if c.verdict == policy.Reject {
				event = notify.Rejected
			}
			require.Contains(t, step.Notices, notify.NoticeID(r.ID, event))
			n := b.notice(notify.NoticeID(r.ID, event))
			assert.Equal(t, c.wantTold, n.Told)
			assert.Equal(t, c.outcome, n.Reason)
			assert.Empty(t, b.notice(notify.NoticeID(r.ID, notify.Received)).Told)
		})
	}
	t.Run("rejected by a person", func(t *testing.T) {
		b := New(t, open)
		k := b.flag("p", heavy)
		b.Decide(k.RefundID, Reviewer, review.Reject)
		assert.Empty(t, b.notice(notify.NoticeID(k.RefundID, notify.Rejected)).Told, "people say themselves why they reject")
	})
}

// toldOfTheEnd: what the decider writes to the customer comes with how the refund ended, in
// one mail; words of a vote that does not end it come by themselves.
func toldOfTheEnd(t *testing.T, open Opener) {
	for _, c := range []struct {
		name   string
		vote   review.Vote
		quorum review.Quorum
		event  notify.Event
	}{
		{"rejected", review.Reject, review.Quorum{Approvals: 2, Seniors: 1}, notify.Rejected},
		{"approved", review.Approve, review.Quorum{Approvals: 1}, notify.Credited},
		{"one of two", review.Approve, review.Quorum{Approvals: 2, Seniors: 1}, notify.Wrote},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := New(t, open)
			b.Buy("p", 2000, 2000)
			id := b.MustFile("p").ID
			step, err := b.Screen(b.Ctx, b.Op(id, refund.VerbScreen), b.Judge(id), policy.Plan{
				Verdict: policy.Review, Quorum: c.quorum, Queue: review.QueueReview, SLA: promise, Version: "1",
			})
			require.NoError(t, err)
			b.say(Reviewer, step.TicketID, review.Public, "We look at it.")
			b.Clock.Add(time.Second)
			shown, err := b.Case(b.Ctx, step.TicketID)
			require.NoError(t, err)
			words := b.Note(id, Reviewer, "Because of the invoice.")
			voted, err := b.RecordDecision(b.Ctx, b.Op(id, refund.VerbDecide), Vote(shown, Reviewer, c.vote), words)
			require.NoError(t, err)
			require.Empty(t, voted.Refused)
			told := voted.Notices
			if voted.State == refund.Crediting {
				told = b.Step(id, refund.VerbCredit, refund.Credited).Notices
			}
			if c.event == notify.Wrote {
				require.Len(t, told, 1)
				assert.Equal(t, "Because of the invoice.", b.notice(told[0]).Text)
				return
			}
			assert.Equal(t, []string{notify.NoticeID(id, c.event)}, told, "one mail")
			assert.Equal(t, "Because of the invoice.", b.notice(told[0]).Text)
		})
	}
}

// toldAfterTheEnd: what was said just before a refund ended is told by whoever looks at its
// ticket then; while the refund runs that is its own workflow's.
func toldAfterTheEnd(t *testing.T, open Opener) {
	b := New(t, open)
	k := b.flag("p")
	m := b.say(Reviewer, k.ID, review.Public, "We decide today.")
	_, err := b.TickQuestion(b.Ctx, k.ID)
	assert.Equal(t, fault.NotFound, fault.From(err).Kind)
	b.Decide(k.RefundID, Reviewer, review.Reject)
	step, err := b.TickQuestion(b.Ctx, k.ID)
	require.NoError(t, err)
	assert.True(t, step.Closed)
	assert.Contains(t, step.Notices, notify.MessageNoticeID(m.ID, notify.Wrote))
}

// canary is a word that only staff may read.
const canaryWord = "canary-7f3a"

func canary(t *testing.T, open Opener) {
	b := New(t, open)
	q, k := b.question("When?"), b.flag("p", review.Match{Rule: "r", Value: "v", Reason: "inside", Weight: 1})
	both := []string{q.ID, k.ID}
	for _, id := range both {
		b.say(Reviewer, id, review.Internal, canaryWord+" before")
		b.say(Reviewer, id, review.Public, "We look at it.")
		b.say(Customer("acct"), id, review.Public, "Thanks.")
		b.say(Senior, id, review.Internal, canaryWord+" after")
	}
	require.NoError(t, b.KeepNote(b.Ctx, "note_why", Reviewer, k.RefundID, canaryWord))
	_, err := b.Escalate(b.Ctx, Reviewer, k.ID, "note_why")
	require.NoError(t, err)

	inside, err := b.Messages(b.Ctx, true, both...)
	require.NoError(t, err)
	assert.Len(t, inside, 9)
	assert.Contains(t, asJSON(t, inside), canaryWord, "staff read it")

	outside, err := b.Messages(b.Ctx, false, both...)
	require.NoError(t, err)
	assert.Len(t, outside, 5)
	var out []any
	out = append(out, outside, b.unheard(q.ID), b.unheard(k.ID))
	for _, id := range both {
		v, err := b.Case(b.Ctx, id)
		require.NoError(t, err)
		out = append(out, v)
	}
	list, err := b.Tickets(b.Ctx, desk.TicketFilter{AccountID: "acct"})
	require.NoError(t, err)
	require.Len(t, list.Items, 2)
	entries, err := b.Entries(b.Ctx, k.RefundID)
	require.NoError(t, err)
	question, err := b.TickQuestion(b.Ctx, q.ID)
	require.NoError(t, err)
	step := b.Step(k.RefundID, refund.VerbReassess, refund.InReview)
	out = append(out, list, entries, question, step)
	told := slices.Concat(question.Notices, step.Notices)
	require.Len(t, told, 4, "received, in review, and a public message on each ticket")
	for _, id := range told {
		out = append(out, b.notice(id))
	}
	assert.NotContains(t, asJSON(t, out), canaryWord)

	// Not even by a notice that somebody wrote for an internal message.
	for _, m := range inside {
		if m.Visibility != review.Internal {
			continue
		}
		pool, err := b.SQL()
		require.NoError(t, err)
		_, err = pool.ExecContext(b.Ctx, fmt.Sprintf(`INSERT INTO notices (id, ticket_id, message_id, event, state, created_at, updated_at)
			VALUES ('%[1]s/message', '%[2]s', '%[1]s', 'message', 'pending', '2026-03-01 12:00:00+00:00', '2026-03-01 12:00:00+00:00')`, m.ID, m.TicketID))
		if err != nil {
			continue // the database refuses it
		}
		_, err = b.Notice(b.Ctx, notify.MessageNoticeID(m.ID, notify.Wrote))
		assert.Equal(t, fault.NotFound, fault.From(err).Kind)
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}

// A question about a refund is no case of it: neither takes the other's place, and each is
// told of by its own workflow.
func questionBesideCase(t *testing.T, open Opener) {
	b := New(t, open)
	k := b.flag("p")
	v, _, err := b.Store.Ask(b.Ctx, Customer("acct"), desk.Question{AccountID: "acct", Subject: "?", Body: "?", RefundID: k.RefundID, SLA: promise})
	require.NoError(t, err)
	m := b.say(Reviewer, v.Ticket.ID, review.Public, "Soon.")
	b.Clock.Add(time.Minute)
	step := b.Step(k.RefundID, refund.VerbReassess, refund.InReview)
	assert.Equal(t, k.ID, step.TicketID)
	assert.NotContains(t, step.Notices, notify.MessageNoticeID(m.ID, notify.Wrote))
	question, err := b.TickQuestion(b.Ctx, v.Ticket.ID)
	require.NoError(t, err)
	assert.Equal(t, []string{notify.MessageNoticeID(m.ID, notify.Wrote)}, question.Notices)
	_, err = b.Resolve(b.Ctx, Reviewer, v.Ticket.ID)
	require.NoError(t, err)
	assert.Equal(t, review.Open, b.ticket(k.ID).State)

	again, _, err := b.Store.Ask(b.Ctx, Customer("acct"), desk.Question{AccountID: "acct", Subject: "?", Body: "?", RefundID: k.RefundID, SLA: promise})
	require.NoError(t, err)
	shown, err := b.Case(b.Ctx, k.ID)
	require.NoError(t, err)
	_, err = b.RecordDecision(b.Ctx, b.Op(k.RefundID, refund.VerbDecide), Vote(shown, Reviewer, review.Reject), "")
	require.NoError(t, err)
	assert.Equal(t, review.Closed, b.ticket(k.ID).State)
	assert.Equal(t, review.Open, b.ticket(again.Ticket.ID).State)
	entries, err := b.Entries(b.Ctx, k.RefundID)
	require.NoError(t, err)
	assert.Contains(t, idsOf(entries, func(e audit.Entry) string { return string(e.Action) }), string(audit.QuestionAsked), "the refund's record has it")
}
