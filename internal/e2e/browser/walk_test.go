package browser_test

import (
	"fmt"
	"strings"
	"testing"

	"refunddesk/internal/e2e/browser"
)

// What every page has to be, whoever looks at it and however.
const (
	heaviest = 150_000 // bytes on a first visit, in total
	narrow   = 360     // pixels that have to be enough
)

// Every page is light, complete in both languages, fits on a telephone, and axe finds nothing
// in either theme.
func TestEveryPage(t *testing.T) {
	visits := newScene(t).visits()
	for _, locale := range []string{"en", "zh-Hans"} {
		for who, own := range byWho(visits) {
			t.Run(locale+"/"+who, func(t *testing.T) {
				t.Parallel()
				tab := open(t, browser.Options{Locale: locale})
				if own[0].who != "" {
					tab.SignIn(own[0].who)
				}
				tab.Fresh()
				tab.Carries(axe)
				for _, v := range own {
					for _, problem := range look(t, tab, v, locale) {
						t.Errorf("%s, %s (%s)", locale, problem, v.path)
					}
				}
			})
		}
	}
}

func byWho(visits []visit) map[string][]visit {
	who := map[string][]visit{}
	for _, v := range visits {
		name := v.who
		switch {
		case name == "":
			name = "nobody"
		case v.alone:
			name = v.name
		}
		who[name] = append(who[name], v)
	}
	return who
}

// look gives all that is wrong with a page.
func look(t *testing.T, tab *browser.Tab, v visit, locale string) (problems []string) {
	t.Helper()
	wrong := func(format string, args ...any) {
		problems = append(problems, v.name+": "+fmt.Sprintf(format, args...))
	}
	tab.Size(1280, 900)
	tab.Dark(false)
	tab.Go(v.path)
	if v.do != nil {
		v.do(t, tab)
	}
	if weight := tab.Weight(); weight > heaviest {
		wrong("weighs %d bytes", weight)
	}
	if !tab.True(shown(v.sees)) {
		wrong("does not show %s, but %s", v.sees, tab.Where())
	}
	if text := browser.Eval[string](tab, `document.documentElement.outerHTML`); strings.Contains(text, "⟦") {
		at := strings.Index(text, "⟦")
		wrong("a word is missing: %s", text[at:min(len(text), at+60)])
	}
	if lang := browser.Eval[string](tab, `document.documentElement.lang`); lang != locale && v.who != "" {
		wrong("is in %q", lang)
	}
	if v.who != "" && !tab.Has(`#announce[aria-live]`) {
		wrong("has no live region")
	}
	for _, dark := range []bool{false, true} {
		tab.Dark(dark)
		for _, violated := range audit(tab, dark) {
			wrong("%s %v", map[bool]string{false: "light", true: "dark"}[dark], violated)
		}
	}
	tab.Dark(false)
	tab.Size(narrow, 800)
	if width := browser.Eval[int](tab, `document.scrollingElement.scrollWidth`); width > narrow {
		wrong("is %d pixels wide on a screen of %d: %s", width, narrow, widest(tab))
	}
	for _, trouble := range tab.Troubles() {
		wrong("in the browser: %s", trouble)
	}
	return problems
}

// widest names what reaches beyond the screen.
func widest(tab *browser.Tab) string {
	return strings.Join(browser.Eval[[]string](tab, `[...document.querySelectorAll("body *")]
		.filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".table-wrap, pre, textarea"))
		.slice(0, 4).map(e => e.tagName.toLowerCase() + (e.id ? "#" + e.id : "") + (e.className ? "." + e.getAttribute("class") : "") + " " + Math.round(e.getBoundingClientRect().right))`), "; ")
}
