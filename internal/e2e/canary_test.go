package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/api/client"
)

// What is internal never reaches a customer by any way: every place where staff can write is
// given a word, and no answer, mail or log has one of them.
func TestInternalWordsNeverReachACustomer(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Program) {
		c, reviewer := newCustomer(t, p, client.LocaleEn), p.as(t, "reviewer")
		words := map[string]string{}
		canary := func(where string) string {
			words[where] = "canary" + unique()
			return "About this: " + words[where]
		}
		flagged, rejected := inReview(c), inReview(c)
		var tickets []string
		for _, id := range []string{flagged, rejected} {
			ticket := reviewer.ticketOf(id)
			tickets = append(tickets, ticket.ID)
			reviewer.say(ticket.ID, canary("an internal message on "+id), client.VisibilityInternal).ok()
			reviewer.on(ticket.ID, "escalate", client.Escalation{Reason: canary("a reason to escalate " + id)}).ok()
			reviewer.say(ticket.ID, "We are looking at it.", client.VisibilityPublic).ok()
		}
		ticket := reviewer.ticketOf(rejected)
		note, message := canary("a note of a rejection"), "We could not verify it."
		vote := voteOn(ticket, client.VoteReject)
		vote.Note, vote.Message = &note, &message
		reviewer.decide(ticket.ID, vote).ok()
		c.sees(rejected, client.RefundStateRejected)
		question := call[client.Ticket](c.person, http.MethodPost, "/v1/tickets", client.NewQuestion{Subject: "Why?", Body: "Why?", RefundID: &rejected}).ok()
		reviewer.say(question.ID, canary("an internal message on a question"), client.VisibilityInternal).ok()
		tickets = append(tickets, question.ID)
		workflowEnded(t, p, rejected)

		paths := []string{
			"/v1/tickets", "/v1/tickets?limit=200&sort=newest", "/v1/refunds", "/v1/packages", "/v1/accounts/" + c.account,
			"/v1/accounts/" + c.account + "/ledger", "/v1/saved-replies", "/v1/review/figures", "/v1/policies", "/v1/pauses",
		}
		for _, id := range []string{flagged, rejected} {
			paths = append(paths, "/v1/refunds/"+id, "/v1/refunds/"+id+"/screening", "/v1/audit/refunds/"+id+"/history")
		}
		for _, id := range tickets {
			paths = append(paths, "/v1/tickets/"+id, "/v1/tickets/"+id+"/case-file")
		}
		seen := map[string]string{"the program's log": p.Output()}
		for _, path := range paths {
			text, _, err := c.raw(http.MethodGet, path, nil)
			require.NoError(t, err)
			seen[path] = string(text)
		}
		for _, m := range await(t, "the mails", func() []mail { return mailsTo(t, p, c.email) }, func(m []mail) bool { return len(m) == 7 }) {
			seen["mail "+m.MessageID] = m.Subject + m.Text
		}
		for where, word := range words {
			for place, text := range seen {
				require.NotContains(t, text, word, "%s is in %s", where, place)
			}
		}
		for _, inside := range []string{"new-account", "account_age", "user_reviewer"} { // rules, values, people
			for place, text := range seen {
				require.False(t, strings.Contains(text, inside) && place != "the program's log", "%s is in %s: %s", inside, place, text)
			}
		}
		require.Contains(t, seen["/v1/tickets/"+tickets[0]], "We are looking at it.", "what is public is there")
		require.Contains(t, seen["/v1/tickets/"+tickets[1]], message)
		inside, _, err := reviewer.raw(http.MethodGet, "/v1/tickets/"+tickets[0], nil)
		require.NoError(t, err)
		require.Contains(t, string(inside), words["an internal message on "+flagged], "staff read it, or this test looks for nothing")
	})
}
