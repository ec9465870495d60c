package desk

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"refunddesk/internal/audit"
	"refunddesk/internal/identity"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// RefundView is a refund with what happened to it. A customer's holds nothing internal.
type RefundView struct {
	refund.Refund
	// Entries are those that took the refund from one state to another, oldest first: not
	// what was tried and refused, of which there is as much as somebody likes. They may be
	// missing for one that was filed this moment: its timeline is then the filing alone.
	Entries   []audit.Entry
	Decisions []review.Decision // oldest first; a customer's has the one that settled it, and nobody's name
	Matches   []review.Match    // the screening rules that matched, heaviest first; for staff
	// Told is what the customer may be told of why his request is reviewed or was rejected
	// by a rule, by locale; nil when there is nothing to tell. Locale is his.
	Told   map[string]string
	Locale string
	// TicketID is the case while it waits for people or for the customer, AnswerBy until when
	// he can answer what he was asked.
	TicketID string
	AnswerBy *time.Time
}

// Explanation is what the customer may be told of why his request is reviewed or was
// rejected, in the locale, or in his own when it is empty; "" when there is nothing to tell.
func (v RefundView) Explanation(locale string) string {
	for _, l := range []string{cmp.Or(locale, v.Locale), v.Locale, refund.English} {
		if text := v.Told[l]; text != "" {
			return text
		}
	}
	return ""
}

// explained reports whether screening is why the refund stands where it does: it is under
// review, or a rule rejected it.
func (v RefundView) explained() bool {
	switch v.State {
	case refund.InReview, refund.AwaitingCustomer:
		return v.Verdict == string(policy.Review)
	case refund.Rejected:
		return v.Verdict == string(policy.Reject)
	}
	return false
}

// heaviestTold is what may be told of the heaviest match that has words for it.
func heaviestTold(matches []review.Match) map[string]string {
	var heaviest *review.Match
	for i, m := range matches {
		if len(m.Told) > 0 && (heaviest == nil || m.Weight > heaviest.Weight) {
			heaviest = &matches[i]
		}
	}
	if heaviest == nil {
		return nil
	}
	return heaviest.Told
}

// TimelineItem is a state the refund was in, and who took it there.
type TimelineItem struct {
	At         time.Time
	State      refund.State
	Role       identity.Role
	ReasonCode string
}

// Timeline lists the states the refund was in, oldest first, from its audit entries. What
// screening matched, and what went wrong inside, is for staff only: a customer is given the
// reasons that people and the published policy have.
func (v RefundView) Timeline(viewer identity.Actor) []TimelineItem {
	var items []TimelineItem
	for _, e := range v.Entries {
		if e.Object == audit.ObjectRefund && e.NewState != "" && e.NewState != e.OldState {
			items = append(items, TimelineItem{At: e.At, State: refund.State(e.NewState), Role: e.Role, ReasonCode: e.ReasonCode})
		}
	}
	if len(items) == 0 {
		items = append(items, TimelineItem{At: v.CreatedAt, State: refund.Submitted, Role: identity.Customer})
	}
	for i := range items {
		if !viewer.IsStaff() && !isPublic(items[i].ReasonCode) {
			items[i].ReasonCode = ""
		}
	}
	return items
}

// isPublic reports whether a customer may be given the reason code: why he asked, why
// people decided, why it is on hold, that he did not answer, and the outcomes of the
// published policy.
func isPublic(code string) bool {
	outcomes := []string{refund.OutcomeTerminated, refund.OutcomeDisputeLost, refund.OutcomeNothingToRefund, refund.OutcomeUnanswered, policy.OutcomeRule}
	if refund.ReasonCode(code).Known() || slices.Contains(outcomes, code) ||
		slices.Contains(review.Reasons(review.Approve), code) || slices.Contains(review.Reasons(review.Reject), code) {
		return true
	}
	for cause := range strings.SplitSeq(code, ",") {
		if c := refund.Cause(cause); c != refund.CauseStanding && c != refund.CauseDispute && c != refund.CausePause {
			return false
		}
	}
	return true
}

// Ruling is how a case was decided: by a person, or by rule when By is empty.
type Ruling struct {
	Outcome    review.Vote
	ReasonCode string
	By         string    // subject of the reviewer whose vote settled it
	At         time.Time // zero when no person decided
}

// Ruling gives what was decided on the refund, or nil while nothing is. What screening
// approved by itself has none.
func (v RefundView) Ruling() *Ruling {
	settledBy := func(vote review.Vote) *Ruling {
		for _, d := range slices.Backward(v.Decisions) {
			if d.Vote == vote {
				return &Ruling{Outcome: vote, ReasonCode: d.ReasonCode, By: d.Voter.Subject, At: d.CreatedAt}
			}
		}
		return nil
	}
	if v.State == refund.Rejected {
		if by := settledBy(review.Reject); by != nil {
			return by
		}
		return &Ruling{Outcome: review.Reject, ReasonCode: v.Outcome}
	}
	if v.Approved != nil {
		return settledBy(review.Approve)
	}
	return nil
}

// Judgement is what a reviewer decides on a ticket.
type Judgement struct {
	Vote       review.Vote
	ReasonCode string
	Note       string // for staff
	Message    string // for the customer
	Digest     string // as the ticket showed it
}

// HistoryItem is either an entry of the audit log or an event of the workflow.
type HistoryItem struct {
	At    time.Time
	Entry *audit.Entry
	Event *Event
}

// Summary is the item in one line for people.
func (i HistoryItem) Summary() string {
	if i.Event != nil {
		return cmp.Or(i.Event.Summary, i.Event.Type)
	}
	if i.Entry == nil {
		return ""
	}
	e := i.Entry
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", e.Object, e.Action)
	if e.NewState != "" && e.NewState != e.OldState {
		fmt.Fprintf(&b, ": %s → %s", cmp.Or(e.OldState, "·"), e.NewState)
	}
	if e.Amount != nil {
		fmt.Fprintf(&b, ", %s", e.Amount)
	}
	if e.ReasonCode != "" {
		fmt.Fprintf(&b, " (%s)", e.ReasonCode)
	}
	return b.String()
}

// HistoryView is all that happened to a refund, in one order.
type HistoryView struct {
	RefundID        string
	WorkflowID      string
	Items           []HistoryItem
	EngineAvailable bool // false: the engine was away and the entries come alone
}

// NewHistory puts entries and events, each oldest first, into one order by time. At the
// same moment what was committed comes before what the engine noted of it.
func NewHistory(refundID string, entries []audit.Entry, events []Event, engineAvailable bool) HistoryView {
	v := HistoryView{RefundID: refundID, WorkflowID: refund.WorkflowID(refundID), EngineAvailable: engineAvailable}
	v.Items = make([]HistoryItem, 0, len(entries)+len(events))
	for i := range entries {
		v.Items = append(v.Items, HistoryItem{At: entries[i].At, Entry: &entries[i]})
	}
	for i := range events {
		v.Items = append(v.Items, HistoryItem{At: events[i].At, Event: &events[i]})
	}
	slices.SortStableFunc(v.Items, func(a, b HistoryItem) int { return a.At.Compare(b.At) })
	return v
}
