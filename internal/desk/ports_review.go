package desk

import (
	"context"
	"time"

	"refunddesk/internal/audit"
	"refunddesk/internal/identity"
	"refunddesk/internal/money"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// ReviewRecords is what the desk needs of the store for tickets and what is said on them.
// Like every command of Records each is one transaction with its audit entry. Commands on
// a closed ticket return review.ErrTicketClosed. The intents returned are committed and
// still to be told to the engine.
type ReviewRecords interface {
	// Ask opens a question ticket; its first message is the question.
	Ask(ctx context.Context, by identity.Actor, q Question) (CaseView, []Intent, error)
	// Say adds a message. A public one of staff is told to the customer and is the first
	// response when there was none; one of the customer while he is asked something is his answer.
	Say(ctx context.Context, by identity.Actor, ticketID string, v review.Visibility, body string) (review.Message, []Intent, error)
	// SayOnce is Say under a form's key, "" for none: ErrSentBefore when the author used it already.
	SayOnce(ctx context.Context, by identity.Actor, ticketID string, v review.Visibility, body, key string) (review.Message, []Intent, error)
	// Sent gives the message that the author sent under the key, and whether there is one.
	Sent(ctx context.Context, author, key string) (review.Message, bool, error)
	// Messages are those of the tickets, oldest first; internal ones only when asked for.
	Messages(ctx context.Context, internal bool, ticketIDs ...string) ([]review.Message, error)
	// RefundMessages are those of all tickets about the refund, internal ones too, oldest first.
	RefundMessages(ctx context.Context, refundID string) ([]review.Message, error)
	// Notes are what people wrote for staff on the ticket and the refunds, oldest first: only
	// of what took effect, not of what was refused.
	Notes(ctx context.Context, ticketID string, refundIDs ...string) ([]Note, error)
	// CountMessages is how many messages a ticket has, CountOpenQuestions how many questions of
	// an account are open.
	CountMessages(ctx context.Context, ticketID string) (int, error)
	CountOpenQuestions(ctx context.Context, accountID string) (int, error)

	// Claim makes the actor the assignee; the actor's own claim again changes nothing.
	// ErrClaimed when somebody else holds it: of claims that race exactly one wins.
	Claim(ctx context.Context, by identity.Actor, ticketID string) error
	// Release gives a ticket back; nobody's changes nothing.
	Release(ctx context.Context, by identity.Actor, ticketID string) error
	// Assign gives tickets to somebody, whoever holds them; all or none.
	Assign(ctx context.Context, by identity.Actor, assignee string, ticketIDs ...string) error
	// Snooze hides a ticket from the queue until then; its clock runs on.
	Snooze(ctx context.Context, by identity.Actor, ticketID string, until time.Time) error
	// Escalate moves a ticket to the escalation queue; noteID is of the reason.
	Escalate(ctx context.Context, by identity.Actor, ticketID, noteID string) ([]Intent, error)
	// Resolve closes a question.
	Resolve(ctx context.Context, by identity.Actor, ticketID string) ([]Intent, error)

	// Linked are other accounts that share e-mail, phone or payer with the account, with their
	// refunds and standing, for a case's reviewer; at most limit.
	Linked(ctx context.Context, accountID string, limit int) ([]LinkedAccount, error)

	SavedReplies(ctx context.Context) ([]review.SavedReply, error)
	SaveReply(ctx context.Context, by identity.Actor, r review.SavedReply) (review.SavedReply, error)
	DeleteReply(ctx context.Context, by identity.Actor, id string) error

	// Figures are the desk's numbers for what was opened or decided since then.
	Figures(ctx context.Context, since time.Time) (Figures, error)
}

// PolicyRecords is what the desk needs of the store for policies.
type PolicyRecords interface {
	// Policies lists versions, newest first.
	Policies(ctx context.Context, p Paging) (Page[PolicyVersion], error)
	// PolicyVersions lists them without their sources.
	PolicyVersions(ctx context.Context, p Paging) (Page[PolicyVersion], error)
	// PolicyVersion reads one; an empty version is the one in force.
	PolicyVersion(ctx context.Context, version string) (PolicyVersion, error)
	// DraftPolicy keeps a source as a new version.
	DraftPolicy(ctx context.Context, by identity.Actor, source, digest string) (PolicyVersion, error)
	// PublishPolicy puts a version in force, an earlier one too (roll back). The one that is
	// in force stays so. ErrPolicyChanged when another than over is, unless over is empty.
	PublishPolicy(ctx context.Context, by identity.Actor, version, over string) (PolicyVersion, error)
	// Screenings gives the newest recorded screenings to each, newest first, with how their
	// refunds ended; at most limit, 0 for all. total is told before the first.
	Screenings(ctx context.Context, limit int, total func(int), each func(policy.Case) error) error
	// Screening reads the one of a refund; not-found while it has none.
	Screening(ctx context.Context, refundID string) (Screening, error)
	// Note writes an audit entry of what changed nothing.
	Note(ctx context.Context, e audit.Entry) error
}

// Policies gives policies ready to be evaluated, by version.
type Policies interface {
	Policy(ctx context.Context, version string) (*policy.Policy, error)
}

// PauseRecords is what the desk needs of the store for the pause switch. The desk has
// checked the shape of a pause; not-found is for an account that is none.
type PauseRecords interface {
	// Pause stops crediting; once it returns no refund of its scope is credited.
	Pause(ctx context.Context, by identity.Actor, p Pause) (Pause, error)
	// EndPause lets crediting go on before the pause expires; not-found when there is none.
	EndPause(ctx context.Context, by identity.Actor, id string) (Pause, []Intent, error)
	// Pauses lists pauses, newest first; only those in force when asked for.
	Pauses(ctx context.Context, inForce bool, p Paging) (Page[Pause], error)
	// PauseEffect says what a pause would hold now.
	PauseEffect(ctx context.Context, scope PauseScope, target string) (PauseEffect, error)
}

// Question is what a customer asks, about a package, a refund or nothing.
type Question struct {
	AccountID string
	Subject   string
	Body      string
	PackageID string
	RefundID  string
	Key       string     // of the form that asks it, which asks once however often it is sent; "" for none
	SLA       review.SLA // of the questions queue, from the policy in force
}

// NoteAbout is what somebody wrote a note for.
type NoteAbout string

// What notes are about.
const (
	NoteRequest    NoteAbout = "request"    // the customer's, with the request
	NoteAppeal     NoteAbout = "appeal"     // the customer's, with the appeal
	NoteDecision   NoteAbout = "decision"   // of a vote, for staff
	NoteEscalation NoteAbout = "escalation" // why it was escalated
	NoteRetry      NoteAbout = "retry"      // why crediting was tried again
	NoteOther      NoteAbout = "other"      // such as what the customer was asked
)

// Note is a text that belongs to something done on a case. Notes are never edited.
type Note struct {
	ID        string
	RefundID  string // empty on a question that is about no refund
	Author    string // subject
	Role      identity.Role
	About     NoteAbout
	Body      string
	CreatedAt time.Time
}

// LinkedAccount is another account that shares something with the one under review.
type LinkedAccount struct {
	AccountID string
	Shares    []string // email, phone, payer
	Standing  refund.Standing
	Refunds   int64
	Rejected  int64
}

// PolicyState is where a version of the policy stands.
type PolicyState string

// The states of a version.
const (
	PolicyDraft      PolicyState = "draft"      // never in force
	PolicyPublished  PolicyState = "published"  // in force
	PolicySuperseded PolicyState = "superseded" // was in force
)

// PolicyVersion is a policy as it was written. It is never edited.
type PolicyVersion struct {
	Version     string
	State       PolicyState
	Source      string // YAML
	Digest      string
	CreatedBy   string
	CreatedAt   time.Time
	PublishedBy string     // of the last time
	PublishedAt *time.Time // of the last time
}

// Screening is what a refund was judged on, kept for good.
type Screening struct {
	RefundID      string
	PolicyVersion string
	PolicyDigest  string
	Verdict       policy.Verdict
	Outcome       string
	Facts         policy.Facts
	Matches       []review.Match
	At            time.Time
}

// PauseScope is what a pause stops crediting for.
type PauseScope string

// The scopes of a pause.
const (
	PauseAccount PauseScope = "account"
	PauseProduct PauseScope = "product"
	PauseAll     PauseScope = "all"
)

// Pause stops crediting for a while. Filings are taken, screened and reviewed meanwhile.
type Pause struct {
	ID        string
	Scope     PauseScope
	Target    string // account id or product; empty for all
	Reason    string
	By        string
	ExpiresAt time.Time
	EndedAt   *time.Time // ended early
	EndedBy   string
	CreatedAt time.Time
}

// InForce reports whether the pause stops crediting at now.
func (p Pause) InForce(now time.Time) bool { return p.EndedAt == nil && now.Before(p.ExpiresAt) }

// Covers reports whether refunds of the package are of the pause's scope.
func (p Pause) Covers(pkg refund.Package) bool {
	switch p.Scope {
	case PauseAccount:
		return p.Target == pkg.AccountID
	case PauseProduct:
		return p.Target == pkg.Product
	case PauseAll:
		return true
	}
	return false
}

// Delay is what keeps an approved refund from being credited at once; both times are nil when
// nothing does.
type Delay struct {
	PausedUntil *time.Time // when the last pause ends that covers it, if nobody ends it before
	SettlesAt   *time.Time // until when usage from before the request is still taken (drain window)
}

// PauseEffect is what a pause would hold.
type PauseEffect struct {
	States []StateCount // open refunds by state
	Held   int64        // of them, those that are to be credited and would go on hold at once
}

// StateCount is how many refunds are in a state, and of how much money.
type StateCount struct {
	State refund.State
	Count int64
	Money []money.Money
}

// Figures are the desk's numbers.
type Figures struct {
	Since  time.Time
	At     time.Time
	Queues []QueueFigures
	Rules  []RuleFigures
	// FirstResponse and Decision are over tickets responded to and decided since Since.
	FirstResponse, Decision Spread
	Appeals                 AppealFigures
}

// QueueFigures are of the tickets that wait in a queue now.
type QueueFigures struct {
	Queue      string
	Open       int64
	Unassigned int64
	Overdue    int64
	Oldest     time.Duration // how long the oldest has waited
	Median     time.Duration
}

// RuleFigures are of the refunds that a rule matched and people then decided.
type RuleFigures struct {
	Rule     string
	Matched  int64
	Approved int64
	Rejected int64
}

// Spread is how a duration is distributed.
type Spread struct {
	Count       int64
	Median, P90 time.Duration
}

// AppealFigures say how often an appeal reversed the first decision.
type AppealFigures struct {
	Filed, Reversed, Upheld, Open int64
}
