package store

import (
	"context"
	"time"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/review"
)

// notesQuery begins with what took effect and looks for its words: a note is kept before its
// command is carried out, and stays when that is refused. Twice named is one note.
const notesQuery = `SELECT n.id, n.refund_id, n.author, n.body, n.created_at, used.role, used.about
	FROM notes n JOIN (
		SELECT note_id, 'customer' AS role, CASE WHEN appeal_of = '' THEN 'request' ELSE 'appeal' END AS about
		  FROM refunds WHERE id IN ? AND note_id <> ''
		UNION
		SELECT note_id, voter_role, 'decision' FROM decisions WHERE refund_id IN ? AND note_id <> ''
		UNION
		SELECT decision_digest, role, action FROM audit_entries WHERE refund_id IN ? AND refund_id <> '' AND decision_digest <> ''
		UNION
		SELECT decision_digest, role, action FROM audit_entries WHERE object = 'ticket' AND object_id = ? AND decision_digest <> ''
	) used ON used.note_id = n.id
	ORDER BY n.created_at, n.id`

// Notes implements desk.ReviewRecords.
func (s *Store) Notes(ctx context.Context, ticketID string, refundIDs ...string) ([]desk.Note, error) {
	var rows []struct {
		ID, RefundID, Author, Body string
		CreatedAt                  time.Time
		Role, About                string
	}
	if err := s.read(ctx).Raw(notesQuery, refundIDs, refundIDs, refundIDs, ticketID).Scan(&rows).Error; err != nil {
		return nil, classify(err)
	}
	out := make([]desk.Note, len(rows))
	for i, r := range rows {
		out[i] = desk.Note{
			ID: r.ID, RefundID: r.RefundID, Author: r.Author, Role: identity.Role(r.Role), About: noteAbout(r.About), Body: r.Body, CreatedAt: r.CreatedAt.UTC(),
		}
	}
	return out, nil
}

// noteAbout is what a note is about, of what the query says or of the action of an audit entry.
func noteAbout(said string) desk.NoteAbout {
	switch about := desk.NoteAbout(said); about {
	case desk.NoteRequest, desk.NoteAppeal, desk.NoteDecision:
		return about
	}
	switch audit.Action(said) {
	case audit.TicketEscalated:
		return desk.NoteEscalation
	case audit.Retried:
		return desk.NoteRetry
	}
	return desk.NoteOther
}

// CountMessages implements desk.ReviewRecords.
func (s *Store) CountMessages(ctx context.Context, ticketID string) (int, error) {
	var n int
	err := s.read(ctx).Raw("SELECT count(*) FROM messages WHERE ticket_id = ?", ticketID).Scan(&n).Error
	return n, classify(err)
}

// CountOpenQuestions implements desk.ReviewRecords.
func (s *Store) CountOpenQuestions(ctx context.Context, accountID string) (int, error) {
	var n int
	err := s.read(ctx).Raw("SELECT count(*) FROM tickets WHERE account_id = ? AND kind = ? AND state = ?",
		accountID, string(review.KindQuestion), string(review.Open)).Scan(&n).Error
	return n, classify(err)
}
