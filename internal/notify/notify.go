// Package notify says what customers are told, in their language. Sending is mail's.
package notify

import "strings"

// Event is what a customer is told about.
type Event string

// The events of a refund that a customer hears of.
const (
	Received  Event = "received"  // skipped when the refund was credited at once
	InReview  Event = "in_review" // a person looks at it
	Credited  Event = "credited"
	Rejected  Event = "rejected"
	Withdrawn Event = "withdrawn"

	// Of the conversation: staff wrote to the customer, asked him something, and remind him
	// that he was asked.
	Wrote    Event = "message"
	Asked    Event = "information_requested"
	Reminded Event = "information_reminder"
)

// Events are all events.
var Events = []Event{Received, InReview, Asked, Reminded, Wrote, Credited, Rejected, Withdrawn}

// State is how far a notice has come.
type State string

// The states of a notice.
const (
	Pending State = "pending"
	Sent    State = "sent"
	Dead    State = "dead" // given up after the last try; somebody has to look
)

// NoticeID identifies one notice: an event of a refund is told once.
func NoticeID(refundID string, e Event) string { return refundID + "/" + string(e) }

// MessageNoticeID identifies the notice of an event of the conversation: each message is
// told once, and reminded of once.
func MessageNoticeID(messageID string, e Event) string { return messageID + "/" + string(e) }

// MessageID is the Message-ID header of the notice's mail, the same on every try, so that
// the receiving side can drop a repeat.
func MessageID(noticeID, domain string) string {
	return strings.ReplaceAll(noticeID, "/", ".") + "@" + domain
}

// Notice is everything a message is made of. It is read from the records when it is sent
// and never travels through the engine.
type Notice struct {
	ID          string
	RefundID    string
	Event       Event
	State       State
	Name        string // of the customer
	Email       string
	Locale      string // "en" or "zh-Hans"
	PackageName string
	Amount      string // formatted for the locale: what returns, or what was asked for
	Reason      string // reason code of a rejection
	TicketID    string // of the conversation; empty for what happened to the refund
	Text        string // what staff wrote to the customer; public words only
	Told        string // what the customer may be told of why it is reviewed or was rejected, in his locale
	AnswerBy    string // until when he can answer, written for the locale
}
