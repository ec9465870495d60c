package store

import (
	"strings"
	"time"

	"refunddesk/internal/audit"
	"refunddesk/internal/identity"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// The rows of the tables, and their translation to the domain.

// accountRow is what is written of an account; the key that its phone is compared by is the
// database's own.
type accountRow struct {
	ID               string `gorm:"primaryKey"`
	Name             string
	Email            string
	Phone            string
	Payer            string
	Locale           string
	Standing         string
	StandingReason   string
	RegisteredAt     time.Time
	ContactChangedAt *time.Time
	CreatedAt        time.Time
	UpdatedAt        time.Time
	Version          int64
}

func (accountRow) TableName() string { return "accounts" }

func (r accountRow) domain() refund.Account {
	return refund.Account{
		ID: r.ID, Name: r.Name, Email: r.Email, Phone: r.Phone, Payer: r.Payer, Locale: r.Locale,
		Standing: refund.Standing(r.Standing), StandingReason: r.StandingReason,
		RegisteredAt: r.RegisteredAt.UTC(), ContactChangedAt: utc(r.ContactChangedAt),
		CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(), Version: r.Version,
	}
}

func accountRowOf(a refund.Account) accountRow {
	return accountRow{
		ID: a.ID, Name: a.Name, Email: a.Email, Phone: a.Phone, Payer: a.Payer, Locale: a.Locale,
		Standing: string(a.Standing), StandingReason: a.StandingReason,
		RegisteredAt: a.RegisteredAt, ContactChangedAt: a.ContactChangedAt,
		CreatedAt: a.CreatedAt, UpdatedAt: a.UpdatedAt, Version: a.Version,
	}
}

type packageRow struct {
	ID          string `gorm:"primaryKey"`
	AccountID   string
	Product     string
	Name        string
	Currency    string
	Paid        int64
	Face        int64
	Status      string
	Dispute     string
	AutoRenew   bool
	PurchasedAt time.Time
	ExpiresAt   *time.Time
	FrozenAt    *time.Time
	CreatedAt   time.Time
	Version     int64
}

func (packageRow) TableName() string { return "packages" }

func (r packageRow) domain(balance int64) refund.Package {
	return refund.Package{
		ID: r.ID, AccountID: r.AccountID, Product: r.Product, Name: r.Name, Currency: r.Currency,
		Paid: r.Paid, Face: r.Face, Remaining: balance, Recorded: refund.PackageStatus(r.Status),
		Dispute: refund.Dispute(r.Dispute), AutoRenew: r.AutoRenew, PurchasedAt: r.PurchasedAt.UTC(),
		ExpiresAt: utc(r.ExpiresAt), FrozenAt: utc(r.FrozenAt), CreatedAt: r.CreatedAt.UTC(), Version: r.Version,
	}
}

func packageRowOf(p refund.Package) packageRow {
	return packageRow{
		ID: p.ID, AccountID: p.AccountID, Product: p.Product, Name: p.Name, Currency: p.Currency,
		Paid: p.Paid, Face: p.Face, Status: string(p.Recorded), Dispute: string(p.Dispute), AutoRenew: p.AutoRenew,
		PurchasedAt: p.PurchasedAt, ExpiresAt: p.ExpiresAt, FrozenAt: p.FrozenAt, CreatedAt: p.CreatedAt, Version: p.Version,
	}
}

type refundRow struct {
	ID             string `gorm:"primaryKey"`
	AccountID      string
	PackageID      string
	RequestedBy    string
	State          string
	ReasonCode     string
	NoteID         string
	Currency       string
	QuoteAmount    int64
	QuotePaid      int64
	QuoteFace      int64
	QuoteRemaining int64
	Approved       *int64
	Amount         *int64
	Verdict        string
	Outcome        string
	PolicyVersion  string
	PolicyDigest   string
	HoldCauses     string
	HeldFrom       string
	HeldAt         *time.Time
	ProviderFault  bool
	AppealOf       string
	LastOp         string
	LastStep       string
	CreatedAt      time.Time
	UpdatedAt      time.Time
	Version        int64
}

func (refundRow) TableName() string { return "refunds" }

func (r refundRow) domain() refund.Refund {
	asked := refund.Package{Currency: r.Currency, Paid: r.QuotePaid, Face: r.QuoteFace, Remaining: r.QuoteRemaining}
	return refund.Refund{
		ID: r.ID, AccountID: r.AccountID, PackageID: r.PackageID, RequestedBy: r.RequestedBy,
		State: refund.State(r.State), ReasonCode: refund.ReasonCode(r.ReasonCode), NoteID: r.NoteID,
		Quote: asked.Quote(), Approved: amountOf(r.Approved, r.Currency), Amount: amountOf(r.Amount, r.Currency),
		Verdict: r.Verdict, Outcome: r.Outcome, PolicyVersion: r.PolicyVersion, PolicyDigest: r.PolicyDigest,
		HoldCauses: splitList[refund.Cause](r.HoldCauses), HeldFrom: refund.State(r.HeldFrom), HeldAt: utc(r.HeldAt),
		ProviderFault: r.ProviderFault, AppealOf: r.AppealOf, WorkflowID: refund.WorkflowID(r.ID),
		CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(), Version: r.Version,
	}
}

type decisionRow struct {
	ID           string `gorm:"primaryKey"`
	TicketID     string
	RefundID     string
	Voter        string
	VoterRole    string
	VoterAccount string
	Vote         string
	ReasonCode   string
	NoteID       string
	Digest       string
	CreatedAt    time.Time
}

func (decisionRow) TableName() string { return "decisions" }

func (r decisionRow) domain() review.Decision {
	return review.Decision{
		ID: r.ID, TicketID: r.TicketID, RefundID: r.RefundID,
		Voter: identity.Actor{Subject: r.Voter, Roles: []identity.Role{identity.Role(r.VoterRole)}, AccountID: r.VoterAccount},
		Vote:  review.Vote(r.Vote), ReasonCode: r.ReasonCode, NoteID: r.NoteID, Digest: r.Digest, CreatedAt: r.CreatedAt.UTC(),
	}
}

// auditRow has neither seq nor at: the database gives both.
type auditRow struct {
	ID             string `gorm:"primaryKey"`
	EntryVersion   int
	Actor          string
	Role           string
	Action         string
	Object         string
	ObjectID       string
	ObjectVersion  int64
	RefundID       string
	OldState       string
	NewState       string
	Amount         *int64
	Currency       string
	ReasonCode     string
	PolicyVersion  string
	DecisionDigest string
	RequestID      string
	WorkflowID     string
	RunID          string
	OperationID    string
}

func (auditRow) TableName() string { return "audit_entries" }

func auditRowOf(e audit.Entry) auditRow {
	row := auditRow{
		ID: newID("audit"), EntryVersion: audit.EntryVersion, Actor: e.Actor, Role: string(e.Role), Action: string(e.Action),
		Object: string(e.Object), ObjectID: e.ObjectID, ObjectVersion: e.ObjectVersion, RefundID: e.RefundID,
		OldState: e.OldState, NewState: e.NewState, ReasonCode: e.ReasonCode, PolicyVersion: e.PolicyVersion,
		DecisionDigest: e.DecisionDigest, RequestID: e.RequestID, WorkflowID: e.WorkflowID, RunID: e.RunID, OperationID: e.OperationID,
	}
	if e.Amount != nil {
		row.Amount, row.Currency = &e.Amount.Micros, e.Amount.Currency
	}
	return row
}

type auditReadRow struct {
	Entry auditRow `gorm:"embedded"`
	At    time.Time
	Seq   int64
}

func (read auditReadRow) domain() audit.Entry {
	r := read.Entry
	return audit.Entry{
		Version: r.EntryVersion, ID: r.ID, At: read.At.UTC(), Actor: r.Actor, Role: identity.Role(r.Role), Action: audit.Action(r.Action),
		Object: audit.Object(r.Object), ObjectID: r.ObjectID, ObjectVersion: r.ObjectVersion, RefundID: r.RefundID,
		OldState: r.OldState, NewState: r.NewState, Amount: amountOf(r.Amount, r.Currency), ReasonCode: r.ReasonCode,
		PolicyVersion: r.PolicyVersion, DecisionDigest: r.DecisionDigest, RequestID: r.RequestID,
		WorkflowID: r.WorkflowID, RunID: r.RunID, OperationID: r.OperationID,
	}
}

func amountOf(micros *int64, currency string) *money.Money {
	if micros == nil {
		return nil
	}
	m := money.Of(*micros, currency)
	return &m
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

// splitList undoes joinList.
func splitList[T ~string](s string) []T {
	if s == "" {
		return nil
	}
	var out []T
	for part := range strings.SplitSeq(s, ",") {
		out = append(out, T(part))
	}
	return out
}

// joinList is how a short list of codes is kept in one column.
func joinList[T ~string](list []T) string {
	parts := make([]string, len(list))
	for i, part := range list {
		parts[i] = string(part)
	}
	return strings.Join(parts, ",")
}
