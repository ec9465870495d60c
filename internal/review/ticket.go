// Package review is the judgement of people: tickets and what is said on them, the clock
// that runs until somebody decides, decisions, and who may decide what.
package review

import (
	"time"

	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
)

// TicketKind is what a ticket is about.
type TicketKind string

// The kinds of ticket.
const (
	KindRefund   TicketKind = "refund"   // a flagged refund that waits for a decision
	KindQuestion TicketKind = "question" // something a customer asks
)

// TicketState is whether somebody still has to act.
type TicketState string

// The states of a ticket.
const (
	Open   TicketState = "open"
	Closed TicketState = "closed"
)

// The queues that tickets wait in.
const (
	QueueReview     = "review"     // flagged by screening
	QueueEscalation = "escalation" // not decided in time, or escalated by somebody
	QueueAttention  = "attention"  // crediting could not go on
	QueueQuestions  = "questions"  // asked by customers
)

// Queues are all queues.
var Queues = []string{QueueReview, QueueEscalation, QueueAttention, QueueQuestions}

// Match is a screening rule that flagged the refund, with the value it saw.
type Match struct {
	Rule      string `json:"rule"`
	Value     string `json:"value"`
	Threshold string `json:"threshold"`
	Reason    string `json:"reason"` // for staff
	Weight    int    `json:"weight,omitempty"`
	// Told is what the customer may be told of it, by locale ("en", "zh-Hans").
	Told map[string]string `json:"told,omitempty"`
}

// Ticket is a case that waits for a person.
type Ticket struct {
	ID        string
	Kind      TicketKind
	RefundID  string // empty for a question about something else
	AccountID string
	PackageID string // empty for a question about something else
	OpenedBy  string // subject of who asked; empty for what screening flagged
	Subject   string // of a question, in the customer's words
	State     TicketState
	Queue     string
	Assignee  string
	Priority  int // the weights of the matched rules, summed; higher is more urgent
	Quorum    Quorum
	Matches   []Match

	SLA            SLA
	Clock          Clock
	DueAt          time.Time  // UTC; of the decision or, for a question, the answer
	ResponseDueAt  time.Time  // UTC; of the first word to the customer
	RespondedAt    *time.Time // when that word was said
	Urgency        Urgency
	SnoozedUntil   *time.Time
	AnswerBy       *time.Time // set while the customer is asked something: until when he can answer
	AskedAt        *time.Time // when he was asked
	AnswerReminded bool
	ClosedAt       *time.Time
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// QuestionWorkflowID is the id of the workflow that keeps a ticket's clock: "ticket/<id>".
func QuestionWorkflowID(ticketID string) string { return "ticket/" + ticketID }

// Waiting reports whether the customer moves next.
func (t Ticket) Waiting() bool { return t.AnswerBy != nil }

// Urgency is how much of the time to decide has run, as far as somebody was reminded of it.
type Urgency int

// The urgencies, in percent of the time.
const (
	OnTime  Urgency = 0
	Half    Urgency = 50
	Late    Urgency = 80
	Overdue Urgency = 100 // escalated
)

// Visibility is who may read a message.
type Visibility string

// The visibilities.
const (
	Public   Visibility = "public"   // the customer and staff
	Internal Visibility = "internal" // staff only, never a customer by any way
)

// Known reports whether v is a visibility at all.
func (v Visibility) Known() bool { return v == Public || v == Internal }

// Message is something said on a ticket. Messages are never edited.
type Message struct {
	ID         string
	TicketID   string
	Author     string // subject
	ByStaff    bool
	Visibility Visibility
	Body       string
	CreatedAt  time.Time
}

// MostText is how many characters a message, a note or a question may have.
const MostText = 10_000

// SavedReply is a text that reviewers send again and again.
type SavedReply struct {
	ID        string
	Title     string
	Body      map[string]string // by locale
	UpdatedBy string
	UpdatedAt time.Time
	Version   int64
}

// ErrClaimed refuses a claim of what somebody else holds.
var ErrClaimed = fault.New(fault.Conflict, "already-claimed", "Somebody else has claimed the ticket.")

// Asking is what a customer is asked while his refund waits for the answer. The words are
// the note's until the question is asked, and then a public message.
type Asking struct {
	TicketID string
	NoteID   string
	By       identity.Actor
}

// QuestionStep is what a look at a question's clock left behind. It travels through the
// engine, so it holds opaque ids and codes only.
type QuestionStep struct {
	Closed  bool      `json:"closed,omitempty"`
	Queue   string    `json:"queue,omitempty"`
	DueAt   time.Time `json:"due_at,omitzero"`
	WakeAt  time.Time `json:"wake_at,omitzero"`  // when the clock has something to do, UTC
	Notices []string  `json:"notices,omitempty"` // all that are not delivered, in order
}
