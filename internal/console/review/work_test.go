package review_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/review"
)

func TestWorkOnACase(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p1")
	b := o.site.As(rita)
	path := "/review/" + id + "?view=view%3Dunassigned"
	a := o.get(rita, path)
	assert.Equal(t, path+"&done=review-claimed", b.Send(a, "form#claim-form").Location)
	assert.Equal(t, "rita", o.read(id).Ticket.Assignee)
	assert.Contains(t, o.get(rita, "/review/"+id).Find("#case-assignee").Text(), "You")

	late := o.site.As(rob).Send(a, "form#claim-form")
	assert.Equal(t, 409, late.Status)
	assert.Contains(t, late.Find("#claim-trouble").Text(), "Somebody else has claimed it")
	refused := o.site.As(rob).Send(o.get(rob, "/review/"+id), "form#release-form")
	assert.Equal(t, 403, refused.Status)
	assert.Contains(t, refused.Find("#release-trouble").Text(), "Somebody else holds it")

	assert.Equal(t, "/review/"+id+"?done=review-released", b.Send(o.get(rita, "/review/"+id), "form#release-form").Location)
	assert.Empty(t, o.read(id).Ticket.Assignee)
	assert.Equal(t, "/review/"+id+"?done=review-assigned", b.Send(o.get(rita, "/review/"+id), "form#assign-form", "assignee", "rob").Location)
	assert.Equal(t, "rob", o.read(id).Ticket.Assignee)
	wrong := b.Send(o.get(rita, "/review/"+id), "form#assign-form", "assignee", "no one")
	assert.Equal(t, 422, wrong.Status)
	assert.NotNil(t, wrong.Find("#assignee-problem"))
	assert.Equal(t, "no one", wrong.Find("#assignee").Attr("value"))
	assert.Empty(t, wrong.Flaws())

	empty := b.Send(a, "form#escalate-form", "reason", "")
	assert.Equal(t, 422, empty.Status)
	assert.True(t, empty.Find("details#escalate").Has("open"))
	assert.Equal(t, path+"&done=review-escalated", b.Send(a, "form#escalate-form", "reason", "Too big for me.").Location)
	assert.Equal(t, review.QueueEscalation, o.read(id).Ticket.Queue)
	shown := o.get(rita, "/review/"+id)
	assert.Contains(t, shown.Find("li.message.internal").Text(), "Too big for me.")
	assert.Nil(t, shown.Find("#escalate"))
}

// Everything that can be done on a case and in the queue has its form, its fields and its
// buttons: what each sends is what the desk is asked for.
func TestEveryDeedHasItsForm(t *testing.T) {
	o := newOffice(t)
	id, held, question := o.asks("p1"), o.asks("p2"), o.question("Where is my money?")
	b := o.site.As(rita)
	require.NotEmpty(t, b.Send(o.get(rita, "/review/"+held), "form#claim-form").Location)
	require.NotEmpty(t, b.Send(o.get(rita, "/review/"+held), "form#snooze-form", "preset", "1h").Location)
	for path, forms := range map[string]map[string]struct{ action, fields, buttons string }{
		"/review/" + id: {
			"decision-form": {"/review/" + id + "/decision", "decision decision digest message note reason_code shown_amount shown_state shown_version shown_votes", "decide: decide-next:next=1"},
			"claim-form":    {"/review/" + id + "/claim", "", "claim:"},
			"assign-form":   {"/review/" + id + "/assign", "assignee", "assign:"},
			"snooze-form":   {"/review/" + id + "/snooze", "until", "snooze-1h:preset=1h snooze-4h:preset=4h snooze-tomorrow:preset=tomorrow snooze-monday:preset=monday snooze-until:"},
			"escalate-form": {"/review/" + id + "/escalate", "reason", ":"},
			"note-form":     {"/review/" + id + "/messages", "body idempotency_key visibility", "save-note:"},
			"public-form":   {"/review/" + id + "/messages", "body idempotency_key visibility", "send-public: ask:/review/" + id + "/request-information"},
		},
		"/review/" + held: {
			"release-form": {"/review/" + held + "/release", "", "release:"},
			"snooze-form":  {"/review/" + held + "/snooze", "until", "snooze-1h:preset=1h snooze-4h:preset=4h snooze-tomorrow:preset=tomorrow snooze-monday:preset=monday snooze-end:preset=end snooze-until:"},
		},
		"/review/" + question: {"resolve-form": {"/review/" + question + "/resolve", "", "resolve: resolve-next:next=1"}},
		"/review": {
			"bulk":      {"/review/assign", "assignee ticket_ids ticket_ids", "bulk-assign: bulk-claim:/review/claim"},
			"claim-one": {"/review/claim", "", ""},
		},
	} {
		a := o.get(rita, path)
		for name, want := range forms {
			form := a.Find("form#" + name)
			require.NotNil(t, form, "%s on %s", name, path)
			assert.Equal(t, "post", form.Attr("method"), name)
			assert.Equal(t, want.action, form.Attr("action"), name)
			var fields, buttons []string
			for _, tag := range []string{"input", "textarea", "select"} {
				for _, field := range form.All(tag + "[name]") {
					fields = append(fields, field.Attr("name"))
				}
			}
			slices.Sort(fields)
			assert.Equal(t, want.fields, strings.Join(fields, " "), name)
			for _, button := range form.All("button") {
				switch {
				case button.Has("form"): // of another form
				case button.Has("formaction"):
					buttons = append(buttons, button.Attr("id")+":"+button.Attr("formaction"))
				case button.Has("name"):
					buttons = append(buttons, button.Attr("id")+":"+button.Attr("name")+"="+button.Attr("value"))
				default:
					buttons = append(buttons, button.Attr("id")+":")
				}
			}
			assert.Equal(t, want.buttons, strings.Join(buttons, " "), name)
		}
	}
}

func TestSnooze(t *testing.T) {
	o := newOffice(t) // it is Sunday, 1 March 2026, 12:00 UTC
	id := o.asks("p1")
	b := o.site.As(rita)
	now := o.Clock.Now()
	a := o.get(rita, "/review/"+id)
	for preset, want := range map[string]time.Time{
		"1h": now.Add(time.Hour), "4h": now.Add(4 * time.Hour),
		"tomorrow": time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), "monday": time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC),
	} {
		assert.Equal(t, "/review/"+id+"?done=review-snoozed", b.Send(a, "form#snooze-form", "preset", preset).Location, preset)
		require.NotNil(t, o.read(id).Ticket.SnoozedUntil, preset)
		assert.True(t, want.Equal(*o.read(id).Ticket.SnoozedUntil), "%s: %s", preset, o.read(id).Ticket.SnoozedUntil)
	}
	assert.Equal(t, "/review/"+id+"?done=review-snoozed", b.Send(a, "form#snooze-form", "until", "2026-03-05T08:30").Location)
	assert.True(t, time.Date(2026, 3, 5, 8, 30, 0, 0, time.UTC).Equal(*o.read(id).Ticket.SnoozedUntil))
	assert.Nil(t, o.get(rita, "/review").Find("#row-"+id), "it is out of sight")
	assert.NotNil(t, o.get(rita, "/review?view=snoozed").Find("#row-"+id))

	shown := o.get(rita, "/review/"+id)
	assert.Equal(t, "/review/"+id+"?done=review-woken", b.Send(shown, "form#snooze-form", "preset", "end").Location)
	assert.NotNil(t, o.get(rita, "/review").Find("#row-"+id))
	for _, until := range []string{"", "soon", "2020-01-01T00:00", "2027-01-01T00:00"} {
		wrong := b.Send(shown, "form#snooze-form", "until", until)
		assert.Equal(t, 422, wrong.Status, until)
		assert.Contains(t, wrong.Find("#until-problem").Text(), "in the future")
		assert.Equal(t, until, wrong.Find("#until").Attr("value"))
	}
	assert.Equal(t, 422, b.Post("/review/"+id+"/snooze", url.Values{"preset": {"never"}}).Status)
}

func TestSavedReplies(t *testing.T) {
	o := newOffice(t)
	assert.NotNil(t, o.get(rita, "/review/saved-replies").Find(".empty-first"))
	assert.Nil(t, o.get(rita, "/review/saved-replies").Find("#new-reply"))
	assert.Equal(t, 403, o.site.As(rita).Get("/review/saved-replies/new").Status)
	assert.Equal(t, 403, o.site.As(rita).Post("/review/saved-replies", url.Values{"title": {"x"}}).Status)

	b := o.site.As(sam)
	assert.NotNil(t, o.get(sam, "/review/saved-replies").Find("#new-reply"))
	form := o.get(sam, "/review/saved-replies/new")
	empty := b.Send(form, "form#reply-form", "title", "Thanks")
	assert.Equal(t, 422, empty.Status)
	assert.Contains(t, empty.Find(".problem").Text(), "at least one language")
	assert.Equal(t, "Thanks", empty.Find("#title").Attr("value"))
	assert.Empty(t, empty.Flaws())
	assert.Equal(t, "/review/saved-replies?done=review-reply-saved", b.Send(form, "form#reply-form", "title", "Thanks", "body.en", "Thank you.", "body.zh-Hans", "谢谢。").Location)
	list := o.get(rita, "/review/saved-replies")
	assert.Contains(t, list.Find(".reply").Text(), "谢谢。")
	again := b.Send(form, "form#reply-form", "title", "Thanks", "body.en", "Thank you.")
	assert.Equal(t, 409, again.Status)
	assert.Contains(t, again.Find(".trouble").Text(), "of that title")

	edit := o.get(sam, "/review/saved-replies").Find(".reply .actions a").Attr("href")
	shown := o.get(ada, edit)
	assert.Equal(t, "Thank you.", shown.Find("#body-en").Raw())
	assert.NotEmpty(t, b.Send(shown, "form#reply-form", "body.en", "Thank you very much.").Location)
	stale := b.Send(shown, "form#reply-form", "body.en", "Thanks a lot.")
	assert.Equal(t, 409, stale.Status)
	assert.Equal(t, "Thanks a lot.", stale.Find("#body-en").Raw())
	assert.Equal(t, "/review/saved-replies?done=review-reply-deleted", b.Send(o.get(sam, edit), "details form").Location)
	assert.Equal(t, 404, b.Get(edit).Status)
	for _, locale := range []string{"en", "zh-Hans"} {
		for _, path := range []string{"/review/saved-replies", "/review/saved-replies/new"} {
			assert.Empty(t, o.site.As(sam).In(locale).Get(path).Flaws(), path)
		}
	}
}
