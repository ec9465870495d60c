package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"refunddesk/api/client"
)

// nothing is the body of a call that takes none.
var nothing = client.Nothing{}

// call sends a body as JSON (nil for none) and reads a T or a problem.
func call[T any](c *person, method, path string, body any) (a answer[T]) {
	a.t = c.t
	raw, status, err := c.raw(method, path, body)
	if err != nil {
		a.err = err
		return a
	}
	into := any(&a.value)
	if status >= http.StatusBadRequest {
		into = &a.problem
	}
	if len(raw) == 0 {
		a.err = fmt.Errorf("%s %s answered %d and nothing", method, path, status)
		return a
	}
	a.err = json.Unmarshal(raw, into)
	return a
}

// raw sends a body as JSON and gives what came back, as it came.
func (c *person) raw(method, path string, body any) (text []byte, status int, err error) {
	var content io.Reader = http.NoBody
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return nil, 0, err
		}
		content = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.p.URL+path, content)
	if err != nil {
		return nil, 0, err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err = io.ReadAll(resp.Body)
	return text, resp.StatusCode, err
}

func (c *person) ticket(id string) answer[client.Ticket] {
	return call[client.Ticket](c, http.MethodGet, "/v1/tickets/"+id, nil)
}

// on does something to a ticket: claim, release, snooze, escalate, request-information…
func (c *person) on(ticket, what string, body any) answer[client.Ticket] {
	return call[client.Ticket](c, http.MethodPost, "/v1/tickets/"+ticket+"/"+what, body)
}

func (c *person) say(ticket, body string, v client.Visibility) answer[client.Message] {
	return call[client.Message](c, http.MethodPost, "/v1/tickets/"+ticket+"/messages", client.NewMessage{Body: body, Visibility: &v})
}

func (c *person) appeal(refund, note string) answer[client.Refund] {
	return call[client.Refund](c, http.MethodPost, "/v1/refunds/"+refund+"/appeal", client.Appeal{Note: note})
}

func (c *person) draft(source string) answer[client.Policy] {
	return call[client.Policy](c, http.MethodPost, "/v1/policies", client.PolicySource{Source: source})
}

func (c *person) publish(version string) answer[client.Policy] {
	return call[client.Policy](c, http.MethodPost, "/v1/policies/"+version+"/publish", nothing)
}

func (c *person) policy(version string) answer[client.Policy] {
	return call[client.Policy](c, http.MethodGet, "/v1/policies/"+version, nil)
}

// changed is the policy's source with one text in place of another, which must be there once.
func changed(c *person, source, from, to string) string {
	c.t.Helper()
	if strings.Count(source, from) != 1 {
		c.t.Fatalf("the policy has %q %d times", from, strings.Count(source, from))
	}
	return strings.Replace(source, from, to, 1)
}
