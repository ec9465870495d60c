package storetest

import (
	"cmp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/notify"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

func votedWithWords(t *testing.T, open Opener) {
	b := New(t, open)
	id, step := b.flagged()
	view, err := b.Case(b.Ctx, step.TicketID)
	require.NoError(t, err)
	vote := Vote(view, Reviewer, review.Reject)
	words := b.Note(id, Reviewer, "We could not verify it.")
	stale := vote
	stale.Digest, stale.ID = "sha256:other", "decision_stale"
	refused, err := b.RecordDecision(b.Ctx, b.Op(id, refund.VerbDecide), stale, words)
	require.NoError(t, err)
	assert.Equal(t, review.ErrStale.Code, refused.Refused)
	messages, err := b.Messages(b.Ctx, true, step.TicketID)
	require.NoError(t, err)
	assert.Empty(t, messages, "a vote that is refused says nothing")

	op := b.Op(id, refund.VerbDecide)
	first, err := b.RecordDecision(b.Ctx, op, vote, words)
	require.NoError(t, err)
	assert.Equal(t, refund.Rejected, first.State)
	again, err := b.RecordDecision(b.Ctx, op, vote, words)
	require.NoError(t, err)
	again.Repeated = false
	assert.Equal(t, first, again)
	late, err := b.RecordDecision(b.Ctx, b.Op(id, refund.VerbDecide), vote, words)
	require.NoError(t, err)
	assert.Empty(t, late.Refused, "it is the one that was recorded")
	messages, err = b.Messages(b.Ctx, false, step.TicketID)
	require.NoError(t, err)
	require.Len(t, messages, 1, "published once")
	assert.Equal(t, "We could not verify it.", messages[0].Body)
	assert.Equal(t, []string{notify.NoticeID(id, notify.Rejected)}, first.Notices, "told in the mail of the end")
}

func quorums(t *testing.T, open Opener) {
	ron := identity.Actor{Subject: "ron", Roles: []identity.Role{identity.Reviewer}}
	sue := identity.Actor{Subject: "sue", Roles: []identity.Role{identity.Senior}}
	type vote struct {
		by      identity.Actor
		refused string
		state   refund.State
		vote    review.Vote // approve when empty
	}
	for name, c := range map[string]struct {
		quorum review.Quorum
		votes  []vote
	}{
		"one reviewer": {review.Quorum{Approvals: 1}, []vote{{Reviewer, "", refund.Crediting, ""}}},
		"one senior": {review.Quorum{Approvals: 1, Seniors: 1}, []vote{
			{Reviewer, review.ErrSeniorOnly.Code, refund.InReview, ""}, {Senior, "", refund.Crediting, ""},
		}},
		"two, one of them senior": {review.Quorum{Approvals: 2, Seniors: 1}, []vote{
			{Reviewer, "", refund.InReview, ""}, {ron, review.ErrSeniorOnly.Code, refund.InReview, ""},
			{Reviewer, review.ErrAlreadyVoted.Code, refund.InReview, review.Reject}, {Senior, "", refund.Crediting, ""},
		}},
		"the senior first": {review.Quorum{Approvals: 2, Seniors: 1}, []vote{
			{Senior, "", refund.InReview, ""}, {Senior, review.ErrAlreadyVoted.Code, refund.InReview, review.Reject}, {ron, "", refund.Crediting, ""},
		}},
		"two seniors": {review.Quorum{Approvals: 2, Seniors: 2}, []vote{
			{Reviewer, review.ErrSeniorOnly.Code, refund.InReview, ""}, {Senior, "", refund.InReview, ""}, {sue, "", refund.Crediting, ""},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			b := New(t, open)
			b.Buy("p", 2000, 2000)
			r := b.MustFile("p")
			facts := b.Judge(r.ID)
			plan := Policy.Evaluate(facts)
			plan.Quorum = c.quorum
			_, err := b.Screen(b.Ctx, b.Op(r.ID, refund.VerbScreen), facts, plan)
			require.NoError(t, err)
			for _, v := range c.votes {
				step := b.Decide(r.ID, v.by, cmp.Or(v.vote, review.Approve))
				assert.Equal(t, v.refused, step.Refused)
				require.Equal(t, v.state, step.State)
			}
			b.Step(r.ID, refund.VerbCredit, refund.Credited)
		})
	}
	t.Run("one rejection rejects", func(t *testing.T) {
		b := New(t, open)
		b.Buy("p", 2000, 2000)
		r := b.MustFile("p")
		b.twoApprovals(r.ID)
		assert.Equal(t, refund.InReview, b.Decide(r.ID, Senior, review.Approve).State)
		assert.Equal(t, refund.Rejected, b.Decide(r.ID, ron, review.Reject).State)
	})
}

func linkedVotes(t *testing.T, open Opener) {
	b := New(t, open)
	account := func(id, email, phone, payer string) {
		_, err := b.CreateAccount(b.Ctx, Integrator, refund.Account{
			ID: id, Name: "Bo", Email: email, Phone: phone, Payer: payer, Locale: refund.English, RegisteredAt: b.Clock.Now().AddDate(-1, 0, 0),
		})
		require.NoError(t, err)
	}
	phone, payer := "+49 15", "card-1"
	_, err := b.ChangeAccount(b.Ctx, Admin, "acct", desk.AccountChange{Phone: &phone, Payer: &payer})
	require.NoError(t, err)
	account("by-mail", "ANN@example.com", "", "")
	account("by-phone", "x@example.com", "(0049) 1-5", "")
	account("by-payer", "y@example.com", "", payer)
	account("stranger", "z@example.com", "+49 150", "")
	// These file for a linked account, and work here without an account of their own.
	for _, linked := range []string{"by-mail", "by-phone", "by-payer"} {
		_, err = b.CreatePackage(b.Ctx, Integrator, refund.Package{ID: "q-" + linked, AccountID: linked, Product: refund.GlobalSMS, Name: "x", Currency: "USD", Paid: 10, Face: 10})
		require.NoError(t, err)
		filer := Customer(linked)
		filer.Subject = "filer-" + linked
		_, err = b.File(b.Ctx, filer, desk.Filing{PackageID: "q-" + linked, ReasonCode: refund.OtherReason, IdempotencyKey: "k"})
		require.NoError(t, err)
	}

	id, _ := b.flagged()
	staff := func(subject, accountID string) identity.Actor {
		return identity.Actor{Subject: subject, Roles: []identity.Role{identity.Senior}, AccountID: accountID}
	}
	for _, who := range []identity.Actor{staff("a", "by-mail"), staff("b", "by-phone"), staff("c", "by-payer"), staff("filer-by-mail", ""), staff("filer-by-phone", ""), staff("filer-by-payer", "")} {
		for _, vote := range []review.Vote{review.Approve, review.Reject} {
			assert.Equal(t, review.ErrSelfApproval.Code, b.Decide(id, who, vote).Refused, who.Subject)
		}
	}
	assert.Equal(t, refund.Crediting, b.Decide(id, staff("d", "stranger"), review.Approve).State)
}

func screenedUnderLock(t *testing.T, open Opener) {
	b := New(t, open)
	b.Buy("p", 10, 10)
	r := b.MustFile("p")
	facts := b.Judge(r.ID)
	plan := Policy.Evaluate(facts)
	require.Equal(t, policy.Approve, plan.Verdict)
	b.standing(refund.Terminated) // between the look and the lock
	step, err := b.Screen(b.Ctx, b.Op(r.ID, refund.VerbScreen), facts, plan)
	require.NoError(t, err)
	assert.Equal(t, refund.Rejected, step.State)
	kept, err := b.Screening(b.Ctx, r.ID)
	require.NoError(t, err)
	again := Policy.Evaluate(kept.Facts)
	assert.Equal(t, kept.Verdict, again.Verdict)
	assert.Equal(t, kept.Outcome, again.Outcome)
	assert.Equal(t, refund.OutcomeTerminated, kept.Outcome)
}

func lateStep(t *testing.T, open Opener) {
	b := New(t, open)
	id, step := b.flagged()
	_, err := b.Escalate(b.Ctx, Reviewer, step.TicketID, b.Note(id, Reviewer, "Please look."))
	require.NoError(t, err)
	late := b.Step(id, refund.VerbCredit, refund.InReview) // not its turn
	assert.Equal(t, review.QueueEscalation, late.Queue, "as it is now, not as it was")
	assert.Equal(t, step.TicketID, late.TicketID)
	assert.Equal(t, step.WakeAt, late.WakeAt)
	assert.Equal(t, step.Notices, late.Notices)
}

func untold(t *testing.T, open Opener) {
	b := New(t, open)
	id, step := b.flagged()
	require.NoError(t, b.MarkNotice(b.Ctx, step.Notices[0], notify.Sent))
	said, _, err := b.Say(b.Ctx, Reviewer, step.TicketID, review.Public, "We are looking at it.")
	require.NoError(t, err)
	_, _, err = b.Say(b.Ctx, Reviewer, step.TicketID, review.Internal, "Looks odd.")
	require.NoError(t, err)
	b.question("Is it done?") // its own workflow tells of what is said on it
	wrote := notify.MessageNoticeID(said.ID, notify.Wrote)
	got := b.Step(id, refund.VerbReassess, refund.InReview)
	assert.Equal(t, []string{step.Notices[1], wrote}, got.Notices)
	b.Clock.Add(time.Minute)
	b.Decide(id, Reviewer, review.Reject)
	got = b.Step(id, refund.VerbReassess, refund.Rejected)
	assert.Equal(t, []string{step.Notices[1], wrote, notify.NoticeID(id, notify.Rejected)}, got.Notices, "what was said before the end is told after it")
}
