package browser_test

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/e2e/browser"
)

// publishing is one at a time: what an admin confirms is against the version in force.
var publishing sync.Mutex

// A policy is written, put right where it is wrong, compared, tried on the past, put in force
// and taken back.
func TestAnAdminChangesThePolicy(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o browser.Options) {
		publishing.Lock()
		defer publishing.Unlock()
		source := as(t, "admin", http.MethodGet, "/v1/policies/1", nil).text("source")
		better := changed(t, source, `default: "1000"`, `default: "999"`) // a currency that no test pays in
		wrong := changed(t, better, "when: rebuy_cycles_30d >= 2", "when: rebuy_cycles_30d >= two")
		before, _, _ := strings.Cut(wrong, ">= two")
		at := strings.Count(before, "\n") + 1

		tab := open(t, o)
		tab.SignIn("admin")
		tab.Go("/policies")
		tab.Click("#new-policy")
		tab.Arrives("/policies/new")
		write := func(text string) {
			browser.Eval[bool](tab, `(document.querySelector("#source").value = "", true)`)
			tab.Fill("#source", text)
		}
		write(wrong)
		tab.Click("#editor button[value=draft]")
		tab.SeesText("#problems", `"two"`)
		require.Contains(t, tab.Text("#problems"), "Line "+strconv.Itoa(at), "where it is wrong")
		require.Contains(t, tab.Value("#source"), ">= two", "what was typed stays")
		write(better)
		tab.Click("#editor button[value=draft]")
		tab.Await("the draft", `/^\/policies\/\d+$/.test(location.pathname) && document.querySelector("#publish")`)
		draft := tab.Path()
		require.Contains(t, tab.Text("#meaning"), "999.00", "what it changes, in words")
		require.NotZero(t, tab.Count("#line-diff .added"))

		tab.Click("#backtest-form button")
		tab.Sees("#report")
		require.NotEmpty(t, tab.Text("#report"))

		tab.Go(draft)
		tab.Click("#confirm")
		tab.Click("#publish button")
		inForce := func(path string) {
			tab.Await("it is in force", `location.pathname === "`+path+`" && !document.querySelector("#publish") && document.readyState === "complete"`)
		}
		inForce(draft)
		tab.Go("/policies/1")
		tab.Click("#confirm")
		tab.Click("#publish button")
		inForce("/policies/1")
		tab.Go("/policies")
		require.True(t, tab.Has(`#in-force a[href="/policies/1"]`))
	})
}

// Standing is changed with a reason, and open refunds hear of it.
func TestAnAdminSuspendsAnAccount(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o browser.Options) {
		whose := newStranger(t)
		refund := whose.files(t, large).text("id")
		tab := open(t, o)
		tab.SignIn("admin")
		tab.Go("/accounts")
		tab.Fill("#text", whose.account)
		tab.Click("#find-account button")
		tab.Await("the account, found or listed", `location.pathname === "/accounts/`+whose.account+`" || document.querySelector('#accounts a[href="/accounts/`+whose.account+`"]')`)
		tab.Go("/accounts/" + whose.account)
		tab.Click("#standing-suspended")
		sends("#standing-form", "")(t, tab)
		require.True(t, tab.Has("#standing-form [aria-invalid=true]"), "not without a reason")
		require.True(t, tab.True(`document.querySelector("#standing-suspended").checked`))
		tab.Fill("#standing-form textarea", "They resell messages, which the agreement forbids.")
		tab.Click("#standing-form button")
		tab.Await("suspended", `document.querySelector("#account .state-suspended")`)
		becomes(t, refund, "on_hold")
		tab.Click("#standing-good")
		tab.Fill("#standing-form textarea", "It was another account.")
		tab.Click("#standing-form button")
		tab.Await("in good standing", `document.querySelector("#account .state-good")`)
		becomes(t, refund, "in_review")
	})
}

// A pause shows what it would hold before it begins, and ends when its admin says so.
func TestAnAdminPausesAnAccount(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o browser.Options) {
		whose := newStranger(t)
		refund := whose.files(t, large).text("id")
		tab := open(t, o)
		tab.SignIn("admin")
		tab.Go("/pauses")
		fillPause(tab, "account", whose.account)
		tab.Click("#new-pause button")
		tab.Sees("#preview")
		require.Contains(t, tab.Text("#preview"), "500.00", "what is open there")
		tab.Click("#begin-pause button")
		mine := `[...document.querySelectorAll("#in-force article")].find(e => e.textContent.includes("` + whose.account + `"))`
		tab.Await("the pause", mine)
		require.Empty(t, tab.Value("#new-pause textarea"), "its reason was sent, and does not come back")
		decides(t, "reviewer2", refund, "approve")
		becomes(t, refund, "on_hold")
		tab.Start(mine + `.querySelector("form button").click()`)
		tab.Await("its end", `document.querySelector("#main h1") && !(`+mine+`)`)
		becomes(t, refund, "credited")
	})
}

func TestTheDashboard(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o browser.Options) {
		tab := open(t, o)
		tab.SignIn("admin")
		require.Equal(t, "/dashboard", tab.Path())
		require.GreaterOrEqual(t, tab.Count("#main svg"), 4, "drawn")
		require.GreaterOrEqual(t, tab.Count("#main details table tbody tr"), 30, "with the numbers beneath")
		for _, part := range []string{"#decision-time", "#queues", "#rules"} {
			require.NotEmpty(t, tab.Text(part), part)
		}
		tab.Choose("#days", "7")
		tab.Click("#board-filter button")
		tab.Await("a week", `new URLSearchParams(location.search).get("days") === "7" && document.readyState === "complete"`)
	})
}
