package main

import (
	"fmt"
	"time"

	api "refunddesk/api/client"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// deskScenes are the paths of the review desk: what a customer is asked, the clock, pauses,
// decisions of several people, appeals.
var deskScenes = []scene{
	{"asked-answered", "the customer is asked something and answers; approved", standard, func(t *take) {
		t.inReview()
		t.ask()
		t.say(t.owner, customerAnswer)
		t.sees(refund.InReview)
		t.approve()
		t.ends(refund.Credited)
	}},
	{"asked-withdrawn", "the customer is asked something and takes the request back", standard, func(t *take) {
		t.inReview()
		t.ask()
		t.withdraw()
		t.ends(refund.Withdrawn)
	}},
	{"asked-held", "suspended while the customer is asked, reinstated, answered, rejected", standard, func(t *take) {
		t.inReview()
		t.ask()
		t.standing(api.StandingSuspended)
		t.sees(refund.OnHold)
		t.standing(api.StandingGood)
		t.sees(refund.AwaitingCustomer)
		t.say(t.owner, customerAnswer)
		t.sees(refund.InReview)
		t.decide("reviewer", api.VoteReject, api.NewDecisionReasonCodeUnverified)
		t.ends(refund.Rejected)
	}},
	{"asked-unanswered", "the customer is asked something, reminded, and does not answer", hurried, func(t *take) {
		t.inReview()
		t.ask()
		t.ends(refund.Rejected)
	}},
	{"clock-escalated", "nobody decides: reminders, escalation; then approved", hurried, func(t *take) {
		t.inReview()
		t.queued(review.QueueEscalation)
		t.approve()
		t.ends(refund.Credited)
	}},
	{"escalated-by-hand", "a reviewer escalates; a senior reviewer approves", standard, func(t *take) {
		t.inReview()
		t.escalate()
		t.queued(review.QueueEscalation)
		t.decide("senior", api.VoteApprove, api.NewDecisionReasonCodeVerifiedRequest)
		t.ends(refund.Credited)
	}},
	{"message-told", "staff writes to the customer while a person looks", standard, func(t *take) {
		t.inReview()
		t.say(t.people["reviewer"], staffWords)
		t.told()
		t.withdraw()
		t.ends(refund.Withdrawn)
	}},
	{"decided-with-words", "a rejection with words to the customer", standard, func(t *take) {
		t.inReview()
		t.decideSaying("reviewer", api.VoteReject, api.NewDecisionReasonCodeUnverified, staffWords)
		t.ends(refund.Rejected)
	}},
	{"two-approvals", "a large refund that two people approve, one of them senior", standard, func(t *take) {
		t.buy(huge)
		t.file()
		t.sees(refund.InReview)
		t.approve()
		t.decide("senior", api.VoteApprove, api.NewDecisionReasonCodeVerifiedRequest)
		t.ends(refund.Credited)
	}},
	{"appeal-approved", "a rejection is appealed and another reviewer approves", standard, func(t *take) {
		t.inReview()
		t.decide("reviewer", api.VoteReject, api.NewDecisionReasonCodeUnverified)
		t.ends(refund.Rejected)
		t.appeal()
		t.sees(refund.InReview)
		t.decide("reviewer2", api.VoteApprove, api.NewDecisionReasonCodeVerifiedRequest)
		t.ends(refund.Credited)
	}},
	{"pause-expired", "crediting is paused for the account until the pause expires", standard, func(t *take) {
		t.buy(small)
		t.pause(5 * time.Second)
		t.file()
		t.sees(refund.OnHold)
		t.ends(refund.Credited)
	}},
	{"pause-ended", "crediting is paused for the account until an admin ends the pause", standard, func(t *take) {
		t.buy(small)
		t.pause(time.Hour)
		t.file()
		t.sees(refund.OnHold)
		t.endPause()
		t.ends(refund.Credited)
	}},
	{"pause-suspended", "paused and suspended; the pause ends, then the suspension", standard, func(t *take) {
		t.buy(small)
		t.pause(time.Hour)
		t.file()
		t.sees(refund.OnHold)
		t.standing(api.StandingSuspended)
		t.causes(2)
		t.endPause()
		t.causes(1)
		t.standing(api.StandingGood)
		t.ends(refund.Credited)
	}},
	{"clock-renewed", "continues as new while a clock runs, asked and answered in between", renewing, func(t *take) {
		t.inReview()
		for range 3 {
			t.ask()
			t.say(t.owner, customerAnswer)
			t.sees(refund.InReview)
		}
		t.approve()
		t.ends(refund.Credited)
	}},
}

// ticket gives the id of the refund's open case.
func (t *take) ticket() (string, error) {
	open, kind := api.TicketStateOpen, api.TicketKindRefund
	r, err := t.people["reviewer"].ListTicketsWithResponse(t.ctx, &api.ListTicketsParams{RefundID: &t.refund, State: &open, Kind: &kind})
	if err != nil {
		return "", err
	}
	page, err := answered(r.JSON200, r.ApplicationProblemJSONDefault, nil)
	if err != nil {
		return "", err
	}
	if len(page.Items) != 1 {
		return "", fmt.Errorf("%d open tickets", len(page.Items))
	}
	return page.Items[0].ID, nil
}

// onTicket does something on the refund's open case, or on the question.
func (t *take) onTicket(what string, do func(id string) error) {
	t.do(what, func() error {
		id := t.question
		if id == "" {
			var err error
			if id, err = t.ticket(); err != nil {
				return err
			}
		}
		return do(id)
	})
}

func (t *take) ask() {
	t.onTicket("request information", func(id string) error {
		r, err := t.people["reviewer"].RequestInformationWithResponse(t.ctx, id, api.InformationRequest{Body: staffAsks})
		if err != nil {
			return err
		}
		_, err = answered(r.JSON200, r.ApplicationProblemJSONDefault, nil)
		return err
	})
	t.sees(refund.AwaitingCustomer)
}

// say writes a public message on the ticket.
func (t *take) say(who *api.ClientWithResponses, words string) {
	t.onTicket("write", func(id string) error {
		r, err := who.SendMessageWithResponse(t.ctx, id, api.NewMessage{Body: words, Visibility: new(api.VisibilityPublic)})
		if err != nil {
			return err
		}
		_, err = answered(r.JSON201, r.ApplicationProblemJSONDefault, nil)
		return err
	})
}

func (t *take) escalate() {
	t.onTicket("escalate", func(id string) error {
		r, err := t.people["reviewer"].EscalateTicketWithResponse(t.ctx, id, api.Escalation{Reason: whyEscalate})
		if err != nil {
			return err
		}
		_, err = answered(r.JSON200, r.ApplicationProblemJSONDefault, nil)
		return err
	})
}

// queued waits until the workflow knows that the ticket is in the queue.
func (t *take) queued(queue string) {
	t.do("wait for queue "+queue, func() error {
		return t.until(func() (bool, error) {
			if t.question != "" {
				s, err := t.questionSnapshot()
				return err == nil && s.Queue == queue, nil // not started yet is no error
			}
			s, err := t.snapshot()
			return err == nil && s.Queue == queue, err
		})
	})
}

// appeal appeals the rejection and goes on with the appeal.
func (t *take) appeal() {
	t.do("appeal", func() error {
		r, err := t.owner.AppealRefundWithResponse(t.ctx, t.refund, &api.AppealRefundParams{}, api.Appeal{Note: note})
		if err != nil {
			return err
		}
		filed, err := answered(r.JSON202, r.ApplicationProblemJSONDefault, nil)
		if err != nil {
			return err
		}
		t.refund, t.workflow = filed.ID, filed.WorkflowID
		return nil
	})
}

// pause stops crediting for the account.
func (t *take) pause(length time.Duration) {
	t.do("pause crediting", func() error {
		r, err := t.people["admin"].PauseCreditingWithResponse(t.ctx, api.NewPause{
			Scope: api.PauseScopeAccount, Target: &t.account, Reason: whyPause, ExpiresAt: time.Now().Add(length),
		})
		if err != nil {
			return err
		}
		begun, err := answered(r.JSON201, r.ApplicationProblemJSONDefault, nil)
		if err == nil {
			t.paused = begun.ID
		}
		return err
	})
}

func (t *take) endPause() {
	t.do("end the pause", func() error {
		r, err := t.people["admin"].EndPauseWithResponse(t.ctx, t.paused)
		if err != nil {
			return err
		}
		_, err = answered(r.JSON200, r.ApplicationProblemJSONDefault, nil)
		return err
	})
}

// decideSaying casts a vote with words to the customer.
func (t *take) decideSaying(who string, vote api.Vote, reason api.NewDecisionReasonCode, words string) {
	t.do(string(vote), func() error { return t.cast(who, api.NewDecision{Decision: vote, ReasonCode: reason, Message: &words}) })
}
