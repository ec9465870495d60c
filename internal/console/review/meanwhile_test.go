package review_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/store/storetest"
)

// anybodys is a question of a new account: one may have twenty open only.
func (o *office) anybodys() string {
	o.T.Helper()
	o.asked++
	account := fmt.Sprintf("acct-%d", o.asked)
	o.Account(account)
	v, err := o.Desk.Ask(o.Ctx, storetest.Customer(account), desk.Question{Subject: "Where is it?", Body: "I asked a week ago."})
	require.NoError(o.T, err)
	return v.Ticket.ID
}

// What is sent from a page whose case a colleague closed meanwhile is refused in words, and
// what was typed is still there.
func TestACaseClosedMeanwhileKeepsWhatWasTyped(t *testing.T) {
	o := newOffice(t)
	refund, question := o.asks("p1"), o.question("Where is it?")
	open := map[string]string{refund: "/review/" + refund + "?view=view%3Dunassigned", question: "/review/" + question}
	pages := map[string]func(form string, typed ...string) (status int, trouble, kept string){}
	for id, path := range open {
		a := o.get(rita, path)
		pages[id] = func(form string, typed ...string) (int, string, string) {
			answer := o.site.As(rita).Send(a, form, typed...)
			assert.Empty(t, answer.Flaws(), form)
			lost := answer.Find("#lost")
			require.NotNil(t, lost, "%s: %s", form, answer.Text())
			kept := lost.Find("textarea")
			if kept == nil {
				return answer.Status, lost.Find(".trouble").Text(), ""
			}
			assert.True(t, kept.Has("readonly"))
			return answer.Status, lost.Find(".trouble").Text(), kept.Raw()
		}
	}
	colleague := o.site.As(rob)
	require.NotEmpty(t, colleague.Send(o.get(rob, "/review/"+refund), "form#decision-form", "decision", "reject", "reason_code", "unverified").Location)
	require.NotEmpty(t, colleague.Send(o.get(rob, "/review/"+question), "form#resolve-form").Location)

	for form, field := range map[string]string{"form#note-form": "body", "form#public-form": "body", "form#escalate-form": "reason"} {
		for id, send := range pages {
			status, trouble, kept := send(form, field, "What took an hour to write.")
			assert.Equal(t, 409, status, "%s of %s", form, id)
			assert.Contains(t, trouble, "closed", form)
			assert.Equal(t, "What took an hour to write.", kept, form)
		}
	}
	for form, typed := range map[string][]string{"form#assign-form": {"assignee", "sam"}, "form#snooze-form": {"preset", "1h"}} {
		for _, send := range pages {
			status, trouble, _ := send(form, typed...)
			assert.Equal(t, 409, status, form)
			assert.NotEmpty(t, trouble, form)
		}
	}
}

// The way from case to case does not end where a page of the list does.
func TestCasesFollowEachOtherBeyondThePage(t *testing.T) {
	o := newOffice(t)
	var ids []string
	for range 27 {
		ids = append(ids, o.anybodys())
		o.Clock.Add(time.Minute)
	}
	b := o.site.As(rita)
	path := "/review/" + ids[0] + "?view=view%3Dquestions"
	for i, id := range ids {
		a := o.get(rita, path)
		require.Contains(t, path, id)
		if i > 0 {
			assert.Equal(t, "/review/"+ids[i-1]+"?view=view%3Dquestions", a.Find("#before").Attr("href"))
		}
		next := a.Find("#next")
		if i == len(ids)-1 {
			assert.Nil(t, next)
			break
		}
		path = next.Attr("href")
	}
	path = "/review/" + ids[24] + "?view=view%3Dquestions"
	for _, want := range []string{ids[25], ids[26], ids[0]} {
		path = b.Send(o.get(rita, path), "form#resolve-form", "next", "1").Location
		assert.Equal(t, "/review/"+want+"?view=view%3Dquestions&done=review-resolved", path)
	}
}

// An account's list has what is snoozed, and what is due leaves out what nobody waits for.
func TestListsOfAnAccountAndOfWhatIsDue(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p1")
	b := o.site.As(rita)
	require.NotEmpty(t, b.Send(o.get(rita, "/review/"+id), "form#snooze-form", "preset", "1h").Location)
	assert.NotNil(t, o.get(rita, "/review?account_id=acct").Find("#row-"+id))
	assert.Nil(t, o.get(rita, "/review").Find("#row-"+id))
}

// A refused form keeps the list that its page was reached from: in its "more" and in the
// address that choosing another language asks for.
func TestARefusedFormKeepsItsList(t *testing.T) {
	o := newOffice(t)
	for range 26 {
		o.anybodys()
	}
	b := o.site.As(rita)
	refused := b.Send(o.get(rita, "/review?view=questions&sort=newest"), "form#bulk", "assignee", "rob")
	require.Equal(t, 422, refused.Status)
	assert.Contains(t, refused.Find(".more a").Attr("href"), "/review?cursor=")
	assert.Contains(t, refused.Find(".more a").Attr("href"), "sort=newest&view=questions")
	assert.Equal(t, "/review?sort=newest&view=questions", b.Get("/review/assign?view=sort%3Dnewest%26view%3Dquestions").Location)
}

// That something was done is said to whoever did it, not by a link from elsewhere.
func TestALinkFromElsewhereSaysNothingWasDone(t *testing.T) {
	o := newOffice(t)
	for from, want := range map[string]bool{"": true, "same-origin": true, "none": false, "cross-site": false, "same-site": false} {
		r := httptest.NewRequest(http.MethodGet, "/review?done=review-approved", nil)
		r.Header.Set("Sec-Fetch-Site", from)
		a := o.site.As(rita).Do(r)
		require.Equal(t, 200, a.Status)
		assert.Equal(t, want, a.Find("#said p") != nil, from)
		assert.Equal(t, "/review", a.Find("form.preferences input[name=return_to]").Attr("value"), "and it is said once")
	}
}

// A note whose button is pressed twice is one note, and the customer reads a word once.
func TestADoubleClickSaysItOnce(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p1")
	a := o.get(rita, "/review/"+id)
	for range 2 {
		assert.Equal(t, "/review/"+id+"?done=review-noted", o.site.As(rita).Send(a, "form#note-form", "body", "Odd.").Location)
		assert.Equal(t, "/review/"+id+"?done=review-sent", o.site.As(rita).Send(a, "form#public-form", "body", "We look at it.").Location)
	}
	talk := o.get(rita, "/review/"+id)
	assert.Len(t, talk.All("li.message.internal"), 1)
	assert.Len(t, talk.All("li.message.public"), 1)
}
