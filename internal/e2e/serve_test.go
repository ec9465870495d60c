package e2e

import (
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/api/client"
)

// serve starts the production program on a migrated database, with more flags if there are
// any; it need not get ready.
func serve(t *testing.T, i *issuer, engine string, more ...string) *Program {
	t.Helper()
	path, err := binaries["refunddesk"]()
	require.NoError(t, err)
	database := emptyDatabase(t)
	migrated, err := exec.Command(path, "migrate", "up", "--database", database).CombinedOutput()
	require.NoError(t, err, string(migrated))
	address, err := freeAddress()
	require.NoError(t, err)
	metrics, err := freeAddress()
	require.NoError(t, err)
	p := &Program{URL: "http://" + address, Metrics: "http://" + metrics + "/metrics", path: path, log: filepath.Join(temporary, "log-"+unique())}
	p.args = []string{"serve", "--http", address, "--engine", engine, "--metrics", metrics, "--rate-limit", "0"}
	p.args = append(p.args, more...)
	// Half of the settings by flag and half by variable.
	p.env = []string{
		"REFUNDDESK_DATABASE=" + database, "REFUNDDESK_ISSUER=" + i.url, "REFUNDDESK_ROLES_CLAIM=realm_access.roles",
		"REFUNDDESK_ENGINE_NAMESPACE=e2e", "REFUNDDESK_TASK_QUEUE=refunds-e2e", "REFUNDDESK_LOG_LEVEL=warn",
		"REFUNDDESK_PUBLIC_URL=" + p.URL, "REFUNDDESK_CLIENT_ID=" + issuerClient,
	}
	require.NoError(t, p.spawn())
	p.cleanUp(t)
	await(t, "the program to listen", func() int { return status(p.URL + "/healthz") }, func(code int) bool { return code == http.StatusOK })
	return p
}

// status is 0 when nobody answers.
func status(url string) int {
	resp, err := http.Get(url)
	if err != nil {
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// Filing works while the engine is down, and the refund is carried out when it is there.
func TestFilingWhileTheEngineIsDown(t *testing.T) {
	t.Parallel()
	engine, err := freeAddress()
	require.NoError(t, err)
	i := startIssuer(t)
	p := serve(t, i, engine)

	unready, err := p.with(t, "").api.GetReadinessWithResponse(t.Context())
	require.NoError(t, err)
	require.Equal(t, http.StatusServiceUnavailable, unready.StatusCode())
	problem := unready.ApplicationProblemJSONDefault
	require.NotNil(t, problem)
	require.NotNil(t, problem.Errors)
	require.Len(t, *problem.Errors, 1, "the database is there")
	require.Equal(t, "engine-unavailable", (*problem.Errors)[0].Field)

	integrator := p.with(t, i.token(t, "billing", "", "integrator"))
	c := &customer{account: "acct_" + unique()}
	c.email = c.account + "@example.com"
	integrator.openAccount(client.NewAccount{ID: &c.account, Name: "Ann Example", Email: c.email}).ok()
	c.person = p.with(t, i.token(t, "owner", c.account, "customer"))
	id := "pkg_" + unique()
	integrator.buy(client.NewPackage{ID: &id, AccountID: c.account, Name: "Global SMS", Price: usd("10")}).ok()

	filed := c.file(id, "1", "").ok()
	require.Equal(t, client.RefundStateSubmitted, filed.State)
	require.Equal(t, filed.ID, c.file(id, "1", "wait=1").ok().ID)
	c.file(id, "2", "").refused(http.StatusConflict, "refund-open")
	c.withdraw(filed.ID).refused(http.StatusServiceUnavailable, "engine-unavailable")
	require.Equal(t, client.RefundStateSubmitted, c.refund(filed.ID).ok().State, "nothing was recorded")

	// Of this program only the engine is used; its own worker has another namespace.
	Start(t, Options{Engine: engine})
	c.sees(filed.ID, client.RefundStateCredited)
	c.creditedOnce("10", id)
	await(t, "readiness", func() int { return status(p.URL + "/readyz") }, func(code int) bool { return code == http.StatusOK })
	p.Stop(t)
}

// The production program has neither the development issuer nor the development pages.
func TestProductionHasNoDevelopmentPages(t *testing.T) {
	t.Parallel()
	i := startIssuer(t)
	engine, err := freeAddress()
	require.NoError(t, err)
	p := serve(t, i, engine)
	for _, path := range []string{"/dev/token", "/dev/mail", "/dev/", "/metrics"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			req, err := http.NewRequestWithContext(t.Context(), method, p.URL+path, strings.NewReader(`{}`))
			require.NoError(t, err)
			resp, err := http.DefaultClient.Do(req)
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			require.Equal(t, http.StatusNotFound, resp.StatusCode, "%s %s", method, path)
			require.Equal(t, "application/problem+json", resp.Header.Get("Content-Type"))
		}
	}
	// A token of the development program is worth nothing here.
	p.with(t, program(t).Tokens["admin"]).refund("refund_x").refused(http.StatusUnauthorized, "invalid-token")
	p.with(t, i.token(t, "auditor", "", "auditor")).refund("refund_x").refused(http.StatusNotFound, "not-found")
	p.Stop(t)
}

// The desk's figures are on a listener of their own, from the records and without the engine.
func TestMetrics(t *testing.T) {
	t.Parallel()
	i := startIssuer(t)
	engine, err := freeAddress()
	require.NoError(t, err)
	p := serve(t, i, engine)
	resp, err := http.Get(p.Metrics)
	require.NoError(t, err)
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
	for _, line := range []string{"refunddesk_figures_up 1", `refunddesk_tickets_open{queue="review"} 0`, "go_goroutines "} {
		require.Contains(t, string(text), "\n"+line)
	}
	p.Stop(t)
}

func TestServeStopsOnNonsense(t *testing.T) {
	t.Parallel()
	path, err := binaries["refunddesk"]()
	require.NoError(t, err)
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"no database": {[]string{"serve", "--issuer", "https://id.example.com"}, "REFUNDDESK_DATABASE"},
		"no issuer":   {[]string{"serve", "--database", "postgres://u@h/d"}, "REFUNDDESK_ISSUER"},
		"bad metrics": {[]string{"serve", "--database", "postgres://u@h/d", "--issuer", "https://id.example.com", "--metrics", "9090"}, "--metrics"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := exec.CommandContext(t.Context(), path, c.args...).CombinedOutput()
			var ended *exec.ExitError
			require.ErrorAs(t, err, &ended)
			require.Contains(t, string(out), c.says)
		})
	}
}
