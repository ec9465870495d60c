package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refunddesk/api/client"
	"refunddesk/internal/money"
)

// customer is a person with an account of his own that no other test touches.
type customer struct {
	*person
	account string
	email   string
}

// newCustomer opens an account whose mails are in the language. It is new to the provider
// too, which is a reason for the default policy to look at more than a small refund.
func newCustomer(t *testing.T, p *Program, locale client.Locale) *customer {
	t.Helper()
	return openCustomer(t, p, client.NewAccount{Locale: &locale})
}

// oldCustomer opens an account that has been with the provider for years: only what it asks
// for can be a reason to look at it.
func oldCustomer(t *testing.T, p *Program) *customer {
	t.Helper()
	years := time.Now().AddDate(-3, 0, 0)
	return openCustomer(t, p, client.NewAccount{RegisteredAt: &years})
}

func openCustomer(t *testing.T, p *Program, a client.NewAccount) *customer {
	t.Helper()
	c := &customer{account: "acct_" + unique()}
	c.email = c.account + "@example.com"
	a.ID, a.Name, a.Email = &c.account, "Ann Example", c.email
	p.as(t, "integrator").openAccount(a).ok()
	c.person = p.signIn(t, "owner_"+c.account, c.account, "customer")
	return c
}

// buys gives the id of a new package at a price in USD.
func (c *customer) buys(price string) string {
	c.t.Helper()
	id := "pkg_" + unique()
	c.p.as(c.t, "integrator").buy(client.NewPackage{ID: &id, AccountID: c.account, Name: "Global SMS", Price: usd(price)}).ok()
	return id
}

// files asks for a refund and gives its id.
func (c *customer) files(pkg string) string {
	c.t.Helper()
	return c.file(pkg, unique(), "").ok().ID
}

func (c *customer) balances() []client.Money {
	c.t.Helper()
	r, err := c.api.GetBalanceWithResponse(c.t.Context(), c.account)
	require.NoError(c.t, err)
	require.NotNil(c.t, r.JSON200, "%v", r.ApplicationProblemJSONDefault)
	return r.JSON200.Balances
}

// balance is what the account has, in micros of USD.
func (c *customer) balance() int64 {
	c.t.Helper()
	total := int64(0)
	for _, b := range c.balances() {
		if b.Currency == "USD" {
			total += micros(c.t, b.Amount)
		}
	}
	return total
}

// ledger gives all journals of the account, newest first, and holds each of them to
// balance in every currency.
func (c *customer) ledger() []client.Journal {
	c.t.Helper()
	var all []client.Journal
	limit := 200
	for cursor := (*string)(nil); ; {
		r, err := c.api.ListLedgerWithResponse(c.t.Context(), c.account, &client.ListLedgerParams{Limit: &limit, Cursor: cursor})
		require.NoError(c.t, err)
		require.NotNil(c.t, r.JSON200, "%v", r.ApplicationProblemJSONDefault)
		all = append(all, r.JSON200.Items...)
		if cursor = r.JSON200.NextCursor; cursor == nil {
			break
		}
	}
	for _, j := range all {
		sums := map[string]int64{}
		for _, p := range j.Postings {
			sums[p.Amount.Currency] += micros(c.t, p.Amount.Amount)
		}
		require.NotEmpty(c.t, sums, "journal %s is empty", j.ID)
		for currency, sum := range sums {
			require.Zero(c.t, sum, "journal %s in %s", j.ID, currency)
		}
	}
	return all
}

// credits gives how often each package was credited, and what its account got of it.
func (c *customer) credits() (times map[string]int, total int64) {
	c.t.Helper()
	times = map[string]int{}
	for _, j := range c.ledger() {
		if j.Operation != client.JournalOperationRefund {
			continue
		}
		times[j.PackageID]++
		for _, p := range j.Postings {
			if strings.HasPrefix(p.Account, "customer/"+c.account+"/") {
				total += micros(c.t, p.Amount.Amount)
			}
		}
	}
	return times, total
}

// creditedOnce holds that each of the packages was credited exactly once and no other, and
// that balance and ledger agree on the sum.
func (c *customer) creditedOnce(sum string, packages ...string) {
	c.t.Helper()
	want := map[string]int{}
	for _, p := range packages {
		want[p] = 1
		require.Equal(c.t, client.PackageStatusRefunded, c.pkg(p).ok().Status)
	}
	times, total := c.credits()
	require.Equal(c.t, want, times)
	require.Equal(c.t, micros(c.t, sum), total)
	require.Equal(c.t, total, c.balance())
}

// gotNothing holds that the account was credited nothing.
func (c *customer) gotNothing() {
	c.t.Helper()
	times, total := c.credits()
	require.Empty(c.t, times)
	require.Zero(c.t, total)
	require.Zero(c.t, c.balance(), "nothing before the first credit")
}

func micros(t *testing.T, amount string) int64 {
	t.Helper()
	n, err := money.ParseMicros(amount)
	require.NoError(t, err)
	return n
}
