package page

import "refunddesk/internal/fault"

func current(item NavItem) string {
	if item.Current {
		return "page"
	}
	return "false"
}

func otherTheme(v *View) string {
	if v.Theme == "dark" {
		return "light"
	}
	return "dark"
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

var kindKeys = map[fault.Kind]string{
	fault.Internal: "internal", fault.Unauthenticated: "signed-out", fault.Forbidden: "forbidden", fault.NotFound: "not-found",
	fault.MethodNotAllowed: "not-found", fault.UnsupportedMedia: "malformed", fault.TooLarge: "too-large", fault.Malformed: "malformed",
	fault.Unprocessable: "malformed", fault.Conflict: "conflict", fault.TooMany: "too-many", fault.Unavailable: "unavailable",
}

func kindKey(k fault.Kind) string { return kindKeys[k] }
