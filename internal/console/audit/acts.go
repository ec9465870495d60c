package audit

import (
	"refunddesk/internal/audit"
	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
)

// actsAPage is how many acts of an actor a page shows beneath the refunds.
const actsAPage = 50

// actsCursor is the parameter that the acts are paged by, apart from the refunds above them.
const actsCursor = "acts_cursor"

// actsOf are what the actor who is searched for did elsewhere than on a refund, as far as the
// page shows them; nil when nobody is searched for.
func actsOf(c *page.Context, a asked) (*desk.Page[audit.Entry], error) {
	if a.Search.Actor == "" {
		return nil, nil //nolint:nilnil // there are none, and nothing is wrong
	}
	acts, err := c.Desk.Acts(c.Ctx(), c.Actor, desk.ActSearch{
		Actor: a.Search.Actor, From: a.Search.From, To: a.Search.To, Paging: desk.Paging{Limit: actsAPage, Cursor: a.ActsCursor},
	})
	return &acts, err
}

// actsURL is this page with the acts that begin there, or the newest.
func actsURL(v *page.View, cursor string) string {
	return page.WithQuery(v.URL, actsCursor, cursor) + "#acts"
}

// objectPath is the page of what an act was about; "" when it has none, or was not there.
func objectPath(e audit.Entry) string {
	_, refused := e.Action.Refuses()
	if e.ObjectID == audit.NewID || e.ObjectID == audit.UnknownID || refused && e.ReasonCode == "not-found" {
		return ""
	}
	switch e.Object {
	case audit.ObjectPolicy:
		return page.PolicyPath(e.ObjectID)
	case audit.ObjectAccount:
		return page.AccountPath(e.ObjectID)
	case audit.ObjectPause:
		return "/pauses"
	case audit.ObjectTicket:
		return page.TicketPath(e.ObjectID)
	}
	return ""
}
