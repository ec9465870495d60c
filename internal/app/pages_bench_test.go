package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/auth"
	"refunddesk/internal/config"
	"refunddesk/internal/desk"
	"refunddesk/internal/devstack/demo"
	"refunddesk/internal/devstack/devissuer"
	"refunddesk/internal/identity"
	"refunddesk/internal/money"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/session"
	"refunddesk/internal/store"
	"refunddesk/internal/store/pgtest"
	"refunddesk/internal/store/postgres"
)

// BenchmarkPages measures the server's time for a page beside that for the calls of the API
// which give a program the same, over PostgreSQL, each with all that stands before it: the
// session and gzip there, the token here. To reach: p99 at most 3 times. What is compared
// takes turns, so that a busy machine slows both. It also says what a page weighs.
func BenchmarkPages(b *testing.B) {
	s := newScale(b)
	own := s.first(b, "SELECT id FROM refunds WHERE account_id = 'acct_demo' ORDER BY id DESC LIMIT 1")
	ticket := s.first(b, "SELECT id FROM tickets WHERE state = 'open' AND kind = 'refund' ORDER BY id DESC LIMIT 1")
	account := s.first(b, "SELECT account_id FROM tickets WHERE id = '"+ticket+"'")
	pkg := s.first(b, "SELECT r.package_id FROM refunds r JOIN tickets t ON t.refund_id = r.id WHERE t.id = '"+ticket+"'")
	of := s.first(b, "SELECT refund_id FROM tickets WHERE id = '"+ticket+"'")
	for _, c := range []struct {
		who, page string
		calls     []string
	}{
		{"customer", "/packages/global-sms", []string{"/v1/packages?limit=50"}},
		{"customer", "/refunds", []string{"/v1/refunds?limit=50"}},
		{"customer", "/refunds/" + own, []string{"/v1/refunds/" + own, "/v1/packages/pkg_demo_large_1"}},
		{"customer", "/balance", []string{"/v1/accounts/acct_demo/balance", "/v1/accounts/acct_demo/ledger?limit=50"}},
		{"reviewer", "/review?view=all", []string{"/v1/tickets?state=open&limit=50", "/v1/review/figures"}},
		{"reviewer", "/review/" + ticket, []string{
			"/v1/tickets/" + ticket, "/v1/tickets/" + ticket + "/case-file", "/v1/refunds/" + of, "/v1/accounts/" + account,
			"/v1/packages/" + pkg, "/v1/refunds?account_id=" + account, "/v1/tickets?state=open&limit=50", "/v1/saved-replies",
		}},
		{"auditor", "/audit", []string{"/v1/refunds?limit=50"}},
		{"admin", "/dashboard", []string{"/v1/review/figures", "/v1/refunds?state=needs_attention"}},
		{"admin", "/policies", []string{"/v1/policies"}},
		{"admin", "/policies/1", []string{"/v1/policies/1", "/v1/policies"}},
		{"admin", "/accounts/acct_demo", []string{
			"/v1/accounts/acct_demo", "/v1/accounts/acct_demo/balance", "/v1/packages?account_id=acct_demo", "/v1/refunds?account_id=acct_demo",
		}},
	} {
		b.Run(c.who+c.page, func(b *testing.B) { s.compare(b, c.who, c.page, c.calls) })
	}
}

// scale is the program's HTTP side over a database of some size.
type scale struct {
	handler http.Handler
	records *store.Store
	tokens  map[string]string
	cookies map[string]string
}

// refundsOfOne is how many refunds the account acct_demo has, beside those of the demo.
const refundsOfOne = 300

func newScale(b *testing.B) *scale {
	b.Helper()
	digest, err := store.SchemaDigest(store.Postgres)
	require.NoError(b, err)
	url := pgtest.New(b, func(ctx context.Context, url string) error {
		owner, err := postgres.Open(postgres.Config{URL: url, MaxConnections: 1})
		if err != nil {
			return err
		}
		defer func() { _ = owner.Close() }()
		_, err = owner.Migrate(ctx)
		return err
	}, digest)
	var clock demo.Timepiece
	records, err := postgres.Open(postgres.Config{URL: url, Role: postgres.AppRole, MaxConnections: 4, Options: store.Options{Now: clock.Now}})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, records.Close()) })
	_, err = demo.Load(b.Context(), records, io.Discard)
	require.NoError(b, err)
	require.NoError(b, demo.Prepare(b.Context(), records, &clock))
	fileMany(b, records)

	issuer, err := devissuer.Open(b.TempDir(), devissuer.Options{})
	require.NoError(b, err)
	tokens, err := issuer.WriteTokens()
	require.NoError(b, err)
	a := &App{
		o: Options{
			Role: config.RoleAll, Store: records, Console: &Console{Issuer: closed{}}, Log: slog.New(slog.DiscardHandler),
			Verifier: auth.NewStatic(devissuer.Name, devissuer.Audience, issuer.PublicKey()),
		},
		desk:     desk.New(desk.Options{Records: records, Watch: records, Policies: policy.NewShelf(records.PolicySource)}),
		draining: make(chan struct{}),
	}
	require.NoError(b, a.openConsole())
	handler, err := a.handler()
	require.NoError(b, err)
	return &scale{handler: handler, records: records, tokens: tokens, cookies: map[string]string{}}
}

// fileMany has acct_demo ask for many refunds, which are screened: most wait for a reviewer.
func fileMany(b *testing.B, records *store.Store) {
	b.Helper()
	ctx, shelf := b.Context(), policy.NewShelf(records.PolicySource)
	var packages []refund.Package
	for n := range refundsOfOne {
		packages = append(packages, refund.Package{
			ID: fmt.Sprintf("pkg_scale_%d", n), AccountID: "acct_demo", Product: refund.GlobalSMS, Name: fmt.Sprintf("Global SMS %d", n), Currency: "USD",
			Paid: 20 * money.Scale, Face: 20 * money.Scale, Remaining: 20 * money.Scale,
			Recorded: refund.Active, Dispute: refund.NoDispute, PurchasedAt: time.Now().Add(-time.Duration(n) * time.Hour),
		})
	}
	_, err := records.ImportPackages(ctx, packages, func(int) {})
	require.NoError(b, err)
	who := devissuer.Demo["customer"]
	owner := identity.Actor{Subject: who.Subject, Roles: who.Roles, AccountID: who.AccountID}
	for _, p := range packages {
		filed, err := records.File(ctx, owner, desk.Filing{PackageID: p.ID, ReasonCode: refund.NoLongerNeeded, IdempotencyKey: p.ID})
		require.NoError(b, err)
		facts, version, err := records.Facts(ctx, filed.Refund.ID)
		require.NoError(b, err)
		judge, err := shelf.Policy(ctx, version)
		require.NoError(b, err)
		step, err := records.Screen(ctx, refund.Op{RefundID: filed.Refund.ID, Verb: refund.VerbScreen, Turn: 1}, facts, judge.Evaluate(facts))
		require.NoError(b, err)
		if step.State == refund.Crediting {
			_, err = records.Credit(ctx, refund.Op{RefundID: filed.Refund.ID, Verb: refund.VerbCredit, Turn: 2})
			require.NoError(b, err)
		}
	}
}

func (s *scale) first(b *testing.B, query string) (value string) {
	b.Helper()
	pool, err := s.records.SQL()
	require.NoError(b, err)
	require.NoError(b, pool.QueryRowContext(b.Context(), query).Scan(&value), query)
	return value
}

// cookie is that of a session of one of the demo people.
func (s *scale) cookie(b *testing.B, name string) string {
	b.Helper()
	if s.cookies[name] == "" {
		token, hash := session.NewToken()
		who := devissuer.Demo[name]
		require.NoError(b, s.records.OpenSession(b.Context(), hash, session.Session{
			Subject: who.Subject, Roles: who.Roles, AccountID: who.AccountID, Name: "Somebody", ExpiresAt: time.Now().Add(time.Hour),
		}))
		s.cookies[name] = "refunddesk=" + token
	}
	return s.cookies[name]
}

// get asks and gives how long the answer took; it has to be a good one.
func (s *scale) get(b *testing.B, path string, header ...string) (time.Duration, *httptest.ResponseRecorder) {
	b.Helper()
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8080"+path, http.NoBody)
	for n := 0; n+1 < len(header); n += 2 {
		r.Header.Set(header[n], header[n+1])
	}
	w := httptest.NewRecorder()
	start := time.Now()
	s.handler.ServeHTTP(w, r)
	took := time.Since(start)
	if w.Code != http.StatusOK {
		b.Fatalf("%s: %d %s", path, w.Code, w.Body.String()[:min(500, w.Body.Len())])
	}
	return took, w
}

func (s *scale) compare(b *testing.B, who, path string, calls []string) {
	page := func() (time.Duration, int) {
		took, w := s.get(b, path, "Cookie", s.cookie(b, who), "Accept", asBrowser, "Accept-Encoding", "gzip")
		return took, w.Body.Len()
	}
	api := func() (sum time.Duration) {
		for _, call := range calls {
			took, _ := s.get(b, call, "Authorization", "Bearer "+s.tokens[who], "Accept", asProgram)
			sum += took
		}
		return sum
	}
	for range 20 { // statements are prepared and plans kept
		page()
		api()
	}
	var pages, apis []time.Duration
	weight := 0
	for b.Loop() {
		apis = append(apis, api())
		took, bytes := page()
		pages, weight = append(pages, took), bytes
	}
	at := func(of []time.Duration, percent int) float64 {
		slices.Sort(of)
		return float64(of[(len(of)-1)*percent/100].Nanoseconds()) / 1e6
	}
	for _, p := range []int{50, 99} {
		b.ReportMetric(at(apis, p), fmt.Sprintf("api-p%d-ms", p))
		b.ReportMetric(at(pages, p), fmt.Sprintf("page-p%d-ms", p))
		b.ReportMetric(at(pages, p)/at(apis, p), fmt.Sprintf("p%d-ratio", p))
	}
	b.ReportMetric(float64(weight)/1000, "kB")
}
