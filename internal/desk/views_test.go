package desk

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/audit"
	"refunddesk/internal/identity"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

func TestTimelineHasEachStateOnceInOrder(t *testing.T) {
	v := RefundView{Entries: []audit.Entry{
		{At: noon, Object: audit.ObjectRefund, Role: identity.Customer, Action: audit.Filed, NewState: "submitted"},
		{At: noon.Add(1), Object: audit.ObjectRefund, Role: identity.System, Action: audit.Screened, OldState: "submitted", NewState: "in_review"},
		{At: noon.Add(2), Object: audit.ObjectTicket, Role: identity.System, Action: audit.TicketOpened, NewState: "open"},
		{At: noon.Add(3), Object: audit.ObjectRefund, Role: identity.Reviewer, Action: audit.DecisionRefused, OldState: "in_review", NewState: "in_review"},
		{At: noon.Add(4), Object: audit.ObjectRefund, Role: identity.Reviewer, Action: audit.Rejected, OldState: "in_review", NewState: "rejected", ReasonCode: "unverified"},
	}}
	require.Equal(t, []TimelineItem{
		{At: noon, State: refund.Submitted, Role: identity.Customer},
		{At: noon.Add(1), State: refund.InReview, Role: identity.System},
		{At: noon.Add(4), State: refund.Rejected, Role: identity.Reviewer, ReasonCode: "unverified"},
	}, v.Timeline(identity.Actor{Roles: []identity.Role{identity.Auditor}}))

	fresh := RefundView{Refund: refund.Refund{CreatedAt: noon}}
	require.Equal(t, []TimelineItem{{At: noon, State: refund.Submitted, Role: identity.Customer}}, fresh.Timeline(identity.Actor{}))
}

func TestRulingSaysWhoSettledTheCase(t *testing.T) {
	approve := review.Decision{Vote: review.Approve, ReasonCode: "verified_request", Voter: identity.Actor{Subject: "r1"}, CreatedAt: noon}
	second := review.Decision{Vote: review.Approve, ReasonCode: "provider_fault", Voter: identity.Actor{Subject: "r2"}, CreatedAt: noon.Add(1)}
	reject := review.Decision{Vote: review.Reject, ReasonCode: "suspected_abuse", Voter: identity.Actor{Subject: "s1"}, CreatedAt: noon.Add(2)}
	approved := money.Units(5, "USD")
	for name, tc := range map[string]struct {
		view RefundView
		want *Ruling
	}{
		"nothing decided":           {RefundView{Refund: refund.Refund{State: refund.InReview}}, nil},
		"one vote of two":           {RefundView{Refund: refund.Refund{State: refund.InReview}, Decisions: []review.Decision{approve}}, nil},
		"screening approved":        {RefundView{Refund: refund.Refund{State: refund.Credited, Approved: &approved}}, nil},
		"the last approval settles": {RefundView{Refund: refund.Refund{State: refund.Crediting, Approved: &approved}, Decisions: []review.Decision{approve, second}}, &Ruling{Outcome: review.Approve, ReasonCode: "provider_fault", By: "r2", At: noon.Add(1)}},
		"rejected by a person":      {RefundView{Refund: refund.Refund{State: refund.Rejected}, Decisions: []review.Decision{reject}}, &Ruling{Outcome: review.Reject, ReasonCode: "suspected_abuse", By: "s1", At: noon.Add(2)}},
		"rejected after approval":   {RefundView{Refund: refund.Refund{State: refund.Rejected, Approved: &approved}, Decisions: []review.Decision{approve, reject}}, &Ruling{Outcome: review.Reject, ReasonCode: "suspected_abuse", By: "s1", At: noon.Add(2)}},
		"rejected by rule":          {RefundView{Refund: refund.Refund{State: refund.Rejected, Outcome: refund.OutcomeDisputeLost}}, &Ruling{Outcome: review.Reject, ReasonCode: "dispute-lost"}},
		"rule overtook an approval": {RefundView{Refund: refund.Refund{State: refund.Rejected, Outcome: refund.OutcomeTerminated, Approved: &approved}, Decisions: []review.Decision{approve}}, &Ruling{Outcome: review.Reject, ReasonCode: "account-terminated"}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, tc.want, tc.view.Ruling()) })
	}
}

func TestHistoryIsInOneOrder(t *testing.T) {
	amount := money.Units(12, "USD")
	entries := []audit.Entry{
		{At: noon, Object: audit.ObjectRefund, Action: audit.Filed, NewState: "submitted"},
		{At: noon.Add(2), Object: audit.ObjectRefund, Action: audit.Rejected, OldState: "screening", NewState: "rejected", ReasonCode: "dispute-lost", Amount: &amount},
	}
	events := []Event{{ID: 1, At: noon.Add(1), Type: "WorkflowExecutionStarted"}, {ID: 2, At: noon.Add(2), Type: "MarkerRecorded", Summary: "Screen finished"}}
	v := NewHistory("refund_1", entries, events, true)
	require.Equal(t, "refund/refund_1", v.WorkflowID)
	var lines []string
	for _, item := range v.Items {
		lines = append(lines, item.Summary())
	}
	require.Equal(t, []string{
		"refund filed: · → submitted",
		"WorkflowExecutionStarted",
		"refund rejected: screening → rejected, 12.000000 USD (dispute-lost)",
		"Screen finished",
	}, lines)
}

// What screening matched is for staff: a customer who knew the rules could stay below them.
func TestTimelineKeepsInternalReasonsFromCustomers(t *testing.T) {
	at := func(reason string) RefundView {
		return RefundView{Entries: []audit.Entry{{At: noon, Object: audit.ObjectRefund, NewState: "in_review", ReasonCode: reason}}}
	}
	customer := identity.Actor{Roles: []identity.Role{identity.Customer}, AccountID: "a"}
	reviewer := identity.Actor{Roles: []identity.Role{identity.Reviewer}}
	for reason, public := range map[string]bool{
		"amount-above-limit": false, "above-approved": false, "database-refused": false, "screened": false,
		"no_longer_needed": true, "suspected_abuse": true, "dispute": true, "dispute,standing": true,
		"pause": true, "dispute,pause": true, "unanswered": true, "policy-rule": true, "large-amount": false, "dispute,secret": false,
		refund.OutcomeTerminated: true, refund.OutcomeNothingToRefund: true,
	} {
		require.Equal(t, reason, at(reason).Timeline(reviewer)[0].ReasonCode)
		require.Equal(t, public, at(reason).Timeline(customer)[0].ReasonCode != "", reason)
	}
}
