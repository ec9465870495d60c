package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refunddesk/api/client"
)

func TestTwentyClaimsAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Program) {
		ticket := p.as(t, "reviewer").ticketOf(inReview(newCustomer(t, p, client.LocaleEn)))
		people := make([]*person, 20)
		subjects := make([]string, len(people))
		for i := range people {
			subjects[i] = "reviewer_" + unique()
			people[i] = p.signIn(t, subjects[i], "", "reviewer")
		}
		winner := ""
		for i, a := range together(len(people), func(i int) answer[client.Ticket] { return people[i].on(ticket.ID, "claim", nothing) }) {
			if a.value != nil {
				require.Empty(t, winner, "exactly one wins")
				winner = subjects[i]
				require.Equal(t, winner, *a.value.Assignee)
				continue
			}
			a.refused(http.StatusConflict, "already-claimed")
		}
		require.NotEmpty(t, winner)
		require.Equal(t, winner, *p.as(t, "reviewer").ticket(ticket.ID).ok().Assignee)
		// A claim is a courtesy: it blocks nobody's message or vote.
		p.as(t, "reviewer2").say(ticket.ID, "I know them.", client.VisibilityInternal).ok()
		p.as(t, "reviewer2").decide(ticket.ID, voteOn(ticket, client.VoteApprove)).ok()
	})
}

func TestACustomerIsAskedAndAnswers(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Program) {
		c, reviewer := newCustomer(t, p, client.LocaleEn), p.as(t, "reviewer")
		pkg := c.buys(large)
		id := c.file(pkg, "1", "wait=10").ok().ID
		shown := reviewer.ticketOf(id)
		const question, reply = "Who bought it?\nAnd <when>?", "I did, on Friday."

		asked := reviewer.on(shown.ID, "request-information", client.InformationRequest{Body: question}).ok()
		require.True(t, asked.Waiting)
		require.NotNil(t, asked.AnswerBy)
		require.Equal(t, client.RefundStateAwaitingCustomer, c.refund(id).ok().State)
		require.Equal(t, client.MoverCustomer, c.refund(id).ok().MovesNext)
		reviewer.decide(shown.ID, voteOn(shown, client.VoteApprove)).refused(http.StatusConflict, "awaiting-customer")
		told := await(t, "the question by mail", func() []mail { return mailsTo(t, p, c.email) }, func(m []mail) bool { return len(m) == 3 })[0]
		require.Contains(t, told.Subject, "We need something from you")
		require.Contains(t, told.Text, "> Who bought it?\n> And <when>?\n")

		// He finds it in his ticket, and by his answer the case goes on.
		own := c.ticket(shown.ID).ok()
		require.Len(t, own.Messages, 1)
		require.Equal(t, question, own.Messages[0].Body)
		c.say(shown.ID, reply, client.VisibilityPublic).ok()
		c.sees(id, client.RefundStateInReview)
		now := await(t, "the case to be decided again", func() client.Ticket { return reviewer.ticket(shown.ID).ok() }, func(x client.Ticket) bool { return !x.Waiting })
		require.Len(t, now.Messages, 2)
		reviewer.decide(now.ID, voteOn(now, client.VoteApprove)).ok()
		c.sees(id, client.RefundStateCredited)
		c.creditedOnce(large, pkg)
		p.as(t, "reviewer2").say(shown.ID, "Too late.", client.VisibilityPublic).refused(http.StatusConflict, "ticket-closed")
	})
}

func TestTiers(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Program) {
		reviewer, reviewer2, senior := p.as(t, "reviewer"), p.as(t, "reviewer2"), p.as(t, "senior")
		flagged := func(price string) (*customer, string, client.Ticket) {
			c := newCustomer(t, p, client.LocaleEn)
			id := c.file(c.buys(price), "1", "wait=10").ok().ID
			return c, id, reviewer.ticketOf(id)
		}

		c, id, one := flagged("1000.01")
		require.Equal(t, []int{1, 1}, []int{*one.ApprovalsNeeded, *one.SeniorsNeeded})
		reviewer.decide(one.ID, voteOn(one, client.VoteApprove)).refused(http.StatusForbidden, "above-limit")
		senior.decide(one.ID, voteOn(one, client.VoteApprove)).ok()
		c.sees(id, client.RefundStateCredited)

		c, id, two := flagged("10000.01")
		require.Equal(t, []int{2, 1}, []int{*two.ApprovalsNeeded, *two.SeniorsNeeded})
		require.Len(t, *reviewer.decide(two.ID, voteOn(two, client.VoteApprove)).ok().Votes, 1)
		require.Equal(t, client.RefundStateInReview, c.refund(id).ok().State, "one of two")
		require.Len(t, *reviewer.decide(two.ID, voteOn(two, client.VoteApprove)).ok().Votes, 1, "again is no second vote")
		reviewer.decide(two.ID, voteOn(two, client.VoteReject)).refused(http.StatusForbidden, "already-voted")
		reviewer2.decide(two.ID, voteOn(two, client.VoteApprove)).refused(http.StatusForbidden, "above-limit")
		c.gotNothing()
		require.Len(t, *senior.decide(two.ID, voteOn(two, client.VoteApprove)).ok().Votes, 2)
		c.sees(id, client.RefundStateCredited)

		// One rejection rejects, whoever approved before, and takes no senior.
		c, id, rejected := flagged("10000.01")
		senior.decide(rejected.ID, voteOn(rejected, client.VoteApprove)).ok()
		reviewer.decide(rejected.ID, voteOn(rejected, client.VoteReject)).ok()
		c.sees(id, client.RefundStateRejected)
		c.gotNothing()
	})
}

func TestNobodyDecidesForALinkedAccount(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Program) {
		payer := "payer_" + unique()
		c, sister := openCustomer(t, p, client.NewAccount{Payer: &payer}), openCustomer(t, p, client.NewAccount{Payer: &payer})
		id := inReview(c)
		ticket := p.as(t, "reviewer").ticketOf(id)
		p.signIn(t, "cousin_"+unique(), sister.account, "senior_reviewer").decide(ticket.ID, voteOn(ticket, client.VoteApprove)).refused(http.StatusForbidden, "self-approval")
		file := call[client.CaseFile](p.as(t, "reviewer"), http.MethodGet, "/v1/tickets/"+ticket.ID+"/case-file", nil).ok()
		require.Len(t, file.Linked, 1)
		require.Equal(t, sister.account, file.Linked[0].AccountID)
		approve(p.as(t, "reviewer"), id)
		c.sees(id, client.RefundStateCredited)
	})
}

func TestAppeal(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Program) {
		c, reviewer := newCustomer(t, p, client.LocaleEn), p.as(t, "reviewer")
		pkg := c.buys(large)
		first := c.file(pkg, "1", "wait=10").ok().ID
		c.appeal(first, "I disagree.").refused(http.StatusConflict, "not-rejected")
		reject(reviewer, first)
		c.sees(first, client.RefundStateRejected)
		p.as(t, "customer2").appeal(first, "So do I.").refused(http.StatusNotFound, "not-found")
		second := c.appeal(first, "I disagree.").ok()
		require.Equal(t, first, *second.AppealOf)
		c.appeal(first, "I disagree once more.").refused(http.StatusConflict, "already-appealed")
		c.sees(second.ID, client.RefundStateInReview)
		ticket := reviewer.ticketOf(second.ID)
		reviewer.decide(ticket.ID, voteOn(ticket, client.VoteReject)).refused(http.StatusForbidden, "first-decider")
		p.as(t, "reviewer2").decide(ticket.ID, voteOn(ticket, client.VoteApprove)).ok()
		c.sees(second.ID, client.RefundStateCredited)
		c.creditedOnce(large, pkg)
		figures := call[client.Figures](p.as(t, "senior"), http.MethodGet, "/v1/review/figures", nil).ok()
		require.Positive(t, figures.Appeals.Reversed)
		require.Positive(t, figures.Decision.Count)
		require.NotEmpty(t, figures.Rules)
	})
}

func TestPause(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Program) {
		c, admin := newCustomer(t, p, client.LocaleEn), p.as(t, "admin")
		reviewed := inReview(c)
		target := client.PauseTarget{Scope: client.PauseScopeAccount, Target: &c.account}
		effect := call[client.PauseEffect](admin, http.MethodPost, "/v1/pauses/preview", target).ok()
		require.Equal(t, []client.StateCount{{State: client.RefundStateInReview, Count: 1, Money: []client.Money{{Amount: "500.000000", Currency: "USD"}}}}, effect.States)
		require.Zero(t, effect.Held, "what is in review stays in review")

		begin := client.NewPause{Scope: client.PauseScopeAccount, Target: &c.account, Reason: "End-to-end test.", ExpiresAt: time.Now().Add(time.Hour)}
		call[client.Pause](p.as(t, "senior"), http.MethodPost, "/v1/pauses", begin).refused(http.StatusForbidden, "forbidden")
		pause := call[client.Pause](admin, http.MethodPost, "/v1/pauses", begin).ok()
		require.True(t, pause.InForce)

		pkg := c.buys("10")
		filed := c.file(pkg, "2", "wait=10").ok()
		require.Equal(t, client.RefundStateOnHold, filed.State)
		require.Equal(t, []client.HoldCause{client.HoldCausePause}, *filed.HoldCauses)
		approve(p.as(t, "reviewer"), reviewed) // people go on deciding
		c.sees(reviewed, client.RefundStateOnHold)
		c.gotNothing()
		require.EqualValues(t, 2, call[client.PauseEffect](admin, http.MethodPost, "/v1/pauses/preview", target).ok().States[0].Count)

		ended := call[client.Pause](admin, http.MethodDelete, "/v1/pauses/"+pause.ID, nil).ok()
		require.False(t, ended.InForce)
		c.sees(filed.ID, client.RefundStateCredited)
		c.sees(reviewed, client.RefundStateCredited)
		times, total := c.credits()
		require.Len(t, times, 2)
		require.Equal(t, micros(t, "510"), total)
	})
}

func TestAQuestion(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Program) {
		c, reviewer := newCustomer(t, p, client.LocaleZhHans), p.as(t, "reviewer")
		asked := call[client.Ticket](c.person, http.MethodPost, "/v1/tickets", client.NewQuestion{Subject: "发票", Body: "退款后发票怎么办？"}).ok()
		require.Equal(t, client.TicketKindQuestion, asked.Kind)
		p.as(t, "customer2").ticket(asked.ID).refused(http.StatusNotFound, "not-found")
		reviewer.say(asked.ID, "请寄回。", client.VisibilityPublic).ok()
		told := await(t, "the answer by mail", func() []mail { return mailsTo(t, p, c.email) }, func(m []mail) bool { return len(m) == 1 })[0]
		require.Contains(t, told.Text, "> 请寄回。\n")
		require.Contains(t, told.Text, asked.ID)
		require.Equal(t, client.TicketStateClosed, reviewer.on(asked.ID, "resolve", nothing).ok().State)
		c.say(asked.ID, "谢谢", client.VisibilityPublic).refused(http.StatusConflict, "ticket-closed")
	})
}
