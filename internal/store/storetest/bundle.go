// Package storetest is the one suite that every database of the store passes. Each test
// gets a bundle of its own over a real, freshly migrated database.
package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/money"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/internal/store"
)

// Opener gives a migrated store of its own to a test.
type Opener func(t *testing.T, o store.Options) *store.Store

// Clock is a clock that a test moves.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now is the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Add moves the clock.
func (c *Clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// People of the tests.
var (
	Integrator = identity.Actor{Subject: "billing", Roles: []identity.Role{identity.Integrator}}
	Admin      = identity.Actor{Subject: "ada", Roles: []identity.Role{identity.Admin}}
	Reviewer   = identity.Actor{Subject: "rita", Roles: []identity.Role{identity.Reviewer}}
	Senior     = identity.Actor{Subject: "sam", Roles: []identity.Role{identity.Senior}}
)

// Customer is the owner of an account.
func Customer(accountID string) identity.Actor {
	return identity.Actor{Subject: "owner-of-" + accountID, Roles: []identity.Role{identity.Customer}, AccountID: accountID}
}

// Bundle is a store with a clock and shortcuts for what tests do.
type Bundle struct {
	*store.Store
	T     *testing.T
	Clock *Clock
	Ctx   context.Context //nolint:containedctx // a bundle lives as long as its test
	turn  int
	notes int
}

const drain = time.Hour

// patient is how long the facts of a test may take: the machine may be busy, and a test that is
// about something else must not be about facts that nobody knows.
const patient = time.Minute

// New makes a bundle with the account "acct" in good standing and a drain window of an hour.
func New(t *testing.T, open Opener) *Bundle {
	t.Helper()
	return NewWith(t, open, drain)
}

// NewWith is New with another drain window.
func NewWith(t *testing.T, open Opener, drain time.Duration) *Bundle {
	t.Helper()
	clock := &Clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	b := &Bundle{Store: open(t, store.Options{Now: clock.Now, Drain: drain, History: patient}), T: t, Clock: clock, Ctx: t.Context()}
	b.Account("acct")
	return b
}

// Account creates an account.
func (b *Bundle) Account(id string) {
	b.T.Helper()
	_, err := b.CreateAccount(b.Ctx, Integrator, refund.Account{
		ID: id, Name: "Ann", Email: "ann@example.com", Locale: refund.English, RegisteredAt: b.Clock.Now().AddDate(-2, 0, 0),
	})
	require.NoError(b.T, err)
}

// Buy creates a package of whole units of USD for the account "acct".
func (b *Bundle) Buy(id string, paid, face int64) refund.Package {
	b.T.Helper()
	return b.BuyIn(id, "USD", paid, face)
}

// BuyIn is Buy in another currency.
func (b *Bundle) BuyIn(id, currency string, paid, face int64) refund.Package {
	b.T.Helper()
	expires := b.Clock.Now().AddDate(1, 0, 0)
	p, err := b.CreatePackage(b.Ctx, Integrator, refund.Package{
		ID: id, AccountID: "acct", Product: refund.GlobalSMS, Name: "Global SMS", Currency: currency,
		Paid: paid * money.Scale, Face: face * money.Scale, ExpiresAt: &expires, AutoRenew: true,
		PurchasedAt: b.Clock.Now().Add(-time.Hour),
	})
	require.NoError(b.T, err)
	return p
}

// Use records usage of whole units that happened a moment ago.
func (b *Bundle) Use(id, packageID string, units int64) error {
	_, err := b.RecordUsage(b.Ctx, Integrator, desk.UsageRecord{
		ID: id, PackageID: packageID, Cost: units * money.Scale, OccurredAt: b.Clock.Now().Add(-time.Minute),
	})
	return err
}

// MustFile files for the package and returns the refund.
func (b *Bundle) MustFile(packageID string) refund.Refund {
	b.T.Helper()
	filed, err := b.TryFile(packageID, "key-"+packageID)
	require.NoError(b.T, err)
	return filed.Refund
}

// TryFile files for the package under the key.
func (b *Bundle) TryFile(packageID, key string) (desk.Filed, error) {
	return b.File(b.Ctx, Customer("acct"), desk.Filing{PackageID: packageID, ReasonCode: refund.NoLongerNeeded, IdempotencyKey: key})
}

// Op is the next operation of the refund.
func (b *Bundle) Op(refundID string, verb refund.Verb) refund.Op {
	b.turn++
	return refund.Op{RefundID: refundID, Verb: verb, Turn: b.turn, RunID: "run"}
}

// Step runs a step and expects the state after it.
func (b *Bundle) Step(refundID string, verb refund.Verb, want refund.State) refund.Step {
	b.T.Helper()
	op := b.Op(refundID, verb)
	var step refund.Step
	var err error
	switch verb {
	case refund.VerbScreen:
		facts := b.Judge(refundID)
		step, err = b.Screen(b.Ctx, op, facts, Policy.Evaluate(facts))
	case refund.VerbReassess:
		step, err = b.Reassess(b.Ctx, op)
	case refund.VerbCredit:
		step, err = b.Credit(b.Ctx, op)
	case refund.VerbPark:
		step, err = b.Park(b.Ctx, op, "credit-failed")
	case refund.VerbRetry:
		step, err = b.Retry(b.Ctx, op, Admin, "note_1")
	case refund.VerbWithdraw:
		step, err = b.Withdraw(b.Ctx, op, Customer("acct"))
	case refund.VerbDecide, refund.VerbAsk:
		b.T.Fatal("use Decide or AskCustomer")
	}
	require.NoError(b.T, err)
	require.Equal(b.T, want, step.State)
	return step
}

// Judge gives the facts of the refund as they are now.
func (b *Bundle) Judge(refundID string) policy.Facts {
	b.T.Helper()
	facts, _, err := b.Facts(b.Ctx, refundID)
	require.NoError(b.T, err)
	require.Empty(b.T, facts.Unknown)
	return facts
}

// Policy is the screening of the tests: amounts above 1,000 are reviewed, by one person
// within 48 hours of a desk that never closes; a customer has 7 days to answer and is
// reminded after 3.
var Policy = func() *policy.Policy {
	p, err := policy.Parse("1", []byte(`
policy: 1
limits:
  large: {default: "1000"}
rules:
  - id: amount-above-limit
    when: amount > limits.large
    verdict: review
    weight: 20
    reason: Amounts above the limit are looked at by a person.
    customer: {en: A person looks at it., zh-Hans: 需要人工审核。}
approval:
  USD: [{reviewers: 1}]
budget: {default: "1000000000"}
calendars:
  always: {time_zone: UTC, hours: "00:00-24:00", weekend: [], holidays: [], workdays: []}
queues:
  review: {calendar: always, first_response: 24h, decision: 48h, answer_within: 7d, remind_after: 3d}
  attention: {calendar: always, first_response: 24h, decision: 24h, answer_within: 7d, remind_after: 3d}
  questions: {calendar: always, first_response: 24h, decision: 48h, answer_within: 7d, remind_after: 3d}
`))
	if err != nil {
		panic(fmt.Sprintf("%+v", err)) // a constant of ours
	}
	return p
}()

// Note keeps a text about the refund.
func (b *Bundle) Note(refundID string, by identity.Actor, text string) (id string) {
	b.T.Helper()
	b.notes++
	id = fmt.Sprintf("note_%s_%d", refundID, b.notes)
	require.NoError(b.T, b.KeepNote(b.Ctx, id, by, refundID, text))
	return id
}

// OpenTicket is the id of the refund's open case.
func (b *Bundle) OpenTicket(refundID string) string {
	b.T.Helper()
	tickets, err := b.Tickets(b.Ctx, desk.TicketFilter{RefundID: refundID, Kind: review.KindRefund, State: review.Open})
	require.NoError(b.T, err)
	require.Len(b.T, tickets.Items, 1)
	return tickets.Items[0].Ticket.ID
}

// AskCustomer asks the refund's customer something and expects him to be waited for.
func (b *Bundle) AskCustomer(refundID, text string) refund.Step {
	b.T.Helper()
	step, err := b.RequestInformation(b.Ctx, b.Op(refundID, refund.VerbAsk),
		review.Asking{TicketID: b.OpenTicket(refundID), NoteID: b.Note(refundID, Reviewer, text), By: Reviewer})
	require.NoError(b.T, err)
	require.Empty(b.T, step.Refused)
	require.Equal(b.T, refund.AwaitingCustomer, step.State)
	return step
}

// Decide casts a vote on the open ticket of the refund as it is now.
func (b *Bundle) Decide(refundID string, by identity.Actor, vote review.Vote) refund.Step {
	b.T.Helper()
	view, err := b.Case(b.Ctx, b.OpenTicket(refundID))
	require.NoError(b.T, err)
	step, err := b.RecordDecision(b.Ctx, b.Op(refundID, refund.VerbDecide), Vote(view, by, vote), "")
	require.NoError(b.T, err)
	return step
}

// Vote is a decision on the case as shown.
func Vote(view desk.CaseView, by identity.Actor, vote review.Vote) review.Decision {
	reason := "verified_request"
	if vote == review.Reject {
		reason = "suspected_abuse"
	}
	digest := view.Case.Digest()
	return review.Decision{
		ID: review.DecisionID(view.Ticket.ID, by.Subject, vote, reason, digest, ""), TicketID: view.Ticket.ID, RefundID: view.Refund.ID,
		Voter: by, Vote: vote, ReasonCode: reason, Digest: digest,
	}
}

// Balance is the customer's balance in a currency, in whole units.
func (b *Bundle) Balance(currency string) int64 {
	b.T.Helper()
	balances, err := b.Balances(b.Ctx, "acct")
	require.NoError(b.T, err)
	for _, m := range balances {
		if m.Currency == currency {
			return m.Micros / money.Scale
		}
	}
	return 0
}

// CheckLedger expects every journal of the account to sum to zero.
func (b *Bundle) CheckLedger() {
	b.T.Helper()
	page, err := b.Journals(b.Ctx, "acct", desk.Paging{Limit: 200})
	require.NoError(b.T, err)
	for _, j := range page.Items {
		require.NoError(b.T, j.Validate(), j.ID)
	}
}
