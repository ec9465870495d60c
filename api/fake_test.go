package api

import (
	"context"
	"sync"
	"time"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/ledger"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// people are the bearer tokens of the tests: the token is the person's name.
var people = map[string]identity.Actor{
	"customer":   {Subject: "c1", Roles: []identity.Role{identity.Customer}, AccountID: "acct_1"},
	"stranger":   {Subject: "c2", Roles: []identity.Role{identity.Customer}, AccountID: "acct_2"},
	"homeless":   {Subject: "c3", Roles: []identity.Role{identity.Customer}},
	"reviewer":   {Subject: "r1", Roles: []identity.Role{identity.Reviewer}},
	"senior":     {Subject: "s1", Roles: []identity.Role{identity.Senior}},
	"auditor":    {Subject: "a1", Roles: []identity.Role{identity.Auditor}},
	"admin":      {Subject: "m1", Roles: []identity.Role{identity.Admin}},
	"integrator": {Subject: "i1", Roles: []identity.Role{identity.Integrator}},
	"roleless":   {Subject: "n1"},
	"both":       {Subject: "b1", Roles: []identity.Role{identity.Reviewer, identity.Admin}},
	"owner":      {Subject: "o1", Roles: []identity.Role{identity.Reviewer, identity.Customer}, AccountID: "acct_1"},
	"staffer":    {Subject: "b2", Roles: []identity.Role{identity.Reviewer, identity.Customer}},
}

type fakeVerifier struct{}

func (fakeVerifier) Verify(_ context.Context, bearer string) (identity.Actor, error) {
	if bearer == "no-issuer" {
		return identity.Actor{}, fault.New(fault.Unavailable, "issuer-unavailable", "The issuer is away.").After(2 * time.Second)
	}
	if actor, ok := people[bearer]; ok {
		return actor, nil
	}
	return identity.Actor{}, fault.New(fault.Unauthenticated, "invalid-token", "The bearer token is not valid here.")
}

var _ Desk = (*desk.Desk)(nil) // what the server is given when it is no test

// fakeDesk has one account, package, refund and ticket, all of acct_1. It remembers what
// it was asked, and fails with whatever it is told to.
type fakeDesk struct {
	mu     sync.Mutex
	calls  []string // names of methods
	asked  any      // the last command or filter
	waited time.Duration
	reqID  string
	// deadline is by when the last call had to be answered.
	deadline time.Time
	refused  []audit.Entry // what it was told to write down
	fails    error
	panics   bool
}

// begin notes the call and answers what the desk answers first: is there such a thing for
// this caller? Objects are those of acct_1, whose ids end in _1.
func (d *fakeDesk) begin(ctx context.Context, actor identity.Actor, method, id string, asked any) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls = append(d.calls, method)
	d.deadline, _ = ctx.Deadline()
	d.asked, d.reqID = asked, audit.RequestOf(ctx)
	if d.panics {
		panic("the desk fell over")
	}
	customer := !actor.IsStaff() && !actor.Has(identity.Integrator)
	if id != "" && (len(id) < 2 || id[len(id)-2:] != "_1" || (customer && !actor.Owns("acct_1"))) {
		return fault.New(fault.NotFound, "not-found", "There is no such thing.")
	}
	if method == "Visible" {
		return nil
	}
	return d.fails
}

func (d *fakeDesk) Visible(ctx context.Context, actor identity.Actor, object audit.Object, id string) error {
	if object == audit.ObjectPolicy {
		id = versionIn(id)
	}
	return d.begin(ctx, actor, "Visible", id, object)
}

func (d *fakeDesk) NoteRefusal(ctx context.Context, actor identity.Actor, action audit.Action, object audit.Object, id string, refusal error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refused = append(d.refused, audit.Entry{
		Actor: actor.Subject, Action: action, Object: object, ObjectID: id, ReasonCode: fault.CodeOf(refusal), RequestID: audit.RequestOf(ctx),
	})
}

var (
	changed  = noon.Add(-time.Hour)
	answerBy = noon.AddDate(0, 0, 7)
)

func anAccount() refund.Account {
	return refund.Account{
		ID: "acct_1", Name: "Lin Wei", Email: "lin@example.com", Phone: "+8613800000000", Payer: "payer_1", Locale: "zh-Hans",
		Standing: refund.Suspended, StandingReason: "spam", RegisteredAt: noon.AddDate(-2, 0, 0), ContactChangedAt: &changed,
		CreatedAt: noon, UpdatedAt: noon,
	}
}

func aPackage() desk.PackageView {
	expires := noon.AddDate(1, 0, 0)
	return desk.PackageView{Standing: refund.Good, Package: refund.Package{
		ID: "pkg_1", AccountID: "acct_1", Product: refund.GlobalSMS, Name: "Global SMS 100", Currency: "USD",
		Paid: 100 * money.Scale, Face: 120 * money.Scale, Remaining: 70 * money.Scale, Recorded: refund.Active,
		Dispute: refund.NoDispute, PurchasedAt: noon.AddDate(0, -1, 0), ExpiresAt: &expires, CreatedAt: noon,
	}}
}

func aRefund() desk.RefundView {
	amount := money.Units(50, "USD")
	return desk.RefundView{
		Refund: refund.Refund{
			ID: "refund_1", AccountID: "acct_1", PackageID: "pkg_1", RequestedBy: "c1", State: refund.Rejected,
			ReasonCode: refund.NoLongerNeeded, Quote: aPackage().Quote(), Approved: &amount, Amount: &amount, Verdict: "review",
			PolicyVersion: "1", AppealOf: "refund_0", HoldCauses: []refund.Cause{refund.CauseDispute}, WorkflowID: "refund/refund_1", CreatedAt: noon, UpdatedAt: noon,
		},
		Entries:   entries(),
		Decisions: []review.Decision{aDecision()},
		Told:      map[string]string{"en": "You asked often.", "zh-Hans": "您的申请较多。"},
		Locale:    "en",
		TicketID:  "ticket_1",
		AnswerBy:  &answerBy,
	}
}

func aDecision() review.Decision {
	return review.Decision{Voter: people["reviewer"], Vote: review.Reject, ReasonCode: "suspected_abuse", CreatedAt: noon.Add(time.Minute)}
}

func entries() []audit.Entry {
	amount := money.Units(50, "USD")
	return []audit.Entry{
		{Version: 1, ID: "entry_1", At: noon, Actor: "c1", Role: identity.Customer, Action: audit.Filed, Object: audit.ObjectRefund, ObjectID: "refund_1", NewState: "submitted", Amount: &amount, RequestID: "req"},
		{Version: 1, ID: "entry_2", At: noon.Add(time.Minute), Actor: "r1", Role: identity.Reviewer, Action: audit.Rejected, Object: audit.ObjectRefund, ObjectID: "refund_1", OldState: "in_review", NewState: "rejected", ReasonCode: "suspected_abuse"},
	}
}

func (d *fakeDesk) OpenAccount(ctx context.Context, actor identity.Actor, a refund.Account) (refund.Account, error) {
	return anAccount(), d.begin(ctx, actor, "OpenAccount", "", a)
}

func (d *fakeDesk) ChangeAccount(ctx context.Context, actor identity.Actor, id string, change desk.AccountChange) (refund.Account, error) {
	return anAccount(), d.begin(ctx, actor, "ChangeAccount", id, change)
}

func (d *fakeDesk) Account(ctx context.Context, actor identity.Actor, id string) (refund.Account, error) {
	return anAccount(), d.begin(ctx, actor, "Account", id, nil)
}

func (d *fakeDesk) SetStanding(ctx context.Context, actor identity.Actor, id string, s refund.Standing, reason string) (refund.Account, error) {
	return anAccount(), d.begin(ctx, actor, "SetStanding", id, string(s)+": "+reason)
}

func (d *fakeDesk) Balances(ctx context.Context, actor identity.Actor, accountID string) ([]money.Money, error) {
	return []money.Money{money.Of(12_340_000, "USD")}, d.begin(ctx, actor, "Balances", accountID, nil)
}

func (d *fakeDesk) Statement(ctx context.Context, actor identity.Actor, accountID string, p desk.Paging) (desk.Page[ledger.Journal], error) {
	bought := ledger.ForPurchase("pkg_1", "acct_1", "USD", 100*money.Scale, 120*money.Scale)
	bought.ID, bought.CreatedAt = "journal_1", noon
	undone := bought.Reverse()
	undone.ID, undone.CreatedAt = "journal_2", noon
	return desk.Page[ledger.Journal]{Items: []ledger.Journal{undone, bought}, Next: "more"}, d.begin(ctx, actor, "Statement", accountID, p)
}

func (d *fakeDesk) BuyPackage(ctx context.Context, actor identity.Actor, p refund.Package) (desk.PackageView, error) {
	return aPackage(), d.begin(ctx, actor, "BuyPackage", "", p)
}

func (d *fakeDesk) Package(ctx context.Context, actor identity.Actor, id string) (desk.PackageView, error) {
	return aPackage(), d.begin(ctx, actor, "Package", id, nil)
}

func (d *fakeDesk) Packages(ctx context.Context, actor identity.Actor, f desk.PackageFilter) (desk.Page[desk.PackageView], error) {
	return desk.Page[desk.PackageView]{Items: []desk.PackageView{aPackage()}}, d.begin(ctx, actor, "Packages", "", f)
}

func (d *fakeDesk) Quote(ctx context.Context, actor identity.Actor, packageID string) (refund.Quote, error) {
	return aPackage().Quote(), d.begin(ctx, actor, "Quote", packageID, nil)
}

func (d *fakeDesk) RecordUsage(ctx context.Context, actor identity.Actor, u desk.UsageRecord) (desk.UsageRecord, error) {
	err := d.begin(ctx, actor, "RecordUsage", u.PackageID, u)
	u.RecordedAt = noon
	return u, err
}

func (d *fakeDesk) SetDispute(ctx context.Context, actor identity.Actor, packageID string, s refund.Dispute) (desk.PackageView, error) {
	return aPackage(), d.begin(ctx, actor, "SetDispute", packageID, s)
}

func (d *fakeDesk) File(ctx context.Context, actor identity.Actor, f desk.Filing, wait time.Duration) (desk.RefundView, error) {
	d.waited = wait
	return aRefund(), d.begin(ctx, actor, "File", f.PackageID, f)
}

func (d *fakeDesk) Refund(ctx context.Context, actor identity.Actor, id string) (desk.RefundView, error) {
	return aRefund(), d.begin(ctx, actor, "Refund", id, nil)
}

func (d *fakeDesk) Refunds(ctx context.Context, actor identity.Actor, f desk.RefundFilter) (desk.Page[refund.Refund], error) {
	return desk.Page[refund.Refund]{Items: []refund.Refund{aRefund().Refund}}, d.begin(ctx, actor, "Refunds", "", f)
}

func (d *fakeDesk) Withdraw(ctx context.Context, actor identity.Actor, id string) (desk.RefundView, error) {
	return aRefund(), d.begin(ctx, actor, "Withdraw", id, nil)
}

func (d *fakeDesk) Retry(ctx context.Context, actor identity.Actor, id, reason string) (desk.RefundView, error) {
	return aRefund(), d.begin(ctx, actor, "Retry", id, reason)
}

func (d *fakeDesk) History(ctx context.Context, actor identity.Actor, refundID string) (desk.HistoryView, error) {
	events := []desk.Event{{ID: 1, At: noon, RunID: "run", Type: "WorkflowExecutionStarted"}}
	return desk.NewHistory("refund_1", entries(), events, true), d.begin(ctx, actor, "History", refundID, nil)
}
