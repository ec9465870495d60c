package storetest

import (
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/money"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// What accounts do in the tests of facts and policies: a bundle's own shortcuts know one account only.

// person creates an account with contacts of its own, a year old.
func (b *Bundle) person(id string, change func(*refund.Account)) {
	b.T.Helper()
	a := refund.Account{
		ID: id, Name: "Bo", Email: id + "@example.org", Locale: refund.English, RegisteredAt: b.Clock.Now().AddDate(-1, 0, 0),
	}
	if change != nil {
		change(&a)
	}
	_, err := b.CreateAccount(b.Ctx, Integrator, a)
	require.NoError(b.T, err)
}

// purchase is a package of 100 USD bought now, unless change says otherwise.
func (b *Bundle) purchase(account, id string, change func(*refund.Package)) {
	b.T.Helper()
	p := refund.Package{
		ID: id, AccountID: account, Product: refund.GlobalSMS, Name: "Global SMS", Currency: usd,
		Paid: 100 * money.Scale, Face: 100 * money.Scale, PurchasedAt: b.Clock.Now(),
	}
	if change != nil {
		change(&p)
	}
	_, err := b.CreatePackage(b.Ctx, Integrator, p)
	require.NoError(b.T, err)
}

// request files for the package.
func (b *Bundle) request(account, packageID string) string {
	b.T.Helper()
	b.notes++
	filed, err := b.File(b.Ctx, Customer(account), desk.Filing{
		PackageID: packageID, ReasonCode: refund.NoLongerNeeded, IdempotencyKey: fmt.Sprint("fact-", b.notes),
	})
	require.NoError(b.T, err)
	return filed.Refund.ID
}

// asked buys a package and files for it.
func (b *Bundle) asked(account, packageID string) string {
	b.T.Helper()
	b.purchase(account, packageID, nil)
	return b.request(account, packageID)
}

// screened has the refund screened with a verdict.
func (b *Bundle) screened(id string, verdict policy.Verdict, outcome string) {
	b.T.Helper()
	plan := policy.Plan{
		Verdict: verdict, Outcome: outcome, Quorum: review.Quorum{Approvals: 1}, Queue: review.QueueReview, SLA: promise, Version: "1", Digest: "sha256:0",
	}
	facts, _, err := b.Facts(b.Ctx, id)
	require.NoError(b.T, err)
	step, err := b.Screen(b.Ctx, b.Op(id, refund.VerbScreen), facts, plan)
	require.NoError(b.T, err)
	require.Equal(b.T, map[policy.Verdict]refund.State{
		policy.Approve: refund.Crediting, policy.Review: refund.InReview, policy.Reject: refund.Rejected,
	}[verdict], step.State)
}

// voted has the refund reviewed and decided by one person.
func (b *Bundle) voted(id string, vote review.Vote, reason string) {
	b.T.Helper()
	b.screened(id, policy.Review, "")
	b.votes(id, vote, reason)
}

func (b *Bundle) votes(id string, vote review.Vote, reason string) {
	b.T.Helper()
	b.votesAs(Reviewer, id, vote, reason)
}

// votesAs decides a refund that is in review.
func (b *Bundle) votesAs(who identity.Actor, id string, vote review.Vote, reason string) {
	b.T.Helper()
	page, err := b.Tickets(b.Ctx, desk.TicketFilter{RefundID: id, State: review.Open})
	require.NoError(b.T, err)
	require.Len(b.T, page.Items, 1)
	view, err := b.Case(b.Ctx, page.Items[0].Ticket.ID)
	require.NoError(b.T, err)
	d := Vote(view, who, vote)
	d.ReasonCode = reason
	step, err := b.RecordDecision(b.Ctx, b.Op(id, refund.VerbDecide), d, "")
	require.NoError(b.T, err)
	require.Empty(b.T, step.Refused)
}

// credited pays the refund out.
func (b *Bundle) credited(id string) {
	b.T.Helper()
	step, err := b.Credit(b.Ctx, b.Op(id, refund.VerbCredit))
	require.NoError(b.T, err)
	require.Equal(b.T, refund.Credited, step.State)
}

func (b *Bundle) takenBack(id, account string) {
	b.T.Helper()
	step, err := b.Withdraw(b.Ctx, b.Op(id, refund.VerbWithdraw), Customer(account))
	require.NoError(b.T, err)
	require.Equal(b.T, refund.Withdrawn, step.State)
}

func (b *Bundle) used(packageID string, units int64, ago time.Duration) {
	b.T.Helper()
	b.notes++
	_, err := b.RecordUsage(b.Ctx, Integrator, desk.UsageRecord{
		ID: fmt.Sprint("use-", b.notes), PackageID: packageID, Cost: units * money.Scale, OccurredAt: b.Clock.Now().Add(-ago),
	})
	require.NoError(b.T, err)
}
