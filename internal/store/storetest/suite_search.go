package storetest

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/ledger"
	"refunddesk/internal/money"
	"refunddesk/internal/notify"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// searchTests are of what auditors and admins look up.
var searchTests = map[string]func(*testing.T, Opener){
	"a search by any one criterion":         searches,
	"a search pages by the time of filing":  searchPages,
	"what somebody did elsewhere":           acts,
	"acts page by the order of the record":  actsPages,
	"the journals of a refund":              refundJournals,
	"what moved a balance":                  movements,
	"the messages about a refund":           refundNotices,
	"a message that was given up":           retriedNotice,
	"a message is sent again once":          retriedNoticeRace,
	"an account's activity":                 activity,
	"the dashboard by day of a zone":        overview,
	"days that are longer, shorter or none": overviewZones,
	"what changes a page":                   marks,
	"what moved a refund":                   moves,
}

// finds expects a search to find exactly these refunds, the last filed first.
func (b *Bundle) finds(why string, s desk.RefundSearch, want ...string) {
	b.T.Helper()
	page, err := b.SearchRefunds(b.Ctx, s)
	require.NoError(b.T, err, why)
	got := []string{}
	for _, r := range page.Items {
		got = append(got, r.ID)
	}
	if want == nil {
		want = []string{}
	}
	assert.Equal(b.T, want, got, why)
	assert.Empty(b.T, page.Next, why)
}

func searches(t *testing.T, open Opener) {
	b := New(t, open)
	b.person("bo", nil)
	begin := b.Clock.Now()

	first, ticket := b.flaggedBy("bo", "p1", "fast", "often")
	b.Clock.Add(hour)
	second := b.asked("acct", "p2")
	b.Clock.Add(hour)
	b.purchase("bo", "p3", func(p *refund.Package) {
		p.Currency, p.Paid, p.Face, p.PurchasedAt = "EUR", 7*money.Scale, 7*money.Scale, begin
	})
	third := b.request("bo", "p3")
	b.screened(third, policy.Approve, "")
	// Used until the credit: less is credited than was quoted and approved.
	units := func(n int64) *int64 { n *= money.Scale; return &n }
	b.finds("amount: as it was approved", desk.RefundSearch{Currency: "EUR", AmountFrom: units(7)}, third)
	b.Clock.Add(time.Minute)
	_, err := b.RecordUsage(b.Ctx, Integrator, desk.UsageRecord{ID: "late", PackageID: "p3", Cost: 2 * money.Scale, OccurredAt: b.Clock.Now().Add(-2 * time.Minute)})
	require.NoError(t, err)
	b.Clock.Add(hour)
	b.credited(third)
	b.votes(first, review.Reject, "suspected_abuse")
	q, _, err := b.Ask(b.Ctx, Customer("acct"), desk.Question{AccountID: "acct", Subject: "When?", Body: "When?", RefundID: second, SLA: promise})
	require.NoError(t, err)

	at := func(d time.Duration) *time.Time { t := begin.Add(d); return &t }
	all := []string{third, second, first}
	b.finds("everything", desk.RefundSearch{}, all...)

	b.finds("text: a refund", desk.RefundSearch{Text: second}, second)
	b.finds("text: an account", desk.RefundSearch{Text: "bo"}, third, first)
	b.finds("text: a package", desk.RefundSearch{Text: "p2"}, second)
	b.finds("text: a case", desk.RefundSearch{Text: ticket}, first)
	b.finds("text: a question about a refund", desk.RefundSearch{Text: q.Ticket.ID}, second)
	b.finds("text: a workflow", desk.RefundSearch{Text: refund.WorkflowID(third)}, third)
	b.finds("text: a question's workflow", desk.RefundSearch{Text: review.QuestionWorkflowID(q.Ticket.ID)}, second)
	b.finds("text: nothing", desk.RefundSearch{Text: "nobody"})
	b.finds("text: part of an id", desk.RefundSearch{Text: second[:10]})
	b.finds("text: no pattern", desk.RefundSearch{Text: "%"})
	b.finds("text: a workflow of nothing", desk.RefundSearch{Text: "refund/"})
	b.finds("text: a path", desk.RefundSearch{Text: "some/thing"})
	b.finds("text: quotes", desk.RefundSearch{Text: `' OR '1'='1`})
	b.purchase("bo", "acct", nil)
	b.finds("text: an account and a package of one id", desk.RefundSearch{Text: "acct"}, second)

	b.finds("account", desk.RefundSearch{AccountID: "acct"}, second)
	b.finds("refund", desk.RefundSearch{RefundID: first}, first)
	b.finds("workflow", desk.RefundSearch{WorkflowID: refund.WorkflowID(first)}, first)
	b.finds("a workflow by another name", desk.RefundSearch{WorkflowID: first})
	b.finds("state", desk.RefundSearch{State: refund.Credited}, third)
	b.finds("verdict approve", desk.RefundSearch{Verdict: "approve"}, third)
	b.finds("verdict review", desk.RefundSearch{Verdict: "review"}, first)
	b.finds("rule", desk.RefundSearch{Rule: "often"}, first)
	b.finds("a rule that matched nothing", desk.RefundSearch{Rule: "ofte"})
	b.finds("actor: a reviewer", desk.RefundSearch{Actor: Reviewer.Subject}, first)
	b.finds("actor: a customer", desk.RefundSearch{Actor: Customer("acct").Subject}, second)
	b.finds("actor: the desk itself", desk.RefundSearch{Actor: identity.Desk.Subject}, third, first)
	b.finds("actor: nobody", desk.RefundSearch{Actor: "nobody"})

	b.finds("amount: as it was credited", desk.RefundSearch{Currency: "EUR", AmountFrom: units(5), AmountTo: units(5)}, third)
	b.finds("amount: not as it was quoted", desk.RefundSearch{Currency: "EUR", AmountFrom: units(6)})
	b.finds("amount: as it was quoted", desk.RefundSearch{Currency: "USD", AmountFrom: units(100)}, second, first)
	b.finds("amount: of another currency", desk.RefundSearch{Currency: "USD", AmountTo: units(99)})
	b.finds("currency", desk.RefundSearch{Currency: "EUR"}, third)

	b.finds("from is within", desk.RefundSearch{From: at(hour)}, third, second)
	b.finds("to is without", desk.RefundSearch{To: at(hour)}, first)
	b.finds("between", desk.RefundSearch{From: at(hour), To: at(2 * hour)}, second)

	b.finds("all at once", desk.RefundSearch{
		Text: "bo", AccountID: "bo", State: refund.Rejected, Verdict: "review", Rule: "fast", Actor: Reviewer.Subject, Currency: "USD",
		AmountFrom: units(1), AmountTo: units(1000), From: at(-hour), To: at(hour),
	}, first)
	b.finds("what excludes itself", desk.RefundSearch{AccountID: "acct", Rule: "fast"})
	b.finds("except an account", desk.RefundSearch{ExceptAccount: "bo"}, second)
	b.finds("its own account", desk.RefundSearch{AccountID: "bo", ExceptAccount: "bo"})
}

func searchPages(t *testing.T, open Opener) {
	b := New(t, open)
	b.person("bo", nil)
	var want []string
	for _, p := range []string{"p1", "p2", "p3", "p4", "p5"} { // the second and the third at one moment
		want = append(want, b.asked("bo", p))
		if p != "p2" {
			b.Clock.Add(time.Microsecond)
		}
	}
	slices.Reverse(want)
	for limit := 1; limit <= 5; limit++ {
		s := desk.RefundSearch{AccountID: "bo", Paging: desk.Paging{Limit: limit}}
		var got []string
		for {
			page, err := b.SearchRefunds(b.Ctx, s)
			require.NoError(t, err)
			for _, r := range page.Items {
				got = append(got, r.ID)
			}
			if s.Cursor = page.Next; page.Next == "" {
				break
			}
		}
		assert.Equal(t, want, got, "pages of %d", limit)
	}
	_, err := b.SearchRefunds(b.Ctx, desk.RefundSearch{Paging: desk.Paging{Cursor: "?"}})
	assert.Equal(t, fault.Malformed, fault.From(err).Kind)
}

// did are somebody's acts, newest first, as "action object id".
func (b *Bundle) did(s desk.ActSearch) []string {
	b.T.Helper()
	page, err := b.Acts(b.Ctx, s)
	require.NoError(b.T, err)
	assert.Empty(b.T, page.Next)
	said := []string{}
	for _, e := range page.Items {
		assert.Equal(b.T, s.Actor, e.Actor)
		assert.Empty(b.T, e.RefundID)
		said = append(said, fmt.Sprintf("%s %s %s", e.Action, e.Object, e.ObjectID))
	}
	return said
}

func acts(t *testing.T, open Opener) {
	b := New(t, open)
	id, _ := b.flagged()
	_, _, err := b.SetStanding(b.Ctx, Admin, "acct", refund.Suspended, "too many refunds")
	require.NoError(t, err)
	p := b.pause(desk.PauseAll, "", hour)
	require.NoError(t, b.Refuse(b.Ctx, audit.Entry{
		Actor: Admin.Subject, Role: identity.Admin, Action: audit.PolicyRefused, Object: audit.ObjectPolicy, ObjectID: "9", ReasonCode: "not-found",
	}))
	require.NoError(t, b.Refuse(b.Ctx, audit.Entry{
		Actor: Admin.Subject, Role: identity.Admin, Action: audit.RetryRefused, Object: audit.ObjectRefund, ObjectID: id, RefundID: id, ReasonCode: "conflict",
	}))
	all := []string{"policy-refused policy 9", "pause-begun pause " + p.ID, "standing-changed account acct"}
	assert.Equal(t, all, b.did(desk.ActSearch{Actor: Admin.Subject}), "what is a refund's is found with it")
	assert.Equal(t, []string{}, b.did(desk.ActSearch{Actor: Reviewer.Subject}))
	assert.Equal(t, []string{}, b.did(desk.ActSearch{Actor: Admin.Subject[:1]}), "part of a name")

	page, err := b.Acts(b.Ctx, desk.ActSearch{Actor: Admin.Subject})
	require.NoError(t, err)
	first, last := page.Items[len(page.Items)-1], page.Items[0]
	assert.Equal(t, string(refund.Good), first.OldState)
	assert.Equal(t, string(refund.Suspended), first.NewState)
	assert.Equal(t, "not-found", last.ReasonCode)
	// The database says when it was.
	after := last.At.Add(time.Second)
	assert.Equal(t, all, b.did(desk.ActSearch{Actor: Admin.Subject, From: &first.At, To: &after}), "from is within")
	assert.Equal(t, []string{}, b.did(desk.ActSearch{Actor: Admin.Subject, From: &after}))
	assert.Equal(t, []string{}, b.did(desk.ActSearch{Actor: Admin.Subject, To: &first.At}), "to is without")
}

func actsPages(t *testing.T, open Opener) {
	b := New(t, open)
	var want []string
	for n := range 5 {
		id := strconv.Itoa(n)
		want = append([]string{id}, want...)
		for _, who := range []string{"ada", "eve"} {
			require.NoError(t, b.Store.Note(b.Ctx, audit.Entry{Actor: who, Role: identity.Admin, Action: audit.PolicyBacktested, Object: audit.ObjectPolicy, ObjectID: id}))
		}
	}
	for limit := 1; limit <= 5; limit++ {
		s := desk.ActSearch{Actor: "ada", Paging: desk.Paging{Limit: limit}}
		var got []string
		for {
			page, err := b.Acts(b.Ctx, s)
			require.NoError(t, err)
			for _, e := range page.Items {
				got = append(got, e.ObjectID)
			}
			if s.Cursor = page.Next; page.Next == "" {
				break
			}
		}
		assert.Equal(t, want, got, "pages of %d", limit)
	}
	b.asked("acct", "p1")
	b.asked("acct", "p2")
	refunds, err := b.SearchRefunds(b.Ctx, desk.RefundSearch{Paging: desk.Paging{Limit: 1}})
	require.NoError(t, err)
	for _, odd := range []string{"?", refunds.Next} {
		_, err := b.Acts(b.Ctx, desk.ActSearch{Actor: "ada", Paging: desk.Paging{Cursor: odd}})
		assert.Equal(t, fault.Malformed, fault.From(err).Kind, "a cursor of another list is none of this")
	}
}

func refundJournals(t *testing.T, open Opener) {
	b := New(t, open)
	b.Buy("p", 80, 100)
	r := b.MustFile("p")
	none, err := b.RefundJournals(b.Ctx, r.ID)
	require.NoError(t, err)
	assert.Empty(t, none, "nothing was credited")
	b.Step(r.ID, refund.VerbScreen, refund.Crediting)
	b.Step(r.ID, refund.VerbCredit, refund.Credited)
	b.Buy("q", 5, 5)
	other := b.MustFile("q")
	b.Step(other.ID, refund.VerbScreen, refund.Crediting)
	b.Step(other.ID, refund.VerbCredit, refund.Credited)

	journals, err := b.RefundJournals(b.Ctx, r.ID)
	require.NoError(t, err)
	require.Len(t, journals, 1)
	assert.Equal(t, ledger.Refund, journals[0].Operation)
	assert.Equal(t, r.ID, journals[0].OperationID)
	assert.Equal(t, b.Clock.Now(), journals[0].CreatedAt)
	assert.Equal(t, []ledger.Posting{
		{Account: ledger.CustomerAccount("acct", "USD"), Micros: 80 * money.Scale},
		{Account: ledger.PackageAccount("p"), Micros: -100 * money.Scale},
		{Account: ledger.PromotionAccount("USD"), Micros: 20 * money.Scale},
	}, journals[0].Postings)
	require.NoError(t, journals[0].Validate())
}

func movements(t *testing.T, open Opener) {
	b := New(t, open)
	page, err := b.Movements(b.Ctx, "acct", desk.Paging{})
	require.NoError(t, err)
	assert.Empty(t, page.Items)
	var want []string
	for i := range 5 {
		id := "p" + strconv.Itoa(i)
		b.Buy(id, 80, 100)
		for u := range 4 {
			require.NoError(t, b.Use(fmt.Sprintf("u%d-%d", i, u), id, 1))
		}
		r := b.MustFile(id)
		b.Step(r.ID, refund.VerbScreen, refund.Crediting)
		b.Step(r.ID, refund.VerbCredit, refund.Credited)
		want = append([]string{r.ID}, want...)
	}
	all, err := b.Journals(b.Ctx, "acct", desk.Paging{Limit: 200})
	require.NoError(t, err)
	require.Len(t, all.Items, 30)
	var got []string
	for cursor := ""; ; {
		page, err := b.Movements(b.Ctx, "acct", desk.Paging{Limit: 2, Cursor: cursor})
		require.NoError(t, err)
		assert.LessOrEqual(t, len(page.Items), 2)
		for _, j := range page.Items {
			got = append(got, j.OperationID)
			assert.Contains(t, j.Postings, ledger.Posting{Account: ledger.CustomerAccount("acct", "USD"), Micros: 76 * money.Scale})
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	assert.Equal(t, want, got, "the newest first, and of each page as many as there are")
	page, err = b.Movements(b.Ctx, "other", desk.Paging{})
	require.NoError(t, err)
	assert.Empty(t, page.Items)
	_, err = b.Movements(b.Ctx, "acct", desk.Paging{Cursor: "?"})
	assert.Equal(t, fault.Malformed, fault.From(err).Kind)
}

func refundNotices(t *testing.T, open Opener) {
	b := New(t, open)
	b.person("bo", nil)
	id, ticket := b.flaggedBy("bo", "p", "fast")
	b.Clock.Add(hour)
	m := b.say(Reviewer, ticket, review.Public, "We look at it.")
	b.say(Reviewer, ticket, review.Internal, "Odd.")
	b.Clock.Add(hour)
	b.flaggedBy("bo", "other", "fast")
	b.votes(id, review.Reject, "unverified")
	require.NoError(t, b.MarkNotice(b.Ctx, notify.NoticeID(id, notify.Received), notify.Sent))

	told, err := b.RefundNotices(b.Ctx, id)
	require.NoError(t, err)
	var got []string
	for _, n := range told {
		got = append(got, n.Event+" "+n.State)
		assert.Equal(t, id, n.RefundID)
	}
	assert.ElementsMatch(t, []string{"received sent", "in_review pending"}, got[:2])
	assert.Equal(t, []string{"message pending", "rejected pending"}, got[2:])
	assert.Equal(t, ticket, told[2].TicketID)
	assert.Equal(t, notify.MessageNoticeID(m.ID, notify.Wrote), told[2].ID)
	none, err := b.RefundNotices(b.Ctx, "nothing")
	require.NoError(t, err)
	assert.Empty(t, none)
}

func retriedNotice(t *testing.T, open Opener) {
	b := New(t, open)
	b.Buy("p", 100, 100)
	r := b.MustFile("p")
	b.Step(r.ID, refund.VerbScreen, refund.Crediting)
	b.Step(r.ID, refund.VerbCredit, refund.Credited)
	id := notify.NoticeID(r.ID, notify.Credited)
	q := b.question("Where is my money?")
	b.Clock.Add(hour)
	said := b.say(Reviewer, q.ID, review.Public, "On its way.")
	ofQuestion := notify.MessageNoticeID(said.ID, notify.Wrote)

	_, _, err := b.RetryNotice(b.Ctx, Admin, id)
	require.ErrorIs(t, err, desk.ErrNoticeNotFailed, "it is still to be sent")
	_, _, err = b.RetryNotice(b.Ctx, Admin, "nothing")
	assert.Equal(t, fault.NotFound, fault.From(err).Kind)

	require.NoError(t, b.MarkNotice(b.Ctx, id, notify.Dead))
	require.NoError(t, b.MarkNotice(b.Ctx, ofQuestion, notify.Dead))
	failed, err := b.FailedNotices(b.Ctx, desk.Paging{Limit: 1})
	require.NoError(t, err)
	require.Len(t, failed.Items, 1)
	assert.Equal(t, desk.NoticeView{
		ID: ofQuestion, TicketID: q.ID, Event: "message", State: "dead", CreatedAt: said.CreatedAt, UpdatedAt: b.Clock.Now(),
	}, failed.Items[0], "the newest")
	failed, err = b.FailedNotices(b.Ctx, desk.Paging{Limit: 1, Cursor: failed.Next})
	require.NoError(t, err)
	require.Len(t, failed.Items, 1)
	assert.Equal(t, id, failed.Items[0].ID)
	assert.Equal(t, r.ID, failed.Items[0].RefundID)
	assert.Empty(t, failed.Next)

	b.Clock.Add(hour)
	view, intents, err := b.RetryNotice(b.Ctx, Admin, id)
	require.NoError(t, err)
	assert.Equal(t, "pending", view.State)
	assert.Equal(t, b.Clock.Now(), view.UpdatedAt)
	require.Len(t, intents, 1)
	assert.Equal(t, desk.Intent{ID: intents[0].ID, Kind: desk.IntentNotice, NoticeID: id}, intents[0])
	waiting, err := b.Undelivered(b.Ctx, 0, 1000)
	require.NoError(t, err)
	assert.Contains(t, waiting, intents[0], "the sweep knows of it too")
	n, err := b.Notice(b.Ctx, id)
	require.NoError(t, err)
	assert.Equal(t, notify.Pending, n.State, "whoever delivers finds it to be sent")

	entries, err := b.Entries(b.Ctx, r.ID)
	require.NoError(t, err)
	last := entries[len(entries)-1]
	assert.Equal(t, audit.NoticeRetried, last.Action)
	assert.Equal(t, Admin.Subject, last.Actor)
	assert.Equal(t, audit.ObjectRefund, last.Object)
	assert.Equal(t, "credited", last.ReasonCode)

	require.NoError(t, b.MarkNotice(b.Ctx, id, notify.Sent))
	_, _, err = b.RetryNotice(b.Ctx, Admin, id)
	require.ErrorIs(t, err, desk.ErrNoticeNotFailed, "what was sent is not sent again")
	_, _, err = b.RetryNotice(b.Ctx, Admin, ofQuestion)
	require.NoError(t, err)
	assert.Equal(t, string(audit.NoticeRetried)+" >", b.history(q.ID)[len(b.history(q.ID))-1])
}

func retriedNoticeRace(t *testing.T, open Opener) {
	b := New(t, open)
	b.Buy("p", 100, 100)
	r := b.MustFile("p")
	b.Step(r.ID, refund.VerbWithdraw, refund.Withdrawn)
	id := notify.NoticeID(r.ID, notify.Withdrawn)
	require.NoError(t, b.MarkNotice(b.Ctx, id, notify.Dead))
	const clicks = 10
	answers := make(chan error, clicks)
	for range clicks {
		go func() {
			_, _, err := b.RetryNotice(b.Ctx, Admin, id)
			answers <- err
		}()
	}
	won := 0
	for range clicks {
		if err := <-answers; err == nil {
			won++
		} else {
			require.ErrorIs(t, err, desk.ErrNoticeNotFailed)
		}
	}
	assert.Equal(t, 1, won)
}

func marks(t *testing.T, open Opener) {
	b := New(t, open)
	b.person("bo", nil)
	id, ticket := b.flaggedBy("bo", "p", "fast")
	other, _ := b.flaggedBy("bo", "q", "fast")
	mark := func(inside bool) string {
		m, err := b.RefundMark(b.Ctx, id, inside)
		require.NoError(t, err)
		return m
	}
	for _, c := range []struct {
		what           string
		do             func()
		staff, outside bool // whether they see that something changed
	}{
		{"nothing", func() {}, false, false},
		{"another refund", func() { b.votes(other, review.Reject, "unverified") }, false, false},
		{"an internal note", func() { b.say(Reviewer, ticket, review.Internal, "Odd.") }, true, false},
		{"a claim", func() { require.NoError(t, b.Claim(b.Ctx, Reviewer, ticket)) }, true, false},
		{"words to the customer", func() { b.say(Reviewer, ticket, review.Public, "We look at it.") }, true, true},
		{"a question to the customer", func() { b.AskCustomer(id, "Is it you?") }, true, true},
		{"his answer", func() { b.say(Customer("bo"), ticket, review.Public, "It is.") }, true, true},
		{"back in review", func() { b.Step(id, refund.VerbReassess, refund.InReview) }, true, true},
		{"the end", func() { b.votes(id, review.Reject, "unverified") }, true, true},
	} {
		staff, outside := mark(true), mark(false)
		b.Clock.Add(time.Minute)
		c.do()
		assert.Equal(t, c.staff, staff != mark(true), "%s: staff", c.what)
		assert.Equal(t, c.outside, outside != mark(false), "%s: its customer", c.what)
	}
	_, err := b.RefundMark(b.Ctx, "nothing", true)
	assert.Equal(t, fault.NotFound, fault.From(err).Kind)
}

// moves: what was tried at a refund is no more to read for whoever looks how it went.
func moves(t *testing.T, open Opener) {
	b := New(t, open)
	for state, r := range b.EveryState() {
		for _, object := range []audit.Object{audit.ObjectRefund, audit.ObjectTicket} {
			for range 5 {
				require.NoError(t, b.Refuse(b.Ctx, audit.Entry{
					Actor: Customer("acct").Subject, Role: identity.Customer, Action: audit.WithdrawRefused, Object: object, ObjectID: r.ID, RefundID: r.ID, ReasonCode: "too-late",
				}))
			}
		}
		all, err := b.Entries(b.Ctx, r.ID)
		require.NoError(t, err)
		var want []audit.Entry
		for _, e := range all {
			if e.Object == audit.ObjectRefund && e.NewState != "" && e.NewState != e.OldState {
				want = append(want, e)
			}
		}
		require.NotEmpty(t, want)
		got, err := b.Moves(b.Ctx, r.ID)
		require.NoError(t, err)
		assert.Equal(t, want, got, state)
		assert.Equal(t, string(r.State), got[len(got)-1].NewState)
		assert.GreaterOrEqual(t, len(all), len(got)+10, "the record itself has every attempt")
	}
}
