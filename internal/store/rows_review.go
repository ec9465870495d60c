package store

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"

	"refunddesk/internal/desk"
	"refunddesk/internal/review"
)

// nullable is text whose column is NULL where there is none: what refers to another row, or
// to nothing.
type nullable string

// Scan implements sql.Scanner.
func (n *nullable) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		*n = ""
	case string:
		*n = nullable(v)
	case []byte:
		*n = nullable(v)
	default:
		return fmt.Errorf("%T is no text", value)
	}
	return nil
}

// Value implements driver.Valuer.
func (n nullable) Value() (driver.Value, error) {
	if n == "" {
		return nil, nil // this is NULL
	}
	return string(n), nil
}

// ticketRow holds SLA and clock as JSON; those of a ticket from before there were any are
// "{}": it has a due time and no clock.
type ticketRow struct {
	ID             string `gorm:"primaryKey"`
	Kind           string
	RefundID       nullable
	AccountID      string
	PackageID      nullable
	OpenedBy       string
	Subject        string
	State          string
	Queue          string
	Assignee       string
	Priority       int
	DueAt          time.Time
	Approvals      int
	Seniors        int
	Matches        string
	SLA            string `gorm:"column:sla"`
	Clock          string
	ResponseDueAt  *time.Time
	RespondedAt    *time.Time
	Urgency        int
	SnoozedUntil   *time.Time
	AskedAt        *time.Time
	AnswerBy       *time.Time
	AnswerReminded bool
	AnsweredAt     *time.Time // since he was asked; the refund has not gone on yet
	ClosedAt       *time.Time
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

func (ticketRow) TableName() string { return "tickets" }

func (r ticketRow) domain() review.Ticket {
	t := review.Ticket{
		ID: r.ID, Kind: review.TicketKind(r.Kind), RefundID: string(r.RefundID), AccountID: r.AccountID, PackageID: string(r.PackageID),
		OpenedBy: r.OpenedBy, Subject: r.Subject, State: review.TicketState(r.State), Queue: r.Queue, Assignee: r.Assignee,
		Priority: r.Priority, Quorum: review.Quorum{Approvals: r.Approvals, Seniors: r.Seniors},
		SLA: r.sla(), Clock: r.clock(), DueAt: r.DueAt.UTC(), RespondedAt: utc(r.RespondedAt),
		Urgency: review.Urgency(r.Urgency), SnoozedUntil: utc(r.SnoozedUntil), AnswerBy: utc(r.AnswerBy), AskedAt: utc(r.AskedAt),
		AnswerReminded: r.AnswerReminded, ClosedAt: utc(r.ClosedAt), CreatedAt: r.CreatedAt.UTC(), UpdatedAt: r.UpdatedAt.UTC(),
	}
	if r.ResponseDueAt != nil {
		t.ResponseDueAt = r.ResponseDueAt.UTC()
	}
	// What is not readable was not written by us; the ticket is worth more than its matches.
	_ = json.Unmarshal([]byte(r.Matches), &t.Matches)
	return t
}

// sla is what the ticket was promised; zero for one without a clock.
func (r ticketRow) sla() (s review.SLA) {
	_ = json.Unmarshal([]byte(r.SLA), &s)
	return s
}

func (r ticketRow) clock() (c review.Clock) {
	_ = json.Unmarshal([]byte(r.Clock), &c)
	return c
}

// timed reports whether the ticket has a clock at all.
func (r ticketRow) timed() bool { return r.sla().Decision > 0 }

// textOf gives a value as the JSON that a text column keeps.
func textOf(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // plain values of ours
	}
	return string(text)
}

type pauseRow struct {
	ID        string `gorm:"primaryKey"`
	Scope     string
	Target    string
	Reason    string
	By        string
	ExpiresAt time.Time
	EndedAt   *time.Time
	EndedBy   string
	CreatedAt time.Time
}

func (pauseRow) TableName() string { return "pauses" }

func (r pauseRow) domain() desk.Pause {
	return desk.Pause{
		ID: r.ID, Scope: desk.PauseScope(r.Scope), Target: r.Target, Reason: r.Reason, By: r.By, ExpiresAt: r.ExpiresAt.UTC(),
		EndedAt: utc(r.EndedAt), EndedBy: r.EndedBy, CreatedAt: r.CreatedAt.UTC(),
	}
}
