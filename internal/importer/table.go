package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
)

// column is one column that a file has or may have.
type column struct {
	name     string
	optional bool
}

// table is one file while it is read: its columns in the order of their constants,
// wherever the file has them.
type table struct {
	file     string
	columns  []column
	problems *Problems
	places   []int // of each column in the file; -1 when an optional one is missing
	width    int   // cells of the header
	cells    []cell
	line     int
	sound    bool // nothing was wrong with the line so far
	readable bool // it has the header it should have
}

// read reads the file and calls each for every line that has all its cells. Whatever is
// wrong becomes a problem; the error is about reading itself. read calls tick with the
// number of bytes read so far.
func (t *table) read(ctx context.Context, r io.Reader, tick func(int64), each func()) error {
	in := newLines(r)
	header, err := in.next()
	switch {
	case errors.Is(err, io.EOF):
		t.problem(Problem{Reason: "is empty; its first line must be the header " + t.header()})
		return nil
	case errors.Is(err, errTooLong):
		t.problem(Problem{Line: 1, Reason: "is no header: it is too long; the first line must be " + t.header()})
		return nil
	case err != nil:
		return err
	}
	if !t.readHeader(header) {
		return nil // without its header every line would be wrong
	}
	t.readable = true
	for {
		line, err := in.next()
		if errors.Is(err, io.EOF) {
			tick(in.bytes)
			return nil
		}
		t.line, t.sound = in.number, true
		if in.number%1024 == 0 {
			tick(in.bytes)
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		switch {
		case errors.Is(err, errTooLong):
			t.problem(Problem{Line: in.number, Reason: fmt.Sprintf("is longer than %d bytes", longestLine)})
		case err != nil:
			return err
		case line != "" && t.take(line):
			each()
		}
	}
}

func (t *table) readHeader(line string) bool {
	cells, bad := split(line, nil)
	if bad != nil {
		t.problem(Problem{Line: 1, Char: bad.char, Reason: bad.reason})
		return false
	}
	t.places = make([]int, len(t.columns))
	for i := range t.places {
		t.places[i] = -1
	}
	ok := true
	for place, c := range cells {
		i := slices.IndexFunc(t.columns, func(known column) bool { return known.name == c.text })
		switch {
		case i < 0:
			t.problem(Problem{Line: 1, Char: c.char, Reason: fmt.Sprintf("%s is no column of this file; its header is %s", quoted(c.text), t.header())})
			ok = false
		case t.places[i] >= 0:
			t.problem(Problem{Line: 1, Char: c.char, Column: c.text, Reason: "is there twice"})
			ok = false
		default:
			t.places[i] = place
		}
	}
	for i, c := range t.columns {
		if t.places[i] < 0 && !c.optional {
			t.problem(Problem{Line: 1, Column: c.name, Reason: "is missing; the header is " + t.header()})
			ok = false
		}
	}
	t.width = len(cells)
	return ok
}

// header is the header line that the file should have.
func (t *table) header() string {
	var names, more []string
	for _, c := range t.columns {
		if c.optional {
			more = append(more, c.name)
		} else {
			names = append(names, c.name)
		}
	}
	header := strings.Join(names, ",")
	if len(more) > 0 {
		header += " and, if you like, " + strings.Join(more, ",")
	}
	return header
}

// take splits the line and reports whether it has as many cells as the header and no
// control character.
func (t *table) take(line string) bool {
	cells, bad := split(line, t.cells)
	t.cells = cells
	switch {
	case bad != nil:
		t.problem(Problem{Line: t.line, Char: bad.char, Reason: bad.reason})
		return false
	case len(cells) != t.width:
		t.problem(Problem{Line: t.line, Reason: fmt.Sprintf("has %d columns where the header has %d", len(cells), t.width)})
		return false
	}
	for i := range t.columns {
		c, there := t.cell(i)
		if at := strings.IndexFunc(c.text, unicode.IsControl); there && at >= 0 {
			t.fail(i, "has a control character, which no value can have")
		}
	}
	return t.sound
}

// cell gives the cell of the column; an optional one may not be there.
func (t *table) cell(i int) (cell, bool) {
	if t.places[i] < 0 {
		return cell{}, false
	}
	return t.cells[t.places[i]], true
}

func (t *table) text(i int) string {
	c, _ := t.cell(i)
	return c.text
}

// char is where the column's cell begins, for problems found later.
func (t *table) char(i int) int32 {
	c, _ := t.cell(i)
	return int32(c.char)
}

// fail reports the line's cell of the column.
func (t *table) fail(i int, format string, args ...any) {
	t.failAt(t.line, int(t.char(i)), i, format, args...)
}

func (t *table) failAt(line, char, i int, format string, args ...any) {
	t.problem(Problem{Line: line, Char: char, Column: t.columns[i].name, Reason: fmt.Sprintf(format, args...)})
}

func (t *table) problem(p Problem) {
	p.File = t.file
	t.sound = false
	t.problems.add(p)
}
