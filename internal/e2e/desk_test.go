package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/api/client"
)

// person calls the API with a token. Results are checked where they are used: ok for what
// is wanted, refused for a problem.
type person struct {
	t     *testing.T
	p     *Program
	token string
	api   *client.ClientWithResponses
}

// as signs in as one of the demo people.
func (p *Program) as(t *testing.T, name string) *person {
	t.Helper()
	require.Contains(t, p.Tokens, name)
	return p.with(t, p.Tokens[name])
}

// with signs in with a token.
func (p *Program) with(t *testing.T, token string) *person {
	t.Helper()
	api, err := client.NewClientWithResponses(p.URL, client.WithBearer(token))
	require.NoError(t, err)
	return &person{t: t, p: p, token: token, api: api}
}

// signIn signs in as anybody, by the development issuer.
func (p *Program) signIn(t *testing.T, subject, account string, roles ...string) *person {
	t.Helper()
	who := map[string]any{"subject": subject, "roles": roles}
	if account != "" {
		who["account_id"] = account
	}
	body, err := json.Marshal(who)
	require.NoError(t, err)
	resp, err := http.Post(p.URL+"/dev/token", "application/json", bytes.NewReader(body))
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&answer))
	return p.with(t, answer.AccessToken)
}

// answer is what a call came to.
type answer[T any] struct {
	t       *testing.T
	value   *T
	problem *client.Problem
	err     error
}

// ok gives what was wanted.
func (a answer[T]) ok() T {
	a.t.Helper()
	require.NoError(a.t, a.err)
	if a.value == nil {
		require.NotNil(a.t, a.problem, "an answer that is neither")
		require.Fail(a.t, "refused", "%d %v", a.problem.Status, a.problem)
	}
	return *a.value
}

// refused expects a problem.
func (a answer[T]) refused(status int, code string) {
	a.t.Helper()
	require.NoError(a.t, a.err)
	require.NotNil(a.t, a.problem, "it was not refused: %+v", a.value)
	require.Equal(a.t, code, a.problem.Code, "%v", a.problem)
	require.Equal(a.t, status, a.problem.Status)
}

func usd(amount string) client.MoneyInput { return client.MoneyInput{Amount: amount, Currency: "USD"} }

func (c *person) openAccount(a client.NewAccount) answer[client.Account] {
	r, err := c.api.CreateAccountWithResponse(c.t.Context(), a)
	if err != nil {
		return answer[client.Account]{t: c.t, err: err}
	}
	return answer[client.Account]{c.t, r.JSON201, r.ApplicationProblemJSONDefault, nil}
}

func (c *person) buy(p client.NewPackage) answer[client.Package] {
	p.Product = client.ProductGlobalSMS
	r, err := c.api.CreatePackageWithResponse(c.t.Context(), p)
	if err != nil {
		return answer[client.Package]{t: c.t, err: err}
	}
	return answer[client.Package]{c.t, r.JSON201, r.ApplicationProblemJSONDefault, nil}
}

func (c *person) use(pkg, id, cost string) answer[client.Usage] {
	r, err := c.api.RecordUsageWithResponse(c.t.Context(), pkg, client.NewUsage{ID: id, Cost: usd(cost)})
	if err != nil {
		return answer[client.Usage]{t: c.t, err: err}
	}
	return answer[client.Usage]{c.t, r.JSON201, r.ApplicationProblemJSONDefault, nil}
}

func (c *person) pkg(id string) answer[client.Package] {
	r, err := c.api.GetPackageWithResponse(c.t.Context(), id)
	if err != nil {
		return answer[client.Package]{t: c.t, err: err}
	}
	return answer[client.Package]{c.t, r.JSON200, r.ApplicationProblemJSONDefault, nil}
}

func (c *person) quote(pkg string) answer[client.Quote] {
	r, err := c.api.GetRefundQuoteWithResponse(c.t.Context(), pkg)
	if err != nil {
		return answer[client.Quote]{t: c.t, err: err}
	}
	return answer[client.Quote]{c.t, r.JSON200, r.ApplicationProblemJSONDefault, nil}
}

// file asks for a refund; prefer may be empty.
func (c *person) file(pkg, key, prefer string) answer[client.Refund] {
	params := &client.FileRefundParams{IdempotencyKey: key}
	if prefer != "" {
		params.Prefer = &prefer
	}
	r, err := c.api.FileRefundWithResponse(c.t.Context(), params, client.Filing{PackageID: pkg, ReasonCode: client.RefundReasonNoLongerNeeded})
	if err != nil {
		return answer[client.Refund]{t: c.t, err: err}
	}
	return answer[client.Refund]{c.t, r.JSON202, r.ApplicationProblemJSONDefault, nil}
}

func (c *person) refund(id string) answer[client.Refund] {
	r, err := c.api.GetRefundWithResponse(c.t.Context(), id)
	if err != nil {
		return answer[client.Refund]{t: c.t, err: err}
	}
	return answer[client.Refund]{c.t, r.JSON200, r.ApplicationProblemJSONDefault, nil}
}

// sees waits until the refund is in the state.
func (c *person) sees(id string, state client.RefundState) client.Refund {
	c.t.Helper()
	return await(c.t, "refund "+id+" to be "+string(state),
		func() client.Refund { return c.refund(id).ok() },
		func(r client.Refund) bool {
			if r.MovesNext == client.MoverNobody {
				require.Equal(c.t, state, r.State, "the refund has ended")
			}
			return r.State == state
		})
}

func (c *person) withdraw(id string) answer[client.Refund] {
	r, err := c.api.WithdrawRefundWithResponse(c.t.Context(), id, client.Nothing{})
	if err != nil {
		return answer[client.Refund]{t: c.t, err: err}
	}
	return answer[client.Refund]{c.t, r.JSON200, r.ApplicationProblemJSONDefault, nil}
}

func (c *person) tickets(params client.ListTicketsParams) answer[client.TicketPage] {
	r, err := c.api.ListTicketsWithResponse(c.t.Context(), &params)
	if err != nil {
		return answer[client.TicketPage]{t: c.t, err: err}
	}
	return answer[client.TicketPage]{c.t, r.JSON200, r.ApplicationProblemJSONDefault, nil}
}

// ticketOf gives the newest ticket of a refund.
func (c *person) ticketOf(refund string) client.Ticket {
	c.t.Helper()
	newest := client.TicketSortNewest
	page := c.tickets(client.ListTicketsParams{RefundID: &refund, Sort: &newest}).ok()
	require.NotEmpty(c.t, page.Items)
	return page.Items[0]
}

func (c *person) decide(ticket string, d client.NewDecision) answer[client.Ticket] {
	r, err := c.api.DecideTicketWithResponse(c.t.Context(), ticket, d)
	if err != nil {
		return answer[client.Ticket]{t: c.t, err: err}
	}
	return answer[client.Ticket]{c.t, r.JSON200, r.ApplicationProblemJSONDefault, nil}
}

func (c *person) setStanding(account string, s client.Standing) answer[client.Account] {
	r, err := c.api.SetStandingWithResponse(c.t.Context(), account, client.StandingChange{Standing: s, Reason: "End-to-end test."})
	if err != nil {
		return answer[client.Account]{t: c.t, err: err}
	}
	return answer[client.Account]{c.t, r.JSON200, r.ApplicationProblemJSONDefault, nil}
}

func (c *person) setDispute(pkg string, s client.DisputeStatus) answer[client.Package] {
	r, err := c.api.SetDisputeWithResponse(c.t.Context(), pkg, client.DisputeChange{Status: s})
	if err != nil {
		return answer[client.Package]{t: c.t, err: err}
	}
	return answer[client.Package]{c.t, r.JSON200, r.ApplicationProblemJSONDefault, nil}
}

func (c *person) history(refund string) answer[client.History] {
	r, err := c.api.GetRefundHistoryWithResponse(c.t.Context(), refund)
	if err != nil {
		return answer[client.History]{t: c.t, err: err}
	}
	return answer[client.History]{c.t, r.JSON200, r.ApplicationProblemJSONDefault, nil}
}
