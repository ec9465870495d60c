package audit_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/audit"
	console "refunddesk/internal/console/audit"
	"refunddesk/internal/console/page"
	"refunddesk/internal/console/pagetest"
	"refunddesk/internal/console/words"
	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/notify"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/internal/store/storetest"
)

var otto = identity.Actor{Subject: "otto", Roles: []identity.Role{identity.Auditor}}

// office is one with the auditors' pages.
type office struct {
	*pagetest.Office
	site *pagetest.Site
	otto *pagetest.Browser
}

func open(t *testing.T) *office {
	t.Helper()
	o := &office{Office: pagetest.NewOffice(t)}
	o.site = o.Site(pagetest.Options{Routes: []func(*page.Kit){console.Routes}})
	o.otto = o.site.As(otto)
	return o
}

// credited is a refund of 80 for a package of 100, used by 10, that is in the balance.
func (o *office) credited(packageID string) refund.Refund {
	o.T.Helper()
	o.Buy(packageID, 80, 100)
	require.NoError(o.T, o.Use("u-"+packageID, packageID, 10))
	r := o.MustFile(packageID)
	o.judged(r.ID, refund.Crediting)
	o.Step(r.ID, refund.VerbCredit, refund.Credited)
	return o.read(r.ID)
}

// rejected is a refund of 2,000 that rita rejected after a word to the customer.
func (o *office) rejected(packageID string) refund.Refund {
	o.T.Helper()
	o.Buy(packageID, 2000, 2000)
	r := o.MustFile(packageID)
	o.judged(r.ID, refund.InReview)
	_, _, err := o.Say(o.Ctx, storetest.Reviewer, o.OpenTicket(r.ID), review.Public, "We look at it.")
	require.NoError(o.T, err)
	o.Clock.Add(3 * time.Minute)
	o.Decide(r.ID, storetest.Reviewer, review.Reject)
	return o.read(r.ID)
}

// judged has the policy in force judge the refund, so that it can be judged again.
func (o *office) judged(id string, want refund.State) {
	o.T.Helper()
	facts, version, err := o.Facts(o.Ctx, id)
	require.NoError(o.T, err)
	p, err := policy.NewShelf(o.PolicySource).Policy(o.Ctx, version)
	require.NoError(o.T, err)
	step, err := o.Screen(o.Ctx, o.Op(id, refund.VerbScreen), facts, p.Evaluate(facts))
	require.NoError(o.T, err)
	require.Equal(o.T, want, step.State)
}

func (o *office) read(id string) refund.Refund {
	o.T.Helper()
	r, err := o.Refund(o.Ctx, id)
	require.NoError(o.T, err)
	return r
}

// actions of the refund's audit entries.
func (o *office) actions(refundID string) (all []audit.Action) {
	o.T.Helper()
	entries, err := o.Entries(o.Ctx, refundID)
	require.NoError(o.T, err)
	for _, e := range entries {
		all = append(all, e.Action)
	}
	return all
}

// sound expects a page that is whole in both languages.
func (o *office) sound(path string, status int) map[string]*pagetest.Answer {
	o.T.Helper()
	pages := map[string]*pagetest.Answer{}
	for _, locale := range words.Locales {
		a := o.otto.In(locale).Get(path)
		require.Equal(o.T, status, a.Status, "%s in %s: %s", path, locale, a.Body)
		assert.Empty(o.T, a.Flaws(), "%s in %s", path, locale)
		assert.NotContains(o.T, a.Body, "⟦", "%s in %s", path, locale)
		pages[locale] = a
	}
	return pages
}

func found(a *pagetest.Answer) []string {
	ids := []string{}
	for _, row := range a.All("#refunds tbody tr") {
		ids = append(ids, row.Attr("data-row"))
	}
	return ids
}

func TestSearch(t *testing.T) {
	o := open(t)
	for locale, a := range o.sound("/audit", http.StatusOK) {
		assert.NotNil(t, a.Find(".empty-first"), locale)
		assert.Nil(t, a.Find("#export"), "there is nothing to take")
	}
	begin := o.Clock.Now()
	paid := o.credited("p1")
	o.Clock.Add(24 * time.Hour)
	refused := o.rejected("p2")

	for _, a := range o.sound("/audit", http.StatusOK) {
		assert.Equal(t, []string{refused.ID, paid.ID}, found(a), "the last filed first")
		assert.Nil(t, a.Find("#criteria[open]"))
		assert.NotNil(t, a.Find(`a[href="/audit/refunds/`+paid.ID+`"]`))
		assert.NotNil(t, a.Find(`a[href="/accounts/acct"]`))
	}
	day := begin.Format(time.DateOnly)
	for query, want := range map[string][]string{
		"text=" + paid.ID:                          {paid.ID},
		"text=+p2+":                                {refused.ID},
		"text=refund/" + paid.ID:                   {paid.ID},
		"account_id=acct":                          {refused.ID, paid.ID},
		"account_id=other":                         {},
		"refund_id=" + paid.ID:                     {paid.ID},
		"workflow_id=refund/" + refused.ID:         {refused.ID},
		"state=rejected":                           {refused.ID},
		"verdict=review":                           {refused.ID},
		"actor=rita":                               {refused.ID},
		"currency=usd&amount_from=70&amount_to=70": {paid.ID},
		"currency=USD&amount_from=70.000001":       {refused.ID},
		"from=" + day + "&to=" + day:               {paid.ID},
		"from=" + begin.AddDate(0, 0, 1).Format(time.DateOnly): {refused.ID},
		"text=acct&state=credited&actor=&rule=":                {paid.ID},
	} {
		a := o.otto.Get("/audit?" + strings.ReplaceAll(query, "+", "%20"))
		require.Equal(t, http.StatusOK, a.Status, query)
		assert.Equal(t, want, found(a), query)
		if len(want) == 0 {
			assert.NotNil(t, a.Find(".empty-filtered"), query)
		}
		values, err := url.ParseQuery(query)
		require.NoError(t, err)
		for name, value := range values {
			if name != "state" && name != "verdict" {
				assert.Equal(t, strings.TrimSpace(value[0]), a.Find("#search input[name="+name+"]").Attr("value"), "%s is kept", query)
			}
		}
	}
	a := o.otto.Get("/audit?state=rejected")
	assert.NotNil(t, a.Find("#criteria[open]"), "what narrows is in sight")
	assert.NotNil(t, a.Find(`#state option[value=rejected][selected]`))
	assert.NotNil(t, a.Find("#refunds .state-rejected"))
	assert.Contains(t, a.Find("#count").Text(), "1 refund,")
}

func TestSearchByRule(t *testing.T) {
	o := open(t)
	refused := o.rejected("p")
	s, err := o.Screening(o.Ctx, refused.ID)
	require.NoError(t, err)
	require.NotEmpty(t, s.Matches)
	o.credited("q")
	assert.Equal(t, []string{refused.ID}, found(o.otto.Get("/audit?rule="+s.Matches[0].Rule)))
}

func TestSearchSaysWhatCannotBe(t *testing.T) {
	o := open(t)
	long := strings.Repeat("x", 201)
	for query, field := range map[string]string{
		"amount_from=ten&currency=USD":             "amount_from",
		"amount_from=-1&currency=USD":              "amount_from",
		"amount_to=1.0000001&currency=USD":         "amount_to",
		"amount_from=2&amount_to=1&currency=USD":   "amount_to",
		"amount_from=2":                            "currency",
		"currency=euro":                            "currency",
		"from=yesterday":                           "from",
		"to=2026-02-30":                            "to",
		"from=2026-03-02&to=2026-03-01":            "to",
		"state=paid":                               "state",
		"verdict=perhaps":                          "verdict",
		"text=" + long:                             "text",
		"actor=a%00b":                              "actor",
		"rule=" + long:                             "rule",
		"workflow_id=" + long + "&refund_id=a%0Ab": "refund_id",
		"account_id=%1B":                           "account_id",
	} {
		for _, a := range o.sound("/audit?"+query, http.StatusUnprocessableEntity) {
			problem := a.Find("#" + field + "-problem")
			require.NotNil(t, problem, query)
			assert.NotEmpty(t, problem.Text())
			input := a.Find("#" + field)
			assert.Equal(t, "true", input.Attr("aria-invalid"), query)
			assert.Contains(t, strings.Fields(input.Attr("aria-describedby")), field+"-problem")
			assert.Nil(t, a.Find("#results"), "nothing is searched for")
		}
	}
	a := o.otto.Get("/audit?amount_from=ten&currency=USD&text=keep")
	assert.Equal(t, "ten", a.Find("#amount_from").Attr("value"), "what was typed is kept")
	assert.Equal(t, "keep", a.Find("#text").Attr("value"))
	assert.Equal(t, "Give an amount such as 12.50, not below zero.", a.Find("#amount_from-problem").Text())
	assert.Equal(t, "请填写金额，例如 12.50，不得为负数。", o.otto.In("zh-Hans").Get("/audit?amount_from=ten&currency=USD").Find("#amount_from-problem").Text())
	assert.Equal(t, http.StatusBadRequest, o.otto.Get("/audit?cursor=nonsense").Status)
}

func TestSearchPages(t *testing.T) {
	o := open(t)
	var all []string
	for n := range 51 {
		o.Buy(fmt.Sprint("p", n), 5, 5)
		all = append(all, o.MustFile(fmt.Sprint("p", n)).ID)
		o.Clock.Add(time.Second)
	}
	slices.Reverse(all)
	first := o.otto.Get("/audit?account_id=acct")
	assert.Equal(t, all[:50], found(first))
	assert.Contains(t, first.Find("#count").Text(), "50 refunds on this page; there are more")
	next := first.Find(".more a").Attr("href")
	assert.Contains(t, next, "account_id=acct", "the next page is of the same search")
	last := o.otto.Get(next)
	assert.Equal(t, all[50:], found(last))
	assert.Contains(t, last.Find("#count").Text(), "1 refund on this page, the last one")
	assert.Equal(t, "/audit?account_id=acct", last.Find(".more a").Attr("href"))
	assert.NotContains(t, last.Find(`#export a[href]`).Attr("href"), "cursor", "a copy is of everything")

	rows := csvOf(t, o.otto.Get("/audit/export?format=csv&account_id=acct"))
	assert.Len(t, rows, 52)
}

func TestWhoMayNot(t *testing.T) {
	o := open(t)
	r := o.credited("p")
	before := o.actions(r.ID)
	for _, who := range []identity.Actor{storetest.Customer("acct"), storetest.Reviewer, storetest.Senior, storetest.Admin, storetest.Integrator, {Subject: "nobody"}} {
		for _, path := range []string{"/audit", "/audit/export?format=csv", "/audit/refunds/" + r.ID, "/audit/refunds/" + r.ID + "/export?format=ndjson"} {
			a := o.site.As(who).Get(path)
			assert.Equal(t, http.StatusForbidden, a.Status, "%s %s", who.Subject, path)
			assert.NotContains(t, a.Body, r.ID[len(r.ID)-8:]+"<")
		}
	}
	assert.Equal(t, before, o.actions(r.ID))
	assert.Zero(t, o.exports())
	for _, path := range []string{"/audit/refunds/nothing", "/audit/refunds/nothing/export?format=csv"} {
		assert.Equal(t, http.StatusNotFound, o.otto.Get(path).Status, path)
	}
	for _, path := range []string{"/audit/export", "/audit/export?format=pdf", "/audit/export?format=csv&state=paid", "/audit/refunds/" + r.ID + "/export?format="} {
		assert.Equal(t, http.StatusUnprocessableEntity, o.otto.Get(path).Status, path)
	}
	assert.Zero(t, o.exports(), "what was not given is not on the record")
	assert.Equal(t, before, o.actions(r.ID))
}

// event is one of the engine's, so long after the refund was filed by the database's clock.
func (o *office) event(r refund.Refund, id int64, after time.Duration, kind, summary string) desk.Event {
	o.T.Helper()
	entries, err := o.Entries(o.Ctx, r.ID)
	require.NoError(o.T, err)
	return desk.Event{ID: id, At: entries[0].At.Add(after), RunID: "run-1", Type: kind, Summary: summary}
}

func TestHistoryOfACreditedRefund(t *testing.T) {
	o := open(t)
	r := o.credited("p")
	o.Engine.Events = []desk.Event{
		o.event(r, 1, -time.Second, "WorkflowExecutionStarted", "Refund"), o.event(r, 9, time.Hour, "WorkflowExecutionCompleted", ""),
	}
	require.NoError(t, o.MarkNotice(o.Ctx, notify.NoticeID(r.ID, notify.Credited), notify.Sent))
	for _, a := range o.sound("/audit/refunds/"+r.ID, http.StatusOK) {
		rows := a.All("#events tbody tr")
		assert.Len(t, rows, 2+len(o.actions(r.ID)))
		assert.Equal(t, "engine", rows[0].Attr("data-source"), "in the order of time")
		assert.Equal(t, "engine", rows[len(rows)-1].Attr("data-source"))
		assert.Contains(t, rows[0].Text(), "WorkflowExecutionStarted")
		assert.NotNil(t, a.Find("#history .chart svg"), "and on one axis")
		assert.NotNil(t, a.Find(`#history .chart a[href="#h1"]`))
		assert.Nil(t, a.Find("#engine-away"))
		assert.NotNil(t, a.Find("#replayed .state-approve"))
		assert.NotNil(t, a.Find("#facts tr[data-fact=amount]"))
		assert.NotNil(t, a.Find("#policy-source pre"))
		sums := a.All(".journal tfoot .money")
		require.Len(t, sums, 2)
		assert.Equal(t, "90.000000 USD", sums[0].Attr("value"))
		assert.Equal(t, "90.000000 USD", sums[1].Attr("value"), "what is taken is what is given")
		assert.Len(t, a.All(".journal tbody tr"), 3)
		assert.NotNil(t, a.Find("#mails .state-sent"))
		assert.Nil(t, a.Find("#votes table"))
		assert.NotNil(t, a.Find(`#export a[href="/audit/refunds/`+r.ID+`/export?format=ndjson"]`))
	}
	en := o.otto.Get("/audit/refunds/" + r.ID)
	assert.Contains(t, en.Find("#replayed").Text(), "The same verdict")
	assert.Contains(t, en.Find("#refund").Text(), "Ann", "an account has a name")

	for source, want := range map[string]int{"audit": len(o.actions(r.ID)), "engine": 2, "nonsense": 2 + len(o.actions(r.ID))} {
		a := o.otto.Get("/audit/refunds/" + r.ID + "?source=" + source)
		assert.Len(t, a.All("#events tbody tr"), want, source)
	}
	assert.NotNil(t, o.otto.Get("/audit/refunds/"+r.ID+"?source=engine").Find(`#sources a[aria-current=true][href="/audit/refunds/`+r.ID+`?source=engine#history"]`))
}

// What a customer tries again and again makes the record longer, not the page.
func TestALongHistoryIsShownByPages(t *testing.T) {
	o := open(t)
	r := o.rejected("p")
	for range 230 {
		_, err := o.Desk.Withdraw(o.Ctx, storetest.Customer("acct"), r.ID)
		require.Error(t, err)
	}
	all, path := len(o.actions(r.ID)), "/audit/refunds/"+r.ID
	require.Greater(t, all, 230)
	seen := map[string]bool{}
	for path != "" {
		a := o.otto.Get(path)
		require.Equal(t, http.StatusOK, a.Status)
		assert.Empty(t, a.Flaws())
		assert.LessOrEqual(t, len(a.All("#events tbody tr")), 100)
		for _, row := range a.All("#events tbody tr") {
			require.False(t, seen[row.Attr("id")])
			seen[row.Attr("id")] = true
		}
		assert.Less(t, len(a.Body), 300_000, "before it is compressed")
		for _, mark := range a.All("#history .chart a") {
			assert.NotNil(t, a.Find(mark.Attr("href")), "a mark leads to its row")
		}
		path = ""
		if later := a.Find("#later"); later != nil {
			path = strings.TrimSuffix(later.Attr("href"), "#history")
		}
	}
	assert.Len(t, seen, all)
	last := o.otto.Get("/audit/refunds/" + r.ID + "?source=audit&from=200")
	assert.Contains(t, last.Find("#parts").Text(), fmt.Sprintf("201 to %d of %d", all, all))
	assert.Equal(t, "/audit/refunds/"+r.ID+"?from=100&source=audit#history", last.Find("#earlier").Attr("href"))
	for _, odd := range []string{"-5", "99999999", "x"} {
		assert.Contains(t, o.otto.Get("/audit/refunds/"+r.ID+"?from="+odd).Find("#parts").Text(), "1 to 100")
	}
	copied := o.otto.Get("/audit/refunds/" + r.ID + "/export?format=csv")
	assert.Greater(t, strings.Count(copied.Body, "\n"), all, "a copy has everything")
}

func TestHistoryOfARejectedRefund(t *testing.T) {
	o := open(t)
	r := o.rejected("p")
	ticket := ""
	for _, a := range o.sound("/audit/refunds/"+r.ID, http.StatusOK) {
		assert.NotNil(t, a.Find("#engine-forgot"), "the engine knows nothing of it")
		assert.NotNil(t, a.Find("#votes .state-reject"))
		assert.Contains(t, a.Find("#votes").Text(), "rita")
		assert.NotEmpty(t, a.All("#rules tbody tr"))
		assert.NotNil(t, a.Find("#mails .state-pending"))
		link := a.Find("#votes .hint a")
		require.NotNil(t, link, "the notes of staff are with the case")
		ticket = link.Attr("href")
		assert.NotNil(t, a.Find(`#events a[href="/policies/1"]`))
	}
	assert.True(t, strings.HasPrefix(ticket, "/review/ticket_"))
	a := o.otto.Get("/audit/refunds/" + r.ID)
	assert.Contains(t, a.Find("#events").Text(), "Vote cast")
	assert.Contains(t, a.Find("#mails").Text(), "Message from us")
	assert.NotContains(t, a.Body, "We look at it.", "what was said is on the case, not here")
	assert.Contains(t, a.Find("#journal").Text(), "no money moved")
}

func TestHistoryOfWhatWasJustFiled(t *testing.T) {
	o := open(t)
	o.Buy("p", 5, 5)
	r := o.MustFile("p")
	for _, a := range o.sound("/audit/refunds/"+r.ID, http.StatusOK) {
		assert.Nil(t, a.Find("#facts"))
		assert.Len(t, a.All("#events tbody tr"), 1)
	}
	for _, a := range o.sound("/audit/refunds/"+r.ID+"?source=engine", http.StatusOK) {
		assert.NotNil(t, a.Find("#history .empty-filtered"))
	}
}

func TestHistoryWithoutTheEngine(t *testing.T) {
	o := open(t)
	r := o.credited("p")
	o.Engine.Instead = pagetest.Away
	for _, a := range o.sound("/audit/refunds/"+r.ID, http.StatusOK) {
		assert.NotNil(t, a.Find("#engine-away"))
		assert.Len(t, a.All("#events tbody tr"), len(o.actions(r.ID)), "the rest is there")
		assert.NotNil(t, a.Find(".journal"))
	}
	rows := csvOf(t, o.otto.Get("/audit/refunds/"+r.ID+"/export?format=csv"))
	assert.Contains(t, columns(rows, "source", "action"), "engine-state unavailable", "a copy says so, too")
}
