package customer

import (
	"encoding/csv"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"refunddesk/internal/console/page"
	"refunddesk/internal/identity"
)

// statement is the whole statement as a file for spreadsheets, the newest line first.
func (a *area) statement(c *page.Context) error {
	who, err := me(c)
	if err != nil {
		return err
	}
	// Before the first byte: what goes wrong here is still a page.
	read, next, err := movements(c, who, "")
	if err != nil {
		return err
	}
	h := c.Writer().Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="refunddesk-statement-`+c.Now.Format(time.DateOnly)+`.csv"`)
	h.Set("Cache-Control", "no-store")
	c.Writer().WriteHeader(http.StatusOK)
	// Without the mark Excel takes UTF-8 for the machine's own encoding.
	if _, err := io.WriteString(c.Writer(), "\ufeff"); err != nil {
		return nil //nolint:nilerr // the browser is gone: there is nobody to tell
	}
	s := sheet{c: c, who: who, csv: csv.NewWriter(c.Writer()), connection: http.NewResponseController(c.Writer()), names: names{}}
	s.csv.UseCRLF = true // as RFC 4180 has it
	s.line(c.T("customer.csv.time"), c.T("customer.csv.what"), c.T("customer.csv.package"), c.T("customer.csv.package_id"), c.T("customer.csv.refund_id"), c.T("customer.csv.amount"), c.T("customer.csv.currency"), c.T("customer.csv.entry"))
	for {
		if err := s.write(read); err != nil {
			return err
		}
		if next == "" {
			return nil
		}
		if read, next, err = movements(c, who, next); err != nil {
			return err // the file breaks off, which is better than one that looks whole
		}
	}
}

// sheet writes a table for spreadsheets.
type sheet struct {
	c          *page.Context
	who        identity.Actor
	csv        *csv.Writer
	connection *http.ResponseController
	names      names
}

// write sends a part of the statement at once.
func (s *sheet) write(part []movement) error {
	var unknown []string
	for _, id := range packagesOf(part) {
		if _, ok := s.names[id]; !ok {
			unknown = append(unknown, id)
		}
	}
	found, err := namesOf(s.c, s.who, unknown)
	if err != nil {
		return err
	}
	for id, name := range found {
		s.names[id] = name
	}
	for _, m := range part {
		s.line(m.At.UTC().Format(time.RFC3339), m.what(s.c.View, s.names), s.names.of(m.PackageID), m.PackageID, m.RefundID, m.Amount.Decimal(), m.Amount.Currency, m.ID)
	}
	s.csv.Flush()
	if err := s.connection.SetWriteDeadline(time.Now().Add(writeTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return s.csv.Error()
}

func (s *sheet) line(cells ...string) {
	for i, cell := range cells {
		cells[i] = inert(cell)
	}
	_ = s.csv.Write(cells) // csv.Error tells of it
}

// plainNumber is what a spreadsheet may take for a number.
var plainNumber = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?$`)

// inert has a spreadsheet take a cell for text: what begins like a formula, after whatever
// it skips before one, begins with an apostrophe. A plain number stays a number.
func inert(cell string) string {
	if plainNumber.MatchString(cell) {
		return cell
	}
	begins := strings.TrimLeft(cell, " \u00a0\u3000\ufeff\u200b")
	if begins != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(begins)[0]) {
		return "'" + cell
	}
	return cell
}
