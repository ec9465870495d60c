package policy

import (
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// origin is where an expression stands in the source.
type origin struct {
	node *yaml.Node
	path string
}

// position translates a place inside the expression (line from 1, column from 0, in
// characters, as CEL counts) to one in the source. YAML folds, indents and quotes, but it
// keeps the characters that are no blanks in their order: these are followed through.
func (o *origin) position(lines []string, line, column int) (int, int) {
	source := cursor{lines: lines, line: o.node.Line - 1, column: o.node.Column - 1}
	quoted := o.node.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0
	escaped := o.node.Style&yaml.DoubleQuotedStyle != 0
	switch {
	case o.node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		source.line, source.column = source.line+1, 0 // the text begins below its | or >
	case quoted:
		source.column++
	}
	at := source
	for n, text := range strings.Split(o.node.Value, "\n") {
		for i, c := range []rune(text) {
			if !unicode.IsSpace(c) {
				if !source.find(c, escaped) {
					return at.line + 1, at.column + 1
				}
				at = source
				source.column++
			}
			if n+1 == line && i >= column && !unicode.IsSpace(c) {
				return at.line + 1, at.column + 1
			}
		}
	}
	return at.line + 1, at.column + 1 // the end: what is missing is missing there
}

// cursor is a place in the source, counted from 0.
type cursor struct {
	lines        []string
	line, column int
	runes        []rune // of the line; nil until it is read
	read         int    // the line that runes are of, plus 1
}

// find moves to the next c, over blanks and over what quoting adds.
func (s *cursor) find(c rune, escaped bool) bool {
	for ; s.line < len(s.lines); s.line, s.column = s.line+1, 0 {
		if s.read != s.line+1 {
			s.runes, s.read = []rune(s.lines[s.line]), s.line+1
		}
		for ; s.column < len(s.runes); s.column++ {
			if escaped && s.runes[s.column] == '\\' && s.column+1 < len(s.runes) {
				s.column++ // what is escaped counts, unless it stands for a blank
				if n := s.runes[s.column]; n == c && (n == '"' || n == '\\') {
					return true
				}
				continue
			}
			if s.runes[s.column] == c {
				return true
			}
		}
	}
	return false
}
