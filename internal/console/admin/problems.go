package admin

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"refunddesk/internal/console/page"
	"refunddesk/internal/fault"
	"refunddesk/internal/review"
)

// The sentences in which the desk says what is wrong with a field, and the words for them.
var problemKeys = []struct{ sentence, key string }{
	{"must not be empty", "problem.empty"},
	{"has at most", "problem.too-long"},
	{"is text", "problem.characters"},
	{"is account, product or all", "problem.choose"},
	{"is good, suspended or terminated", "problem.choose"},
	{"is empty when everything is paused", "admin.problem.target-all"},
	{"is a product", "admin.problem.target-product"},
	{"is an account's id", "admin.problem.target-account"},
	{"is no account that there is", "admin.problem.no-account"},
	{"is in the future", "admin.problem.expires"},
	{"is a time zone", "admin.problem.zone"}, // before what it begins with
	{"is a time", "admin.problem.time"},
	{"is ticked", "admin.problem.confirm"},
}

// inWords gives the fault with what is wrong with its fields in the reader's language. What
// a policy's source has wrong stays as the compiler says it.
func inWords(c *page.Context, err error) error {
	f := fault.From(err)
	if err == nil || len(f.Fields) == 0 || f.Fields[0].Line > 0 {
		return err
	}
	out := *f
	out.Fields = slices.Clone(f.Fields)
	for i, field := range out.Fields {
		out.Fields[i].Problem = problemInWords(c.View, field.Problem)
	}
	return &out
}

func problemInWords(v *page.View, sentence string) string {
	for _, p := range problemKeys {
		if strings.HasPrefix(sentence, p.sentence) {
			return v.T(p.key, "Most", review.MostText)
		}
	}
	return v.T("problem.other")
}

// needText is the fault for a reason that says nothing or cannot be kept, as the desk gives
// it wherever it looks at one.
func needText(name, text string) error {
	switch {
	case !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) }):
		return fault.InvalidField(name, "must not be empty")
	case utf8.RuneCountInString(text) > review.MostText:
		return fault.InvalidField(name, "has at most %d characters", review.MostText)
	case !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && r != '\t' && unicode.IsControl(r) }):
		return fault.InvalidField(name, "is text without control characters other than new line and tab")
	}
	return nil
}
