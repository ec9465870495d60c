package desk_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/notify"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// ownStaff is a reviewer, an admin and an auditor who own the account "acct".
var (
	ownReviewer = identity.Actor{Subject: "rex", Roles: []identity.Role{identity.Reviewer, identity.Customer}, AccountID: "acct"}
	ownAdmin    = identity.Actor{Subject: "ava", Roles: []identity.Role{identity.Admin}, AccountID: "acct"}
	ownAuditor  = identity.Actor{Subject: "olga", Roles: []identity.Role{identity.Auditor}, AccountID: "acct"}
	adaOtto     = identity.Actor{Subject: "al", Roles: []identity.Role{identity.Admin, identity.Auditor}}
)

func TestWhoSearches(t *testing.T) {
	o := newOffice(t)
	r, _ := o.inReview("p")
	for _, c := range []struct {
		who  identity.Actor
		code string
		n    int
	}{
		{ann, "forbidden", 0}, {billing, "forbidden", 0}, {nobody, "forbidden", 0},
		{rita, "", 1}, {sam, "", 1}, {ada, "", 1}, {auditor, "", 1}, {ownAuditor, "", 1},
		{ownReviewer, "", 0}, {ownAdmin, "", 0},
	} {
		for _, s := range []desk.RefundSearch{{}, {Text: r.ID}, {AccountID: "acct"}, {Verdict: "review"}, {Actor: ann.Subject}} {
			page, err := o.desk.Search(o.Ctx, c.who, s)
			assert.Equal(t, c.code, codeOf(err), c.who.Subject)
			assert.Len(t, page.Items, c.n, "%s %+v", c.who.Subject, s)
		}
	}
	all, err := o.desk.Search(o.Ctx, rita, desk.RefundSearch{ExceptAccount: "acct"})
	require.NoError(t, err)
	assert.Len(t, all.Items, 1, "whose is left out is the desk's to say")
}

func TestSearchesThatCannotBe(t *testing.T) {
	o := newOffice(t)
	amount := func(n int64) *int64 { return &n }
	at := func(s string) *time.Time {
		day, err := time.Parse(time.DateOnly, s)
		require.NoError(t, err)
		return &day
	}
	for field, s := range map[string]desk.RefundSearch{
		"state":       {State: "paid"},
		"verdict":     {Verdict: "maybe"},
		"amount_from": {Currency: "USD", AmountFrom: amount(-1)},
		"amount_to":   {Currency: "USD", AmountFrom: amount(2), AmountTo: amount(1)},
		"currency":    {AmountTo: amount(1)},
		"to":          {From: at("2026-03-02"), To: at("2026-03-02")},
		"text":        {Text: strings.Repeat("x", 201)},
		"rule":        {Rule: "a\x00b"},
		"actor":       {Actor: "a\nb"},
		"workflow_id": {WorkflowID: "\x7f"},
		"refund_id":   {RefundID: "\t"},
		"account_id":  {AccountID: "\x1b[0m"},
	} {
		_, err := o.desk.Search(o.Ctx, auditor, s)
		assert.Equal(t, field, fieldOf(err))
		assert.Equal(t, fault.Unprocessable, fault.From(err).Kind)
	}
}

// What is no refund's is found by who did it, be it done or refused.
func TestWhatSomebodyDid(t *testing.T) {
	o := newOffice(t)
	o.inReview("p")
	_, err := o.desk.SetStanding(o.Ctx, ada, "acct", refund.Suspended, "as agreed")
	require.NoError(t, err)
	_, err = o.desk.PublishPolicy(o.Ctx, ada, "77")
	require.Error(t, err)
	page, err := o.desk.Acts(o.Ctx, auditor, desk.ActSearch{Actor: ada.Subject})
	require.NoError(t, err)
	require.Len(t, page.Items, 2)
	assert.Equal(t, audit.PolicyRefused, page.Items[0].Action, "newest first")
	assert.Equal(t, audit.StandingChanged, page.Items[1].Action)

	day := o.Clock.Now()
	for field, s := range map[string]desk.ActSearch{
		"actor": {}, "to": {Actor: "ada", From: &day, To: &day},
	} {
		_, err := o.desk.Acts(o.Ctx, auditor, s)
		assert.Equal(t, field, fieldOf(err))
	}
	for _, name := range []string{strings.Repeat("x", 201), "a\x00b"} {
		_, err := o.desk.Acts(o.Ctx, auditor, desk.ActSearch{Actor: name})
		assert.Equal(t, "actor", fieldOf(err))
	}
}

// insides are what is internal to a refund of "acct".
func (o *office) insides(who identity.Actor, id string) map[string]error {
	_, journals := o.desk.RefundJournals(o.Ctx, who, id)
	_, notices := o.desk.RefundNotices(o.Ctx, who, id)
	_, activity := o.desk.Activity(o.Ctx, who, "acct", time.Time{})
	_, _, texts := o.desk.RefundTexts(o.Ctx, who, id)
	return map[string]error{"journals": journals, "notices": notices, "activity": activity, "texts": texts}
}

func TestWhoSeesInsideARefund(t *testing.T) {
	o := newOffice(t)
	r, _ := o.inReview("p")
	for _, c := range []struct {
		who                         identity.Actor
		journals, notices, activity string
	}{
		{ann, "forbidden", "forbidden", "forbidden"},
		{bob, "forbidden", "forbidden", "forbidden"},
		{billing, "forbidden", "forbidden", "forbidden"},
		{rita, "forbidden", "", ""},
		{ada, "", "", ""},
		{auditor, "", "", ""},
		{ownAuditor, "", "", ""},
		{ownReviewer, "forbidden", "forbidden", "forbidden"},
		{ownAdmin, "forbidden", "forbidden", "forbidden"},
	} {
		got := o.insides(c.who, r.ID)
		assert.Equal(t, c.journals, codeOf(got["journals"]), "%s journals", c.who.Subject)
		assert.Equal(t, c.notices, codeOf(got["notices"]), "%s notices", c.who.Subject)
		assert.Equal(t, c.activity, codeOf(got["activity"]), "%s activity", c.who.Subject)
		assert.Equal(t, c.notices, codeOf(got["texts"]), "%s texts", c.who.Subject)
	}
	got := o.insides(auditor, "nothing")
	assert.Equal(t, "not-found", codeOf(got["journals"]))
	assert.Equal(t, "not-found", codeOf(got["notices"]))
	_, err := o.desk.Activity(o.Ctx, rita, "nothing", time.Time{})
	assert.Equal(t, "not-found", codeOf(err))
	for _, since := range []time.Time{o.Clock.Now().Add(time.Second), o.Clock.Now().AddDate(-2, 0, 0)} {
		_, err = o.desk.Activity(o.Ctx, rita, "acct", since)
		assert.Equal(t, "since", fieldOf(err))
	}
	a, err := o.desk.Activity(o.Ctx, rita, "acct", time.Time{})
	require.NoError(t, err)
	assert.Len(t, a.Refunds, 1)
	assert.Len(t, a.Purchases, 1)
}

func TestOverviewIsForThoseWhoLookAfterTheDesk(t *testing.T) {
	o := newOffice(t)
	o.inReview("p")
	now := o.Clock.Now()
	for _, who := range []identity.Actor{ann, rita, sam, billing, nobody} {
		_, err := o.desk.Overview(o.Ctx, who, time.Time{}, time.Time{}, nil)
		assert.Equal(t, "forbidden", codeOf(err), who.Subject)
	}
	for _, who := range []identity.Actor{ada, auditor, ownAdmin} {
		v, err := o.desk.Overview(o.Ctx, who, time.Time{}, time.Time{}, nil)
		require.NoError(t, err, who.Subject)
		assert.Len(t, v.Days, 31, "thirty days and what today has of them")
	}
	v, err := o.desk.Overview(o.Ctx, ada, now.Add(-time.Hour), now.Add(time.Hour), nil)
	require.NoError(t, err)
	require.Len(t, v.Days, 1)
	assert.EqualValues(t, 1, v.Days[0].Filed)
	for field, c := range map[string][2]time.Time{
		"since": {now.AddDate(-2, 0, 0), now},
		"until": {now, now.AddDate(0, 0, 2)},
	} {
		_, err := o.desk.Overview(o.Ctx, ada, c[0], c[1], nil)
		assert.Equal(t, field, fieldOf(err))
	}
	_, err = o.desk.Overview(o.Ctx, ada, now, now, nil)
	assert.Equal(t, "since", fieldOf(err))
}

func TestAMessageThatWasGivenUp(t *testing.T) {
	o := newOffice(t)
	r, _ := o.inReview("p")
	id := notify.NoticeID(r.ID, notify.InReview)
	require.NoError(t, o.MarkNotice(o.Ctx, id, notify.Dead))
	for _, who := range []identity.Actor{ann, rita, sam, billing} {
		_, err := o.desk.FailedNotices(o.Ctx, who, desk.Paging{})
		assert.Equal(t, "forbidden", codeOf(err), who.Subject)
	}
	for _, who := range []identity.Actor{ada, auditor} {
		page, err := o.desk.FailedNotices(o.Ctx, who, desk.Paging{})
		require.NoError(t, err)
		assert.Len(t, page.Items, 1, who.Subject)
	}
	for _, who := range []identity.Actor{ann, rita, auditor, adaOtto} {
		_, err := o.desk.RetryNotice(o.Ctx, who, id)
		assert.Equal(t, "forbidden", codeOf(err), who.Subject)
	}
	assert.Len(t, o.refusals(audit.NoticeRefused), 4)
	v, err := o.desk.RetryNotice(o.Ctx, ada, id)
	require.NoError(t, err)
	assert.Equal(t, "pending", v.State)
	heard := o.engine.heard[len(o.engine.heard)-1]
	assert.Equal(t, desk.IntentNotice, heard.Kind, "the engine hears of it at once")
	assert.Equal(t, id, heard.NoticeID)
	_, err = o.desk.RetryNotice(o.Ctx, ada, id)
	require.ErrorIs(t, err, desk.ErrNoticeNotFailed)
	_, err = o.desk.RetryNotice(o.Ctx, ada, "nothing")
	assert.Equal(t, "not-found", codeOf(err))
}

func TestExportsAreOnTheRecord(t *testing.T) {
	o := newOffice(t)
	r, _ := o.inReview("p")
	for _, who := range []identity.Actor{ann, rita, ada, billing} {
		assert.Equal(t, "forbidden", codeOf(o.desk.RecordExport(o.Ctx, who, desk.ExportRefund, r.ID)), who.Subject)
	}
	assert.Len(t, o.refusals(audit.ExportRefused), 4)
	ctx := audit.WithRequest(o.Ctx, "req_1")
	require.NoError(t, o.desk.RecordExport(ctx, auditor, desk.ExportRefund, r.ID))
	entries, err := o.Entries(o.Ctx, r.ID)
	require.NoError(t, err)
	last := entries[len(entries)-1]
	assert.Equal(t, audit.Exported, last.Action)
	assert.Equal(t, auditor.Subject, last.Actor)
	assert.Equal(t, "req_1", last.RequestID)
	before := o.entries()
	require.NoError(t, o.desk.RecordExport(ctx, auditor, desk.ExportRefunds, ""))
	assert.Equal(t, before+1, o.entries())
	assert.Equal(t, "not-found", codeOf(o.desk.RecordExport(o.Ctx, auditor, desk.ExportRefund, "nothing")))
}

// ticked waits for a tick.
func ticked(t *testing.T, ticks <-chan struct{}) {
	t.Helper()
	select {
	case _, open := <-ticks:
		require.True(t, open, "it is over")
	case <-time.After(10 * time.Second):
		t.Fatal("nothing was heard of the change")
	}
}

func TestChangesOfARefund(t *testing.T) {
	o := newOffice(t)
	r, v := o.inReview("p")
	for _, who := range []identity.Actor{bob, nobody, billing} {
		_, _, err := o.desk.Changes(o.Ctx, who, r.ID)
		assert.Equal(t, "not-found", codeOf(err), who.Subject)
	}
	_, _, err := o.desk.Changes(o.Ctx, ann, "nothing")
	assert.Equal(t, "not-found", codeOf(err))

	ctx, leave := context.WithCancel(o.Ctx)
	hers, _, err := o.desk.Changes(ctx, ann, r.ID)
	require.NoError(t, err)
	ritas, stop, err := o.desk.Changes(o.Ctx, rita, r.ID)
	require.NoError(t, err)

	// What is said is not heard of by the watch: the slow look finds it, as it finds what another process did.
	_, err = o.desk.Say(o.Ctx, rita, v.Ticket.ID, review.Internal, "Odd.")
	require.NoError(t, err)
	ticked(t, ritas)
	select {
	case <-hers:
		t.Fatal("a customer learns nothing of notes for staff")
	default:
	}
	_, err = o.desk.Withdraw(o.Ctx, ann, r.ID)
	require.NoError(t, err)
	ticked(t, hers)
	ticked(t, ritas)

	leave()
	for range hers {
	} // ends when she leaves
	stop()
	for range ritas {
	} // and when it is told to
	got, err := o.desk.Refund(o.Ctx, ann, r.ID)
	require.NoError(t, err)
	assert.Equal(t, refund.Withdrawn, got.State)
}
