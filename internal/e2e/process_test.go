package e2e

import (
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/api/client"
)

func TestDataSurvivesAGracefulRestart(t *testing.T) {
	onOwn(t, func(t *testing.T, p *Program) {
		c := newCustomer(t, p, client.LocaleEn)
		clean, reviewed := c.buys("10"), c.buys(large)
		credited := c.file(clean, "1", "wait=10").ok().ID
		waiting := c.file(reviewed, "2", "wait=10").ok().ID
		await(t, "the mails", func() []mail { return mailsTo(t, p, c.email) }, func(m []mail) bool { return len(m) == 3 })
		tokens := maps.Clone(p.Tokens)

		p.Stop(t)
		p.Restart(t)
		require.Equal(t, tokens, p.Tokens, "tokens that were handed out stay good")
		require.Equal(t, client.RefundStateCredited, c.refund(credited).ok().State, "with the token of before")
		require.Equal(t, client.RefundStateInReview, c.refund(waiting).ok().State)
		require.Len(t, mailsTo(t, p, c.email), 3)
		approve(p.as(t, "reviewer"), waiting)
		c.sees(waiting, client.RefundStateCredited)
		c.creditedOnce("510", clean, reviewed)
		p.Stop(t)
	})
}

func TestTokensAreThere(t *testing.T) {
	t.Parallel()
	p := program(t)
	for _, name := range []string{"customer", "customer2", "reviewer", "reviewer2", "senior", "auditor", "admin", "integrator"} {
		require.Contains(t, slices.Collect(maps.Keys(p.Tokens)), name)
	}
	for name, account := range map[string]string{"customer": "acct_demo", "customer2": "acct_demo2"} {
		r, err := p.as(t, name).api.ListPackagesWithResponse(t.Context(), &client.ListPackagesParams{})
		require.NoError(t, err)
		require.NotNil(t, r.JSON200)
		require.True(t, slices.ContainsFunc(r.JSON200.Items, func(x client.Package) bool {
			return x.AccountID == account && x.Refundable.Eligible && x.Price.Currency == "USD"
		}), "%s has something to refund", name)
	}
}

func TestOnlyLoopback(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{"--http", "--engine"} {
		t.Run(flag, func(t *testing.T) {
			t.Parallel()
			p, err := prepare(Options{})
			require.NoError(t, err)
			at := slices.Index(p.args, flag) + 1
			_, port, err := net.SplitHostPort(p.args[at])
			require.NoError(t, err)
			p.args[at] = "0.0.0.0:" + port
			said := refuses(t, p)
			require.Contains(t, said, flag)
			require.Contains(t, said, "loopback")
		})
	}
}

func TestASecondProcessOnTheSameFolderIsRefused(t *testing.T) {
	t.Parallel()
	first := program(t)
	second, err := prepare(Options{Data: first.Data})
	require.NoError(t, err)
	said := refuses(t, second)
	require.Contains(t, said, "another process works on")
	require.Contains(t, said, "--data")
	require.NotContains(t, said, "goroutine", "a message, not a crash")
	// The first one does not mind, and its tokens are still those in the folder.
	c := newCustomer(t, first, client.LocaleEn)
	require.Equal(t, client.RefundStateCredited, c.file(c.buys("1"), "1", "wait=10").ok().State)
}

func TestAnAddressInUseIsNamed(t *testing.T) {
	t.Parallel()
	for flag, taken := range map[string]string{"--http": strings.TrimPrefix(program(t).URL, "http://"), "--engine": program(t).Engine} {
		t.Run(flag, func(t *testing.T) {
			t.Parallel()
			p, err := prepare(Options{})
			require.NoError(t, err)
			p.args[slices.Index(p.args, flag)+1] = taken
			said := refuses(t, p)
			require.Contains(t, said, flag)
			require.Contains(t, said, taken)
		})
	}
}

func TestADatabaseThatIsNoneIsNamed(t *testing.T) {
	t.Parallel()
	p, err := prepare(Options{Database: "mysql://localhost/records"})
	require.NoError(t, err)
	require.Contains(t, refuses(t, p), "--database")
}

func TestProblemsEverywhere(t *testing.T) {
	t.Parallel()
	p := program(t)
	for path, status := range map[string]int{"/nowhere": http.StatusNotFound, "/v1/refunds/refund_x": http.StatusUnauthorized} {
		resp, err := http.Get(p.URL + path)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, status, resp.StatusCode)
		require.Equal(t, "application/problem+json", resp.Header.Get("Content-Type"))
	}
}
