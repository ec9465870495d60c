package browser_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/e2e/browser"
)

// own opens a tab of one of the two customers.
func own(t *testing.T, o browser.Options, person string) *browser.Tab {
	t.Helper()
	tab := open(t, o)
	tab.SignIn(person)
	return tab
}

// atRefund gives the id of the refund whose page the tab shows, once it does.
func atRefund(tab *browser.Tab) string {
	tab.Await("the page of the refund", `/^\/refunds\/refund_\w+$/.test(location.pathname) && document.querySelector("#timeline")`)
	return strings.TrimPrefix(tab.Path(), "/refunds/")
}

// From the list of packages to the money on the balance. The two ways file for two packages
// of customer2, which is few enough for nobody to look at them.
func TestACustomerGetsHisMoneyBack(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o browser.Options) {
		name := map[bool]string{false: "pkg_demo2_discount_1", true: "pkg_demo2_used_1"}[o.NoScript]
		tab := own(t, o, "customer2")
		tab.Click("#package-" + name + " a.refund")
		tab.Arrives("/packages/" + name + "/refund")
		back := tab.Text("#line-amount .money")
		require.Contains(t, tab.Text("#confirm"), back, "the button says what it does")
		for _, line := range []string{"paid", "consumed", "remaining"} {
			require.NotEmpty(t, tab.Text("#line-"+line+" .money"))
		}
		if name == "pkg_demo2_discount_1" {
			require.Contains(t, tab.Text("#line-gift"), "20.00", "a gift is not paid out")
			require.Contains(t, back, "80.00")
		}

		tab.Click(`#reason_code input[value="bought_by_mistake"]`)
		tab.Fill("#note", "Bought twice.")
		tab.DoubleClick("#confirm")
		id := atRefund(tab)
		if o.NoScript {
			for tab.Attribute("#mover", "data-mover") == "system" {
				tab.Click("#refresh")
				tab.Sees("#mover")
			}
		}
		tab.Await("the credit", `document.querySelector("#receipt #amount-credited")`)
		require.Contains(t, tab.Text("#amount-credited"), back)
		require.Equal(t, "nobody", tab.Attribute("#mover", "data-mover"))
		require.GreaterOrEqual(t, tab.Count("#timeline .timeline > li"), 3)

		filed := as(t, "customer2", http.MethodGet, "/v1/refunds?package_id="+name, nil).items()
		require.Len(t, filed, 1, "a double click files once")
		require.Equal(t, id, filed[0].text("id"))

		tab.Go("/balance")
		require.NotEmpty(t, tab.Text("#balance-USD"))
		tab.SeesText("#movements", back)
		tab.Sees(`#movements a[href="/refunds/` + id + `"]`)
		status, csv := get(t, tab.Attribute("#download", "href"), cookies(t, tab))
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, csv, id)
		tab.Go("/packages/global-sms")
		require.True(t, tab.Has("#package-"+name+" button.refund[disabled]"))
		require.NotEmpty(t, tab.Text("#package-"+name+" .reason"), "why it is off")
	})
}

// What happens elsewhere is shown without a reload, and what is being typed stays.
func TestTheTimelineIsLive(t *testing.T) {
	t.Parallel()
	id := filed(t, running.Tokens["customer"], buys(t, "acct_demo", "Global SMS for Lisbon", huge)).text("id")
	tab := own(t, browser.Options{}, "customer")
	tab.Go("/refunds/" + id)
	tab.Await("the stream", `document.querySelector("#stream")`)
	browser.Eval[bool](tab, `window.stillHere = true`)
	const typed = "By the way, the branch is closed."
	tab.Fill("#reply-form textarea", typed)
	ticket := ticketOf(t, id).text("id")
	as(t, "reviewer", http.MethodPost, "/v1/tickets/"+ticket+"/request-information", thing{"body": "Is the branch in Lisbon closed?"})
	tab.SeesText("#conversation", "Is the branch in Lisbon closed?")
	tab.Await("who moves next", `document.querySelector("#mover").dataset.mover === "customer"`)
	require.Equal(t, typed, tab.Value("#reply-form textarea"))
	require.True(t, tab.True(`document.activeElement === document.querySelector("#reply-form textarea")`), "the focus stays where it is")
	require.True(t, tab.True(`document.querySelector("#happened").closest("[aria-live]")`))
	tab.Click("#reply-form button")
	tab.SeesText("#conversation .customer", typed)
	tab.Await("who moves next", `document.querySelector("#mover").dataset.mover === "reviewer"`)
	decides(t, "reviewer", id, "reject")
	tab.Sees("#appeal")
	require.True(t, tab.True(`window.stillHere`), "without a reload")
}

func TestWithdrawReplyAppeal(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o browser.Options) {
		pkg := func(name string) string {
			return filed(t, running.Tokens["customer"], buys(t, "acct_demo", name, huge)).text("id")
		}
		tab := own(t, o, "customer")

		withdrawn := pkg("Global SMS for Bergen")
		tab.Go("/refunds/" + withdrawn)
		tab.Click("#withdraw button")
		tab.Sees("#now .state-withdrawn")
		require.False(t, tab.Has("#withdraw"))

		asked := pkg("Global SMS for Malmö")
		as(t, "reviewer", http.MethodPost, "/v1/tickets/"+ticketOf(t, asked).text("id")+"/request-information", thing{"body": "Who bought it?"})
		tab.Go("/refunds/" + asked)
		tab.SeesText("#conversation", "Who bought it?")
		tab.Fill("#reply-form textarea", "Our head of purchasing did.")
		tab.Click("#reply-form button")
		tab.SeesText("#conversation .customer", "Our head of purchasing did.")
		tab.Sees("#now .state-in_review")

		decides(t, "reviewer2", asked, "reject")
		tab.Go("/refunds/" + asked)
		tab.Fill("#appeal-form textarea", "He will gladly talk to you.")
		tab.Click("#appeal-form button")
		tab.Await("the appeal", `document.querySelector("#appeal-of")`)
		require.NotEqual(t, asked, atRefund(tab))
		tab.Sees("#now .state-in_review")
		tab.Go("/refunds/" + asked)
		require.False(t, tab.Has("#appeal-form"), "once")
		require.True(t, tab.Has("#appealed"))
	})
}

func TestATicketFromAnyPage(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o browser.Options) {
		tab := own(t, o, "customer")
		for _, path := range []string{"/packages/global-sms", "/refunds", "/balance", "/tickets"} {
			tab.Go(path)
			require.True(t, tab.Has(`a[href^="/tickets/new"]`), path)
		}
		tab.Click(`#bottom a[href="/tickets/new"]`)
		tab.Arrives("/tickets/new")

		// Refused, it keeps what was typed and says beside the field what is wrong.
		tab.Fill("#subject", "A receipt")
		tab.Fill("#question #body", strings.Repeat("a", 20_000))
		sends("#question", "")(t, tab)
		require.Equal(t, "A receipt", tab.Value("#subject"))
		require.Len(t, tab.Value("#question #body"), 20_000)
		require.Equal(t, "true", tab.Attribute("#question #body", "aria-invalid"))
		require.Contains(t, tab.Attribute("#question #body", "aria-describedby"), "body-problem")
		require.NotEmpty(t, tab.Text("#body-problem"))
		if !o.NoScript {
			require.True(t, tab.True(`document.activeElement === document.querySelector("#question #body")`), "the field that is wrong has the focus")
		}

		tab.Fill("#question #body", "We need one for our tax office.")
		tab.Choose("#package_id", "pkg_demo_unused_2")
		tab.Click("#question button.primary")
		tab.SeesText("h1", "A receipt")
		tab.SeesText("#conversation", "We need one for our tax office.")
		tab.Fill("#reply-form textarea", "Until Friday, please.")
		tab.Click("#reply-form button")
		tab.SeesText("#conversation", "Until Friday, please.")
	})
}

func TestARequestKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o browser.Options) {
		tab := own(t, o, "customer")
		tab.Go("/packages/pkg_demo_discount_2/refund")
		const note = "Nobody here writes text messages any more."
		tab.Fill("#note", note)
		sends("#request", "")(t, tab)
		require.NotEmpty(t, tab.Text("#reason_code-problem"))
		require.Equal(t, note, tab.Value("#note"))
		tab.Go("/packages/pkg_demo_exhausted_1/refund")
		tab.Sees("#ineligible")
		require.False(t, tab.Has("#request"))
	})
}
