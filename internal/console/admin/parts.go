package admin

import (
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"refunddesk/internal/console/page"
	"refunddesk/internal/fault"
	"refunddesk/internal/policy"
)

func count(n int64) string { return strconv.FormatInt(n, 10) }

// typed is what the field was sent with.
func typed(f *page.Form, name string) string {
	if f == nil {
		return ""
	}
	return f.Values.Get(name)
}

// problemOf are the attributes of a field with a problem beside it.
func problemOf(f *page.Form, name, id string) templ.Attributes {
	if f.Problem(name) == "" {
		return nil
	}
	return templ.Attributes{"aria-invalid": "true", "aria-describedby": id + "-problem"}
}

// short is the beginning of a digest, enough to tell two apart.
func short(digest string) string {
	const enough = 12
	_, digest, _ = strings.Cut(digest, ":")
	if len(digest) > enough {
		return digest[:enough] + "…"
	}
	return digest
}

// describes are the ids of what describes the editor's source.
func describes(d draft) string {
	if d.Form != nil {
		return "source-hint problems"
	}
	return "source-hint"
}

// problemsTitle says above the problems of a policy that there are some.
func problemsTitle(v *page.View, f *fault.Error) string {
	if f.Code == policy.CodeInvalid && len(f.Fields) > 0 {
		return v.T("admin.editor.problems", "Count", len(f.Fields))
	}
	return page.FaultText(v, f)
}

func orDash(text string) string {
	if text == "" {
		return "–"
	}
	return text
}
