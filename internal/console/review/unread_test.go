package review_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/audit"
	"refunddesk/internal/console/page"
	"refunddesk/internal/console/pagetest"
	pages "refunddesk/internal/console/review"
	"refunddesk/internal/desk"
	"refunddesk/internal/store"
)

// unread serves the same pages while neither a case nor the queue can be read whole.
func (o *office) unread() *pagetest.Site {
	o.T.Helper()
	down := desk.New(desk.Options{Records: halfAway{o.Store}, Engine: o.Engine, Watch: o.Store, Now: o.Clock.Now})
	return pagetest.NewSite(o.T, down, pagetest.Options{Now: o.Clock.Now, Routes: []func(*page.Kit){pages.Routes}})
}

// halfAway are records of which a part cannot be read: what is linked to an account, which
// the page of every case shows, the numbers above the queue, and pauses.
type halfAway struct{ *store.Store }

func (halfAway) Pauses(context.Context, bool, desk.Paging) (desk.Page[desk.Pause], error) {
	return desk.Page[desk.Pause]{}, away
}

func (halfAway) Linked(context.Context, string, int) ([]desk.LinkedAccount, error) {
	return nil, away
}

func (halfAway) Figures(context.Context, time.Time) (desk.Figures, error) {
	return desk.Figures{}, away
}

// A form that is refused while its page cannot be read comes back with the failure's page,
// which keeps what was typed.
func TestARefusalWhosePageCannotBeReadKeepsWhatWasTyped(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p1")
	b := o.unread().As(rita)
	a, queue := o.get(rita, "/review/"+id), o.get(rita, "/review")
	_, err := o.Desk.Claim(o.Ctx, rob, id)
	require.NoError(t, err)
	for form, typed := range map[string][]string{
		"form#decision-form": {"decision", "approve", "reason_code", "suspected_abuse", "note", "What took an hour."},
		"form#note-form":     {"visibility", "loud", "body", "What took an hour."},
		"form#escalate-form": {"reason", "What took an hour.\x01"},
		"form#snooze-form":   {"until", "What took an hour."},
		"form#assign-form":   {"assignee", "What took an hour."},
		"form#claim-form":    {"note", "What took an hour."},
	} {
		failed := b.Send(a, form, typed...)
		assert.Equal(t, 503, failed.Status, form)
		kept := failed.Find(".failure form[method=post]")
		require.NotNil(t, kept, form)
		assert.Contains(t, kept.Fields().Encode(), url.QueryEscape("What took an hour."), form)
	}
	failed := b.Send(queue, "form#bulk", "ticket_ids", id, "assignee", "What took an hour.")
	assert.Equal(t, 503, failed.Status)
	assert.Equal(t, "What took an hour.", failed.Find(".failure form[method=post]").Fields().Get("assignee"))
}

// A vote that is cast is no failure because it cannot be read what the money waits for.
func TestAnApprovalIsToldAlsoWhenPausesCannotBeRead(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p1")
	done := o.unread().As(rita).Send(o.get(rita, "/review/"+id), "form#decision-form", "decision", "approve", "reason_code", "verified_request")
	assert.Equal(t, "/review/"+id+"?done=review-approved-recorded", done.Location)
	assert.Contains(t, o.get(rita, done.Location).Find("#said").Text(), "recorded")
}

// What a page refuses by itself is on the record like what the desk refuses.
func TestWhatThePageRefusesIsOnTheRecord(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p1")
	b := o.site.As(rita)
	a := o.get(rita, "/review/"+id)
	assert.Equal(t, 422, b.Send(a, "form#snooze-form", "until", "soon").Status)
	assert.Equal(t, 422, b.Send(a, "form#snooze-form", "preset", "never").Status)
	assert.Equal(t, 404, b.Post("/review/none/snooze", url.Values{"preset": {"1h"}}).Status)
	assert.Equal(t, 404, b.Post("/review/none/resolve", url.Values{"next": {"1"}}).Status)
	assert.Equal(t, 422, b.Post("/review/claim", nil).Status)
	assert.Equal(t, []string{
		"rita: ticket " + id + ", invalid-value", "rita: ticket " + id + ", invalid-value", "rita: ticket none, not-found",
		"rita: ticket none, not-found", "rita: ticket unknown, invalid-value",
	}, o.Refusals(audit.TicketWorkRefused))

	saved := o.thanks()
	refused := o.site.As(sam).Send(o.get(sam, "/review/saved-replies/"+saved.ID), "form#reply-form", "version", "new", "body.en", "Thanks a lot.")
	assert.Equal(t, 422, refused.Status)
	assert.Equal(t, "Thanks a lot.", refused.Find("#body-en").Raw())
	assert.Equal(t, []string{"sam: saved-reply " + saved.ID + ", invalid-value"}, o.Refusals(audit.ReplyRefused))
}

// A list in the address that cannot be takes nobody the case, nor the way to decide it.
func TestACaseReachedFromAListThatCannotBe(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p1")
	a := o.get(rita, "/review/"+id+"?view=queue%3Dnowhere")
	assert.Nil(t, a.Find("#next"))
	done := o.site.As(rita).Send(a, "form#decision-form", "decision", "reject", "reason_code", "unverified", "next", "1")
	assert.Equal(t, 303, done.Status)
}
