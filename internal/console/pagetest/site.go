package pagetest

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"refunddesk/internal/console/page"
	"refunddesk/internal/console/static"
	"refunddesk/internal/console/words"
	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
)

// Site serves pages of an area to whoever a test says is signed in.
type Site struct {
	Kit *page.Kit
	// Stopping is what the kit's Stopping is: a test closes it to stop the program.
	Stopping chan struct{}
	over     atomic.Bool
	t        testing.TB
}

// EndSessions ends everybody's session, as streams that are open find out.
func (s *Site) EndSessions() { s.over.Store(true) }

// Options are what a site is made of besides its desk.
type Options struct {
	Now     func() time.Time // time.Now when nil
	Viewers page.Viewers     // may be nil
	Routes  []func(*page.Kit)
}

// localeHeader is the language that the browser's session says. No program knows it.
const localeHeader = "X-Test-Locale"

// NewSite makes a site over the desk.
func NewSite(t testing.TB, d *desk.Desk, o Options) *Site {
	t.Helper()
	catalogue, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	assets, err := static.Load()
	if err != nil {
		t.Fatal(err)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	gin.SetMode(gin.ReleaseMode)
	s := &Site{t: t, Stopping: make(chan struct{})}
	s.Kit = &page.Kit{
		Desk: d, Words: catalogue, Assets: assets, Viewers: o.Viewers, Log: slog.New(slog.DiscardHandler), Now: o.Now,
		Router: gin.New(), Stopping: s.Stopping,
	}
	s.Kit.Router.UseRawPath = true
	s.Kit.Router.Use(func(g *gin.Context) {
		var seen *page.Session
		if who, ok := g.Request.Context().Value(signedIn{}).(identity.Actor); ok {
			seen = &page.Session{Actor: who, Name: who.Subject, Locale: g.GetHeader(localeHeader)}
		}
		s.Kit.Enter(g, seen).Holds(func() bool { return !s.over.Load() })
	})
	for _, routes := range o.Routes {
		routes(s.Kit)
	}
	return s
}

type signedIn struct{}

// Browser is somebody who is signed in, with a browser that runs no scripts.
type Browser struct {
	site   *Site
	who    identity.Actor
	locale string
}

// As gives the browser of somebody who reads English.
func (s *Site) As(who identity.Actor) *Browser {
	return &Browser{site: s, who: who, locale: "en"}
}

// In is the browser of the same person in another language.
func (b *Browser) In(locale string) *Browser {
	return &Browser{site: b.site, who: b.who, locale: locale}
}

// Answer is what came back, parsed when it is a page.
type Answer struct {
	*Element
	Status int
	Header http.Header
	Body   string
	// Location is where the answer sends the browser; "" for nowhere.
	Location string
}

// Get asks for a page.
func (b *Browser) Get(path string) *Answer {
	b.site.t.Helper()
	return b.Do(httptest.NewRequestWithContext(b.site.t.Context(), http.MethodGet, path, nil))
}

// Post sends a form.
func (b *Browser) Post(path string, fields url.Values) *Answer {
	b.site.t.Helper()
	r := httptest.NewRequestWithContext(b.site.t.Context(), http.MethodPost, path, strings.NewReader(fields.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.Do(r)
}

// Send fills a form of the page in and sends it; changes are names and values. It fails the
// test when the page has no such form.
func (b *Browser) Send(page *Answer, form string, changes ...string) *Answer {
	b.site.t.Helper()
	found := page.Find(form)
	if found == nil {
		b.site.t.Fatalf("the page has no form %s", form)
	}
	return b.Post(found.Attr("action"), found.Fields(changes...))
}

// Do sends a request in the browser's name.
func (b *Browser) Do(r *http.Request) *Answer {
	b.site.t.Helper()
	recorder := httptest.NewRecorder()
	b.site.Kit.Router.ServeHTTP(recorder, b.Name(r))
	a := &Answer{Status: recorder.Code, Header: recorder.Header(), Body: recorder.Body.String(), Location: recorder.Header().Get("Location")}
	if strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
		a.Element = Parse(b.site.t, a.Body)
	}
	return a
}

// Name puts the browser's name on a request, for a test that serves the site itself.
func (b *Browser) Name(r *http.Request) *http.Request {
	r.Header.Set(localeHeader, b.locale)
	return r.WithContext(context.WithValue(r.Context(), signedIn{}, b.who))
}

// Serve serves the site over the network to this browser alone; the server ends with the test.
func (b *Browser) Serve() *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.site.Kit.Router.ServeHTTP(w, b.Name(r))
	}))
	b.site.t.Cleanup(server.Close)
	return server
}
