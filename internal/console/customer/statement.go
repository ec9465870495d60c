package customer

import (
	"maps"
	"time"

	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
)

// statement is the whole statement as a file for spreadsheets, the newest line first.
func (a *area) statement(c *page.Context) error {
	who, err := me(c)
	if err != nil {
		return err
	}
	// Before the first byte: what goes wrong here is still a page.
	s := sheet{c: c, who: who, names: names{}}
	rows, next, err := s.read("")
	if err != nil {
		return err
	}
	w := page.CSV(c, "refunddesk-statement-"+c.Now.Format(time.DateOnly)+".csv")
	if err := w.Write(c.T("customer.csv.time"), c.T("customer.csv.what"), c.T("customer.csv.package"), c.T("customer.csv.package_id"), c.T("customer.csv.refund_id"), c.T("customer.csv.amount"), c.T("customer.csv.currency"), c.T("customer.csv.entry")); err != nil {
		page.BreakOff(c, err)
	}
	for {
		for _, row := range rows {
			if err := w.Write(row...); err != nil {
				page.BreakOff(c, err)
			}
		}
		if next == "" {
			break
		}
		if rows, next, err = s.read(next); err != nil {
			page.BreakOff(c, err)
		}
	}
	if err := w.Close(); err != nil {
		page.BreakOff(c, err)
	}
	return nil
}

// sheet reads the statement as rows of a table.
type sheet struct {
	c     *page.Context
	who   identity.Actor
	names names
}

// read gives the next rows.
func (s *sheet) read(cursor string) (rows [][]string, next string, err error) {
	defer s.c.Limited()()
	part, next, err := movements(s.c, s.who, desk.Paging{Limit: mostAtOnce, Cursor: cursor})
	if err != nil {
		return nil, "", err
	}
	var unknown []string
	for _, id := range packagesOf(part) {
		if _, ok := s.names[id]; !ok {
			unknown = append(unknown, id)
		}
	}
	found, err := namesOf(s.c, s.who, unknown)
	if err != nil {
		return nil, "", err
	}
	maps.Copy(s.names, found)
	for _, m := range part {
		rows = append(rows, []string{
			m.At.UTC().Format(time.RFC3339), m.what(s.c.View, s.names), s.names.of(m.PackageID), m.PackageID, m.RefundID,
			m.Amount.Decimal(), m.Amount.Currency, m.ID,
		})
	}
	return rows, next, nil
}
