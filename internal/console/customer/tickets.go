package customer

import (
	"net/url"

	"github.com/a-h/templ"

	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// ticketList is the customer's questions, and the cases of his refunds.
type ticketList struct {
	Rows  []review.Ticket
	Names names
	State review.TicketState // filtered by; empty for all
	Next  string
}

func (a *area) tickets(c *page.Context) error {
	who, err := me(c)
	if err != nil {
		return err
	}
	l := ticketList{State: review.TicketState(c.Query("state"))}
	if l.State != review.Open && l.State != review.Closed {
		l.State = "" // an old link: all of them is more use than an error
	}
	found, err := c.Desk.Tickets(c.Ctx(), who, desk.TicketFilter{AccountID: who.AccountID, State: l.State, Sort: desk.SortNewest, Paging: paging(c)})
	if err != nil {
		return err
	}
	var ids []string
	for _, v := range found.Items {
		l.Rows = append(l.Rows, v.Ticket)
		if v.Ticket.Kind == review.KindRefund {
			ids = append(ids, v.Ticket.PackageID)
		}
	}
	l.Next = found.Next
	if l.Names, err = namesOf(c, who, ids); err != nil {
		return err
	}
	return c.Show(c.T("customer.tickets.title"), ticketsPage(c.View, l))
}

// subjectOf is what a ticket is called.
func subjectOf(v *page.View, t review.Ticket, n names) string {
	if t.Kind == review.KindRefund {
		return v.T("customer.ticket.case", "Name", n.of(t.PackageID))
	}
	return t.Subject
}

// newTicket is the form of a question; what it is about may be in the URL.
func (a *area) newTicket(c *page.Context) error {
	who, err := me(c)
	if err != nil {
		return err
	}
	f := &page.Form{Values: url.Values{"package_id": {c.Query("package_id")}, "refund_id": {c.Query("refund_id")}}}
	about, err := aboutOf(c, who, f)
	if err != nil {
		return err
	}
	return c.Show(c.T("customer.ask.title"), askPage(c.View, about, f))
}

// about are the things that a question can be about, to choose from.
type about struct{ Packages, Refunds []page.Option }

func aboutOf(c *page.Context, who identity.Actor, f *page.Form) (about, error) {
	nothing := page.Option{Label: c.T("customer.ask.nothing")}
	a := about{Packages: []page.Option{nothing}, Refunds: []page.Option{nothing}}
	packages, err := c.Desk.Packages(c.Ctx(), who, desk.PackageFilter{AccountID: who.AccountID, Paging: desk.Paging{Limit: mostAtOnce}})
	if err != nil {
		return a, err
	}
	known := names{}
	for _, p := range packages.Items {
		known[p.ID] = p.Name
		a.Packages = append(a.Packages, packageOption(c.View, p.Package))
	}
	refunds, err := c.Desk.Refunds(c.Ctx(), who, desk.RefundFilter{AccountID: who.AccountID, Paging: desk.Paging{Limit: mostAtOnce}})
	if err != nil {
		return a, err
	}
	for _, r := range refunds.Items {
		a.Refunds = append(a.Refunds, refundOption(c.View, r, known))
	}
	return a, a.add(c, who, f, known)
}

// add makes sure that what the form names can be chosen, however old it is. What is not the
// customer's is left out.
func (a *about) add(c *page.Context, who identity.Actor, f *page.Form, known names) error {
	if id := f.Get("package_id"); id != "" && !offers(a.Packages, id) {
		if p, err := c.Desk.Package(c.Ctx(), who, id); err == nil {
			a.Packages = append(a.Packages, packageOption(c.View, p.Package))
		}
	}
	if id := f.Get("refund_id"); id != "" && !offers(a.Refunds, id) {
		if r, err := c.Desk.Refund(c.Ctx(), who, id); err == nil {
			a.Refunds = append(a.Refunds, refundOption(c.View, r.Refund, known))
		}
	}
	return c.Ctx().Err()
}

func offers(options []page.Option, value string) bool {
	for _, o := range options {
		if o.Value == value {
			return true
		}
	}
	return false
}

func packageOption(v *page.View, p refund.Package) page.Option {
	return page.Option{Value: p.ID, Label: v.T("customer.ask.package.option", "Name", p.Name, "Day", v.Day(p.PurchasedAt), "ID", p.ID)}
}

func refundOption(v *page.View, r refund.Refund, n names) page.Option {
	return page.Option{Value: r.ID, Label: v.T("customer.ask.refund.option", "Name", n.of(r.PackageID), "Day", v.Day(r.CreatedAt), "State", v.Code("customer.state", string(r.State)))}
}

// ask submits a ticket.
func (a *area) ask(c *page.Context) error {
	who, err := me(c)
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	opened, err := c.Desk.Ask(c.Ctx(), who, desk.Question{
		Subject: f.Get("subject"), Body: f.Get("body"), PackageID: f.Get("package_id"), RefundID: f.Get("refund_id"), Key: f.SentKey(),
	})
	if err == nil {
		return c.See("/tickets/"+opened.Ticket.ID, "ticket-submitted")
	}
	about, readErr := aboutOf(c, who, f)
	if readErr != nil {
		return page.Graver(err, readErr)
	}
	return c.Again(err, c.T("customer.ask.title"), func(f *page.Form) templ.Component { return askPage(c.View, about, f) })
}

// ticketView is a ticket with what was said on it.
type ticketView struct {
	review.Ticket
	Title    string
	Package  string // name of the package that it is about; empty for none
	Messages []review.Message
}

func ticketOf(c *page.Context, who identity.Actor, id string) (ticketView, error) {
	v, err := c.Desk.Ticket(c.Ctx(), who, id)
	if err != nil {
		return ticketView{}, err
	}
	t := ticketView{Ticket: v.Ticket, Messages: publicOnly(v.Messages)}
	known := names{}
	if t.PackageID != "" {
		if known, err = namesOf(c, who, []string{t.PackageID}); err != nil {
			return ticketView{}, err
		}
		t.Package = known.of(t.PackageID)
	}
	t.Title = subjectOf(c.View, t.Ticket, known)
	return t, nil
}

func (a *area) ticket(c *page.Context) error {
	who, err := me(c)
	if err != nil {
		return err
	}
	t, err := ticketOf(c, who, c.Param("id"))
	if err != nil {
		return err
	}
	return c.Show(t.Title, ticketPage(c.View, t, &page.Form{Values: url.Values{}}))
}

// say adds a message of the customer's to a ticket.
func (a *area) say(c *page.Context) error {
	who, err := me(c)
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	id := c.Param("id")
	if _, err = c.Desk.SayOnce(c.Ctx(), who, id, review.Public, f.Get("body"), f.SentKey()); err == nil {
		return c.See("/tickets/"+id, "message-sent")
	}
	t, readErr := ticketOf(c, who, id)
	if readErr != nil {
		return page.Graver(err, readErr)
	}
	return c.Again(err, t.Title, func(f *page.Form) templ.Component { return ticketPage(c.View, t, f) })
}

// turnOf says who moves next on a ticket.
func turnOf(v *page.View, t review.Ticket) string {
	switch {
	case t.State == review.Closed:
		return v.T("customer.ticket.turn.closed")
	case t.Waiting():
		return v.T("customer.ticket.turn.you")
	}
	return v.T("customer.ticket.turn.us")
}

// ticketStates are the choices of the filter.
func ticketStates(v *page.View) []page.Option {
	options := []page.Option{{Label: v.T("customer.tickets.all")}}
	for _, s := range []review.TicketState{review.Open, review.Closed} {
		options = append(options, page.Option{Value: string(s), Label: v.Code("ticket.state", string(s))})
	}
	return options
}
