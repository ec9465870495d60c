package api

import (
	"errors"
	"net/mail"
	"strings"
	"time"
	"unicode"

	"github.com/getkin/kin-openapi/openapi3"

	"refunddesk/internal/money"
)

// format is a string format of the contract: what is asked, in words, and the check.
type format struct {
	expects string
	ok      func(string) bool
}

// formats are those that the contract uses.
var formats = map[string]format{
	"line":      {"is one line of text without control characters", isLine},
	"text":      {"is text without control characters other than new line and tab", isText},
	"document":  {"is text without control characters other than line breaks and tab", isDocument},
	"email":     {"is an e-mail address such as lin@example.com", isAddress},
	"currency":  {"is an ISO 4217 currency code such as USD", money.ValidCurrency},
	"date-time": {"is an RFC 3339 time such as 2026-11-02T09:30:00Z", isTime},
}

// Validate makes a format one of openapi3's validators.
func (f format) Validate(s string) error {
	if !f.ok(s) {
		return errors.New(f.expects)
	}
	return nil
}

func formatValidators() openapi3.SchemaValidationOption {
	validators := make(map[string]openapi3.StringFormatValidator, len(formats))
	for name, f := range formats {
		validators[name] = f
	}
	return openapi3.WithStringFormatValidators(validators)
}

// forbidden are the characters that no text may have: they break lines, terminals and
// logs, or (the bidirectional overrides) show text in another order than it is stored.
func forbidden(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' ||
		(r >= '\u202a' && r <= '\u202e') || (r >= '\u2066' && r <= '\u2069')
}

func isLine(s string) bool { return !strings.ContainsFunc(s, forbidden) }

func isText(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r != '\n' && r != '\t' && forbidden(r) })
}

// isDocument is isText for what an editor may have saved with the line ends of Windows.
func isDocument(s string) bool { return isText(strings.ReplaceAll(s, "\r\n", "\n")) }

func isAddress(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && a.Name == "" && isLine(s) && !strings.ContainsAny(s, " \"")
}

// isTime is as strict as reading the time afterwards. The years are those that every
// database and client can keep, and leave room for what is not a mistake.
func isTime(s string) bool {
	var t time.Time
	return t.UnmarshalText([]byte(s)) == nil && t.UTC().Year() >= 1970 && t.UTC().Year() <= 9999
}
