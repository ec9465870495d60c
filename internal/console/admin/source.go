package admin

import (
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/width"

	"refunddesk/internal/fault"
)

const (
	mostShownLines = 2000 // of a longer source only the surroundings of its problems are shown
	aroundProblem  = 20   // lines
	mostQuoted     = 100  // characters of a quoted line to each side of the place
)

// sourceLine is a line of a source with its number.
type sourceLine struct {
	Number int
	Text   string
	Marked bool // something is wrong in it
	Gap    bool // lines before it are left out
}

// ID is what a link to the line names.
func (l sourceLine) ID() string { return "line-" + strconv.Itoa(l.Number) }

// linesOf are the lines of a text; the last line break begins no line.
func linesOf(source string) []string {
	return strings.Split(strings.TrimSuffix(source, "\n"), "\n")
}

// numbered are the lines of a source, those with a problem marked; of a very long one only
// what is around them.
func numbered(source string, problems []fault.Field) []sourceLine {
	marked, near := map[int]bool{}, map[int]bool{}
	for _, p := range problems {
		marked[p.Line] = true
		for n := p.Line - aroundProblem; n <= p.Line+aroundProblem; n++ {
			near[n] = true
		}
	}
	lines := linesOf(source)
	whole := len(lines) <= mostShownLines
	var out []sourceLine
	for i, text := range lines {
		if whole || near[i+1] {
			gap := i > 0 && (len(out) == 0 || out[len(out)-1].Number != i)
			out = append(out, sourceLine{Number: i + 1, Text: text, Marked: marked[i+1], Gap: gap})
		}
	}
	return out
}

// place is a problem of a source, with the line that it is in.
type place struct {
	fault.Field
	Quoted string // the line, or the part of it that is around the place
	Caret  string // blanks as wide as what is before the place, and a caret
}

// placesOf are the problems in the order of the source.
func placesOf(source string, f *fault.Error) []place {
	if f == nil {
		return nil
	}
	lines := linesOf(source)
	out := make([]place, 0, len(f.Fields))
	for _, field := range f.Fields {
		p := place{Field: field}
		if field.Line > 0 && field.Line <= len(lines) {
			p.Quoted, p.Caret = quote(lines[field.Line-1], field.Column)
		}
		out = append(out, p)
	}
	return out
}

// quote gives a line with a caret under its column, counted in characters from 1. Of a long
// line it gives what is around the column.
func quote(line string, column int) (quoted, caret string) {
	runes := []rune(line)
	at := min(max(column-1, 0), len(runes))
	from, to := max(0, at-mostQuoted), min(len(runes), at+mostQuoted)
	before := slices.Clone(runes[from:at])
	for i, r := range before {
		before[i] = blank(r)
	}
	lead, tail := "", ""
	if from > 0 {
		lead = "…"
	}
	if to < len(runes) {
		tail = "…"
	}
	return lead + string(runes[from:to]) + tail, strings.Map(func(rune) rune { return ' ' }, lead) + string(before) + "^"
}

// blank is a blank as wide as the character.
func blank(r rune) rune {
	switch {
	case r == '\t':
		return '\t'
	case width.LookupRune(r).Kind() == width.EastAsianWide || width.LookupRune(r).Kind() == width.EastAsianFullwidth:
		return '\u3000'
	}
	return ' '
}
