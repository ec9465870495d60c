package desk

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"refunddesk/internal/fault"
	"refunddesk/internal/review"
)

// unprintable reports whether r breaks lines, terminals and logs, or (the bidirectional
// overrides) shows text in another order than it is stored.
func unprintable(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' ||
		(r >= '\u202a' && r <= '\u202e') || (r >= '\u2066' && r <= '\u2069')
}

// checkText returns a fault naming the field of a text that people may not write: one that
// is too long, or has other control characters than new line and tab.
func checkText(field, text string) error {
	switch {
	case !utf8.ValidString(text):
		return fault.InvalidField(field, "is text in UTF-8")
	case utf8.RuneCountInString(text) > review.MostText:
		return fault.InvalidField(field, "has at most %d characters", review.MostText)
	case strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && r != '\t' && unprintable(r) }):
		return fault.InvalidField(field, "is text without control characters other than new line and tab")
	}
	return nil
}

// isBlank reports whether a text shows nothing: blanks and characters without a shape.
func isBlank(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		return !unicode.IsSpace(r) && !unicode.In(r, unicode.Cf, unicode.Cc, unicode.Other_Default_Ignorable_Code_Point) && r != '\u115f' && r != '\u1160' && r != '\u2800' && r != '\u3164'
	})
}

// needText is checkText for a text that has to say something.
func needText(field, text string) error {
	if isBlank(text) {
		return fault.InvalidField(field, "must not be empty")
	}
	return checkText(field, text)
}

// mostLine is how many characters a subject or a title may have.
const mostLine = 200

// assigneeIs says what an assignee is. He goes into the audit log, which holds no free text.
const assigneeIs = "is a person's id: 1 to 128 of A-Z a-z 0-9 _ . | : @ - that start with a letter or digit"

var isAssignee = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.|:@-]{0,127}$`).MatchString

// needLine returns a fault naming the field unless it holds one line that says something.
func needLine(field, line string) error {
	switch {
	case isBlank(line):
		return fault.InvalidField(field, "must not be empty")
	case !utf8.ValidString(line) || strings.ContainsFunc(line, unprintable):
		return fault.InvalidField(field, "is one line of text without control characters")
	case utf8.RuneCountInString(line) > mostLine:
		return fault.InvalidField(field, "has at most %d characters", mostLine)
	}
	return nil
}
