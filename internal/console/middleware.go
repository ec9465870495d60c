package console

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"refunddesk/internal/audit"
	"refunddesk/internal/console/page"
	"refunddesk/internal/fault"
	"refunddesk/internal/session"
)

// The keys under which a request's gin context keeps what was found out.
const (
	requestIDKey = "refunddesk/request-id"
	pageKey      = "refunddesk/console-page"
	sessionKey   = "refunddesk/session"
)

const requestIDHeader = "X-Request-Id"

var requestIDs = regexp.MustCompile(`^[A-Za-z0-9._~-]{1,128}$`)

// requestID takes the caller's request id when it is harmless in logs, else makes one.
// Audit entries and the answer carry it.
func (c *Console) requestID(g *gin.Context) {
	id := g.GetHeader(requestIDHeader)
	if !requestIDs.MatchString(id) {
		id = rand.Text()
	}
	g.Set(requestIDKey, id)
	g.Header(requestIDHeader, id)
	g.Request = g.Request.WithContext(audit.WithRequest(g.Request.Context(), id))
}

// logAccess writes one line a request: the route and never path, query or form.
func (c *Console) logAccess(g *gin.Context) {
	start := time.Now()
	g.Next()
	route, level := g.FullPath(), slog.LevelInfo
	if route == "" {
		route = "unmatched"
	}
	if strings.HasPrefix(route, "/static/") {
		level = slog.LevelDebug
	}
	c.o.Log.LogAttrs(g.Request.Context(), level, "request",
		slog.String("method", knownMethod(g.Request.Method)),
		slog.String("route", route),
		slog.Int("status", g.Writer.Status()),
		slog.Duration("duration", time.Since(start)),
		slog.String("request_id", g.GetString(requestIDKey)))
}

// knownMethod keeps a made-up method out of the log.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// policy is the Content-Security-Policy: everything comes from here and goes here, and nothing
// is written into the page.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// secure says to browsers what a page may do: nothing that it does not need.
func (c *Console) secure(g *gin.Context) {
	h := g.Writer.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()")
	if c.encrypted() {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

var errForeign = fault.New(fault.Forbidden, page.CodeForeign, "This was not sent from a page of this console, so nothing was done.")

// enter finds out who looks, so that whatever follows can answer with a page. A cookie is
// the only thing that says so: an Authorization header is worth nothing here. What comes
// from elsewhere is refused before anything is looked up or repeated on a page.
func (c *Console) enter(g *gin.Context) {
	if c.isForeign(g.Request, g.FullPath()) {
		c.enterAs(g, nil).Fail(errForeign)
		return
	}
	found, err := c.sessionOf(g)
	if found != nil {
		g.Set(sessionKey, found)
	}
	p := c.enterAs(g, found)
	// The start sends whoever is not signed in away to sign in, which has to be known.
	if route := g.FullPath(); err != nil && (!open(route) || route == pathHome) {
		p.Fail(err)
	}
}

// enterAs makes the page of the request; s is nil when nobody is signed in.
func (c *Console) enterAs(g *gin.Context, s *session.Session) *page.Context {
	var seen *page.Session
	if s != nil {
		seen = &page.Session{Actor: s.Actor(), Name: s.Name, Locale: s.Locale}
	}
	p := c.kit.Enter(g, seen)
	g.Set(pageKey, p)
	return p
}

// recorded are the routes whose reading goes to the audit log: a link on somebody else's page
// must not have an auditor take a copy that he did not ask for.
var recorded = map[string]bool{"/audit/export": true, "/audit/refunds/:id/export": true}

// isForeign reports whether a page of somebody else sent this, in the name of whoever has it
// open. Browsers say where a request comes from; one that carries cookies and does not say
// is not trusted either.
func (c *Console) isForeign(r *http.Request, route string) bool {
	if c.foreign.Check(r) != nil {
		return true
	}
	if site := r.Header.Get("Sec-Fetch-Site"); recorded[route] && (site == "cross-site" || site == "same-site") {
		return true
	}
	return !safe(r.Method) && len(r.Header.Values("Cookie")) > 0 && r.Header.Get("Origin") == "" && r.Header.Get("Sec-Fetch-Site") == ""
}

// sessionOf gives the session of the request's cookie; nil when there is none.
func (c *Console) sessionOf(g *gin.Context) (*session.Session, error) {
	token := cookieOf(g.Request, c.cookieName(sessionCookie))
	if token == "" {
		return nil, nil //nolint:nilnil // nobody is signed in, and nothing went wrong
	}
	ctx, cancel := context.WithTimeout(g.Request.Context(), sessionPatience)
	defer cancel()
	look := c.o.Sessions.Session
	if bySelf[g.FullPath()] {
		look = c.o.Sessions.PeekSession
	}
	found, err := look(ctx, session.HashOf(token), c.o.Limits.Idle)
	switch {
	case fault.CodeOf(err) == session.ErrNone.Code:
		return nil, nil //nolint:nilnil // it ended
	case err != nil:
		return nil, err
	}
	return &found, nil
}

// pageOf is what enter made.
func pageOf(g *gin.Context) *page.Context {
	p, _ := g.MustGet(pageKey).(*page.Context)
	return p
}

// signedInAs is the request's session; nil when nobody is signed in.
func signedInAs(g *gin.Context) *session.Session {
	v, _ := g.Get(sessionKey)
	s, _ := v.(*session.Session)
	return s
}

// recoverPanic turns a panic into an error page and puts its stack into the log.
func (c *Console) recoverPanic(g *gin.Context) {
	defer func() {
		recovered := recover()
		if recovered == nil {
			return
		}
		if recovered == http.ErrAbortHandler { //nolint:errorlint // net/http compares it the same way
			panic(recovered)
		}
		c.o.Log.ErrorContext(g.Request.Context(), "panic",
			slog.String("request_id", g.GetString(requestIDKey)),
			slog.String("route", g.FullPath()),
			slog.String("stack", string(debug.Stack())))
		if _, entered := g.Get(pageKey); !entered {
			c.enterAs(g, nil)
		}
		if g.Writer.Written() {
			panic(http.ErrAbortHandler) // a download that ends early is cut, or it would be taken for the whole
		}
		pageOf(g).Fail(errors.New("panic")) // its value may hold anything; the stack says where
		g.Abort()
	}()
	g.Next()
}

func safe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// limitRate holds everybody who is signed in to so many pages a second. Nothing of a form that
// he sent is lost. What pages ask for by themselves has a measure of its own: whoever has many
// open can still ask for another. Files are not counted: they come before this.
func (c *Console) limitRate(g *gin.Context) {
	s := signedInAs(g)
	if s == nil || g.FullPath() == pathSignOut { // leaving is never too fast
		return
	}
	limits := c.asked
	if bySelf[g.FullPath()] {
		limits = c.byPages
	}
	wait := limits.Take(s.Subject)
	if wait == 0 {
		return
	}
	refusal := fault.New(fault.TooMany, "too-many-requests", "You are asking faster than you may.").After(wait)
	if bySelf[g.FullPath()] { // nobody is there to read a page
		pageOf(g).WhenAgain(refusal)
		g.AbortWithStatus(http.StatusTooManyRequests)
		return
	}
	pageOf(g).Fail(refusal)
}

var errEnded = fault.New(fault.Unauthenticated, "session-ended", "Your session has ended. Nothing was done.")

// admit lets through whoever is signed in, and sends everybody else to sign in: he comes
// back to where he was. What he typed into a form is kept on a page that says so.
func (c *Console) admit(g *gin.Context) {
	route := g.FullPath()
	if route == "" || open(route) || signedInAs(g) != nil {
		return
	}
	r := g.Request
	switch {
	case !safe(r.Method):
		pageOf(g).Fail(errEnded)
	case strings.Contains(r.Header.Get("Accept"), "text/event-stream"):
		g.AbortWithStatus(http.StatusUnauthorized)
	default:
		goTo(g, signInPath(wayBack(r)))
		g.Abort()
	}
}

// wayBack is the page that somebody was on: for a part of a page that htmx asks for, the
// page that the part is of.
func wayBack(r *http.Request) string {
	if r.Header.Get("HX-Request") == "true" && r.Header.Get("HX-Boosted") != "true" {
		if at, err := url.Parse(r.Header.Get("HX-Current-URL")); err == nil && at.Host == r.Host && at.Path != "" {
			return at.RequestURI()
		}
	}
	return r.URL.RequestURI()
}

// goTo sends the browser on, and htmx too: it would follow a redirect by itself, into the page.
func goTo(g *gin.Context, to string) {
	g.Header("Cache-Control", "no-store")
	if g.GetHeader("HX-Request") == "true" {
		g.Header("HX-Redirect", to)
		g.Status(http.StatusOK)
		g.Writer.WriteHeaderNow()
		return
	}
	g.Redirect(http.StatusSeeOther, to)
}

func (c *Console) noRoute(g *gin.Context) {
	pageOf(g).Fail(fault.New(fault.NotFound, "not-found", "There is no such page."))
}

func (c *Console) noMethod(g *gin.Context) {
	pageOf(g).Fail(fault.New(fault.MethodNotAllowed, "method-not-allowed", "This page does not take that."))
}
