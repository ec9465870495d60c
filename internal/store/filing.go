package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
)

// ErrIdempotencyMismatch refuses an Idempotency-Key that was used with another body.
var ErrIdempotencyMismatch = fault.New(fault.Unprocessable, "idempotency-mismatch", "The Idempotency-Key was used before with another request.")

// File implements desk.Records: idempotency row, package lock, freeze, refund, note, audit
// entry and engine intent in one transaction. The key is looked up before any check of the
// package. Errors: those of refund.MayFile, ErrIdempotencyMismatch, not-found for a package
// that is not the account's.
func (s *Store) File(ctx context.Context, by identity.Actor, f desk.Filing) (desk.Filed, error) {
	refundID := newID("refund")
	bodyHash := digestOf(fmt.Sprintf("%q %q %q", f.PackageID, f.ReasonCode, f.Note))
	var out desk.Filed
	err := s.write(ctx, func(tx *gorm.DB) error {
		now := s.now()
		res := tx.Exec("INSERT INTO idempotency_keys (account_id, key, body_hash, refund_id, created_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
			by.AccountID, f.IdempotencyKey, bodyHash, refundID, now)
		if res.Error != nil {
			return res.Error
		}
		if res.RowsAffected == 0 {
			var err error
			out, err = replay(tx, by.AccountID, f.IdempotencyKey, bodyHash)
			return err
		}
		v, err := s.packageFor(tx, f.PackageID, s.lock("FOR UPDATE OF p FOR SHARE OF a"))
		if err != nil {
			return err
		}
		if v.AccountID != by.AccountID {
			return notFound("package", f.PackageID)
		}
		if refusal := refund.MayFile(v.Standing, v.Package, now); refusal != nil {
			return refusal
		}
		row, err := s.insertRefund(ctx, tx, refundID, by, f, v.Package, now)
		out = desk.Filed{Refund: row.domain()}
		return err
	})
	if violates(errors.Unwrap(err), "refunds_one_open", "refunds.package_id") {
		err = refund.ErrRefundOpen.With(err)
	}
	return out, err
}

func replay(tx *gorm.DB, accountID, key, bodyHash string) (desk.Filed, error) {
	var first struct{ BodyHash, RefundID string }
	if err := tx.Raw("SELECT body_hash, refund_id FROM idempotency_keys WHERE account_id = ? AND key = ?", accountID, key).Scan(&first).Error; err != nil {
		return desk.Filed{}, err
	}
	if first.BodyHash != bodyHash {
		return desk.Filed{}, ErrIdempotencyMismatch
	}
	r, err := refundOf(tx, first.RefundID)
	return desk.Filed{Refund: r, Replayed: true}, err
}

func (s *Store) insertRefund(ctx context.Context, tx *gorm.DB, id string, by identity.Actor, f desk.Filing, p refund.Package, now time.Time) (refundRow, error) {
	q := p.Quote()
	row := refundRow{
		ID: id, AccountID: p.AccountID, PackageID: p.ID, RequestedBy: by.Subject, State: string(refund.Submitted),
		ReasonCode: string(f.ReasonCode), Currency: p.Currency, QuoteAmount: q.Amount.Micros, QuotePaid: p.Paid, QuoteFace: p.Face,
		QuoteRemaining: p.Remaining, CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	if f.Note != "" {
		row.NoteID = newID("note")
		if err := keepNote(tx, row.NoteID, by.Subject, id, f.Note, now); err != nil {
			return row, err
		}
	}
	// Frozen: no new usage, the expiry clock stands still, no renewal.
	if err := tx.Exec("UPDATE packages SET status = 'frozen', frozen_at = ?, auto_renew = ?, version = version + 1 WHERE id = ?", now, false, p.ID).Error; err != nil {
		return row, err
	}
	if err := tx.Create(&row).Error; err != nil {
		return row, err
	}
	if err := writeIntent(tx, desk.Intent{ID: startIntentID(id), Kind: desk.IntentStart, RefundID: id}, now); err != nil {
		return row, err
	}
	return row, writeEntries(tx, audit.Entry{
		Actor: by.Subject, Role: by.MainRole(), Action: audit.Filed, Object: audit.ObjectRefund, ObjectID: id, ObjectVersion: 1,
		RefundID: id, NewState: row.State, Amount: &q.Amount, ReasonCode: row.ReasonCode, RequestID: audit.RequestOf(ctx),
		WorkflowID: refund.WorkflowID(id), OperationID: refund.WorkflowID(id) + "/file",
	})
}

func digestOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256:" + hex.EncodeToString(sum[:])
}

func keepNote(tx *gorm.DB, id, author, refundID, text string, now time.Time) error {
	return tx.Exec("INSERT INTO notes (id, refund_id, author, body, digest, created_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
		id, refundID, author, text, digestOf(text), now).Error
}

// KeepNote implements desk.Records.
func (s *Store) KeepNote(ctx context.Context, id string, by identity.Actor, refundID, text string) error {
	return classify(keepNote(s.read(ctx), id, by.Subject, refundID, text, s.now()))
}

func writeIntent(tx *gorm.DB, i desk.Intent, now time.Time) error {
	return tx.Exec("INSERT INTO engine_intents (id, kind, refund_id, created_at) VALUES (?, ?, ?, ?)", i.ID, string(i.Kind), i.RefundID, now).Error
}
