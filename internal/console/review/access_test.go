package review_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"

	"refunddesk/internal/audit"
	"refunddesk/internal/store/storetest"
)

// What the role alone forbids is on the record, as over the API.
func TestWhoMayNotDecideIsOnTheRecord(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p")
	for _, path := range []string{"/review/" + id + "/decision", "/review/" + id + "/claim", "/review/claim", "/review/saved-replies"} {
		p := o.site.As(storetest.Customer("acct")).Post(path, url.Values{"decision": {"approve"}})
		assert.Equal(t, http.StatusForbidden, p.Status, path)
	}
	who := storetest.Customer("acct").Subject
	assert.Equal(t, []string{who + ": ticket " + id + ", forbidden"}, o.Refusals(audit.DecisionRefused))
	assert.Equal(t, []string{who + ": ticket " + id + ", forbidden", who + ": ticket unknown, forbidden"}, o.Refusals(audit.TicketWorkRefused))
	assert.Equal(t, []string{who + ": saved-reply unknown, forbidden"}, o.Refusals(audit.ReplyRefused))
}
