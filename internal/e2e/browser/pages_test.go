package browser_test

import (
	"net/url"
	"testing"
	"time"

	"refunddesk/internal/e2e/browser"
)

// visit is a page as somebody has it before him.
type visit struct {
	name string // with who it is: "reviewer: the queue"
	who  string // "" for nobody
	path string
	// do is what is done on the page, or with it, before it is looked at.
	do func(t *testing.T, tab *browser.Tab)
	// sees finds what the visit is about: without it the page is another one.
	sees string
	// alone is a visit in a tab of its own, as it ends the session.
	alone bool
}

// visits are all pages of the console, in every state that looks its own way.
func (s scene) visits() []visit {
	all := []visit{
		{name: "the issuer's people", path: "/sign-in", sees: `button[name="person"]`},
		{name: "signed out", path: "/signed-out", sees: "#signed-out"},
		{name: "a sign-in that nobody began", path: "/sign-in/callback?code=x&state=y", sees: "#sign-in-refused"},
		{name: "no such page", path: "/refunds/nowhere/at/all", sees: ".failure"},
	}
	of := func(who string, visits ...visit) {
		for _, v := range visits {
			v.who, v.name = who, who+": "+v.name
			all = append(all, v)
		}
	}
	of("customer", s.ofCustomer()...)
	of("customer2",
		visit{name: "no refunds", path: "/refunds", sees: ".empty-first"},
		visit{name: "no refunds of a state", path: "/refunds?state=rejected", sees: ".empty-filtered"},
		visit{name: "no tickets", path: "/tickets", sees: ".empty-first"},
		visit{name: "no tickets of a state", path: "/tickets?state=closed", sees: ".empty-filtered"},
		visit{name: "no balance", path: "/balance", sees: ".empty-first"},
	)
	of("reviewer", s.ofReviewer()...)
	of("senior",
		visit{name: "a new saved reply", path: "/review/saved-replies/new", sees: "#save-reply"},
		visit{name: "a saved reply with an error", path: "/review/saved-replies/new", do: sends("#reply-form", "#title"), sees: `#reply-form [aria-invalid="true"]`},
		visit{name: "saved replies", path: "/review/saved-replies", sees: "#reply-" + s.reply + " .actions a"},
		visit{name: "a saved reply, everything open", path: "/review/saved-replies/" + s.reply, do: opens, sees: "#delete-reply"},
		visit{name: "escalated cases", path: "/review?view=all&queue=escalation", sees: "#row-" + s.escalated},
		visit{name: "an escalated case", path: "/review/" + s.escalated, sees: "#main:has(#decision-form):not(:has(#escalate))"},
		visit{name: "a case that cannot be credited", path: "/review/" + s.attention, sees: "#main:has(.state-needs_attention) #approve[disabled]"},
	)
	of("auditor", s.ofAuditor()...)
	of("admin", s.ofAdmin()...)
	return all
}

func (s scene) ofCustomer() []visit {
	return []visit{
		{name: "packages", path: "/packages/global-sms", sees: "#packages tbody tr"},
		{name: "a request", path: "/packages/pkg_demo_discount_1/refund", sees: "#request"},
		{name: "a request with an error", path: "/packages/pkg_demo_discount_1/refund", do: sends("#request", ""), sees: "#reason_code-problem"},
		{name: "a request that cannot be", path: "/packages/pkg_demo_exhausted_1/refund", sees: "#ineligible"},
		{name: "a request that came too late", path: "/packages/global-sms", do: requestsTooLate, sees: "#kept"},
		{name: "refunds", path: "/refunds", sees: "#refunds tbody tr"},
		{name: "a refund credited", path: "/refunds/" + s.credited, sees: "#receipt #amount-credited"},
		{name: "a refund in review", path: "/refunds/" + s.inReview, sees: "#now .state-in_review"},
		{name: "a refund that waits for an answer", path: "/refunds/" + s.awaiting, sees: `#mover[data-mover="customer"]`},
		{name: "an answer with an error", path: "/refunds/" + s.awaiting, do: sends("#reply-form", "#body"), sees: `#reply-form [aria-invalid="true"]`},
		{name: "an answer that came too late", path: "/refunds", do: answersTooLate, sees: "#unsent"},
		{name: "a refund rejected", path: "/refunds/" + s.rejected, sees: "#appeal-form"},
		{name: "an appeal with an error", path: "/refunds/" + s.rejected, do: sends("#appeal-form", "#note"), sees: `#appeal-form [aria-invalid="true"]`},
		{name: "a refund that was appealed", path: "/refunds/" + s.first, sees: "#appealed"},
		{name: "an appeal", path: "/refunds/" + s.second, sees: "#appeal-of"},
		{name: "a refund withdrawn", path: "/refunds/" + s.withdrawn, sees: "#now .state-withdrawn"},
		{name: "a refund on hold", path: "/refunds/" + s.held, sees: "#now:has(.state-on_hold) #causes"},
		{name: "a refund that cannot be credited", path: "/refunds/" + s.stuck, sees: "#now .state-needs_attention"},
		{name: "balance", path: "/balance", sees: "#movements tbody tr"},
		{name: "tickets", path: "/tickets", sees: "#tickets tbody tr"},
		{name: "a question", path: "/tickets/" + s.question, sees: "#conversation .customer"},
		{name: "a question answered", path: "/tickets/" + s.answered, sees: "#conversation .public"},
		{name: "a new question", path: "/tickets/new", sees: "#question"},
		{name: "a new question with errors", path: "/tickets/new", do: sends("#question", ""), sees: "#subject-problem"},
		{name: "no such refund", path: "/refunds/refund_none", sees: ".failure"},
		{name: "a page of others", path: "/review", sees: ".failure"},
		{name: "signed in beside", path: "/signed-in", sees: "#signed-in"},
		{name: "a question that the records refuse", path: "/tickets/new", do: asksBrokenRecords, sees: `.failure textarea[name="body"]`},
		{name: "a question after the session", path: "/tickets/new", do: asksTooLate, sees: `.failure:has(a[href^="/sign-in"]) textarea[name="body"]`, alone: true},
	}
}

func (s scene) ofReviewer() []visit {
	return []visit{
		{name: "the queue", path: "/review?view=all", sees: "#queue tbody tr"},
		{name: "his own cases", path: "/review?view=mine", sees: "#row-" + s.claimed},
		{name: "all chosen", path: "/review?select=all", sees: "#queue tbody input:checked"},
		{name: "nothing chosen", path: "/review?view=all", do: func(_ *testing.T, tab *browser.Tab) {
			tab.Fill("#bulk-assignee", "user_reviewer2")
			tab.Click("#bulk-assign")
			tab.Sees("#bulk-trouble")
		}, sees: "#bulk-trouble"},
		{name: "nothing found", path: "/review?view=all&rule=none-such", sees: ".empty-filtered"},
		{name: "a search that finds nothing", path: "/review?q=refund_none", sees: "#not-found"},
		{name: "a refund without a case", path: "/review?q=" + s.credited, sees: "#no-case"},
		{name: "a filter that cannot be", path: "/review?view=all&sort=whatever", sees: "#filters .problem"},
		{name: "a case", path: "/review/" + s.waiting, sees: "#decision-form"},
		{name: "a case of his", path: "/review/" + s.claimed, sees: "#release"},
		{name: "a case with linked accounts", path: "/review/" + s.linked, sees: "#linked tbody tr"},
		{name: "a case that somebody else looks at", path: "/review/" + s.waiting, do: s.withCompany(s.waiting), sees: "#viewers .viewer"},
		{name: "a case that waits for the customer", path: "/review/" + s.asked, sees: "#answer-by"},
		{name: "a case put off, everything open", path: "/review/" + s.snoozed, do: opens, sees: "#snooze-end"},
		{name: "a case that cannot be credited", path: "/review/" + s.attention, sees: "#main:has(.state-needs_attention) #why-not"},
		{name: "a case decided", path: "/review/" + s.decided, sees: "#votes .state-approve"},
		{name: "a case of an appeal", path: "/review/" + s.appealed, sees: "#first"},
		{name: "a question", path: "/review/" + s.question, sees: "#resolve"},
		{name: "a decision with errors", path: "/review/" + s.waiting, do: sends("#decision-form", ""), sees: "#decision-problem"},
		{name: "a decision on what has changed", path: "/review", do: decidesOnWhatWas, sees: "#changed table"},
		{name: "a decision that came too late", path: "/review", do: decidesTooLate, sees: "#kept-note"},
		{name: "a note that came too late", path: "/review", do: notesTooLate, sees: "#lost #kept-body"},
		{name: "a note with an error", path: "/review/" + s.waiting, do: sends("#note-form", "#internal-body"), sees: `#note-form [aria-invalid="true"]`},
		{name: "the keys", path: "/review/" + s.waiting, do: func(_ *testing.T, tab *browser.Tab) { tab.Press("?"); tab.Sees("#keys[open]") }, sees: "#keys[open]"},
		{name: "everything open", path: "/review/" + s.waiting, do: opens, sees: "#facts[open] table"},
		{name: "saved replies", path: "/review/saved-replies", sees: "#reply-" + s.reply},
		{name: "no such case", path: "/review/ticket_none", sees: ".failure"},
	}
}

func (s scene) ofAuditor() []visit {
	every := url.Values{
		"text": {s.rejected}, "refund_id": {s.rejected}, "account_id": {"acct_demo"}, "workflow_id": {"refund/" + s.rejected},
		"actor": {"user_reviewer"}, "rule": {"large-amount"}, "state": {"rejected"}, "verdict": {"review"},
		"currency": {"USD"}, "amount_from": {"1"}, "amount_to": {"9999"},
		"from": {time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly)}, "to": {time.Now().UTC().AddDate(0, 0, 1).Format(time.DateOnly)},
	}.Encode()
	return []visit{
		{name: "the search", path: "/audit", sees: "#search"},
		{name: "every criterion", path: "/audit?" + every, sees: `#criteria[open] #to:not([value=""])`},
		{name: "found by every criterion", path: "/audit?" + every, sees: `#refunds a[href="/audit/refunds/` + s.rejected + `"]`},
		{name: "nothing found", path: "/audit?account_id=acct_none", sees: ".empty-filtered"},
		{name: "what somebody did elsewhere", path: "/audit?actor=user_senior", sees: "#acts tbody tr"},
		{name: "a criterion that cannot be", path: "/audit?amount_from=much&from=yesterday", sees: "#amount_from-problem"},
		{name: "the history of a refund credited", path: "/audit/refunds/" + s.credited, sees: "#journal tbody tr"},
		{name: "the history of a refund in review", path: "/audit/refunds/" + s.inReview, sees: ".heading .state-in_review"},
		{name: "the history of a refund rejected, everything open", path: "/audit/refunds/" + s.rejected, do: opens, sees: "#votes .state-reject"},
		{name: "the history of a refund that cannot be credited", path: "/audit/refunds/" + s.stuck, sees: ".heading .state-needs_attention"},
		{name: "the history of a mail that failed", path: "/audit/refunds/" + s.unmailed, sees: "#mails .state-dead"},
		{name: "the history without the engine's", path: "/audit/refunds/" + s.credited + "?source=audit", sees: `#events:not(:has(tr[data-source="engine"])) tr[data-source="audit"]`},
		{name: "the dashboard", path: "/dashboard", sees: "#attention:not(:has(form)) tbody tr"},
		{name: "policies", path: "/policies", sees: "#versions tbody tr"},
		{name: "a policy", path: "/policies/" + s.draft, sees: "#version"},
		{name: "an account", path: "/accounts/acct_demo", sees: "#account"},
		{name: "pauses", path: "/pauses", sees: "#main:not(:has(#new-pause)) #in-force"},
		{name: "mails", path: "/mails", sees: "#mails:not(:has(form)) tbody tr"},
		{name: "the queue", path: "/review?view=all", sees: "#main:not(:has(#bulk)) #queue tbody tr"},
		{name: "a case", path: "/review/" + s.waiting, sees: "#reads-only"},
	}
}

func (s scene) ofAdmin() []visit {
	return []visit{
		{name: "the dashboard", path: "/dashboard", do: opens, sees: "#decision-time details[open] table"},
		{name: "what needs attention", path: "/dashboard", sees: "#attention-" + s.stuck + " form"},
		{name: "a retry with an error", path: "/dashboard", do: sends("#attention-"+s.stuck+" form", ""), sees: "#reason-" + s.stuck + "-problem"},
		{name: "the dashboard of a year", path: "/dashboard?days=365", sees: `#days:has(option[value="365"]:checked)`},
		{name: "the dashboard in no zone", path: "/dashboard?zone=Nowhere/Nothing", sees: "#zone-problem"},
		{name: "no cases of his", path: "/review?view=mine", sees: ".empty-done"},
		{name: "policies", path: "/policies", sees: "#in-force"},
		{name: "the policy in force", path: "/policies/1", sees: "#main:has(#version):not(:has(#publish))"},
		{name: "a draft", path: "/policies/" + s.draft, sees: "#publish"},
		{name: "a backtest", path: "/policies/" + s.draft, do: sends("#backtest-form", ""), sees: "#report"},
		{name: "a publication with an error", path: "/policies/" + s.draft, do: sends("#publish", ""), sees: "#confirm-problem"},
		{name: "the editor", path: "/policies/new", sees: "#editor textarea"},
		{name: "the editor with errors", path: "/policies/new", do: func(t *testing.T, tab *browser.Tab) {
			t.Helper()
			tab.Fill("#editor textarea", "policy: 1\nrules:\n  - id: large\n    when: amount >\n    verdict: perhaps\n")
			sends("#editor", "")(t, tab)
		}, sees: "#problems"},
		{name: "accounts", path: "/accounts", sees: ".empty-first"},
		{name: "an account found by its refund", path: "/accounts?text=" + s.credited, sees: "#account"},
		{name: "no account found", path: "/accounts?text=nobody-at-all", sees: ".empty-filtered"},
		{name: "an account", path: "/accounts/acct_demo", sees: "#standing-form"},
		{name: "a standing with errors", path: "/accounts/acct_demo", do: sends("#standing-form", ""), sees: `#standing-form [aria-invalid="true"]`},
		{name: "pauses", path: "/pauses", sees: "#in-force article form"},
		{name: "a pause with errors", path: "/pauses", do: sends("#new-pause", ""), sees: `#new-pause [aria-invalid="true"]`},
		{name: "a pause before it begins", path: "/pauses", do: func(_ *testing.T, tab *browser.Tab) {
			fillPause(tab, "all", "")
			tab.Click("#new-pause button")
			tab.Sees("#preview")
		}, sees: "#preview #begin-pause"},
		{name: "mails", path: "/mails", sees: `#mails form button`},
		{name: "no such account", path: "/accounts/acct_none", sees: ".failure"},
	}
}

// sends sends a form past the browser's own checks, so that the server has to refuse it; a
// field is filled with blanks before, when there is one.
func sends(form, field string) func(t *testing.T, tab *browser.Tab) {
	return func(_ *testing.T, tab *browser.Tab) {
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
func opens(_ *testing.T, tab *browser.Tab) {
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
