package browser_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"refunddesk/internal/e2e/browser"
	"refunddesk/internal/e2e/stack"
)

// scene are things that were done before anybody looked, so that there are pages of them.
type scene struct {
	credited, inReview, awaiting, rejected, withdrawn, held string // refunds of acct_demo
	first, second                                           string // one that was appealed, and the appeal
	stuck, unmailed                                         string // refunds: not to be credited, and credited without a mail
	question, answered                                      string // tickets of acct_demo
	waiting, claimed, decided, appealed                     string // cases
	asked, attention, escalated, linked, snoozed            string // cases
	draft                                                   string // versions of the policy
	reply                                                   string // a saved reply

	company string // the cookies of another reviewer
}

func newScene(t *testing.T) scene {
	t.Helper()
	var s scene
	s.refunds(t)
	s.questions(t)
	s.cases(t)
	inForce := as(t, "admin", http.MethodGet, "/v1/policies/1", nil).text("source")
	s.draft = as(t, "admin", http.MethodPost, "/v1/policies", thing{"source": changed(t, inForce, `default: "1000"`, `default: "900"`)}).text("version")
	s.reply = as(t, "senior", http.MethodPost, "/v1/saved-replies", thing{
		"title": "Invoice " + stack.Unique(), "body": thing{"en": "Please send us the invoice.", "zh-Hans": "请提供发票。"},
	}).text("id")
	s.company = cookies(t, signedIn(t, "reviewer2"))
	return s
}

// refunds are those of acct_demo, whose owner the customer is, in every state.
func (s *scene) refunds(t *testing.T) {
	t.Helper()
	own := running.Tokens["customer"]
	s.credited = filed(t, own, "pkg_demo_gift_1").text("id")
	// Before the others: who asks often has somebody look also at what is small.
	s.stuck, _ = stuck(t, own, buys(t, "acct_demo", "Global SMS for the branch in Ghent", small))
	s.attention = ticketOf(t, s.stuck).text("id")
	s.held = filed(t, own, "pkg_demo_dispute_open_1").text("id")
	s.inReview = ofDemo(t, "Global SMS for the branch in Lyon")
	s.awaiting = ofDemo(t, "Global SMS for the branch in Porto")
	s.asked = ticketOf(t, s.awaiting).text("id")
	as(t, "reviewer", http.MethodPost, "/v1/tickets/"+s.asked+"/request-information", thing{"body": "Which of your branches bought it?"})
	s.rejected = ofDemo(t, "Global SMS for the branch in Graz")
	decides(t, "reviewer", s.rejected, "reject")
	s.withdrawn = ofDemo(t, "Global SMS for the branch in Kyiv")
	as(t, "customer", http.MethodPost, "/v1/refunds/"+s.withdrawn+"/withdraw", thing{})
	s.first = ofDemo(t, "Global SMS for the branch in Turin")
	decides(t, "reviewer", s.first, "reject")
	s.second = as(t, "customer", http.MethodPost, "/v1/refunds/"+s.first+"/appeal", thing{"note": "It was us, please look again."}).text("id")
	s.unmailed, _ = undelivered(t)
}

func (s *scene) questions(t *testing.T) {
	t.Helper()
	question := func(subject string) string {
		return as(t, "customer", http.MethodPost, "/v1/tickets", thing{"subject": subject, "body": "We see it twice on our statement."}).text("id")
	}
	s.question, s.answered = question("A payment that we do not know"), question("A receipt for our tax office")
	as(t, "reviewer", http.MethodPost, "/v1/tickets/"+s.answered+"/messages", thing{"body": "It is on its way to you.", "visibility": "public"})
}

func (s *scene) cases(t *testing.T) {
	t.Helper()
	works := func(ticket, what string, with thing) string {
		as(t, "reviewer", http.MethodPost, "/v1/tickets/"+ticket+"/"+what, with)
		return ticket
	}
	_, s.waiting = waiting(t)
	_, s.claimed = waiting(t)
	works(s.claimed, "claim", thing{})
	works(s.claimed, "messages", thing{"body": "I have asked billing.", "visibility": "internal"})
	_, s.escalated = waiting(t)
	works(s.escalated, "escalate", thing{"reason": "They threaten with their lawyer."})
	_, s.snoozed = waiting(t)
	works(s.snoozed, "snooze", thing{"until": time.Now().UTC().Add(24 * time.Hour).Format(time.RFC3339)})
	payer := thing{"payer": "payer_" + stack.Unique()}
	strangerWith(t, payer)
	s.linked = ticketOf(t, strangerWith(t, payer).files(t, large).text("id")).text("id")

	approved, ticket := waiting(t)
	decides(t, "reviewer2", approved, "approve")
	s.decided = ticket
	whose := newStranger(t)
	first := whose.files(t, large).text("id")
	decides(t, "reviewer2", first, "reject")
	s.appealed = ticketOf(t, ask(t, whose.token, http.MethodPost, "/v1/refunds/"+first+"/appeal", thing{"note": "It was us, please look again."}).text("id")).text("id")
}

// ofDemo is a refund of acct_demo that somebody has to look at.
func ofDemo(t *testing.T, name string) string {
	t.Helper()
	return filed(t, running.Tokens["customer"], buys(t, "acct_demo", name, huge)).text("id")
}

// withCompany is a look at a case that another reviewer is looking at, too.
func (s scene) withCompany(ticket string) func(t *testing.T, tab *browser.Tab) {
	return func(t *testing.T, tab *browser.Tab) {
		t.Helper()
		if status, _ := get(t, "/review/"+ticket, s.company); status != http.StatusOK {
			t.Fatalf("reviewer2 cannot look: %d", status)
		}
		tab.Go("/review/" + ticket)
	}
}

// requestsTooLate asks for what was asked for meanwhile.
func requestsTooLate(t *testing.T, tab *browser.Tab) {
	t.Helper()
	pkg := buys(t, "acct_demo", "Global SMS for the branch in Split", huge)
	tab.Go("/packages/" + pkg + "/refund")
	tab.Click(`#reason_code input[value="bought_by_mistake"]`)
	tab.Fill("#note", "Bought twice.")
	filed(t, running.Tokens["customer"], pkg)
	tab.Click("#confirm")
	tab.Sees("#kept")
}

// answersTooLate answers on a refund that is over.
func answersTooLate(t *testing.T, tab *browser.Tab) {
	t.Helper()
	refund := ofDemo(t, "Global SMS for the branch in Leeds")
	tab.Go("/refunds/" + refund)
	tab.Fill("#reply-form textarea", "The branch is closed.")
	decides(t, "senior", refund, "reject")
	tab.Sees("#unsent")
}

// asksBrokenRecords asks something that the records refuse to keep.
func asksBrokenRecords(t *testing.T, tab *browser.Tab) {
	t.Helper()
	body := "Which of our offices bought this? " + stack.Unique()
	defer breaks(t, "messages", "NEW.body = '"+body+"'")()
	asks(tab, body)
	tab.Sees(".failure")
}

// asksTooLate asks something after the session ended.
func asksTooLate(t *testing.T, tab *browser.Tab) {
	t.Helper()
	end(t, tab)
	asks(tab, "Which of our offices bought this?")
	tab.Sees(".failure")
}

// asks fills in the form of a question, which the tab shows, and sends it.
func asks(tab *browser.Tab, body string) {
	tab.Fill("#subject", "A payment")
	tab.Fill("#question #body", body)
	tab.Click("#question button.primary")
}

// votes chooses an approval with a note on the page of a case, without sending it.
func votes(tab *browser.Tab, note string) {
	tab.Click("#approve")
	tab.Choose("#reason_code", "verified_request")
	tab.Fill("#decision-form #note", note)
}

// decidesOnWhatWas decides on a case that changed after it was shown.
func decidesOnWhatWas(t *testing.T, tab *browser.Tab) {
	t.Helper()
	refund := newStranger(t).files(t, enormous).text("id")
	tab.Go("/review/" + ticketOf(t, refund).text("id"))
	votes(tab, "Their head of purchasing confirms it.")
	decides(t, "senior", refund, "approve")
	disputed(t, refund)
	tab.Click("#decide")
	tab.Sees("#changed")
}

// decidesTooLate decides what somebody else has decided.
func decidesTooLate(t *testing.T, tab *browser.Tab) {
	t.Helper()
	refund, ticket := waiting(t)
	tab.Go("/review/" + ticket)
	votes(tab, "Their head of purchasing confirms it.")
	decides(t, "reviewer2", refund, "reject")
	tab.Click("#decide")
	tab.Sees("#kept-note")
}

// notesTooLate writes a note on a case that somebody else has decided.
func notesTooLate(t *testing.T, tab *browser.Tab) {
	t.Helper()
	refund, ticket := waiting(t)
	tab.Go("/review/" + ticket)
	tab.Fill("#internal-body", "I have called them.")
	decides(t, "reviewer2", refund, "reject")
	tab.Click("#save-note")
	tab.Sees("#lost")
}

// shown is an expression that is true while a selector finds something that is shown.
func shown(selector string) string {
	return fmt.Sprintf(`[...document.querySelectorAll(%q)].some(e => e.getClientRects().length)`, selector)
}
