package storetest

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// appealTests are of the one appeal that a rejection has.
var appealTests = map[string]func(*testing.T, Opener){
	"an appeal": appealed,
	"an appeal is reviewed whatever the plan is": appealReviewed,
	"what cannot be appealed":                    appealRefused,
	"fifty appeals at once":                      appealsRace,
}

// appeal files the appeal of a refund of the package.
func (b *Bundle) appeal(packageID, of string) (desk.Filed, error) {
	return b.File(b.Ctx, Customer("acct"), desk.Filing{PackageID: packageID, ReasonCode: refund.OtherReason, Note: "Please look again.", AppealOf: of})
}

// rejected files for a package of 2,000 and has Reviewer reject it.
func (b *Bundle) rejected(packageID string) string {
	b.T.Helper()
	b.Buy(packageID, 2000, 2000)
	r := b.MustFile(packageID)
	b.Step(r.ID, refund.VerbScreen, refund.InReview)
	require.Equal(b.T, refund.Rejected, b.Decide(r.ID, Reviewer, review.Reject).State)
	return r.ID
}

func appealed(t *testing.T, open Opener) {
	b := NewWith(t, open, 0)
	first := b.rejected("p")
	filed, err := b.appeal("p", first)
	require.NoError(t, err)
	assert.Equal(t, first, filed.Refund.AppealOf)
	assert.False(t, filed.Replayed)
	got, err := b.Refund(b.Ctx, filed.Refund.ID)
	require.NoError(t, err)
	assert.Equal(t, first, got.AppealOf)
	assert.True(t, b.Judge(got.ID).Appeal)
	b.Step(got.ID, refund.VerbScreen, refund.InReview)
	for _, vote := range []review.Vote{review.Approve, review.Reject} {
		assert.Equal(t, review.ErrFirstDecider.Code, b.Decide(got.ID, Reviewer, vote).Refused)
	}
	assert.Equal(t, refund.Crediting, b.Decide(got.ID, Senior, review.Approve).State)
	b.Step(got.ID, refund.VerbCredit, refund.Credited)
	_, err = b.appeal("p", first)
	require.ErrorIs(t, err, refund.ErrAlreadyAppealed)
}

func appealReviewed(t *testing.T, open Opener) {
	b := New(t, open)
	first := b.rejected("p")
	filed, err := b.appeal("p", first)
	require.NoError(t, err)
	facts := b.Judge(filed.Refund.ID)
	plan := Policy.Evaluate(facts)
	plan.Verdict, plan.Matches, plan.Queue = policy.Approve, nil, ""
	step, err := b.Screen(b.Ctx, b.Op(filed.Refund.ID, refund.VerbScreen), facts, plan)
	require.NoError(t, err)
	assert.Equal(t, refund.InReview, step.State)
	assert.Equal(t, review.QueueReview, step.Queue)
	kept, err := b.Screening(b.Ctx, filed.Refund.ID)
	require.NoError(t, err)
	assert.Equal(t, policy.RuleAppeal, kept.Matches[0].Rule)
}

func appealRefused(t *testing.T, open Opener) {
	b := New(t, open)
	first := b.rejected("p")
	b.Buy("q", 10, 10)
	_, err := b.appeal("q", first)
	assert.Equal(t, "not-found", fault.CodeOf(err), "of another package")
	_, err = b.appeal("p", "refund_none")
	assert.Equal(t, "not-found", fault.CodeOf(err))
	stranger := identity.Actor{Subject: "eve", Roles: []identity.Role{identity.Customer}, AccountID: "other"}
	_, err = b.File(b.Ctx, stranger, desk.Filing{PackageID: "p", ReasonCode: refund.OtherReason, AppealOf: first})
	assert.Equal(t, "not-found", fault.CodeOf(err), "of somebody else")

	open1 := b.MustFile("q")
	_, err = b.appeal("q", open1.ID)
	require.ErrorIs(t, err, refund.ErrNotRejected)
	b.Step(open1.ID, refund.VerbWithdraw, refund.Withdrawn)
	_, err = b.appeal("q", open1.ID)
	require.ErrorIs(t, err, refund.ErrNotRejected)

	b.standing(refund.Suspended)
	_, err = b.appeal("p", first)
	require.ErrorIs(t, err, refund.ErrSuspended, "the rules of a request hold for an appeal too")
	b.standing(refund.Good)
	second, err := b.appeal("p", first)
	require.NoError(t, err)
	_, err = b.appeal("p", first)
	require.ErrorIs(t, err, refund.ErrAlreadyAppealed, "also while it is open")
	b.Step(second.Refund.ID, refund.VerbScreen, refund.InReview)
	assert.Equal(t, refund.Rejected, b.Decide(second.Refund.ID, Senior, review.Reject).State)
	_, err = b.appeal("p", second.Refund.ID)
	require.ErrorIs(t, err, refund.ErrAlreadyAppealed, "an appeal is decided once")

	third := b.rejected("r")
	again, err := b.TryFile("r", "a new request")
	require.NoError(t, err)
	_, err = b.appeal("r", third)
	require.ErrorIs(t, err, refund.ErrRefundOpen, "there is a new request already")
	b.Step(again.Refund.ID, refund.VerbWithdraw, refund.Withdrawn)
	_, err = b.appeal("r", third)
	require.NoError(t, err)
}

func appealsRace(t *testing.T, open Opener) {
	b := New(t, open)
	first := b.rejected("p")
	var mu sync.Mutex
	got := map[string]int{}
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			_, err := b.appeal("p", first)
			mu.Lock()
			defer mu.Unlock()
			got[fault.CodeOf(err)]++
		})
	}
	wg.Wait()
	assert.Equal(t, map[string]int{"": 1, refund.ErrAlreadyAppealed.Code: 49}, got)
}
