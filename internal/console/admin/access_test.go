package admin_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/audit"
	"refunddesk/internal/identity"
	"refunddesk/internal/store/storetest"
)

func TestPagesAreForAdminsAndAuditors(t *testing.T) {
	o := newOffice(t)
	for _, path := range []string{"/dashboard", "/policies", "/policies/1", "/accounts", "/accounts/acct", "/pauses", "/mails"} {
		for _, who := range []identity.Actor{storetest.Customer("acct"), storetest.Reviewer, storetest.Senior, storetest.Integrator} {
			assert.Equal(t, http.StatusForbidden, o.site.As(who).Get(path).Status, "%s at %s", who.Subject, path)
		}
		o.sound(path)
	}
}

func TestOnlyAdminsAct(t *testing.T) {
	o := newOffice(t)
	everybody := []identity.Actor{storetest.Customer("acct"), storetest.Reviewer, storetest.Senior, otto, both}
	for _, path := range []string{
		"/attention/x/retry", "/policies", "/policies/1/backtest", "/policies/1/publish", "/accounts/acct/standing",
		"/pauses", "/pauses/preview", "/pauses/x/end", "/mails/x/retry",
	} {
		for _, who := range everybody {
			p := o.site.As(who).Post(path, url.Values{"reason": {"because"}, "confirm": {"yes"}, "standing": {"terminated"}})
			assert.Equal(t, http.StatusForbidden, p.Status, "%s at %s", who.Subject, path)
		}
	}
	for _, who := range everybody {
		assert.Equal(t, http.StatusForbidden, o.site.As(who).Get("/policies/new").Status)
	}
	// What the role alone forbids is on the record, too.
	of := func(who string) []string {
		return []string{
			who + ": policy unknown, forbidden", who + ": policy 1, forbidden", who + ": policy 1, forbidden",
			who + ": pause unknown, forbidden", who + ": pause unknown, forbidden", who + ": pause x, forbidden",
			who + ": account acct, forbidden", who + ": refund x, forbidden", who + ": refund unknown, forbidden",
		}
	}
	var want, got []string
	for _, who := range everybody {
		want = append(want, of(who.Subject)...)
	}
	for _, action := range []audit.Action{audit.PolicyRefused, audit.PauseRefused, audit.StandingRefused, audit.RetryRefused, audit.NoticeRefused} {
		got = append(got, o.Refusals(action)...)
	}
	assert.ElementsMatch(t, want, got)
}

// Somebody else put a version in force while an admin looked at what his would change.
func TestAPublicationThatCameTooLateIsOnTheRecord(t *testing.T) {
	o := newOffice(t)
	source, err := o.PolicySource(o.Ctx, "1")
	require.NoError(t, err)
	_, err = o.Desk.DraftPolicy(o.Ctx, ada, source+"\n# 2\n")
	require.NoError(t, err)
	for _, inForce := range []string{"0", "2", ""} {
		p := o.ada.Post("/policies/2/publish", url.Values{"confirm": {"yes"}, "in_force": {inForce}})
		assert.Equal(t, http.StatusConflict, p.Status, inForce)
	}
	assert.Equal(t, http.StatusNotFound, o.ada.Post("/policies/99/publish", url.Values{"confirm": {"yes"}}).Status)
	changed := "ada: policy 2, policy-changed"
	assert.Equal(t, []string{changed, changed, changed, "ada: policy 99, not-found"}, o.Refusals(audit.PolicyRefused))
	assert.Equal(t, http.StatusSeeOther, o.ada.Post("/policies/2/publish", url.Values{"confirm": {"yes"}, "in_force": {"1"}}).Status)
}

// What a page refuses of a pause before the desk is asked is on the record, and what was typed
// for a refund that another admin was quicker with can be copied.
func TestWhatAPageRefusesIsOnTheRecord(t *testing.T) {
	o := newOffice(t)
	assert.Equal(t, http.StatusUnprocessableEntity, o.ada.Post("/pauses", url.Values{"scope": {"all"}, "reason": {"because"}}).Status)
	assert.Equal(t, []string{"ada: pause unknown, invalid-value"}, o.Refusals(audit.PauseRefused))
	o.Buy("p", 100, 100)
	p := o.ada.Post("/attention/"+o.MustFile("p").ID+"/retry", url.Values{"reason": {"The bank is back."}})
	assert.Equal(t, http.StatusConflict, p.Status)
	assert.Equal(t, "The bank is back.", p.Find("#attention #kept").Raw())
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	o := newOffice(t)
	for _, path := range []string{"/policies/99", "/policies/x", "/policies/1?against=99", "/policies/new?from=99", "/accounts/nobody"} {
		assert.Equal(t, http.StatusNotFound, o.ada.Get(path).Status, path)
	}
	for _, path := range []string{"/policies/99/backtest", "/policies/99/publish", "/accounts/nobody/standing", "/pauses/nope/end", "/mails/nope/retry"} {
		p := o.ada.Post(path, url.Values{"reason": {"because"}, "confirm": {"yes"}, "standing": {"suspended"}})
		assert.Equal(t, http.StatusNotFound, p.Status, path)
	}
}

// Choosing another language on the answer to a form asks for the form's address.
func TestTheAddressOfAFormLeadsToItsPage(t *testing.T) {
	o := newOffice(t)
	for path, want := range map[string]string{
		"/attention/x/retry": "/dashboard", "/policies/1/backtest": "/policies/1", "/policies/1/publish": "/policies/1",
		"/accounts/acct/standing": "/accounts/acct", "/pauses/preview": "/pauses", "/pauses/x/end": "/pauses", "/mails/a%2Fb/retry": "/mails",
	} {
		p := o.ada.Get(path)
		assert.Equal(t, http.StatusSeeOther, p.Status, path)
		assert.Equal(t, want, p.Location)
	}
}
