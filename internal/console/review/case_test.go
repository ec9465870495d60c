package review_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

func TestACaseInOneScreen(t *testing.T) {
	o := newOffice(t)
	o.Buy("small", 100, 100)
	require.NoError(t, o.Use("u1", "small", 40))
	o.Step(o.MustFile("small").ID, refund.VerbScreen, refund.Crediting)
	id := o.asks("p1")
	o.question("Another matter")
	a := o.get(rita, "/review/"+id)
	assert.Equal(t, "Refund of $2,000.00 for Global SMS", a.Find("h1").Text())
	assert.Contains(t, a.Find("#asked").Text(), "No longer needed")
	assert.Equal(t, "$2,000.00", a.Find("#amount").Text())
	assert.Contains(t, a.Find("#quote .total").Text(), "$2,000.00")
	assert.Contains(t, a.Find("#due").Text(), "in 2 d")

	match := a.Find("#matches tbody tr")
	for _, words := range []string{"amount-above-limit", "Amounts above the limit are looked at by a person.", "2000", "1000", "20"} {
		assert.Contains(t, match.Text(), words)
	}
	assert.Equal(t, "/review?rule=amount-above-limit", match.Find("a").Attr("href"))
	assert.Contains(t, a.Find("#policy").Text(), "1")
	assert.Contains(t, a.Find("#facts").Text(), "refunds_30d")

	assert.Contains(t, a.Find("#standing").Text(), "Good standing")
	assert.NotNil(t, a.Find("#history svg"), "the account's history is drawn")
	assert.NotNil(t, a.Find("#history details table"), "and stands in a table")
	assert.Contains(t, a.Find("#history").Text(), "$40.00")
	others := a.Find("#refunds")
	assert.Len(t, others.All("tbody tr"), 1)
	assert.Contains(t, others.Text(), "$60.00")
	assert.Equal(t, "1 of 1 approvals", "1 of "+a.Find("#progress").Text()[len("0 of "):])

	for key, selector := range map[string]string{"a": "#approve", "r": "#reject", "n": "#internal-body", "c": "#claim", "/": "#search"} {
		assert.Equal(t, key, a.Find(selector).Attr("data-key"))
		assert.NotEmpty(t, a.Find(selector).Attr("data-key-label"))
	}
	search := o.get(rita, "/review/"+id+"?view=view%3Dmine").Find("#search")
	assert.Equal(t, "/review?view=mine#filter-q", search.Attr("href"), "the search is that of the queue")
	assert.True(t, search.Has("data-plain"), "the browser focuses the field")
	assert.NotNil(t, o.get(rita, "/review?view=mine").Find("input#filter-q"))
}

func TestLinkedAccountsAreShown(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p1") // "other" has the same e-mail
	a := o.get(rita, "/review/"+id)
	linked := a.Find("#linked tbody tr")
	require.NotNil(t, linked)
	assert.Contains(t, linked.Text(), "other")
	assert.Contains(t, linked.Text(), "E-mail")
	assert.Equal(t, "/review?account_id=other", linked.Find("a").Attr("href"))
}

func TestInternalAndPublicWordsCannotBeMistaken(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p1")
	a := o.get(rita, "/review/"+id)
	note, public := a.Find("form#note-form"), a.Find("form#public-form")
	assert.Equal(t, "internal", note.Fields().Get("visibility"))
	assert.Equal(t, "public", public.Fields().Get("visibility"))
	assert.Equal(t, "Save the internal note", note.Find("button").Text())
	assert.Equal(t, "Send to customer", public.Find("button.primary").Text())
	assert.False(t, a.Find("details#public").Has("open"), "the way to the customer is closed until it is wanted")

	b := o.site.As(rita)
	assert.Equal(t, "/review/"+id+"?done=review-noted", b.Send(a, "form#note-form", "body", "He called twice.").Location)
	assert.Equal(t, "/review/"+id+"?done=review-sent", b.Send(a, "form#public-form", "body", "We are looking at it.").Location)
	v, err := o.Desk.Ticket(o.Ctx, rita, id)
	require.NoError(t, err)
	require.Len(t, v.Messages, 2)
	assert.Equal(t, review.Internal, v.Messages[0].Visibility)
	assert.Equal(t, review.Public, v.Messages[1].Visibility)
	a = o.get(rita, "/review/"+id)
	assert.Contains(t, a.Find("li.message.internal").Text(), "He called twice.")
	assert.Contains(t, a.Find("li.message.public").Text(), "We are looking at it.")

	empty := b.Send(a, "form#public-form", "body", " ")
	assert.Equal(t, 422, empty.Status)
	assert.NotNil(t, empty.Find("#public-body-problem"))
	assert.True(t, empty.Find("details#public").Has("open"))
	assert.Nil(t, empty.Find("#internal-body-problem"))
	assert.Empty(t, empty.Flaws())
}

func TestAskingTheCustomerStopsTheCase(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p1")
	a := o.get(rita, "/review/"+id)
	ask := a.Find("#ask").Attr("formaction")
	assert.Equal(t, "/review/"+id+"/request-information", ask)
	b := o.site.As(rita)
	assert.Equal(t, "/review/"+id+"?done=review-asked", b.Post(ask, a.Find("form#public-form").Fields("body", "Which card?")).Location)
	a = o.get(rita, "/review/"+id)
	assert.NotNil(t, a.Find("#answer-by"))
	assert.Contains(t, a.Find("#why-not").Text(), "has not answered yet")
	assert.Len(t, a.All("ol.conversation li"), 1, "what was asked is one message, and not a note beside it")
	assert.Contains(t, a.Find("#due").Text(), "stands still")

	o2 := newOffice(t)
	id = o2.asks("p1")
	a = o2.get(rita, "/review/"+id)
	o2.Engine.Instead = away
	refused := o2.site.As(rita).Post(a.Find("#ask").Attr("formaction"), a.Find("form#public-form").Fields("body", "Which card?"))
	assert.Equal(t, 503, refused.Status)
	assert.Equal(t, "Which card?", refused.Find("#public-body").Raw())
	assert.Contains(t, refused.Find("#public-trouble").Text(), "Nothing was recorded")
}

func TestSomebodyElseLookingIsVisible(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p1")
	first := o.get(rita, "/review/"+id)
	box := first.Find("#viewers")
	assert.Equal(t, "polite", box.Attr("aria-live"))
	assert.Equal(t, "every 15s", box.Attr("hx-trigger"))
	for _, refused := range []string{"hx-status:4xx", "hx-status:5xx"} {
		assert.Equal(t, "swap:none", box.Attr(refused), "a page that says what went wrong stays out of the heading")
	}
	assert.Empty(t, box.Text())
	assert.Contains(t, o.get(rob, "/review/"+id).Find("#viewers").Text(), "rita is looking at this case too")
	fragment := o.site.As(rita).Get(box.Attr("hx-get"))
	assert.Contains(t, fragment.Body, "rob is looking at this case too")
	assert.NotContains(t, fragment.Body, "<html")
	o.Clock.Add(time.Minute)
	assert.NotContains(t, o.site.As(rita).Get(box.Attr("hx-get")).Body, "rob")
	assert.Equal(t, 404, o.site.As(rita).Get("/review/none/viewers").Status)
}

// Who of the desk looks at it is nothing for whoever the case is of.
func TestNobodyHearsWhoLooksAtHisOwnCase(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p1")
	o.get(rita, "/review/"+id)
	owner := identity.Actor{Subject: "owen", Roles: []identity.Role{identity.Reviewer}, AccountID: "acct"}
	for _, path := range []string{"", "/viewers"} {
		a := o.site.As(owner).Get("/review/" + id + path)
		assert.Equal(t, 403, a.Status, path)
		assert.NotContains(t, a.Body, "rita")
	}
	assert.NotContains(t, o.site.As(rita).Get("/review/"+id+"/viewers").Body, "owen", "nor does he count as one who looks")
	auditor := identity.Actor{Subject: "otto", Roles: []identity.Role{identity.Auditor}, AccountID: "acct"}
	assert.Equal(t, 200, o.site.As(auditor).Get("/review/"+id+"/viewers").Status, "an auditor reads everything")
}

// What the browser shows after a form was refused can be read again.
func TestTheAddressOfAFormLeadsToItsPage(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p1")
	for _, what := range []string{
		"decision", "use-reply", "claim", "release", "assign", "snooze", "request-information", "escalate", "messages", "resolve",
	} {
		assert.Equal(t, "/review/"+id, o.site.As(rita).Get("/review/"+id+"/"+what).Location, what)
	}
	for _, what := range []string{"assign", "claim"} {
		assert.Equal(t, "/review", o.site.As(rita).Get("/review/"+what).Location, what)
	}
}

func TestAnAppealShowsTheFirstDecision(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p1")
	b := o.site.As(rita)
	b.Send(o.get(rita, "/review/"+id), "form#decision-form", "decision", "reject", "reason_code", "suspected_abuse", "note", "Looks bought with a stolen card.")
	first := o.read(id).Refund
	require.Equal(t, refund.Rejected, first.State)
	appeal, err := o.Desk.Appeal(o.Ctx, ann, first.ID, "It is my own card.", 0)
	require.NoError(t, err)
	o.Step(appeal.ID, refund.VerbScreen, refund.InReview)
	second := o.OpenTicket(appeal.ID)

	a := o.get(rob, "/review/"+second)
	assert.NotNil(t, a.Find("#case-appeal"))
	shown := a.Find("#first")
	assert.Contains(t, shown.Text(), first.ID)
	assert.Contains(t, shown.Text(), "Suspected abuse")
	assert.Contains(t, a.Find("#barred").Text(), "rita")
	assert.Contains(t, a.Find("#talk").Text(), "Looks bought with a stolen card.")
	assert.Contains(t, a.Find("li.message.customer").Text(), "It is my own card.")
	assert.Equal(t, "Ann", a.Find("li.message.customer .name").Text(), "people have names")
	assert.NotNil(t, a.Find("form#decision-form"))
	barred := o.get(rita, "/review/"+second)
	assert.Nil(t, barred.Find("form#decision-form"))
	assert.Contains(t, barred.Find("#why-not").Text(), "You decided the first request")
	closed := o.get(rob, "/review/"+id)
	assert.Nil(t, closed.Find("#work"))
	assert.Contains(t, closed.Find("#votes").Text(), "Reject")
}

func TestAQuestionHasNoDecision(t *testing.T) {
	o := newOffice(t)
	one := o.question("Where is my money?")
	two := o.question("And now?")
	a := o.get(rita, "/review/"+one+"?view=view%3Dquestions")
	assert.Equal(t, "Where is my money?", a.Find("h1").Text())
	assert.Nil(t, a.Find("#decision"))
	assert.Nil(t, a.Find("#ask"))
	assert.Contains(t, a.Find("li.message.customer").Text(), "I asked a week ago.")
	b := o.site.As(rita)
	done := b.Send(a, "form#resolve-form", "next", "1")
	assert.Equal(t, "/review/"+two+"?view=view%3Dquestions&done=review-resolved", done.Location)
	assert.Equal(t, review.Closed, o.read(one).Ticket.State)
	last := b.Send(o.get(rita, done.Location), "form#resolve-form", "next", "1")
	assert.Equal(t, "/review?view=questions&done=review-resolved", last.Location)
	assert.NotNil(t, o.get(rita, last.Location).Find(".empty"))
}

func TestAFragmentIsNeverCached(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p1")
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/review/"+id+"/viewers", nil)
	r.Header.Set("HX-Request", "true")
	assert.Equal(t, "no-store", o.site.As(rita).Do(r).Header.Get("Cache-Control"))
}
