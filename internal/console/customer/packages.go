package customer

import (
	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
)

// packageRow is a package as the list shows it.
type packageRow struct {
	refund.Package
	Status   refund.PackageStatus
	May      refund.Eligibility
	Returns  money.Money // what a refund would bring now
	RefundID string      // of the refund that froze or ended it; empty for none
}

// packageList is the list of purchased packages.
type packageList struct {
	Rows       []packageRow
	Refundable int // of the rows
	Next       string
}

// packages is Package Management → Global SMS.
func (a *area) packages(c *page.Context) error {
	who, err := me(c)
	if err != nil {
		return err
	}
	found, err := c.Desk.Packages(c.Ctx(), who, desk.PackageFilter{AccountID: who.AccountID, Product: refund.GlobalSMS, Paging: paging(c)})
	if err != nil {
		return err
	}
	refunds, err := newestRefunds(c, who, found.Items)
	if err != nil {
		return err
	}
	l := packageList{Next: found.Next}
	for _, p := range found.Items {
		row := packageRow{Package: p.Package, Status: p.Status(c.Now), May: refund.Check(p.Standing, p.Package, c.Now), Returns: p.Quote().Amount, RefundID: refunds[p.ID]}
		if row.May.Eligible {
			l.Refundable++
		}
		l.Rows = append(l.Rows, row)
	}
	return c.Show(c.T("customer.packages.title"), packagesPage(c.View, l))
}

// remaining is what is left of the package, in words.
func remaining(v *page.View, p refund.Package) string {
	return v.T("customer.packages.left", "Left", v.Amount(p.Remaining, p.Currency), "Whole", v.Amount(p.Face, p.Currency))
}
