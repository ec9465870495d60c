package audit

import (
	"cmp"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"refunddesk/internal/audit"
	"refunddesk/internal/console/chart"
	"refunddesk/internal/console/page"
	"refunddesk/internal/identity"
)

// history shows everything that there is about a refund.
func history(c *page.Context) error {
	d, err := read(c, c.Param("id"))
	if err != nil {
		return err
	}
	source := c.Query("source")
	if source != sourceAudit && source != sourceEngine {
		source = ""
	}
	from, err := strconv.Atoi(c.Query("from"))
	if err != nil {
		from = 0 // an address that somebody typed: its beginning is more use than an error
	}
	return c.Show(c.T("audit.refund.title"), refundPage(c.View, d, d.partOf(source, from)))
}

// axis is the history as a picture: the record's entries and the workflow's events on one
// axis of time. Each mark leads to its row. Of a long history it draws what the page shows.
func axis(v *page.View, d dossier, p part) templ.Component {
	items := d.from("")
	if len(items) > momentsAPage {
		items = p.Items
	}
	if len(items) == 0 {
		return templ.NopComponent
	}
	lanes := []chart.Lane{{Label: v.T("audit.source.audit")}, {Label: v.T("audit.source.engine")}}
	for _, h := range items {
		mark := chart.Mark{At: h.At, Size: 0.25, Class: "plain", Text: what(v, h)}
		if p.Source == "" || p.Source == h.source() {
			mark.Href = "#" + rowID(h)
		}
		lane := &lanes[1]
		if h.Entry != nil {
			lane = &lanes[0]
			mark.Class, mark.Size = entryClass(*h.Entry), 0.35
		}
		lane.Marks = append(lane.Marks, mark)
	}
	if d.events() == 0 {
		lanes = lanes[:1]
	}
	first, last := items[0].At, items[len(items)-1].At
	margin := max(10*time.Millisecond, last.Sub(first)/20) // most refunds are over in a moment
	return chart.Axis(v, v.T("audit.axis"), first.Add(-margin), last.Add(margin), lanes)
}

// entryClass colours what moved the refund by where it went; refusals stand out, too.
func entryClass(e audit.Entry) string {
	if _, refused := e.Action.Refuses(); refused {
		return "heed"
	}
	if e.Object == audit.ObjectRefund && e.NewState != "" && e.NewState != e.OldState {
		return "state-" + e.NewState
	}
	return ""
}

// what says in a few words what happened.
func what(v *page.View, h happened) string {
	if h.Event != nil {
		return cmp.Or(eventSaid(v, *h.Event), h.Event.Type)
	}
	return v.Code("audit.action", string(h.Entry.Action))
}

// who did it, and in which role; the engine has neither.
func who(v *page.View, e audit.Entry) (subject, role string) {
	if e.Role == identity.System {
		return "", roleOf(v, e.Role)
	}
	return e.Actor, roleOf(v, e.Role)
}

// stateGroup are the words for the states of what the entry is about; "" when what it notes as
// states has none: who holds a ticket, or until when it sleeps.
func stateGroup(e audit.Entry) string {
	switch e.Action {
	case audit.Decided:
		return "vote"
	case audit.DisputeChanged:
		return "dispute"
	case audit.TicketEscalated:
		return "ticket.queue"
	case audit.TicketClaimed, audit.TicketReleased, audit.TicketAssigned, audit.TicketSnoozed:
		return ""
	}
	switch e.Object {
	case audit.ObjectRefund:
		return "refund.state"
	case audit.ObjectAccount:
		return "standing"
	case audit.ObjectPackage:
		return "package.status"
	case audit.ObjectPolicy:
		return "policy.state"
	case audit.ObjectTicket:
		return "ticket.state"
	}
	return ""
}

// stateWords are the words of a state of what the entry is about; "" for one that has none and
// is shown as it is, to the letter.
func stateWords(v *page.View, e audit.Entry, state string) string {
	if state == "" {
		return v.T("audit.none")
	}
	if key := stateGroup(e) + "." + state; v.Has(key) {
		return v.T(key)
	}
	return ""
}

// snoozedUntil is the time that an entry notes as a state.
func snoozedUntil(e audit.Entry, state string) (time.Time, bool) {
	if e.Action != audit.TicketSnoozed {
		return time.Time{}, false
	}
	at, err := time.Parse(time.RFC3339, state)
	return at, err == nil
}

// reasonGroup are the words for reasons by what was done for them; what was refused has the
// code of the answer.
func reasonGroup(a audit.Action) string {
	switch a {
	case audit.Filed:
		return "refund.reason"
	case audit.Decided:
		return "decision.reason"
	case audit.Held, audit.Released:
		return "hold.cause"
	case audit.NoticeRetried:
		return "notice.event"
	case audit.MessageSent:
		return "message.visibility"
	}
	return "refund.outcome"
}

// reasonWords are the words of an entry's reason; "" for a code that has none and is shown as
// it is.
func reasonWords(v *page.View, e audit.Entry) string {
	if key := reasonGroup(e.Action) + "." + e.ReasonCode; v.Has(key) {
		return v.T(key)
	}
	return ""
}
