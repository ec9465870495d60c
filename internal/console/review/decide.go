package review

import (
	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// decide casts the reader's vote on the case as it was shown to him.
func (p *pages) decide(c *page.Context) error {
	form, err := c.Form()
	if err != nil {
		return err
	}
	ticketID, l := c.Param("ticket"), listFrom(c.Query("view"))
	onward, err := onward(c, l, ticketID) // before it is decided and gone from the list
	if err != nil {
		return p.again(c, l, "decision", err)
	}
	after, err := c.Desk.Decide(c.Ctx(), c.Actor, ticketID, desk.Judgement{
		Vote: review.Vote(form.Get("decision")), ReasonCode: form.Get("reason_code"), Digest: form.Get("digest"),
		Note: form.Get("note"), Message: form.Get("message"),
	})
	if err != nil {
		return p.again(c, l, "decision", err)
	}
	return c.See(onward, doneOf(c, after, review.Vote(form.Get("decision"))))
}

// doneOf is the word of what a vote led to. The vote is cast: that it cannot be read what the
// money waits for is no failure of it.
func doneOf(c *page.Context, after desk.CaseView, vote review.Vote) string {
	switch {
	case vote == review.Reject:
		return "review-rejected"
	case after.Refund.State == refund.InReview:
		return "review-vote-counted"
	case after.Refund.State == refund.OnHold:
		return "review-approved-held"
	}
	pkg, err := c.Desk.Package(c.Ctx(), c.Actor, after.Ticket.PackageID)
	if err != nil {
		return "review-approved-recorded"
	}
	delay, err := c.Desk.CreditDelay(c.Ctx(), c.Actor, pkg.Package)
	if err != nil {
		return "review-approved-recorded"
	}
	switch laterOf(delay) {
	case delayPause:
		return "review-approved-paused"
	case delayDrain:
		return "review-approved-settles"
	}
	return "review-approved"
}

// onward is where a form leads once it is done: the case again or, when it asks for that, the
// next case of the list, or the list when it has none left.
func onward(c *page.Context, l list, ticketID string) (string, error) {
	form, err := c.Form()
	if err != nil {
		return "", err
	}
	if form.Get("next") == "" {
		return l.Case(ticketID), nil
	}
	next, err := l.next(c, ticketID)
	switch {
	case fault.IsAnswer(err):
		return l.Case(ticketID), nil // there is no such case or list: the desk says so, on the record
	case err != nil:
		return "", err
	case next == "":
		return l.Start().Path(), nil
	}
	return l.Case(next), nil
}

// again shows the case as it is now, with what was typed into the form and why it was
// refused. While the case cannot be read, the failure's own page keeps what was typed.
func (p *pages) again(c *page.Context, l list, which string, err error) error {
	f := fault.From(err)
	switch f.Kind {
	case fault.Malformed, fault.Unprocessable, fault.Conflict, fault.Forbidden, fault.TooMany, fault.Unavailable:
	default:
		return err
	}
	form, readErr := c.Form()
	if readErr != nil {
		return readErr
	}
	shown, readErr := p.caseOf(c, c.Param("ticket"), l)
	if readErr != nil {
		return page.Graver(err, readErr)
	}
	form.Fault = page.InWords(c.View, f)
	shown.Which, shown.Form = which, form
	if which == "decision" {
		shown.Panel.Changes = changesSince(c.View, shownBefore(form), shown.CaseView)
	}
	c.WhenAgain(f)
	return c.ShowAs(page.StatusOf(f.Kind), shown.title(c.View), caseBody(c.View, shown))
}
