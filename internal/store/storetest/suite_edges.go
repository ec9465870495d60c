package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// edgeTests are what a case must not slip through by.
var edgeTests = map[string]func(*testing.T, Opener){
	"one of very many linked accounts":              manyLinked,
	"the worst of very many linked accounts":        worstLinked,
	"two sign-ins of one account":                   secondSignIn,
	"who asked in the account's name":               askedThere,
	"an appeal against a lost dispute":              appealKept,
	"the provider's fault, seen by one of two":      faultOfOne,
	"nobody hides a case from its clock":            snoozedLate,
	"what needs attention has a promise of its own": attentionPromise,
	"a rejection that an appeal reversed":           reversedRejection,
}

// manyLinked: a reseller's payer or phone links more accounts than a case names, and the last
// of them is as linked as the first.
func manyLinked(t *testing.T, open Opener) {
	for name, reseller := range map[string]func(a *refund.Account, n int){
		"payer": func(a *refund.Account, _ int) { a.Payer = "reseller" },
		"phone": func(a *refund.Account, n int) { a.Phone = []string{"+49 151 2345-67", "(0049) 151234567"}[min(n, 1)] },
	} {
		t.Run(name, func(t *testing.T) {
			b := New(t, open)
			for i := range 230 {
				b.person(fmt.Sprintf("shop%03d", i), func(a *refund.Account) { reseller(a, i) })
			}
			b.asked("shop229", "of-the-last")
			id := b.asked("shop000", "p")
			b.screened(id, policy.Review, "")
			view, err := b.Case(b.Ctx, b.OpenTicket(id))
			require.NoError(t, err)
			for who, voter := range map[string]identity.Actor{
				"whose account is linked":        {Subject: "rob", Roles: []identity.Role{identity.Reviewer}, AccountID: "shop228"},
				"who filed for a linked account": {Subject: Customer("shop229").Subject, Roles: []identity.Role{identity.Reviewer}},
			} {
				step, err := b.RecordDecision(b.Ctx, b.Op(id, refund.VerbDecide), Vote(view, voter, review.Approve), "")
				require.NoError(t, err, who)
				assert.Equal(t, review.ErrSelfApproval.Code, step.Refused, who)
			}
			assert.Equal(t, refund.Crediting, b.Decide(id, Reviewer, review.Approve).State)
		})
	}
}

// worstLinked: of more linked accounts than a case shows it shows those that tell something.
func worstLinked(t *testing.T, open Opener) {
	b := New(t, open)
	shops := make([]refund.Account, 300)
	for i := range shops {
		id := fmt.Sprintf("shop%03d", i)
		shops[i] = refund.Account{ID: id, Name: "Bo", Email: id + "@example.org", Payer: "reseller", Locale: refund.English, Standing: refund.Good, RegisteredAt: b.Clock.Now()}
	}
	shops[280].Email = shops[0].Email
	_, err := b.ImportAccounts(b.Ctx, shops, func(int) {})
	require.NoError(t, err)
	for i, shop := range []string{"shop299", "shop299", "shop298", "shop295"} {
		b.screened(b.asked(shop, fmt.Sprint("rejected", i)), policy.Reject, "agreement_violated")
	}
	b.screened(b.asked("shop290", "used-up"), policy.Reject, refund.OutcomeNothingToRefund)
	for i, shop := range []string{"shop298", "shop298", "shop001"} {
		b.asked(shop, fmt.Sprint("open", i))
	}
	for shop, standing := range map[string]refund.Standing{"shop295": refund.Terminated, "shop296": refund.Suspended, "shop297": refund.Terminated} {
		_, _, err := b.SetStanding(b.Ctx, Admin, shop, standing, "spam")
		require.NoError(t, err)
	}

	linked, err := b.Linked(b.Ctx, "shop000", 50)
	require.NoError(t, err)
	require.Len(t, linked, 50)
	payer := []string{"payer"}
	assert.Equal(t, []desk.LinkedAccount{
		{AccountID: "shop299", Shares: payer, Standing: refund.Good, Refunds: 2, Rejected: 2},
		{AccountID: "shop295", Shares: payer, Standing: refund.Terminated, Refunds: 1, Rejected: 1},
		{AccountID: "shop298", Shares: payer, Standing: refund.Good, Refunds: 3, Rejected: 1},
		{AccountID: "shop296", Shares: payer, Standing: refund.Suspended},
		{AccountID: "shop297", Shares: payer, Standing: refund.Terminated},
		{AccountID: "shop001", Shares: payer, Standing: refund.Good, Refunds: 1},
		{AccountID: "shop002", Shares: payer, Standing: refund.Good},
	}, linked[:7])
	assert.Equal(t, "shop045", linked[49].AccountID, "the others by id")

	linked, err = b.Linked(b.Ctx, "shop000", 1000)
	require.NoError(t, err)
	assert.Len(t, linked, 299, "every one of them once")
	at := slices.IndexFunc(linked, func(l desk.LinkedAccount) bool { return l.AccountID == "shop280" })
	assert.Equal(t, []string{"email", "payer"}, linked[at].Shares)
}

// secondSignIn: two sign-ins of one account are one person: neither both votes of two nor the
// first decision and its appeal are his.
func secondSignIn(t *testing.T, open Opener) {
	b := New(t, open)
	b.person("home", nil)
	one := identity.Actor{Subject: "rob", Roles: []identity.Role{identity.Senior}, AccountID: "home"}
	other := identity.Actor{Subject: "rob2", Roles: []identity.Role{identity.Reviewer}, AccountID: "home"}
	b.Buy("p", 2000, 2000)
	id := b.MustFile("p").ID
	_, err := b.Screen(b.Ctx, b.Op(id, refund.VerbScreen), b.Judge(id), policy.Plan{
		Verdict: policy.Review, Quorum: review.Quorum{Approvals: 2, Seniors: 1}, Queue: review.QueueReview, SLA: promise, Version: "1",
	})
	require.NoError(t, err)
	require.Empty(t, b.Decide(id, one, review.Approve).Refused)
	assert.Equal(t, review.ErrAlreadyVoted.Code, b.Decide(id, other, review.Approve).Refused)
	assert.Equal(t, refund.Rejected, b.Decide(id, Reviewer, review.Reject).State)

	filed, err := b.appeal("p", id)
	require.NoError(t, err)
	b.Step(filed.Refund.ID, refund.VerbScreen, refund.InReview)
	assert.Equal(t, review.ErrFirstDecider.Code, b.Decide(filed.Refund.ID, other, review.Approve).Refused)
}

// askedThere: who asks in an account's name decides on none of its refunds.
func askedThere(t *testing.T, open Opener) {
	b := New(t, open)
	b.question("?")
	k := b.flag("p")
	asker := identity.Actor{Subject: Customer("acct").Subject, Roles: []identity.Role{identity.Reviewer}}
	assert.Equal(t, review.ErrSelfApproval.Code, b.Decide(k.RefundID, asker, review.Approve).Refused)
}

// appealKept: an appeal that the program would reject unheard is refused and not used up.
func appealKept(t *testing.T, open Opener) {
	b := New(t, open)
	first := b.rejected("p")
	dispute := func(to refund.Dispute) {
		_, _, err := b.SetDispute(b.Ctx, Integrator, "p", to)
		require.NoError(t, err)
	}
	dispute(refund.DisputeLost)
	_, err := b.appeal("p", first)
	require.ErrorIs(t, err, refund.ErrDisputeLost)
	dispute(refund.DisputeWon)
	_, err = b.appeal("p", first)
	require.NoError(t, err)
}

func faultOfOne(t *testing.T, open Opener) {
	b := New(t, open)
	b.Buy("p", 2000, 2000)
	id := b.MustFile("p").ID
	_, err := b.Screen(b.Ctx, b.Op(id, refund.VerbScreen), b.Judge(id), policy.Plan{
		Verdict: policy.Review, Quorum: review.Quorum{Approvals: 2, Seniors: 1}, Queue: review.QueueReview, SLA: promise, Version: "1",
	})
	require.NoError(t, err)
	b.votesAs(Reviewer, id, review.Approve, review.ReasonProviderFault)
	b.votesAs(Senior, id, review.Approve, "verified_request")
	got, err := b.Refund(b.Ctx, id)
	require.NoError(t, err)
	assert.Equal(t, refund.Crediting, got.State)
	assert.True(t, got.ProviderFault)
}

func snoozedLate(t *testing.T, open Opener) {
	snooze := func(b *Bundle, ticketID string) {
		require.NoError(t, b.Snooze(b.Ctx, Reviewer, ticketID, b.Clock.Now().Add(29*24*time.Hour)))
		require.NotNil(t, b.ticket(ticketID).SnoozedUntil)
	}
	b := New(t, open)
	k, q, byHand := b.flag("p"), b.question("?"), b.question("!")
	for _, id := range []string{k.ID, q.ID, byHand.ID} {
		snooze(b, id)
	}
	_, err := b.Escalate(b.Ctx, Senior, byHand.ID, "note_why")
	require.NoError(t, err)
	assert.Nil(t, b.ticket(byHand.ID).SnoozedUntil, "escalated by hand")
	b.Clock.Add(promise.Decision / 2)
	b.Step(k.RefundID, refund.VerbReassess, refund.InReview)
	assert.Nil(t, b.ticket(k.ID).SnoozedUntil, "half of the time has run")
	_, after := b.tick(q.ID)
	assert.Nil(t, after.SnoozedUntil)
	snooze(b, k.ID)
	b.Clock.Add(promise.Decision)
	b.Step(k.RefundID, refund.VerbReassess, refund.InReview)
	late := b.ticket(k.ID)
	assert.Equal(t, review.QueueEscalation, late.Queue)
	assert.Nil(t, late.SnoozedUntil)
}

func attentionPromise(t *testing.T, open Opener) {
	b := New(t, open)
	b.Buy("p", 100, 100)
	id := b.MustFile("p").ID
	attention := promise
	attention.Decision = 7 * time.Hour
	_, err := b.Screen(b.Ctx, b.Op(id, refund.VerbScreen), b.Judge(id), policy.Plan{Verdict: policy.Approve, SLA: promise, Attention: attention, Version: "1"})
	require.NoError(t, err)
	step := b.Step(id, refund.VerbPark, refund.NeedsAttention)
	assert.Equal(t, b.Clock.Now().Add(7*time.Hour), step.DueAt)
	assert.Equal(t, attention, b.ticket(step.TicketID).SLA)
}

// reversedRejection: what people took back is held against nobody.
func reversedRejection(t *testing.T, open Opener) {
	b := NewWith(t, open, 0)
	first := b.rejected("p")
	filed, err := b.appeal("p", first)
	require.NoError(t, err)
	id := filed.Refund.ID
	facts := b.Judge(id)
	assert.EqualValues(t, 1, facts.Rejections, "until it is reversed")
	b.Step(id, refund.VerbScreen, refund.InReview)
	b.Decide(id, Senior, review.Approve)
	b.Step(id, refund.VerbCredit, refund.Credited)

	b.Buy("q", 100, 100)
	next := b.MustFile("q").ID
	assert.Zero(t, b.Judge(next).Rejections)
	decided := map[string]review.Vote{}
	require.NoError(t, b.Screenings(b.Ctx, 0, func(int) {}, func(c policy.Case) error {
		decided[c.RefundID] = c.Decided
		return nil
	}))
	assert.Equal(t, map[string]review.Vote{first: review.Approve, id: review.Approve}, decided, "known to be good in the end")
}
