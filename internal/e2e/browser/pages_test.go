package browser_test

import (
	"net/http"
	"testing"
	"time"

	"refunddesk/internal/e2e/browser"
)

// visit is a page as somebody has it before him.
type visit struct {
	name string // with who it is: "reviewer: the queue"
	who  string // "" for nobody
	path string
	do   func(tab *browser.Tab) // what is done on the page before it is looked at
}

// scene are things that were done before anybody looked, so that there are pages of them.
type scene struct {
	credited, inReview, awaiting, rejected, withdrawn, held string // refunds of acct_demo
	question, answered                                      string // tickets of acct_demo
	waiting, claimed, decided, appealed                     string // cases
	draft                                                   string // versions of the policy
}

func newScene(t *testing.T) scene {
	t.Helper()
	var s scene
	own := running.Tokens["customer"]
	s.credited = filed(t, own, "pkg_demo_gift_1").text("id")
	s.held = filed(t, own, "pkg_demo_dispute_open_1").text("id")
	huge := func(name string) string { return filed(t, own, buys(t, "acct_demo", name, huge)).text("id") }
	s.inReview = huge("Global SMS for the branch in Lyon")
	s.awaiting = huge("Global SMS for the branch in Porto")
	s.rejected = huge("Global SMS for the branch in Graz")
	s.withdrawn = huge("Global SMS for the branch in Kyiv")
	as(t, "customer", http.MethodPost, "/v1/refunds/"+s.withdrawn+"/withdraw", thing{})
	decides(t, "reviewer", s.rejected, "reject")
	asked := ticketOf(t, s.awaiting).text("id")
	as(t, "reviewer", http.MethodPost, "/v1/tickets/"+asked+"/request-information", thing{"body": "Which of your branches bought it?"})

	question := func(subject string) string {
		return as(t, "customer", http.MethodPost, "/v1/tickets", thing{"subject": subject, "body": "We see it twice on our statement."}).text("id")
	}
	s.question, s.answered = question("A payment that we do not know"), question("A receipt for our tax office")
	as(t, "reviewer", http.MethodPost, "/v1/tickets/"+s.answered+"/messages", thing{"body": "It is on its way to you.", "visibility": "public"})

	s.waiting = ticketOf(t, newStranger(t).files(t, large).text("id")).text("id")
	s.claimed = ticketOf(t, newStranger(t).files(t, large).text("id")).text("id")
	as(t, "reviewer", http.MethodPost, "/v1/tickets/"+s.claimed+"/claim", thing{})
	as(t, "reviewer", http.MethodPost, "/v1/tickets/"+s.claimed+"/messages", thing{"body": "I have asked billing.", "visibility": "internal"})
	approved := newStranger(t).files(t, large).text("id")
	decides(t, "reviewer2", approved, "approve")
	s.decided = ticketOf(t, approved).text("id")
	whose := newStranger(t)
	first := whose.files(t, large).text("id")
	decides(t, "reviewer2", first, "reject")
	s.appealed = ticketOf(t, ask(t, whose.token, http.MethodPost, "/v1/refunds/"+first+"/appeal", thing{"note": "It was us, please look again."}).text("id")).text("id")

	inForce := as(t, "admin", http.MethodGet, "/v1/policies/1", nil).text("source")
	s.draft = as(t, "admin", http.MethodPost, "/v1/policies", thing{"source": changed(t, inForce, `default: "1000"}`, `default: "900"}`)}).text("version")
	return s
}

// visits are all pages of the console, in every state that looks its own way.
func (s scene) visits() []visit {
	all := []visit{
		{name: "the issuer's people", path: "/sign-in"},
		{name: "signed out", path: "/signed-out"},
		{name: "a sign-in that nobody began", path: "/sign-in/callback?code=x&state=y"},
		{name: "no such page", path: "/refunds/nowhere/at/all"},
	}
	of := func(who string, visits ...visit) {
		for _, v := range visits {
			v.who, v.name = who, who+": "+v.name
			all = append(all, v)
		}
	}
	of("customer",
		visit{name: "packages", path: "/packages/global-sms"},
		visit{name: "a request", path: "/packages/pkg_demo_discount_1/refund"},
		visit{name: "a request with an error", path: "/packages/pkg_demo_discount_1/refund", do: sends("#request", "")},
		visit{name: "a request that cannot be", path: "/packages/pkg_demo_exhausted_1/refund"},
		visit{name: "refunds", path: "/refunds"},
		visit{name: "a refund credited", path: "/refunds/" + s.credited},
		visit{name: "a refund in review", path: "/refunds/" + s.inReview},
		visit{name: "a refund that waits for an answer", path: "/refunds/" + s.awaiting},
		visit{name: "an answer with an error", path: "/refunds/" + s.awaiting, do: sends("#reply-form", "#body")},
		visit{name: "a refund rejected", path: "/refunds/" + s.rejected},
		visit{name: "an appeal with an error", path: "/refunds/" + s.rejected, do: sends("#appeal-form", "#note")},
		visit{name: "a refund withdrawn", path: "/refunds/" + s.withdrawn},
		visit{name: "a refund on hold", path: "/refunds/" + s.held},
		visit{name: "balance", path: "/balance"},
		visit{name: "tickets", path: "/tickets"},
		visit{name: "a question", path: "/tickets/" + s.question},
		visit{name: "a question answered", path: "/tickets/" + s.answered},
		visit{name: "a new question", path: "/tickets/new"},
		visit{name: "a new question with errors", path: "/tickets/new", do: sends("#question", "")},
		visit{name: "no such refund", path: "/refunds/refund_none"},
		visit{name: "a page of others", path: "/review"},
	)
	of("customer2",
		visit{name: "no refunds", path: "/refunds"},
		visit{name: "no refunds of a state", path: "/refunds?state=rejected"},
		visit{name: "no tickets", path: "/tickets"},
		visit{name: "no tickets of a state", path: "/tickets?state=closed"},
		visit{name: "no balance", path: "/balance"},
	)
	of("reviewer",
		visit{name: "the queue", path: "/review?view=all"},
		visit{name: "his own cases", path: "/review?view=mine"},
		visit{name: "all chosen", path: "/review?select=all"},
		visit{name: "nothing chosen", path: "/review?view=all", do: sends("#bulk", "")},
		visit{name: "nothing found", path: "/review?view=all&rule=none-such"},
		visit{name: "a search that finds nothing", path: "/review?q=refund_none"},
		visit{name: "a filter that cannot be", path: "/review?view=all&sort=whatever"},
		visit{name: "a case", path: "/review/" + s.waiting},
		visit{name: "a case of his", path: "/review/" + s.claimed},
		visit{name: "a case decided", path: "/review/" + s.decided},
		visit{name: "a case of an appeal", path: "/review/" + s.appealed},
		visit{name: "a question", path: "/review/" + s.question},
		visit{name: "a decision with errors", path: "/review/" + s.waiting, do: sends("#decision-form", "")},
		visit{name: "a note with an error", path: "/review/" + s.waiting, do: sends("#note-form", "#internal-body")},
		visit{name: "the keys", path: "/review/" + s.waiting, do: func(tab *browser.Tab) { tab.Press("?"); tab.Sees("#keys[open]") }},
		visit{name: "everything open", path: "/review/" + s.waiting, do: opens},
		visit{name: "saved replies", path: "/review/saved-replies"},
		visit{name: "no such case", path: "/review/ticket_none"},
	)
	of("senior",
		visit{name: "a new saved reply", path: "/review/saved-replies/new"},
		visit{name: "saved replies", path: "/review/saved-replies"},
		visit{name: "an escalated case", path: "/review?view=all&queue=escalation"},
	)
	of("auditor",
		visit{name: "the search", path: "/audit"},
		visit{name: "every criterion", path: "/audit?state=credited&account_id=acct_demo"},
		visit{name: "nothing found", path: "/audit?account_id=acct_none"},
		visit{name: "a criterion that cannot be", path: "/audit?amount_from=much&from=yesterday"},
		visit{name: "the history of a refund credited", path: "/audit/refunds/" + s.credited},
		visit{name: "the history of a refund in review", path: "/audit/refunds/" + s.inReview},
		visit{name: "the history of a refund rejected, everything open", path: "/audit/refunds/" + s.rejected, do: opens},
		visit{name: "the history without the engine's", path: "/audit/refunds/" + s.credited + "?source=audit"},
		visit{name: "the dashboard", path: "/dashboard"},
		visit{name: "policies", path: "/policies"},
		visit{name: "a policy", path: "/policies/" + s.draft},
		visit{name: "an account", path: "/accounts/acct_demo"},
		visit{name: "pauses", path: "/pauses"},
		visit{name: "mails", path: "/mails"},
		visit{name: "the queue", path: "/review?view=all"},
		visit{name: "a case", path: "/review/" + s.waiting},
	)
	of("admin",
		visit{name: "the dashboard", path: "/dashboard", do: opens},
		visit{name: "the dashboard of a year", path: "/dashboard?days=365"},
		visit{name: "the dashboard in no zone", path: "/dashboard?zone=Nowhere/Nothing"},
		visit{name: "policies", path: "/policies"},
		visit{name: "the policy in force", path: "/policies/1"},
		visit{name: "a draft", path: "/policies/" + s.draft},
		visit{name: "a backtest", path: "/policies/" + s.draft, do: sends("#backtest-form", "")},
		visit{name: "a publication with an error", path: "/policies/" + s.draft, do: sends("#publish", "")},
		visit{name: "the editor", path: "/policies/new"},
		visit{name: "the editor with errors", path: "/policies/new", do: func(tab *browser.Tab) {
			tab.Fill("#editor textarea", "policy: 1\nrules:\n  - id: large\n    when: amount >\n    verdict: perhaps\n")
			sends("#editor", "")(tab)
		}},
		visit{name: "accounts", path: "/accounts"},
		visit{name: "accounts found", path: "/accounts?text=demo"},
		visit{name: "no account found", path: "/accounts?text=nobody-at-all"},
		visit{name: "an account", path: "/accounts/acct_demo"},
		visit{name: "a standing with errors", path: "/accounts/acct_demo", do: sends("#standing-form", "")},
		visit{name: "pauses", path: "/pauses"},
		visit{name: "a pause with errors", path: "/pauses", do: sends("#new-pause", "")},
		visit{name: "a pause before it begins", path: "/pauses", do: func(tab *browser.Tab) {
			fillPause(tab, "all", "")
			tab.Click("#new-pause button")
			tab.Sees("#preview")
		}},
		visit{name: "mails", path: "/mails"},
		visit{name: "no such account", path: "/accounts/acct_none"},
	)
	return all
}

// sends sends a form past the browser's own checks, so that the server has to refuse it; a
// field is filled with blanks before, when there is one.
func sends(form, field string) func(tab *browser.Tab) {
	return func(tab *browser.Tab) {
		if field != "" {
			tab.Fill(field, "  ")
		}
		tab.Start(`
			const form = document.querySelector("` + form + `");
			form.noValidate = true;
			document.querySelector("#main").dataset.before = "yes";
			form.querySelector("button:not([type=button]):not([formaction])").click()`)
		tab.Await("the page after the form", `document.readyState === "complete" && !document.querySelector("#main").dataset.before && document.querySelector("#main h1")`)
	}
}

// opens opens all that can be.
func opens(tab *browser.Tab) {
	browser.Eval[bool](tab, `document.querySelectorAll("#main details").forEach(d => { d.open = true }) || true`)
}

func fillPause(tab *browser.Tab, scope, target string) {
	tab.Choose("#scope", scope)
	if target != "" {
		tab.Fill("#target", target)
	}
	tab.Fill("#new-pause textarea", "Billing is moving to another system.")
	tab.Choose("#expires_at", time.Now().UTC().AddDate(0, 0, 20).Format("2006-01-02T15:04"))
}
