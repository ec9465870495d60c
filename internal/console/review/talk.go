package review

import (
	"slices"
	"time"

	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/review"
)

// said is one thing that was said on a case: a message, or a note that belongs to something
// that was done.
type said struct {
	ID     string
	At     time.Time
	Author string
	Class  string // customer, public (to the customer) or internal
	About  string // of a note: what it was written for
	First  bool   // of the refund that this one appeals
	Body   string
}

// talkOf puts messages and notes into one order.
func talkOf(file desk.CaseFile) []said {
	var all []said
	for _, m := range file.Messages {
		one := said{ID: m.ID, At: m.CreatedAt, Author: m.Author, Body: m.Body, Class: "internal"}
		switch {
		case !m.ByStaff:
			one.Class = "customer"
		case m.Visibility == review.Public:
			one.Class = "public"
		}
		all = append(all, one)
	}
	for _, n := range file.Notes {
		if isSaid(file.Messages, n) {
			continue
		}
		one := said{ID: n.ID, At: n.CreatedAt, Author: n.Author, Body: n.Body, Class: "internal", About: string(n.About)}
		if n.Role == identity.Customer {
			one.Class = "customer"
		}
		one.First = n.RefundID != "" && n.RefundID == file.Refund.AppealOf
		all = append(all, one)
	}
	slices.SortStableFunc(all, func(a, b said) int { return a.At.Compare(b.At) })
	return all
}

// isSaid reports whether the note is what a message says: the words that a customer was
// asked are kept as a note until the question is asked, and are a message then.
func isSaid(messages []review.Message, n desk.Note) bool {
	return n.About == desk.NoteOther && slices.ContainsFunc(messages, func(m review.Message) bool {
		return m.ByStaff && m.Author == n.Author && m.Body == n.Body
	})
}
