package customer

import (
	"errors"
	"fmt"
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
}

// inWords gives the fault with what is wrong with its fields in the reader's language.
func inWords(c *page.Context, err error) error {
	var f *fault.Error
	if !errors.As(err, &f) || len(f.Fields) == 0 {
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
		if !strings.HasPrefix(sentence, p.sentence) {
			continue
		}
		if p.key == "problem.too-long" {
			most := review.MostText
			_, _ = fmt.Sscanf(sentence, "has at most %d", &most) // another sentence: the longest that there is
			return v.T(p.key, "Most", most)
		}
		return v.T(p.key)
	}
	return v.T("problem.other")
}
