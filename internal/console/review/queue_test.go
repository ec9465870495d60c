package review_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/console/page"
	"refunddesk/internal/console/pagetest"
	pages "refunddesk/internal/console/review"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/store"
	"refunddesk/internal/store/storetest"
)

func TestQueueShowsWhatWaits(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p1")
	a := o.get(rita, "/review")
	row := a.Find("#row-" + id)
	require.NotNil(t, row)
	assert.True(t, row.Has("data-row"))
	assert.Equal(t, "/review/"+id, row.Find("a").Attr("href"))
	for _, words := range []string{"in 2 d", "$2,000.00", "Global SMS", "acct", "Amounts above the limit are looked at by a person.", "Review", "Nobody", "In review", "20"} {
		assert.Contains(t, row.Text(), words)
	}
	assert.NotNil(t, row.Find(".due"))
	assert.Equal(t, "1", a.Find("#figure-open").Text())
	assert.Equal(t, "1", a.Find("#figure-unassigned").Text())
	assert.Equal(t, "0", a.Find("#figure-overdue").Text())
	assert.Equal(t, "/", a.Find("#filter-q").Attr("data-key"))
	assert.NotEmpty(t, a.Find("#filter-q").Attr("data-key-label"))
}

func TestQueueInEveryLanguageAndState(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p1")
	o.question("Where is my money?")
	for _, locale := range []string{"en", "zh-Hans"} {
		for _, path := range []string{"/review", "/review?view=mine", "/review?view=questions", "/review?q=nothing", "/review?rule=x", "/review/" + id, "/review?queue=none"} {
			a := o.site.As(rita).In(locale).Get(path)
			assert.Empty(t, a.Flaws(), "%s in %s", path, locale)
		}
	}
	a := o.site.As(rita).In("zh-Hans").Get("/review")
	assert.Equal(t, "审核队列", a.Find("h1").Text())
}

func TestViewsAreLinks(t *testing.T) {
	o := newOffice(t)
	mine, other, asked := o.asks("p1"), o.asks("p2"), o.asks("p3")
	question := o.question("Where is my money?")
	_, err := o.Desk.Claim(o.Ctx, rita, mine)
	require.NoError(t, err)
	o.AskCustomer(o.read(asked).Refund.ID, "Which account?")
	_, err = o.Desk.Escalate(o.Ctx, rita, other, "Too big for me.")
	require.NoError(t, err)

	rows := func(path string) string {
		return strings.Join(links(o.get(rita, path), "#queue tr[data-row] a"), " ")
	}
	all := o.get(rita, "/review")
	assert.Len(t, all.All("#views a"), 9)
	assert.Equal(t, "page", all.Find("#view-all").Attr("aria-current"))
	for view, want := range map[string]string{"mine": mine, "waiting": asked, "escalated": other, "questions": question} {
		link := all.Find("#view-" + view).Attr("href")
		assert.Equal(t, "/review?view="+view, link)
		assert.Equal(t, "/review/"+want+"?view=view%3D"+view, rows(link), view)
	}
	assert.Empty(t, rows("/review?view=due"), "nothing is due within four hours")
	o.Clock.Add(46 * time.Hour)
	assert.Contains(t, rows("/review?view=due"), mine)
	assert.NotContains(t, rows("/review?view=due"), asked, "its clock stands still")
	assert.NotContains(t, rows("/review?view=unassigned"), mine)
	assert.NotNil(t, o.get(rita, "/review").Find("#row-"+mine+" .due-soon"))
	assert.Contains(t, o.get(rita, "/review").Find("#row-"+asked).Text(), "stands still")
	o.Clock.Add(3 * time.Hour)
	assert.NotNil(t, o.get(rita, "/review").Find("#row-"+mine+" .due-past"))
}

func TestFiltersStandInTheURL(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p1")
	const path = "/review?view=unassigned&queue=review&kind=refund&rule=amount-above-limit&sort=priority"
	a := o.get(rita, path)
	assert.NotNil(t, a.Find("#row-"+id))
	form := a.Find("form#filters")
	assert.Equal(t, "get", form.Attr("method"))
	fields := form.Fields()
	for name, want := range map[string]string{"view": "unassigned", "queue": "review", "kind": "refund", "rule": "amount-above-limit", "sort": "priority"} {
		assert.Equal(t, want, fields.Get(name), name)
	}
	// What the form sends gives the same list again.
	again := o.get(rita, "/review?"+fields.Encode())
	assert.Equal(t, fields, again.Find("form#filters").Fields())
	assert.Equal(t, "/review?view=unassigned", again.Find("#clear-filters").Attr("href"))

	none := o.get(rita, "/review?rule=another")
	assert.Nil(t, none.Find("#queue"))
	assert.NotNil(t, none.Find(".empty-filtered"))
	assert.NotNil(t, o.get(rita, "/review?view=snoozed").Find(".empty-first"))
	assert.NotNil(t, o.get(rita, "/review?view=mine").Find(".empty-done"))

	wrong := o.site.As(rita).Get("/review?queue=nowhere&assignee=%3C")
	assert.Equal(t, 422, wrong.Status)
	assert.NotNil(t, wrong.Find("form#filters .problem"))
	assert.Equal(t, 422, o.site.As(rita).Get("/review?assignee=%3Cscript%3E").Status)
}

// The key c of a row claims the row's case, and no other that happens to be ticked.
func TestARowIsClaimedByItself(t *testing.T) {
	o := newOffice(t)
	one, two := o.asks("p1"), o.asks("p2")
	a := o.get(rita, "/review?kind=refund")
	button := a.Find("#row-" + two + " button[data-row-key=c]")
	require.NotNil(t, button)
	assert.NotEmpty(t, button.Attr("data-key-label"))
	assert.False(t, button.Has("data-key"), "the first row's is not the page's")
	form := a.Find("form#" + button.Attr("form"))
	assert.Equal(t, "/review/claim?view=kind%3Drefund", form.Attr("action"))
	assert.Equal(t, "bulk-assign", a.Find("form#bulk button.primary").Attr("id"))
	for _, e := range a.All("form#bulk button") {
		if !e.Has("form") {
			assert.Equal(t, "bulk-assign", e.Attr("id"), "Enter in the field of whom to assign to assigns")
			break
		}
	}
	done := o.site.As(rita).Post(form.Attr("action"), form.Fields(button.Attr("name"), button.Attr("value")))
	assert.Equal(t, "/review?kind=refund&done=review-claimed", done.Location)
	assert.Equal(t, "rita", o.read(two).Ticket.Assignee)
	assert.Empty(t, o.read(one).Ticket.Assignee)
	a = o.get(rita, "/review")
	assert.Nil(t, a.Find("#row-"+two+" button"), "it is hers")
	assert.NotNil(t, a.Find("#row-"+one+" button[data-row-key=c]"))

	late := o.site.As(rob).Post(form.Attr("action"), form.Fields(button.Attr("name"), button.Attr("value")))
	assert.Equal(t, 409, late.Status)
	assert.Contains(t, late.Find("#bulk-trouble").Text(), "Somebody else has claimed it")
	assert.Nil(t, o.get(otto, "/review").Find("button[data-row-key]"))
}

// A list that cannot be says so: a blank page looks like a queue in which all is done.
func TestAListThatCannotBeSaysSo(t *testing.T) {
	o := newOffice(t)
	o.asks("p1")
	cut := o.site.As(rita).Get("/review?sort=newest&cursor=abc")
	assert.Equal(t, 400, cut.Status)
	assert.Contains(t, cut.Find("main .trouble").Text(), "open it again")
	assert.Equal(t, "/review", cut.Find("#clear-filters").Attr("href"))
	assert.Equal(t, "1", cut.Find("#figure-open").Text(), "the numbers are those of the desk")
	assert.Empty(t, cut.Flaws())
	beside := o.site.As(rita).Get("/review?queue=nowhere")
	assert.NotNil(t, beside.Find("#filter-queue-problem"))
	assert.Nil(t, beside.Find("main .trouble"), "what a field says is not said twice")

	refusing := desk.New(desk.Options{Records: asPostgres{o.Store}, Engine: o.Engine, Watch: o.Store, Now: o.Clock.Now})
	site := pagetest.NewSite(t, refusing, pagetest.Options{Now: o.Clock.Now, Routes: []func(*page.Kit){pages.Routes}})
	for locale, words := range map[string]string{"en": "characters that cannot be kept", "zh-Hans": "无法保存的字符"} {
		text := site.As(rita).In(locale).Get("/review?rule=%00")
		assert.Equal(t, 400, text.Status)
		assert.Contains(t, text.Find("main .trouble").Text(), words)
		assert.Nil(t, text.Find(".empty"))
		assert.Empty(t, text.Flaws())
	}
}

// asPostgres are records that refuse a text as PostgreSQL does.
type asPostgres struct{ *store.Store }

func (asPostgres) Tickets(context.Context, desk.TicketFilter) (desk.Page[desk.CaseView], error) {
	return desk.Page[desk.CaseView]{}, fault.New(fault.Malformed, "invalid-text", "A text holds characters that cannot be kept.")
}

// A view is what its name says whatever else the address asks for, and shows what it fixes.
func TestAViewsOwnCriterionHolds(t *testing.T) {
	o := newOffice(t)
	mine, bobs, free := o.asks("p1"), o.asks("p2"), o.asks("p3")
	question := o.question("Where is my money?")
	_, err := o.Desk.Assign(o.Ctx, rita, bobs, "bob")
	require.NoError(t, err)
	for _, id := range []string{mine, question} {
		_, err := o.Desk.Claim(o.Ctx, rita, id)
		require.NoError(t, err)
	}
	_, err = o.Desk.Escalate(o.Ctx, rita, bobs, "Too big for me.")
	require.NoError(t, err)
	for _, one := range []struct {
		path, control, shown string
		rows                 []string
	}{
		{"/review?view=mine&assignee=bob", "assignee", "rita", []string{mine, question}},
		{"/review?view=mine&assignee=bob&kind=refund", "assignee", "rita", []string{mine}},
		{"/review?view=unassigned&assignee=bob", "assignee", "Nobody", []string{free}},
		{"/review?view=escalated&queue=review", "queue", "escalation", []string{bobs}},
		{"/review?view=escalated&queue=review&assignee=rita", "queue", "escalation", nil},
		{"/review?view=attention&queue=review", "queue", "attention", nil},
		{"/review?view=questions&kind=refund", "kind", "question", []string{question}},
	} {
		a := o.get(rita, one.path)
		assert.Len(t, a.All("tr[data-row]"), len(one.rows), one.path)
		for _, id := range one.rows {
			assert.NotNil(t, a.Find("#row-"+id), one.path)
		}
		control := a.Find("#filter-" + one.control)
		assert.True(t, control.Has("disabled"), one.path)
		if control.Tag() == "select" {
			assert.Equal(t, one.shown, control.Find("option[selected]").Attr("value"), one.path)
		} else {
			assert.Equal(t, one.shown, control.Attr("value"), one.path)
		}
		assert.False(t, a.Find("form#filters").Fields().Has(one.control), "the view says it, the form does not")
	}
	assert.False(t, o.get(rita, "/review?assignee=bob").Find("#filter-assignee").Has("disabled"))
	assert.NotNil(t, o.get(rita, "/review?assignee=bob").Find("#row-"+bobs))
}

// What is due soon comes in the order that the page says.
func TestWhatIsDueIsOrderedAsChosen(t *testing.T) {
	o := newOffice(t)
	first := o.asks("p1")
	o.Clock.Add(time.Minute)
	second := o.asks("p2")
	o.Clock.Add(46 * time.Hour)
	rows := func(path string) []string {
		a := o.get(rita, path)
		var ids []string
		for _, row := range a.All("tr[data-row]") {
			ids = append(ids, strings.TrimPrefix(row.Attr("id"), "row-"))
		}
		return ids
	}
	assert.Equal(t, []string{first, second}, rows("/review?view=due"))
	assert.Equal(t, []string{second, first}, rows("/review?view=due&sort=newest"))
	assert.Equal(t, "newest", o.get(rita, "/review?view=due&sort=newest").Find("#filter-sort option[selected]").Attr("value"))
}

func TestAnIDLeadsStraightToItsCase(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p1")
	r := o.read(id).Refund
	for _, q := range []string{id, r.ID, r.WorkflowID, "p1"} {
		a := o.site.As(rita).Get("/review?q=" + url.QueryEscape(q))
		assert.Equal(t, 303, a.Status, q)
		assert.Equal(t, "/review/"+id, a.Location, q)
	}
	assert.Equal(t, "/review?account_id=acct", o.site.As(rita).Get("/review?q=acct").Location)
	assert.NotNil(t, o.get(rita, "/review?account_id=acct").Find("#row-"+id))
	o.Buy("unflagged", 2000, 2000)
	clean := o.MustFile("unflagged")
	for _, q := range []string{clean.ID, clean.WorkflowID, "unflagged"} {
		caseless := o.get(rita, "/review?q="+url.QueryEscape(q))
		assert.Contains(t, caseless.Find("#no-case").Text(), q)
		assert.Nil(t, caseless.Find("#not-found"))
	}
	missing := o.get(rita, "/review?q=nothing-has-it")
	assert.Nil(t, missing.Find("#no-case"))
	assert.Contains(t, missing.Find("#not-found").Text(), "nothing-has-it")
	assert.Equal(t, "nothing-has-it", missing.Find("#filter-q").Attr("value"))
}

func TestPagesOfTheQueueFollowOneAnother(t *testing.T) {
	o := newOffice(t)
	seen := map[string]bool{}
	for _, letter := range "abcdefghijklmnopqrstuvwxyzä" {
		o.asks("p-" + string(letter))
		o.Clock.Add(time.Minute)
	}
	first := o.get(rita, "/review?sort=newest")
	assert.Len(t, first.All("tr[data-row]"), 25)
	more := first.Find(".more a").Attr("href")
	assert.Contains(t, more, "sort=newest")
	second := o.get(rita, more)
	assert.Len(t, second.All("tr[data-row]"), 2)
	assert.Nil(t, second.Find(".more a"))
	for _, a := range []*pagetest.Answer{first, second} {
		for _, row := range a.All("tr[data-row]") {
			assert.False(t, seen[row.Attr("id")])
			seen[row.Attr("id")] = true
		}
	}
}

func TestChosenCasesAreAssignedOrClaimedTogether(t *testing.T) {
	o := newOffice(t)
	one, two, three := o.asks("p1"), o.asks("p2"), o.asks("p3")
	b := o.site.As(rita)
	all := o.get(rita, "/review?select=all&kind=refund")
	assert.Len(t, all.All("input[name=ticket_ids][checked]"), 3)

	form := o.get(rita, "/review?kind=refund").Find("form#bulk")
	fields := form.Fields("assignee", "rob")
	fields["ticket_ids"] = []string{one, two}
	a := b.Post(form.Attr("action"), fields)
	assert.Equal(t, "/review?kind=refund&done=review-assigned-several", a.Location)
	assert.Contains(t, o.get(rita, a.Location).Find("#said").Text(), "assigned")
	assert.Equal(t, "rob", o.read(one).Ticket.Assignee)
	assert.Equal(t, "rob", o.read(two).Ticket.Assignee)
	assert.Empty(t, o.read(three).Ticket.Assignee)

	// Claiming takes what nobody holds and leaves to rob what is his.
	a = b.Post("/review/claim", url.Values{"ticket_ids": {one, three}})
	assert.Equal(t, "/review?done=review-claimed-some", a.Location)
	assert.Equal(t, "rita", o.read(three).Ticket.Assignee)
	assert.Equal(t, "rob", o.read(one).Ticket.Assignee)
	a = b.Post("/review/claim", url.Values{"ticket_ids": {one}})
	assert.Equal(t, 409, a.Status)
	assert.Contains(t, a.Find(".trouble").Text(), "Somebody else has claimed it")

	a = b.Post("/review/assign", url.Values{"ticket_ids": {one}, "assignee": {"not a person"}})
	assert.Equal(t, 422, a.Status)
	assert.Equal(t, "not a person", a.Find("#bulk-assignee").Attr("value"))
	assert.NotNil(t, a.Find("#bulk-assignee-problem"))
	assert.NotNil(t, a.Find("input[value="+one+"][checked]"))
	assert.Empty(t, a.Flaws())
	a = b.Post("/review/assign", url.Values{"assignee": {"rob"}})
	assert.Equal(t, 422, a.Status)
	assert.Contains(t, a.Find(".trouble").Text(), "Choose at least one case")
}

func TestWhoReadsActsOnNothing(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p1")
	for _, who := range []identity.Actor{otto, ada} {
		queue := o.get(who, "/review")
		assert.NotNil(t, queue.Find("#row-"+id))
		assert.Nil(t, queue.Find("#bulk"))
		assert.Nil(t, queue.Find("input[type=checkbox][name=ticket_ids]"))
		shown := o.get(who, "/review/"+id)
		for _, form := range shown.All("main form") {
			t.Errorf("%s has the form %s", who.Subject, form.Attr("action"))
		}
		assert.NotNil(t, shown.Find("#reads-only"))
		assert.Contains(t, shown.Find("#why-not").Text(), "neither auditor nor admin")
		for _, path := range []string{"/review/assign", "/review/claim", "/review/" + id + "/decision", "/review/" + id + "/claim", "/review/" + id + "/messages"} {
			assert.Equal(t, 403, o.site.As(who).Post(path, url.Values{"ticket_ids": {id}}).Status, path)
		}
	}
	for _, path := range []string{"/review", "/review/" + id, "/review/" + id + "/viewers", "/review/saved-replies"} {
		assert.Equal(t, 403, o.site.As(ann).Get(path).Status, path)
	}
	assert.NotNil(t, o.get(otto, "/review/"+id).Find("#policy a"), "an auditor may read policies")
	assert.Nil(t, o.get(rita, "/review/"+id).Find("#policy a"))
}

func TestStaffDoNotReadTheirOwnCase(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p1")
	own := identity.Actor{Subject: "rolf", Roles: []identity.Role{identity.Reviewer}, AccountID: "acct"}
	assert.Equal(t, 403, o.site.As(own).Get("/review/"+id).Status)
	assert.NotContains(t, o.get(own, "/review").Body, "Amounts above the limit")
	assert.Equal(t, 404, o.site.As(rita).Get("/review/none").Status)
}

func TestTheQueueServesWithoutViewers(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p1")
	site := pagetest.NewSite(t, o.Desk, pagetest.Options{Now: o.Clock.Now, Routes: []func(*page.Kit){pages.Routes}})
	assert.Equal(t, 200, site.As(storetest.Reviewer).Get("/review/"+id).Status)
	assert.Equal(t, 200, site.As(storetest.Reviewer).Get("/review/"+id+"/viewers").Status)
}
