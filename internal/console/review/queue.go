package review

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// queuePage is what the page of the queue shows.
type queuePage struct {
	List     list
	Filter   *page.Form // what narrows the list, and what is wrong with it
	Bulk     *page.Form // what was to be done to the chosen cases, when it was refused
	Rows     []row
	Next     string
	Strip    strip
	Acts     bool // whether the reader works on cases
	Select   bool // whether every row is chosen
	Missing  string
	Caseless bool // that has no case, though there is such a refund
}

// row is a case of the list.
type row struct {
	desk.CaseView
	Package string
	Href    string
	Why     string // the heaviest rule's reason, or the customer's own subject
	Rule    string
}

// strip are the numbers of the whole desk.
type strip struct {
	Open, Unassigned, Overdue int64
	Oldest                    time.Duration
}

func (p *pages) queue(c *page.Context) error {
	var caseless bool
	if q := c.Query("q"); q != "" {
		found, err := find(c, q)
		if err != nil {
			return err
		}
		if found.Path != "" {
			return c.See(found.Path, "")
		}
		caseless = found.Caseless
	}
	l := listOf(c.Request().URL.Query())
	form := l.form()
	form.Set("q", c.Query("q"))
	shown, err := p.queueOf(c, l, form)
	if err == nil {
		shown.Caseless = caseless
		return c.Show(c.T("review.title"), queueBody(c.View, shown))
	}
	// A filter that cannot be is said beside its field, or above all of them, with nothing found.
	f := fault.From(err)
	if f.Kind != fault.Unprocessable && f.Kind != fault.Malformed {
		return err
	}
	form.Fault = page.InWords(c.View, f)
	return c.ShowAs(page.StatusOf(f.Kind), c.T("review.title"), queueBody(c.View, shown))
}

// queueOf reads what the page of the list shows.
func (p *pages) queueOf(c *page.Context, l list, form *page.Form) (queuePage, error) {
	shown := queuePage{List: l, Filter: form, Acts: c.Actor.Decides(), Select: c.Query("select") == "all", Missing: form.Get("q")}
	var err error
	if shown.Strip, err = stripOf(c); err != nil {
		return shown, err
	}
	found, err := l.read(c)
	if err != nil {
		return shown, err
	}
	shown.Next = found.Next
	ids := make([]string, len(found.Items))
	for i, v := range found.Items {
		ids[i] = v.Ticket.PackageID
	}
	bought, err := p.packages.Of(c, ids...)
	if err != nil {
		return shown, err
	}
	for _, v := range found.Items {
		r := row{CaseView: v, Href: l.Case(v.Ticket.ID), Package: bought[v.Ticket.PackageID]}
		r.Why, r.Rule = why(v.Ticket)
		shown.Rows = append(shown.Rows, r)
	}
	return shown, nil
}

// stripOf reads the numbers of the desk. They are those of now; how fast decisions were is not
// shown here, and a short time spares the desk the reading of them.
func stripOf(c *page.Context) (strip, error) {
	var s strip
	figures, err := c.Desk.Figures(c.Ctx(), c.Actor, c.Now.Add(-time.Minute))
	if err != nil {
		return s, err
	}
	for _, q := range figures.Queues {
		s.Open += q.Open
		s.Unassigned += q.Unassigned
		s.Overdue += q.Overdue
		s.Oldest = max(s.Oldest, q.Oldest)
	}
	return s, nil
}

// why is the reason of the heaviest rule that flagged the case, with the rule's id; of a
// question its subject.
func why(t review.Ticket) (reason, rule string) {
	if t.Kind == review.KindQuestion || len(t.Matches) == 0 {
		return t.Subject, ""
	}
	heaviest := slices.MaxFunc(t.Matches, func(a, b review.Match) int { return cmp.Compare(a.Weight, b.Weight) })
	return cmp.Or(heaviest.Reason, heaviest.Rule), heaviest.Rule
}

// finding is where an id leads. Without a path there is nothing for the reader, or what has
// the id never needed a reviewer.
type finding struct {
	Path     string
	Caseless bool
}

// find gives the page of what has the id: a case, the newest case of a refund or of a
// package's refund, or the list of an account's cases.
func find(c *page.Context, id string) (finding, error) {
	missing := func(err error) bool { return err != nil && fault.IsAnswer(err) }
	id = strings.TrimPrefix(id, "refund/") // a workflow's
	v, err := c.Desk.Ticket(c.Ctx(), c.Actor, id)
	if !missing(err) {
		return finding{Path: listOf(nil).Case(v.Ticket.ID)}, err
	}
	if strings.ContainsAny(id, " \t\n") {
		return finding{}, nil
	}
	asked, err := c.Desk.Refund(c.Ctx(), c.Actor, id)
	if missing(err) {
		var ofPackage desk.Page[refund.Refund]
		ofPackage, err = c.Desk.Refunds(c.Ctx(), c.Actor, desk.RefundFilter{PackageID: id, Paging: desk.Paging{Limit: 1}})
		if len(ofPackage.Items) > 0 {
			asked.Refund = ofPackage.Items[0]
		}
	}
	if err != nil && !missing(err) {
		return finding{}, err
	}
	if asked.ID != "" {
		cases, err := c.Desk.Tickets(c.Ctx(), c.Actor, desk.TicketFilter{RefundID: asked.ID, Sort: desk.SortNewest, Paging: desk.Paging{Limit: 1}})
		if len(cases.Items) > 0 {
			return finding{Path: listOf(nil).Case(cases.Items[0].Ticket.ID)}, nil
		}
		return finding{Caseless: true}, err
	}
	account, err := c.Desk.Account(c.Ctx(), c.Actor, id)
	if missing(err) {
		return finding{}, nil
	}
	return finding{Path: listOf(url.Values{"account_id": {account.ID}}).Path()}, err
}

// assignAll gives the chosen cases to somebody.
func (p *pages) assignAll(c *page.Context) error {
	form, err := c.Form()
	if err != nil {
		return err
	}
	l := listFrom(c.Query("view"))
	assigned, err := c.Desk.AssignAll(c.Ctx(), c.Actor, form.Values["ticket_ids"], form.Get("assignee"))
	if err != nil {
		return p.queueAgain(c, l, err)
	}
	return c.See(l.Path(), doneCount("review-assigned", assigned))
}

// doneCount is the word of what was done to one or to several.
func doneCount(done string, n int) string {
	if n == 1 {
		return done
	}
	return done + "-several"
}

// claimAll claims the chosen cases for the reader, and leaves to others what they hold.
func (p *pages) claimAll(c *page.Context) error {
	form, err := c.Form()
	if err != nil {
		return err
	}
	l := listFrom(c.Query("view"))
	ids := slices.Compact(slices.Sorted(slices.Values(form.Values["ticket_ids"])))
	if len(ids) == 0 || len(ids) > desk.MostAssigned {
		return p.queueAgain(c, l, c.Refused(fault.InvalidField("ticket_ids", "names 1 to %d tickets", desk.MostAssigned)))
	}
	claimed := 0
	var left error
	for _, id := range ids {
		_, err := c.Desk.Claim(c.Ctx(), c.Actor, id)
		switch {
		case err == nil:
			claimed++
		case fault.IsAnswer(err):
			left = err // the others are claimed all the same
		default:
			return err
		}
	}
	switch {
	case left == nil:
		return c.See(l.Path(), doneCount("review-claimed", claimed))
	case claimed == 0:
		return p.queueAgain(c, l, left)
	}
	return c.See(l.Path(), "review-claimed-some")
}

// queueAgain shows the list again with what was chosen and why nothing was done.
func (p *pages) queueAgain(c *page.Context, l list, err error) error {
	shown, readErr := p.queueOf(c, l, l.form())
	if readErr != nil {
		return page.Graver(err, readErr)
	}
	return c.Again(err, c.T("review.title"), func(f *page.Form) templ.Component {
		shown.Bulk = f
		return queueBody(c.View, shown)
	})
}

// chosen reports whether the case is to be worked on with the others.
func (q queuePage) chosen(ticketID string) bool {
	return q.Select || q.Bulk != nil && slices.Contains(q.Bulk.Values["ticket_ids"], ticketID)
}

// emptyKind is which of the three empty lists it is: nothing matches, all is done, or there
// is none of that kind.
func (q queuePage) emptyKind() string {
	switch {
	case q.Missing != "" || q.List.Filtered() || q.List.Cursor != "":
		return "filtered"
	case slices.Contains([]string{viewMine, viewUnassigned, viewDue, viewAll}, q.List.View):
		return "done"
	}
	return "first"
}

// stateOptions are the states of cases; none chosen is what the list is of by itself.
func stateOptions(v *page.View, l list) []page.Option {
	if l.ofAll() {
		return choices(v, v.T("review.filter.any"), "ticket.state", review.Open, review.Closed)
	}
	return choices(v, v.T("ticket.state.open"), "ticket.state", review.Closed)
}

// sortOptions are the orders; none chosen is what is due first.
func sortOptions(v *page.View) []page.Option {
	return []page.Option{
		{Label: v.T("review.sort.due")},
		{Value: string(desk.SortPriority), Label: v.T("review.sort.priority")},
		{Value: string(desk.SortNewest), Label: v.T("review.sort.newest")},
	}
}

// currentIf marks the link of what is shown.
func currentIf(is bool) templ.Attributes {
	if is {
		return templ.Attributes{"aria-current": "page"}
	}
	return nil
}

// bulkText is why nothing was done to the chosen cases; that none was chosen no field can say.
func bulkText(v *page.View, f *page.Form, t *fault.Error) string {
	return cmp.Or(f.Problem("ticket_ids"), faultText(v, t))
}

// numberOf writes a count.
func numberOf(n int64) string { return strconv.FormatInt(n, 10) }
