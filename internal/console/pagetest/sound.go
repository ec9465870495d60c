package pagetest

import (
	"fmt"
	"strings"

	"golang.org/x/net/html"
)

// Flaws lists what is wrong with a page whatever it shows: words that are missing, what the
// Content-Security-Policy would refuse, ids that are there twice or not at all, fields
// without a label, headings and tables that cannot be read aloud.
func (e *Element) Flaws() []string {
	var flaws []string
	wrong := func(format string, args ...any) { flaws = append(flaws, fmt.Sprintf(format, args...)) }
	if strings.Contains(e.Raw(), "⟦") {
		wrong("words are missing: %s", around(e.Raw(), "⟦"))
	}
	if n := len(e.All("h1")); n != 1 {
		wrong("it has %d h1", n)
	}
	ids := map[string]int{}
	for _, one := range e.All("*") {
		if id := one.Attr("id"); one.Has("id") {
			if ids[id]++; id == "" || ids[id] == 2 {
				wrong("the id %q is empty or there twice", id)
			}
		}
		for _, a := range one.node.Attr {
			switch {
			case strings.HasPrefix(a.Key, "on"), strings.HasPrefix(a.Key, "hx-on"), a.Key == "style":
				wrong("<%s %s> is refused by the policy", one.Tag(), a.Key)
			case strings.Contains(a.Val, "⟦"):
				wrong("words are missing in <%s %s>: %s", one.Tag(), a.Key, a.Val)
			}
		}
	}
	for _, one := range e.All("*") {
		for _, name := range []string{"aria-describedby", "aria-labelledby", "for"} {
			for _, id := range strings.Fields(one.Attr(name)) {
				if ids[id] == 0 {
					wrong("<%s %s=%q> names what is not there", one.Tag(), name, id)
				}
			}
		}
	}
	for _, tag := range []string{"style", "script"} {
		for _, one := range e.All(tag) {
			if strings.TrimSpace(one.Raw()) != "" {
				wrong("<%s> is written into the page", tag)
			}
		}
	}
	return append(append(flaws, e.fieldFlaws()...), e.tableFlaws()...)
}

func (e *Element) fieldFlaws() []string {
	var flaws []string
	for _, tag := range []string{"input", "textarea", "select"} {
		for _, field := range e.All(tag) {
			kind := field.Attr("type")
			if kind == "hidden" || kind == "submit" || field.Has("aria-label") || field.within("label") || field.Has("aria-labelledby") {
				continue
			}
			if id := field.Attr("id"); id == "" || e.Find(fmt.Sprintf("label[for=%q]", id)) == nil {
				flaws = append(flaws, fmt.Sprintf("the %s %q has no label", tag, field.Attr("name")))
			}
		}
	}
	for _, tag := range []string{"button", "a"} {
		for _, one := range e.All(tag) {
			if one.Text() == "" && !one.Has("aria-label") {
				flaws = append(flaws, fmt.Sprintf("a %s has no name", tag))
			}
		}
	}
	for _, form := range e.All("form") {
		if n := len(form.All("button.primary")); n > 1 {
			flaws = append(flaws, fmt.Sprintf("the form %q has %d primary buttons", form.Attr("action"), n))
		}
		if method := form.Attr("method"); method != "get" && method != "post" && method != "dialog" {
			flaws = append(flaws, fmt.Sprintf("the form %q has the method %q", form.Attr("action"), method))
		}
	}
	return flaws
}

func (e *Element) tableFlaws() []string {
	var flaws []string
	for _, table := range e.All("table") {
		if table.Find("caption") == nil && !table.Has("aria-label") && !table.Has("aria-labelledby") {
			flaws = append(flaws, fmt.Sprintf("the table %q has no caption", table.Attr("id")))
		}
		for _, th := range table.All("th") {
			if th.Attr("scope") == "" {
				flaws = append(flaws, fmt.Sprintf("the heading %q has no scope", th.Text()))
			}
		}
		if !hasClass(table.node, "cards") {
			continue
		}
		for _, cell := range table.All("tbody td") {
			if cell.Attr("data-label") == "" && !cell.Has("colspan") {
				flaws = append(flaws, fmt.Sprintf("the cell %q has no data-label", cell.Text()))
			}
		}
	}
	return flaws
}

func (e *Element) within(tag string) bool {
	for n := e.node.Parent; n != nil; n = n.Parent {
		if n.Type == html.ElementNode && n.Data == tag {
			return true
		}
	}
	return false
}

// around is what stands around a mark in a text.
func around(text, mark string) string {
	at := strings.Index(text, mark)
	return text[at:min(len(text), at+80)]
}
