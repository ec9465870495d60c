package page

import (
	"regexp"
	"slices"
	"strings"

	"refunddesk/internal/fault"
	"refunddesk/internal/refund"
)

// sentence is one in which the desk or a page says what is wrong with a field, as it is
// written where it is said, and the key of its words. Values names what stands for its verbs,
// in their order; "" is left out of the words.
type sentence struct {
	format string
	key    string
	values []string
}

// sentences are all that a form can cause; a test compares them with the sources. Of two that
// fit, the first is taken.
var sentences = []sentence{
	{"must not be empty", "problem.empty", nil},
	{"has at most %d characters", "problem.too-long", []string{"Most"}},
	{"is one line of text without control characters", "problem.one-line", nil},
	{"is text in UTF-8", "problem.characters", nil},
	{"is text without control characters other than new line and tab", "problem.characters", nil},
	{"is an id or a code of at most %d characters", "problem.code", []string{"Most"}},

	{"is not one of the reasons", "problem.choose", nil},
	{"is not a state of a refund", "problem.choose", nil},
	{"is public or internal", "problem.choose", nil},
	{"of your messages is public", "problem.choose", nil},
	{"is open or closed", "problem.choose", nil},
	{"is refund or question", "problem.choose", nil},
	{"is due, newest or priority", "problem.choose", nil},
	{"is one of %v", "problem.choose", []string{""}},
	{"is account, product or all", "problem.choose", nil},
	{"is good, suspended or terminated", "problem.choose", nil},
	{"is approve, review or reject", "problem.choose", nil},
	{"is csv or ndjson", "problem.choose", nil},
	{"must be one of %v", "problem.choose", []string{""}},
	{"must be one of %v or %s", "problem.choose", []string{"", ""}},

	{"is approve or reject", "problem.decision", nil},
	{"for %s is one of %v", "problem.reason", []string{"", ""}},
	{"is a person's id: 1 to 128 of A-Z a-z 0-9 _ . | : @ - that start with a letter or digit", "problem.person", nil},
	{"names 1 to %d tickets", "problem.tickets", []string{"Most"}},
	{"closed already: %s", "problem.closed", []string{"Tickets"}},
	{"has words in %s or %s", "problem.reply", []string{"", ""}},
	{"is by locale, %s or %s", "problem.reply", []string{"", ""}},
	{"is not the package of the refund; leave one of the two out", "problem.package", nil},
	{"is a number", "problem.number", nil},

	{"is a time, such as 2026-01-31T18:00", "problem.time", nil},
	{"is in the future, at most %d days away", "problem.future", []string{"Days"}},
	{"is a time zone, such as Asia/Shanghai", "problem.zone", nil},
	{"is a day, such as 2026-03-31", "problem.day", nil},
	{"must not be before the day it begins with", "problem.day-order", nil},

	{"is an amount, such as 12.50", "problem.amount", nil},
	{"must not be negative", "problem.amount", nil},
	{"must not be less than the amount it begins with", "problem.amount-order", nil},
	{"is a currency's three letters, such as USD", "problem.currency", nil},
	{"belongs to an amount: of another currency the same number is another amount", "problem.currency", nil},

	{"is empty when everything is paused", "problem.target-all", nil},
	{"is a product, %s", "problem.target-product", []string{"Product"}},
	{"is an account's id", "problem.target-account", nil},
	{"is no account that there is", "problem.no-account", nil},
	{"is ticked by whoever read what changes", "problem.confirm", nil},
}

// fits are the sentences as they are found again, values and all.
var fits = func() []*regexp.Regexp {
	verb := regexp.MustCompile(`%[dsv]`)
	all := make([]*regexp.Regexp, len(sentences))
	for i, s := range sentences {
		literal := verb.Split(s.format, -1)
		for n, part := range literal {
			literal[n] = regexp.QuoteMeta(part)
		}
		all[i] = regexp.MustCompile(`(?s)^` + strings.Join(literal, `(.+?)`) + `$`)
	}
	return all
}()

// InWords gives the fault with what is wrong with its fields in the reader's language; nil
// for none. Where a text has a line that is wrong (a policy), what its compiler says stays.
func InWords(v *View, f *fault.Error) *fault.Error {
	if f == nil || len(f.Fields) == 0 {
		return f
	}
	out := *f
	out.Fields = slices.Clone(f.Fields)
	for i, field := range out.Fields {
		if field.Line == 0 {
			out.Fields[i].Problem = problemWords(v, field.Problem)
		}
	}
	return &out
}

// problemWords are the words for one sentence; one that has none is better than nothing to
// whoever reads English.
func problemWords(v *View, said string) string {
	for i, s := range sentences {
		found := fits[i].FindStringSubmatch(said)
		if found == nil {
			continue
		}
		var pairs []any
		for n, name := range s.values {
			if name != "" {
				pairs = append(pairs, name, found[n+1])
			}
		}
		return v.T(s.key, pairs...)
	}
	if v.Locale == refund.English {
		return said
	}
	return v.T("problem.other")
}
