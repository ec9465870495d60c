package console

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/identity"
	"refunddesk/internal/session"
)

const wantPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// A link elsewhere has nobody take a copy, which would be on the record as his.
func TestCopiesAreAskedForHere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.gate.person.Actor.Roles = []identity.Role{identity.Auditor}
	b := h.browser(t)
	b.signIn(h.gate, "/")
	for site, want := range map[string]int{"same-origin": 200, "none": 200, "": 200, "cross-site": 403, "same-site": 403} {
		require.Equal(t, want, b.get("/audit/export?format=csv", "Sec-Fetch-Site", site).Code, site)
		require.Equal(t, http.StatusOK, b.get("/audit", "Sec-Fetch-Site", site).Code, "pages can be linked to")
	}
	require.Equal(t, http.StatusForbidden, b.get("/audit/refunds/none/export?format=csv", "Sec-Fetch-Site", "cross-site").Code)
}

func TestHeadersOfEveryPage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.browser(t)
	b.signIn(h.gate, "/")
	for path, status := range map[string]int{
		"/": 303, "/sign-in": 303, "/sign-in/callback": 303, "/signed-in": 200, "/signed-out": 200, "/test/who": 200, "/test/panic": 500,
		"/nowhere": 404, "/sign-out": 405, h.kit.Assets.URL("app.css"): 200, "/static/none.css": 404,
	} {
		w := b.get(path)
		require.Equal(t, status, w.Code, path)
		for name, want := range map[string]string{
			"Content-Security-Policy": wantPolicy, "Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Strict-Transport-Security": "max-age=31536000",
		} {
			require.Equal(t, want, w.Header().Get(name), "%s: %s", path, name)
		}
		require.Contains(t, w.Header().Get("Permissions-Policy"), "camera=()", path)
		require.NotEmpty(t, w.Header().Get("X-Request-Id"), path)
	}
	plain := newHouse(t, func(o *Options) { o.PublicURL = "http://127.0.0.1:8080" })
	w := plain.browser(t).get("/signed-out")
	require.Empty(t, w.Header().Get("Strict-Transport-Security"))
}

func TestNoPageHasAnythingWrittenIntoIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.browser(t)
	b.signIn(h.gate, "/")
	for _, path := range []string{"/signed-in", "/signed-out", "/nowhere", "/test/panic", "/sign-in/callback"} {
		body := b.get(path).Body.String()
		for _, inline := range []string{" style=", "<style", " onclick", " onload", "javascript:", "<script>"} {
			require.NotContains(t, body, inline, path)
		}
	}
}

func TestErrorsArePages(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.browser(t)
	b.signIn(h.gate, "/")
	huge := url.Values{"note": {strings.Repeat("x", 2<<20)}}
	for name, tc := range map[string]struct {
		method, path string
		form         url.Values
		status       int
		code         string
	}{
		"no page":   {http.MethodGet, "/nowhere", nil, 404, "not-found"},
		"no method": {http.MethodPut, "/test/act", nil, 405, "method-not-allowed"},
		"a panic":   {http.MethodGet, "/test/panic", nil, 500, "internal"},
		"too long":  {http.MethodPost, "/test/act", huge, 413, "body-too-large"},
		"not his":   {http.MethodGet, "/balance", nil, 403, "forbidden"},
	} {
		if name == "not his" && !h.Owns("/balance") {
			continue
		}
		w := b.send(tc.method, tc.path, tc.form, "Origin", b.origin)
		require.Equal(t, tc.status, w.Code, name)
		require.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"), name)
		require.Contains(t, w.Body.String(), `<p class="code">`+tc.code+`</p>`, name)
	}
	require.NotContains(t, h.log.String(), "a value with a secret")
	require.Contains(t, h.log.String(), "panic")
	require.Equal(t, http.StatusOK, b.get("/test/deadline").Code)
	w := b.send(http.MethodHead, "/test/who", nil)
	require.Equal(t, http.StatusOK, w.Code)
}

// A download that a fault of ours ends is cut: it would be taken for the whole.
func TestAPanicCutsADownload(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.browser(t)
	b.signIn(h.gate, "/")
	require.PanicsWithValue(t, http.ErrAbortHandler, func() { b.get("/test/half") })
	require.Contains(t, h.log.String(), "panic")
	require.NotContains(t, h.log.String(), "a value with a secret")
}

// Who is signed in cannot be known without the database: nobody is sent to sign in again.
func TestTheStartSaysThatTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.browser(t)
	b.signIn(h.gate, "/")
	require.NoError(t, h.store.Close())
	require.GreaterOrEqual(t, b.get("/").Code, 500)
	require.Equal(t, http.StatusSeeOther, h.browser(t).get("/").Code, "who has no session needs no database")
}

// What comes from elsewhere does nothing, whatever cookies it carries.
func TestRequestsFromElsewhere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const ours, theirs = "https://desk.example", "https://evil.example"
	type request struct {
		method, origin, site string
		cookie               bool
	}
	table := map[request]int{}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		done := 405
		if method == http.MethodPost {
			done = 303
		}
		for _, r := range []struct {
			origin, site string
			status       int
		}{
			{ours, "same-origin", done}, {ours, "", done}, {"", "same-origin", done}, {"", "none", done}, {ours, "none", done},
			{theirs, "cross-site", 403}, {theirs, "same-site", 403}, {"", "cross-site", 403}, {"", "same-site", 403},
			{theirs, "", 403}, {"null", "", 403}, {"https://desk.example.evil.example", "", 403}, {"https://desk.example:444", "", 403},
			{"", "", 403}, {"", "nonsense", 403},
		} {
			table[request{method, r.origin, r.site, true}] = r.status
		}
		table[request{method, theirs, "cross-site", false}] = 403
		table[request{method, theirs, "", false}] = 403
	}
	table[request{http.MethodPost, "", "", false}] = 401
	table[request{http.MethodPost, ours, "same-origin", false}] = 401
	table[request{http.MethodGet, theirs, "cross-site", true}] = 405 // a link, to what takes no GET
	for r, want := range table {
		b := h.browser(t)
		if r.cookie {
			b.signIn(h.gate, "/")
		}
		w := b.send(r.method, "/test/act", url.Values{"note": {"t1ped"}}, "Origin", r.origin, "Sec-Fetch-Site", r.site)
		require.Equal(t, want, w.Code, "%+v", r)
		if want == 403 {
			require.Contains(t, w.Body.String(), "cross-origin")
			require.NotContains(t, w.Body.String(), "t1ped", "nothing of it is offered to be sent again")
		}
	}
	b := h.browser(t)
	b.signIn(h.gate, "/")
	for _, path := range []string{"/sign-out", "/preferences"} {
		require.Equal(t, http.StatusForbidden, b.post(path, url.Values{"theme": {"dark"}}, "Origin", theirs, "Sec-Fetch-Site", "cross-site").Code, path)
	}
	require.Equal(t, "rita", b.who(), "nobody signs him out from elsewhere")
}

func TestWhereSomebodyIsSentBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for path, want := range map[string]string{
		"/review":                        "/review",
		"/review?queue=a&cursor=b%2Fc":   "/review?queue=a&cursor=b%2Fc",
		"/refunds/ref_1":                 "/refunds/ref_1",
		"/":                              "/",
		"":                               "/",
		"review":                         "/",
		"//evil.example":                 "/",
		"///evil.example":                "/",
		`/\evil.example`:                 "/",
		`\/evil.example`:                 "/",
		`/a\..\evil`:                     "/",
		"https://evil.example":           "/",
		"https:/evil.example":            "/",
		"javascript:alert(1)":            "/",
		"/\tevil.example":                "/",
		"/\n/evil.example":               "/",
		"\x20//evil.example":             "/",
		"/review#//evil":                 "/",
		"/%zz":                           "/",
		"/sign-in?return_to=/review":     "/",
		"/sign-in/callback?code=1":       "/",
		"/sign-out":                      "/",
		"/./sign-out":                    "/",
		"/review/../sign-in":             "/",
		"/review/%2e%2e/sign-in":         "/",
		"/signed-out":                    "/",
		"/signed-in":                     "/signed-in",
		"/" + strings.Repeat("x", 3000):  "/",
		"/review\x00":                    "/",
		"/review?x=https://evil.example": "/review?x=https://evil.example",
	} {
		require.Equal(t, want, localPath(path), path)
		b := h.browser(t)
		w := b.post("/preferences", url.Values{"theme": {"dark"}, "return_to": {path}})
		require.Equal(t, want, w.Header().Get("Location"), path)
		require.Equal(t, want, b.signIn(h.gate, path), path)
	}
}

// A cookie is all that somebody is known by here.
func TestABearerTokenIsNothingOnPages(t *testing.T) {
	t.Parallel()
	issuer, access := devIssuer(t)
	tokens, err := issuer.WriteTokens()
	require.NoError(t, err)
	_, err = access.Verify(t.Context(), tokens["reviewer"])
	require.NoError(t, err, "it is a good one")
	b := newHouse(t).browser(t)
	w := b.get("/test/who", "Authorization", "Bearer "+tokens["reviewer"])
	require.Equal(t, http.StatusSeeOther, w.Code)
	require.Equal(t, "/sign-in?return_to=%2Ftest%2Fwho", w.Header().Get("Location"))
	w = b.post("/test/act", url.Values{}, "Authorization", "Bearer "+tokens["reviewer"])
	require.Equal(t, http.StatusUnauthorized, w.Code)
	b.cookies[secureSession] = &http.Cookie{Name: secureSession, Value: tokens["reviewer"]}
	require.Empty(t, b.who(), "nor as a cookie")
}

func TestCookiesThatAreNotOurs(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.browser(t)
	b.signIn(h.gate, "/")
	token := b.cookies[secureSession].Value
	other := h.browser(t)
	other.cookies["refunddesk"] = &http.Cookie{Name: "refunddesk", Value: token}
	require.Empty(t, other.who(), "the plain name is another cookie: any name of the domain could have set it")
	w := b.get("/test/who", "Cookie", secureSession+"=planted")
	require.Equal(t, http.StatusSeeOther, w.Code, "of two that bear the name none is trusted")
}

func TestWithoutASession(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.browser(t)
	const here = "/test/who?state=in_review&q=a%20b"
	want := "/sign-in?return_to=" + url.QueryEscape(here)
	require.Equal(t, want, b.get(here).Header().Get("Location"))

	w := b.get(here, "HX-Request", "true", "HX-Boosted", "true", "HX-Current-URL", b.origin+"/review")
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, want, w.Header().Get("HX-Redirect"))
	w = b.get("/test/who?part=1", "HX-Request", "true", "HX-Current-URL", b.origin+here)
	require.Equal(t, want, w.Header().Get("HX-Redirect"), "a part of a page: back to the page")
	w = b.get("/test/who", "HX-Request", "true", "HX-Current-URL", "https://evil.example/x")
	require.Equal(t, "/sign-in?return_to=%2Ftest%2Fwho", w.Header().Get("HX-Redirect"))
	w = b.get("/test/who", "Accept", "text/event-stream")
	require.Equal(t, http.StatusUnauthorized, w.Code, "a stream does not follow to a page")
	w = b.get("/sign-in?return_to=/review", "HX-Request", "true")
	require.Equal(t, "/sign-in?return_to=%2Freview", w.Header().Get("HX-Redirect"))

	w = b.post("/test/act", url.Values{"note": {"What I typed, all of it, for half an hour & more"}})
	require.Equal(t, http.StatusUnauthorized, w.Code)
	require.Contains(t, w.Body.String(), "What I typed, all of it, for half an hour &amp; more")
	require.Contains(t, w.Body.String(), `action="/test/act"`)
	require.Contains(t, w.Body.String(), `href="/sign-in?return_to=/signed-in" target="_blank"`)
	require.Equal(t, "/sign-in?return_to=%2Fsigned-in", b.get("/signed-in").Header().Get("Location"))
	require.Equal(t, "/signed-in", b.signIn(h.gate, "/signed-in"))
	require.Contains(t, b.get("/signed-in").Body.String(), "signed in again")
	require.Equal(t, http.StatusSeeOther, b.post("/test/act", url.Values{"note": {"x"}}).Code, "and it can be sent again")
}

func TestNeighboursThatAreAway(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.browser(t)
	b.signIn(h.gate, "/")
	w := b.post("/test/act", url.Values{"away": {"1"}, "note": {strings.Repeat("typed ", 20)}})
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Contains(t, w.Body.String(), strings.Repeat("typed ", 20))

	require.NoError(t, h.store.Close())
	w = b.post("/test/act", url.Values{"note": {strings.Repeat("typed ", 20)}})
	require.GreaterOrEqual(t, w.Code, 500)
	require.Contains(t, w.Body.String(), strings.Repeat("typed ", 20), "the database is away: what was typed is not")
	require.Contains(t, w.Body.String(), "Send again")
	require.GreaterOrEqual(t, b.get("/test/who").Code, 500, "nobody is sent to sign in for it")
	other := h.browser(t)
	other.get("/sign-in")
	require.GreaterOrEqual(t, other.get("/sign-in/callback?code=c&state="+h.gate.begun.State).Code, 500)
	require.Equal(t, http.StatusOK, b.get("/signed-out").Code)
}

func TestPreferences(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.browser(t)
	w := b.post("/preferences", url.Values{"locale": {"zh-Hans"}, "theme": {"dark"}, "return_to": {"/signed-out"}})
	require.Equal(t, http.StatusSeeOther, w.Code)
	for _, c := range w.Result().Cookies() {
		require.True(t, c.HttpOnly)
		require.True(t, c.Secure)
		require.Equal(t, http.SameSiteLaxMode, c.SameSite)
		require.Equal(t, int((365 * 24 * time.Hour).Seconds()), c.MaxAge)
	}
	body := b.get("/signed-out").Body.String()
	require.Contains(t, body, `<html lang="zh-Hans" data-theme="dark"`)
	require.Contains(t, body, "您已退出登录")
	b.post("/preferences", url.Values{"theme": {"system"}})
	require.NotContains(t, b.get("/signed-out").Body.String(), `data-theme="dark"`)
	w = b.post("/preferences", url.Values{"locale": {"en"}}, "HX-Request", "true")
	require.Equal(t, "/", w.Header().Get("HX-Redirect"), "the frame changes, too")
	for _, bad := range []url.Values{{"locale": {"de"}}, {"theme": {"pink"}}} {
		require.Equal(t, http.StatusUnprocessableEntity, b.post("/preferences", bad).Code)
	}
}

func TestAnotherNameOfThisMachine(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *Options) { o.PublicURL = "http://127.0.0.1:8080" })
	b := h.browser(t)
	b.origin = "http://localhost:8080"
	require.Equal(t, "http://127.0.0.1:8080/sign-in?return_to=%2Freview", b.get("/sign-in?return_to=/review").Header().Get("Location"))
	b.origin = "http://127.0.0.1:8080"
	b.signIn(h.gate, "/review")
	require.Equal(t, "rita", b.who())
	require.Contains(t, b.cookies, "refunddesk")
	require.False(t, b.cookies["refunddesk"].Secure)
}

func TestStreamsAreRoutes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	routes := map[string]bool{}
	for _, r := range h.kit.Router.Routes() {
		routes[r.Path] = true
	}
	for _, special := range []map[string]bool{streams, bySelf} {
		for route := range special {
			if strings.HasPrefix(route, "/test/") {
				continue
			}
			require.True(t, routes[route], "%s is served", route)
		}
	}
}

// A stream that is open when its session ends, ends.
func TestAStreamLastsAsLongAsItsSession(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.glance = time.Millisecond
	b := h.browser(t)
	b.signIn(h.gate, "/")
	ended := make(chan *httptest.ResponseRecorder)
	go func() { ended <- b.get("/test/stream") }()
	<-h.streaming
	hash := session.HashOf(b.cookies[secureSession].Value)
	require.NoError(t, h.store.EndSession(t.Context(), hash))
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("it goes on")
	}
}

// What a page asks for by itself keeps nobody signed in who went away.
func TestWhatAPageAsksForByItselfIsNoSign(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.browser(t)
	b.signIn(h.gate, "/")
	for range 3 {
		h.clock.Advance(19 * time.Minute)
		require.Equal(t, http.StatusOK, b.get("/test/by-self").Code)
	}
	h.clock.Advance(4 * time.Minute)
	require.Empty(t, b.who())
}

func TestWhatIsMissingIsNamed(t *testing.T) {
	t.Parallel()
	_, err := New(Options{})
	require.ErrorContains(t, err, "Desk")
	h := newHouse(t)
	for want, change := range map[string]func(*Options){
		"Sessions": func(o *Options) { o.Sessions = nil }, "Viewers": func(o *Options) { o.Viewers = nil },
		"Issuer": func(o *Options) { o.Issuer = nil }, "public URL": func(o *Options) { o.PublicURL = "desk" },
	} {
		o := h.o
		change(&o)
		_, err := New(o)
		require.ErrorContains(t, err, want)
	}
}
