package desk_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

func approve(digest string) desk.Judgement {
	return desk.Judgement{Vote: review.Approve, ReasonCode: "verified_request", Note: "called her", Digest: digest}
}

func TestADecisionRepeatedIsTheSameDecision(t *testing.T) {
	o := newOffice(t)
	r, v := o.inReview("p")
	digest := v.Case.Digest()
	first, err := o.desk.Decide(o.Ctx, rita, v.Ticket.ID, approve(digest))
	require.NoError(t, err)
	assert.Equal(t, refund.Crediting, first.Refund.State)
	again, err := o.desk.Decide(o.Ctx, rita, v.Ticket.ID, approve(digest))
	require.NoError(t, err)
	assert.Equal(t, first, again)
	require.Len(t, again.Case.Decisions, 1)
	assert.Empty(t, o.refusals(audit.DecisionRefused))

	o.Step(r.ID, refund.VerbCredit, refund.Credited)
	_, err = o.desk.Decide(o.Ctx, rita, v.Ticket.ID, approve(digest))
	require.NoError(t, err, "also after the end, from the tables")
	other := approve(digest)
	other.Vote, other.ReasonCode = review.Reject, "suspected_abuse"
	_, err = o.desk.Decide(o.Ctx, rita, v.Ticket.ID, other)
	require.ErrorIs(t, err, review.ErrAlreadyVoted, "another vote is another decision")
	assert.EqualValues(t, 2000, o.Balance("USD"))
}

func TestADecisionWhoseAnswerWasLostIsSafeToRepeat(t *testing.T) {
	o := newOffice(t)
	_, v := o.inReview("p")
	o.engine.lost = true
	_, err := o.desk.Decide(o.Ctx, rita, v.Ticket.ID, approve(v.Case.Digest()))
	require.ErrorIs(t, err, away)
	o.engine.lost = false
	got, err := o.desk.Decide(o.Ctx, rita, v.Ticket.ID, approve(v.Case.Digest()))
	require.NoError(t, err)
	require.Len(t, got.Case.Decisions, 1)
	assert.Equal(t, refund.Crediting, got.Refund.State)
	for _, c := range o.engine.decided {
		assert.Equal(t, o.engine.decided[0].DecisionID, c.DecisionID, "one id, so that the engine takes it for one")
	}
}

func TestAnEngineThatIsAwayLeavesNothingRecorded(t *testing.T) {
	o := newOffice(t)
	r, v := o.inReview("p")
	o.Buy("q", 10, 10)
	parked := o.MustFile("q")
	o.Step(parked.ID, refund.VerbScreen, refund.Crediting)
	o.Step(parked.ID, refund.VerbPark, refund.NeedsAttention)
	before := o.entries()
	o.engine.instead = away

	_, err := o.desk.Decide(o.Ctx, rita, v.Ticket.ID, approve(v.Case.Digest()))
	require.ErrorIs(t, err, away)
	_, err = o.desk.Withdraw(o.Ctx, ann, r.ID)
	require.ErrorIs(t, err, away)
	_, err = o.desk.Retry(o.Ctx, ada, parked.ID, "the bank is back")
	require.ErrorIs(t, err, away)

	after, err := o.Case(o.Ctx, v.Ticket.ID)
	require.NoError(t, err)
	assert.Equal(t, v, after)
	assert.Equal(t, before, o.entries(), "no refusal either: nobody was refused")

	o.engine.instead = nil
	_, err = o.desk.Decide(o.Ctx, rita, v.Ticket.ID, approve(v.Case.Digest()))
	require.NoError(t, err)
	_, err = o.desk.Retry(o.Ctx, ada, parked.ID, "the bank is back")
	require.NoError(t, err)
}

// A closed workflow says only that; what came of the refund is in the tables.
func TestAClosedWorkflowIsAnsweredFromTheTables(t *testing.T) {
	o := newOffice(t)
	closed := fault.New(fault.Conflict, desk.CodeClosed, "The workflow has ended.")
	r, v := o.inReview("p")

	o.engine.instead = closed
	_, err := o.desk.Decide(o.Ctx, rita, v.Ticket.ID, approve(v.Case.Digest()))
	require.ErrorIs(t, err, review.ErrTicketClosed)
	_, err = o.desk.Withdraw(o.Ctx, ann, r.ID)
	require.ErrorIs(t, err, refund.ErrTooLate)

	o.engine.instead = nil
	_, err = o.desk.Withdraw(o.Ctx, ann, r.ID)
	require.NoError(t, err)
	o.engine.instead = closed
	got, err := o.desk.Withdraw(o.Ctx, ann, r.ID)
	require.NoError(t, err, "withdrawn it is")
	assert.Equal(t, refund.Withdrawn, got.State)
	_, err = o.desk.Decide(o.Ctx, rita, v.Ticket.ID, approve(v.Case.Digest()))
	require.ErrorIs(t, err, review.ErrTicketClosed)
}

// An attempt that was refused leaves nothing in the engine's history, so it goes to the audit log.
func TestRefusedAttemptsAreWrittenDown(t *testing.T) {
	o := newOffice(t)
	r, v := o.inReview("p")
	ticket := v.Ticket.ID
	good := approve(v.Case.Digest())
	stale, wrong := good, good
	stale.Digest = "sha256:old"
	wrong.ReasonCode = "suspected_abuse"
	kin := identity.Actor{Subject: "kin", Roles: []identity.Role{identity.Reviewer}, AccountID: "acct"}
	both := identity.Actor{Subject: "both", Roles: []identity.Role{identity.Reviewer, identity.Admin}}
	ctx := audit.WithRequest(o.Ctx, "req_7")
	for _, c := range []struct {
		who  identity.Actor
		what desk.Judgement
		code string
	}{
		{kin, good, "self-approval"}, {both, good, "forbidden"}, {auditor, good, "forbidden"}, {rita, stale, "stale-decision"}, {rita, wrong, "invalid-value"},
	} {
		_, err := o.desk.Decide(ctx, c.who, ticket, c.what)
		require.Equal(t, c.code, codeOf(err))
	}
	var got []string
	for _, e := range o.refusals(audit.DecisionRefused) {
		got = append(got, e.Actor+" "+e.ReasonCode)
		assert.Equal(t, audit.ObjectTicket, e.Object)
		assert.Equal(t, ticket, e.ObjectID)
		assert.Equal(t, r.ID, e.RefundID)
		assert.Equal(t, "req_7", e.RequestID)
	}
	assert.Equal(t, []string{"kin self-approval", "both forbidden", "otto forbidden", "rita stale-decision", "rita invalid-value"}, got)

	_, err := o.desk.File(ctx, ann, desk.Filing{PackageID: "p", ReasonCode: refund.OtherReason, IdempotencyKey: "again"}, 0)
	require.ErrorIs(t, err, refund.ErrRefundOpen)
	_, err = o.desk.File(ctx, bob, desk.Filing{PackageID: "p", ReasonCode: refund.OtherReason, IdempotencyKey: "mine"}, 0)
	require.Equal(t, fault.NotFound, fault.From(err).Kind)
	filings := o.refusals(audit.FilingRefused)
	require.Len(t, filings, 2)
	assert.Equal(t, "refund-open", filings[0].ReasonCode)
	assert.Equal(t, "not-found", filings[1].ReasonCode, "a look at another's package is on the record")

	_, err = o.desk.Retry(ctx, ada, r.ID, "again")
	require.ErrorIs(t, err, desk.ErrNotRetryable)
	require.Len(t, o.refusals(audit.RetryRefused), 1)

	_, err = o.desk.Decide(ctx, rita, ticket, good)
	require.NoError(t, err)
	_, err = o.desk.Withdraw(ctx, ann, r.ID)
	require.ErrorIs(t, err, refund.ErrTooLate)
	late := o.refusals(audit.WithdrawRefused)
	require.Len(t, late, 1)
	assert.Equal(t, identity.Customer, late[0].Role)
	after, err := o.Refund(o.Ctx, r.ID)
	require.NoError(t, err)
	assert.Equal(t, refund.Crediting, after.State)
}

func TestRetryWantsAReasonAndAttention(t *testing.T) {
	o := newOffice(t)
	o.Buy("p", 10, 10)
	r := o.MustFile("p")
	o.Step(r.ID, refund.VerbScreen, refund.Crediting)
	_, err := o.desk.Retry(o.Ctx, ada, r.ID, "again")
	require.ErrorIs(t, err, desk.ErrNotRetryable)
	o.Step(r.ID, refund.VerbPark, refund.NeedsAttention)
	_, err = o.desk.Retry(o.Ctx, ada, r.ID, " \n")
	require.Equal(t, "reason", fault.From(err).Fields[0].Name)
	got, err := o.desk.Retry(o.Ctx, ada, r.ID, "again")
	require.NoError(t, err)
	assert.Equal(t, refund.Crediting, got.State)
}

// Standing and dispute reach the engine for each open refund, and for none that ended.
func TestChangesAreHeard(t *testing.T) {
	o := newOffice(t)
	r, _ := o.inReview("p")
	o.Buy("q", 10, 10)
	o.Step(o.MustFile("q").ID, refund.VerbWithdraw, refund.Withdrawn)
	_, err := o.desk.SetStanding(o.Ctx, ada, "acct", refund.Suspended, "section 4")
	require.NoError(t, err)
	_, err = o.desk.SetDispute(o.Ctx, billing, "p", refund.DisputeOpen)
	require.NoError(t, err)
	_, err = o.desk.SetDispute(o.Ctx, billing, "q", refund.DisputeOpen)
	require.NoError(t, err)
	require.Len(t, o.engine.heard, 2)
	assert.Equal(t, desk.IntentStanding, o.engine.heard[0].Kind)
	assert.Equal(t, desk.IntentDispute, o.engine.heard[1].Kind)
	for _, i := range o.engine.heard {
		assert.Equal(t, r.ID, i.RefundID)
	}
	_, err = o.desk.SetStanding(o.Ctx, ada, "acct", "bad", "")
	assert.Equal(t, "standing", fault.From(err).Fields[0].Name)
	_, err = o.desk.SetDispute(o.Ctx, billing, "p", "perhaps")
	assert.Equal(t, "status", fault.From(err).Fields[0].Name)
	_, err = o.desk.SetStanding(o.Ctx, ada, "none", refund.Good, "")
	assert.Equal(t, fault.NotFound, fault.From(err).Kind)
}

func TestValidation(t *testing.T) {
	o := newOffice(t)
	account := refund.Account{Name: "Ann", Email: "ann@example.com", Locale: "en"}
	for field, change := range map[string]func(a *refund.Account){
		"name": func(a *refund.Account) { a.Name = "" }, "email": func(a *refund.Account) { a.Email = "Ann <ann@example.com>" },
		"locale": func(a *refund.Account) { a.Locale = "fr" }, "registered_at": func(a *refund.Account) { a.RegisteredAt = o.Clock.Now().AddDate(0, 0, 1) },
	} {
		a := account
		change(&a)
		_, err := o.desk.OpenAccount(o.Ctx, billing, a)
		require.Error(t, err, field)
		assert.Equal(t, field, fault.From(err).Fields[0].Name)
	}
	pkg := refund.Package{AccountID: "acct", Product: refund.GlobalSMS, Name: "x", Currency: "USD", Paid: 80, Face: 100}
	past := o.Clock.Now().AddDate(0, 0, -1)
	for field, change := range map[string]func(p *refund.Package){
		"product": func(p *refund.Package) { p.Product = "voice" }, "name": func(p *refund.Package) { p.Name = "" },
		"price.currency": func(p *refund.Package) { p.Currency = "" }, "price": func(p *refund.Package) { p.Paid = -1 },
		"face": func(p *refund.Package) { p.Face = 79 }, "purchased_at": func(p *refund.Package) { p.PurchasedAt = o.Clock.Now().AddDate(0, 0, 1) },
		"expires_at": func(p *refund.Package) { p.ExpiresAt = &past },
	} {
		p := pkg
		change(&p)
		_, err := o.desk.BuyPackage(o.Ctx, billing, p)
		require.Error(t, err, field)
		assert.Equal(t, field, fault.From(err).Fields[0].Name)
	}
	gift := pkg
	gift.Paid, gift.Face = 0, 0
	_, err := o.desk.BuyPackage(o.Ctx, billing, gift)
	assert.Equal(t, "face", fault.From(err).Fields[0].Name, "nothing for nothing is no package")
	o.Buy("p", 10, 10)
	for field, u := range map[string]desk.UsageRecord{
		"cost":          {ID: "u", PackageID: "p", Cost: 0, Currency: "USD"},
		"cost.currency": {ID: "u", PackageID: "p", Cost: 1, Currency: "EUR"},
	} {
		_, err := o.desk.RecordUsage(o.Ctx, billing, u)
		assert.Equal(t, field, fault.From(err).Fields[0].Name)
	}
	_, err = o.desk.Refund(o.Ctx, rita, strings.Repeat("x", 5000))
	assert.Less(t, len(err.Error()), 200, "an id is not echoed at length")
}

// An admin who is a customer too leaves his own account's standing and refunds to another.
func TestAnAdminDoesNothingForHimself(t *testing.T) {
	o := newOffice(t)
	o.Buy("p", 10, 10)
	r := o.MustFile("p")
	o.Step(r.ID, refund.VerbScreen, refund.Crediting)
	o.Step(r.ID, refund.VerbPark, refund.NeedsAttention)
	himself := identity.Actor{Subject: "chief", Roles: []identity.Role{identity.Admin}, AccountID: "acct"}
	require.ErrorIs(t, does(o.desk.SetStanding(o.Ctx, himself, "acct", refund.Good, "I paid.")), desk.ErrForbidden)
	require.ErrorIs(t, does(o.desk.Retry(o.Ctx, himself, r.ID, "again")), desk.ErrForbidden)
	require.NoError(t, does(o.desk.SetStanding(o.Ctx, himself, "other", refund.Good, "They paid.")))
	require.NoError(t, does(o.desk.Retry(o.Ctx, ada, r.ID, "again")))
}

// A customer makes the record of his refund as long as he likes by trying what he may not:
// whoever reads the refund reads how it went, and only an auditor what was tried.
func TestRefusedAttemptsDoNotLengthenARefund(t *testing.T) {
	o := newOffice(t)
	o.Buy("p", 50, 50)
	id := o.MustFile("p").ID
	o.Step(id, refund.VerbScreen, refund.Crediting)
	o.Step(id, refund.VerbCredit, refund.Credited)
	reads := func(who identity.Actor) desk.RefundView {
		v, err := o.desk.Refund(o.Ctx, who, id)
		require.NoError(t, err)
		return v
	}
	readers := []identity.Actor{ann, rita, auditor}
	before := map[string]desk.RefundView{}
	for _, who := range readers {
		before[who.Subject] = reads(who)
		assert.Len(t, before[who.Subject].Timeline(who), 4, "submitted, screening, crediting, credited")
	}
	for range 30 {
		_, err := o.desk.Withdraw(o.Ctx, ann, id)
		require.ErrorIs(t, err, refund.ErrTooLate)
	}
	for _, who := range readers {
		assert.Equal(t, before[who.Subject], reads(who), who.Subject)
	}
	history, err := o.desk.History(o.Ctx, auditor, id)
	require.NoError(t, err)
	refused := 0
	for _, item := range history.Items {
		if item.Entry != nil && item.Entry.Action == audit.WithdrawRefused {
			refused++
		}
	}
	assert.Equal(t, 30, refused)
}
