package review

import (
	"slices"
	"strings"

	"refunddesk/internal/console/page"
	"refunddesk/internal/fault"
	"refunddesk/internal/review"
)

// The sentences in which the desk says what is wrong with a field, and the words for them.
var problemKeys = []struct{ sentence, key string }{
	{"must not be empty", "problem.empty"},
	{"is not one of", "problem.choose"},
	{"has at most", "problem.too-long"},
	{"is one line", "problem.one-line"},
	{"is text", "problem.characters"},
	{"is a person's id", "review.problem.assignee"},
	{"names 1 to", "review.problem.ticket_ids"},
	{"is in the future", "review.problem.until"},
	{"is approve or reject", "review.problem.decision"},
	{"for approve is one of", "review.problem.reason_approve"},
	{"for reject is one of", "review.problem.reason_reject"},
	{"has words in", "review.problem.reply"},
}

// inWords gives the fault with what is wrong with its fields in the reader's language.
func inWords(c *page.Context, f *fault.Error) *fault.Error {
	if len(f.Fields) == 0 {
		return f
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
