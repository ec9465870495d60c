package workflows

import (
	"time"

	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// Everything below travels through the engine and stays in its histories: names are
// never reused for something else, fields are only added, and values are opaque ids and
// codes. No name, address, phone or free text.

// The workflows.
const (
	WorkflowRefund   = "Refund"
	WorkflowQuestion = "Question"
	WorkflowSweep    = "Sweep"
	WorkflowNotice   = "Notice"
)

// The activities, each run as a local activity first and as a regular one when its
// neighbour is away; both carry the same name.
const (
	ActivityScreen             = "Screen"
	ActivityReassess           = "Reassess"
	ActivityRecordDecision     = "RecordDecision"
	ActivityRequestInformation = "RequestInformation"
	ActivityWithdraw           = "Withdraw"
	ActivityCredit             = "Credit"
	ActivityPark               = "Park"
	ActivityRetry              = "Retry"
	ActivityTickQuestion       = "TickQuestion"
	ActivityNotify             = "Notify"
	ActivityBuryNotice         = "BuryNotice"
	ActivitySweep              = "Sweep"
)

// The updates (commands), signals (past facts) and query of Refund. Question hears
// SignalTicketChanged and answers the query, too.
const (
	UpdateDecide             = "Decide"
	UpdateRequestInformation = "RequestInformation"
	UpdateWithdraw           = "Withdraw"
	UpdateRetry              = "Retry"

	SignalStandingChanged = "StandingChanged"
	SignalDisputeChanged  = "DisputeChanged"
	// SignalTicketChanged: something was said on the ticket, or it was escalated or closed.
	SignalTicketChanged = "TicketChanged"
	// SignalPauseChanged: a pause of crediting that held the refund ended.
	SignalPauseChanged = "PauseChanged"

	QuerySnapshot = "Snapshot"
)

// The types of failure that an activity returns: whether to try again hangs on them.
const (
	// FailureUnavailable: a neighbour is away, the step is tried again.
	FailureUnavailable = "unavailable"
	// FailureInternal: the database refused or the program is wrong; trying again would not
	// help and somebody has to look.
	FailureInternal = "internal"
)

// CodeExpired refuses a command that came after its own not-after time: its sender has
// stopped waiting, and nothing was recorded.
const CodeExpired = "decision-expired"

// AcceptedFirst is the detail of a refusal that came after its command had been accepted.
// The engine repeats such an answer for as long as the command's id is used.
const AcceptedFirst = "accepted-first"

// RefundInput starts the workflow of one refund.
type RefundInput struct {
	RefundID    string  `json:"refund_id"`
	AccountID   string  `json:"account_id"`
	PackageID   string  `json:"package_id"`
	RequestedBy string  `json:"requested_by"`     // subject who filed; never decides
	Resume      *Resume `json:"resume,omitempty"` // set when the workflow continued as new
}

// Resume is what a run hands to the next one.
type Resume struct {
	State    refund.State    `json:"state"`
	Turn     int             `json:"turn"`
	Verdict  string          `json:"verdict,omitempty"`
	TicketID string          `json:"ticket_id,omitempty"`
	Queue    string          `json:"queue,omitempty"`
	DueAt    time.Time       `json:"due_at,omitzero"`
	SettleAt time.Time       `json:"settle_at,omitzero"`
	WakeAt   time.Time       `json:"wake_at,omitzero"`
	Idle     int             `json:"idle,omitempty"` // wake-ups in a row that found nothing to do
	Voters   []string        `json:"voters,omitempty"`
	Notices  []PendingNotice `json:"notices,omitempty"`
	Dead     int             `json:"dead,omitempty"`     // notices given up
	News     bool            `json:"news,omitempty"`     // something changed and was not looked at yet
	Said     bool            `json:"said,omitempty"`     // among it the ticket
	Failures int             `json:"failures,omitempty"` // failed tries of the step that is due, in a row
}

// PendingNotice is a notice that has not been delivered yet.
type PendingNotice struct {
	ID    string    `json:"id"`
	Since time.Time `json:"since"` // when the workflow heard of it; it is given up seven days later
}

// RefundResult is how a refund ended.
type RefundResult struct {
	State refund.State `json:"state"`
}

// DecideInput is a reviewer's vote.
type DecideInput struct {
	DecisionID string         `json:"decision_id"`
	TicketID   string         `json:"ticket_id"`
	RefundID   string         `json:"refund_id"`
	Voter      identity.Actor `json:"voter"`
	Vote       review.Vote    `json:"vote"`
	ReasonCode string         `json:"reason_code"`
	NoteID     string         `json:"note_id,omitempty"`
	NoteDigest string         `json:"note_digest,omitempty"`
	MessageID  string         `json:"message_id,omitempty"` // note with words to the customer
	Digest     string         `json:"digest"`               // of what the reviewer was shown
	RequestID  string         `json:"request_id,omitempty"` // for the audit log
	NotAfter   time.Time      `json:"not_after"`            // UTC; the sender waits no longer
}

// AskInput is a reviewer asking the customer something. The words are the note's.
type AskInput struct {
	RefundID   string         `json:"refund_id"`
	TicketID   string         `json:"ticket_id"`
	By         identity.Actor `json:"by"`
	NoteID     string         `json:"note_id"`
	NoteDigest string         `json:"note_digest,omitempty"`
	RequestID  string         `json:"request_id,omitempty"`
	NotAfter   time.Time      `json:"not_after"`
}

// WithdrawInput is a customer taking the request back.
type WithdrawInput struct {
	By        identity.Actor `json:"by"`
	RequestID string         `json:"request_id,omitempty"`
	NotAfter  time.Time      `json:"not_after"`
}

// RetryInput is an admin having what was approved credited again.
type RetryInput struct {
	By        identity.Actor `json:"by"`
	NoteID    string         `json:"note_id,omitempty"`
	RequestID string         `json:"request_id,omitempty"`
	NotAfter  time.Time      `json:"not_after"`
}

// ChangedSignal says that something changed, not to what: the step that follows reads it
// from the records, so signals may come late, twice or in any order.
type ChangedSignal struct {
	IntentID string `json:"intent_id"`
}

// Snapshot answers the query. It is used only there, so it can change without breaking
// a history.
type Snapshot struct {
	State          refund.State `json:"state"`
	Verdict        string       `json:"verdict,omitempty"`
	TicketID       string       `json:"ticket_id,omitempty"`
	Queue          string       `json:"queue,omitempty"`
	DueAt          time.Time    `json:"due_at,omitzero"`
	SettleAt       time.Time    `json:"settle_at,omitzero"`
	WakeAt         time.Time    `json:"wake_at,omitzero"` // when the clock has something to do
	Turn           int          `json:"turn"`
	Voters         []string     `json:"voters,omitempty"`
	PendingNotices int          `json:"pending_notices"`
	DeadNotices    int          `json:"dead_notices"`
	Failing        string       `json:"failing,omitempty"` // code of the failure that the due step waits out
	Version        int          `json:"version"`
}

// StepInput names one step: which refund, and the how-manieth step of it. Screen, Reassess
// and Credit need nothing else.
type StepInput struct {
	RefundID string `json:"refund_id"`
	Turn     int    `json:"turn"`
}

// RecordDecisionInput is the step that records a vote.
type RecordDecisionInput struct {
	StepInput
	Decision DecideInput `json:"decision"`
}

// AskStepInput is the step that asks the customer something.
type AskStepInput struct {
	StepInput
	Asking AskInput `json:"asking"`
}

// WithdrawStepInput is the step that takes the request back.
type WithdrawStepInput struct {
	StepInput
	By        identity.Actor `json:"by"`
	RequestID string         `json:"request_id,omitempty"`
}

// ParkInput is the step that hands a failed crediting to an operator.
type ParkInput struct {
	StepInput
	ReasonCode string `json:"reason_code"`
}

// RetryStepInput is the step that sends a parked refund back to crediting.
type RetryStepInput struct {
	StepInput
	By        identity.Actor `json:"by"`
	NoteID    string         `json:"note_id,omitempty"`
	RequestID string         `json:"request_id,omitempty"`
}

// QuestionInput starts the workflow of one question.
type QuestionInput struct {
	TicketID string          `json:"ticket_id"`
	Resume   *QuestionResume `json:"resume,omitempty"` // set when the workflow continued as new
}

// QuestionResume is what a run of Question hands to the next one.
type QuestionResume struct {
	Queue    string          `json:"queue,omitempty"`
	DueAt    time.Time       `json:"due_at,omitzero"`
	WakeAt   time.Time       `json:"wake_at,omitzero"`
	Idle     int             `json:"idle,omitempty"`
	Notices  []PendingNotice `json:"notices,omitempty"`
	Dead     int             `json:"dead,omitempty"`
	Closed   bool            `json:"closed,omitempty"`
	News     bool            `json:"news,omitempty"`
	Failures int             `json:"failures,omitempty"`
}

// QuestionSnapshot answers the query to a question. It is used only there.
type QuestionSnapshot struct {
	Closed         bool      `json:"closed,omitempty"`
	Queue          string    `json:"queue,omitempty"`
	DueAt          time.Time `json:"due_at,omitzero"`
	WakeAt         time.Time `json:"wake_at,omitzero"`
	PendingNotices int       `json:"pending_notices"`
	DeadNotices    int       `json:"dead_notices"`
	Failing        string    `json:"failing,omitempty"`
	Version        int       `json:"version"`
}

// TickInput names the ticket whose clock is looked at.
type TickInput struct {
	TicketID string `json:"ticket_id"`
}

// NoticeInput names the notice to deliver or to give up.
type NoticeInput struct {
	NoticeID string `json:"notice_id"`
}

// SweepResult is what one sweep delivered.
type SweepResult struct {
	Delivered int `json:"delivered"`
}
