package audit

import (
	"net/http"

	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
)

// rowsAPage is how many refunds a page of results has.
const rowsAPage = 50

// search finds refunds by whatever is known of them. Without a criterion it lists the last
// that were filed; of an actor also what he did elsewhere.
func search(c *page.Context) error {
	a := askedIn(c.View, c.Request().URL.Query())
	if a.Form.Fault != nil {
		return c.ShowAs(http.StatusUnprocessableEntity, c.T("audit.title"), searchPage(c.View, a, nil, nil))
	}
	a.Search.Limit = rowsAPage
	found, err := c.Desk.Search(c.Ctx(), c.Actor, a.Search)
	if err != nil {
		return err
	}
	acts, err := actsOf(c, a)
	if err != nil {
		return err
	}
	return c.Show(c.T("audit.title"), searchPage(c.View, a, &found, acts))
}

// states and verdicts are the choices of the search, the first of them none.
func states(v *page.View) []page.Option {
	all := []page.Option{{Label: v.T("audit.any")}}
	for _, s := range refund.States {
		all = append(all, page.Option{Value: string(s), Label: v.Code("refund.state", string(s))})
	}
	return all
}

func verdicts(v *page.View) []page.Option {
	all := []page.Option{{Label: v.T("audit.any")}}
	for _, verdict := range []string{"approve", "review", "reject"} {
		all = append(all, page.Option{Value: verdict, Label: v.Code("verdict", verdict)})
	}
	return all
}

// count says how many were found, as far as that is known.
func count(v *page.View, found desk.Page[refund.Refund], continued bool) string {
	switch {
	case found.Next != "":
		return v.T("audit.count.more", "Count", len(found.Items))
	case continued:
		return v.T("audit.count.last", "Count", len(found.Items))
	}
	return v.T("audit.count.all", "Count", len(found.Items))
}

// roleOf names who did something: RefundDesk itself has no other name.
func roleOf(v *page.View, role identity.Role) string { return v.Code("role", string(role)) }
