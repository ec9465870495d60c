package review

import (
	"strconv"
	"strings"
	"time"

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
	OnApprove     effect // what an approval does to the money
	OnReject      string // what a rejection does
	Digest        string
	Progress      progress
	Shown         snapshot
	Changes       []change // since the page that was sent was made
}

// effect is what a vote leads to, and when the money moves; no time means at once, or never.
type effect struct {
	Text string
	When string // what happens at the time
	At   *time.Time
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

func panelOf(c *page.Context, v desk.CaseView, account refund.Account, pkg refund.Package) (panel, error) {
	p := panel{Digest: v.Case.Digest(), Progress: progressOf(v), Shown: snapshotOf(v)}
	if v.Ticket.Kind != review.KindRefund {
		return p, nil
	}
	if no := mayNot(v, c, review.Reject); no != nil {
		p.WhyNot = refusalText(c.View, v, no)
		return p, nil
	}
	if no := mayNot(v, c, review.Approve); no != nil {
		p.ApproveWhyNot = refusalText(c.View, v, no)
	}
	mine := append(v.Case.Decisions, review.Decision{Voter: c.Actor, Vote: review.Approve}) //nolint:gocritic // only counted
	if v.Case.Quorum.Outcome(mine) == review.Approve {
		delay, err := c.Desk.CreditDelay(c.Ctx(), c.Actor, pkg)
		if err != nil {
			return p, err
		}
		p.OnApprove = effectOf(c.View, delay, "Amount", c.Money(v.Case.Amount), "Name", account.Name, "Account", account.ID)
	} else {
		left := max(1, p.Progress.Needed-p.Progress.Approvals-1)
		p.OnApprove.Text = c.T("review.effect.more", "Count", left)
	}
	p.OnReject = c.T("review.effect.reject")
	return p, nil
}

// effectOf says when an approved refund is credited: of a pause and the drain window whichever
// ends last.
func effectOf(v *page.View, delay desk.Delay, words ...any) effect {
	switch laterOf(delay) {
	case delayPause:
		return effect{v.T("review.effect.paused", words...), v.T("review.effect.pause_ends"), delay.PausedUntil}
	case delayDrain:
		return effect{v.T("review.effect.settles", words...), v.T("review.effect.settled"), delay.SettlesAt}
	}
	return effect{Text: v.T("review.effect.credit", words...)}
}

// What an approved refund waits for before it is credited.
const (
	delayPause = "pause"
	delayDrain = "drain"
)

// laterOf is what an approved refund waits for last; "" when it is credited at once.
func laterOf(d desk.Delay) string {
	switch {
	case d.PausedUntil != nil && (d.SettlesAt == nil || d.PausedUntil.After(*d.SettlesAt)):
		return delayPause
	case d.SettlesAt != nil:
		return delayDrain
	}
	return ""
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

// refusalText is why something was refused on the case; of one on hold it says what the
// refund waits for.
func refusalText(v *page.View, c desk.CaseView, f *fault.Error) string {
	if f == nil || f.Code != desk.ErrOnHold.Code || len(c.Refund.HoldCauses) == 0 {
		return faultText(v, f)
	}
	waits := make([]string, len(c.Refund.HoldCauses))
	for i, cause := range c.Refund.HoldCauses {
		waits[i] = v.Code("review.waits-for", string(cause))
	}
	return v.T("review.held", "Causes", strings.Join(waits, v.T("review.held.and")))
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
