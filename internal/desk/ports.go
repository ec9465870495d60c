// Package desk is all that a person or a program may do at RefundDesk: commands and
// queries, each with the check of who may. It knows neither HTTP nor SQL nor the engine;
// what it needs of them it declares here.
package desk

import (
	"context"
	"time"

	"refunddesk/internal/audit"
	"refunddesk/internal/identity"
	"refunddesk/internal/ledger"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// Page is one page of a list; Next is empty on the last.
type Page[T any] struct {
	Items []T
	Next  string
}

// Paging asks for a page by key: Cursor is the Next of the page before.
type Paging struct {
	Limit  int
	Cursor string
}

// PackageFilter narrows a list of packages; empty fields do not.
type PackageFilter struct {
	AccountID string
	Product   string
	IDs       []string // any of these
	Paging
}

// RefundFilter narrows a list of refunds; empty fields do not.
type RefundFilter struct {
	AccountID  string
	PackageID  string
	PackageIDs []string // of any of these
	AppealOf   string   // the one that appeals this refund
	State      refund.State
	Paging
}

// TicketFilter narrows a list of tickets; empty fields do not.
type TicketFilter struct {
	AccountID string
	RefundID  string
	Kind      review.TicketKind
	Queue     string
	State     review.TicketState
	Assignee  string
	// Unassigned, Waiting (for the customer), Overdue and Snoozed narrow when they are not
	// nil. Staff see a snoozed ticket only when they ask for it.
	Unassigned, Waiting, Overdue, Snoozed *bool
	SnoozedToo                            bool       // snoozed or not, where Snoozed does not say
	DueBefore                             *time.Time // whose clock runs, and runs out before then
	Rule                                  string     // that matched
	ExceptAccount                         string     // not those of this account
	Sort                                  TicketSort
	// From is a ticket: only those behind it in the order are listed, or Backwards those
	// before it, the nearest first. It need not be one of the list.
	From      *review.Ticket
	Backwards bool
	Paging
}

// TicketSort is the order of a list of tickets.
type TicketSort string

// The orders.
const (
	SortDue      TicketSort = "due"      // what is due first
	SortNewest   TicketSort = "newest"   // the newest first
	SortPriority TicketSort = "priority" // the heaviest first, what is due first among equals
)

// PackageView is a package with the standing of its owner, which decides on refundability.
type PackageView struct {
	refund.Package
	Standing refund.Standing
}

// CaseView is a ticket with what its decision is about.
type CaseView struct {
	Ticket   review.Ticket
	Refund   refund.Refund    // zero for a question that is about no refund
	Case     review.Case      // zero for a question
	Messages []review.Message // of a single case: those that its reader may see, oldest first
}

// UsageRecord is consumption of a package.
type UsageRecord struct {
	ID         string
	PackageID  string
	Cost       int64 // micros, of the package's currency
	Currency   string
	OccurredAt time.Time
	RecordedAt time.Time
}

// AccountChange changes the fields that are not nil.
type AccountChange struct {
	Name, Email, Phone, Payer, Locale *string
}

// Filing is a customer's request for a refund.
type Filing struct {
	PackageID      string
	ReasonCode     refund.ReasonCode
	Note           string
	IdempotencyKey string
	AppealOf       string // the rejected refund that this one appeals
}

// Filed is what became of a filing. Replayed says that the key had been used before with
// the same body, and that this is the refund of then.
type Filed struct {
	Refund   refund.Refund
	Replayed bool
}

// Records is what the desk needs of the store. Every command runs in one transaction that
// also writes its audit entry. Reads return fault NotFound for what is not there; any
// method returns fault Unavailable when the database is away.
type Records interface {
	ReviewRecords
	PolicyRecords
	PauseRecords
	SearchRecords

	CreateAccount(ctx context.Context, by identity.Actor, a refund.Account) (refund.Account, error)
	ChangeAccount(ctx context.Context, by identity.Actor, id string, change AccountChange) (refund.Account, error)
	SetStanding(ctx context.Context, by identity.Actor, id string, s refund.Standing, reason string) (refund.Account, []Intent, error)
	Account(ctx context.Context, id string) (refund.Account, error)
	Balances(ctx context.Context, accountID string) ([]money.Money, error)
	Journals(ctx context.Context, accountID string, p Paging) (Page[ledger.Journal], error)
	// Movements are those of them that moved the balance of the account.
	Movements(ctx context.Context, accountID string, p Paging) (Page[ledger.Journal], error)

	CreatePackage(ctx context.Context, by identity.Actor, p refund.Package) (refund.Package, error)
	RecordUsage(ctx context.Context, by identity.Actor, u UsageRecord) (UsageRecord, error)
	SetDispute(ctx context.Context, by identity.Actor, packageID string, d refund.Dispute) (refund.Package, []Intent, error)
	Package(ctx context.Context, id string) (PackageView, error)
	Packages(ctx context.Context, f PackageFilter) (Page[PackageView], error)

	File(ctx context.Context, by identity.Actor, f Filing) (Filed, error)
	Refund(ctx context.Context, id string) (refund.Refund, error)
	Refunds(ctx context.Context, f RefundFilter) (Page[refund.Refund], error)
	// Entries are all that there is about a refund, oldest first: as many as were tried.
	Entries(ctx context.Context, refundID string) ([]audit.Entry, error)
	// Moves are those of them that took the refund from one state to another, oldest first.
	Moves(ctx context.Context, refundID string) ([]audit.Entry, error)
	Decisions(ctx context.Context, refundID string) ([]review.Decision, error)

	Case(ctx context.Context, ticketID string) (CaseView, error)
	Tickets(ctx context.Context, f TicketFilter) (Page[CaseView], error)
	// KeepNote stores text as an immutable row; the same id again keeps the first.
	KeepNote(ctx context.Context, id string, by identity.Actor, refundID, text string) error
	// Refuse records an attempt that was refused.
	Refuse(ctx context.Context, e audit.Entry) error
	// Ready returns nil when the database answers and is migrated.
	Ready(ctx context.Context) error
}

// Intent is something that the engine must hear of, committed with the change it is about.
type Intent struct {
	ID       string
	Kind     IntentKind
	RefundID string // empty for a question that is about no refund
	TicketID string // of IntentTicket
	NoticeID string // of IntentNotice
	// Start is what to start with, where whoever wrote the intent knows it; nil: ask the records.
	Start *StartInput
}

// IntentKind is what the engine must hear.
type IntentKind string

// The kinds of intent.
const (
	IntentStart    IntentKind = "start"    // a refund was filed: start its workflow
	IntentStanding IntentKind = "standing" // the standing of its account changed
	IntentDispute  IntentKind = "dispute"  // the dispute of its package changed
	IntentPause    IntentKind = "pause"    // a pause that holds it ended
	// IntentTicket: something happened on a ticket that its workflow has to look at: a message
	// to be told, an answer, an escalation. Of a question that is Question's workflow, of a
	// flagged refund Refund's.
	IntentTicket IntentKind = "ticket"
	// IntentNotice: a message that was given up is to be sent again, by a workflow of its own:
	// that of its refund or ticket may be over.
	IntentNotice IntentKind = "notice"
)

// DecideCommand is a decision on its way to the workflow. It travels through the engine:
// ids and codes only.
type DecideCommand struct {
	DecisionID string
	TicketID   string
	RefundID   string
	Voter      identity.Actor
	Vote       review.Vote
	ReasonCode string
	NoteID     string
	NoteDigest string
	MessageID  string // note that holds the words to the customer; empty for none
	Digest     string
	NotAfter   time.Time
}

// AskCommand has the refund wait for what its customer is asked. The words are a note
// until the workflow takes the command.
type AskCommand struct {
	RefundID   string
	TicketID   string
	By         identity.Actor
	NoteID     string
	NoteDigest string
	NotAfter   time.Time
}

// WithdrawCommand is a customer's withdrawal on its way to the workflow.
type WithdrawCommand struct {
	RefundID string
	By       identity.Actor
	NotAfter time.Time
}

// RetryCommand is an admin's retry on its way to the workflow.
type RetryCommand struct {
	RefundID string
	By       identity.Actor
	NoteID   string
	NotAfter time.Time
}

// Event is one event of a workflow's history, made readable.
type Event struct {
	ID      int64
	At      time.Time
	RunID   string
	Type    string
	Summary string // in English, made of the details
	EventDetails
}

// EventDetails are what an event tells, for whoever says it in another language. What an event
// of its type does not have is empty.
type EventDetails struct {
	Subject   string        // the workflow, activity, signal or update, as the engine calls it; of a version what changed
	Continued bool          // the run goes on where an earlier one ended
	Marker    string        // the kind of a marker: MarkerLocalActivity, MarkerVersion or another
	Version   int           // of MarkerVersion
	Attempt   int           // of an activity's start
	Wait      time.Duration // that a timer is set for
	Failure   Failure       // of an activity, an update or the workflow
	Code      string        // of the failure, or with which a step was refused
	State     string        // that the refund was left in or published with; of a question's ticket only "closed"
	Queue     string        // that the ticket was left in or published with
	Verdict   string        // that was published
}

// The markers that are understood.
const (
	MarkerLocalActivity = "LocalActivity"
	MarkerVersion       = "Version"
)

// Failure is in which way something came to nothing.
type Failure string

// The failures. What was refused went well: the answer is a business "no".
const (
	Failed    Failure = "failed"
	TimedOut  Failure = "timed-out"
	Cancelled Failure = "cancelled"
	Refused   Failure = "refused"
)

// Engine is what the desk needs of the workflow engine. The commands return the
// workflow's own answer: a Step, or the fault with which the workflow refused. They return
// fault Unavailable when the engine or its workers are away.
type Engine interface {
	// Hear delivers intents soon and does not wait. What it fails to deliver, the sweep will.
	Hear(intents ...Intent)
	Decide(ctx context.Context, c DecideCommand) (refund.Step, error)
	// RequestInformation: in_review → awaiting_customer.
	RequestInformation(ctx context.Context, c AskCommand) (refund.Step, error)
	Withdraw(ctx context.Context, c WithdrawCommand) (refund.Step, error)
	Retry(ctx context.Context, c RetryCommand) (refund.Step, error)
	// History returns the events of every run of the workflow, oldest first.
	History(ctx context.Context, workflowID string) ([]Event, error)
	// Ready returns nil when the engine answers.
	Ready(ctx context.Context) error
}

// Watch lets a caller wait for changes of a refund in this process.
type Watch interface {
	// Changes returns a channel that gets the new state after each committed change, the
	// newest when several came at once, and a function that ends it. A change made by
	// another process is not seen.
	Changes(refundID string) (<-chan refund.State, func())
}

// StartInput is what a refund's workflow is started with. A Final refund needs no workflow.
type StartInput struct {
	AccountID   string
	PackageID   string
	RequestedBy string
	Final       bool
}
