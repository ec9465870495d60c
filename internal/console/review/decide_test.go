package review_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/console/pagetest"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/internal/store/storetest"
)

var away = pagetest.Away

func TestADecisionSaysWhatItDoesToTheMoney(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p1")
	o.Clock.Add(time.Hour) // the drain window is closed
	a := o.get(rita, "/review/"+id)
	assert.Contains(t, a.Find("#approve-effect").Text(), "$2,000.00 will be credited to Ann (acct) now")
	assert.Contains(t, a.Find("#reject-effect").Text(), "Nothing is paid. The package thaws")
	assert.Equal(t, o.read(id).Case.Digest(), a.Find("form#decision-form").Fields().Get("digest"))
	done := o.site.As(rita).Send(a, "form#decision-form", "decision", "approve", "reason_code", "provider_fault", "note", "Our fault.", "message", "Sorry for that.")
	assert.Equal(t, "/review/"+id+"?done=review-approved", done.Location)
	v := o.read(id)
	assert.Equal(t, refund.Crediting, v.Refund.State)
	require.Len(t, v.Case.Decisions, 1)
	assert.Equal(t, "provider_fault", v.Case.Decisions[0].ReasonCode)
	after := o.get(rob, done.Location)
	assert.Contains(t, after.Find("#talk").Text(), "Our fault.")
	assert.Contains(t, after.Find("li.message.public").Text(), "Sorry for that.")
}

// While nothing is credited an approval says until when, before it is given and after.
func TestAnApprovalSaysThatCreditingIsPaused(t *testing.T) {
	o := newOffice(t)
	until := o.Clock.Now().Add(48 * time.Hour)
	for scope, target := range map[desk.PauseScope]string{desk.PauseAll: "", desk.PauseProduct: refund.GlobalSMS, desk.PauseAccount: "acct"} {
		id := o.asks("p-" + string(scope))
		paused, err := o.Desk.Pause(o.Ctx, ada, desk.Pause{Scope: scope, Target: target, Reason: "Odd pattern.", ExpiresAt: until})
		require.NoError(t, err)
		for locale, words := range map[string][2]string{"en": {"Crediting is paused", "now"}, "zh-Hans": {"入账目前已暂停", "立即"}} {
			a := o.site.As(rita).In(locale).Get("/review/" + id)
			assert.Empty(t, a.Flaws())
			assert.Contains(t, a.Find("#approve-effect").Text(), words[0], scope)
			assert.NotContains(t, a.Find("#approve-effect").Text(), words[1], scope)
			assert.Equal(t, until.Format(time.RFC3339), a.Find("#approve-effect time").Attr("datetime"))
		}
		done := o.site.As(rita).Send(o.get(rita, "/review/"+id), "form#decision-form", "decision", "approve", "reason_code", "verified_request")
		assert.Equal(t, "/review/"+id+"?done=review-approved-paused", done.Location)
		assert.Contains(t, o.get(rita, done.Location).Find("#said").Text(), "when the pause ends")

		o.Step(o.read(id).Refund.ID, refund.VerbCredit, refund.OnHold)
		assert.Equal(t, "Crediting paused", o.get(rita, "/review/"+id).Find("header.heading .hold-cause").Text())
		_, err = o.Desk.EndPause(o.Ctx, ada, paused.ID)
		require.NoError(t, err)
	}
	o.Clock.Add(time.Hour)
	o.Account("third")
	_, err := o.Desk.Pause(o.Ctx, ada, desk.Pause{Scope: desk.PauseAccount, Target: "third", Reason: "Another's.", ExpiresAt: until})
	require.NoError(t, err)
	id := o.asks("last")
	o.Clock.Add(time.Hour)
	assert.Contains(t, o.get(rita, "/review/"+id).Find("#approve-effect").Text(), "will be credited to Ann (acct) now")
}

// Usage from before the request is taken for an hour here: until then nothing is credited.
func TestAnApprovalSaysThatUsageMayStillComeIn(t *testing.T) {
	o := newOffice(t)
	settles := o.Clock.Now().Add(time.Hour)
	id := o.asks("p1")
	pause := func(d time.Duration) {
		t.Helper()
		_, err := o.Desk.Pause(o.Ctx, ada, desk.Pause{Scope: desk.PauseAll, Reason: "Odd pattern.", ExpiresAt: o.Clock.Now().Add(d)})
		require.NoError(t, err)
	}
	effect := func() *pagetest.Element {
		t.Helper()
		return o.get(rita, "/review/"+id).Find("#approve-effect")
	}
	pause(30 * time.Minute) // is over before the window closes
	assert.Contains(t, effect().Text(), "usage from before the request may still come in")
	assert.Equal(t, settles.Format(time.RFC3339), effect().Find("time").Attr("datetime"))
	pause(2 * time.Hour)
	assert.Contains(t, effect().Text(), "Crediting is paused", "the longer of the two is told")
	done := o.site.As(rita).Send(o.get(rita, "/review/"+id), "form#decision-form", "decision", "reject", "reason_code", "unverified")
	assert.Equal(t, "/review/"+id+"?done=review-rejected", done.Location)
}

func TestAQuorumIsToldBeforeAndAfter(t *testing.T) {
	o := newOffice(t)
	id := o.asksFor("p1", review.Quorum{Approvals: 2, Seniors: 1})
	a := o.get(rita, "/review/"+id)
	assert.Contains(t, a.Find("#progress").Text(), "0 of 2 approvals")
	assert.Contains(t, a.Find("#senior-needed").Text(), "A senior reviewer is still needed")
	assert.Contains(t, a.Find("#approve-effect").Text(), "1 more approval is needed; nothing is paid yet.")
	done := o.site.As(rita).Send(a, "form#decision-form", "decision", "approve", "reason_code", "verified_request")
	assert.Equal(t, "/review/"+id+"?done=review-vote-counted", done.Location)

	a = o.get(rita, done.Location)
	assert.Contains(t, a.Find("#why-not").Text(), "You have decided on this case already")
	assert.Contains(t, a.Find("#votes").Text(), "You")
	a = o.get(rob, "/review/"+id) // the seat that is left is a senior's
	assert.True(t, a.Find("#approve").Has("disabled"))
	assert.Contains(t, a.Find("#approve-effect").Text(), "above your limit")
	assert.False(t, a.Find("#reject").Has("disabled"), "whoever may decide may reject")
	a = o.get(sam, "/review/"+id)
	assert.Contains(t, a.Find("#progress").Text(), "1 of 2 approvals")
	assert.Contains(t, a.Find("#approve-effect").Text(), "is credited to Ann (acct)")
}

func TestNobodyDecidesForAnAccountLinkedToHis(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p1")
	linked := identity.Actor{Subject: "lin", Roles: []identity.Role{identity.Reviewer}, AccountID: "other"}
	a := o.get(linked, "/review/"+id)
	assert.Nil(t, a.Find("form#decision-form"))
	assert.Contains(t, a.Find("#why-not").Text(), "linked to his")
	refused := o.site.As(linked).Post("/review/"+id+"/decision", o.get(rita, "/review/"+id).Find("form#decision-form").Fields("decision", "approve", "reason_code", "verified_request", "note", "It is mine."))
	assert.Equal(t, 403, refused.Status)
	assert.Contains(t, refused.Find("#decision-trouble").Text(), "linked to his")
	assert.Equal(t, "It is mine.", refused.Find("#kept-note").Raw())
	assert.Empty(t, refused.Flaws())
}

func TestAStaleDecisionShowsWhatChangedAndKeepsWhatWasTyped(t *testing.T) {
	o := newOffice(t)
	o.Buy("p1", 2000, 2000)
	id := o.Step(o.MustFile("p1").ID, refund.VerbScreen, refund.InReview).TicketID
	a := o.get(rita, "/review/"+id)
	// Usage from before the freeze arrives late: there is less to refund.
	o.Clock.Add(time.Minute)
	used := o.Use("late", "p1", 500)
	if used != nil { // it happened a minute ago, which is at the freeze
		o.Clock.Add(-time.Minute)
		require.NoError(t, o.Use("late", "p1", 500))
	}
	for _, locale := range []string{"en", "zh-Hans"} {
		stale := o.site.As(rita).In(locale).Send(a, "form#decision-form", "decision", "approve", "reason_code", "verified_request", "note", "I called him.", "message", "Thank you.")
		require.Equal(t, 409, stale.Status)
		assert.Empty(t, stale.Flaws())
		changed := stale.Find("#changed")
		require.NotNil(t, changed)
		assert.Equal(t, "alert", changed.Attr("role"))
		assert.Contains(t, changed.Find(".was").Text(), "2,000.00")
		assert.Contains(t, changed.Find(".is").Text(), "1,500.00")
		assert.Equal(t, "I called him.", stale.Find("#note").Raw())
		assert.Equal(t, "Thank you.", stale.Find("#message").Raw())
		assert.True(t, stale.Find("#approve").Has("checked"))
		assert.Equal(t, "verified_request", stale.Find("form#decision-form").Fields().Get("reason_code"))
		assert.Contains(t, stale.Find("#approve-effect").Text(), "1,500.00", "it says what a decision does now")
		assert.Empty(t, o.read(id).Case.Decisions, "nothing was recorded")
		if locale == "zh-Hans" {
			done := o.site.As(rita).Send(stale, "form#decision-form")
			assert.Equal(t, "/review/"+id+"?done=review-approved-settles", done.Location)
		}
	}
	assert.Equal(t, money.Units(1500, "USD"), *o.read(id).Refund.Approved)
}

func TestADecisionOnWhatIsDecidedIsKeptAndTold(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p1")
	a := o.get(rita, "/review/"+id)
	o.Decide(o.read(id).Refund.ID, rob, review.Reject)
	late := o.site.As(rita).Send(a, "form#decision-form", "decision", "approve", "reason_code", "verified_request", "note", "I called him.")
	assert.Equal(t, 409, late.Status)
	assert.Contains(t, late.Find("#changed").Text(), "In review")
	assert.Contains(t, late.Find("#changed").Text(), "Rejected")
	assert.Contains(t, late.Find("#why-not").Text(), "closed")
	assert.Equal(t, "I called him.", late.Find("#kept-note").Raw())
	assert.Empty(t, late.Flaws())
}

func TestWrongFieldsAreSaidBesideThem(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p1")
	a := o.get(rita, "/review/"+id)
	wrong := o.site.As(rita).Send(a, "form#decision-form", "decision", "approve", "reason_code", "suspected_abuse")
	assert.Equal(t, 422, wrong.Status)
	assert.Contains(t, wrong.Find("#reason_code-problem").Text(), "does not go with the decision")
	assert.Equal(t, "true", wrong.Find("#reason_code").Attr("aria-invalid"))
	assert.Nil(t, wrong.Find("#decision-trouble"))
	assert.Empty(t, wrong.Flaws())
	none := o.site.As(rita).Send(a, "form#decision-form", "reason_code", "other", "note", "Hm.")
	assert.Equal(t, 422, none.Status)
	assert.NotNil(t, none.Find("#decision-problem"))
	assert.Equal(t, "Hm.", none.Find("#note").Raw())
}

func TestWithTheEngineAwayWhatWasTypedIsKept(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p1")
	a := o.get(rita, "/review/"+id)
	for _, one := range []struct {
		answer *fault.Error
		words  string
	}{
		{away, "Nothing was recorded"},
		{fault.New(fault.Unavailable, "outcome-unknown", "No answer.").After(2 * time.Second), "sending the same again is safe"},
	} {
		o.Engine.Instead = one.answer
		refused := o.site.As(rita).Send(a, "form#decision-form", "decision", "reject", "reason_code", "unverified", "note", "I called him.")
		assert.Equal(t, 503, refused.Status)
		assert.Contains(t, refused.Find("#decision-trouble").Text(), one.words)
		assert.Equal(t, "I called him.", refused.Find("#note").Raw())
		assert.True(t, refused.Find("#reject").Has("checked"))
		assert.Empty(t, refused.Flaws())
		a = refused
	}
	o.Engine.Instead = nil
	assert.Equal(t, "/review/"+id+"?done=review-rejected", o.site.As(rita).Send(a, "form#decision-form").Location)
}

func TestDecideAndNextFollowsTheView(t *testing.T) {
	o := newOffice(t)
	var ids []string
	for _, p := range []string{"p1", "p2", "p3"} {
		ids = append(ids, o.asks(p))
		o.Clock.Add(time.Minute)
	}
	b := o.site.As(rita)
	decide := func(path string) string {
		t.Helper()
		a := o.get(rita, path)
		return b.Send(a, "form#decision-form", "decision", "reject", "reason_code", "unverified", "next", "1").Location
	}
	// By what is due first the oldest comes first; the view begins in its middle.
	a := o.get(rita, "/review/"+ids[1]+"?view=view%3Dunassigned")
	assert.Equal(t, "/review/"+ids[0]+"?view=view%3Dunassigned", a.Find("#before").Attr("href"))
	assert.Equal(t, "k", a.Find("#before").Attr("data-key"))
	assert.Equal(t, "/review/"+ids[2]+"?view=view%3Dunassigned", a.Find("#next").Attr("href"))
	assert.Equal(t, "j", a.Find("#next").Attr("data-key"))
	assert.Equal(t, "/review?view=unassigned", a.Find("#back").Attr("href"))

	next := decide("/review/" + ids[1] + "?view=view%3Dunassigned")
	assert.Equal(t, "/review/"+ids[2]+"?view=view%3Dunassigned&done=review-rejected", next)
	next = decide(next)
	assert.Equal(t, "/review/"+ids[0]+"?view=view%3Dunassigned&done=review-rejected", next, "after the last comes what was left before")
	last := decide(next)
	assert.Equal(t, "/review?view=unassigned&done=review-rejected", last)
	assert.NotNil(t, o.get(rita, last).Find(".empty-done"))

	// In the other order the newest comes first.
	fourth, fifth := o.asks("p4"), o.asks("p5")
	assert.Equal(t, "/review/"+fourth+"?view=sort%3Dnewest", o.get(rita, "/review/"+fifth+"?view=sort%3Dnewest").Find("#next").Attr("href"))
	// Nobody is sent elsewhere by what stands in the URL.
	odd := o.get(rita, "/review/"+fifth+"?view=%2F%2Fevil.example%2F%3Fsort%3Dnewest")
	assert.Equal(t, "/review", odd.Find("#back").Attr("href"))
}

func TestNeedsAttentionIsRejectedBySeniorsOnly(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p1")
	r := o.read(id).Refund.ID
	o.Decide(r, rita, review.Approve)
	step := o.Step(r, refund.VerbPark, refund.NeedsAttention)
	ticket := step.TicketID
	if ticket == "" {
		ticket = o.OpenTicket(r)
	}
	junior := o.get(rob, "/review/"+ticket)
	assert.Contains(t, junior.Find("#why-not").Text(), "senior")
	senior := o.get(sam, "/review/"+ticket)
	assert.True(t, senior.Find("#approve").Has("disabled"))
	assert.Contains(t, senior.Find("#approve-effect").Text(), "crediting failed")
	done := o.site.As(sam).Send(senior, "form#decision-form", "decision", "reject", "reason_code", "other")
	assert.Equal(t, "/review/"+ticket+"?done=review-rejected", done.Location)
}

func TestASuspendedAccountsCaseWaits(t *testing.T) {
	o := newOffice(t)
	id := o.asks("p1")
	before := o.get(rita, "/review/"+id)
	assert.Nil(t, before.Find(".hold-cause"))
	_, _, err := o.SetStanding(o.Ctx, storetest.Admin, "acct", refund.Suspended, "Spam.")
	require.NoError(t, err)
	o.Step(o.read(id).Refund.ID, refund.VerbReassess, refund.OnHold)
	a := o.get(rita, "/review/"+id)
	assert.Contains(t, a.Find("#why-not").Text(), "on hold and waits for the end of the account’s suspension.")
	assert.Equal(t, "Account suspended", a.Find("header.heading .hold-cause").Text())
	assert.Equal(t, "Account suspended", o.get(rita, "/review").Find("#row-"+id+" .hold-cause").Text())
	assert.Contains(t, a.Find("#standing").Text(), "Spam.")
	assert.NotNil(t, a.Find("#work"), "it can be claimed, noted and assigned all the same")

	// Whoever decides from a page of before is told the same, of all that it waits for.
	_, _, err = o.SetDispute(o.Ctx, storetest.Integrator, "p1", refund.DisputeOpen)
	require.NoError(t, err)
	o.Step(o.read(id).Refund.ID, refund.VerbReassess, refund.OnHold)
	for locale, words := range map[string]string{"en": "a payment dispute and the end of the account’s suspension", "zh-Hans": "支付争议结束、账户解除暂停"} {
		refused := o.site.As(rita).In(locale).Send(before, "form#decision-form", "decision", "approve", "reason_code", "verified_request", "note", "I called him.")
		assert.Equal(t, 409, refused.Status)
		assert.Contains(t, refused.Find("#decision-trouble").Text(), words)
		assert.Equal(t, "I called him.", refused.Find("#kept-note").Raw())
		assert.Len(t, refused.All("header.heading .hold-cause"), 2)
		assert.Empty(t, refused.Flaws())
	}
}
