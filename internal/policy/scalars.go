package policy

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"refunddesk/internal/money"
	"refunddesk/internal/review"
)

// scalar is a single value that is there.
func (r *reader) scalar(n *yaml.Node, path, wanted string) (string, bool) {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		r.wrong(n, path, "must be %s, and is %s", wanted, kindOf(n))
		return "", false
	}
	return n.Value, true
}

// words is a text for people.
func (r *reader) words(n *yaml.Node, path string) string {
	s, ok := r.scalar(n, path, "text")
	if !ok {
		return ""
	}
	if n.Tag != "!!str" {
		r.wrong(n, path, "must be text, and is %s; put it in quotes", kindOf(n))
		return ""
	}
	s = strings.TrimSpace(s)
	switch {
	case s == "":
		r.wrong(n, path, "must not be empty")
	case utf8.RuneCountInString(s) > mostWords:
		r.wrong(n, path, "is longer than %d characters", mostWords)
	case strings.ContainsFunc(s, func(c rune) bool { return unicode.IsControl(c) && c != '\n' }):
		r.wrong(n, path, "has control characters in it")
	default:
		return s
	}
	return ""
}

func (r *reader) yesNo(n *yaml.Node, path string) bool {
	s, ok := r.scalar(n, path, "true or false")
	if ok && (n.Tag != "!!bool" || (s != "true" && s != "false")) {
		r.wrong(n, path, "must be true or false")
		return false
	}
	return s == "true"
}

// whole is a whole number between two others.
func (r *reader) whole(n *yaml.Node, path string, least, most int) int {
	s, ok := r.scalar(n, path, "a whole number")
	if !ok {
		return least
	}
	number, err := strconv.Atoi(s)
	if err != nil || n.Tag != "!!int" || number < least || number > most {
		r.wrong(n, path, "must be a whole number from %d to %d", least, most)
		return least
	}
	return number
}

// amount is micros from the text as it is written: it never goes through a float.
func (r *reader) amount(n *yaml.Node, path string, least int64) int64 {
	s, ok := r.scalar(n, path, "an amount such as \"5000\" or \"99.50\"")
	if !ok {
		return least
	}
	micros, err := money.ParseMicros(s)
	switch {
	case err != nil:
		r.wrong(n, path, "must be an amount such as \"5000\" or \"99.50\", with at most six decimals")
		return least
	case micros < least:
		r.wrong(n, path, "must be %s or more", text(money.Of(least, "")))
		return least
	}
	return micros
}

// amounts are amounts by currency, with an optional default.
func (r *reader) amounts(n *yaml.Node, path string) amounts {
	out := amounts{By: map[string]int64{}}
	entries := r.entries(n, path)
	for _, e := range entries {
		switch {
		case e.key.Value == "default":
			micros := r.amount(e.value, e.path, 0)
			out.Default = &micros
		case r.currency(e):
			out.By[e.key.Value] = r.amount(e.value, e.path, 0)
		}
	}
	if n.Kind == yaml.MappingNode && len(entries) == 0 {
		r.wrong(n, path, "must name an amount by currency, such as USD, or a default")
	}
	return out
}

func (r *reader) currency(e entry) bool {
	if !money.ValidCurrency(e.key.Value) {
		r.wrong(e.key, e.path, "is no currency; write an ISO 4217 code such as USD")
		return false
	}
	return true
}

var spanPattern = regexp.MustCompile(`^(?:(\d{1,4})d)?(?:(\d{1,4})h)?(?:(\d{1,4})m)?$`)

// longestSpan bounds every time that a policy names.
const longestSpan = 366 * day

// span is a time such as 4h, 2d or 1d4h30m, where a day is as long as a day of the desk.
func (r *reader) span(n *yaml.Node, path string, dayLength time.Duration) time.Duration {
	s, ok := r.scalar(n, path, "a time such as 4h, 90m or 2d")
	if !ok {
		return 0
	}
	m := spanPattern.FindStringSubmatch(s)
	if m == nil || s == "" {
		r.wrong(n, path, "must be a time such as 4h, 90m, 2d or 1d4h")
		return 0
	}
	number := func(s string) time.Duration {
		n, _ := strconv.Atoi(s) // at most four digits, or none
		return time.Duration(n)
	}
	d := number(m[1])*dayLength + number(m[2])*time.Hour + number(m[3])*time.Minute
	switch {
	case d <= 0:
		r.wrong(n, path, "must be longer than nothing")
		return 0
	case d > longestSpan:
		r.wrong(n, path, "must not be longer than 366 days")
		return 0
	}
	return d
}

var (
	namePattern  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	idPattern    = regexp.MustCompile(`^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$`)
	hoursPattern = regexp.MustCompile(`^([0-2]\d):([0-5]\d)\s*-\s*([0-2]\d):([0-5]\d)$`)
)

// hours reads "09:00-18:00".
func (r *reader) hours(n *yaml.Node, path string) (opens, closes review.Clocktime) {
	s, ok := r.scalar(n, path, "the desk's hours, such as \"09:00-18:00\"")
	if !ok {
		return 0, 0
	}
	m := hoursPattern.FindStringSubmatch(s)
	if m == nil {
		r.wrong(n, path, "must be the desk's hours, such as \"09:00-18:00\"; a day ends at 24:00")
		return 0, 0
	}
	minutes := func(h, m string) review.Clocktime {
		hours, _ := strconv.Atoi(h)
		rest, _ := strconv.Atoi(m)
		return review.Clocktime(60*hours + rest)
	}
	opens, closes = minutes(m[1], m[2]), minutes(m[3], m[4])
	if opens >= closes || closes > 24*60 {
		r.wrong(n, path, "must end after it begins, and no later than 24:00")
		return 0, 0
	}
	return opens, closes
}

var weekdays = map[string]time.Weekday{
	"monday": time.Monday, "tuesday": time.Tuesday, "wednesday": time.Wednesday, "thursday": time.Thursday,
	"friday": time.Friday, "saturday": time.Saturday, "sunday": time.Sunday,
}

func (r *reader) weekday(n *yaml.Node, path string) (time.Weekday, bool) {
	s, ok := r.scalar(n, path, "a day of the week")
	if !ok {
		return 0, false
	}
	if wd, ok := weekdays[s]; ok {
		return wd, true
	}
	r.wrong(n, path, "must be a day of the week: monday, tuesday, wednesday, thursday, friday, saturday or sunday")
	return 0, false
}

func (r *reader) date(n *yaml.Node, path string) (review.Date, bool) {
	s, ok := r.scalar(n, path, "a date such as 2026-10-01")
	if !ok {
		return "", false
	}
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		r.wrong(n, path, "must be a date such as 2026-10-01")
		return "", false
	}
	return review.Date(s), true
}
