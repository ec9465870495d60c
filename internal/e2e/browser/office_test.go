package browser_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"

	"refunddesk/internal/e2e/stack"
)

// thing is an answer of the API.
type thing map[string]any

func (a thing) text(name string) string { s, _ := a[name].(string); return s }

func (a thing) items() []thing {
	var items []thing
	list, _ := a["items"].([]any)
	for _, item := range list {
		items = append(items, thing(item.(map[string]any)))
	}
	return items
}

// ask calls the API with somebody's token, as a program does: it has to be answered well.
func ask(t *testing.T, token, method, path string, body any) thing {
	t.Helper()
	var content io.Reader = http.NoBody
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		content = bytes.NewReader(encoded)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, running.URL+path, content)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if method == http.MethodPost && path == "/v1/refunds" {
		r.Header.Set("Idempotency-Key", stack.Unique())
	}
	r.Header.Set("Prefer", "wait=20") // answers that take a moment come when there is something to say
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var answer thing
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || resp.StatusCode >= http.StatusBadRequest {
		t.Fatalf("%s %s: %d %v %v", method, path, resp.StatusCode, answer, err)
	}
	return answer
}

// as is ask for one of the demo people.
func as(t *testing.T, person, method, path string, body any) thing {
	t.Helper()
	return ask(t, running.Tokens[person], method, path, body)
}

// buys gives the id of a new package of an account, at a price in USD.
func buys(t *testing.T, account, name, price string) string {
	t.Helper()
	return as(t, "integrator", http.MethodPost, "/v1/packages", thing{
		"account_id": account, "product": "global-sms", "name": name, "price": thing{"amount": price, "currency": "USD"},
	}).text("id")
}

// stranger is a customer whom no other test knows. The account is new, which is a reason to
// look at more than a small refund.
type stranger struct{ account, token string }

func newStranger(t *testing.T) stranger {
	t.Helper()
	return strangerWith(t, thing{})
}

// strangerWith is a stranger of whose account some things are known beforehand.
func strangerWith(t *testing.T, known thing) stranger {
	t.Helper()
	id := "acct_" + stack.Unique()
	account := thing{"id": id, "name": "Ann Example", "email": id + "@example.com"}
	maps.Copy(account, known)
	as(t, "integrator", http.MethodPost, "/v1/accounts", account)
	token := ask(t, "", http.MethodPost, "/dev/token", thing{"subject": "owner_" + id, "roles": []string{"customer"}, "account_id": id})
	return stranger{account: id, token: token.text("access_token")}
}

const (
	// small is what a stranger gets back without anybody looking.
	small = "10"
	// large is what a stranger has a person look at, of whom one is enough.
	large = "500"
	// huge is what anybody has somebody look at, of whom a senior reviewer is enough.
	huge = "1200"
	// enormous is what two people have to approve, one of them senior.
	enormous = "12000"
)

// files asks for the refund of a new package and gives the refund.
func (s stranger) files(t *testing.T, price string) thing {
	t.Helper()
	return filed(t, s.token, buys(t, s.account, "Global SMS "+price+" USD", price))
}

func filed(t *testing.T, token, pkg string) thing {
	t.Helper()
	return ask(t, token, http.MethodPost, "/v1/refunds", thing{"package_id": pkg, "reason_code": "no_longer_needed", "note": "We send by another way now."})
}

// ticketOf is the case of a refund.
func ticketOf(t *testing.T, refund string) thing {
	t.Helper()
	tickets := as(t, "reviewer", http.MethodGet, "/v1/tickets?refund_id="+refund, nil).items()
	if len(tickets) == 0 {
		t.Fatalf("refund %s has no case: %v", refund, as(t, "reviewer", http.MethodGet, "/v1/refunds/"+refund, nil))
	}
	return as(t, "reviewer", http.MethodGet, "/v1/tickets/"+tickets[0].text("id"), nil)
}

// decides votes on the case of a refund.
func decides(t *testing.T, person, refund, vote string) {
	t.Helper()
	ticket := ticketOf(t, refund)
	reason := map[string]string{"approve": "verified_request", "reject": "suspected_abuse"}[vote]
	as(t, person, http.MethodPost, "/v1/tickets/"+ticket.text("id")+"/decision",
		thing{"decision": vote, "reason_code": reason, "digest": ticket.text("digest"), "note": "Looked at by a test."})
}

// changed is a source with one text in place of another, which must be in it.
func changed(t *testing.T, source, from, to string) string {
	t.Helper()
	if !strings.Contains(source, from) {
		t.Fatalf("there is no %q in the policy", from)
	}
	return strings.Replace(source, from, to, 1)
}
