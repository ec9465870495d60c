// Package pagetest has what tests of pages share: a parsed page with a finder, an office to
// serve pages from, a browser without scripts, and what holds for every page.
package pagetest

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// Element is a part of a page.
type Element struct{ node *html.Node }

// Parse reads a page or a part of one.
func Parse(t testing.TB, body string) *Element {
	t.Helper()
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatalf("the page cannot be parsed: %v", err)
	}
	return &Element{node: root}
}

// Find gives the first element that the selector matches, nil when there is none. A selector
// is like those of CSS: tag#id.class[attr=value][attr], with a blank between it and what it
// is within. A value that has a blank or a bracket stands in quotes.
func (e *Element) Find(selector string) *Element {
	if all := e.All(selector); len(all) > 0 {
		return all[0]
	}
	return nil
}

// All gives every element that the selector matches, in the order of the page.
func (e *Element) All(selector string) []*Element {
	parts := compound(selector)
	var found []*Element
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		if n != e.node && n.Type == html.ElementNode && matches(n, e.node, parts) {
			found = append(found, &Element{node: n})
		}
		for child := n.FirstChild; child != nil; child = child.NextSibling {
			walk(child)
		}
	}
	walk(e.node)
	return found
}

// matches reports whether the last part matches the node and the others what it is within,
// up to the root.
func matches(n, root *html.Node, parts []simple) bool {
	last := len(parts) - 1
	if !parts[last].matches(n) {
		return false
	}
	if last == 0 {
		return true
	}
	for parent := n.Parent; parent != nil && parent != root.Parent; parent = parent.Parent {
		if matches(parent, root, parts[:last]) {
			return true
		}
	}
	return false
}

// simple is one part of a selector.
type simple struct {
	tag     string
	classes []string
	attrs   []attr
}

type attr struct {
	name, value string
	any         bool // it only has to be there
}

func (s simple) matches(n *html.Node) bool {
	if n.Type != html.ElementNode || (s.tag != "" && s.tag != n.Data) {
		return false
	}
	for _, class := range s.classes {
		if !hasClass(n, class) {
			return false
		}
	}
	for _, a := range s.attrs {
		if value, ok := attrOf(n, a.name); !ok || (!a.any && value != a.value) {
			return false
		}
	}
	return true
}

func hasClass(n *html.Node, class string) bool {
	value, _ := attrOf(n, "class")
	for _, c := range strings.Fields(value) {
		if c == class {
			return true
		}
	}
	return false
}

func attrOf(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

// compound reads a selector.
func compound(selector string) []simple {
	var parts []simple
	for _, word := range split(selector) {
		parts = append(parts, part(word))
	}
	if len(parts) == 0 {
		panic("pagetest: the selector is empty")
	}
	return parts
}

// split splits a selector at blanks outside of brackets and quotes.
func split(selector string) []string {
	var all []string
	var word strings.Builder
	bracket, quote := false, false
	for _, r := range selector + " " {
		switch {
		case r == '"':
			quote = !quote
		case r == '[' && !quote:
			bracket = true
		case r == ']' && !quote:
			bracket = false
		case r == ' ' && !bracket && !quote:
			if word.Len() > 0 {
				all = append(all, word.String())
				word.Reset()
			}
			continue
		}
		word.WriteRune(r)
	}
	return all
}

// part reads one part of a selector.
func part(word string) simple {
	var s simple
	for word != "" {
		kind := word[0]
		if kind == '[' {
			inside, rest, closed := strings.Cut(word[1:], "]")
			for strings.Count(inside, `"`)%2 == 1 && closed { // the bracket was within quotes
				var more string
				more, rest, closed = strings.Cut(rest, "]")
				inside += "]" + more
			}
			name, value, has := strings.Cut(inside, "=")
			s.attrs = append(s.attrs, attr{name: name, value: strings.Trim(value, `"`), any: !has})
			word = rest
			continue
		}
		if kind == '#' || kind == '.' {
			word = word[1:]
		}
		end := strings.IndexAny(word, "#.[")
		if end < 0 {
			end = len(word)
		}
		switch name := word[:end]; kind {
		case '#':
			s.attrs = append(s.attrs, attr{name: "id", value: name})
		case '.':
			s.classes = append(s.classes, name)
		default:
			if name != "*" {
				s.tag = name
			}
		}
		word = word[end:]
	}
	return s
}

// Attr is an attribute's value; "" when there is none.
func (e *Element) Attr(name string) string {
	if e == nil {
		return ""
	}
	value, _ := attrOf(e.node, name)
	return value
}

// Has reports whether the element has the attribute.
func (e *Element) Has(name string) bool {
	if e == nil {
		return false
	}
	_, ok := attrOf(e.node, name)
	return ok
}

// Tag is the element's name.
func (e *Element) Tag() string { return e.node.Data }

// Text is what a reader of the element reads, with single blanks; of a missing one "".
func (e *Element) Text() string {
	if e == nil {
		return ""
	}
	return strings.Join(strings.Fields(e.Raw()), " ")
}

// Raw is the element's text as it stands in the page.
func (e *Element) Raw() string {
	if e == nil {
		return ""
	}
	var b strings.Builder
	var walk func(n *html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		for child := n.FirstChild; child != nil; child = child.NextSibling {
			walk(child)
		}
	}
	walk(e.node)
	return b.String()
}
