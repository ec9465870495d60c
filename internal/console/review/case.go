package review

import (
	"cmp"
	"slices"
	"time"

	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// casePage is what the page of a case shows.
type casePage struct {
	desk.CaseFile
	Account  refund.Account
	Package  desk.PackageView // zero for a question that is about none
	Activity desk.Activity
	First    *desk.RefundView // the refund that this one appeals
	Talk     []said
	Facts    []page.Fact
	Panel    panel
	Replies  []review.SavedReply
	Added    string            // the field that a saved reply was added to; "" for none
	Names    map[string]string // of packages, by id

	List         list
	Before, Next string // cases of the list; "" for none
	Others       []string
	Works        bool // whether the reader works on cases
	// Which form was refused, with what was typed into it.
	Which string
	Form  *page.Form
}

// oneYear is how far back the account's history is drawn.
const oneYear = 365 * 24 * time.Hour

func (p *pages) show(c *page.Context) error {
	shown, err := p.caseOf(c, c.Param("ticket"), listFrom(c.Query("view")))
	if err != nil {
		return err
	}
	return c.Show(shown.title(c.View), caseBody(c.View, shown))
}

// caseOf reads all that the page of a case shows, and notes that the reader looks at it.
func (p *pages) caseOf(c *page.Context, ticketID string, l list) (casePage, error) {
	shown := casePage{List: l, Works: c.Actor.Decides()}
	var err error
	if shown.CaseFile, err = c.Desk.CaseFile(c.Ctx(), c.Actor, ticketID); err != nil {
		return shown, err
	}
	t := shown.Ticket
	if shown.Account, err = c.Desk.Account(c.Ctx(), c.Actor, t.AccountID); err != nil {
		return shown, err
	}
	if t.PackageID != "" {
		if shown.Package, err = c.Desk.Package(c.Ctx(), c.Actor, t.PackageID); err != nil {
			return shown, err
		}
	}
	if shown.Activity, err = c.Desk.Activity(c.Ctx(), c.Actor, t.AccountID, c.Now.Add(-oneYear)); err != nil {
		return shown, err
	}
	if first := shown.Refund.AppealOf; first != "" {
		v, err := c.Desk.Refund(c.Ctx(), c.Actor, first)
		if err != nil {
			return shown, err
		}
		shown.First = &v
	}
	if shown.Works {
		if shown.Replies, err = c.Desk.SavedReplies(c.Ctx(), c.Actor); err != nil {
			return shown, err
		}
	}
	bought := make([]string, len(shown.Refunds))
	for i, r := range shown.Refunds {
		bought[i] = r.PackageID
	}
	if shown.Names, err = p.packages.Of(c, bought...); err != nil {
		return shown, err
	}
	// A list that cannot be has no neighbours, and the case is none the less there.
	if shown.Before, shown.Next, err = l.neighbours(c, t); err != nil && !fault.IsAnswer(err) {
		return shown, err
	}
	if shown.Others, err = look(c, ticketID); err != nil {
		return shown, err
	}
	shown.Talk = talkOf(shown.CaseFile)
	if shown.Screening != nil {
		shown.Facts = page.FactsOf(c.View, shown.Screening.Facts)
	}
	if shown.Panel, err = panelOf(c, shown.CaseView, shown.Account, shown.Package.Package); err != nil {
		return shown, err
	}
	return shown, nil
}

// lookedWithin is how long somebody who looked at a case counts as looking at it: three
// times as long as his page takes to say so again.
const lookedWithin = 45 * time.Second

// look notes that the reader looks at the case and gives the others who do.
func look(c *page.Context, ticketID string) ([]string, error) {
	if c.Kit().Viewers == nil {
		return nil, nil
	}
	return c.Kit().Viewers.Look(c.Ctx(), ticketID, c.Actor.Subject, lookedWithin)
}

// viewers is the part of the page that says who else looks at the case.
func (p *pages) viewers(c *page.Context) error {
	ticketID := c.Param("ticket")
	v, err := c.Desk.Ticket(c.Ctx(), c.Actor, ticketID)
	if err != nil {
		return err
	}
	// Who looks is internal: whoever the case is of hears of it as little as on its page.
	if c.Actor.AccountID == v.Ticket.AccountID && !c.Actor.Has(identity.Auditor) {
		return desk.ErrForbidden
	}
	others, err := look(c, ticketID)
	if err != nil {
		return err
	}
	return c.Fragment(whoLooks(c.View, others))
}

// customersNote is what the customer wrote with the request or the appeal.
func (p casePage) customersNote() string {
	for _, n := range p.Notes {
		if n.ID == p.Refund.NoteID && n.ID != "" {
			return n.Body
		}
	}
	return ""
}

// form is what was typed into the form, when it is the one that was refused.
func (p casePage) form(which string) *page.Form {
	if p.Which == which {
		return p.Form
	}
	return nil
}

// asksDecision reports whether the case is about a refund, not a question.
func (p casePage) asksDecision() bool { return p.Ticket.Kind == review.KindRefund }

// open reports whether somebody still has to act.
func (p casePage) open() bool { return p.Ticket.State == review.Open }

// mayAsk reports whether the customer can be asked something that the refund waits for.
func (p casePage) mayAsk() bool { return p.asksDecision() && p.Refund.State == refund.InReview }

// action is where a form of the case goes. The list that the case was reached from is in the
// address, so that it is there too when the address is asked for again.
func (p casePage) action(what string) string { return p.List.At(p.Ticket.ID, what) }

// lost reports whether the form that was refused is not on the page any more: a colleague
// closed the case meanwhile, or escalated it.
func (p casePage) lost() bool {
	switch p.Which {
	case "", "decision", "claim", "release": // these say it in their own place
		return false
	case "escalate":
		return !p.open() || p.Ticket.Queue == review.QueueEscalation
	}
	return !p.open()
}

func (p casePage) title(v *page.View) string {
	if p.asksDecision() {
		return v.T("review.case.title", "Amount", v.Money(amountOf(p.CaseView)), "Package", p.packageName())
	}
	return p.Ticket.Subject
}

func (p casePage) packageName() string { return cmp.Or(p.Package.Name, p.Ticket.PackageID) }

// amountOf is the money that the case is about: as it stands now, else as it ended.
func amountOf(v desk.CaseView) money.Money {
	if v.Refund.Amount == nil && v.Case.Amount.Currency != "" && v.Ticket.State == review.Open {
		return v.Case.Amount
	}
	return v.Refund.Worth()
}

// standsStill reports whether the clock of an open ticket does not run. A ticket from before
// there were clocks has none.
func standsStill(t review.Ticket) bool {
	return t.State == review.Open && t.Clock.Since.IsZero() && t.SLA.Decision > 0
}

// caseName is what a row's case is called.
func caseName(v *page.View, r row) string {
	if r.Ticket.Kind == review.KindQuestion {
		return cmp.Or(r.Ticket.Subject, r.Ticket.ID)
	}
	return cmp.Or(r.Package, v.Code("ticket.kind", string(r.Ticket.Kind)))
}

// quote is how the amount is worked out: as it stands while the case is open, and as it was
// when it was filed afterwards.
func (p casePage) quote() refund.Quote {
	if p.open() && p.Package.ID != "" {
		return p.Package.Quote()
	}
	return p.Refund.Quote
}

// otherRefunds are the account's refunds without the one that the case is about.
func (p casePage) otherRefunds() []refund.Refund {
	return slices.DeleteFunc(slices.Clone(p.Refunds), func(r refund.Refund) bool { return r.ID == p.Refund.ID && r.ID != "" })
}

// chose reports whether the vote stands in the form that was refused.
func (p casePage) chose(vote review.Vote) bool {
	f := p.form("decision")
	return f != nil && f.Get("decision") == string(vote)
}

// reasonGroups are the reason codes of decisions, below the decision that they go with.
var reasonGroups = func() []reasonGroup {
	approve, reject := review.Reasons(review.Approve), review.Reasons(review.Reject)
	both := func(code string) bool { return slices.Contains(approve, code) && slices.Contains(reject, code) }
	return []reasonGroup{
		{"approve", slices.DeleteFunc(slices.Clone(approve), both)},
		{"reject", slices.DeleteFunc(slices.Clone(reject), both)},
		{"both", slices.DeleteFunc(slices.Clone(approve), func(code string) bool { return !both(code) })},
	}
}()

type reasonGroup struct {
	Key   string
	Codes []string
}
