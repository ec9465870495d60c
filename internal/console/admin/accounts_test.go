package admin_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/refund"
	"refunddesk/internal/store/storetest"
)

func TestAnAccountIsFoundByWhatBelongsToIt(t *testing.T) {
	o := newOffice(t)
	o.Buy("p", 100, 100)
	r := o.MustFile("p")
	first := o.sound("/accounts")
	assert.NotNil(t, first.Find(".empty-first"))
	assert.Equal(t, "Search field", first.Find("input#text[data-key=/]").Attr("data-key-label"), "the key of searching, as in the queue")
	for text, want := range map[string]string{
		"acct": "/accounts/acct", "p": "/accounts/acct#package-p", r.ID: "/accounts/acct#refund-" + r.ID, r.WorkflowID: "/accounts/acct#refund-" + r.ID,
	} {
		p := o.ada.Get("/accounts?text=" + url.QueryEscape(text))
		assert.Equal(t, http.StatusSeeOther, p.Status, text)
		assert.Equal(t, want, p.Location)
	}
	for _, text := range []string{"nobody", "Ann", "<b>x</b>", "%00", "a\x01", "/../", string(make([]byte, 300))} {
		p := o.ada.Get("/accounts?text=" + url.QueryEscape(text))
		require.Equal(t, http.StatusOK, p.Status, text)
		assert.NotNil(t, p.Find(".empty-filtered"), text)
		assert.Empty(t, p.Flaws())
	}
}

func TestAnAccountIsShownWhole(t *testing.T) {
	o := newOffice(t)
	all := o.EveryState()
	_, _, err := o.SetDispute(o.Ctx, storetest.Integrator, "p-credited", refund.DisputeLost)
	require.NoError(t, err)
	p := o.sound("/accounts/acct")
	assert.Equal(t, "Ann", p.Find("h1").Text())
	assert.Contains(t, p.Find("#account").Text(), "ann@example.com")
	assert.Contains(t, p.Find("#balances").Text(), "50")
	assert.Len(t, p.All("#packages tbody tr"), len(all))
	assert.NotNil(t, p.Find("#package-p-credited .state-lost"))
	assert.Len(t, p.All("#refunds tbody tr"), len(all))
	assert.NotNil(t, p.Find("#life figure svg"))
	assert.NotEmpty(t, p.All("#open table.effect tbody tr"))
	assert.NotNil(t, p.Find("#standing-form"))
	assert.Equal(t, "/audit/refunds/"+all[refund.Credited].ID, o.otto.Get("/accounts/acct").Find("#refund-"+all[refund.Credited].ID+" a").Attr("href"))
}

func TestAnAccountOfNothingIsShown(t *testing.T) {
	o := newOffice(t)
	p := o.sound("/accounts/other")
	assert.Len(t, p.All(".none"), 3, "no package, no refund, nothing open")
	assert.Nil(t, p.Find("#life"))
	assert.NotContains(t, p.Find("#standing-form").Text(), "0", "a choice that does nothing to refunds counts none")
}

func TestNobodyReadsOnAboutHimself(t *testing.T) {
	o := newOffice(t)
	assert.Equal(t, http.StatusForbidden, o.site.As(owner).Get("/accounts/acct").Status)
	assert.Equal(t, http.StatusOK, o.site.As(owner).Get("/accounts/other").Status)
}

func TestTheStandingIsChangedByWhoKnowsWhatItDoes(t *testing.T) {
	o := newOffice(t)
	o.Buy("p", 100, 100)
	o.MustFile("p")
	p := o.sound("/accounts/acct")
	hint := p.Find("#standing-terminated-hint").Text()
	assert.Contains(t, hint, "1")
	assert.Contains(t, hint, "100")
	assert.True(t, p.Find("#standing-good").Has("checked"))

	for _, reason := range []string{"", " \n ", "a\x01b", "\u200b"} {
		again := o.ada.Send(p, "#standing-form", "standing", "suspended", "reason", reason)
		require.Equal(t, http.StatusUnprocessableEntity, again.Status, "%q", reason)
		assert.Empty(t, again.Flaws())
		assert.NotEmpty(t, again.Find("#reason-problem").Text())
		assert.True(t, again.Find("#standing-suspended").Has("checked"), "what was chosen is kept")
	}
	strange := o.ada.Send(p, "#standing-form", "standing", "praised", "reason", "because")
	require.Equal(t, http.StatusUnprocessableEntity, strange.Status)
	assert.NotNil(t, strange.Find("#standing-form p.problem"))

	done := o.ada.Send(p, "#standing-form", "standing", "suspended", "reason", "Sold on to others.\n<b>Twice.</b>")
	require.Equal(t, http.StatusSeeOther, done.Status)
	p = o.sound("/accounts/acct")
	assert.NotNil(t, p.Find("h1"))
	assert.Contains(t, p.Find("#account blockquote").Raw(), "<b>Twice.</b>")
	assert.True(t, p.Find("#standing-suspended").Has("checked"))
	assert.NotEmpty(t, o.Engine.Heard(), "its refunds hear of it")
}
