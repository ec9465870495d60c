package customer

import (
	"fmt"
	"time"

	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// refundCase is a refund as its customer sees it: what happened, who moves next, what he can
// do, and what was said.
type refundCase struct {
	desk.RefundView
	PackageName string
	May         refund.Eligibility // whether the package can be refunded now
	Timeline    []desk.TimelineItem
	Ticket      review.Ticket // of the case; zero when nobody had to look at it
	Messages    []review.Message
	Appealed    string // the refund that appeals this one; empty for none
}

// caseOf reads a refund of the customer's with all that its page shows.
func caseOf(c *page.Context, who identity.Actor, id string) (refundCase, error) {
	v, err := c.Desk.Refund(c.Ctx(), who, id)
	if err != nil {
		return refundCase{}, err
	}
	r := refundCase{RefundView: v, Timeline: v.Timeline(who)}
	p, err := c.Desk.Package(c.Ctx(), who, v.PackageID)
	if err != nil {
		return refundCase{}, err
	}
	r.PackageName, r.May = p.Name, refund.Check(p.Standing, p.Package, c.Now)
	if r.talked() {
		if err := r.readTalk(c, who); err != nil {
			return refundCase{}, err
		}
	}
	if v.State == refund.Rejected {
		r.Appealed, err = c.Desk.AppealedBy(c.Ctx(), who, v.Refund)
		return r, err
	}
	return r, nil
}

// talked reports whether people may have had to look at the refund; what is clean has no case.
func (r *refundCase) talked() bool {
	return r.TicketID != "" || r.Verdict == string(policy.Review) || r.State == refund.NeedsAttention || r.State == refund.OnHold || r.Outcome != ""
}

// readTalk reads the newest case of the refund and what was said on it.
func (r *refundCase) readTalk(c *page.Context, who identity.Actor) error {
	id, err := newestCase(c, who, r.RefundView)
	if err != nil || id == "" {
		return err
	}
	v, err := c.Desk.Ticket(c.Ctx(), who, id)
	if err != nil {
		return err
	}
	r.Ticket, r.Messages = v.Ticket, publicOnly(v.Messages)
	return nil
}

// newestCase is the ticket that people talk on about the refund, or did last; "" for none.
func newestCase(c *page.Context, who identity.Actor, r desk.RefundView) (string, error) {
	if r.TicketID != "" {
		return r.TicketID, nil
	}
	list, err := c.Desk.Tickets(c.Ctx(), who, desk.TicketFilter{
		AccountID: who.AccountID, RefundID: r.ID, Kind: review.KindRefund, Sort: desk.SortNewest, Paging: desk.Paging{Limit: 1},
	})
	if err != nil || len(list.Items) == 0 {
		return "", err
	}
	return list.Items[0].Ticket.ID, nil
}

// publicOnly leaves out what is not for customers; the desk does so too, for it is the one
// thing that must never be wrong.
func publicOnly(all []review.Message) []review.Message {
	var public []review.Message
	for _, m := range all {
		if m.Visibility == review.Public {
			public = append(public, m)
		}
	}
	return public
}

// mark tells two views of the refund apart: whatever the page shows of it is in here.
func (r *refundCase) mark() string {
	return fmt.Sprintf("%s-%d-%d-%d-%d", r.State, r.UpdatedAt.UnixMicro(), len(r.Messages), r.dueMark(), len(r.Timeline))
}

func (r *refundCase) dueMark() int64 {
	if r.AnswerBy != nil {
		return r.AnswerBy.Unix()
	}
	if r.Ticket.ID == "" {
		return 0
	}
	return r.Ticket.DueAt.Unix()
}

// talks reports whether the customer can say something now.
func (r *refundCase) talks() bool { return r.TicketID != "" }

// appealable reports whether the rejection can be appealed now: it has not been, and an appeal
// could bring something back.
func (r *refundCase) appealable() bool {
	return r.MayAppeal() == nil && r.Appealed == "" && r.May.Eligible
}

// story is what happened to a refund last, in words, and who moves next by when.
type story struct {
	Happened string
	Reason   string // of a rejection
	Money    string
	Causes   []string // why it is on hold
	Next     string
	By       *time.Time // until when
	ByLabel  string
}

// storyOf says where the refund stands.
func storyOf(v *page.View, r *refundCase) story {
	amount := v.Money(r.Worth())
	say := func(what string) string {
		return v.T("customer.story."+string(r.State)+"."+what, "Amount", amount, "Name", r.PackageName)
	}
	s := story{Happened: say("happened"), Money: say("money"), Next: say("next")}
	switch r.State {
	case refund.InReview:
		if r.AppealOf != "" {
			s.Happened = v.T("customer.story.in_review.appeal", "Name", r.PackageName)
		}
		if r.Ticket.ID != "" {
			s.By, s.ByLabel = &r.Ticket.DueAt, v.T("customer.by.decision")
			if !r.Ticket.DueAt.After(v.Now) {
				s.By, s.Next = nil, v.T("customer.story.in_review.late")
			}
		}
	case refund.AwaitingCustomer:
		s.By, s.ByLabel = r.AnswerBy, v.T("customer.by.answer")
	case refund.OnHold:
		for _, cause := range r.HoldCauses {
			s.Causes = append(s.Causes, v.Code("customer.hold", string(cause)))
		}
	case refund.Rejected:
		code := rejectionOf(r)
		s.Reason = v.Code("customer.rejected", code)
		if key := "customer.story.rejected.money." + code; v.Has(key) {
			s.Money = v.T(key)
		}
		switch {
		case r.Appealed != "":
			s.Next = v.T("customer.story.rejected.next.appealed")
		case r.MayAppeal() != nil:
			s.Next = v.T("customer.story.rejected.next.final")
		case !r.May.Eligible:
			s.Next = v.T("customer.story.rejected.next.barred", "Reason", v.Code("refund.ineligible", r.May.Reason))
		}
	case refund.Submitted, refund.Screening, refund.Crediting, refund.NeedsAttention, refund.Credited, refund.Withdrawn:
	}
	return s
}

// rejectionOf is the reason of a rejection that has words for the customer.
func rejectionOf(r *refundCase) string {
	code := r.Outcome
	if ruling := r.Ruling(); ruling != nil && ruling.ReasonCode != "" {
		code = ruling.ReasonCode
	}
	if code == "" || code == policy.OutcomeRule {
		return "other"
	}
	return code
}

// step is what the timeline says of a state that the refund came to.
func step(v *page.View, r *refundCase, i int) string {
	item := r.Timeline[i]
	if i == 0 && r.AppealOf != "" {
		return v.T("customer.step.submitted.appeal")
	}
	if i > 0 {
		before := r.Timeline[i-1].State
		if key := "customer.step." + string(item.State) + ".after." + string(before); v.Has(key) {
			return v.T(key)
		}
	}
	amount := v.Money(r.Worth())
	return v.T("customer.step."+string(item.State), "Amount", amount)
}

// replyHint says what becomes of a reply.
func replyHint(v *page.View, r *refundCase) string {
	if r.State == refund.AwaitingCustomer {
		return v.T("customer.reply.hint.asked")
	}
	return v.T("customer.reply.hint")
}
