package storetest

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

func yes() *bool { v := true; return &v }
func no() *bool  { v := false; return &v }

func rule(id string, weight int) review.Match {
	return review.Match{Rule: id, Value: "1", Threshold: "0", Reason: "inside", Weight: weight}
}

func ticketFilters(t *testing.T, open Opener) {
	b := New(t, open)
	b.Account("other")
	early := b.question("early")
	b.Clock.Add(6 * time.Hour)
	late := b.question("late")
	heavy := b.flag("p", rule("many", 10), rule("young", 5))
	light := b.flag("q", rule("young", 5))
	foreign, _, err := b.Store.Ask(b.Ctx, Customer("other"), desk.Question{AccountID: "other", Subject: "?", Body: "?", SLA: promise})
	require.NoError(t, err)
	closed := b.question("closed")
	_, err = b.Resolve(b.Ctx, Reviewer, closed.ID)
	require.NoError(t, err)
	require.NoError(t, b.Claim(b.Ctx, Reviewer, heavy.ID))
	require.NoError(t, b.Snooze(b.Ctx, Reviewer, late.ID, b.Clock.Now().Add(time.Hour)))
	b.inquire(light, "Which number?")
	b.Clock.Add(30 * time.Minute)
	names := map[string]string{early.ID: "early", late.ID: "late", heavy.ID: "heavy", light.ID: "light", foreign.Ticket.ID: "foreign", closed.ID: "closed"}
	list := func(f desk.TicketFilter) []string {
		t.Helper()
		page, err := b.Tickets(b.Ctx, f)
		require.NoError(t, err)
		out := idsOf(page.Items, func(v desk.CaseView) string { return names[v.Ticket.ID] })
		slices.Sort(out)
		return out
	}
	for _, c := range []struct {
		name   string
		filter desk.TicketFilter
		want   []string
	}{
		{"everything", desk.TicketFilter{}, []string{"closed", "early", "foreign", "heavy", "late", "light"}},
		{"an account's", desk.TicketFilter{AccountID: "other"}, []string{"foreign"}},
		{"a customer's, both kinds and snoozed ones", desk.TicketFilter{AccountID: "acct", State: review.Open}, []string{"early", "heavy", "late", "light"}},
		{"a refund's", desk.TicketFilter{RefundID: heavy.RefundID}, []string{"heavy"}},
		{"questions", desk.TicketFilter{Kind: review.KindQuestion}, []string{"closed", "early", "foreign", "late"}},
		{"flagged refunds", desk.TicketFilter{Kind: review.KindRefund}, []string{"heavy", "light"}},
		{"a queue's", desk.TicketFilter{Queue: review.QueueQuestions, State: review.Open}, []string{"early", "foreign", "late"}},
		{"closed", desk.TicketFilter{State: review.Closed}, []string{"closed"}},
		{"somebody's", desk.TicketFilter{Assignee: Reviewer.Subject}, []string{"heavy"}},
		{"nobody's", desk.TicketFilter{Unassigned: yes(), State: review.Open}, []string{"early", "foreign", "late", "light"}},
		{"anybody's", desk.TicketFilter{Unassigned: no()}, []string{"heavy"}},
		{"waiting for the customer", desk.TicketFilter{Waiting: yes()}, []string{"light"}},
		{"not waiting for the customer", desk.TicketFilter{Waiting: no(), Kind: review.KindRefund}, []string{"heavy"}},
		{"snoozed", desk.TicketFilter{Snoozed: yes()}, []string{"late"}},
		{"not snoozed", desk.TicketFilter{Snoozed: no(), State: review.Open}, []string{"early", "foreign", "heavy", "light"}},
		{"by rule", desk.TicketFilter{Rule: "young"}, []string{"heavy", "light"}},
		{"by another rule", desk.TicketFilter{Rule: "many"}, []string{"heavy"}},
		{"by a rule that never matched", desk.TicketFilter{Rule: "none"}, []string{}},
		{"all at once", desk.TicketFilter{
			Kind: review.KindRefund, Queue: review.QueueReview, State: review.Open, Unassigned: yes(), Waiting: yes(), Overdue: no(), Snoozed: no(), Rule: "young",
		}, []string{"light"}},
	} {
		t.Run(c.name, func(t *testing.T) { assert.Equal(t, c.want, list(c.filter)) })
	}
	t.Run("overdue", func(t *testing.T) {
		assert.Empty(t, list(desk.TicketFilter{Overdue: yes()}))
		b.Clock.Add(4 * time.Hour)
		assert.Equal(t, []string{"early"}, list(desk.TicketFilter{Overdue: yes()}))
		b.Clock.Add(20 * time.Hour)
		assert.Equal(t, []string{"early", "foreign", "heavy", "late"}, list(desk.TicketFilter{Overdue: yes()}), "whose clock stands still is not late, nor what is closed")
		assert.Equal(t, []string{"closed", "light"}, list(desk.TicketFilter{Overdue: no()}))
		b.standing(refund.Suspended)
		b.Step(heavy.RefundID, refund.VerbReassess, refund.OnHold)
		assert.Equal(t, []string{"early", "foreign", "late"}, list(desk.TicketFilter{Overdue: yes()}), "nor what is on hold")
		assert.Empty(t, list(desk.TicketFilter{Snoozed: yes()}), "a snooze ends by itself")
	})
}

// Eleven tickets, many of them alike in weight and due time, in pages of every length.
func ticketOrders(t *testing.T, open Opener) {
	b := New(t, open)
	var all []review.Ticket
	for i := range 11 {
		if i%4 == 0 {
			b.Clock.Add(time.Hour)
		}
		switch id := "p" + string(rune('a'+i)); {
		case i%3 == 0:
			all = append(all, b.question("?"))
		case i%2 == 0:
			all = append(all, b.flag(id, rule("r", 10)))
		default:
			all = append(all, b.flag(id, rule("r", 3)))
		}
	}
	byID := func(x, y review.Ticket) int { return cmp.Compare(x.ID, y.ID) }
	byDue := func(x, y review.Ticket) int { return cmp.Or(x.DueAt.Compare(y.DueAt), byID(x, y)) }
	for sort, order := range map[desk.TicketSort]func(x, y review.Ticket) int{
		"":                byDue,
		desk.SortDue:      byDue,
		desk.SortNewest:   func(x, y review.Ticket) int { return byID(y, x) },
		desk.SortPriority: func(x, y review.Ticket) int { return cmp.Or(cmp.Compare(y.Priority, x.Priority), byDue(x, y)) },
	} {
		want := idsOf(slices.SortedFunc(slices.Values(all), order), func(k review.Ticket) string { return k.ID })
		for limit := 1; limit <= 12; limit++ {
			var got []string
			filter := desk.TicketFilter{State: review.Open, Snoozed: no(), Sort: sort, Paging: desk.Paging{Limit: limit}}
			for range 12 {
				page, err := b.Tickets(b.Ctx, filter)
				require.NoError(t, err)
				got = append(got, idsOf(page.Items, func(v desk.CaseView) string { return v.Ticket.ID })...)
				if filter.Cursor = page.Next; page.Next == "" {
					break
				}
			}
			assert.Equal(t, want, got, "by %q in pages of %d", sort, limit)
		}
		for i, id := range want {
			at := slices.IndexFunc(all, func(k review.Ticket) bool { return k.ID == id })
			filter := desk.TicketFilter{State: review.Open, Snoozed: no(), Sort: sort, From: &all[at]}
			page, err := b.Tickets(b.Ctx, filter)
			require.NoError(t, err)
			assert.Equal(t, want[i+1:], idsOf(page.Items, func(v desk.CaseView) string { return v.Ticket.ID }), "by %q from %d", sort, i)
			filter.Backwards = true
			page, err = b.Tickets(b.Ctx, filter)
			require.NoError(t, err)
			before := idsOf(page.Items, func(v desk.CaseView) string { return v.Ticket.ID })
			slices.Reverse(before)
			assert.Equal(t, want[:i], before, "by %q back from %d", sort, i)
		}
	}
	_, err := b.Tickets(b.Ctx, desk.TicketFilter{Sort: desk.SortPriority, Paging: desk.Paging{Cursor: "junk"}})
	assert.Equal(t, fault.Malformed, fault.From(err).Kind)
	// A weight that no ticket can have is no cursor of ours.
	_, err = b.Tickets(b.Ctx, desk.TicketFilter{Sort: desk.SortPriority, Paging: desk.Paging{Cursor: "eyJwIjo5OTk5OTk5OTk5OSwiaSI6IngifQ"}})
	assert.Equal(t, fault.Malformed, fault.From(err).Kind)
}

func caseParties(t *testing.T, open Opener) {
	b := New(t, open)
	b.Account("twin") // the same e-mail address
	k := b.flag("p", rule("r", 7))
	v, err := b.Case(b.Ctx, k.ID)
	require.NoError(t, err)
	assert.Equal(t, []string{"twin"}, v.Case.Linked)
	assert.Equal(t, []string{Customer("acct").Subject}, v.Case.FiledBy)
	assert.Equal(t, review.Quorum{Approvals: 1}, v.Case.Quorum)
	assert.Equal(t, 7, v.Ticket.Priority)
	twin := identity.Actor{Subject: "rob", Roles: []identity.Role{identity.Reviewer}, AccountID: "twin"}
	assert.Equal(t, review.ErrSelfApproval, v.Case.MayDecide(twin, review.Approve, v.Case.Digest()))
	assert.Nil(t, v.Case.MayDecide(Reviewer, review.Approve, v.Case.Digest()))

	list, err := b.Tickets(b.Ctx, desk.TicketFilter{RefundID: k.RefundID})
	require.NoError(t, err)
	assert.Equal(t, v.Case.Digest(), list.Items[0].Case.Digest(), "a list shows the digest of a case too")

	b.Decide(k.RefundID, Reviewer, review.Reject)
	appeal, err := b.File(b.Ctx, Customer("acct"), desk.Filing{
		PackageID: "p", ReasonCode: refund.NoLongerNeeded, Note: "please", IdempotencyKey: "appeal", AppealOf: k.RefundID,
	})
	require.NoError(t, err)
	b.Step(appeal.Refund.ID, refund.VerbScreen, refund.InReview)
	list, err = b.Tickets(b.Ctx, desk.TicketFilter{RefundID: appeal.Refund.ID})
	require.NoError(t, err)
	v, err = b.Case(b.Ctx, list.Items[0].Ticket.ID)
	require.NoError(t, err)
	assert.Equal(t, []identity.Actor{{Subject: Reviewer.Subject}}, v.Case.Barred, "whoever decided first does not decide on the appeal")
	_, err = b.Case(b.Ctx, "none")
	assert.Equal(t, fault.NotFound, fault.From(err).Kind)
}
