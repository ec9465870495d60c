package api

import (
	"context"
	"time"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/ledger"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
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

	Ticket(ctx context.Context, actor identity.Actor, id string) (desk.CaseView, error)
	// Tickets lists tickets, what is due first or newest first; customers as for Packages.
	Tickets(ctx context.Context, actor identity.Actor, f desk.TicketFilter) (desk.Page[desk.CaseView], error)
	// Decide casts the actor's vote and returns the case as it is afterwards.
	Decide(ctx context.Context, actor identity.Actor, ticketID string, j desk.Judgement) (desk.CaseView, error)

	// History gives the audit entries and workflow events of a refund; the engine being
	// away is no error but EngineAvailable false.
	History(ctx context.Context, actor identity.Actor, refundID string) (desk.HistoryView, error)
}
