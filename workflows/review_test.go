package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/workflows"
)

func TestReviewApproves(t *testing.T) {
	b := setup(t).inReview()
	b.at(time.Hour, func() {
		s := b.snapshot()
		require.Equal(t, refund.InReview, s.State)
		require.Equal(t, "ticket_1", s.TicketID)
		require.Equal(t, review.QueueReview, s.Queue)
		require.Equal(t, "review", s.Verdict)
		require.Equal(t, start.Add(dueAfter), s.DueAt)
		require.Equal(t, int(workflows.FirstRelease), s.Version)
		b.decide("d", "ticket_1", reviewer, review.Approve)
	})
	b.run(refund.Credited)
	require.NoError(t, b.answers["d"].err)
	require.Equal(t, refund.Crediting, b.answers["d"].step.State)
	require.Equal(t, 1, b.answers["d"].step.Votes)
	require.Equal(t, "decision_reviewer_1", b.records.votes[0].ID)
	require.Equal(t, []string{workflows.ActivityRecordDecision}, b.regular)
	b.path(refund.Submitted, refund.Screening, refund.InReview, refund.Crediting, refund.Credited)
}

func TestReviewRejects(t *testing.T) {
	b := setup(t).inReview()
	b.at(time.Hour, func() { b.decide("d", "ticket_1", reviewer, review.Reject) })
	b.run(refund.Rejected)
	require.Equal(t, refund.Rejected, b.answers["d"].step.State)
	require.Zero(t, b.records.credits)
}

func TestTwoApprovalsOfDifferentPeople(t *testing.T) {
	b := setup(t).inReview()
	b.records.approvals = 2
	b.at(time.Hour, func() { b.decide("1", "ticket_1", reviewer, review.Approve) })
	b.at(2*time.Hour, func() {
		require.Equal(t, []string{"reviewer_1"}, b.snapshot().Voters)
		b.decide("again", "ticket_1", reviewer, review.Reject)
	})
	b.at(3*time.Hour, func() { b.decide("2", "ticket_1", reviewer2, review.Approve) })
	b.run(refund.Credited)
	require.Equal(t, refund.InReview, b.answers["1"].step.State)
	b.refused(b.answers["again"], "already-voted")
	require.False(t, b.answers["again"].accepted)
	require.Equal(t, 2, b.answers["2"].step.Votes)
}

// Whatever a validator refuses leaves nothing behind: no step, no history.
func TestDecisionsThatAreRefusedAtTheDoor(t *testing.T) {
	own := identity.Actor{Subject: requester, Roles: []identity.Role{identity.Reviewer}}
	owner := identity.Actor{Subject: "reviewer_3", Roles: []identity.Role{identity.Reviewer}, AccountID: accountID}
	for name, c := range map[string]struct {
		with func(*workflows.DecideInput)
		code string
	}{
		"his own request":        {func(d *workflows.DecideInput) { d.Voter = own }, "self-approval"},
		"his own account":        {func(d *workflows.DecideInput) { d.Voter = owner }, "self-approval"},
		"an admin":               {func(d *workflows.DecideInput) { d.Voter = admin }, "forbidden"},
		"another ticket":         {func(d *workflows.DecideInput) { d.TicketID = "ticket_0" }, "ticket-closed"},
		"a sender who gave up":   {func(d *workflows.DecideInput) { d.NotAfter = start }, "decision-expired"},
		"a stale one, by chance": {func(d *workflows.DecideInput) { d.NotAfter = start.Add(time.Minute) }, "decision-expired"},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t).inReview()
			b.at(time.Hour, func() {
				d := b.decision("ticket_1", reviewer, review.Approve)
				c.with(&d)
				b.update("d", workflows.UpdateDecide, d)
			})
			b.at(2*time.Hour, func() { b.withdraw("w") })
			b.run(refund.Withdrawn)
			b.refused(b.answers["d"], c.code)
			require.False(t, b.answers["d"].accepted)
			require.Empty(t, b.records.calls[refund.VerbDecide])
		})
	}
}

func TestDecisionWhileNobodyIsAsked(t *testing.T) {
	b := setup(t).inReview()
	b.at(time.Hour, b.suspend(refund.Suspended))
	b.at(2*time.Hour, func() { b.decide("held", "ticket_1", reviewer, review.Approve) })
	b.at(3*time.Hour, func() { b.retry("retry") })
	b.at(4*time.Hour, b.suspend(refund.Good))
	b.at(5*time.Hour, func() { b.decide("open", "ticket_1", reviewer, review.Approve) })
	b.run(refund.Credited)
	b.refused(b.answers["held"], "ticket-closed")
	b.refused(b.answers["retry"], "illegal-transition")
	require.NoError(t, b.answers["open"].err)
}

// The records refuse what only they can know; the case stays open.
func TestStaleDecisionIsRefusedByTheRecords(t *testing.T) {
	b := setup(t).inReview()
	b.at(time.Hour, func() {
		d := b.decision("ticket_1", reviewer, review.Approve)
		d.Digest = "sha256:yesterday"
		b.update("stale", workflows.UpdateDecide, d)
	})
	b.at(2*time.Hour, func() { b.decide("fresh", "ticket_1", reviewer, review.Approve) })
	b.run(refund.Credited)
	b.refused(b.answers["stale"], "stale-decision")
	require.True(t, b.answers["stale"].accepted)
}

// Two decisions at once: the steps are serial, and the second is checked again.
func TestSecondOfTwoDecisionsAtOnceIsRefused(t *testing.T) {
	b := setup(t).inReview()
	b.at(time.Hour, func() {
		b.decide("1", "ticket_1", reviewer, review.Approve)
		b.decide("2", "ticket_1", reviewer2, review.Reject)
	})
	b.run(refund.Credited)
	require.NoError(t, b.answers["1"].err)
	require.True(t, b.answers["2"].accepted, "it came while the case was still open")
	b.refused(b.answers["2"], "ticket-closed")
	require.Len(t, b.records.votes, 1)
}

func TestWithdraw(t *testing.T) {
	t.Run("in review", func(t *testing.T) {
		b := setup(t).inReview()
		b.at(time.Hour, func() { b.withdraw("w") })
		b.run(refund.Withdrawn)
		require.NoError(t, b.answers["w"].err)
		require.Equal(t, refund.Withdrawn, b.answers["w"].step.State)
	})
	t.Run("twice at once succeeds twice", func(t *testing.T) {
		b := setup(t).inReview()
		b.at(time.Hour, func() { b.withdraw("1"); b.withdraw("2") })
		b.run(refund.Withdrawn)
		require.NoError(t, b.answers["1"].err)
		require.NoError(t, b.answers["2"].err)
		require.Len(t, b.records.calls[refund.VerbWithdraw], 1)
	})
	t.Run("while submitted, screening being refused by the database", func(t *testing.T) {
		b := setup(t)
		b.records.always[refund.VerbScreen] = errDatabase
		b.at(30*time.Second, func() {
			require.Equal(t, "internal", b.snapshot().Failing)
			b.withdraw("w")
		})
		b.run(refund.Withdrawn)
		b.path(refund.Submitted, refund.Withdrawn)
	})
	t.Run("too late, having waited for screening", func(t *testing.T) {
		b := setup(t)
		b.records.trouble[refund.VerbScreen] = []error{errAway, errAway, errAway}
		b.at(time.Millisecond, func() { b.withdraw("w") })
		b.run(refund.Credited)
		require.True(t, b.answers["w"].accepted)
		b.refused(b.answers["w"], "too-late")
	})
	t.Run("too late, having been credited", func(t *testing.T) {
		b := setup(t)
		b.records.noMail = errAway
		b.at(time.Minute, func() { b.withdraw("w") })
		b.run(refund.Credited)
		b.refused(b.answers["w"], "too-late")
		require.False(t, b.answers["w"].accepted)
	})
	t.Run("expired", func(t *testing.T) {
		b := setup(t).inReview()
		b.at(time.Hour, func() {
			b.update("w", workflows.UpdateWithdraw, workflows.WithdrawInput{By: customer, NotAfter: start})
		})
		b.at(2*time.Hour, func() { b.withdraw("again") })
		b.run(refund.Withdrawn)
		b.refused(b.answers["w"], "decision-expired")
	})
}
