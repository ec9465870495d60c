package browser_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/e2e/browser"
)

func TestEverybodyStartsAtHisOwnPage(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o browser.Options) {
		tab := open(t, o)
		for person, home := range map[string]string{
			"customer": "/packages/global-sms", "customer2": "/packages/global-sms", "reviewer": "/review", "reviewer2": "/review",
			"senior": "/review", "auditor": "/audit", "admin": "/dashboard",
		} {
			require.Equal(t, home, tab.SignIn(person), person)
			tab.Go("/")
			require.Equal(t, home, tab.Path(), person)
			tab.Click(`form[action="/sign-out"] button`)
			tab.Sees("#signed-out")
			tab.Go("/")
			tab.Sees(`button[name="person"]`)
		}
	})
}

func TestAProgramHasNoPages(t *testing.T) {
	t.Parallel()
	tab := open(t, browser.Options{})
	tab.Go("/sign-in")
	tab.Click(`button[name="person"][value="integrator"]`)
	tab.Sees(".failure")
}

// cookies are those of the tab, as a program sends them.
func cookies(t *testing.T, tab *browser.Tab) string {
	t.Helper()
	var all []string
	for name, value := range tab.Cookies() {
		all = append(all, name+"="+value)
	}
	require.NotEmpty(t, all)
	return strings.Join(all, "; ")
}

// get asks for a page as a program that has stolen cookies.
func get(t *testing.T, path, stolen string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, running.URL+path, nil)
	require.NoError(t, err)
	r.Header.Set("Cookie", stolen)
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(r)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(text)
}

func TestSignOutEndsTheSessionAtOnce(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o browser.Options) {
		tab := open(t, o)
		tab.SignIn("auditor")
		stolen := cookies(t, tab)
		status, body := get(t, "/audit", stolen)
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, body, "Ariel Moreau")
		tab.Click(`form[action="/sign-out"] button`)
		tab.Sees("#signed-out")
		status, body = get(t, "/audit", stolen)
		require.Equal(t, http.StatusSeeOther, status, "the old cookie is worth nothing")
		require.NotContains(t, body, "Ariel Moreau")
	})
}

// Whoever comes without a session that is good comes back to the page that he wanted.
func TestAnEndedSessionComesBackToTheSamePage(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o browser.Options) {
		tab := open(t, o)
		tab.SignIn("auditor")
		end(t, tab)
		tab.Go("/audit?account_id=acct_demo")
		tab.Click(`button[name="person"][value="auditor"]`)
		tab.Arrives("/audit")
		require.Equal(t, "acct_demo", tab.Query().Get("account_id"))
	})
}

// end ends the session of a tab without its page knowing.
func end(t *testing.T, tab *browser.Tab) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, running.URL+"/sign-out", nil)
	require.NoError(t, err)
	r.Header.Set("Cookie", cookies(t, tab))
	r.Header.Set("Origin", running.URL)
	resp, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(r)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusSeeOther, resp.StatusCode)
}

// A form that is sent after the session ended says so, keeps what was typed, and can be sent
// again after signing in.
func TestAFormOutlivesItsSession(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o browser.Options) {
		const body = "We cannot find the receipt of March, which our tax office asks for."
		tab := open(t, o)
		tab.SignIn("customer")
		tab.Go("/tickets/new")
		tab.Fill("#subject", "The receipt of March")
		tab.Fill("#question #body", body)
		end(t, tab)
		tab.Click("#question button.primary")
		tab.Sees(".failure")
		require.Equal(t, body, tab.Value(`.failure textarea[name="body"]`))
		// Signing in happens in a window of its own; here it is the same browser's cookies.
		other := tab.Beside()
		other.SignIn("customer")
		other.Close()
		tab.Click(".failure button.primary")
		tab.SeesText("h1", "The receipt of March")
		tab.SeesText(".conversation", body)
	})
}

func TestPreferences(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o browser.Options) {
		tab := open(t, o)
		tab.SignIn("auditor")
		tab.Dark(false)
		tab.Go("/audit?account_id=acct_demo")
		tab.Click(`.preferences button[value="zh-Hans"]`)
		tab.Await("Chinese", `document.documentElement.lang === "zh-Hans" && document.readyState === "complete"`)
		require.Equal(t, "acct_demo", tab.Query().Get("account_id"), "the same page")
		light := browser.Eval[string](tab, `getComputedStyle(document.body).backgroundColor`)
		tab.Click(`.preferences button[value="dark"]`)
		tab.Await("dark", `document.documentElement.dataset.theme === "dark" && document.readyState === "complete"`)
		chosen := browser.Eval[string](tab, `getComputedStyle(document.body).backgroundColor`)
		require.NotEqual(t, light, chosen)
		tab.Click(`button[name="theme"][value="system"]`)
		tab.Await("the system's", `!document.documentElement.dataset.theme && document.readyState === "complete"`)
		require.Equal(t, light, browser.Eval[string](tab, `getComputedStyle(document.body).backgroundColor`))
		tab.Dark(true)
		require.Equal(t, chosen, browser.Eval[string](tab, `getComputedStyle(document.body).backgroundColor`), "dark is dark, chosen or the system's")
	})
}
