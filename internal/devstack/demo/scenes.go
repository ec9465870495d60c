package demo

import (
	"context"
	"errors"
	"slices"
	"time"

	"refunddesk/internal/desk"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// A move is what somebody does about a situation's refund.
type move func(ctx context.Context, p *play, s situation, r refund.Refund) error

// beforehand are things that happen before the refund is asked for.
var beforehand = map[string]func(ctx context.Context, p *play, s situation) error{
	"disputed": func(ctx context.Context, p *play, s situation) error {
		_, err := p.SetDispute(ctx, person("integrator"), s.packageID(), refund.DisputeOpen)
		return err
	},
	// The pause ends by itself; then the money is credited.
	"paused": func(ctx context.Context, p *play, s situation) error {
		admin := person("admin")
		pauses, err := p.Pauses(ctx, admin, true, desk.Paging{Limit: 200})
		if err != nil || slices.ContainsFunc(pauses.Items, func(z desk.Pause) bool { return z.Target == s.accountID() }) {
			return err
		}
		_, err = p.Pause(ctx, admin, desk.Pause{
			Scope: desk.PauseAccount, Target: s.accountID(), ExpiresAt: time.Now().Add(14 * 24 * time.Hour),
			Reason: "Billing is moving the account to another contract; nothing is credited until that is done.",
		})
		return err
	},
	"contact": func(ctx context.Context, p *play, s situation) error {
		address := "office@" + s.name + ".example.com"
		a, err := p.Account(ctx, person("admin"), s.accountID())
		if err != nil || a.Email == address {
			return err
		}
		_, err = p.ChangeAccount(ctx, person("integrator"), a.ID, desk.AccountChange{Email: &address})
		return err
	},
}

// onCase is a move on a case that waits for a decision.
func onCase(do func(ctx context.Context, p *play, s situation, c desk.CaseView) error) move {
	return func(ctx context.Context, p *play, s situation, r refund.Refund) error {
		c, ok, err := p.inReview(ctx, r)
		if err != nil || !ok {
			return err
		}
		return do(ctx, p, s, c)
	}
}

// votes is a move that decides, or helps to.
func votes(name string, j desk.Judgement) move {
	return onCase(func(ctx context.Context, p *play, _ situation, c desk.CaseView) error {
		return p.vote(ctx, person(name), c, j)
	})
}

var rejection = desk.Judgement{
	Vote: review.Reject, ReasonCode: "unverified", Note: "Registered on Friday, asks for everything on Monday. The telephone number is of a shop that knows nothing of it.",
	Message: "We could not reach you at the number of the account. If you are its owner, please appeal and tell us how we can reach you.",
}

// afterwards are things that happen once the refund has been asked for.
var afterwards = map[string]move{
	"claimed": onCase(func(ctx context.Context, p *play, _ situation, c desk.CaseView) error {
		reviewer := person("reviewer")
		if c.Ticket.Assignee == "" {
			if _, err := p.Claim(ctx, reviewer, c.Ticket.ID); err != nil {
				return err
			}
		}
		return p.say(ctx, reviewer, c, review.Internal, "The other account is acct_1003, same company. I have asked billing whether the purchase was meant for it.")
	}),
	"snoozed": onCase(func(ctx context.Context, p *play, _ situation, c desk.CaseView) error {
		if c.Ticket.SnoozedUntil != nil {
			return nil
		}
		reviewer := person("reviewer2")
		if err := p.say(ctx, reviewer, c, review.Internal, "Their accountant is back tomorrow."); err != nil {
			return err
		}
		_, err := p.Snooze(ctx, reviewer, c.Ticket.ID, time.Now().Add(24*time.Hour))
		return err
	}),
	"onevote": votes("reviewer2", desk.Judgement{
		Vote: review.Approve, ReasonCode: "verified_request", Note: "I have spoken to their head of purchasing. A senior has to agree.",
	}),
	"asked": onCase(func(ctx context.Context, p *play, _ situation, c desk.CaseView) error {
		const question = "Refunds go to your account balance, not to a card. Is that all right for you?\n\nPlease also tell us who in your company bought the package."
		if said(c, question) { // somebody has answered it
			return nil
		}
		_, err := p.RequestInformation(ctx, person("reviewer"), c.Ticket.ID, question)
		return err
	}),
	"answered":  answered,
	"suspended": suspended,
	"rejected": votes("reviewer", desk.Judgement{
		Vote: review.Reject, ReasonCode: "suspected_abuse", Note: "Third shop of the same payer this quarter: buys, asks for the money back, buys elsewhere.",
	}),
	"appealed": appealed,
	"approved": votes("reviewer2", desk.Judgement{
		Vote: review.Approve, ReasonCode: review.ReasonProviderFault, Note: "Delivery report 4711: nine hours of delays on that route, our fault.",
		Message: "经核实，当日短信延迟是我们的线路故障造成的，给您带来不便，非常抱歉。",
	}),
	"withdrawn": func(ctx context.Context, p *play, s situation, r refund.Refund) error {
		if !r.State.Withdrawable() {
			return nil
		}
		_, err := p.Withdraw(ctx, s.owner(), r.ID)
		return err
	},
	"escalated": onCase(func(ctx context.Context, p *play, _ situation, c desk.CaseView) error {
		if c.Ticket.Queue == review.QueueEscalation {
			return nil
		}
		_, err := p.Escalate(ctx, person("reviewer"), c.Ticket.ID, "They quote our status page and threaten with their lawyer. Somebody senior should answer.")
		return err
	}),
}

// answered is a case whose customer was asked something and has answered.
func answered(ctx context.Context, p *play, s situation, r refund.Refund) error {
	const question, answer = "您好，请问门店的营业执照是否已注销？如已注销，请提供注销日期。", "已于上周注销，负责人是店主本人。"
	c, ok, err := p.openCase(ctx, r.ID)
	if err != nil || !ok {
		return err
	}
	if r.State == refund.InReview && !said(c, question) {
		if c, err = p.RequestInformation(ctx, person("reviewer2"), c.Ticket.ID, question); err != nil {
			return err
		}
	}
	if !said(c, question) { // somebody has gone on with it
		return nil
	}
	return p.say(ctx, s.owner(), c, review.Public, answer)
}

// suspended is an account that is suspended while its refund is in review.
func suspended(ctx context.Context, p *play, s situation, r refund.Refund) error {
	if r.State != refund.InReview {
		return nil
	}
	_, err := p.SetStanding(ctx, person("admin"), s.accountID(), refund.Suspended, "Messages that look like gambling advertisements; under investigation.")
	return err
}

// appealed is a refund that was rejected and whose customer has appealed.
func appealed(ctx context.Context, p *play, s situation, r refund.Refund) error {
	if err := votes("reviewer", rejection)(ctx, p, s, r); err != nil {
		return err
	}
	first, err := p.Refund(ctx, s.owner(), r.ID)
	if err != nil || first.State != refund.Rejected {
		return err
	}
	_, err = p.Appeal(ctx, s.owner(), r.ID, "That number is of our old shop. You reach us at the workshop, and we have our papers here.", longestStep)
	if errors.Is(err, refund.ErrAlreadyAppealed) {
		return nil
	}
	return err
}
