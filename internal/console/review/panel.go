package review

import (
	"strconv"

	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// panel is where a case is decided: who may, and what it does to the money.
type panel struct {
	WhyNot        string // in words; "" for whoever may decide
	ApproveWhyNot string // why he may only reject; "" when he may approve too
	OnApprove     string // what an approval does to the money
	OnReject      string // what a rejection does
	Digest        string
	Progress      progress
	Shown         snapshot
	Changes       []change // since the page that was sent was made
}

// progress is how far the votes are.
type progress struct {
	Approvals, Needed int
	Seniors           int // how many senior reviewers have yet to approve
}

// snapshot is the part of a case that the page shows and a change of which a reviewer is
// told. The form carries it along; what is decided on is the digest alone.
type snapshot struct {
	Amount  string // "120.000000 USD"
	State   string
	Votes   string
	Version string // of the package
}

// change is something that is not as the reviewer was shown it.
type change struct{ What, Was, Is string }

func panelOf(c *page.Context, v desk.CaseView, account refund.Account) panel {
	p := panel{Digest: v.Case.Digest(), Progress: progressOf(v), Shown: snapshotOf(v)}
	if v.Ticket.Kind != review.KindRefund {
		return p
	}
	if no := mayNot(v, c, review.Reject); no != nil {
		p.WhyNot = faultText(c.View, no)
		return p
	}
	if no := mayNot(v, c, review.Approve); no != nil {
		p.ApproveWhyNot = faultText(c.View, no)
	}
	amount := c.Money(v.Case.Amount)
	mine := append(v.Case.Decisions, review.Decision{Voter: c.Actor, Vote: review.Approve}) //nolint:gocritic // only counted
	if v.Case.Quorum.Outcome(mine) == review.Approve {
		p.OnApprove = c.T("review.effect.credit", "Amount", amount, "Name", account.Name, "Account", account.ID)
	} else {
		left := max(1, p.Progress.Needed-p.Progress.Approvals-1)
		p.OnApprove = c.T("review.effect.more", "Count", left)
	}
	p.OnReject = c.T("review.effect.reject")
	return p
}

// mayNot says why the reader cannot cast the vote now; nil when he can. The desk asks the
// same again when he does.
func mayNot(v desk.CaseView, c *page.Context, vote review.Vote) *fault.Error {
	refusal := v.Case.MayDecide(c.Actor, vote, v.Case.Digest())
	if v.Ticket.State != review.Open {
		return review.ErrTicketClosed // whoever it was that could have decided
	}
	if refusal != nil {
		return refusal
	}
	switch v.Refund.State {
	case refund.InReview, refund.NeedsAttention:
		return nil
	case refund.AwaitingCustomer:
		return review.ErrAwaiting
	case refund.OnHold:
		return desk.ErrOnHold
	}
	return review.ErrTicketClosed
}

func progressOf(v desk.CaseView) progress {
	p := progress{Needed: max(1, v.Case.Quorum.Approvals), Seniors: v.Case.Quorum.Seniors}
	for _, d := range v.Case.Decisions {
		if d.Vote != review.Approve {
			continue
		}
		p.Approvals++
		if d.Voter.Has("senior_reviewer") {
			p.Seniors--
		}
	}
	p.Seniors = max(0, p.Seniors)
	return p
}

func snapshotOf(v desk.CaseView) snapshot {
	return snapshot{
		Amount: v.Case.Amount.Decimal() + " " + v.Case.Amount.Currency, State: string(v.Refund.State),
		Votes: strconv.Itoa(progressOf(v).Approvals), Version: strconv.FormatInt(v.Case.PackageVersion, 10),
	}
}

// shownBefore is the case as the form that was sent had been made with.
func shownBefore(f *page.Form) snapshot {
	return snapshot{Amount: f.Get("shown_amount"), State: f.Get("shown_state"), Votes: f.Get("shown_votes"), Version: f.Get("shown_version")}
}

// changesSince says in words what is not as it was shown. What is not said in the form (it
// was sent by a program) counts as unchanged.
func changesSince(v *page.View, was snapshot, now desk.CaseView) []change {
	is := snapshotOf(now)
	needed := progressOf(now).Needed
	var all []change
	add := func(what, was, is string, words func(string) string) {
		if was != "" && was != is {
			all = append(all, change{What: v.T("review.change." + what), Was: words(was), Is: words(is)})
		}
	}
	add("amount", was.Amount, is.Amount, func(s string) string { return moneyText(v, s) })
	add("state", was.State, is.State, func(s string) string { return v.Code("refund.state", s) })
	add("votes", was.Votes, is.Votes, func(s string) string {
		n, err := strconv.Atoi(s)
		if err != nil {
			return "?"
		}
		return v.T("review.progress", "Approvals", n, "Needed", needed)
	})
	if was.Version != "" && was.Version != is.Version {
		all = append(all, change{What: v.T("review.change.package"), Was: "", Is: v.T("review.change.package_text")})
	}
	return all
}

// moneyText writes an amount that came back with a form.
func moneyText(v *page.View, text string) string {
	for i := range text {
		if text[i] == ' ' {
			if m, err := money.Parse(text[:i], text[i+1:]); err == nil {
				return v.Money(m)
			}
		}
	}
	return "?"
}

// faultText is a fault as a reviewer reads it.
func faultText(v *page.View, f *fault.Error) string {
	if f == nil {
		return ""
	}
	if key := "review.fault." + f.Code; v.Has(key) {
		return v.T(key)
	}
	return page.FaultText(v, f)
}
