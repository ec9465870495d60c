package desk

import (
	"context"
	"time"

	"refunddesk/internal/audit"
	"refunddesk/internal/identity"
	"refunddesk/internal/ledger"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
)

// SearchRecords is what the desk needs of the store for those who look things up: auditors,
// admins, and whoever reviews a case.
type SearchRecords interface {
	// SearchRefunds lists refunds, the last filed first.
	SearchRefunds(ctx context.Context, s RefundSearch) (Page[refund.Refund], error)
	// Acts lists what somebody did that belongs to no refund, newest first.
	Acts(ctx context.Context, s ActSearch) (Page[audit.Entry], error)
	// RefundJournals are the journal entries that a refund wrote, oldest first.
	RefundJournals(ctx context.Context, refundID string) ([]ledger.Journal, error)
	// RefundNotices are the messages that were to be sent about a refund, oldest first.
	RefundNotices(ctx context.Context, refundID string) ([]NoticeView, error)
	// FailedNotices are those that were given up, newest first.
	FailedNotices(ctx context.Context, p Paging) (Page[NoticeView], error)
	// RetryNotice has a notice that was given up sent again. Errors: not-found; conflict
	// notice-not-failed.
	RetryNotice(ctx context.Context, by identity.Actor, id string) (NoticeView, []Intent, error)
	// Activity is what an account bought, used and asked back since then.
	Activity(ctx context.Context, accountID string, since time.Time) (Activity, error)
	// Overview are the numbers of the dashboard, by day of the zone.
	Overview(ctx context.Context, since, until time.Time, zone *time.Location) (Overview, error)
	// RefundMark is another one after each change of the refund: of what its customer sees, and
	// of what only staff see when inside. Not-found when there is no such refund.
	RefundMark(ctx context.Context, refundID string, inside bool) (string, error)
}

// RefundSearch narrows a search for refunds; empty fields do not.
type RefundSearch struct {
	Text       string // an id of anything: refund, account, package, ticket or workflow
	AccountID  string
	RefundID   string
	WorkflowID string
	State      refund.State
	Verdict    string
	Rule       string // that matched at screening
	Actor      string // subject of somebody who did anything to it
	Currency   string
	// AmountFrom and AmountTo are micros, inclusive, of what the refund is about.
	AmountFrom, AmountTo *int64
	From, To             *time.Time // of the filing: From inclusive, To exclusive, UTC
	ExceptAccount        string     // not those of this account
	Paging
}

// ActSearch asks what somebody did that belongs to no refund.
type ActSearch struct {
	Actor    string     // the subject; it must be there
	From, To *time.Time // when it was done: From inclusive, To exclusive, UTC
	Paging
}

// NoticeView is a message to a customer as far as staff need it: never its address or words.
type NoticeView struct {
	ID        string
	RefundID  string // empty for one about a question
	TicketID  string
	Event     string // what it tells: received, in_review, credited, …
	State     string // pending, sent, dead
	CreatedAt time.Time
	UpdatedAt time.Time // of sent: when it was sent
}

// Activity is an account's life on one time axis.
type Activity struct {
	Since     time.Time
	Purchases []ActivityPurchase
	Usage     []ActivityUsage // by UTC day and currency, days without usage left out
	Refunds   []refund.Refund // filed since then, oldest first
}

// ActivityPurchase is one purchase.
type ActivityPurchase struct {
	PackageID string
	Name      string
	Paid      money.Money
	At        time.Time
}

// ActivityUsage is what was used on a day.
type ActivityUsage struct {
	Day  time.Time // its start, UTC
	Cost money.Money
}

// Overview are the numbers of the dashboard.
type Overview struct {
	Since, Until time.Time
	Days         []DayFigures // every day of the time, also those without refunds
	Figures      Figures
}

// DayFigures are of one day: what was filed, and how refunds ended.
type DayFigures struct {
	Day      time.Time // its start in the zone
	Filed    int64
	Credited int64
	Rejected int64
	Withdrew int64
	// Money is what those that ended credited, rejected or withdrawn were about, one of each
	// currency.
	Money    map[refund.State][]money.Money
	Decision Spread // of what people decided that day
}
