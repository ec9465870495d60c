package browser_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/e2e/browser"
)

// inReview has acct_demo file for a package that somebody has to look at.
func inReview(t *testing.T, name string) string {
	t.Helper()
	return filed(t, running.Tokens["customer"], buys(t, "acct_demo", name, huge)).text("id")
}

// held has the page's requests to paths with a part in them wait until it is let go.
func held(tab *browser.Tab, part string) (letGo func()) {
	browser.Eval[bool](tab, `(() => {
		const send = window.fetch;
		const gate = new Promise((open) => { window.letGo = open; });
		window.fetch = (to, ...rest) => String(to).includes("`+part+`") ? gate.then(() => send(to, ...rest)) : send(to, ...rest);
		return true;
	})()`)
	return func() { browser.Eval[bool](tab, `(window.letGo(), true)`) }
}

// News that come while a reply is under way do not bring its button back to life, nor give the
// form a key under which the same words would be said again.
func TestNewsLeaveAReplyUnderWayAlone(t *testing.T) {
	t.Parallel()
	id := inReview(t, "Global SMS for Turin")
	tab := own(t, browser.Options{}, "customer")
	tab.Go("/refunds/" + id)
	tab.Sees("#reply-form textarea")
	tab.Fill("#reply-form textarea", "Two of our people left.")
	key := tab.Value("#reply-form [name=idempotency_key]")
	letGo := held(tab, "/reply")
	tab.Click("#reply-form button")
	tab.Await("that it is sent", `document.querySelector("#reply-form").getAttribute("aria-busy") === "true"`)
	as(t, "reviewer", http.MethodPost, "/v1/tickets/"+ticketOf(t, id).text("id")+"/messages", thing{"body": "We are on it.", "visibility": "public"})
	tab.SeesText("#conversation", "We are on it.")
	require.True(t, tab.True(`document.querySelector("#conversation").closest("[role=log]")`), "it is read out")
	require.Equal(t, "true", tab.Attribute("#reply-form", "aria-busy"))
	require.Equal(t, "true", tab.Attribute("#reply-form button", "aria-disabled"))
	require.Equal(t, key, tab.Value("#reply-form [name=idempotency_key]"))
	tab.DoubleClick("#reply-form button")
	letGo()
	tab.SeesText("#conversation .customer", "Two of our people left.")
	require.Equal(t, 1, tab.Count("#conversation .customer"))
	tab.Await("a form for more", `document.querySelector("#reply-form textarea").value === ""`)
	require.NotEqual(t, key, tab.Value("#reply-form [name=idempotency_key]"))
}

// A page that can no longer follow its refund says so, goes on trying, and follows again.
func TestALivePageSaysThatItIsCut(t *testing.T) {
	t.Parallel()
	id := inReview(t, "Global SMS for Ghent")
	tab := own(t, browser.Options{}, "customer")
	tab.Carries(`{
		const send = window.fetch;
		window.down = true;
		window.fetch = (to, ...rest) => window.down && String(to).includes("/events") ? Promise.reject(new TypeError("nobody is there")) : send(to, ...rest);
	}`)
	tab.Go("/refunds/" + id)
	tab.Sees("#cut")
	tab.Await("that it is said", `document.querySelector("#announce").textContent.includes("out of date")`)
	browser.Eval[bool](tab, `window.down = false; true`)
	tab.Await("that it follows again", `document.querySelector("#cut").hidden`)
	as(t, "customer", http.MethodPost, "/v1/refunds/"+id+"/withdraw", thing{})
	tab.Sees("#now .state-withdrawn")
	for _, trouble := range tab.Troubles() {
		require.True(t, strings.Contains(trouble, "nobody is there"), trouble)
	}
}

// A page that was left open is not kept signed in by following its refund: when its session is
// over it leads to sign in, and back.
func TestALivePageWhoseSessionIsOverLeadsToSignIn(t *testing.T) {
	t.Parallel()
	id := inReview(t, "Global SMS for Aarhus")
	tab := own(t, browser.Options{}, "customer")
	tab.Go("/refunds/" + id)
	tab.Sees("#stream ~ .refresh")
	tab.Await("the stream", `document.querySelector("#stream")._htmx?.sse`)
	end(t, tab)
	tab.Await("the page to sign in", `location.pathname.startsWith("/dev/oidc/")`)
	tab.Click(`button[name="person"][value="customer"]`)
	tab.Arrives("/refunds/" + id)
	tab.Sees("#now .state-in_review")
	tab.Troubles() // htmx writes down that the stream ended
}
