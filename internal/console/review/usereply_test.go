package review_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/console/pagetest"
	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/review"
)

// thanks is a saved reply in both languages.
func (o *office) thanks() review.SavedReply {
	o.T.Helper()
	saved, err := o.Desk.SaveReply(o.Ctx, sam, review.SavedReply{Title: "Thanks", Body: map[string]string{"en": "Thank you for asking.", "zh-Hans": "感谢您的咨询。"}})
	require.NoError(o.T, err)
	return saved
}

// picks presses the button of the saved replies in a form of the page.
func (o *office) picks(who identity.Actor, a *pagetest.Answer, form, into string, typed ...string) *pagetest.Answer {
	o.T.Helper()
	button := a.Find(form + " button#use-reply-" + into)
	require.NotNil(o.T, button, a.Text())
	fields := a.Find(form).Fields(append(typed, button.Attr("name"), button.Attr("value"))...)
	return o.site.As(who).Post(button.Attr("formaction"), fields)
}

// Whoever has typed half a decision and picks a saved reply keeps all of it.
func TestASavedReplyIsAddedToADecision(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p1")
	o.thanks()
	a := o.get(rita, "/review/"+id+"?view=view%3Dmine")
	b := o.picks(rita, a, "form#decision-form", "message", "decision", "reject", "reason_code", "unverified", "note", "I called him.", "message", "Dear Ann,\r\n")
	require.Equal(t, 200, b.Status)
	assert.Empty(t, b.Flaws())
	assert.Equal(t, "Dear Ann,\n\nThank you for asking.", b.Find("#message").Raw(), "behind what was typed, after a blank line")
	assert.Equal(t, "en", b.Find("#message").Attr("lang"))
	assert.True(t, b.Find("#reject").Has("checked"))
	assert.Equal(t, "unverified", b.Find("form#decision-form").Fields().Get("reason_code"))
	assert.Equal(t, "I called him.", b.Find("#note").Raw())
	assert.Empty(t, b.Find("#public-body").Raw(), "the other text for the customer is another form's")
	assert.True(t, b.Find("#reply-added").Has("data-announce"))
	assert.Contains(t, b.Find("#reply-added").Text(), "Nothing has been sent yet")
	assert.Empty(t, o.read(id).Case.Decisions)
	assert.Equal(t, "false", b.Header.Get("HX-Push-Url"), "the browser stays at the address of the case")

	again := o.picks(rita, b, "form#decision-form", "message")
	assert.Equal(t, 2, strings.Count(again.Find("#message").Raw(), "Thank you for asking."), "what stands there is never replaced")
	done := o.site.As(rita).Send(b, "form#decision-form")
	assert.Equal(t, "/review/"+id+"?view=view%3Dmine&done=review-rejected", done.Location)
	assert.Contains(t, o.get(rita, "/review/"+id).Find("li.message.public").Text(), "Dear Ann, Thank you for asking.")
}

func TestASavedReplyIsAddedToAMessageThatIsSentOnce(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p1")
	o.thanks()
	a := o.get(rita, "/review/"+id)
	b := o.picks(rita, a, "form#public-form", "body")
	require.Equal(t, 200, b.Status)
	assert.Empty(t, b.Flaws())
	assert.Equal(t, "Thank you for asking.", b.Find("#public-body").Raw(), "alone where nothing was typed")
	assert.True(t, b.Find("details#public").Has("open"))
	assert.Empty(t, b.Find("#message").Raw())
	for range 2 {
		assert.Equal(t, "/review/"+id+"?done=review-sent", o.site.As(rita).Send(b, "form#public-form").Location)
	}
	assert.Len(t, o.get(rita, "/review/"+id).All("li.message.public"), 1)

	locale := "zh-Hans"
	_, err := o.ChangeAccount(o.Ctx, ada, "acct", desk.AccountChange{Locale: &locale})
	require.NoError(t, err)
	b = o.picks(rita, a, "form#public-form", "body")
	assert.Equal(t, "感谢您的咨询。", b.Find("#public-body").Raw(), "in the customer's language")
	assert.Equal(t, "zh-Hans", b.Find("#public-body").Attr("lang"))
	assert.Empty(t, o.site.As(rita).In("zh-Hans").Post("/review/"+id+"/use-reply", a.Find("form#public-form").Fields("into", "body")).Flaws())
}

// Enter presses a form's first button: that is never the one that only adds words. And the
// form is sent like any other, so that an answer without it is a page and not a missing field.
func TestEnterSendsAFormAndPicksNoReply(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p1")
	o.thanks()
	a := o.get(rita, "/review/"+id)
	for form, first := range map[string]string{"form#decision-form": "decide", "form#public-form": "send-public"} {
		buttons := a.All(form + " button")
		assert.Equal(t, first, buttons[0].Attr("id"))
		last := buttons[len(buttons)-1]
		assert.True(t, last.Has("formnovalidate"), "a reply is picked before the form is filled in")
		assert.Equal(t, "/review/"+id+"/use-reply", last.Attr("formaction"))
		for _, e := range append(a.All(form+" *"), a.Find(form)) {
			for _, name := range []string{"hx-get", "hx-post", "hx-select", "hx-target", "hx-swap"} {
				assert.False(t, e.Has(name), "%s has %s", e.Tag(), name)
			}
		}
	}
}

func TestASavedReplyThatCannotBeAddedLosesNothing(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p1")
	saved := o.thanks()
	a := o.get(rita, "/review/"+id)

	require.NoError(t, o.Desk.DeleteReply(o.Ctx, sam, saved.ID))
	o.another()
	gone := o.picks(rita, a, "form#decision-form", "message", "decision", "approve", "note", "I called him.", "message", "Dear Ann,")
	assert.Equal(t, 409, gone.Status)
	assert.Contains(t, gone.Find("#decision-trouble").Text(), "deleted this saved reply")
	assert.Equal(t, "Dear Ann,", gone.Find("#message").Raw())
	assert.True(t, gone.Find("#approve").Has("checked"))
	assert.Empty(t, gone.Flaws())

	site := o.site
	o.site = o.unread()
	down := o.picks(rita, a, "form#decision-form", "message", "note", "I called him.", "message", "Dear Ann,")
	assert.Equal(t, 503, down.Status)
	assert.Equal(t, "Dear Ann,", down.Find("form[method=post] textarea[name=message]").Raw())
	assert.Equal(t, "I called him.", down.Find("form[method=post] textarea[name=note]").Raw())
	o.site = site

	// A colleague rejects it meanwhile.
	require.NotEmpty(t, o.site.As(rob).Send(o.get(rob, "/review/"+id), "form#decision-form", "decision", "reject", "reason_code", "unverified").Location)
	closed := o.picks(rita, a, "form#decision-form", "message", "decision", "approve", "note", "I called him.", "message", "Dear Ann,")
	assert.Equal(t, 409, closed.Status)
	assert.Contains(t, closed.Find("#decision-trouble").Text(), "closed")
	assert.Contains(t, closed.Find("#changed").Text(), "Rejected")
	assert.Equal(t, "I called him.", closed.Find("#kept-note").Raw())
	assert.Equal(t, "Dear Ann,", closed.Find("#kept-message").Raw())
	closed = o.picks(rita, a, "form#public-form", "body", "body", "Dear Ann,")
	assert.Equal(t, 409, closed.Status)
	assert.Contains(t, closed.Find("#lost .trouble").Text(), "closed")
	assert.Equal(t, "Dear Ann,", closed.Find("#lost #kept-body").Raw())
}

// What changed since the form was made is said before it can be sent with the digest of now.
func TestASavedReplyHidesNoChange(t *testing.T) {
	o := newOffice(t)
	id := o.asksFor("p1", review.Quorum{Approvals: 2})
	o.thanks()
	a := o.get(rita, "/review/"+id)
	o.Decide(o.read(id).Refund.ID, rob, review.Approve)
	b := o.picks(rita, a, "form#decision-form", "message")
	assert.Equal(t, 200, b.Status)
	assert.Contains(t, b.Find("#changed").Text(), "1 of 2 approvals")
}

func TestOnlyWhoWorksOnCasesPicksReplies(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p1")
	o.thanks()
	both := identity.Actor{Subject: "bo", Roles: []identity.Role{identity.Reviewer, identity.Auditor}}
	for _, who := range []identity.Actor{ann, otto, ada, both} {
		assert.Equal(t, 403, o.site.As(who).Post("/review/"+id+"/use-reply", nil).Status, who.Subject)
	}
	assert.Equal(t, 404, o.site.As(rita).Post("/review/none/use-reply", nil).Status)
}

// another is a saved reply beside the one of thanks.
func (o *office) another() {
	o.T.Helper()
	_, err := o.Desk.SaveReply(o.Ctx, sam, review.SavedReply{Title: "Sorry", Body: map[string]string{"en": "We are sorry."}})
	require.NoError(o.T, err)
}
