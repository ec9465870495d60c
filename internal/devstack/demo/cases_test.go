package demo_test

import (
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/devstack/demo"
	"refunddesk/internal/identity"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/internal/store"
	"refunddesk/internal/store/sqlite"
)

func records(t *testing.T, clock *demo.Timepiece) *store.Store {
	t.Helper()
	s, err := sqlite.Open(filepath.Join(t.TempDir(), "records.db"), store.Options{Now: clock.Now})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	_, err = s.Migrate(t.Context())
	require.NoError(t, err)
	return s
}

// Whoever tries the demo's customers has refunds credited at once, as long as he does not
// ask for more of them in a month than the default policy lets pass.
func TestTheDefaultPolicyHasNothingAgainstTheDemoPeople(t *testing.T) {
	s := records(t, &demo.Timepiece{})
	_, err := demo.Load(t.Context(), s, io.Discard)
	require.NoError(t, err)
	p, err := policy.Parse("1", policy.DefaultSource)
	require.NoError(t, err)
	for account, prefix := range map[string]string{"acct_demo": "pkg_demo_", "acct_demo2": "pkg_demo2_"} {
		owner := identity.Actor{Subject: "owner", Roles: []identity.Role{identity.Customer}, AccountID: account}
		judged := func(name string) policy.Plan {
			filed, err := s.File(t.Context(), owner, desk.Filing{PackageID: prefix + name, ReasonCode: refund.NoLongerNeeded, IdempotencyKey: name})
			require.NoError(t, err)
			facts, _, err := s.Facts(t.Context(), filed.Refund.ID)
			require.NoError(t, err)
			return p.Evaluate(facts)
		}
		for _, name := range []string{"used_3", "discount_2", "unused_4"} { // the dearest three that are not large
			plan := judged(name)
			require.Equal(t, policy.Approve, plan.Verdict, "%s of %s: %+v", name, account, plan.Matches)
		}
		require.Equal(t, policy.Review, judged("large_1").Verdict)
	}
}

func TestPrepareLeavesClocksThatHaveRun(t *testing.T) {
	clock := &demo.Timepiece{}
	s := records(t, clock)
	require.NoError(t, demo.Prepare(t.Context(), s, clock))
	require.WithinDuration(t, time.Now(), clock.Now(), time.Minute, "the clock goes right again")

	page, err := s.Tickets(t.Context(), desk.TicketFilter{State: review.Open, Sort: desk.SortDue, Paging: desk.Paging{Limit: 200}})
	require.NoError(t, err)
	urgency := map[string]review.Urgency{}
	for _, c := range page.Items {
		urgency[strings.TrimPrefix(c.Ticket.AccountID, "acct_case_")] = c.Ticket.SLA.UrgencyAt(c.Ticket.Clock, time.Now())
		require.Equal(t, review.OnTime, c.Ticket.Urgency, "reminding is the workflow's")
	}
	require.Equal(t, map[string]review.Urgency{"half": review.Half, "late": review.Late, "overdue": review.Overdue, "parked": review.OnTime}, urgency)

	// A start that was cut off is gone on with, and changes nothing of what is there.
	before, err := s.Refunds(t.Context(), desk.RefundFilter{Paging: desk.Paging{Limit: 200}})
	require.NoError(t, err)
	ended := map[refund.State]int{}
	for _, r := range before.Items {
		if strings.HasPrefix(r.AccountID, "acct_past_") {
			ended[r.State]++
		}
	}
	for state, least := range map[refund.State]int{refund.Credited: 60, refund.Rejected: 3, refund.Withdrawn: 1} {
		require.GreaterOrEqual(t, ended[state], least, "%s in the weeks before", state)
		delete(ended, state)
	}
	require.Empty(t, ended, "all of it is over")
	open, err := s.Refunds(t.Context(), desk.RefundFilter{State: refund.InReview, Paging: desk.Paging{Limit: 200}})
	require.NoError(t, err)
	require.Len(t, open.Items, 3)
	require.NoError(t, demo.Prepare(t.Context(), s, clock))
	after, err := s.Refunds(t.Context(), desk.RefundFilter{Paging: desk.Paging{Limit: 200}})
	require.NoError(t, err)
	require.Equal(t, before, after)
}
