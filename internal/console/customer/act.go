package customer

import (
	"net/url"
	"time"

	"github.com/a-h/templ"

	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// refund is a refund's own page.
func (a *area) refund(c *page.Context) error {
	who, err := me(c)
	if err != nil {
		return err
	}
	r, err := caseOf(c, who, c.Param("id"))
	if err != nil {
		return err
	}
	return c.Show(refundTitle(c.View, &r), refundPage(c.View, &r, &page.Form{Values: url.Values{}}))
}

func refundTitle(v *page.View, r *refundCase) string {
	return v.T("customer.refund.title", "Name", r.PackageName)
}

// act does something about a refund and shows its page again when that is refused.
func (a *area) act(c *page.Context, do func(who identity.Actor, f *page.Form, id string) (string, error), done string) error {
	who, err := me(c)
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	id := c.Param("id")
	next, err := do(who, f, id)
	if err == nil {
		return c.See("/refunds/"+next, done)
	}
	r, readErr := caseOf(c, who, id)
	if readErr != nil {
		return page.Graver(err, readErr)
	}
	return c.Again(err, refundTitle(c.View, &r), func(f *page.Form) templ.Component { return refundPage(c.View, &r, f) })
}

func (a *area) withdraw(c *page.Context) error {
	return a.act(c, func(who identity.Actor, _ *page.Form, id string) (string, error) {
		_, err := c.Desk.Withdraw(c.Ctx(), who, id)
		return id, err
	}, "withdrawn")
}

// errNobodyAsks refuses a reply to a refund that nobody looks at.
var errNobodyAsks = fault.New(fault.Conflict, "no-conversation", "Nobody is looking at this refund just now. Please submit a ticket.")

// reply says something on the refund's case; while he is asked something it is his answer.
func (a *area) reply(c *page.Context) error {
	return a.act(c, func(who identity.Actor, f *page.Form, id string) (string, error) {
		v, err := c.Desk.Refund(c.Ctx(), who, id)
		if err != nil {
			return id, c.Refused(err)
		}
		// Also of a case that was closed meanwhile: what this form said before it was is said.
		ticketID, err := newestCase(c, who, v)
		if err != nil {
			return id, err
		}
		if ticketID == "" {
			return id, c.Refused(errNobodyAsks)
		}
		changes, stop, err := c.Desk.Changes(c.Ctx(), who, id)
		if err != nil {
			return id, err
		}
		defer stop()
		if _, err = c.Desk.SayOnce(c.Ctx(), who, ticketID, review.Public, f.Get("body"), f.SentKey()); err != nil {
			if fault.CodeOf(err) == review.ErrTicketClosed.Code {
				err = errNobodyAsks
			}
			return id, err
		}
		if v.State == refund.AwaitingCustomer {
			answered(c, who, id, changes)
		}
		return id, nil
	}, "message-sent")
}

// answered waits a moment until the workflow has heard of the answer, so that the next page
// does not ask for it again. That page is right also when it has not.
func answered(c *page.Context, who identity.Actor, id string, changes <-chan struct{}) {
	enough := time.NewTimer(untilSettled)
	defer enough.Stop()
	for {
		select {
		case <-c.Ctx().Done():
			return
		case <-enough.C:
			return
		case _, more := <-changes:
			if v, err := c.Desk.Refund(c.Ctx(), who, id); err != nil || !more || v.State != refund.AwaitingCustomer {
				return
			}
		}
	}
}

// appeal asks once more, in a new refund.
func (a *area) appeal(c *page.Context) error {
	return a.act(c, func(who identity.Actor, f *page.Form, id string) (string, error) {
		var v desk.RefundView
		v, err := c.Desk.AppealOnce(c.Ctx(), who, id, f.Get("note"), untilSettled)
		return v.ID, err
	}, "appealed")
}
