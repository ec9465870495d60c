package console

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/auth"
	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/session"
	"refunddesk/internal/store"
	"refunddesk/internal/store/sqlite"
)

// clock is a time that only the test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// gate is an issuer that lets the person in whom the test says.
type gate struct {
	person auth.Person
	err    error // of whatever it is asked
	begun  auth.Begun
	asked  []auth.Answer
}

func (g *gate) Begin(context.Context, string) (auth.Begun, error) {
	if g.err != nil {
		return auth.Begun{}, g.err
	}
	state, _ := session.NewToken()
	verifier, _ := session.NewToken()
	nonce, _ := session.NewToken()
	g.begun = auth.Begun{URL: "https://id.example/authorize?state=" + state, State: state, Verifier: verifier, Nonce: nonce}
	return g.begun, nil
}

func (g *gate) Finish(_ context.Context, _ string, a auth.Answer) (auth.Person, error) {
	g.asked = append(g.asked, a)
	return g.person, g.err
}

func (g *gate) EndURL(_ context.Context, idToken, returnURL string) string {
	return "https://id.example/end?" + url.Values{"id_token_hint": {idToken}, "back": {returnURL}}.Encode()
}

// house is a console over real sessions.
type house struct {
	*Console
	clock *clock
	store *store.Store
	gate  *gate
	log   *strings.Builder

	streaming chan struct{} // somebody opened the stream
}

// The test's own routes of the kinds that are listed by name.
func init() {
	streams["/test/stream"], bySelf["/test/by-self"] = true, true
}

const secretIDToken = "eyJ.id.token"

func newHouse(t *testing.T, change ...func(*Options)) *house {
	t.Helper()
	h := &house{clock: &clock{now: time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC)}, gate: &gate{}, log: &strings.Builder{}, streaming: make(chan struct{})}
	h.gate.person = auth.Person{
		Actor: identity.Actor{Subject: "rita", Roles: []identity.Role{identity.Reviewer}}, Name: "Rita Reviewer", IDToken: secretIDToken,
	}
	var err error
	h.store, err = sqlite.Open(filepath.Join(t.TempDir(), "records.db"), store.Options{Now: h.clock.Now})
	require.NoError(t, err)
	t.Cleanup(func() { _ = h.store.Close() })
	_, err = h.store.Migrate(t.Context())
	require.NoError(t, err)
	o := Options{
		Desk:     desk.New(desk.Options{Records: h.store, Watch: h.store, Now: h.clock.Now}),
		Sessions: h.store, Viewers: h.store, Issuer: h.gate, PublicURL: "https://desk.example",
		Log: slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Now: h.clock.Now,
	}
	for _, f := range change {
		f(&o)
	}
	h.Console, err = New(o)
	require.NoError(t, err)
	// Pages of the test's own, for what no page does when all is well.
	anybody := append([]identity.Role{identity.Customer}, page.Staff...)
	h.kit.GET("/test/who", func(c *page.Context) error {
		_, err := io.WriteString(c.Writer(), c.Actor.Subject)
		return err
	}, anybody...)
	h.kit.POST("/test/act", "", func(c *page.Context) error {
		form, err := c.Form()
		if err != nil {
			return err
		}
		if form.Get("away") != "" {
			return fault.New(fault.Unavailable, "engine-unavailable", "The engine is away.")
		}
		return c.See("/test/who", "")
	}, anybody...)
	h.kit.GET("/test/by-self", func(*page.Context) error { return nil }, anybody...)
	h.kit.GET("/test/stream", func(c *page.Context) error {
		h.streaming <- struct{}{}
		<-c.Ctx().Done()
		return nil
	}, anybody...)
	h.kit.GET("/test/panic", func(*page.Context) error { panic("a value with a secret") }, anybody...)
	h.kit.GET("/test/half", func(c *page.Context) error {
		page.Download(c, "text/plain", "half.txt")
		panic("a value with a secret")
	}, anybody...)
	h.kit.GET("/test/deadline", func(c *page.Context) error {
		until, limited := c.Ctx().Deadline()
		require.True(t, limited)
		require.LessOrEqual(t, time.Until(until), page.Patience)
		return nil
	}, anybody...)
	return h
}

// browser keeps cookies and says where it comes from, as browsers do.
type browser struct {
	t       *testing.T
	at      http.Handler
	origin  string
	cookies map[string]*http.Cookie
}

func (h *house) browser(t *testing.T) *browser {
	t.Helper()
	return &browser{t: t, at: h, origin: "https://desk.example", cookies: map[string]*http.Cookie{}}
}

// send sends a request with headers (name, value, …) and keeps the cookies that come back.
func (b *browser) send(method, path string, form url.Values, header ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequest(method, b.origin+path, body)
	r.Header.Set("Accept", "text/html,application/xhtml+xml")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", b.origin)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for n := 0; n+1 < len(header); n += 2 {
		r.Header.Del(header[n])
		if header[n+1] != "" {
			r.Header.Set(header[n], header[n+1])
		}
	}
	for _, c := range b.cookies {
		r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	w := httptest.NewRecorder()
	b.at.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
			continue
		}
		b.cookies[c.Name] = c
	}
	return w
}

func (b *browser) get(path string, header ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	return b.send(http.MethodGet, path, nil, header...)
}

func (b *browser) post(path string, form url.Values, header ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	return b.send(http.MethodPost, path, form, header...)
}

// signIn goes the whole way and gives where it ended.
func (b *browser) signIn(g *gate, returnTo string) string {
	b.t.Helper()
	w := b.get("/sign-in?return_to=" + url.QueryEscape(returnTo))
	require.Equal(b.t, http.StatusSeeOther, w.Code, w.Body)
	require.Equal(b.t, g.begun.URL, w.Header().Get("Location"))
	w = b.get("/sign-in/callback?code=c&state=" + g.begun.State)
	require.Equal(b.t, http.StatusSeeOther, w.Code, w.Body)
	return w.Header().Get("Location")
}

// who gives the subject that pages see; "" when they send to sign in.
func (b *browser) who() string {
	b.t.Helper()
	w := b.get("/test/who")
	if w.Code == http.StatusSeeOther {
		return ""
	}
	require.Equal(b.t, http.StatusOK, w.Code, w.Body)
	return w.Body.String()
}

const secureSession = "__Host-refunddesk"
