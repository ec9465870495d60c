package api

import (
	"context"
	"time"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/ledger"
	"refunddesk/internal/money"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// Desk is what the server asks of RefundDesk. The server has checked roles and the shape
// of what it passes on; whether the caller may see the object is the desk's to check, and
// first of all. Every method can return, as *fault.Error:
//
//   - NotFound "not-found": there is no such object, or not for this caller
//   - Forbidden: the caller may not do this to this object (self-approval, above-limit, …)
//   - Unprocessable: a value that only the records can judge (idempotency-mismatch, …)
//   - Conflict: the state of things forbids it (refund-open, too-late, stale-decision, …)
//   - Unavailable: database, engine or workers are away
//
// An error that is no fault is answered 500 without its text.
type Desk interface {
	// Visible returns nil when the object exists and the caller may know of it, else
	// NotFound. It is asked when a request about the object is refused for its shape or
	// values, so that such a refusal tells nobody of objects that are not his.
	Visible(ctx context.Context, actor identity.Actor, object audit.Object, id string) error

	// NoteRefusal writes down an attempt to change something that the server refuses before any
	// other method is asked. What the other methods refuse they write down themselves. The
	// object is empty when the call names none; the id is what stands in its path, which may be none.
	NoteRefusal(ctx context.Context, actor identity.Actor, action audit.Action, object audit.Object, id string, refusal error)

	// OpenAccount creates an account in good standing; an empty ID is replaced by a new one.
	OpenAccount(ctx context.Context, actor identity.Actor, a refund.Account) (refund.Account, error)
	ChangeAccount(ctx context.Context, actor identity.Actor, id string, change desk.AccountChange) (refund.Account, error)
	Account(ctx context.Context, actor identity.Actor, id string) (refund.Account, error)
	SetStanding(ctx context.Context, actor identity.Actor, id string, s refund.Standing, reason string) (refund.Account, error)
	Balances(ctx context.Context, actor identity.Actor, accountID string) ([]money.Money, error)
	// Statement lists the journals of an account, newest first. A cursor that is none of
	// its own is Malformed "invalid-parameter" naming cursor, here and in the other lists.
	Statement(ctx context.Context, actor identity.Actor, accountID string, p desk.Paging) (desk.Page[ledger.Journal], error)

	// BuyPackage records a purchase; an empty ID is replaced by a new one. NotFound names
	// an account that is not there.
	BuyPackage(ctx context.Context, actor identity.Actor, p refund.Package) (desk.PackageView, error)
	Package(ctx context.Context, actor identity.Actor, id string) (desk.PackageView, error)
	// Packages lists packages, newest purchase first; a customer gets those of his own
	// account, and NotFound for the account of another.
	Packages(ctx context.Context, actor identity.Actor, f desk.PackageFilter) (desk.Page[desk.PackageView], error)
	Quote(ctx context.Context, actor identity.Actor, packageID string) (refund.Quote, error)
	RecordUsage(ctx context.Context, actor identity.Actor, u desk.UsageRecord) (desk.UsageRecord, error)
	SetDispute(ctx context.Context, actor identity.Actor, packageID string, d refund.Dispute) (desk.PackageView, error)

	// File files a request and waits up to wait for the refund to be final or to need a
	// person; with wait 0 it returns as soon as the filing is committed.
	File(ctx context.Context, actor identity.Actor, f desk.Filing, wait time.Duration) (desk.RefundView, error)
	Refund(ctx context.Context, actor identity.Actor, id string) (desk.RefundView, error)
	// Refunds lists refunds, newest first; customers as for Packages.
	Refunds(ctx context.Context, actor identity.Actor, f desk.RefundFilter) (desk.Page[refund.Refund], error)
	Withdraw(ctx context.Context, actor identity.Actor, id string) (desk.RefundView, error)
	Retry(ctx context.Context, actor identity.Actor, id, reason string) (desk.RefundView, error)

	// Appeal files the appeal of a rejected refund and waits as File does.
	Appeal(ctx context.Context, actor identity.Actor, refundID, note string, wait time.Duration) (desk.RefundView, error)
	// Screening gives what a refund was judged on, with what its policy says of that today.
	Screening(ctx context.Context, actor identity.Actor, refundID string) (desk.ScreeningView, error)

	ticketDesk
	policyDesk

	// Pause stops crediting; an empty ID is replaced by a new one.
	Pause(ctx context.Context, actor identity.Actor, p desk.Pause) (desk.Pause, error)
	EndPause(ctx context.Context, actor identity.Actor, id string) (desk.Pause, error)
	Pauses(ctx context.Context, actor identity.Actor, inForce bool, p desk.Paging) (desk.Page[desk.Pause], error)
	PauseEffect(ctx context.Context, actor identity.Actor, scope desk.PauseScope, target string) (desk.PauseEffect, error)

	// History gives the audit entries and workflow events of a refund; the engine being
	// away is no error but EngineAvailable false.
	History(ctx context.Context, actor identity.Actor, refundID string) (desk.HistoryView, error)
}

// ticketDesk is what the server asks of the desk about tickets.
type ticketDesk interface {
	Ticket(ctx context.Context, actor identity.Actor, id string) (desk.CaseView, error)
	// Tickets lists tickets in the order asked for; customers as for Packages.
	Tickets(ctx context.Context, actor identity.Actor, f desk.TicketFilter) (desk.Page[desk.CaseView], error)
	CaseFile(ctx context.Context, actor identity.Actor, ticketID string) (desk.CaseFile, error)
	Ask(ctx context.Context, actor identity.Actor, q desk.Question) (desk.CaseView, error)
	Say(ctx context.Context, actor identity.Actor, ticketID string, v review.Visibility, body string) (review.Message, error)

	Claim(ctx context.Context, actor identity.Actor, ticketID string) (desk.CaseView, error)
	Release(ctx context.Context, actor identity.Actor, ticketID string) (desk.CaseView, error)
	Assign(ctx context.Context, actor identity.Actor, ticketID, assignee string) (desk.CaseView, error)
	AssignAll(ctx context.Context, actor identity.Actor, ticketIDs []string, assignee string) (int, error)
	Snooze(ctx context.Context, actor identity.Actor, ticketID string, until time.Time) (desk.CaseView, error)
	RequestInformation(ctx context.Context, actor identity.Actor, ticketID, body string) (desk.CaseView, error)
	Escalate(ctx context.Context, actor identity.Actor, ticketID, reason string) (desk.CaseView, error)
	Resolve(ctx context.Context, actor identity.Actor, ticketID string) (desk.CaseView, error)
	// Decide casts the actor's vote and returns the case as it is afterwards.
	Decide(ctx context.Context, actor identity.Actor, ticketID string, j desk.Judgement) (desk.CaseView, error)

	SavedReplies(ctx context.Context, actor identity.Actor) ([]review.SavedReply, error)
	// SaveReply keeps a new reply when it has no ID, else changes the one that has it and the Version.
	SaveReply(ctx context.Context, actor identity.Actor, r review.SavedReply) (review.SavedReply, error)
	DeleteReply(ctx context.Context, actor identity.Actor, id string) error
	Figures(ctx context.Context, actor identity.Actor, since time.Time) (desk.Figures, error)
}

// policyDesk is what the server asks of the desk about policies. A source that is wrong is
// Unprocessable "invalid-policy", whose fields have line and column.
type policyDesk interface {
	Policies(ctx context.Context, actor identity.Actor, p desk.Paging) (desk.Page[desk.PolicyVersion], error)
	Policy(ctx context.Context, actor identity.Actor, version string) (desk.PolicyVersion, error)
	CheckPolicy(ctx context.Context, actor identity.Actor, source string) (digest string, err error)
	DraftPolicy(ctx context.Context, actor identity.Actor, source string) (desk.PolicyVersion, error)
	PublishPolicy(ctx context.Context, actor identity.Actor, version string) (desk.PolicyVersion, error)
	// DiffPolicy compares a version with another, or with the one in force.
	DiffPolicy(ctx context.Context, actor identity.Actor, version, against string) (policy.Diff, error)
	Backtest(ctx context.Context, actor identity.Actor, version string) (policy.Report, error)
}
