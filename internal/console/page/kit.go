// Package page is what all pages of the console share: who looks and in which language, the
// frame around a page, forms that keep what was typed, and pages that say what went wrong.
package page

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"refunddesk/internal/audit"
	"refunddesk/internal/console/static"
	"refunddesk/internal/console/words"
	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
)

// Kit makes pages.
type Kit struct {
	Desk    *desk.Desk
	Words   *words.Catalogue
	Assets  *static.Assets
	Viewers Viewers
	Log     *slog.Logger
	Now     func() time.Time
	Router  *gin.Engine
	// Dev says that this is the development program: its frame links to the mails.
	Dev bool
	// Stopping is closed when the program stops: streams end then.
	Stopping <-chan struct{}
}

// Viewers remembers who looks at a case.
type Viewers interface {
	// Look notes that the subject looks at the ticket and gives the others who did within
	// the time.
	Look(ctx context.Context, ticketID, subject string, within time.Duration) ([]string, error)
}

// Handler answers a request for a page, or says what went wrong.
type Handler func(c *Context) error

// GET serves a page to whoever holds one of the roles.
func (k *Kit) GET(path string, h Handler, roles ...identity.Role) {
	k.handle(http.MethodGet, path, "", h, roles)
}

// POST takes a form of whoever holds one of the roles. The action is how the audit log calls
// an attempt that is refused before the desk is asked; empty when the form changes nothing.
func (k *Kit) POST(path string, refused audit.Action, h Handler, roles ...identity.Role) {
	k.handle(http.MethodPost, path, refused, h, roles)
}

func (k *Kit) handle(method, path string, refused audit.Action, h Handler, roles []identity.Role) {
	about := objectOf(path, refused)
	k.Router.Handle(method, path, func(g *gin.Context) {
		c := k.contextOf(g)
		c.attempt, c.about = refused, about
		if !c.Actor.Has(roles...) {
			c.Fail(c.Refused(desk.ErrForbidden))
			return
		}
		if err := h(c); err != nil {
			c.Fail(err)
		}
	})
}

// objectOf is what kind of thing the id in the path of a form is of; empty when there is none,
// or of a kind that no entry is about.
func objectOf(path string, refused audit.Action) audit.Object {
	object, _ := refused.Refuses()
	switch {
	case !strings.Contains(path, ":"), strings.HasPrefix(path, "/mails/"):
		return ""
	case strings.HasPrefix(path, "/refunds/"): // also a message, which is the work of its ticket
		return audit.ObjectRefund
	}
	return object
}

// Staff are the roles that may see cases.
var Staff = []identity.Role{identity.Reviewer, identity.Senior, identity.Auditor, identity.Admin}

// Home is where somebody starts.
func Home(a identity.Actor) string {
	for _, home := range []struct {
		role identity.Role
		path string
	}{
		{identity.Admin, "/dashboard"}, {identity.Auditor, "/audit"}, {identity.Reviewer, "/review"}, {identity.Customer, "/packages/global-sms"},
	} {
		if a.Has(home.role) {
			return home.path
		}
	}
	return ""
}

// NavItem is a link of the frame.
type NavItem struct {
	Key, Path string
	Current   bool
}

// navigation lists what the roles can go to, in the order of the frame.
func navigation(a identity.Actor, path string) []NavItem {
	var items []NavItem
	for _, one := range []struct {
		key, path string
		roles     []identity.Role
	}{
		{"nav.packages", "/packages/global-sms", []identity.Role{identity.Customer}},
		{"nav.refunds", "/refunds", []identity.Role{identity.Customer}},
		{"nav.balance", "/balance", []identity.Role{identity.Customer}},
		{"nav.tickets", "/tickets", []identity.Role{identity.Customer}},
		{"nav.dashboard", "/dashboard", []identity.Role{identity.Admin, identity.Auditor}},
		{"nav.review", "/review", Staff},
		{"nav.audit", "/audit", []identity.Role{identity.Auditor}},
		{"nav.policies", "/policies", []identity.Role{identity.Admin, identity.Auditor}},
		{"nav.accounts", "/accounts", []identity.Role{identity.Admin, identity.Auditor}},
		{"nav.pauses", "/pauses", []identity.Role{identity.Admin, identity.Auditor}},
		{"nav.mails", "/mails", []identity.Role{identity.Admin, identity.Auditor}},
	} {
		if a.Has(one.roles...) {
			items = append(items, NavItem{Key: one.key, Path: one.path, Current: sectionOf(path) == sectionOf(one.path)})
		}
	}
	return items
}

// sectionOf is the first segment of a path: /packages/x/refund belongs to the packages.
func sectionOf(path string) string {
	section, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return section
}

// Session is who is signed in.
type Session struct {
	Actor  identity.Actor
	Name   string
	Locale string // he chose or his issuer says; "" for none
}

const contextKey = "refunddesk/page"

// Enter makes the context of a request; the session is nil when nobody is signed in. The
// console's own middleware calls it before anything else of the kit.
func (k *Kit) Enter(g *gin.Context, s *Session) *Context {
	c := &Context{kit: k, gin: g, Desk: k.Desk}
	v := View{Now: k.Now().UTC(), Path: g.Request.URL.Path, URL: WithQuery(g.Request.URL.RequestURI(), "done", ""), Assets: k.Assets, Dev: k.Dev}
	wishes := []string{cookie(g, LocaleCookie)}
	if s != nil {
		v.SignedIn, v.Actor, v.Name = true, s.Actor, s.Name
		v.Nav = navigation(s.Actor, v.Path)
		wishes = append(wishes, s.Locale)
	}
	v.Words = k.Words.In(k.Words.Match(append(wishes, g.GetHeader("Accept-Language"))...))
	if theme := cookie(g, ThemeCookie); slices.Contains(Themes, theme) {
		v.Theme = theme
	}
	c.View = &v
	g.Set(contextKey, c)
	return c
}

func (k *Kit) contextOf(g *gin.Context) *Context {
	c, _ := g.MustGet(contextKey).(*Context)
	return c
}

// The cookies of what somebody prefers. They say nothing about who he is.
const (
	LocaleCookie = "refunddesk-locale"
	ThemeCookie  = "refunddesk-theme"
)

// Themes are those that can be chosen; none chosen is the system's.
var Themes = []string{"light", "dark"}

func cookie(g *gin.Context, name string) string {
	v, err := g.Cookie(name)
	if err != nil {
		return ""
	}
	return v
}
