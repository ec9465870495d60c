package console

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/auth"
	"refunddesk/internal/fault"
	"refunddesk/internal/session"
)

const securePending = "__Host-refunddesk-sign-in"

// plant puts a cookie into the browser as somebody would write it himself.
func (b *browser) plant(text string) {
	b.cookies[securePending] = &http.Cookie{Name: securePending, Value: base64.RawURLEncoding.EncodeToString([]byte(text))}
}

// Anybody can begin, as often as he likes: it leaves nothing here, and nobody else is kept out.
func TestASignInIsKeptByItsBrowser(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for range 1000 {
		require.Equal(t, http.StatusSeeOther, h.browser(t).get("/sign-in").Code)
	}
	b := h.browser(t)
	b.get("/sign-in?return_to=/review")
	cookie := b.cookies[securePending]
	require.NotNil(t, cookie)
	require.True(t, cookie.HttpOnly)
	require.True(t, cookie.Secure)
	require.Equal(t, http.SameSiteLaxMode, cookie.SameSite, "it comes back from the issuer")
	require.Equal(t, "/", cookie.Path)
	require.Empty(t, cookie.Domain)
	require.Equal(t, 600, cookie.MaxAge)
	require.NotContains(t, h.log.String(), h.gate.begun.Verifier)
	w := b.get("/sign-in/callback?code=c&state=" + h.gate.begun.State)
	require.Equal(t, "/review", w.Header().Get("Location"))
	require.NotContains(t, b.cookies, securePending, "it is done")

	h = newHouse(t, func(o *Options) { o.PublicURL = "http://127.0.0.1:8080" })
	b = h.browser(t)
	b.origin = "http://127.0.0.1:8080"
	b.get("/sign-in")
	cookie = b.cookies["refunddesk-sign-in"]
	require.NotNil(t, cookie, "the plain name on http of this machine")
	require.False(t, cookie.Secure)
	require.True(t, cookie.HttpOnly)
}

// However a sign-in ends, it has ended.
func TestASignInIsGoodOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for name, end := range map[string]string{"refused": "code=c", "denied": "error=access_denied", "nothing": ""} {
		b := h.browser(t)
		b.get("/sign-in")
		h.gate.err = fault.New(fault.Unauthenticated, "sign-in-refused", "No.")
		b.get("/sign-in/callback?" + end + "&state=" + h.gate.begun.State)
		h.gate.err = nil
		require.NotContains(t, b.cookies, securePending, name)
		require.Equal(t, http.StatusBadRequest, b.get("/sign-in/callback?code=c&state="+h.gate.begun.State).Code, name)
	}
}

// A tab that is back after another one signed in has nothing left to do.
func TestTheSecondTabIsSignedIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.browser(t)
	b.signIn(h.gate, "/review")
	asked := len(h.gate.asked)
	w := b.get("/sign-in/callback?code=c&state=" + h.gate.begun.State)
	require.Equal(t, http.StatusSeeOther, w.Code)
	require.Equal(t, "/", w.Header().Get("Location"))
	require.Len(t, h.gate.asked, asked, "the issuer was not asked again")
}

// However many tabs are at it, and however long the ways back are, the cookie is one that
// browsers take, and the newest is in it.
func TestManyTabsSignIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.browser(t)
	ways := []string{
		"/review?q=" + strings.Repeat("a&", 400), "/review?q=" + strings.Repeat("b", 900), "/review?q=" + strings.Repeat("c", 1900), "/review?q=d",
		`/review?q=` + strings.Repeat(`"`, 1900),
	}
	for n := range 40 {
		ways = append(ways, fmt.Sprint("/review/", n))
	}
	for _, way := range ways {
		w := b.get("/sign-in?return_to=" + url.QueryEscape(way))
		require.Less(t, len(w.Header().Get("Set-Cookie")), 4000)
		if strings.Contains(way, `"`) {
			way = "/" // no browser would keep it
		}
		last := *b
		last.cookies = maps.Clone(b.cookies)
		w = last.get("/sign-in/callback?code=c&state=" + h.gate.begun.State)
		require.Equal(t, way, w.Header().Get("Location"))
	}
}

// What somebody writes into his own cookie signs in nobody, holds nothing up and leads nowhere
// else.
func TestASignInThatIsMadeUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	mine, _ := session.NewToken()
	until := h.clock.Now().Add(signInPatience).Unix()
	entry := func(state, verifier, nonce string) string {
		return fmt.Sprintf(`{"s":%q,"v":%q,"n":%q,"u":%d}`, state, verifier, nonce, until)
	}
	long := strings.Repeat("v", 2000)
	for name, cookie := range map[string]string{
		"nothing": "", "nonsense": "x", "no list": "{}", "a list of nothing": "[null,{}]", "cut off": "[" + entry(mine, mine, mine),
		"no verifier": "[" + entry(mine, "", mine) + "]", "no nonce": "[" + entry(mine, mine, "") + "]", "no state": "[" + entry("", mine, mine) + "]",
		"a long verifier": "[" + entry(mine, long, mine) + "]", "a long nonce": "[" + entry(mine, mine, long) + "]", "a long state": "[" + entry(long, mine, mine) + "]",
		"one letter more": "[" + entry(mine, mine+"x", mine) + "]", "a line more": "[" + entry(mine, mine+"\n", mine) + "]",
		"other letters": "[" + entry(mine, strings.Repeat("=", 43), mine) + "]",
		"over":          fmt.Sprintf(`[{"s":%q,"v":%q,"n":%q,"u":1}]`, mine, mine, mine),
		"no number":     fmt.Sprintf(`[{"s":%q,"v":%q,"n":%q,"u":1e400}]`, mine, mine, mine),
		"deep":          strings.Repeat("[", 2600), "many of nothing": "[" + strings.Repeat("{},", 800) + "{}]",
		"longer than ours":  "[" + entry(mine, mine, mine) + strings.Repeat(" ", 3000) + "]",
		"thousands of ours": "[" + strings.Repeat(entry(mine, mine, mine)+",", 4000) + entry(mine, mine, mine) + "]",
	} {
		b := h.browser(t)
		b.plant(cookie)
		require.Equal(t, http.StatusBadRequest, b.get("/sign-in/callback?code=c&state="+mine).Code, name)
		require.Equal(t, http.StatusBadRequest, b.get("/sign-in/callback?code=c&state="+url.QueryEscape(long)).Code, name)
		require.Equal(t, http.StatusBadRequest, b.get("/sign-in/callback?code=c").Code, name)
		require.Empty(t, h.gate.asked, "the issuer was not asked")
		b.plant(cookie)
		require.Equal(t, "/review", b.signIn(h.gate, "/review"), "and he who has it signs in like anybody: %s", name)
		h.gate.asked = nil
	}
	b := h.browser(t)
	b.cookies[securePending] = &http.Cookie{Name: securePending, Value: "not base64!"}
	require.Equal(t, http.StatusBadRequest, b.get("/sign-in/callback?code=c&state="+mine).Code)
	for _, way := range []string{"//evil.example", "https://evil.example", "/sign-out", "/x/../sign-out", `\\evil.example`} {
		b.plant(fmt.Sprintf(`[{"s":%q,"v":%q,"n":%q,"u":%d,"r":"%s"}]`, mine, mine, mine, until, way))
		require.Equal(t, "/", b.get("/sign-in/callback?code=c&state="+mine).Header().Get("Location"), way)
	}
}

// The cookie is one that browsers take, or none.
func TestACookieThatDoesNotFitIsNone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	huge := pending{State: strings.Repeat("s", 5000), ReturnTo: "/review"}
	small := pending{State: "s", ReturnTo: "/" + strings.Repeat("x", 5000)}
	for name, tc := range map[string]struct {
		all  []pending
		kept bool
	}{"none": {}, "one": {all: []pending{huge}}, "thousands": {all: append(make([]pending, 3000), huge)}, "its way back": {all: []pending{huge, small}, kept: true}} {
		w := httptest.NewRecorder()
		g, _ := gin.CreateTestContext(w)
		h.keepPendings(g, tc.all)
		cookies := w.Result().Cookies()
		require.Len(t, cookies, 1, name)
		require.Equal(t, tc.kept, cookies[0].MaxAge > 0, name)
		require.Less(t, len(w.Header().Get("Set-Cookie")), 4000, name)
	}
}

// slow is an issuer that takes its time over a code.
type slow struct {
	*gate
	asked chan struct{}
	goOn  chan struct{}
}

func (s slow) Finish(context.Context, string, auth.Answer) (auth.Person, error) {
	s.asked <- struct{}{}
	<-s.goOn
	return s.person, nil
}

// Anybody can come with a code that he made up: the issuer is asked about so many at once.
func TestTheIssuerIsAskedInMeasure(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	issuer := slow{gate: h.gate, asked: make(chan struct{}), goOn: make(chan struct{})}
	h.o.Issuer = issuer
	done := make(chan int)
	for range mostCodes {
		b := h.browser(t)
		b.get("/sign-in")
		back := "/sign-in/callback?code=c&state=" + h.gate.begun.State
		go func() { done <- b.get(back).Code }()
		<-issuer.asked
	}
	b := h.browser(t)
	b.get("/sign-in?return_to=/review")
	w := b.get("/sign-in/callback?code=c&state=" + h.gate.begun.State)
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Equal(t, "2", w.Header().Get("Retry-After"))
	require.Contains(t, w.Body.String(), `<p class="code">too-many-sign-ins</p>`)
	require.Contains(t, w.Body.String(), `href="/sign-in?return_to=%2Freview"`, "and he comes back to where he was going")
	close(issuer.goOn)
	for range mostCodes {
		require.Equal(t, http.StatusSeeOther, <-done)
	}
	go func() { <-issuer.asked }()
	require.Equal(t, "/review", b.signIn(h.gate, "/review"))
}
