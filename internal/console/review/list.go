package review

import (
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

// filterFields are the parameters of the queue's URL that narrow or order it.
var filterFields = []string{"queue", "state", "assignee", "rule", "kind", "sort", "refund_id", "account_id"}

// list is which cases a reviewer looks at: a view, narrowed and ordered by what its URL says.
type list struct {
	View   string
	Values url.Values // of filterFields only, none empty
	Cursor string
}

// listOf reads a list from the parameters of a URL; what it does not know it leaves out.
func listOf(q url.Values) list {
	l := list{View: viewAll, Values: url.Values{}, Cursor: q.Get("cursor")}
	if slices.Contains(views, q.Get("view")) {
		l.View = q.Get("view")
	}
	for _, name := range filterFields {
		if value := q.Get(name); value != "" {
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
func (l list) Case(ticketID string) string {
	path := "/review/" + url.PathEscape(ticketID)
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

// ofAll reports whether the list is of closed cases too unless its state says otherwise: what
// is looked for by refund or account is often decided.
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
func (l list) filter(actor identity.Actor) desk.TicketFilter {
	yes, no := new(bool), new(bool)
	*yes = true
	f := desk.TicketFilter{
		Queue: l.Values.Get("queue"), State: review.TicketState(l.Values.Get("state")), Assignee: l.Values.Get("assignee"),
		Rule: l.Values.Get("rule"), Kind: review.TicketKind(l.Values.Get("kind")), Sort: desk.TicketSort(l.Values.Get("sort")),
		RefundID: l.Values.Get("refund_id"), AccountID: l.Values.Get("account_id"),
		Paging: desk.Paging{Limit: rowsAPage, Cursor: l.Cursor},
	}
	if !l.ofAll() && f.State == "" {
		f.State = review.Open
	}
	switch l.View {
	case viewMine:
		if f.Assignee == "" {
			f.Assignee = actor.Subject
		}
	case viewUnassigned:
		f.Unassigned = yes
	case viewDue:
		f.Sort, f.Waiting = desk.SortDue, no
	case viewWaiting:
		f.Waiting = yes
	case viewEscalated:
		f.Queue = or(f.Queue, review.QueueEscalation)
	case viewAttention:
		f.Queue = or(f.Queue, review.QueueAttention)
	case viewQuestions:
		f.Kind = review.TicketKind(or(string(f.Kind), string(review.KindQuestion)))
	case viewSnoozed:
		f.Snoozed = yes
	}
	return f
}

// values are the parameters of a list with one filter.
func values(name, value string) url.Values { return url.Values{name: {value}} }

// or is the first that is not empty.
func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// read gives a page of the list.
func (l list) read(c *page.Context) (desk.Page[desk.CaseView], error) {
	found, err := c.Desk.Tickets(c.Ctx(), c.Actor, l.filter(c.Actor))
	if err != nil || l.View != viewDue {
		return found, err
	}
	// What is due first comes first: behind the first that is due later there is nothing sooner.
	for i, v := range found.Items {
		if v.Ticket.DueAt.After(c.Now.Add(soon)) {
			return desk.Page[desk.CaseView]{Items: found.Items[:i]}, nil
		}
	}
	return found, nil
}

// neighbours are the cases before and after the ticket in the list. When the list does not
// hold the ticket (any more), after is the list's first.
func (l list) neighbours(c *page.Context, ticketID string) (before, after string, err error) {
	found, err := l.read(c)
	if err != nil {
		return "", "", err
	}
	ids := make([]string, len(found.Items))
	for i, v := range found.Items {
		ids[i] = v.Ticket.ID
	}
	at := slices.Index(ids, ticketID)
	switch {
	case at < 0 && len(ids) > 0:
		return "", ids[0], nil
	case at < 0:
		return "", "", nil
	case at > 0:
		before = ids[at-1]
	}
	if at+1 < len(ids) {
		return before, ids[at+1], nil
	}
	if found.Next == "" {
		return before, "", nil
	}
	l.Cursor = found.Next
	more, err := l.read(c)
	if err != nil || len(more.Items) == 0 {
		return before, "", err
	}
	return before, more.Items[0].Ticket.ID, nil
}

// next is the case to go on with once the ticket is done: the one after it, else the list's
// first, else none. Closed ones, which some lists show, are nothing to go on with.
func (l list) next(c *page.Context, ticketID string) (string, error) {
	l.Values = maps.Clone(l.Values)
	l.Values.Set("state", string(review.Open))
	_, after, err := l.neighbours(c, ticketID)
	if err != nil || after != "" && after != ticketID {
		return after, err
	}
	first, err := l.Start().read(c)
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
