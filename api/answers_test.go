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

	item := object(b, good["listRefunds"].by("customer"))["items"].([]any)[0].(map[string]any)
	require.NotContains(t, item, "timeline")
	require.Equal(t, "refund/refund_1", item["workflow_id"])
}

func TestATicketAsItsCustomerAndStaffSeeIt(t *testing.T) {
	b := setup(t)
	own := object(b, good["getTicket"].by("customer"))
	for _, internal := range []string{"digest", "matches", "votes", "assignee", "approvals_needed"} {
		require.NotContains(t, own, internal)
	}
	require.Equal(t, []any{}, own["messages"])
	item := object(b, good["listTickets"].by("customer"))["items"].([]any)[0].(map[string]any)
	require.Equal(t, own, item)

	staff := object(b, good["getTicket"].by("reviewer"))
	require.Equal(t, aCase().Case.Digest(), staff["digest"])
	require.Equal(t, []any{map[string]any{"rule": "amount-above-limit", "value": "1200.000000", "threshold": "1000.000000", "reason": "Look."}}, staff["matches"])
	require.Equal(t, []any{map[string]any{"reviewer": "r1", "decision": "reject", "reason_code": "suspected_abuse", "at": "2026-11-02T12:01:00Z"}}, staff["votes"])
	require.Equal(t, map[string]any{"amount": "50.000000", "currency": "USD"}, staff["amount"])
	require.Equal(t, staff, object(b, good["decideTicket"].by("senior")), "a decision answers the ticket with the votes so far")
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
