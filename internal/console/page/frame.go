package page

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"

	"github.com/a-h/templ"

	"refunddesk/internal/fault"
)

// htmxConfig keeps htmx to what the Content-Security-Policy allows, and makes swaps happen at
// once: nothing waits for an animation.
const htmxConfig = `{"includeIndicatorCSS": false, "history": true, "extensions": "sse", "defaultSettleDelay": 0}`

// boost is how followed links and forms are swapped in. It is the value of hx-boost, not
// attributes of their own, so that nothing else that htmx does inherits it. New pages replace
// old ones: a morph would carry what was typed on one case into the next.
const boost = `{"target": "#main", "select": "#main", "selectOOB": "#top,#bottom", "swap": "outerHTML show:none"}`

func current(item NavItem) string {
	if item.Current {
		return "page"
	}
	return "false"
}

// otherThemes are those that can be switched to. While none is chosen both are there, and
// the style sheet hides the system's.
func otherThemes(v *View) []string {
	switch v.Theme {
	case "dark":
		return []string{"light"}
	case "light":
		return []string{"dark"}
	}
	return Themes
}

// themeOf is the attribute of the chosen theme; none while the system's holds.
func themeOf(v *View) templ.Attributes {
	if v.Theme == "" {
		return nil
	}
	return templ.Attributes{"data-theme": v.Theme}
}

func scheme(v *View) string {
	if v.Theme == "" {
		return "light dark"
	}
	return v.Theme
}

// reader tells the readers of a browser apart without saying who they are: unsent text that
// the script keeps is given back to its writer only.
func reader(v *View) string {
	if !v.SignedIn {
		return ""
	}
	sum := sha256.Sum256([]byte("unsent text of " + v.Actor.Subject))
	return hex.EncodeToString(sum[:8])
}

// failureTitle is the fault's own heading, or that of its kind.
func failureTitle(v *View, f *fault.Error) string {
	if key := "failure.title." + f.Code; v.Has(key) {
		return v.T(key)
	}
	return v.T("failure.kind." + kindKey(f.Kind))
}

// failureText explains the fault in the reader's language.
func failureText(v *View, f *fault.Error) string { return FaultText(v, f) }

// FaultText is a fault in the reader's language: under "fault.<code>", else its kind's
// words. In English the fault's own sentence is the better one.
func FaultText(v *View, f *fault.Error) string {
	if f == nil {
		return ""
	}
	if key := "fault." + f.Code; v.Has(key) {
		return v.T(key)
	}
	if v.Locale == "en" && f.Kind != fault.Internal {
		return f.Detail
	}
	return v.T("failure.text." + kindKey(f.Kind))
}

// typed reports whether somebody wrote the field's text, so that it is shown: ids, digests
// and choices are one word of ASCII.
func (f unsentField) typed() bool {
	switch f.Name {
	case "note", "body", "message", "reason", "subject", "source", "title", "body.en", "body.zh-Hans":
		return f.Value != ""
	}
	return strings.ContainsFunc(f.Value, func(r rune) bool { return unicode.IsSpace(r) || r > unicode.MaxASCII })
}

var kindKeys = map[fault.Kind]string{
	fault.Internal: "internal", fault.Unauthenticated: "signed-out", fault.Forbidden: "forbidden", fault.NotFound: "not-found",
	fault.MethodNotAllowed: "not-found", fault.UnsupportedMedia: "malformed", fault.TooLarge: "too-large", fault.Malformed: "malformed",
	fault.Unprocessable: "malformed", fault.Conflict: "conflict", fault.TooMany: "too-many", fault.Unavailable: "unavailable",
}

func kindKey(k fault.Kind) string { return kindKeys[k] }
