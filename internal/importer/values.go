package importer

import (
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"refunddesk/internal/fault"
	"refunddesk/internal/money"
)

// The forms are those of the API, so that whatever was imported can also be named there.
var (
	idForm    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)
	phoneForm = regexp.MustCompile(`^[+(]{0,2}[0-9][0-9 ().-]{2,30}$`)
)

const (
	longestName   = 200
	longestPayer  = 128
	longestReason = 500
	longestEmail  = 254
	longestPhone  = 32 // as written
	// mostWhole bounds amounts like the API does: twelve digits before the point.
	mostWhole = 1_000_000_000_000 * money.Scale
)

func (t *table) id(i int) string {
	s := t.text(i)
	if !idForm.MatchString(s) {
		t.fail(i, "%s is no id; it has 1 to 64 of A-Z a-z 0-9 _ . - and starts with a letter or digit", quoted(s))
	}
	return s
}

// words is text that people wrote. It may be personal, so a problem does not repeat it.
func (t *table) words(i, longest int, required bool) string {
	s := t.text(i)
	switch n := utf8.RuneCountInString(s); {
	case required && strings.TrimSpace(s) == "":
		t.fail(i, "is empty; write 1 to %d characters", longest)
	case n > longest:
		t.fail(i, "has %d characters; %d are the most", n, longest)
	}
	return s
}

func (t *table) email(i int) string {
	s := t.text(i)
	parsed, err := mail.ParseAddress(s)
	if err != nil || parsed.Address != s || len(s) > longestEmail {
		t.fail(i, "is not a mail address like name@example.com")
	}
	return s
}

func (t *table) phone(i int) string {
	s := t.text(i)
	if s != "" && (len(s) > longestPhone || !phoneForm.MatchString(s)) {
		t.fail(i, "is not a telephone number like +8613800000000; leave it empty for none")
	}
	return s
}

func (t *table) oneOf(i int, allowed ...string) string {
	s := t.text(i)
	if !slices.Contains(allowed, s) {
		t.fail(i, "%s is not one of %s", quoted(s), strings.Join(allowed, ", "))
	}
	return s
}

func (t *table) truth(i int) bool {
	return t.oneOf(i, "true", "false") == "true"
}

func (t *table) currency(i int) string {
	s := t.text(i)
	if !money.ValidCurrency(s) {
		t.fail(i, "%s is not an ISO 4217 currency code such as USD", quoted(s))
	}
	return s
}

// amount reads an amount that is not negative, in micros.
func (t *table) amount(i int) int64 {
	micros, err := money.ParseMicros(t.text(i))
	switch {
	case err != nil:
		problem := fault.From(err)
		reason := problem.Detail
		if len(problem.Fields) > 0 {
			reason = problem.Fields[0].Problem
		}
		t.fail(i, "%s", reason)
	case micros < 0:
		t.fail(i, "%s is below zero", quoted(t.text(i)))
	case micros >= mostWhole:
		t.fail(i, "%s is too large; twelve digits before the point are the most", quoted(t.text(i)))
	}
	return micros
}

// moment reads an RFC 3339 time, to the microsecond that databases keep.
func (t *table) moment(i int) time.Time {
	s := t.text(i)
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || at.Year() < 1970 || at.Year() > 9999 {
		t.fail(i, "%s is not an RFC 3339 time like 2026-03-01T08:00:00Z", quoted(s))
	}
	return at.UTC().Truncate(time.Microsecond)
}

func (t *table) optionalMoment(i int) *time.Time {
	if t.text(i) == "" {
		return nil
	}
	at := t.moment(i)
	return &at
}
