package customer

import (
	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
	"refunddesk/internal/refund"
)

// refundList is the customer's refunds.
type refundList struct {
	Rows  []refund.Refund
	Names names
	State refund.State // filtered by; empty for all
	Next  string
}

func (a *area) refunds(c *page.Context) error {
	who, err := me(c)
	if err != nil {
		return err
	}
	l := refundList{State: refund.State(c.Query("state"))}
	if l.State != "" && !l.State.Known() {
		l.State = "" // an old link: all of them is more use than an error
	}
	found, err := c.Desk.Refunds(c.Ctx(), who, desk.RefundFilter{AccountID: who.AccountID, State: l.State, Paging: paging(c)})
	if err != nil {
		return err
	}
	var ids []string
	for _, r := range found.Items {
		ids = append(ids, r.PackageID)
	}
	l.Rows, l.Next = found.Items, found.Next
	if l.Names, err = namesOf(c, who, ids); err != nil {
		return err
	}
	return c.Show(c.T("customer.refunds.title"), refundsPage(c.View, l))
}

// stateOptions are the choices of the filter.
func stateOptions(v *page.View) []page.Option {
	options := []page.Option{{Label: v.T("customer.refunds.all")}}
	for _, s := range refund.States {
		options = append(options, page.Option{Value: string(s), Label: v.Code("customer.state", string(s))})
	}
	return options
}
