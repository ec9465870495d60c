package page_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"

	"refunddesk/internal/console/page"
	"refunddesk/internal/console/pagetest"
	"refunddesk/internal/console/static"
	"refunddesk/internal/console/words"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/money"
)

var now = time.Date(2026, 11, 23, 15, 4, 5, 0, time.UTC)

// asking is a browser's request for a page of the fixture.
type asking struct {
	method, target, locale, theme string
	form                          url.Values
	roles                         []identity.Role // nobody is signed in when empty
}

// shown serves one request with a kit that has no desk and gives the page.
func shown(t *testing.T, a asking, h page.Handler) (*httptest.ResponseRecorder, *pagetest.Element) {
	t.Helper()
	catalogue, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	assets, err := static.Load()
	if err != nil {
		t.Fatal(err)
	}
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	kit := &page.Kit{Words: catalogue, Assets: assets, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: func() time.Time { return now }, Router: router}
	router.Use(func(g *gin.Context) {
		var session *page.Session
		if len(a.roles) > 0 {
			session = &page.Session{Actor: identity.Actor{Subject: "user_test", Roles: a.roles}, Name: "Ada <Cole>"}
		}
		c := kit.Enter(g, session)
		if err := h(c); err != nil {
			c.Fail(err)
		}
		g.Abort()
	})
	router.NoRoute(func(*gin.Context) {})
	if a.method == "" {
		a.method = http.MethodGet
	}
	r := httptest.NewRequest(a.method, a.target, strings.NewReader(a.form.Encode()))
	if a.form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Accept-Language", a.locale)
	if a.theme != "" {
		r.AddCookie(&http.Cookie{Name: page.ThemeCookie, Value: a.theme})
	}
	w := httptest.NewRecorder()
	router.ServeHTTP(w, r)
	root := pagetest.Parse(t, w.Body.String())
	if flaws := root.Flaws(); len(flaws) > 0 {
		t.Errorf("%s in %s: %v", a.target, a.locale, flaws)
	}
	return w, root
}

// with renders a part that has children.
func with(part, children templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return part.Render(templ.WithChildren(ctx, children), w)
	})
}

// guide has every part of a page once or twice.
func guide(v *page.View) templ.Component {
	f := &page.Form{Values: url.Values{"note": {"typed <before>"}, "reason": {"other"}, "amount": {"x"}}, Fault: &fault.Error{
		Kind: fault.Unprocessable, Code: "invalid-value", Detail: "Something is wrong.",
		Fields: []fault.Field{{Name: "note", Problem: "too long"}, {Name: "amount", Problem: "no amount"}},
	}}
	apart := &page.Form{Values: url.Values{}, Fault: &fault.Error{
		Kind: fault.Unprocessable, Code: "policy-wrong", Detail: "The policy is wrong.", Fields: []fault.Field{{Name: "source", Problem: "unknown key", Line: 3, Column: 7}},
	}}
	options := []page.Option{{Label: "–"}, {Value: "other", Label: "Another"}}
	return templ.Join(
		with(page.Heading("The guide", "Every part of a page."), templ.Raw(`<p id="child">more</p>`)),
		page.Trouble(v, f, "note", "amount"), page.Trouble(v, apart, "note"),
		page.Time(v, now), page.Due(v, now.Add(-time.Minute)), page.Due(v, now.Add(3*time.Hour)), page.Due(v, now.Add(30*time.Hour)),
		page.Money(v, money.Of(1_350_010_800, "USD")),
		page.State(v, "refund.state", "in_review"), page.State(v, "refund.state", "never_heard_of"),
		page.Bar("left of it", 30, 40), page.Bar("nothing", 0, 0),
		with(page.Empty("first", "Nothing yet", "It begins here."), templ.Raw(`<a href="/x">Begin</a>`)),
		page.Empty("filtered", "Nothing like that", "Take a filter away."), page.Empty("done", "All done", "Well done."),
		page.TextArea(v, f, "note", "Note", "At most 20 letters.", 4, false),
		page.Input(v, f, "text", "amount", "Amount", "", true), page.Input(v, nil, "search", "q", "Search", "", true),
		page.Select(v, f, "reason", "Reason", "", options, true),
		page.More(v, "next page"), page.More(v, ""),
	)
}

func TestEveryPartInBothLanguages(t *testing.T) {
	for _, locale := range words.Locales {
		t.Run(locale, func(t *testing.T) {
			w, root := shown(t, asking{target: "/guide?state=x&done=1", locale: locale, roles: []identity.Role{identity.Customer}}, func(c *page.Context) error {
				return c.Show("Guide", guide(c.View))
			})
			if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%d %v", w.Code, w.Header())
			}
			for selector, want := range map[string]int{
				"h1": 1, "header.heading #child": 1, ".trouble[role=alert]": 1, ".due-past": 1, ".due-soon": 1, ".due-later": 1, "time[data-local]": 4,
				"data.money": 1, ".state-in_review": 1, "meter.bar": 2, ".empty-first a": 1, ".empty-filtered": 1, ".empty-done": 1,
				".problem": 2, "[aria-invalid=true]": 2, ".optional": 1, ".more a": 1,
			} {
				if got := len(root.All("main " + selector)); got != want {
					t.Errorf("%d of %s, want %d", got, selector, want)
				}
			}
			note := root.Find("textarea#note")
			if note.Raw() != "typed <before>" || note.Attr("aria-describedby") != "note-hint note-problem" || note.Has("required") {
				t.Errorf("the text area: %q, described by %q", note.Raw(), note.Attr("aria-describedby"))
			}
			if chosen := root.Find("option[selected]"); chosen == nil || chosen.Attr("value") != "other" {
				t.Error("the choice is lost")
			}
			if where := root.Find(".trouble .where").Text(); !strings.Contains(where, "3") || !strings.Contains(where, "7") {
				t.Errorf("the place is %q", where)
			}
			if unknown := root.Find(".state-never_heard_of").Text(); unknown != "never heard of" {
				t.Errorf("a state without words is %q", unknown)
			}
			if href := root.Find(".more a").Attr("href"); href != "/guide?cursor=next+page&state=x" {
				t.Errorf("the next page is %q", href)
			}
			if at := root.Find("main time[data-local]"); at.Attr("datetime") != "2026-11-23T15:04:05Z" || !strings.HasSuffix(at.Attr("title"), " UTC") {
				t.Errorf("the time is %q, %q", at.Attr("datetime"), at.Attr("title"))
			}
		})
	}
}

func TestFrameOfEveryRole(t *testing.T) {
	for _, c := range []struct {
		role    identity.Role
		path    string
		current string
		links   int
	}{
		{identity.Customer, "/refunds/refund_1", "/refunds", 4}, {identity.Reviewer, "/review", "/review", 1},
		{identity.Auditor, "/audit/refunds/x", "/audit", 7}, {identity.Admin, "/policies/2", "/policies", 6}, {"", "/signed-out", "", 0},
	} {
		for _, locale := range words.Locales {
			var roles []identity.Role
			if c.role != "" {
				roles = []identity.Role{c.role}
			}
			_, root := shown(t, asking{target: c.path, locale: locale, roles: roles}, func(p *page.Context) error { return p.Show("Title", page.Heading("Title", "")) })
			if root.Find("html").Attr("lang") != locale || root.Find("html").Has("data-theme") {
				t.Errorf("%s: <html> in %s", c.path, root.Find("html").Attr("lang"))
			}
			if got := len(root.All("#top nav a")); got != c.links {
				t.Errorf("%s has %d links, want %d", c.role, got, c.links)
			}
			var current []string
			for _, a := range root.All("#top nav a[aria-current=page]") {
				current = append(current, a.Attr("href"))
			}
			if (c.current == "" && current != nil) || (c.current != "" && !slices.Equal(current, []string{c.current})) {
				t.Errorf("%s is at %v, want %s", c.path, current, c.current)
			}
			if root.Find("a.skip").Attr("href") != "#main" || root.Find("main#main") == nil || root.Find("#announce[role=status]") == nil || root.Find("dialog#keys") == nil {
				t.Errorf("%s: a part of the frame is missing", c.path)
			}
			if signedIn := len(roles) > 0; (root.Find(`form[action="/sign-out"]`) != nil) != signedIn || (root.Find("#top").Attr("data-reader") != "") != signedIn {
				t.Errorf("%s: signed in is %v", c.path, signedIn)
			}
			for _, form := range root.All("#top form") {
				if form.Attr("hx-boost") != "false" {
					t.Errorf("%s is swapped in: language, theme and session are of the whole page", form.Attr("action"))
				}
			}
			for _, script := range root.All("script") {
				if !script.Has("defer") || !strings.HasPrefix(script.Attr("src"), static.Prefix) {
					t.Errorf("a script from %q", script.Attr("src"))
				}
			}
		}
	}
}

func TestFrameTellsHTMXWhatToSwap(t *testing.T) {
	_, root := shown(t, asking{target: "/refunds", locale: "en", roles: []identity.Role{identity.Customer}}, func(p *page.Context) error { return p.Show("Title", page.Heading("Title", "")) })
	var boost, config map[string]any
	if err := json.Unmarshal([]byte(root.Find("body").Attr("hx-boost:inherited")), &boost); err != nil {
		t.Fatal(err)
	}
	for _, id := range append([]string{boost["target"].(string), boost["select"].(string)}, strings.Split(boost["selectOOB"].(string), ",")...) {
		if root.Find(id) == nil {
			t.Errorf("%s is not on the page", id)
		}
	}
	if err := json.Unmarshal([]byte(root.Find("meta[name=htmx-config]").Attr("content")), &config); err != nil {
		t.Fatal(err)
	}
	if config["includeIndicatorCSS"] != false {
		t.Error("htmx would write a style into the page")
	}
}

func TestThemes(t *testing.T) {
	for theme, want := range map[string][]string{"": {"light", "dark"}, "light": {"dark", "system"}, "dark": {"light", "system"}, "pink": {"light", "dark"}} {
		_, root := shown(t, asking{target: "/refunds", locale: "en", theme: theme, roles: []identity.Role{identity.Customer}}, func(p *page.Context) error { return p.Show("Title", page.Heading("Title", "")) })
		var offered []string
		for _, b := range root.All("button[name=theme]") {
			offered = append(offered, b.Attr("value"))
		}
		if !slices.Equal(offered, want) {
			t.Errorf("%q: offered %v, want %v", theme, offered, want)
		}
		if set := root.Find("html").Attr("data-theme"); set != theme && theme != "pink" {
			t.Errorf("%q: set %q", theme, set)
		}
	}
}

// A decision has words for colleagues and words for the customer: which is which can be told
// also where they wait to be sent again.
func TestTextsThatWaitAreToldApart(t *testing.T) {
	away := func(*page.Context) error {
		return fault.New(fault.Unavailable, "engine-unavailable", "The engine is away.")
	}
	for path, tc := range map[string]struct {
		form url.Values
		want []string
	}{
		"/review/t/decision":  {url.Values{"decision": {"reject"}, "note": {"We asked."}, "message": {"Dear customer"}}, []string{"Words to the customer", "Note"}},
		"/review/t/messages":  {url.Values{"visibility": {"internal"}, "body": {"We asked."}}, []string{"Internal note, for staff only"}},
		"/refunds/r/withdraw": {url.Values{}, nil},
	} {
		_, root := shown(t, asking{method: http.MethodPost, target: path, locale: "en", form: tc.form, roles: []identity.Role{identity.Reviewer}}, away)
		var labels []string
		for _, label := range root.All(".failure label") {
			labels = append(labels, label.Text())
			if root.Find("#"+label.Attr("for")) == nil {
				t.Errorf("%s: %q labels nothing", path, label.Text())
			}
		}
		if !slices.Equal(labels, tc.want) {
			t.Errorf("%s: %v, want %v", path, labels, tc.want)
		}
		if root.Find(".failure form button") == nil {
			t.Errorf("%s cannot be sent again", path)
		}
	}
}

func TestFailuresSayWhatHelpsAndKeepWhatWasTyped(t *testing.T) {
	long := strings.Repeat("a long text ", 10)
	for kind := fault.Internal; kind <= fault.Unavailable; kind++ {
		for _, locale := range words.Locales {
			w, root := shown(t, asking{method: http.MethodPost, target: "/refunds/1/reply", locale: locale, form: url.Values{"body": {long}, "visibility": {"public"}}, roles: []identity.Role{identity.Customer}},
				func(c *page.Context) error { return &fault.Error{Kind: kind, Code: "a-code", Detail: "What happened."} })
			if w.Code != page.StatusOf(kind) || w.Code < 400 {
				t.Errorf("kind %d: status %d", kind, w.Code)
			}
			if root.Find(".failure h1").Text() == "" || root.Find(".failure .code").Text() != "a-code" {
				t.Errorf("kind %d in %s says %q", kind, locale, root.Find(".failure").Text())
			}
			again := root.Find(".failure form")
			may := slices.Contains([]fault.Kind{fault.Internal, fault.Unavailable, fault.Unauthenticated, fault.TooMany}, kind)
			if (again != nil) != may {
				t.Errorf("kind %d: may be sent again: %v, want %v", kind, again != nil, may)
			}
			copied := root.Find(".failure textarea[readonly]")
			if (copied != nil) == may || copied != nil && copied.Raw() != long {
				t.Errorf("kind %d: what was typed cannot be copied", kind)
			}
			if label := root.Find(`.failure label`).Text(); label != map[string]string{"en": "Message", "zh-Hans": "消息"}[locale] {
				t.Errorf("kind %d in %s: the text is called %q", kind, locale, label)
			}
			if again != nil && (again.Fields().Get("body") != long || again.Fields().Get("visibility") != "public" || again.Attr("action") != "/refunds/1/reply") {
				t.Errorf("kind %d lost what was typed: %v", kind, again.Fields())
			}
		}
	}
}

func TestTheGraverOfTwoFailures(t *testing.T) {
	refused := fault.New(fault.Conflict, "stale-decision", "Look again.")
	unknown := fault.New(fault.Unavailable, "outcome-unknown", "It may have been recorded.")
	away := fault.New(fault.Unavailable, "database-unavailable", "Nothing was recorded.")
	gone := fault.New(fault.NotFound, "not-found", "There is no such case.")
	for _, c := range []struct{ refused, unread, want error }{
		{refused, away, away}, // its page keeps what was typed
		{refused, gone, refused},
		{unknown, away, unknown}, // it may stand: nothing must say that it does not
		{unknown, gone, unknown},
	} {
		if got := page.Graver(c.refused, c.unread); got != c.want { //nolint:errorlint // the very one
			t.Errorf("%v and %v: %v", c.refused, c.unread, got)
		}
	}
}

func TestWhatHasNoFieldAnyMoreCanBeCopied(t *testing.T) {
	for _, refused := range []*fault.Error{nil, fault.New(fault.Conflict, "too-late", "Too late.")} {
		form := &page.Form{Values: url.Values{"note": {"We moved."}}, Fault: refused}
		_, root := shown(t, asking{target: "/", locale: "en"}, func(c *page.Context) error {
			return c.Show("Title", templ.Join(page.Heading("Title", ""), page.Kept(c.View, form, "note")))
		})
		kept := root.Find("#kept")
		if (kept != nil) != (refused != nil) || kept != nil && (kept.Raw() != "We moved." || !kept.Has("readonly")) {
			t.Errorf("refused %v: kept %v", refused, kept)
		}
	}
}
