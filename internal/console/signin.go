package console

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"

	"refunddesk/internal/auth"
	"refunddesk/internal/console/page"
	"refunddesk/internal/console/words"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/session"
)

// The paths that belong to no area.
const (
	pathHome        = "/"
	pathSignIn      = "/sign-in"
	pathCallback    = "/sign-in/callback"
	pathSignOut     = "/sign-out"
	pathSignedOut   = "/signed-out"
	pathSignedIn    = "/signed-in"
	pathPreferences = "/preferences"
)

// open reports whether the route is for whoever comes, signed in or not.
func open(route string) bool {
	switch route {
	case pathHome, pathSignIn, pathCallback, pathSignOut, pathSignedOut, pathSignedIn, pathPreferences:
		return true
	}
	return false
}

// The refusals of a sign-in that is back from the issuer.
var (
	errLost   = fault.New(fault.Malformed, "sign-in-lost", "This sign-in was begun elsewhere, took too long or is done already.")
	errBusy   = fault.New(fault.Unavailable, "too-many-sign-ins", "Very many people are signing in just now; try again in a moment.").After(2 * time.Second)
	errDenied = fault.New(fault.Forbidden, "sign-in-denied", "The issuer did not sign you in.")
)

// home sends everybody to where he starts.
func (c *Console) home(g *gin.Context) {
	s := signedInAs(g)
	if s == nil {
		goTo(g, pathSignIn)
		return
	}
	if start := page.Home(s.Actor()); start != "" {
		g.Header("Cache-Control", "no-store")
		g.Redirect(http.StatusSeeOther, start)
		return
	}
	pageOf(g).Fail(desk.ErrForbidden)
}

func signInPath(returnTo string) string {
	if returnTo = localPath(returnTo); returnTo == pathHome {
		return pathSignIn
	}
	return pathSignIn + "?return_to=" + url.QueryEscape(returnTo)
}

// signIn sends the browser to the issuer.
func (c *Console) signIn(g *gin.Context) {
	returnTo := localPath(g.Query("return_to"))
	if origin := c.elsewhere(g.Request); origin != "" {
		goTo(g, origin+signInPath(returnTo))
		return
	}
	if g.GetHeader("HX-Request") == "true" {
		goTo(g, signInPath(returnTo)) // as a page of its own: the issuer is none of ours
		return
	}
	begun, err := c.o.Issuer.Begin(g.Request.Context(), c.origin(g.Request)+pathCallback)
	if err != nil {
		c.refuse(g, err, returnTo)
		return
	}
	c.begin(g, begun, returnTo)
	g.Header("Cache-Control", "no-store")
	g.Redirect(http.StatusSeeOther, begun.URL)
}

// callback is where the browser is back from the issuer.
func (c *Console) callback(g *gin.Context) {
	ctx, query := g.Request.Context(), g.Request.URL.Query()
	begun, err := c.take(g, query.Get("state"))
	if err != nil && signedInAs(g) != nil {
		goTo(g, pathHome) // another tab was quicker: nothing is left to do
		return
	}
	if err != nil {
		c.refuse(g, err, pathHome)
		return
	}
	returnTo := begun.ReturnTo
	if code := query.Get("error"); code != "" {
		c.refuse(g, answered(code), returnTo)
		return
	}
	person, err := c.finish(ctx, c.origin(g.Request)+pathCallback, auth.Answer{
		Code: query.Get("code"), Issuer: query.Get("iss"), Verifier: begun.Verifier, Nonce: begun.Nonce,
	})
	if err != nil {
		c.refuse(g, err, returnTo)
		return
	}
	// A session is new at every sign-in, and whatever the browser had before is over.
	if err := c.endSession(ctx, g); err != nil {
		c.refuse(g, err, returnTo)
		return
	}
	token, hash := session.NewToken()
	err = c.o.Sessions.OpenSession(ctx, hash, session.Session{
		Subject: person.Actor.Subject, Roles: person.Actor.Roles, AccountID: person.Actor.AccountID,
		Name: person.Name, Locale: person.Locale, LogoutHint: person.IDToken, ExpiresAt: c.o.Now().Add(c.o.Limits.Absolute),
	})
	if err != nil {
		c.refuse(g, err, returnTo)
		return
	}
	c.setCookie(g, c.cookieName(sessionCookie), token, 0)
	goTo(g, returnTo)
}

// mostCodes is how many codes are shown to the issuer at once. Anybody can come with one that
// he made up, and each is a call: more than that, and the issuer is held up for everybody.
const mostCodes = 16

// finish has the issuer say who signed in. Errors: too-many-sign-ins, and those of the issuer.
func (c *Console) finish(ctx context.Context, redirectURL string, a auth.Answer) (auth.Person, error) {
	select {
	case c.codes <- struct{}{}:
	default:
		return auth.Person{}, errBusy
	}
	defer func() { <-c.codes }()
	return c.o.Issuer.Finish(ctx, redirectURL, a)
}

// answered is what the issuer's error means. Its words are not shown: anybody can write an
// address with words in it.
func answered(code string) error {
	switch code {
	case "temporarily_unavailable", "server_error":
		return fault.New(fault.Unavailable, "issuer-unavailable", "The issuer cannot sign anybody in just now.")
	}
	return errDenied
}

// refuse says that a sign-in did not come about, and how to try again.
func (c *Console) refuse(g *gin.Context, err error, returnTo string) {
	f := fault.From(err)
	level := slog.LevelInfo
	switch f.Kind {
	case fault.Internal:
		level = slog.LevelError
	case fault.Unavailable, fault.Unauthenticated:
		level = slog.LevelWarn
	}
	attrs := []slog.Attr{slog.String("code", f.Code), slog.String("request_id", g.GetString(requestIDKey))}
	if cause := f.Unwrap(); cause != nil {
		attrs = append(attrs, slog.String("cause", cause.Error()))
	}
	c.o.Log.LogAttrs(g.Request.Context(), level, "sign-in refused", attrs...)
	p := pageOf(g)
	p.WhenAgain(f)
	p.URL = pathHome // what came with the address stays out of the page
	if shown := p.ShowAs(page.StatusOf(f.Kind), p.T("signin.refused.title"), refused(p.View, f, signInPath(returnTo))); shown != nil {
		p.Fail(shown)
	}
}

// endSession ends the session that the request's cookie is of, if any.
func (c *Console) endSession(ctx context.Context, g *gin.Context) error {
	token := cookieOf(g.Request, c.cookieName(sessionCookie))
	if token == "" {
		return nil
	}
	return c.o.Sessions.EndSession(ctx, session.HashOf(token))
}

// endPatience is how long signing out waits for the issuer: here it is done already.
const endPatience = 2 * time.Second

// signOut ends the session at once, here and then with the issuer.
func (c *Console) signOut(g *gin.Context) {
	ctx := g.Request.Context()
	if err := c.endSession(ctx, g); err != nil {
		pageOf(g).Fail(err)
		return
	}
	c.setCookie(g, c.cookieName(sessionCookie), "", -1)
	s := signedInAs(g)
	if s == nil {
		goTo(g, pathSignedOut)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, endPatience)
	defer cancel()
	here := c.origin(g.Request)
	end := c.o.Issuer.EndURL(ctx, s.LogoutHint, here+pathSignedOut)
	switch {
	case end == "":
		goTo(g, pathSignedOut)
		return
	case strings.HasPrefix(end, here+"/"): // the development program is its own issuer
		goTo(g, end)
		return
	}
	// Not by a redirect: browsers take it for the form's action, which is to be here, and where
	// the issuer ends its own session, and where that sends people on to, is not ours to list.
	g.Header("Refresh", "0; url="+end)
	c.enterAs(g, nil) // the page is nobody's any more
	c.say(g, "signin.out.title", func(v *page.View) templ.Component { return signingOut(v, end) })
}

func (c *Console) signedOut(g *gin.Context) { c.say(g, "signin.out.title", signedOutPage) }

// signedIn is for the tab in which somebody signed in again, to go on in another.
func (c *Console) signedIn(g *gin.Context) {
	if signedInAs(g) == nil {
		goTo(g, signInPath(pathSignedIn))
		return
	}
	c.say(g, "signin.in.title", signedInPage)
}

// lasting is how long preferences are remembered.
const lasting = 365 * 24 * time.Hour

// systemTheme is the wish to have whatever theme the system has.
const systemTheme = "system"

// preferences remembers the language and the theme that somebody likes.
func (c *Console) preferences(g *gin.Context) {
	p := pageOf(g)
	form, err := p.Form()
	if err != nil {
		p.Fail(err)
		return
	}
	locale, theme := form.Get("locale"), form.Get("theme")
	switch {
	case locale != "" && !slices.Contains(words.Locales, locale):
		p.Fail(fault.InvalidField("locale", "must be one of %v", words.Locales))
		return
	case theme != "" && theme != systemTheme && !slices.Contains(page.Themes, theme):
		p.Fail(fault.InvalidField("theme", "must be one of %v or %s", page.Themes, systemTheme))
		return
	}
	if locale != "" {
		c.setCookie(g, page.LocaleCookie, locale, lasting)
	}
	switch theme {
	case "":
	case systemTheme:
		c.setCookie(g, page.ThemeCookie, "", -1)
	default:
		c.setCookie(g, page.ThemeCookie, theme, lasting)
	}
	goTo(g, localPath(form.Get("return_to"))) // all of the page: the frame changes, too
}

// say shows a page that says one thing.
func (c *Console) say(g *gin.Context, title string, body func(*page.View) templ.Component) {
	p := pageOf(g)
	if err := p.Show(p.T(title), body(p.View)); err != nil {
		p.Fail(err)
	}
}
