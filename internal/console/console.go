// Package console is the web console: sign-in, sessions and the pages of its areas, over the
// same desk as the API. A browser's cookie is all that it knows somebody by.
package console

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"refunddesk/internal/auth"
	"refunddesk/internal/console/admin"
	"refunddesk/internal/console/audit"
	"refunddesk/internal/console/customer"
	"refunddesk/internal/console/page"
	"refunddesk/internal/console/review"
	"refunddesk/internal/console/static"
	"refunddesk/internal/console/words"
	"refunddesk/internal/desk"
	"refunddesk/internal/pace"
	"refunddesk/internal/session"
)

// Sessions keeps who is signed in.
type Sessions interface {
	OpenSession(ctx context.Context, h session.Hash, n session.Session) error
	Session(ctx context.Context, h session.Hash, idle time.Duration) (session.Session, error)
	PeekSession(ctx context.Context, h session.Hash, idle time.Duration) (session.Session, error)
	EndSession(ctx context.Context, h session.Hash) error
}

// Issuer is where people sign in; *auth.SignIn is one.
type Issuer interface {
	Begin(ctx context.Context, redirectURL string) (auth.Begun, error)
	Finish(ctx context.Context, redirectURL string, a auth.Answer) (auth.Person, error)
	EndURL(ctx context.Context, idToken, returnURL string) string
}

// Options are what a console is made of. Desk, Sessions, Viewers and Issuer are required.
type Options struct {
	Desk     *desk.Desk
	Sessions Sessions
	Viewers  page.Viewers
	Issuer   Issuer
	// PublicURL is where browsers find the console: https, or http on this machine. Empty is
	// wherever the request says that it is, which is for development only.
	PublicURL string
	Limits    session.Limits // the defaults when zero
	// RateLimit is how many requests for pages a second one subject may make, and as many again
	// of what pages ask for by themselves; 0 is without limit.
	RateLimit float64
	// Dev says that this is the development program.
	Dev bool
	// Stopping is closed when the program stops; streams end then. May be nil.
	Stopping <-chan struct{}
	Log      *slog.Logger     // slog.Default() when nil
	Now      func() time.Time // time.Now when nil
}

// Console answers browsers.
type Console struct {
	o       Options
	kit     *page.Kit
	foreign *http.CrossOriginProtection
	public  *url.URL // nil: as the request says
	folders map[string]bool
	glance  time.Duration // how often a stream looks whether its session is over
	asked   *pace.Limits  // of what people ask for
	byPages *pace.Limits  // of what pages ask for by themselves
	codes   chan struct{} // one for each that the issuer is asked about
	handler http.Handler
}

// New makes the console. It returns an error when an option is missing or cannot be.
func New(o Options) (*Console, error) {
	switch {
	case o.Desk == nil:
		return nil, errors.New("console: Options.Desk is missing")
	case o.Sessions == nil:
		return nil, errors.New("console: Options.Sessions is missing")
	case o.Viewers == nil:
		return nil, errors.New("console: Options.Viewers is missing")
	case o.Issuer == nil:
		return nil, errors.New("console: Options.Issuer is missing")
	case !(o.RateLimit >= 0):
		return nil, fmt.Errorf("console: Options.RateLimit is %v; it is requests per second, 0 for no limit", o.RateLimit)
	}
	if o.Limits.Idle == 0 {
		o.Limits.Idle = session.DefaultIdle
	}
	if o.Limits.Absolute == 0 {
		o.Limits.Absolute = session.DefaultAbsolute
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	c := &Console{
		o: o, foreign: http.NewCrossOriginProtection(), glance: 5 * time.Second,
		asked: pace.New(o.RateLimit, o.Now), byPages: pace.New(o.RateLimit, o.Now), codes: make(chan struct{}, mostCodes),
	}
	if o.PublicURL != "" {
		public, err := publicURL(o.PublicURL)
		if err != nil {
			return nil, err
		}
		c.public = public
		if err := c.foreign.AddTrustedOrigin(originOf(public)); err != nil {
			return nil, fmt.Errorf("console: %w", err)
		}
	}
	catalogue, err := words.Load()
	if err != nil {
		return nil, err
	}
	assets, err := static.Load()
	if err != nil {
		return nil, err
	}
	router, err := c.router(assets)
	if err != nil {
		return nil, err
	}
	c.kit = &page.Kit{
		Desk: o.Desk, Words: catalogue, Assets: assets, Viewers: o.Viewers, Log: o.Log, Now: o.Now, Router: router,
		Dev: o.Dev, Stopping: o.Stopping,
	}
	c.ways(router)
	for _, routes := range []func(*page.Kit){customer.Routes, review.Routes, audit.Routes, admin.Routes} {
		routes(c.kit)
	}
	c.folders = map[string]bool{folderOf(static.Prefix): true}
	for _, route := range router.Routes() {
		c.folders[folderOf(route.Path)] = true
	}
	small, err := compressed()
	if err != nil {
		return nil, err
	}
	c.handler = small(withHead(router))
	return c, nil
}

// publicURL reads an origin. That it is encrypted, or of this machine, is for whoever reads
// the settings to see to.
func publicURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
		return nil, fmt.Errorf("console: the public URL is like https://refunds.example.com, not %q", raw)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// ServeHTTP implements http.Handler.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.handler.ServeHTTP(w, r) }

// Owns reports whether the path is in a folder of the console's.
func (c *Console) Owns(path string) bool { return c.folders[folderOf(path)] }

// folderOf is the first segment of a path.
func folderOf(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return first
}

// router makes the engine with what every request goes through, in this order.
func (c *Console) router(assets http.Handler) (*gin.Engine, error) {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.RedirectTrailingSlash = false
	engine.HandleMethodNotAllowed = true
	engine.UseRawPath = true // %2F is part of an id, not of the path
	if err := engine.SetTrustedProxies(nil); err != nil {
		return nil, err
	}
	engine.Use(c.requestID, c.logAccess, c.recoverPanic, c.secure)
	// Files are the same for everybody: they need no session.
	engine.GET(static.Prefix+"*file", gin.WrapH(assets))
	engine.Use(c.enter, c.limitRate, c.admit, c.limitTime)
	engine.NoRoute(c.noRoute)
	engine.NoMethod(c.noMethod)
	return engine, nil
}

// ways are the paths that belong to no area: in, out and preferences.
func (c *Console) ways(router *gin.Engine) {
	router.GET(pathHome, c.home)
	router.GET(pathSignIn, c.signIn)
	router.GET(pathCallback, c.callback)
	router.POST(pathSignOut, c.signOut)
	router.GET(pathSignedOut, c.signedOut)
	router.GET(pathSignedIn, c.signedIn)
	router.POST(pathPreferences, c.preferences)
}

// withHead answers HEAD as GET; net/http leaves the body out.
func withHead(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			r = r.WithContext(r.Context())
			r.Method = http.MethodGet
		}
		next.ServeHTTP(w, r)
	})
}
