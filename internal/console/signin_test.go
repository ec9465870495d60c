package console

import (
	"html"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/auth"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/session"
)

func TestSigningIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.browser(t)
	w := b.get("/")
	require.Equal(t, http.StatusSeeOther, w.Code)
	require.Equal(t, "/sign-in", w.Header().Get("Location"))
	require.Equal(t, "/review?queue=large", b.signIn(h.gate, "/review?queue=large"))
	require.Equal(t, []auth.Answer{{Code: "c", Verifier: h.gate.begun.Verifier, Nonce: h.gate.begun.Nonce}}, h.gate.asked)
	require.Equal(t, "rita", b.who())

	cookie := b.cookies[secureSession]
	require.NotNil(t, cookie)
	require.Len(t, cookie.Value, 43, "256 bits")
	require.True(t, cookie.HttpOnly)
	require.True(t, cookie.Secure)
	require.Equal(t, http.SameSiteLaxMode, cookie.SameSite)
	require.Equal(t, "/", cookie.Path)
	require.Empty(t, cookie.Domain)
	require.Zero(t, cookie.MaxAge, "it goes with the browser")

	w = b.get("/")
	require.Equal(t, "/review", w.Header().Get("Location"))
	require.NotContains(t, h.log.String(), cookie.Value)
	require.NotContains(t, h.log.String(), secretIDToken)
	require.NotContains(t, h.log.String(), "Rita")
}

func TestWhereEverybodyStarts(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for role, home := range map[identity.Role]string{
		identity.Customer: "/packages/global-sms", identity.Reviewer: "/review", identity.Senior: "/review",
		identity.Auditor: "/audit", identity.Admin: "/dashboard", identity.Integrator: "",
	} {
		h.gate.person.Actor.Roles = []identity.Role{role}
		b := h.browser(t)
		b.signIn(h.gate, "/")
		w := b.get("/")
		if home == "" {
			require.Equal(t, http.StatusForbidden, w.Code, "a program has no pages")
			continue
		}
		require.Equal(t, home, w.Header().Get("Location"), role)
	}
}

func TestRefusedCallbacks(t *testing.T) {
	t.Parallel()
	refused := fault.New(fault.Unauthenticated, "sign-in-refused", "No.").With(http.ErrNoLocation)
	for name, tc := range map[string]struct {
		status int
		code   string
		do     func(h *house, b *browser) *httptest.ResponseRecorder
	}{
		"no state": {400, "sign-in-lost", func(_ *house, b *browser) *httptest.ResponseRecorder {
			return b.get("/sign-in/callback?code=c")
		}},
		"a wrong state": {400, "sign-in-lost", func(_ *house, b *browser) *httptest.ResponseRecorder {
			b.get("/sign-in")
			return b.get("/sign-in/callback?code=c&state=" + strings.Repeat("x", 43))
		}},
		"the state of another browser": {400, "sign-in-lost", func(h *house, b *browser) *httptest.ResponseRecorder {
			b.get("/sign-in")
			mine := h.gate.begun.State
			other := h.browser(b.t)
			other.get("/sign-in")
			w := other.get("/sign-in/callback?code=c&state=" + mine)
			require.Equal(b.t, http.StatusSeeOther, b.get("/sign-in/callback?code=c&state="+mine).Code, "and it is not spoilt")
			return w
		}},
		"a browser that began nothing": {400, "sign-in-lost", func(h *house, b *browser) *httptest.ResponseRecorder {
			h.browser(b.t).get("/sign-in")
			return b.get("/sign-in/callback?code=c&state=" + h.gate.begun.State)
		}},
		"a second time": {400, "sign-in-lost", func(h *house, b *browser) *httptest.ResponseRecorder {
			b.signIn(h.gate, "/")
			delete(b.cookies, secureSession)
			return b.get("/sign-in/callback?code=c&state=" + h.gate.begun.State)
		}},
		"too late": {400, "sign-in-lost", func(h *house, b *browser) *httptest.ResponseRecorder {
			b.get("/sign-in")
			h.clock.Advance(10 * time.Minute)
			return b.get("/sign-in/callback?code=c&state=" + h.gate.begun.State)
		}},
		"denied": {403, "sign-in-denied", func(h *house, b *browser) *httptest.ResponseRecorder {
			b.get("/sign-in?return_to=/review")
			w := b.get("/sign-in/callback?error=access_denied&error_description=Call+555-0100&state=" + h.gate.begun.State)
			require.NotContains(b.t, w.Body.String(), "555-0100", "anybody can write an address with words in it")
			require.Contains(b.t, w.Body.String(), `href="/sign-in?return_to=%2Freview"`)
			return w
		}},
		"the issuer cannot": {503, "issuer-unavailable", func(h *house, b *browser) *httptest.ResponseRecorder {
			b.get("/sign-in")
			return b.get("/sign-in/callback?error=temporarily_unavailable&state=" + h.gate.begun.State)
		}},
		"the answer does not add up": {401, "sign-in-refused", func(h *house, b *browser) *httptest.ResponseRecorder {
			b.get("/sign-in")
			h.gate.err = refused
			return b.get("/sign-in/callback?code=c&state=" + h.gate.begun.State)
		}},
		"the issuer is away": {503, "issuer-unavailable", func(h *house, b *browser) *httptest.ResponseRecorder {
			h.gate.err = fault.New(fault.Unavailable, "issuer-unavailable", "Away.")
			return b.get("/sign-in?return_to=/review")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			b := h.browser(t)
			w := tc.do(h, b)
			require.Equal(t, tc.status, w.Code, w.Body)
			require.Contains(t, w.Body.String(), `<p class="code">`+tc.code+`</p>`)
			require.Contains(t, w.Body.String(), `id="try-again"`)
			require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
			if name != "the state of another browser" {
				require.Empty(t, b.who())
			}
		})
	}
}

func TestTwoTabsSignInAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.browser(t)
	b.get("/sign-in?return_to=/review/a")
	first := h.gate.begun.State
	b.get("/sign-in?return_to=/review/b")
	w := b.get("/sign-in/callback?code=c&state=" + first)
	require.Equal(t, "/review/a", w.Header().Get("Location"))
	w = b.get("/sign-in/callback?code=c&state=" + h.gate.begun.State)
	require.Equal(t, "/review/b", w.Header().Get("Location"))
	w = b.get("/sign-in/callback?code=c&state=" + h.gate.begun.State)
	require.Equal(t, "/", w.Header().Get("Location"), "once more, and he is signed in")
	require.Len(t, h.gate.asked, 2)
}

// A token that somebody else put into the browser is not the one that is signed in with, and
// the session before is over.
func TestASessionIsNewAtEverySignIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.browser(t)
	planted, hash := session.NewToken()
	b.cookies[secureSession] = &http.Cookie{Name: secureSession, Value: planted}
	b.signIn(h.gate, "/")
	first := b.cookies[secureSession].Value
	require.NotEqual(t, planted, first)
	_, err := h.store.Session(t.Context(), hash, time.Hour)
	require.Equal(t, session.ErrNone.Code, fault.CodeOf(err))

	b.signIn(h.gate, "/")
	second := b.cookies[secureSession].Value
	require.NotEqual(t, first, second)
	b.cookies[secureSession].Value = first
	require.Empty(t, b.who(), "the session before is over")
	b.cookies[secureSession].Value = second
	require.Equal(t, "rita", b.who())
}

func TestSigningOutIsAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.browser(t)
	b.signIn(h.gate, "/")
	token := b.cookies[secureSession]
	require.Equal(t, http.StatusMethodNotAllowed, b.get("/sign-out").Code, "reading changes nothing")
	w := b.post("/sign-out", url.Values{})
	require.Equal(t, http.StatusOK, w.Code, "a redirect to elsewhere would be the form's action, which is to be here")
	at, on := strings.CutPrefix(w.Header().Get("Refresh"), "0; url=")
	require.True(t, on)
	end, err := url.Parse(at)
	require.NoError(t, err)
	require.Contains(t, w.Body.String(), `id="go-on" href="`+html.EscapeString(at)+`"`, "for browsers that do not go on by themselves")
	require.NotContains(t, w.Body.String(), "Rita Reviewer", "the page is nobody's any more")
	require.Equal(t, "id.example", end.Host)
	require.Equal(t, secretIDToken, end.Query().Get("id_token_hint"))
	require.Equal(t, "https://desk.example/signed-out", end.Query().Get("back"))
	require.NotContains(t, b.cookies, secureSession)
	b.cookies[secureSession] = token
	require.Empty(t, b.who(), "the row is gone, whatever the browser keeps")

	w = b.get("/signed-out")
	require.Equal(t, http.StatusOK, w.Code)
	require.Contains(t, w.Body.String(), "You are signed out")
	w = b.post("/sign-out", url.Values{}, "HX-Request", "true")
	require.Equal(t, "/signed-out", w.Header().Get("HX-Redirect"), "whoever is out already is out")
}

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	limits := func(o *Options) { o.Limits = session.Limits{Idle: 20 * time.Minute, Absolute: time.Hour} }
	t.Run("idle", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, limits)
		b := h.browser(t)
		b.signIn(h.gate, "/")
		h.clock.Advance(19 * time.Minute)
		require.Equal(t, "rita", b.who())
		h.clock.Advance(20 * time.Minute)
		require.Empty(t, b.who())
	})
	t.Run("absolute", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, limits)
		b := h.browser(t)
		b.signIn(h.gate, "/")
		for range 5 {
			h.clock.Advance(11 * time.Minute)
			require.Equal(t, "rita", b.who())
		}
		h.clock.Advance(5 * time.Minute)
		require.Empty(t, b.who(), "however busy")
	})
}

// The same flow as everywhere, with the dev issuer over HTTP.
func TestTheFlowWithAnIssuer(t *testing.T) {
	t.Parallel()
	var console http.Handler
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	issuer, access := devIssuer(t)
	for path, handler := range issuer.Provider() {
		mux.Handle(path, handler)
	}
	signIns, err := auth.NewSignIn(auth.SignInConfig{Issuer: server.URL + "/dev/oidc", ClientID: "refunddesk-console", Access: access})
	require.NoError(t, err)
	h := newHouse(t, func(o *Options) {
		o.Issuer, o.PublicURL, o.Now = signIns, "", time.Now
	})
	h.clock.Advance(time.Since(h.clock.Now()))
	console = h
	mux.Handle("/", console)

	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	client := &http.Client{Jar: jar}
	people := fetch(t, client, http.MethodGet, server.URL+"/test/who?x=1", nil)
	require.Equal(t, "/dev/oidc/authorize", people.Request.URL.Path)
	in := fetch(t, client, http.MethodPost, people.Request.URL.String(), url.Values{"person": {"customer"}})
	require.Equal(t, "/test/who?x=1", in.Request.URL.RequestURI(), "back where he was")
	require.Equal(t, "user_customer", in.Header.Get("X-Test-Body"))

	at, err := url.Parse(server.URL)
	require.NoError(t, err)
	var names []string
	for _, c := range jar.Cookies(at) {
		names = append(names, c.Name)
	}
	require.Contains(t, names, "refunddesk", "the plain name on http of this machine")
	out := fetch(t, client, http.MethodPost, server.URL+"/sign-out", url.Values{}, "Origin", server.URL)
	require.Equal(t, "/signed-out", out.Request.URL.Path)
	require.Equal(t, "/dev/oidc/authorize", fetch(t, client, http.MethodGet, server.URL+"/test/who", nil).Request.URL.Path)
}
