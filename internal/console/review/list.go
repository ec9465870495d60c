package review

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"time"

	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/review"
)

// rowsAPage is how many cases a page of the queue has.
const rowsAPage = 25

// soon is how near a due time is that the view of what is due shows: what page.Due colours.
const soon = 4 * time.Hour

// The saved views, in the order of their tabs. They are links like any other filter, so a
// reviewer keeps a view of his own as a bookmark; nothing is kept of it here.
const (
	viewMine       = "mine"
	viewUnassigned = "unassigned"
	viewDue        = "due"
	viewWaiting    = "waiting"
	viewEscalated  = "escalated"
	viewAttention  = "attention"
	viewQuestions  = "questions"
	viewSnoozed    = "snoozed"
	viewAll        = "all"
)

var views = []string{viewMine, viewUnassigned, viewDue, viewWaiting, viewEscalated, viewAttention, viewQuestions, viewSnoozed, viewAll}

// criterion is a filter with its value.
type criterion struct{ Name, Value string }

// criteria are the filters that views are made of. A view's own always holds, whatever else
// narrows the list; whose cases are meant by the assignee depends on who looks.
var criteria = map[string]criterion{
	viewMine:       {"assignee", ""},
	viewUnassigned: {"assignee", ""},
	viewEscalated:  {"queue", review.QueueEscalation},
	viewAttention:  {"queue", review.QueueAttention},
	viewQuestions:  {"kind", string(review.KindQuestion)},
}

// filterFields are the parameters of the queue's URL that narrow or order it.
var filterFields = []string{"queue", "state", "assignee", "rule", "kind", "sort", "refund_id", "account_id"}

// list is which cases a reviewer looks at: a view, narrowed and ordered by what its URL says.
type list struct {
	View   string
	Values url.Values // of filterFields only, none empty, without the view's own criterion
	Cursor string
}

// listOf reads a list from the parameters of a URL; what it does not know it leaves out.
func listOf(q url.Values) list {
	l := list{View: viewAll, Values: url.Values{}, Cursor: q.Get("cursor")}
	if slices.Contains(views, q.Get("view")) {
		l.View = q.Get("view")
	}
	for _, name := range filterFields {
		if value := q.Get(name); value != "" && name != criteria[l.View].Name {
			l.Values.Set(name, value)
		}
	}
	return l
}

// listFrom reads a list as the pages of a case carry it: the queue's query in one parameter.
func listFrom(query string) list {
	q, err := url.ParseQuery(query)
	if err != nil {
		return listOf(nil)
	}
	return listOf(q)
}

// Query is the list as the queue's URL says it.
func (l list) Query() string {
	q := url.Values{}
	for name := range l.Values {
		q.Set(name, l.Values.Get(name))
	}
	if l.View != viewAll {
		q.Set("view", l.View)
	}
	if l.Cursor != "" {
		q.Set("cursor", l.Cursor)
	}
	return q.Encode()
}

// Path is the queue showing the list.
func (l list) Path() string {
	if q := l.Query(); q != "" {
		return "/review?" + q
	}
	return "/review"
}

// Start is the list from its first page.
func (l list) Start() list {
	l.Cursor = ""
	return l
}

// Case is the page of a case, reached from the list.
func (l list) Case(ticketID string) string { return l.At(ticketID) }

// At is an address below a case, or below all cases, that carries the list along.
func (l list) At(parts ...string) string {
	path := "/review"
	for _, part := range parts {
		path += "/" + url.PathEscape(part)
	}
	if q := l.Query(); q != "" {
		path += "?" + url.Values{"view": {q}}.Encode()
	}
	return path
}

// Filtered reports whether anything beside the view narrows the list.
func (l list) Filtered() bool {
	for name := range l.Values {
		if name != "sort" {
			return true
		}
	}
	return false
}

// ofAll reports whether the list is of closed and snoozed cases too unless it says otherwise:
// what is looked for by refund or account is often decided.
func (l list) ofAll() bool { return l.Values.Has("refund_id") || l.Values.Has("account_id") }

// form is the list's filter as the fields of a form.
func (l list) form() *page.Form {
	form := &page.Form{Values: url.Values{}}
	for name := range l.Values {
		form.Set(name, l.Values.Get(name))
	}
	return form
}

// filter is what the desk is asked for.
func (l list) filter(actor identity.Actor, now time.Time) desk.TicketFilter {
	yes := new(bool)
	*yes = true
	f := desk.TicketFilter{
		Queue: l.Values.Get("queue"), State: review.TicketState(l.Values.Get("state")), Assignee: l.Values.Get("assignee"),
		Rule: l.Values.Get("rule"), Kind: review.TicketKind(l.Values.Get("kind")), Sort: desk.TicketSort(l.Values.Get("sort")),
		RefundID: l.Values.Get("refund_id"), AccountID: l.Values.Get("account_id"),
		Paging: desk.Paging{Limit: rowsAPage, Cursor: l.Cursor},
	}
	if f.SnoozedToo = l.ofAll(); !f.SnoozedToo {
		f.State = cmp.Or(f.State, review.Open)
	}
	switch l.View {
	case viewMine:
		f.Assignee = actor.Subject
	case viewUnassigned:
		f.Unassigned = yes
	case viewDue:
		due := now.Add(soon)
		f.DueBefore = &due
	case viewWaiting:
		f.Waiting = yes
	case viewEscalated, viewAttention:
		f.Queue = criteria[l.View].Value
	case viewQuestions:
		f.Kind = review.KindQuestion
	case viewSnoozed:
		f.Snoozed = yes
	}
	return f
}

// values are the parameters of a list with one filter.
func values(name, value string) url.Values { return url.Values{name: {value}} }

// read gives a page of the list.
func (l list) read(c *page.Context) (desk.Page[desk.CaseView], error) {
	return c.Desk.Tickets(c.Ctx(), c.Actor, l.filter(c.Actor, c.Now))
}

// neighbours are the cases before and after the ticket in the list, whether or not the list
// holds it (any more); "" where it ends.
func (l list) neighbours(c *page.Context, t review.Ticket) (before, after string, err error) {
	return c.Desk.Beside(c.Ctx(), c.Actor, l.filter(c.Actor, c.Now), t)
}

// next is the case to go on with once the ticket is done: the one after it, else the list's
// first, else none. Closed ones, which some lists show, are nothing to go on with.
func (l list) next(c *page.Context, ticketID string) (string, error) {
	v, err := c.Desk.Ticket(c.Ctx(), c.Actor, ticketID)
	if err != nil {
		return "", err
	}
	l = l.Start()
	l.Values = maps.Clone(l.Values)
	l.Values.Set("state", string(review.Open))
	_, after, err := l.neighbours(c, v.Ticket)
	if err != nil || after != "" {
		return after, err
	}
	first, err := l.read(c)
	if err != nil {
		return "", err
	}
	for _, v := range first.Items {
		if v.Ticket.ID != ticketID {
			return v.Ticket.ID, nil
		}
	}
	return "", nil
}
