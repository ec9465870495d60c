package notify

import (
	"strings"
	"unicode"
)

// How much goes into a message, in characters: of one value, of what the customer is told
// of the reasons, and of what staff wrote to him.
const (
	longestValue = 200
	longestTold  = 2_000
	longestText  = 10_000
)

// oneLine makes text from outside safe to stand in a header and in a sentence: line
// breaks and control characters become spaces, marks that turn the reading direction are
// dropped, and what is longer than most characters is cut.
func oneLine(s string, most int) string {
	var b strings.Builder
	length, space := 0, false
	for _, r := range strings.ToValidUTF8(s, "") {
		switch {
		case unicode.IsSpace(r), unicode.IsControl(r), isLineBreak(r):
			space = b.Len() > 0
			continue
		case isHidden(r):
			continue
		}
		if length >= most {
			b.WriteRune('…')
			return b.String()
		}
		if space {
			b.WriteByte(' ')
			space, length = false, length+1
		}
		b.WriteRune(r)
		length++
	}
	return b.String()
}

// lines makes a longer text from outside safe to be quoted, and keeps its lines: whatever
// breaks a line somewhere breaks it here, other control characters become spaces, marks
// that turn the reading direction are dropped, empty lines around it go, and what is longer
// than a message may be is cut.
func lines(s string) []string {
	var b strings.Builder
	length := 0
	for _, r := range strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\r\n", "\n") {
		switch {
		case isHidden(r):
			continue
		case isLineBreak(r):
			r = '\n'
		case unicode.IsControl(r):
			r = ' '
		}
		if length == longestText {
			b.WriteRune('…')
			break
		}
		b.WriteRune(r)
		length++
	}
	list := strings.Split(b.String(), "\n")
	for i, line := range list {
		list[i] = strings.TrimRightFunc(line, unicode.IsSpace)
	}
	for len(list) > 0 && list[0] == "" {
		list = list[1:]
	}
	for len(list) > 0 && list[len(list)-1] == "" {
		list = list[:len(list)-1]
	}
	return list
}

// isLineBreak reports whether some reader breaks a line at r.
func isLineBreak(r rune) bool {
	return r == '\n' || r == '\r' || r == '\v' || r == '\f' || r == '\u0085' || r == '\u2028' || r == '\u2029'
}

// isHidden reports whether r is not seen and turns what is.
func isHidden(r rune) bool { return unicode.Is(unicode.Bidi_Control, r) || r == '\ufeff' }
