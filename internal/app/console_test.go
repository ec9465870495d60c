package app

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/auth"
	"refunddesk/internal/config"
	"refunddesk/internal/desk"
	"refunddesk/internal/devstack/devissuer"
	"refunddesk/internal/identity"
	"refunddesk/internal/session"
	"refunddesk/internal/store"
	"refunddesk/internal/store/sqlite"
)

// closed signs nobody in: sessions are opened by the test.
type closed struct{}

func (closed) Begin(context.Context, string) (auth.Begun, error) {
	return auth.Begun{URL: "https://id.example/"}, nil
}

func (closed) Finish(context.Context, string, auth.Answer) (auth.Person, error) {
	return auth.Person{}, nil
}
func (closed) EndURL(context.Context, string, string) string { return "" }

// program is what answers HTTP, without engine and worker.
func program(t *testing.T, with *Console) (http.Handler, *store.Store, map[string]string) {
	t.Helper()
	records, err := sqlite.Open(filepath.Join(t.TempDir(), "records.db"), store.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, records.Close()) })
	_, err = records.Migrate(t.Context())
	require.NoError(t, err)
	issuer, err := devissuer.Open(t.TempDir(), devissuer.Options{})
	require.NoError(t, err)
	tokens, err := issuer.WriteTokens()
	require.NoError(t, err)
	a := &App{
		o: Options{
			Role: config.RoleAll, Store: records, Console: with, Log: slog.New(slog.DiscardHandler),
			Verifier: auth.NewStatic(devissuer.Name, devissuer.Audience, issuer.PublicKey()),
			Routes: map[string]http.Handler{"/dev/mail": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = w.Write([]byte("mails"))
			})},
		},
		desk:     desk.New(desk.Options{Records: records, Watch: records}),
		draining: make(chan struct{}),
	}
	require.NoError(t, a.openConsole())
	handler, err := a.handler()
	require.NoError(t, err)
	return handler, records, tokens
}

func ask(h http.Handler, path, accept string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8080"+path, http.NoBody)
	r.Header.Set("Accept", accept)
	for n := 0; n+1 < len(header); n += 2 {
		r.Header.Set(header[n], header[n+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const (
	asBrowser = "text/html,application/xhtml+xml,*/*;q=0.8"
	asProgram = "application/json"
	problem   = "application/problem+json"
	html      = "text/html; charset=utf-8"
)

// Programs hear problems and people see pages, whatever they ask for.
func TestWhoAnswers(t *testing.T) {
	h, _, _ := program(t, &Console{Issuer: closed{}})
	for _, tc := range []struct {
		path, accept string
		status       int
		media        string
	}{
		{"/healthz", asBrowser, 200, ""},
		{"/openapi.yaml", asBrowser, 200, ""},
		{"/v1/packages", asBrowser, 401, problem},
		{"/v1/none", asBrowser, 404, problem},
		{"/v1", asBrowser, 404, problem},
		{"/metrics", asBrowser, 404, problem},
		{"/dev/none", asBrowser, 404, problem},
		{"/dev/mail", asBrowser, 200, ""},
		{"/", asProgram, 303, ""},
		{"/sign-in", asProgram, 303, ""},
		{"/signed-out", asProgram, 200, html},
		{"/sign-in/none", asProgram, 404, html},
		{"/none", asBrowser, 404, html},
		{"/none", asProgram, 404, problem},
		{"/none", "*/*", 404, problem},
		{"/v1x", asBrowser, 404, html},
		{"/none/v1", asProgram, 404, problem},
	} {
		w := ask(h, tc.path, tc.accept)
		require.Equal(t, tc.status, w.Code, "%s for %s", tc.path, tc.accept)
		if tc.media != "" {
			require.Equal(t, tc.media, w.Header().Get("Content-Type"), "%s for %s", tc.path, tc.accept)
		}
	}
	without, _, _ := program(t, nil)
	for _, path := range []string{"/", "/sign-in", "/none"} {
		w := ask(without, path, asBrowser)
		require.Equal(t, http.StatusNotFound, w.Code)
		require.Equal(t, problem, w.Header().Get("Content-Type"), "%s: there is no console", path)
	}
}

func TestACookieIsNothingToTheAPIAndATokenNothingToPages(t *testing.T) {
	h, records, tokens := program(t, &Console{Issuer: closed{}})
	token, hash := session.NewToken()
	require.NoError(t, records.OpenSession(t.Context(), hash, session.Session{
		Subject: "user_auditor", Roles: []identity.Role{identity.Auditor}, ExpiresAt: time.Now().Add(time.Hour),
	}))
	cookie, bearer := "refunddesk="+token, "Bearer "+tokens["auditor"]
	home := func(header ...string) string { return ask(h, "/", asBrowser, header...).Header().Get("Location") }
	require.Equal(t, "/audit", home("Cookie", cookie))
	require.Equal(t, "/sign-in", home("Authorization", bearer))
	require.Equal(t, http.StatusOK, ask(h, "/v1/packages", asProgram, "Authorization", bearer).Code)
	require.Equal(t, http.StatusUnauthorized, ask(h, "/v1/packages", asProgram, "Cookie", cookie).Code)
	require.Equal(t, http.StatusUnauthorized, ask(h, "/v1/packages", asProgram, "Authorization", "Bearer "+token).Code)
}

func TestTheGuardStandsBeforeEveryPage(t *testing.T) {
	h, _, _ := program(t, &Console{Issuer: closed{}, Guard: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(r.Host, "127.") {
				http.Error(w, "no", http.StatusForbidden)
				return
			}
			next.ServeHTTP(w, r)
		})
	}})
	r := httptest.NewRequest(http.MethodGet, "http://rebound.example/sign-in", http.NoBody)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	require.Equal(t, http.StatusForbidden, w.Code)
	require.Equal(t, http.StatusOK, ask(h, "/signed-out", asBrowser).Code)
}

func TestTheConsoleThatSettingsAskFor(t *testing.T) {
	access := auth.NewStatic("a", "b")
	log := slog.New(slog.DiscardHandler)
	full := config.Serve{
		Role: config.RoleAPI, Issuer: "https://id.example/realms/r", ClientID: "console", PublicURL: "https://desk.example",
		SessionIdle: time.Minute, SessionAbsolute: time.Hour,
	}
	got, err := consoleOf(full, access, log)
	require.NoError(t, err)
	require.Equal(t, "https://desk.example", got.PublicURL)
	require.Equal(t, session.Limits{Idle: time.Minute, Absolute: time.Hour}, got.Limits)
	for _, change := range []func(*config.Serve){
		func(c *config.Serve) { c.ClientID = "" },
		func(c *config.Serve) { c.Role = config.RoleWorker },
	} {
		c := full
		change(&c)
		got, err := consoleOf(c, access, log)
		require.NoError(t, err)
		require.Nil(t, got)
	}
}
