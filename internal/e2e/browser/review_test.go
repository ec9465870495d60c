package browser_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/e2e/browser"
	"refunddesk/internal/e2e/stack"
)

// waiting gives the refund and the case of somebody who asks for much.
func waiting(t *testing.T) (refund, ticket string) {
	t.Helper()
	refund = newStranger(t).files(t, large).text("id")
	return refund, ticketOf(t, refund).text("id")
}

func stateOf(t *testing.T, refund string) string {
	t.Helper()
	return as(t, "auditor", http.MethodGet, "/v1/refunds/"+refund, nil).text("state")
}

// becomes waits until a refund is in a state.
func becomes(t *testing.T, refund, state string) {
	t.Helper()
	require.Eventually(t, func() bool { return stateOf(t, refund) == state }, stack.Patience, 20*time.Millisecond, "%s becomes %s", refund, state)
}

func TestTheQueueIsFiltered(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o browser.Options) {
		_, ticket := waiting(t)
		tab := open(t, o)
		tab.SignIn("reviewer")
		tab.Click("#view-unassigned")
		tab.Await("the view", `document.querySelector("#view-unassigned[aria-current=page]")`)
		tab.Choose("#filter-queue", "questions")
		tab.Choose("#filter-kind", "question")
		tab.Click("#filters button")
		tab.Await("the filter in the address", `new URLSearchParams(location.search).get("queue") === "questions" && document.querySelector("#filter-queue").value === "questions"`)
		require.False(t, tab.Has("#row-"+ticket))
		require.NotZero(t, tab.Count("#queue tbody tr"))
		tab.Click("#clear-filters")
		tab.Await("no filter", `document.querySelector("#filter-queue").value === ""`)
		tab.Fill("#filter-q", ticket)
		tab.Click("#filters button")
		tab.Arrives("/review/" + ticket)
		tab.Go("/review?view=all&rule=none-such")
		tab.Sees(".empty-filtered")
	})
}

func TestAReviewerWorksOnACase(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o browser.Options) {
		refund, ticket := waiting(t)
		tab := open(t, o)
		tab.SignIn("reviewer")
		tab.Go("/review/" + ticket)
		require.Contains(t, tab.Text("#amount"), "500.00")
		require.Contains(t, tab.Text("#matches"), "new-account")
		require.Contains(t, tab.Text("#approve-effect"), "500.00", "what it will do to the money")
		tab.Click("#claim")
		tab.Sees("#release")

		tab.Fill("#internal-body", "I have called them.")
		tab.Click("#save-note")
		tab.SeesText(".message.internal", "I have called them.")

		if !tab.True(`document.querySelector("#public").open`) {
			tab.Click("#public summary")
		}
		tab.Fill("#public-body", "Which of your shops is it for?")
		tab.Click("#ask")
		tab.SeesText(".message.public", "Which of your shops is it for?")
		require.Equal(t, "awaiting_customer", stateOf(t, refund))
		require.False(t, tab.Has("#decide"), "nothing is decided while the customer is asked")
		require.NotEmpty(t, tab.Text("#why-not"))
	})
}

func TestAReviewerDecides(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o browser.Options) {
		tab := open(t, o)
		tab.SignIn("reviewer")
		for vote, reason := range map[string]string{"approve": "verified_request", "reject": "unverified"} {
			refund, ticket := waiting(t)
			tab.Go("/review/" + ticket)

			// Without a reason it is refused, and keeps what was typed.
			tab.Click("#" + vote)
			tab.Fill("#decision-form #note", "They are who they say.")
			tab.Fill("#message", "Thank you for your patience.")
			sends("#decision-form", "")(t, tab)
			require.NotEmpty(t, tab.Text("#reason_code-problem"))
			require.Equal(t, "They are who they say.", tab.Value("#decision-form #note"))
			require.True(t, tab.True(`document.querySelector("#`+vote+`").checked`))
			require.Equal(t, "in_review", stateOf(t, refund))

			tab.Choose("#reason_code", reason)
			tab.Click("#decide")
			tab.Sees("#votes .state-" + vote)
			require.Equal(t, 1, tab.Count("#votes > li"))
			require.Contains(t, tab.Text("#votes"), "You")
			require.False(t, tab.Has("#decision-form"), "it is decided")
			becomes(t, refund, map[string]string{"approve": "credited", "reject": "rejected"}[vote])
		}
	})
}

// Who decides on what is no longer so is shown what changed, and keeps his words.
func TestAStaleDecisionShowsWhatChanged(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o browser.Options) {
		refund := newStranger(t).files(t, enormous).text("id")
		ticket := ticketOf(t, refund).text("id")
		tab := open(t, o)
		tab.SignIn("reviewer")
		tab.Go("/review/" + ticket)
		tab.Click("#approve")
		tab.Choose("#reason_code", "verified_request")
		tab.Fill("#decision-form #note", "Their head of purchasing confirms it.")
		decides(t, "senior", refund, "approve")
		disputed(t, refund) // what was approved is not what it was
		tab.Click("#decide")
		tab.Sees("#changed table")
		require.NotEmpty(t, tab.Text("#changed .was"))
		require.NotEqual(t, tab.Text("#changed .was"), tab.Text("#changed .is"))
		require.Equal(t, "Their head of purchasing confirms it.", tab.Value("#decision-form #note"))
		require.Equal(t, "in_review", stateOf(t, refund))
		if !tab.True(`document.querySelector("#approve").checked`) {
			tab.Click("#approve")
		}
		tab.Click("#decide")
		tab.Await("the second vote", `document.querySelectorAll("#votes > li").length === 2`)
		becomes(t, refund, "credited")
	})
}

// disputed has the payment of a refund's package disputed and won again: meanwhile the refund
// was on hold.
func disputed(t *testing.T, refund string) {
	t.Helper()
	pkg := as(t, "auditor", http.MethodGet, "/v1/refunds/"+refund, nil).text("package_id")
	as(t, "integrator", http.MethodPut, "/v1/packages/"+pkg+"/dispute", thing{"status": "open"})
	becomes(t, refund, "on_hold")
	as(t, "integrator", http.MethodPut, "/v1/packages/"+pkg+"/dispute", thing{"status": "won"})
	becomes(t, refund, "in_review")
}

func TestResolveAndNext(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o browser.Options) {
		whose := newStranger(t)
		for _, subject := range []string{"A first question", "A second question", "A third question"} {
			ask(t, whose.token, http.MethodPost, "/v1/tickets", thing{"subject": subject, "body": "Please call us."})
		}
		tab := open(t, o)
		tab.SignIn("reviewer2")
		tab.Go("/review?view=all&state=open&account_id=" + whose.account)
		require.Equal(t, 3, tab.Count("#queue tbody tr"))
		tab.Click("#queue tbody tr:first-child a")
		tab.Sees("#resolve-next")
		first := tab.Path()
		tab.Click("#resolve-next")
		tab.Await("the next case", `location.pathname !== "`+first+`" && location.pathname.startsWith("/review/ticket_") && document.querySelector("#resolve-next")`)
		second := tab.Path()
		tab.Click("#resolve-next")
		tab.Await("the last case", `location.pathname !== "`+second+`" && location.pathname !== "`+first+`" && document.querySelector("#resolve-next")`)
		tab.Click("#resolve-next")
		tab.Arrives("/review")
		tab.Sees(".empty")
	})
}

func TestDecideAndNext(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o browser.Options) {
		whose := newStranger(t)
		refunds := map[string]string{} // by their cases
		for range 2 {
			refund := whose.files(t, large).text("id")
			refunds["/review/"+ticketOf(t, refund).text("id")] = refund
		}
		tab := open(t, o)
		tab.SignIn("reviewer2")
		tab.Go("/review?view=all&state=open&account_id=" + whose.account)
		require.Equal(t, 2, tab.Count("#queue tbody tr"))
		tab.Click("#queue tbody tr:first-child a")
		rejects := func() string {
			tab.Sees("#decision-form")
			at := tab.Path()
			tab.Click("#reject")
			tab.Choose("#reason_code", "suspected_abuse")
			tab.Click("#decide-next")
			return at
		}
		first := rejects()
		delete(refunds, first)
		require.Len(t, refunds, 1, "the first was a case of theirs")
		for second := range refunds {
			tab.Arrives(second)
			require.Equal(t, second, rejects())
		}
		tab.Arrives("/review")
		require.Equal(t, whose.account, tab.Query().Get("account_id"), "the list that he came from")
		tab.Sees(".empty")
		for _, refund := range refunds {
			becomes(t, refund, "rejected")
		}
	})
}

// focused is an expression that is true while a selector's element has the focus.
func focused(selector string) string {
	return `document.activeElement === document.querySelector("` + selector + `")`
}

func TestTheKeys(t *testing.T) {
	t.Parallel()
	_, ticket := waiting(t)
	waiting(t)
	tab := signedIn(t, "reviewer")
	tab.Go("/review?view=all&sort=newest")
	tab.Press("j")
	tab.Await("the first row", `document.activeElement.closest("[data-row]") === document.querySelectorAll("[data-row]")[0]`)
	tab.Press("j")
	tab.Await("the second row", `document.activeElement.closest("[data-row]") === document.querySelectorAll("[data-row]")[1]`)
	tab.Press("k")
	tab.Await("the first row", `document.activeElement.closest("[data-row]") === document.querySelectorAll("[data-row]")[0]`)
	tab.Press("/")
	tab.Await("the search", focused("#filter-q"))
	tab.Press("j")
	require.Equal(t, "j", tab.Value("#filter-q"), "letters in a field are letters")
	tab.Press(kb.Escape)
	tab.Press("j")
	tab.Press(kb.Enter)
	tab.Await("a case", `location.pathname.startsWith("/review/ticket_") && document.querySelector("#main h1")`)

	tab.Go("/review/" + ticket)
	tab.Press("c")
	tab.Sees("#release")
	tab.Press("a")
	tab.Await("approve", `document.querySelector("#approve").checked`)
	tab.Press("r")
	tab.Await("reject", `document.querySelector("#reject").checked`)
	tab.Press("n")
	tab.Await("the note", focused("#internal-body"))
	tab.Press(kb.Escape)
	tab.Press("?")
	tab.Sees("#keys[open] .here")
	tab.Click("#keys-on")
	tab.Press(kb.Escape)
	tab.Await("no help", `!document.querySelector("#keys").open`)
	tab.Press("a")
	tab.Press("?")
	require.False(t, tab.True(`document.querySelector("#keys").open`), "switched off")
	require.False(t, tab.True(`document.querySelector("#approve").checked`))
	tab.Go("/review/" + ticket)
	tab.Press("?")
	require.False(t, tab.True(`document.querySelector("#keys").open`), "and stays so")
	tab.Click("[data-open=keys]")
	tab.Sees("#keys[open]")
	tab.Click("#keys-on")
	tab.Click("#keys button.primary")
	tab.Press("?")
	tab.Sees("#keys[open]")
}

func TestSomebodyElseLooking(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o browser.Options) {
		_, ticket := waiting(t)
		first, second := signedIn(t, "reviewer2"), open(t, o)
		second.SignIn("reviewer")
		first.Go("/review/" + ticket)
		require.Zero(t, first.Count("#viewers .viewer"), "nobody else")
		second.Go("/review/" + ticket)
		require.Equal(t, 1, second.Count("#viewers .viewer"))
		require.Regexp(t, `\buser_reviewer2\b`, second.Text("#viewers .viewer"))
		require.Equal(t, "polite", second.Attribute("#viewers", "aria-live"))
		first.Go("/review/" + ticket)
		require.Equal(t, 1, first.Count("#viewers .viewer"), "not he himself")
		require.Regexp(t, `\buser_reviewer\b`, first.Text("#viewers .viewer"))
	})
}

func TestManyAreAssigned(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o browser.Options) {
		whose := newStranger(t)
		for range 2 {
			whose.files(t, large)
		}
		tab := open(t, o)
		tab.SignIn("senior")
		list := "/review?view=all&account_id=" + whose.account
		tab.Go(list)
		require.Equal(t, 2, tab.Count("#queue tbody tr"))
		handledBy := func(person string, many string) string {
			return `[...document.querySelectorAll("#queue tbody tr")].filter(e => e.textContent.includes("` + person + `")).length === ` + many
		}
		tab.Click("#queue tbody tr:first-child input")
		tab.Click("#bulk-claim")
		tab.Await("one claimed", handledBy("You", "1"))
		tab.Click("#select-all")
		tab.Await("all chosen", `document.querySelectorAll("#queue tbody input:checked").length === 2`)
		tab.Fill("#bulk-assignee", "user_reviewer2")
		tab.Click("#bulk-assign")
		tab.Await("both assigned", handledBy("user_reviewer2", "2"))
	})
}

// A swap in the page leaves the focus where a person expects it.
func TestFocusAfterSwaps(t *testing.T) {
	t.Parallel()
	_, ticket := waiting(t)
	tab := signedIn(t, "reviewer")
	browser.Eval[bool](tab, `window.stillHere = true`)
	tab.Click("#view-mine")
	tab.Await("the new page's heading has the focus, or the tab", `location.search.includes("mine") && (`+focused("#main h1")+` || `+focused("#view-mine")+`)`)
	require.True(t, tab.True(`window.stillHere`), "swapped, not loaded")
	tab.Go("/review/" + ticket)
	browser.Eval[bool](tab, `window.stillHere = true`)
	tab.Fill("#internal-body", "Called them.")
	tab.Click("#save-note")
	tab.SeesText(".message.internal", "Called them.")
	tab.Await("the focus in the page", `document.activeElement !== document.body && document.querySelector("#main").contains(document.activeElement)`)
	tab.Await("what was done is said", `document.querySelector("#announce").textContent.trim() !== ""`)
	require.True(t, tab.True(`window.stillHere`))
	tab.Back()
	tab.Arrives("/review")
	tab.Sees("#main h1")
}
