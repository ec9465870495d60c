package customer_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/internal/store/storetest"
)

func TestAskingAboutAPackage(t *testing.T) {
	o := newOffice(t)
	o.named("p", "Starter", nil)
	refunded := o.inReview("q")
	form := o.sound(o.ann, "/tickets/new?package_id=p&refund_id="+refunded)
	assert.Equal(t, "p", form.Find("#package_id option[selected]").Attr("value"))
	assert.Equal(t, refunded, form.Find("#refund_id option[selected]").Attr("value"))
	assert.Nil(t, o.ann.Get("/tickets/new?package_id=nobodys").Find("#package_id option[value=nobodys]"))

	sent := o.ann.Send(form, "#question", "subject", "Where is it?", "body", "I asked\na week ago.", "refund_id", "")
	require.Equal(t, http.StatusSeeOther, sent.Status, sent.Body)
	p := o.sound(o.ann, sent.Location)
	assert.Equal(t, "Your ticket has been submitted.", p.Find("#said").Text())
	assert.Equal(t, "Where is it?", p.Find("h1").Text())
	assert.Contains(t, p.Find("#ticket").Text(), "Starter p")
	assert.Equal(t, "I asked\na week ago.", p.Find(".message.customer .body").Raw())
	assert.Contains(t, p.Find("#turn").Text(), "Our turn")
	assert.NotNil(t, p.Find("#by time"))

	id := strings.TrimSuffix(strings.TrimPrefix(sent.Location, "/tickets/"), "?done=ticket-submitted")
	_, err := o.Desk.Say(o.Ctx, storetest.Reviewer, id, review.Public, "It is on its way.")
	require.NoError(t, err)
	more := o.ann.Send(o.ann.Get("/tickets/"+id), "#reply-form", "body", "Thank you.")
	assert.Equal(t, "/tickets/"+id+"?done=message-sent", more.Location)
	assert.Equal(t, []string{"I asked a week ago.", "It is on its way.", "Thank you."}, texts(o.ann.Get("/tickets/"+id).Element, ".message .body"))

	list := o.sound(o.ann, "/tickets")
	assert.Equal(t, "Where is it?", list.Find("#ticket-"+id+" a").Text())
	assert.True(t, contains(texts(list.Element, "#tickets tbody th"), "Review of the refund of Global SMS"), "the case of a refund too")
	assert.Nil(t, o.ann.Get("/tickets?state=closed").Find("#tickets"))

	_, err = o.Desk.Resolve(o.Ctx, storetest.Reviewer, id)
	require.NoError(t, err)
	closed := o.ann.Post("/tickets/"+id+"/messages", url.Values{"body": {"One more thing"}})
	assert.Equal(t, http.StatusConflict, closed.Status)
	assert.Equal(t, "One more thing", closed.Find("#kept").Raw())
	assert.Nil(t, closed.Find("#reply-form"))
	assert.NotNil(t, o.sound(o.ann, "/tickets?state=closed").Find("#ticket-"+id))
}

// What a refused question is about stays chosen, however many packages came after it.
func TestARefusedQuestionIsStillAboutTheSame(t *testing.T) {
	o := newOffice(t)
	o.named("first", "Starter", func(p *refund.Package) { p.PurchasedAt = p.PurchasedAt.AddDate(-1, 0, 0) })
	for i := range 200 {
		o.named(fmt.Sprintf("later-%d", i), "Later", nil)
	}
	form := o.ann.Get("/tickets/new?package_id=first")
	refused := o.ann.Send(form, "#question", "subject", "", "body", "Where is it?")
	require.Equal(t, http.StatusUnprocessableEntity, refused.Status)
	assert.Equal(t, "first", refused.Find("#package_id option[selected]").Attr("value"))
}

func TestAQuestionThatIsRefusedIsKept(t *testing.T) {
	o := newOffice(t)
	o.named("p", "Starter", nil)
	form := o.ann.Get("/tickets/new")
	for name, tc := range map[string]struct{ subject, body, field, problem string }{
		"no subject":      {" ", "my question", "subject", "Please fill this in."},
		"a long subject":  {strings.Repeat("s", 201), "my question", "subject", "Please shorten it to 200 characters."},
		"lines as such":   {"a\nb", "my question", "subject", "Please write one line without special characters."},
		"nothing to read": {"subject", "\u200b", "body", "Please fill this in."},
	} {
		t.Run(name, func(t *testing.T) {
			p := o.ann.Send(form, "#question", "subject", tc.subject, "body", tc.body, "package_id", "p")
			assert.Equal(t, http.StatusUnprocessableEntity, p.Status)
			assert.Equal(t, tc.problem, p.Find("#"+tc.field+"-problem").Text())
			assert.Equal(t, tc.subject, p.Find("#subject").Attr("value"))
			assert.Equal(t, tc.body, p.Find("#body").Raw())
			assert.Equal(t, "p", p.Find("#package_id option[selected]").Attr("value"))
			assert.Empty(t, p.Flaws())
		})
	}
	for range 20 {
		require.Equal(t, http.StatusSeeOther, o.ann.Send(o.ann.Get("/tickets/new"), "#question", "subject", "s", "body", "b").Status)
	}
	p := o.ann.Send(o.ann.Get("/tickets/new"), "#question", "subject", "s", "body", "one too many")
	assert.Equal(t, http.StatusConflict, p.Status)
	assert.Equal(t, "one too many", p.Find("#body").Raw())
	assert.NotEmpty(t, p.Find(".trouble").Text())
	assert.Len(t, o.sound(o.ann, "/tickets").All("#tickets tbody tr"), 20)
}

// A button that is pressed twice, where no script holds it, does once what it says.
func TestADoubleClickSaysItOnce(t *testing.T) {
	o := newOffice(t)
	form := o.ann.Get("/tickets/new")
	first := o.ann.Send(form, "#question", "subject", "Where is it?", "body", "I asked a week ago.")
	require.Equal(t, http.StatusSeeOther, first.Status)
	assert.Equal(t, first.Location, o.ann.Send(form, "#question", "subject", "Where is it?", "body", "I asked a week ago.").Location)
	assert.Len(t, o.ann.Get("/tickets").All("#tickets tbody tr"), 1)

	other := o.ann.Send(form, "#question", "subject", "Where is it?", "body", "And another thing.")
	assert.Equal(t, http.StatusUnprocessableEntity, other.Status)
	assert.Contains(t, other.Find(".trouble").Text(), "sent before")
	assert.Equal(t, "And another thing.", other.Find("#body").Raw())
	assert.Equal(t, http.StatusSeeOther, o.ann.Send(other, "#question").Status, "the next time it is another question")
	assert.Len(t, o.ann.Get("/tickets").All("#tickets tbody tr"), 2)

	ticket := strings.TrimSuffix(first.Location, "?done=ticket-submitted")
	reply := o.ann.Get(ticket)
	for range 2 {
		assert.Equal(t, ticket+"?done=message-sent", o.ann.Send(reply, "#reply-form", "body", "Hello?").Location)
	}
	assert.Len(t, o.ann.Get(ticket).All(".message"), 2)

	id := o.inReview("p")
	refund := o.ann.Get("/refunds/" + id)
	for range 2 {
		assert.Equal(t, "/refunds/"+id+"?done=message-sent", o.ann.Send(refund, "#reply-form", "body", "Please hurry.").Location)
	}
	assert.Len(t, o.ann.Get("/refunds/"+id).All("#conversation .message"), 1)
}

// A page that ran out of time says so as every page does, and keeps what was typed.
func TestAQuestionThatRanOutOfTimeIsKept(t *testing.T) {
	o := newOffice(t)
	late, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	form := url.Values{"subject": {"Where is it?"}, "body": {"I asked a week ago."}}
	r := httptest.NewRequestWithContext(late, http.MethodPost, "/tickets", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	p := o.ann.Do(r)
	assert.Equal(t, http.StatusServiceUnavailable, p.Status)
	require.NotNil(t, p.Find(".failure form button"), p.Body)
	assert.Equal(t, "I asked a week ago.", p.Find(`.failure textarea[name=body]`).Raw())
}
