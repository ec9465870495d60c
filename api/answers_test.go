package api

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
)

// object is an answer as a client reads it.
func object(b *bundle, c call) map[string]any {
	b.Helper()
	w := b.do(c)
	require.Less(b, w.Code, 300, w.Body)
	var out map[string]any
	require.NoError(b, json.Unmarshal(w.Body.Bytes(), &out))
	return out
}

func TestARefundAsItsCustomerAndStaffSeeIt(t *testing.T) {
	b := setup(t)
	own := object(b, good["getRefund"].by("customer"))
	require.Equal(t, "rejected", own["state"])
	require.Equal(t, "nobody", own["moves_next"])
	require.Equal(t, map[string]any{"amount": "50.000000", "currency": "USD"}, own["amount"])
	require.Equal(t, map[string]any{"outcome": "reject", "reason_code": "suspected_abuse", "decided_at": "2026-11-02T12:01:00Z"}, own["decision"], "not by whom")
	require.Equal(t, []any{
		map[string]any{"at": "2026-11-02T12:00:00Z", "state": "submitted", "actor_role": "customer"},
		map[string]any{"at": "2026-11-02T12:01:00Z", "state": "rejected", "actor_role": "reviewer", "reason_code": "suspected_abuse"},
	}, own["timeline"])

	staff := object(b, good["getRefund"].by("auditor"))
	require.Equal(t, "r1", staff["decision"].(map[string]any)["decided_by"])

	require.Equal(t, "refund_0", own["appeal_of"])
	require.Equal(t, "2026-11-09T12:00:00Z", own["answer_by"])
	require.NotContains(t, object(b, good["getRefund"].by("owner"))["decision"], "decided_by", "nor to staff on its own")

	item := object(b, good["listRefunds"].by("customer"))["items"].([]any)[0].(map[string]any)
	require.NotContains(t, item, "timeline")
	require.Equal(t, "refund/refund_1", item["workflow_id"])
}

func TestATicketAsItsCustomerAndStaffSeeIt(t *testing.T) {
	b := setup(t)
	own := object(b, good["getTicket"].by("customer"))
	require.Equal(t, map[string]any{
		"id": "ticket_1", "kind": "refund", "refund_id": "refund_1", "refund_state": "rejected", "account_id": "acct_1", "package_id": "pkg_1",
		"state": "open", "queue": "review", "due_at": "2026-11-04T12:00:00Z", "waiting": true, "answer_by": "2026-11-09T12:00:00Z",
		"amount": map[string]any{"amount": "50.000000", "currency": "USD"}, "created_at": "2026-11-02T12:00:00Z",
		"messages": []any{
			map[string]any{"id": "message_1", "role": "staff", "visibility": "public", "body": "Which are yours?", "created_at": "2026-11-02T12:00:00Z"},
			map[string]any{"id": "message_2", "role": "customer", "visibility": "public", "body": "All\n\tof them.", "created_at": "2026-11-02T12:01:00Z"},
		},
	}, own, "and nothing else")
	item := object(b, good["listTickets"].by("customer"))["items"].([]any)[0].(map[string]any)
	require.Equal(t, own, item)

	staff := object(b, good["getTicket"].by("reviewer"))
	require.Equal(t, aCase().Case.Digest(), staff["digest"])
	require.Equal(t, []any{map[string]any{
		"rule": "canary-rule", "value": "canary 1200.000000", "threshold": "canary 1000.000000", "reason": "canary reason", "weight": 7.0,
	}}, staff["matches"])
	require.Equal(t, []any{map[string]any{"reviewer": "r1", "decision": "reject", "reason_code": "suspected_abuse", "at": "2026-11-02T12:01:00Z"}}, staff["votes"])
	require.Equal(t, map[string]any{"amount": "50.000000", "currency": "USD"}, staff["amount"])
	for field, want := range map[string]any{
		"assignee": "canary-assignee", "priority": 987654.0, "urgency": "late", "snoozed_until": "2026-11-02T13:00:00Z",
		"response_due_at": "2026-11-03T12:00:00Z", "responded_at": "2026-11-02T12:01:00Z", "approvals_needed": 2.0, "seniors_needed": 1.0,
	} {
		require.Equal(t, want, staff[field], field)
	}
	said := staff["messages"].([]any)
	require.Len(t, said, 3)
	require.Equal(t, "canary-author", said[0].(map[string]any)["author"])
	require.Equal(t, "internal", said[2].(map[string]any)["visibility"])
	require.Equal(t, staff, object(b, good["decideTicket"].by("senior")), "a decision answers the ticket with the votes so far")
	require.Equal(t, own, object(b, good["getTicket"].by("owner")), "who works here is a customer on his own ticket")
}

func TestAQuestionHasNoVotes(t *testing.T) {
	b := setup(t)
	own := object(b, good["askQuestion"].by("customer"))
	require.Equal(t, "question", own["kind"])
	require.Equal(t, "When?", own["subject"])
	require.Equal(t, "2026-11-02T12:00:00Z", own["closed_at"])
	require.Equal(t, false, own["waiting"])
	staff := object(b, good["resolveTicket"].by("reviewer"))
	for _, absent := range []string{"refund_id", "refund_state", "package_id", "amount", "digest", "votes", "matches", "approvals_needed"} {
		require.NotContains(t, own, absent)
		require.NotContains(t, staff, absent)
	}
	require.Equal(t, "on_time", staff["urgency"])
}

func TestAnAccountAsItsCustomerAndStaffSeeIt(t *testing.T) {
	b := setup(t)
	own := object(b, good["getAccount"].by("customer"))
	require.Equal(t, "suspended", own["standing"])
	require.NotContains(t, own, "standing_reason")
	require.NotContains(t, own, "contact_changed_at")
	require.NotContains(t, object(b, good["getAccount"].by("integrator")), "standing_reason")
	require.Equal(t, "spam", object(b, good["getAccount"].by("reviewer"))["standing_reason"])
}

func TestTheLedgerSumsToZero(t *testing.T) {
	page := object(setup(t), good["listLedger"].by("customer"))
	require.Equal(t, "more", page["next_cursor"])
	require.Len(t, page["items"], 2)
	for _, item := range page["items"].([]any) {
		sum := money.Of(0, "USD")
		for _, p := range item.(map[string]any)["postings"].([]any) {
			amount := p.(map[string]any)["amount"].(map[string]any)
			m, err := money.Parse(amount["amount"].(string), amount["currency"].(string))
			require.NoError(t, err)
			sum, err = sum.Add(m)
			require.NoError(t, err)
		}
		require.True(t, sum.IsZero())
	}
	require.Equal(t, "journal_1", page["items"].([]any)[0].(map[string]any)["reverses"])
}

func TestRefundable(t *testing.T) {
	s := &server{Options: Options{Now: func() time.Time { return noon }}}
	for name, tc := range map[string]struct {
		change func(*desk.PackageView)
		want   Refundable
	}{
		"used":         {func(*desk.PackageView) {}, Refundable{Eligible: true, Amount: Money{"50.000000", "USD"}}},
		"suspended":    {func(v *desk.PackageView) { v.Standing = refund.Suspended }, Refundable{Reason: optional("account-suspended"), Amount: Money{"0.000000", "USD"}}},
		"a gift left":  {func(v *desk.PackageView) { v.Remaining = 20 * money.Scale }, Refundable{Reason: optional("nothing-to-refund"), Amount: Money{"0.000000", "USD"}}},
		"refund open":  {func(v *desk.PackageView) { v.Recorded = refund.Frozen }, Refundable{Reason: optional("refund-open"), Amount: Money{"0.000000", "USD"}}},
		"dispute lost": {func(v *desk.PackageView) { v.Dispute = refund.DisputeLost }, Refundable{Reason: optional("dispute-lost"), Amount: Money{"0.000000", "USD"}}},
	} {
		v := aPackage()
		tc.change(&v)
		require.Equal(t, tc.want, s.toPackage(v).Refundable, name)
	}
}

func TestHistory(t *testing.T) {
	h := object(setup(t), good["getRefundHistory"].by("auditor"))
	require.Equal(t, true, h["engine_available"])
	require.Equal(t, "refund/refund_1", h["workflow_id"])
	items := h["items"].([]any)
	require.Len(t, items, 3)
	require.Equal(t, "audit", items[0].(map[string]any)["source"])
	require.Equal(t, "engine", items[1].(map[string]any)["source"])
	require.Equal(t, "refund rejected: in_review → rejected (suspected_abuse)", items[2].(map[string]any)["summary"])
}

func TestEmptyListsAreListsNotNull(t *testing.T) {
	require.Equal(t, []Money{}, mapped(nil, toMoney))
}
