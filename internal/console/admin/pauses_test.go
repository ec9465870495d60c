package admin_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/console/pagetest"
	"refunddesk/internal/desk"
	"refunddesk/internal/refund"
)

// pauseFields fill the form of a pause.
func pauseFields(change ...string) []string {
	return append([]string{"scope", "account", "target", "acct", "reason", "A wrong price list\nwas used.", "expires_at", "2026-03-02T12:00"}, change...)
}

func (o *office) pauses(inForce bool) []desk.Pause {
	o.T.Helper()
	page, err := o.Desk.Pauses(o.Ctx, ada, inForce, desk.Paging{})
	require.NoError(o.T, err)
	return page.Items
}

// previewed is the page that says what a pause would do.
func (o *office) previewed(change ...string) *pagetest.Answer {
	o.T.Helper()
	p := o.ada.Send(o.ada.Get("/pauses"), "#new-pause", pauseFields(change...)...)
	require.Equal(o.T, http.StatusOK, p.Status)
	return p
}

func TestAPauseBeginsAfterItsEffectWasShown(t *testing.T) {
	o := newOffice(t)
	o.Buy("p", 70, 70)
	o.Step(o.MustFile("p").ID, refund.VerbScreen, refund.Crediting)
	assert.NotNil(t, o.sound("/pauses").Find("#in-force .empty-done"))

	preview := o.previewed()
	assert.Empty(t, preview.Flaws())
	assert.Empty(t, o.pauses(true), "it was only shown")
	assert.Contains(t, preview.Find("#effect").Text(), "1 refund")
	assert.Contains(t, preview.Find("table.effect").Text(), "70")

	done := o.ada.Send(preview, "#begin-pause")
	require.Equal(t, http.StatusSeeOther, done.Status)
	begun := o.pauses(true)
	require.Len(t, begun, 1)
	assert.Equal(t, "A wrong price list\nwas used.", begun[0].Reason)
	p := o.sound("/pauses")
	article := "#pause-" + begun[0].ID
	assert.Contains(t, p.Find(article).Text(), "acct")
	assert.Nil(t, p.Find("#past"))

	ended := o.ada.Send(p, article+" form")
	require.Equal(t, http.StatusSeeOther, ended.Status)
	assert.Empty(t, o.pauses(true))
	p = o.sound("/pauses")
	assert.Len(t, p.All("#past tbody tr"), 1)
	assert.Contains(t, p.Find("#past").Text(), "ada")
}

func TestAPauseWhoseEffectWasNotShownIsShownFirst(t *testing.T) {
	o := newOffice(t)
	fields := url.Values{"scope": {"all"}, "target": {""}, "reason": {"An incident."}, "expires_at": {"2026-03-02T12:00"}}
	for _, effect := range []string{"", "made-up", o.previewed().Find("input[name=effect]").Attr("value")} {
		fields.Set("effect", effect)
		p := o.ada.Post("/pauses", fields)
		require.Equal(t, http.StatusConflict, p.Status)
		assert.Empty(t, p.Flaws())
		assert.NotNil(t, p.Find(".trouble"))
		assert.Empty(t, o.pauses(true))
		assert.Equal(t, "An incident.", p.Find("#begin-pause input[name=reason]").Attr("value"))
	}
	// What was shown stands for one pause and no other.
	preview := o.previewed()
	for _, change := range [][2]string{{"scope", "all"}, {"target", "other"}, {"reason", "Another."}, {"expires_at", "2026-03-09T12:00"}} {
		changed := preview.Find("#begin-pause").Fields(change[0], change[1])
		if change[0] == "scope" {
			changed.Set("target", "")
		}
		assert.Equal(t, http.StatusConflict, o.ada.Post("/pauses", changed).Status, change[0])
	}
	assert.Empty(t, o.pauses(true))
	assert.Equal(t, http.StatusSeeOther, o.ada.Send(o.ada.Post("/pauses", fields), "#begin-pause").Status)
	assert.Len(t, o.pauses(true), 1)
	assert.NotNil(t, o.sound("/pauses").Find(".end-pause"))
}

func TestAPauseThatCannotBeIsSaidAtItsField(t *testing.T) {
	o := newOffice(t)
	for _, path := range []string{"/pauses/preview", "/pauses"} {
		for _, locale := range []string{"zh-Hans", "en"} {
			for _, one := range [][3]string{
				{"scope", "", "scope"}, {"scope", "galaxy", "scope"}, {"target", "", "target"}, {"target", "nobody", "target"}, {"scope", "all", "target"},
				{"scope", "product", "target"}, {"reason", "", "reason"}, {"reason", "a\x01", "reason"}, {"expires_at", "", "expires_at"}, {"expires_at", "soon", "expires_at"},
				{"expires_at", "2020-01-01T00:00", "expires_at"}, {"expires_at", "2036-01-01T00:00", "expires_at"},
			} {
				form := o.ada.Get("/pauses").Find("#new-pause")
				p := o.ada.In(locale).Post(path, form.Fields(pauseFields(one[0], one[1])...))
				require.Equal(t, http.StatusUnprocessableEntity, p.Status, "%v", one)
				assert.Empty(t, p.Flaws())
				assert.NotEmpty(t, p.Find("#"+one[2]+"-problem").Text(), "%v", one)
				assert.Len(t, p.All("#new-pause .problem"), 1)
				assert.Nil(t, p.Find(".trouble"))
				if one[0] != "reason" {
					assert.Contains(t, p.Find("#reason").Raw(), "A wrong price list", "what was typed is kept")
				}
			}
		}
	}
	assert.Empty(t, o.pauses(true))
}

func TestAProductIsPausedToo(t *testing.T) {
	o := newOffice(t)
	preview := o.previewed("scope", "product", "target", "global-sms", "expires_at", "2026-03-02T12:00:30Z")
	require.Equal(t, http.StatusSeeOther, o.ada.Send(preview, "#begin-pause").Status)
	p := o.sound("/pauses")
	assert.Contains(t, p.Find("#in-force h3").Text(), "Global SMS")
	o.Clock.Add(3 * day)
	p = o.sound("/pauses")
	assert.Nil(t, p.Find("#in-force h3"), "it ended by itself")
	assert.Len(t, p.All("#past tbody tr"), 1)
}
