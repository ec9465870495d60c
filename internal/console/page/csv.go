package page

import (
	"encoding/csv"
	"mime"
	"net/http"
	"strings"
	"time"

	"refunddesk/internal/fault"
)

// CSVWriter is a download of rows that a spreadsheet opens without carrying anything out.
type CSVWriter struct {
	c       *Context
	csv     *csv.Writer
	pending int
}

// flushEvery is how many rows are written before they are sent on.
const flushEvery = 200

// downloadLimit is how long a download may take from one batch of rows to the next.
const downloadLimit = 30 * time.Second

// CSV begins a download. Whatever can go wrong must have gone wrong before: from here on the
// answer is on its way. Rows are sent on as they come; Close sends the last.
func CSV(c *Context, filename string) *CSVWriter {
	Download(c, "text/csv; charset=utf-8", filename)
	w := &CSVWriter{c: c, csv: csv.NewWriter(c.Writer())}
	w.csv.UseCRLF = true // RFC 4180, and what spreadsheets write
	// Without the mark some spreadsheets take UTF-8 for something else.
	_, _ = c.Writer().WriteString("\uFEFF")
	return w
}

// Download says that what follows is a file of the type, for the reader to keep.
func Download(c *Context, contentType, filename string) {
	h := c.Writer().Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": filename}))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	c.Writer().WriteHeader(http.StatusOK)
	c.Writer().WriteHeaderNow()
}

// BreakOff cuts the connection of a download that cannot be finished: a file that ends early
// without a word would be taken for the whole. It does not return.
func BreakOff(c *Context, err error) {
	c.logFailure(fault.From(err))
	panic(http.ErrAbortHandler)
}

// Write adds a row, every cell of it inert.
func (w *CSVWriter) Write(cells ...string) error {
	row := make([]string, len(cells))
	for i, cell := range cells {
		row[i] = InertCell(cell)
	}
	if err := w.csv.Write(row); err != nil {
		return err
	}
	if w.pending++; w.pending >= flushEvery {
		return w.flush()
	}
	return nil
}

// Close sends what is left. A download that broke off is the browser's to notice.
func (w *CSVWriter) Close() error { return w.flush() }

func (w *CSVWriter) flush() error {
	w.pending = 0
	w.csv.Flush()
	if err := w.csv.Error(); err != nil {
		return err
	}
	Flush(w.c)
	return w.c.Ctx().Err()
}

// Flush sends on what was written so far of a download, and gives the next part its time: a
// long download is not cut off while it goes on.
func Flush(c *Context) {
	control := http.NewResponseController(c.Writer())
	_ = control.SetWriteDeadline(time.Now().Add(downloadLimit)) // a recorder of tests has none
	c.Writer().Flush()
}

// InertCell is the text as a spreadsheet shows it and never works it out: one that could
// begin a formula gets an apostrophe before it, which spreadsheets take for "this is text".
// Numbers with a sign are numbers, and stay so.
//
// The same is done within the text after what could begin a cell of its own: line breaks and
// tabs, and the semicolon, which is what separates cells wherever a comma is in decimals.
func InertCell(text string) string {
	var out strings.Builder
	if text != "" && strings.ContainsAny(text[:1], "\t\r\n") {
		out.WriteByte('\'')
	}
	for text != "" {
		part, rest := text, ""
		if end := strings.IndexAny(text, ";\t\r\n"); end >= 0 {
			part, rest = text[:end+1], text[end+1:]
		}
		if beginsFormula(strings.TrimRight(part, ";\t\r\n")) {
			out.WriteByte('\'')
		}
		out.WriteString(part)
		text = rest
	}
	return out.String()
}

// beginsFormula reports whether a spreadsheet could work the text out. They skip what they
// take for blank, and full-width forms of the signs work too.
func beginsFormula(text string) bool {
	first, _ := firstRune(strings.TrimLeftFunc(text, skippedBySpreadsheets))
	return strings.ContainsRune("=+-@＝＋－＠|%", first) && !isNumber(text)
}

func firstRune(s string) (rune, bool) {
	for _, r := range s {
		return r, true
	}
	return 0, false
}

func skippedBySpreadsheets(r rune) bool {
	return r <= ' ' || r == 0x7f || r == '\u00a0' || r == '\u3000' || r == '\ufeff' || r == '\u200b' || r == '"' || r == '\''
}

// isNumber reports whether the text is a decimal number and nothing else.
func isNumber(s string) bool {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	whole, fraction, hasFraction := strings.Cut(s, ".")
	return digits(whole) && (!hasFraction || digits(fraction))
}

func digits(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return s != ""
}
