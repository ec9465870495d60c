package browser

import (
	"context"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// What a tab is unless it is made otherwise.
const (
	wide = 1280
	high = 900
)

// patience is how long a page may take to become what is awaited: the machine may be busy.
const patience = 30 * time.Second

// Fail ends whatever uses a tab: testing.T.Fatalf, or panicking.
type Fail func(format string, args ...any)

// Options of a tab.
type Options struct {
	URL      string // the origin of the console
	Locale   string // a language as browsers ask for it; "en" when empty
	NoScript bool   // pages run no script, as where it is switched off
	Fail     Fail
}

// Tab is a page of a browser with cookies of its own. What cannot be done fails it. It is for
// one goroutine.
type Tab struct {
	ctx     context.Context //nolint:containedctx // a tab is its context, which is how chromedp works
	cancel  context.CancelFunc
	origin  *url.URL
	options Options
	fail    Fail

	mu       sync.Mutex
	troubles []string
	weight   map[network.RequestID]float64
	asked    []string // the addresses of all requests
}

// Open opens a tab with nothing in it.
func (b *Browser) Open(o Options) *Tab {
	origin, err := url.Parse(o.URL)
	t := &Tab{origin: origin, options: o, fail: o.Fail, weight: map[network.RequestID]float64{}}
	if err != nil {
		t.fail("%v", err)
	}
	t.ctx, t.cancel = chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(t.hear))
	t.begin()
	return t
}

// Beside opens another tab with the same cookies.
func (t *Tab) Beside() *Tab {
	other := &Tab{origin: t.origin, options: t.options, fail: t.fail, weight: map[network.RequestID]float64{}}
	other.ctx, other.cancel = chromedp.NewContext(t.ctx, chromedp.WithListener(other.hear))
	other.begin()
	return other
}

func (t *Tab) begin() {
	o := t.options
	// A tab lives as long as the context of the first run, which therefore has no limit.
	if err := chromedp.Do(t.ctx); err != nil {
		t.fail("open a tab: %v", err)
	}
	t.do("set a tab up",
		call(network.Enable, network.EnableParams{}),
		chromedp.EmulateViewport(wide, high),
		call(emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}),
		call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: o.NoScript}),
	)
	if o.Locale == "" {
		o.Locale = "en"
	}
	t.Locale(o.Locale)
}

// Close closes the tab and forgets its cookies.
func (t *Tab) Close() { t.cancel() }

// call is a command without a result.
func call[P, R any](command cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, command, params)
		return err
	})
}

// do runs actions, which have to succeed in time.
func (t *Tab) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		t.fail("%s: %v\n%s", what, err, t.Where())
	}
}

// Locale is the language that the browser asks for from now on.
func (t *Tab) Locale(locale string) {
	t.do("language", call(network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": locale}}))
}

// Dark is whether the system likes dark colours.
func (t *Tab) Dark(dark bool) {
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	t.do("theme", call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}},
	}))
}

// Size is that of the window's inside.
func (t *Tab) Size(width, height int64) { t.do("size", chromedp.EmulateViewport(width, height)) }

// Fresh makes the browser fetch everything, as on a first visit.
func (t *Tab) Fresh() {
	t.do("no cache", call(network.SetCacheDisabled, network.SetCacheDisabledParams{CacheDisabled: true}))
}

// Go goes to a path of the console and waits until all of the page is there.
func (t *Tab) Go(path string) {
	t.mu.Lock()
	clear(t.weight)
	t.asked = nil
	t.mu.Unlock()
	t.do("go to "+path, chromedp.Navigate(t.origin.String()+path))
}

// SignIn signs one of the demo people in by the issuer's page and gives where that led.
func (t *Tab) SignIn(person string) string {
	t.Go("/sign-in")
	t.Click(fmt.Sprintf(`button[name="person"][value=%q]`, person))
	t.Await("the page after sign-in", `document.querySelector("#main h1, #main h2") && !location.pathname.startsWith("/dev/") && document.readyState == "complete"`)
	return t.Path()
}

// Weight is how many bytes the page has cost since Go.
func (t *Tab) Weight() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	sum := 0.0
	for _, bytes := range t.weight {
		sum += bytes
	}
	return int(sum)
}

// Carries has every page of the tab that is loaded from now on bring a script of the test's
// along. The pages' own policy does not hold for it.
func (t *Tab) Carries(script string) {
	t.do("carry a script", call(page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script}))
}

// Cookies gives what the browser would send along, by name.
func (t *Tab) Cookies() map[string]string {
	all := map[string]string{}
	t.do("cookies", chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		got, err := cdp.Call(ctx, target, network.GetCookies, network.GetCookiesParams{})
		for _, c := range got.Cookies {
			all[c.Name] = c.Value
		}
		return err
	}))
	return all
}
