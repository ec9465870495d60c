package browser_test

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/e2e/browser"
)

// From what is known of a refund to everything that happened to it, and a copy to take along.
func TestAnAuditorFindsOutWhatHappened(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o browser.Options) {
		whose := newStranger(t)
		refund := whose.files(t, large).text("id")
		decides(t, "reviewer2", refund, "approve")
		becomes(t, refund, "credited")
		tab := open(t, o)
		tab.SignIn("auditor")

		found := func() {
			tab.Await("the refund, and it alone", `document.querySelectorAll("#refunds tbody tr").length === 1 && document.querySelector('#refunds a[href="/audit/refunds/`+refund+`"]')`)
		}
		tab.Fill("#text", refund)
		tab.Click("#search button.primary")
		found()
		tab.Go("/audit")
		tab.Click("#criteria summary")
		tab.Fill("#account_id", whose.account)
		tab.Fill("#actor", "user_reviewer2")
		tab.Fill("#rule", "new-account")
		tab.Fill("#currency", "USD")
		tab.Fill("#amount_from", "499.99")
		tab.Choose("#state", "credited")
		tab.Click("#search button.primary")
		found()
		require.Equal(t, whose.account, tab.Query().Get("account_id"), "a search is an address")
		tab.Fill("#amount_from", "much")
		tab.Click("#search button.primary")
		tab.Sees("#amount_from-problem")
		require.Equal(t, whose.account, tab.Value("#account_id"), "what was typed stays")

		tab.Go("/audit/refunds/" + refund)
		require.Contains(t, tab.Text("#refund"), "Ann Example")
		require.Contains(t, tab.Text("#votes"), "user_reviewer2")
		require.Contains(t, tab.Text("#screening #rules"), "new-account")
		require.NotEmpty(t, tab.Text("#replayed"), "judged again as it was then")
		require.NotZero(t, tab.Count("#facts tbody tr"))
		require.Contains(t, tab.Text("#journal"), "500.00")
		require.NotZero(t, tab.Count("#mails tbody tr"))
		require.NotZero(t, tab.Count("#history svg"), "on one axis of time")
		for _, source := range []string{"audit", "engine"} {
			require.NotZero(t, tab.Count(`#events tr[data-source="`+source+`"]`), source)
		}
		whole := tab.Count("#events tbody tr[data-source]")
		tab.Click(`#sources a[href*="source=audit"]`)
		tab.Await("the audit entries alone", `document.querySelector("#events") && !document.querySelector('#events tr[data-source="engine"]')`)
		require.Less(t, tab.Count("#events tbody tr[data-source]"), whole)

		copies(t, tab, refund)
		require.False(t, tab.Has("#main form[method=post]"), "nothing can be changed here")
	})
}

// copies takes both of the copies that the page offers.
func copies(t *testing.T, tab *browser.Tab, refund string) {
	t.Helper()
	stolen := cookies(t, tab)
	status, table := get(t, tab.Attribute("#export a:nth-of-type(1)", "href"), stolen)
	require.Equal(t, http.StatusOK, status)
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(table, "\ufeff"))).ReadAll()
	require.NoError(t, err)
	require.Greater(t, len(rows), 5)
	require.Contains(t, table, refund)
	status, lines := get(t, tab.Attribute("#export a:nth-of-type(2)", "href"), stolen)
	require.Equal(t, http.StatusOK, status)
	for line := range strings.Lines(lines) {
		require.True(t, json.Valid([]byte(line)), line)
	}
	require.Contains(t, lines, refund)
}

// What an admin changes and a reviewer works on, an auditor reads.
func TestAnAuditorOnlyReads(t *testing.T) {
	t.Parallel()
	_, ticket := waiting(t)
	unmailed, whose := undelivered(t)
	attention, _ := stuck(t, whose.token, buys(t, whose.account, "Global SMS 10 USD", small))
	both(t, func(t *testing.T, o browser.Options) {
		tab := open(t, o)
		tab.SignIn("auditor")
		for path, sees := range map[string]string{
			"/dashboard": "#attention-" + attention, "/policies": "#versions", "/policies/1": "#version", "/accounts/acct_demo": "#account",
			"/pauses": "#in-force", "/mails": `[id="` + mailRow(unmailed) + `"]`, "/review?view=all": "#queue", "/review/" + ticket: "#reads-only",
			"/review/saved-replies": "h1",
		} {
			tab.Go(path)
			tab.Sees("#main h1")
			tab.Sees(sees)
			require.Zero(t, tab.Count(`#main form[method="post"]`), path)
		}
		for _, path := range []string{"/policies/new", "/review/saved-replies/new"} {
			tab.Go(path)
			tab.Sees(".failure")
		}
	})
}
