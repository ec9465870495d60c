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
)

// requestView is what a refund of a package would bring, and whether it can be asked for.
type requestView struct {
	Package  refund.Package
	Quote    refund.Quote
	May      refund.Eligibility
	RefundID string // of the refund that froze or ended the package; empty for none
}

// reasonCodes are the reasons a customer can give, in the order of the form.
var reasonCodes = []refund.ReasonCode{refund.NoLongerNeeded, refund.BoughtByMistake, refund.ServiceProblem, refund.SwitchingProvider, refund.OtherReason}

// request is the quote, worked out, with the form that asks for it.
func (a *area) request(c *page.Context) error {
	who, err := me(c)
	if err != nil {
		return err
	}
	r, err := requestOf(c, who)
	if err != nil {
		return err
	}
	return c.Show(r.title(c.View), requestPage(c.View, r, &page.Form{Values: url.Values{}}))
}

func requestOf(c *page.Context, who identity.Actor) (requestView, error) {
	p, err := c.Desk.Package(c.Ctx(), who, c.Param("id"))
	if err != nil {
		return requestView{}, err
	}
	refunds, err := newestRefunds(c, who, []desk.PackageView{p})
	if err != nil {
		return requestView{}, err
	}
	return requestView{
		Package: p.Package, Quote: p.Quote(), May: refund.Check(p.Standing, p.Package, c.Now), RefundID: refunds[p.ID],
	}, nil
}

func (r requestView) title(v *page.View) string {
	return v.T("customer.request.title", "Name", r.Package.Name)
}

// errFormTooOld refuses a form without the key that has it file once.
var errFormTooOld = fault.New(fault.Unprocessable, "form-incomplete", "This form was incomplete. Please look at it and confirm it again.")

// untilSettled is how long filing waits: a clean request is credited by then.
const untilSettled = time.Second

// file files the request. The form's key has it file once, however often it is sent.
func (a *area) file(c *page.Context) error {
	who, err := me(c)
	if err != nil {
		return err
	}
	f, err := c.Form()
	if err != nil {
		return err
	}
	var filed desk.RefundView
	if key := f.SentKey(); key == "" {
		err = c.Refused(errFormTooOld)
	} else {
		filed, err = c.Desk.File(c.Ctx(), who, desk.Filing{
			PackageID: c.Param("id"), ReasonCode: refund.ReasonCode(f.Get("reason_code")), Note: f.Get("note"), IdempotencyKey: key,
		}, untilSettled)
	}
	if err == nil {
		return c.See("/refunds/"+filed.ID, "filed")
	}
	r, readErr := requestOf(c, who)
	if readErr != nil {
		return page.Graver(err, readErr)
	}
	return c.Again(err, r.title(c.View), func(f *page.Form) templ.Component { return requestPage(c.View, r, f) })
}

// quoteRule says which rule of the policy the amount follows.
func quoteRule(v *page.View, r requestView) string {
	switch {
	case !r.Quote.Used:
		return v.T("customer.quote.rule.unused")
	case r.Quote.Face == r.Quote.Paid:
		return v.T("customer.quote.rule.used")
	}
	return v.T("customer.quote.rule.gift")
}

// problemID is the id of what stands beside a field that is wrong; empty when nothing does.
func problemID(f *page.Form, field string) string {
	if f.Problem(field) == "" {
		return ""
	}
	return field + "-problem"
}
