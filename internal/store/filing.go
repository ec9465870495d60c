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
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
)

// File implements desk.Records: idempotency row, package lock, freeze, refund, note, audit
// entry and engine intent in one transaction. The key is looked up before any check of the
// package. Errors: those of refund.MayFile, desk.ErrIdempotencyMismatch, not-found for a package
// that is not the account's.
//
// An appeal has no key of its own: a rejection is appealed once, which is what a key would
// be for, and a second appeal is refused whatever it says. So no key that a customer chooses
// can meet one of ours. Its errors beside those above: not-found for a refund that is not the
// account's or not of the package, refund.ErrNotRejected, refund.ErrAlreadyAppealed,
// refund.ErrDisputeLost.
func (s *Store) File(ctx context.Context, by identity.Actor, f desk.Filing) (desk.Filed, error) {
	refundID := newID("refund")
	bodyHash := digestOf(fmt.Sprintf("%q %q %q", f.PackageID, f.ReasonCode, f.Note))
	var out desk.Filed
	err := s.transact(ctx, func(tx *transition) error {
		now := s.now()
		key := insert("idempotency_keys", "account_id key body_hash refund_id created_at", by.AccountID, f.IdempotencyKey, bodyHash, refundID, now)
		key.sql += " ON CONFLICT DO NOTHING"
		if f.AppealOf == "" {
			tx.queue(key)
		}
		var v packageView
		found, err := tx.ask(v.fields(), packageQuery+" WHERE p.id = ?"+s.lock("FOR NO KEY UPDATE OF p, l FOR SHARE OF a"), f.PackageID)
		switch {
		case err != nil:
			return err
		case f.AppealOf == "" && key.rows == 0:
			out, err = replay(tx.reads, by.AccountID, f.IdempotencyKey, bodyHash)
			return err
		case !found || v.Package.AccountID != by.AccountID:
			return desk.Missing(audit.ObjectPackage, f.PackageID)
		}
		p := v.domain()
		if err := mayAppeal(tx.reads, f.AppealOf, p.Package); err != nil {
			return err
		}
		if refusal := refund.MayFile(p.Standing, p.Package, now); refusal != nil {
			return refusal
		}
		out = desk.Filed{Refund: insertRefund(ctx, tx, refundID, by, f, p.Package, now)}
		return nil
	})
	switch refused := errors.Unwrap(err); {
	case violates(refused, "refunds_one_appeal", "refunds.appeal_of"):
		err = refund.ErrAlreadyAppealed.With(err)
	case violates(refused, "refunds_one_open", "refunds.package_id"):
		err = refund.ErrRefundOpen.With(err)
	}
	return out, err
}

// mayAppeal returns nil when the package's owner may appeal the refund now. The package is
// locked, so no other appeal of it is on its way.
func mayAppeal(tx *gorm.DB, appealOf string, p refund.Package) error {
	if appealOf == "" {
		return nil
	}
	first, err := refundOf(tx, appealOf)
	if err != nil {
		return err
	}
	if first.AccountID != p.AccountID || first.PackageID != p.ID {
		return desk.Missing(audit.ObjectRefund, appealOf)
	}
	if refusal := first.MayAppeal(); refusal != nil {
		return refusal
	}
	var appeals int
	if err := tx.Raw("SELECT count(*) FROM refunds WHERE appeal_of = ?", appealOf).Scan(&appeals).Error; err != nil {
		return err
	}
	if appeals > 0 {
		return refund.ErrAlreadyAppealed
	}
	// The program would reject it unheard, and the one appeal would be used up.
	if p.Dispute == refund.DisputeLost {
		return refund.ErrDisputeLost
	}
	return nil
}

func replay(tx *gorm.DB, accountID, key, bodyHash string) (desk.Filed, error) {
	var first struct{ BodyHash, RefundID string }
	if err := tx.Raw("SELECT body_hash, refund_id FROM idempotency_keys WHERE account_id = ? AND key = ?", accountID, key).Scan(&first).Error; err != nil {
		return desk.Filed{}, err
	}
	if first.BodyHash != bodyHash {
		return desk.Filed{}, desk.ErrIdempotencyMismatch
	}
	r, err := refundOf(tx, first.RefundID)
	return desk.Filed{Refund: r, Replayed: true}, err
}

// insertRefund queues what a filing writes and gives the refund.
func insertRefund(ctx context.Context, tx *transition, id string, by identity.Actor, f desk.Filing, p refund.Package, now time.Time) refund.Refund {
	q := p.Quote()
	row := refundRow{
		ID: id, AccountID: p.AccountID, PackageID: p.ID, RequestedBy: by.Subject, State: string(refund.Submitted),
		ReasonCode: string(f.ReasonCode), Currency: p.Currency, QuoteAmount: q.Amount.Micros, QuotePaid: p.Paid, QuoteFace: p.Face,
		QuoteRemaining: p.Remaining, AppealOf: f.AppealOf, CreatedAt: now, UpdatedAt: now, Version: 1,
	}
	if f.Note != "" {
		row.NoteID = newID("note")
		tx.queue(keepNote(row.NoteID, by.Subject, id, f.Note, now))
	}
	tx.queue(
		// Frozen: no new usage, the expiry clock stands still, no renewal.
		stmt("UPDATE packages SET status = 'frozen', frozen_at = ?, auto_renew = ?, version = version + 1 WHERE id = ?", now, false, p.ID),
		insert("refunds", refundColumns, row.fields()...),
		intentOf(desk.Intent{ID: startIntentID(id), Kind: desk.IntentStart, RefundID: id}, now),
		entriesOf(audit.Entry{
			Actor: by.Subject, Role: by.MainRole(), Action: audit.Filed, Object: audit.ObjectRefund, ObjectID: id, ObjectVersion: 1,
			RefundID: id, NewState: row.State, Amount: &q.Amount, ReasonCode: row.ReasonCode, RequestID: audit.RequestOf(ctx),
			WorkflowID: refund.WorkflowID(id), OperationID: refund.WorkflowID(id) + "/file",
		}),
	)
	return row.domain()
}

func digestOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256:" + hex.EncodeToString(sum[:])
}

func keepNote(id, author, refundID, text string, now time.Time) *statement {
	note := insert("notes", "id refund_id author body digest created_at", id, refundID, author, text, digestOf(text), now)
	note.sql += " ON CONFLICT (id) DO NOTHING"
	return note
}

// KeepNote implements desk.Records.
func (s *Store) KeepNote(ctx context.Context, id string, by identity.Actor, refundID, text string) error {
	note := keepNote(id, by.Subject, refundID, text, s.now())
	return classify(s.read(ctx).Exec(note.sql, note.args...).Error)
}

// intentOf gives the statement that leaves an intent for the engine.
func intentOf(i desk.Intent, now time.Time) *statement {
	return insert("engine_intents", "id kind refund_id ticket_id created_at", i.ID, string(i.Kind), nullable(i.RefundID), nullable(i.TicketID), now)
}
