package admin_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/console/admin"
	"refunddesk/internal/console/page"
	"refunddesk/internal/console/pagetest"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/store"
)

// away are records whose database goes away between a refusal and the page that tells of it.
type away struct{ *store.Store }

var errAway = fault.New(fault.Unavailable, store.CodeUnavailable, "The database is away; try again shortly.")

func (away) Overview(context.Context, time.Time, time.Time, *time.Location) (desk.Overview, error) {
	return desk.Overview{}, errAway
}

func (away) Activity(context.Context, string, time.Time) (desk.Activity, error) {
	return desk.Activity{}, errAway
}

func (away) Pauses(context.Context, bool, desk.Paging) (desk.Page[desk.Pause], error) {
	return desk.Page[desk.Pause]{}, errAway
}

func TestWhatWasTypedOutlivesAPageThatCannotBeShownAgain(t *testing.T) {
	o := newOffice(t)
	stuck := o.parked("p")
	down := desk.New(desk.Options{Records: away{o.Store}, Engine: o.Engine, Watch: o.Store, Now: o.Clock.Now})
	broken := pagetest.NewSite(t, down, pagetest.Options{Routes: []func(*page.Kit){admin.Routes}, Now: o.Clock.Now}).As(ada)
	const words = "what took me an hour to write"
	for path, form := range map[string]url.Values{
		"/attention/" + stuck + "/retry": {"reason": {words + "\x01"}},
		"/accounts/acct/standing":        {"standing": {"none"}, "reason": {words}},
		"/pauses":                        {"scope": {"all"}, "expires_at": {"never"}, "reason": {words}},
		"/pauses/preview":                {"scope": {"all"}, "expires_at": {"never"}, "reason": {words}},
	} {
		refused := o.ada.Post(path, form)
		assert.Equal(t, http.StatusUnprocessableEntity, refused.Status, path)
		p := broken.Post(path, form)
		assert.Equal(t, http.StatusServiceUnavailable, p.Status, path)
		kept := p.Find("form[method=post] textarea[name=reason]")
		require.NotNil(t, kept, "%s: %s", path, p.Body)
		assert.Contains(t, kept.Raw(), words, path)
		assert.NotNil(t, p.Find("form[method=post] button"), "and can be sent again")
	}
}
