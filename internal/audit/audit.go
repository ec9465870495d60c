// Package audit is the record of who did what: one entry for every change of state, every
// decision and every refused attempt, written in the transaction of the change.
package audit

import (
	"time"

	"refunddesk/internal/identity"
	"refunddesk/internal/money"
)

// EntryVersion is the format of entries written today.
const EntryVersion = 1

// Object is what kind of thing an entry is about.
type Object string

// The objects that have entries.
const (
	ObjectRefund  Object = "refund"
	ObjectAccount Object = "account"
	ObjectPackage Object = "package"
	ObjectTicket  Object = "ticket"
	ObjectPolicy  Object = "policy"
	ObjectPause   Object = "pause"
	ObjectReply   Object = "saved-reply"
	ObjectExport  Object = "export" // of more than one refund
)

// Action is what happened, a past participle of the verb.
type Action string

// The actions.
const (
	Filed           Action = "filed"
	Screened        Action = "screened"
	Held            Action = "held"
	Released        Action = "released"
	TicketOpened    Action = "ticket-opened"
	TicketClosed    Action = "ticket-closed"
	Decided         Action = "decided"
	Withdrawn       Action = "withdrawn"
	Approved        Action = "approved"
	Rejected        Action = "rejected"
	Credited        Action = "credited"
	Parked          Action = "parked"
	Retried         Action = "retried"
	AccountCreated  Action = "account-created"
	AccountChanged  Action = "account-changed"
	StandingChanged Action = "standing-changed"
	PackageBought   Action = "package-bought"
	UsageRecorded   Action = "usage-recorded"
	DisputeChanged  Action = "dispute-changed"

	// Of the desk's work.
	QuestionAsked    Action = "question-asked"
	MessageSent      Action = "message-sent"
	InfoRequested    Action = "information-requested"
	CustomerReplied  Action = "customer-replied"
	CustomerReminded Action = "customer-reminded"
	TicketClaimed    Action = "ticket-claimed"
	TicketReleased   Action = "ticket-released"
	TicketAssigned   Action = "ticket-assigned"
	TicketSnoozed    Action = "ticket-snoozed"
	TicketEscalated  Action = "ticket-escalated"
	TicketReminded   Action = "ticket-reminded" // half or most of the time has run
	TicketResolved   Action = "ticket-resolved"
	ReplySaved       Action = "reply-saved"
	ReplyDeleted     Action = "reply-deleted"

	// Of policies and of the pause switch.
	PolicyDrafted    Action = "policy-drafted"
	PolicyPublished  Action = "policy-published"
	PolicyBacktested Action = "policy-backtested"
	PauseBegun       Action = "pause-begun"
	PauseEnded       Action = "pause-ended"

	// Of those who look after the record.
	NoticeRetried Action = "notice-retried" // a message that was given up is sent again
	Exported      Action = "exported"       // somebody took a copy away
)

// Entry is one line of the record. Personal text stays outside: ids, codes and amounts only.
type Entry struct {
	Version        int
	ID             string
	At             time.Time // database time, UTC
	Actor          string    // opaque subject
	Role           identity.Role
	Action         Action
	Object         Object
	ObjectID       string
	ObjectVersion  int64
	RefundID       string // also when the object is its ticket or package; for one look-up
	OldState       string
	NewState       string
	Amount         *money.Money
	ReasonCode     string
	PolicyVersion  string
	DecisionDigest string
	RequestID      string
	WorkflowID     string
	RunID          string
	OperationID    string // of the step that wrote it
}
