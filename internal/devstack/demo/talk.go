package demo

import (
	"context"
	"slices"

	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// savedReplies are what reviewers write again and again.
var savedReplies = []review.SavedReply{
	{Title: "Who bought the package?", Body: map[string]string{
		refund.English:           "Thank you for your request. Before we can decide we need to know who in your company bought the package, and for what. Please answer in this ticket.",
		refund.SimplifiedChinese: "感谢您的申请。为便于审核，请您在本工单中说明套餐包由贵公司哪位人员购买、用于什么用途。",
	}},
	{Title: "Refunds go to the balance", Body: map[string]string{
		refund.English:           "Refunds go to the balance of your account, in the currency of the package, and can be used there at once. We cannot pay them out to a card or bank account.",
		refund.SimplifiedChinese: "退款将以套餐包的币种退回您的账户余额，可立即使用，暂不支持退回银行卡或银行账户。",
	}},
	{Title: "Our fault", Body: map[string]string{
		refund.English:           "We have found the fault on our side and are sorry for the trouble. The refund does not count against your account.",
		refund.SimplifiedChinese: "经核实，问题由我们造成，非常抱歉。本次退款不会影响您账户今后的退款申请。",
	}},
}

func (p *play) saveReplies(ctx context.Context) error {
	senior := person("senior")
	there, err := p.SavedReplies(ctx, senior)
	if err != nil {
		return err
	}
	for _, r := range savedReplies {
		if slices.ContainsFunc(there, func(t review.SavedReply) bool { return t.Title == r.Title }) {
			continue
		}
		if _, err := p.SaveReply(ctx, senior, r); err != nil {
			return err
		}
	}
	return nil
}

// question is what a customer asks at the desk, and what becomes of it.
type question struct {
	of      string // the situation whose customer asks
	subject string
	body    string
	about   bool // his package
	answer  string
	settled bool
}

var questionsAsked = []question{
	{of: "clean", subject: "Can I move a package to another account?", body: "We are about to split the company.\nCan the rest of a package go to the new account?"},
	{of: "paused", subject: "Does the package expire while it is paused?", body: "I asked for the refund of my package and it says paused. Does its time run on?", about: true,
		answer: "No. As long as your refund is not decided the time of the package stands still, and what ran meanwhile is given back to it."},
	{of: "plain", subject: "发票如何处理？", body: "退款后已开具的发票需要退回吗？", answer: "需要。请将发票原件寄回，我们收到后为您开具红字发票。", settled: true},
}

func (p *play) questions(ctx context.Context) error {
	for _, q := range questionsAsked {
		if err := p.ask(ctx, situationOf(q.of).owner(), q); err != nil {
			return err
		}
	}
	return nil
}

func (p *play) ask(ctx context.Context, owner identity.Actor, q question) error {
	asked, err := p.Tickets(ctx, owner, desk.TicketFilter{Kind: review.KindQuestion, Paging: desk.Paging{Limit: 200}})
	if err != nil {
		return err
	}
	at := slices.IndexFunc(asked.Items, func(c desk.CaseView) bool { return c.Ticket.Subject == q.subject })
	var c desk.CaseView
	if at >= 0 {
		c, err = p.Ticket(ctx, person("reviewer2"), asked.Items[at].Ticket.ID)
	} else {
		about := desk.Question{Subject: q.subject, Body: q.body}
		if q.about {
			about.PackageID = situationOf(q.of).packageID()
		}
		c, err = p.Ask(ctx, owner, about)
	}
	if err != nil || c.Ticket.State == review.Closed || q.answer == "" {
		return err
	}
	if err := p.say(ctx, person("reviewer2"), c, review.Public, q.answer); err != nil || !q.settled {
		return err
	}
	_, err = p.Resolve(ctx, person("reviewer2"), c.Ticket.ID)
	return err
}
