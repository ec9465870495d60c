package importer

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"refunddesk/internal/fault"
)

// longestLine is how long a line may be, in bytes. No row of an export comes near it.
const longestLine = 64 << 10

// lines reads a file line by line. CSV would allow a line break inside quotes; an export
// has none, and without them one unclosed quote spoils one line and not the rest of the
// file. That, and positions in characters, is why encoding/csv is not used.
type lines struct {
	in     *bufio.Reader
	number int   // of the line last read, from 1
	bytes  int64 // read so far
}

func newLines(r io.Reader) *lines {
	return &lines{in: bufio.NewReaderSize(r, longestLine)}
}

// errTooLong is about the line that was just read; the next one can be read.
var errTooLong = errors.New("line too long")

// next gives the next line without its end. It returns io.EOF after the last, errTooLong,
// or the reader's error.
func (l *lines) next() (string, error) {
	raw, err := l.in.ReadSlice('\n')
	l.bytes += int64(len(raw))
	if len(raw) == 0 && err != nil {
		return "", err
	}
	l.number++
	if errors.Is(err, bufio.ErrBufferFull) {
		for errors.Is(err, bufio.ErrBufferFull) {
			raw, err = l.in.ReadSlice('\n')
			l.bytes += int64(len(raw))
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		return "", errTooLong
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	if l.number == 1 {
		raw = bytes.TrimPrefix(raw, []byte("\ufeff")) // some spreadsheets write a byte order mark
	}
	raw = bytes.TrimSuffix(raw, []byte("\n"))
	raw = bytes.TrimSuffix(raw, []byte("\r"))
	return string(raw), nil
}

// cell is one value of a line and the character where it begins, from 1.
type cell struct {
	text string
	char int
}

// malformed says why a line is no CSV.
type malformed struct {
	char   int
	reason string
}

// split takes a line apart into cells, reusing the slice. A quoted cell may hold commas
// and doubled quotes.
func split(line string, cells []cell) ([]cell, *malformed) {
	cells = cells[:0]
	if !utf8.ValidString(line) {
		return cells, &malformed{invalidAt(line), "is not UTF-8; save the file with that encoding"}
	}
	char := 1
	for {
		text, rest, width, bad := nextCell(line, char)
		if bad != nil {
			return cells, bad
		}
		cells = append(cells, cell{text: text, char: char})
		if rest == "" {
			return cells, nil
		}
		line = rest[1:] // the comma
		char += width + 1
	}
}

// nextCell reads the first cell of the line, which begins at the character char of the
// whole line. The rest begins with a comma or is empty; width is in characters.
func nextCell(line string, char int) (text, rest string, width int, bad *malformed) {
	if !strings.HasPrefix(line, `"`) {
		end := strings.IndexByte(line, ',')
		if end < 0 {
			end = len(line)
		}
		text = line[:end]
		if at := strings.IndexByte(text, '"'); at >= 0 {
			return "", "", 0, &malformed{char + utf8.RuneCountInString(text[:at]), `has a quote inside a value; put the whole value in quotes and double the quote: "a ""b"" c"`}
		}
		return text, line[end:], utf8.RuneCountInString(text), nil
	}
	for at := 1; ; {
		next := strings.IndexByte(line[at:], '"')
		if next < 0 {
			return "", "", 0, &malformed{char, "opens a quote that is not closed on this line"}
		}
		at += next + 1
		if strings.HasPrefix(line[at:], `"`) { // doubled: a quote of the value
			at++
			continue
		}
		width = utf8.RuneCountInString(line[:at])
		if at < len(line) && line[at] != ',' {
			return "", "", 0, &malformed{char + width, "has something between a closing quote and the comma"}
		}
		return strings.ReplaceAll(line[1:at-1], `""`, `"`), line[at:], width, nil
	}
}

// invalidAt is the character at which the line stops being UTF-8, from 1.
func invalidAt(line string) int {
	char := 1
	for line != "" {
		r, size := utf8.DecodeRuneInString(line)
		if r == utf8.RuneError && size == 1 {
			break
		}
		line = line[size:]
		char++
	}
	return char
}

// quoted is a cell in a message, and not the page that somebody put into it.
func quoted(s string) string { return strconv.Quote(fault.Clip(s, 40)) }
