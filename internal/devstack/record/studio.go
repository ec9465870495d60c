package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"

	"go.temporal.io/sdk/client"

	api "refunddesk/api/client"
	"refunddesk/internal/devstack"
)

// studio is a running development program, the people who use it, and a second hand on its
// records to break them on purpose.
type studio struct {
	stack    *devstack.Stack
	people   map[string]*api.ClientWithResponses
	records  *sql.DB
	temporal client.Client
	accounts int // opened so far
}

func open(ctx context.Context, data string, set stage) (*studio, error) {
	o := set.options(data)
	stack, err := devstack.Start(ctx, o)
	if err != nil {
		return nil, err
	}
	st := &studio{stack: stack, people: map[string]*api.ClientWithResponses{}}
	for name, token := range stack.Tokens {
		if st.people[name], err = api.NewClientWithResponses(stack.URL, api.WithBearer(token)); err != nil {
			return nil, errors.Join(err, st.close())
		}
	}
	// The driver is registered by the program's own SQLite package.
	if st.records, err = sql.Open("sqlite", "file:"+filepath.Join(data, "records.db")+"?_pragma=busy_timeout(5000)"); err != nil {
		return nil, errors.Join(err, st.close())
	}
	st.temporal, err = client.Dial(client.Options{HostPort: stack.Engine.Address(), Namespace: stack.Engine.Namespace(), Logger: quiet{}})
	if err != nil {
		return nil, errors.Join(err, st.close())
	}
	if set == hurried {
		if err := st.hurry(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("publish a policy that hurries: %w", err), st.close())
		}
	}
	return st, nil
}

// hurriedPolicy looks at what is large, and reminds and escalates within a minute.
const hurriedPolicy = `policy: 1
limits:
  large: {default: "100"}
rules:
  - id: large-amount
    when: amount > limits.large
    verdict: review
    reason: A large refund.
    customer: {en: A person looks at it., zh-Hans: 需要人工审核。}
approval:
  USD: [{reviewers: 1}]
budget: {default: "1000000"}
calendars:
  always: {time_zone: UTC, hours: "00:00-24:00"}
queues:
  review: {calendar: always, first_response: 1m, decision: 1m, answer_within: 2m, remind_after: 1m}
`

// hurry has the admin put that policy in force.
func (st *studio) hurry(ctx context.Context) error {
	r, err := st.people["admin"].DraftPolicyWithResponse(ctx, api.PolicySource{Source: hurriedPolicy})
	if err != nil {
		return err
	}
	draft, err := answered(r.JSON201, r.ApplicationProblemJSONDefault, nil)
	if err != nil {
		return err
	}
	p, err := st.people["admin"].PublishPolicyWithResponse(ctx, draft.Version, api.Nothing{})
	if err != nil {
		return err
	}
	_, err = answered(p.JSON200, p.ApplicationProblemJSONDefault, nil)
	return err
}

func (st *studio) engine() client.Client { return st.temporal }

func (st *studio) close() error {
	var err error
	if st.temporal != nil {
		st.temporal.Close()
	}
	if st.records != nil {
		err = st.records.Close()
	}
	return errors.Join(err, st.stack.Stop())
}

// customer gives a client for a person who owns the account.
func (st *studio) customer(ctx context.Context, account string) (*api.ClientWithResponses, error) {
	body, err := json.Marshal(map[string]any{"subject": "user_" + account, "roles": []string{"customer"}, "account_id": account})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, st.stack.URL+"/dev/token", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("ask for a token: %s: %w", resp.Status, err)
	}
	return api.NewClientWithResponses(st.stack.URL, api.WithBearer(answer.AccessToken))
}

// The texts about people that the records hold while a scene is played, and that no
// history may.
const (
	personName  = "Wilhelmina Testrup"
	personEmail = "wilhelmina.testrup@example.com"
	personPhone = "+4915550001234"
	packageName = "Package of Wilhelmina"
	note        = "Please hurry, my sister Ottilie needs the money."
	reviewNote  = "I called Wilhelmina, she confirmed."
	whyStanding = "Reported by neighbour Pumpernickel."
	whyRetry    = "Ottilie says the ledger was mended."
	whyEscalate = "Pumpernickel called twice."
	whyPause    = "Testrup is in the news."

	staffAsks       = "Dear Wilhelmina, please send us the invoice."
	staffWords      = "Dear Wilhelmina, Ottilie has called us."
	customerAnswer  = "Here it is, Wilhelmina"
	customerSubject = "Where is the money of Ottilie?"
	customerAsks    = "I am Wilhelmina Testrup, and my number is in the book."
)

func (st *studio) secrets() []string {
	return []string{
		"Wilhelmina", "Testrup", personEmail, personPhone, packageName, "Ottilie", "Pumpernickel",
		note, reviewNote, whyStanding, whyRetry, whyEscalate, whyPause,
		staffAsks, staffWords, customerAnswer, customerSubject, customerAsks,
	}
}

// quiet is a logger of the engine's client that says nothing.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}
