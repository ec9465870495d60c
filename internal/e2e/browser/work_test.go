package browser_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/e2e/browser"
	"refunddesk/internal/e2e/stack"
)

// caseOf is a case as the API has it.
func caseOf(t *testing.T, ticket string) thing {
	t.Helper()
	return as(t, "reviewer", http.MethodGet, "/v1/tickets/"+ticket, nil)
}

// What a reviewer does with a case besides deciding it: take it, give it back, hand it on.
func TestACaseIsHandedOn(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o browser.Options) {
		_, ticket := waiting(t)
		tab := open(t, o)
		tab.SignIn("reviewer")
		tab.Go("/review/" + ticket)
		require.Contains(t, tab.Text("#case-assignee"), "Nobody")
		tab.Click("#claim")
		tab.Sees("#release")
		require.Contains(t, tab.Text("#case-assignee"), "You")
		require.Equal(t, "user_reviewer", caseOf(t, ticket).text("assignee"))
		tab.Click("#release")
		tab.Sees("#claim")
		require.Contains(t, tab.Text("#case-assignee"), "Nobody")
		require.Empty(t, caseOf(t, ticket).text("assignee"))

		// Not to nobody: it says so beside the field.
		tab.Fill("#assignee", "  ")
		sends("#assign-form", "")(t, tab)
		require.Equal(t, "true", tab.Attribute("#assignee", "aria-invalid"))
		tab.Fill("#assignee", "user_reviewer2")
		tab.Click("#assign")
		tab.SeesText("#case-assignee", "user_reviewer2")
		require.Equal(t, "user_reviewer2", caseOf(t, ticket).text("assignee"))
	})
}

// A saved reply comes behind what was typed, and takes nothing away: not of its own form, and
// where scripts run not of the others either.
func TestASavedReplyTakesNothingAway(t *testing.T) {
	t.Parallel()
	as(t, "senior", http.MethodPost, "/v1/saved-replies", thing{"title": "Receipt " + stack.Unique(), "body": thing{"en": "Please send us the receipt.", "zh-Hans": "请提供收据。"}})
	both(t, func(t *testing.T, o browser.Options) {
		_, ticket := waiting(t)
		tab := open(t, o)
		tab.SignIn("reviewer")
		tab.Go("/review/" + ticket)
		tab.Click("#reject")
		tab.Choose("#reason_code", "unverified")
		tab.Fill("#decision-form [name=note]", "Nobody answers the telephone.")
		tab.Fill("#message", "Dear customer,")
		tab.Click("#use-reply-message")
		tab.Sees("#reply-added")
		require.Contains(t, tab.Value("#message"), "Dear customer,\n\n")
		require.True(t, tab.True(`document.querySelector("#reject").checked`))
		require.Equal(t, "unverified", tab.Value("#reason_code"))
		require.Equal(t, "Nobody answers the telephone.", tab.Value("#decision-form [name=note]"))
		require.Equal(t, "open", caseOf(t, ticket).text("state"), "nothing was decided")

		tab.Start(`document.querySelector("#public").open = true`)
		tab.Fill("#public-body", "Good morning,")
		tab.Click("#use-reply-body")
		tab.Await("the reply", `document.querySelector("#picker-body #reply-added")`)
		require.Contains(t, tab.Value("#public-body"), "Good morning,\n\n")
		if !o.NoScript {
			require.True(t, tab.True(`document.querySelector("#reject").checked`), "what was chosen beside it stays")
			require.Equal(t, "unverified", tab.Value("#reason_code"))
			require.Equal(t, "Nobody answers the telephone.", tab.Value("#decision-form [name=note]"))
		}
		tab.Click("#send-public")
		tab.SeesText(".conversation .public", "Good morning,")
	})
}

// A case that is put off is out of the queue until its time, or until somebody ends that.
func TestACaseIsPutOff(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o browser.Options) {
		_, ticket := waiting(t)
		tab := open(t, o)
		tab.SignIn("reviewer")
		inQueue := func(view string) bool {
			tab.Go("/review?sort=newest&view=" + view)
			return tab.Has("#row-" + ticket)
		}
		require.True(t, inQueue("unassigned"))
		tab.Go("/review/" + ticket)
		tab.Click("#snooze summary")
		tab.Click("#snooze-4h")
		tab.Await("it is put off", `document.querySelector("#snooze-end")`)
		require.NotEmpty(t, caseOf(t, ticket).text("snoozed_until"))
		require.False(t, inQueue("unassigned"))
		require.True(t, inQueue("snoozed"))
		tab.Go("/review/" + ticket)
		tab.Click("#snooze summary")
		tab.Click("#snooze-end")
		tab.Await("it is back", `document.querySelector("#snooze") && !document.querySelector("#snooze-end")`)
		require.Empty(t, caseOf(t, ticket).text("snoozed_until"))
		require.True(t, inQueue("unassigned"))
	})
}

// Escalating takes a reason, which stays with the case.
func TestACaseIsEscalated(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o browser.Options) {
		_, ticket := waiting(t)
		tab := open(t, o)
		tab.SignIn("reviewer")
		tab.Go("/review/" + ticket)
		tab.Click("#escalate summary")
		sends("#escalate-form", "#reason")(t, tab)
		require.Equal(t, "true", tab.Attribute("#reason", "aria-invalid"))
		require.Equal(t, "review", caseOf(t, ticket).text("queue"))
		tab.Fill("#reason", "They threaten with their lawyer.")
		tab.Click("#escalate-form button")
		tab.SeesText(".message.internal", "They threaten with their lawyer.")
		require.False(t, tab.Has("#escalate"), "once")
		require.Equal(t, "escalation", caseOf(t, ticket).text("queue"))
		senior := open(t, o)
		senior.SignIn("senior")
		senior.Go("/review?view=all&queue=escalation")
		require.True(t, senior.Has("#row-"+ticket))
	})
}

// What a reviewer writes to the customer stands on the page that the customer has open, and
// changes nothing else; what he notes for his colleagues does not.
func TestAMessageReachesTheCustomer(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o browser.Options) {
		refund := ofDemo(t, "Global SMS for Aarhus")
		ticket := ticketOf(t, refund).text("id")
		customer := own(t, browser.Options{}, "customer")
		customer.Go("/refunds/" + refund)
		browser.Eval[bool](customer, `window.stillHere = true`)

		tab := open(t, o)
		tab.SignIn("reviewer")
		tab.Go("/review/" + ticket)
		tab.Fill("#internal-body", "Their invoice looks odd.")
		tab.Click("#save-note")
		tab.SeesText(".message.internal", "Their invoice looks odd.")
		tab.Click("#public summary")
		tab.Fill("#public-body", "We are looking at your invoice.")
		tab.Click("#send-public")
		tab.SeesText(".message.public", "We are looking at your invoice.")

		customer.SeesText("#conversation .public", "We are looking at your invoice.")
		require.True(t, customer.True(`window.stillHere`), "without a reload")
		require.NotContains(t, customer.Text("#main"), "looks odd")
		require.Equal(t, "reviewer", customer.Attribute("#mover", "data-mover"), "nothing is asked of him")
		require.Equal(t, "in_review", stateOf(t, refund))
		plain := own(t, o, "customer")
		plain.Go("/refunds/" + refund)
		require.Contains(t, plain.Text("#conversation .public"), "We are looking at your invoice.")
	})
}

// What was approved and could not be credited is tried again by an admin who says why.
func TestAnAdminRetriesWhatNeedsAttention(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o browser.Options) {
		whose := newStranger(t)
		refund, mends := stuck(t, whose.token, buys(t, whose.account, "Global SMS 10 USD", small))
		tab := open(t, o)
		tab.SignIn("admin")
		row := "#attention-" + refund
		require.Contains(t, tab.Text(row), "10.00")
		sends(row+" form", "")(t, tab)
		require.NotEmpty(t, tab.Text("#reason-"+refund+"-problem"), "not without a reason")
		require.Equal(t, "needs_attention", stateOf(t, refund))
		mends()
		tab.Fill("#reason-"+refund, "The records take it again.")
		tab.Click(row + " button")
		tab.Await("it is on its way", `document.querySelector("#figure-filed") && !document.querySelector("`+row+`")`)
		becomes(t, refund, "credited")
	})
}

// A mail that nobody took is sent again, to the address that was put right meanwhile.
func TestAnAdminSendsAFailedMailAgain(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o browser.Options) {
		refund, whose := undelivered(t)
		address := whose.account + "@example.com"
		as(t, "integrator", http.MethodPatch, "/v1/accounts/"+whose.account, thing{"email": address})
		tab := open(t, o)
		tab.SignIn("admin")
		tab.Go("/mails")
		row := `[id='` + mailRow(refund) + `']`
		require.Contains(t, tab.Text(row), refund)
		tab.Click(row + " button")
		tab.Await("it is sent again", `document.querySelector("#said p") && !document.querySelector("`+row+`")`)
		eventually(t, "the mail", func() bool {
			_, mails := get(t, "/dev/mail?format=json&to="+address, "")
			return strings.Contains(mails, "$10.00 is back")
		})
	})
}
