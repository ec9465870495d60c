package store

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// The refusals to save a reply.
var (
	ErrReplyExists  = fault.New(fault.Conflict, "saved-reply-exists", "There is another saved reply with this title already.")
	ErrReplyChanged = fault.New(fault.Conflict, "saved-reply-changed", "Somebody else has changed the saved reply; read it again.")
)

type replyRow struct {
	ID        string
	Title     string
	BodyEn    string
	BodyZh    string
	UpdatedBy string
	UpdatedAt time.Time
	Version   int64
}

func (r replyRow) domain() review.SavedReply {
	out := review.SavedReply{
		ID: r.ID, Title: r.Title, Body: map[string]string{}, UpdatedBy: r.UpdatedBy, UpdatedAt: r.UpdatedAt.UTC(), Version: r.Version,
	}
	for locale, body := range map[string]string{refund.English: r.BodyEn, refund.SimplifiedChinese: r.BodyZh} {
		if body != "" {
			out.Body[locale] = body
		}
	}
	return out
}

// SavedReplies implements desk.ReviewRecords: by title.
func (s *Store) SavedReplies(ctx context.Context) ([]review.SavedReply, error) {
	var rows []replyRow
	if err := s.read(ctx).Raw("SELECT * FROM saved_replies ORDER BY lower(title), id").Scan(&rows).Error; err != nil {
		return nil, classify(err)
	}
	out := make([]review.SavedReply, len(rows))
	for i, r := range rows {
		out[i] = r.domain()
	}
	return out, nil
}

// SaveReply implements desk.ReviewRecords: a new reply where r has no id, else another text
// for the one it names. Version says which text was changed; 0 changes whatever is there.
// Errors: not-found, ErrReplyExists (titles differ in more than case), ErrReplyChanged.
func (s *Store) SaveReply(ctx context.Context, by identity.Actor, r review.SavedReply) (review.SavedReply, error) {
	var row replyRow
	err := s.write(ctx, func(tx *gorm.DB) error {
		row = replyRow{
			ID: r.ID, Title: r.Title, BodyEn: r.Body[refund.English], BodyZh: r.Body[refund.SimplifiedChinese],
			UpdatedBy: by.Subject, UpdatedAt: s.now(), Version: 1,
		}
		if r.ID == "" {
			row.ID = newID("reply")
			err := tx.Exec("INSERT INTO saved_replies (id, title, body_en, body_zh, updated_by, updated_at, version) VALUES (?, ?, ?, ?, ?, ?, ?)",
				row.ID, row.Title, row.BodyEn, row.BodyZh, row.UpdatedBy, row.UpdatedAt, row.Version).Error
			if err != nil {
				return err
			}
			return writeEntries(tx, replyEntry(ctx, by, audit.ReplySaved, row))
		}
		version, err := s.lockReply(tx, r.ID)
		if err != nil {
			return err
		}
		if r.Version != 0 && r.Version != version {
			return ErrReplyChanged
		}
		row.Version = version + 1
		if err := tx.Exec("UPDATE saved_replies SET title = ?, body_en = ?, body_zh = ?, updated_by = ?, updated_at = ?, version = ? WHERE id = ?",
			row.Title, row.BodyEn, row.BodyZh, row.UpdatedBy, row.UpdatedAt, row.Version, row.ID).Error; err != nil {
			return err
		}
		return writeEntries(tx, replyEntry(ctx, by, audit.ReplySaved, row))
	})
	if violates(errors.Unwrap(err), "saved_replies_title", "saved_replies_title") {
		err = ErrReplyExists.With(err)
	}
	return row.domain(), err
}

// DeleteReply implements desk.ReviewRecords.
func (s *Store) DeleteReply(ctx context.Context, by identity.Actor, id string) error {
	return s.write(ctx, func(tx *gorm.DB) error {
		version, err := s.lockReply(tx, id)
		if err != nil {
			return err
		}
		if err := tx.Exec("DELETE FROM saved_replies WHERE id = ?", id).Error; err != nil {
			return err
		}
		return writeEntries(tx, replyEntry(ctx, by, audit.ReplyDeleted, replyRow{ID: id, Version: version}))
	})
}

func (s *Store) lockReply(tx *gorm.DB, id string) (version int64, err error) {
	found, err := one(tx, fields{&version}, "SELECT version FROM saved_replies WHERE id = ?"+s.lock("FOR UPDATE"), id)
	if err == nil && !found {
		err = desk.Missing(audit.ObjectReply, id)
	}
	return version, err
}

func replyEntry(ctx context.Context, by identity.Actor, action audit.Action, r replyRow) audit.Entry {
	return audit.Entry{
		Actor: by.Subject, Role: by.MainRole(), Action: action, Object: audit.ObjectReply, ObjectID: r.ID, ObjectVersion: r.Version,
		RequestID: audit.RequestOf(ctx),
	}
}
