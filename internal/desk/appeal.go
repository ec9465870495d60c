package desk

import (
	"context"
	"slices"
	"time"

	"refunddesk/internal/audit"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
)

// Appeal asks once more for a refund that was rejected, in a new refund that people decide
// who did not decide the first, and waits like File. Errors: forbidden to all but the owner;
// a fault naming note; not-rejected, already-appealed, and those of filing.
func (d *Desk) Appeal(ctx context.Context, actor identity.Actor, refundID, note string, wait time.Duration) (RefundView, error) {
	filed, err := d.appeal(ctx, actor, refundID, note)
	return d.appealed(ctx, actor, refundID, filed, err, wait)
}

// AppealOnce is Appeal for a form whose button may be pressed twice: the same words of the
// same person again are the appeal that they made.
func (d *Desk) AppealOnce(ctx context.Context, actor identity.Actor, refundID, note string, wait time.Duration) (RefundView, error) {
	filed, err := d.appeal(ctx, actor, refundID, note)
	if fault.CodeOf(err) == refund.ErrAlreadyAppealed.Code {
		before, found, readErr := d.appealedBefore(ctx, actor, refundID, note)
		switch {
		case readErr != nil:
			return RefundView{}, readErr
		case found:
			filed, err = Filed{Refund: before, Replayed: true}, nil
		}
	}
	return d.appealed(ctx, actor, refundID, filed, err, wait)
}

// appealed has the refusal written down, or follows what was filed.
func (d *Desk) appealed(ctx context.Context, actor identity.Actor, refundID string, filed Filed, err error, wait time.Duration) (RefundView, error) {
	if err != nil {
		return RefundView{}, d.refused(ctx, actor, audit.AppealRefused, audit.ObjectRefund, refundID, err)
	}
	return d.follow(ctx, actor, filed, wait)
}

func (d *Desk) appeal(ctx context.Context, actor identity.Actor, refundID, note string) (Filed, error) {
	r, err := d.ownRefund(ctx, actor, refundID)
	if err != nil {
		return Filed{}, err
	}
	if err := needText("note", note); err != nil {
		return Filed{}, err
	}
	if refusal := r.MayAppeal(); refusal != nil {
		return Filed{}, refusal
	}
	return d.records.File(ctx, actor, Filing{PackageID: r.PackageID, ReasonCode: r.ReasonCode, Note: note, AppealOf: r.ID})
}

// AppealedBy is the refund that appeals this one; "" for none. Errors: those of Refunds.
func (d *Desk) AppealedBy(ctx context.Context, actor identity.Actor, r refund.Refund) (string, error) {
	found, err := d.Refunds(ctx, actor, RefundFilter{AccountID: r.AccountID, AppealOf: r.ID, Paging: Paging{Limit: 1}})
	if err != nil || len(found.Items) == 0 {
		return "", err
	}
	return found.Items[0].ID, nil
}

// appealedBefore gives the actor's own appeal of the refund with these words, and whether
// there is one.
func (d *Desk) appealedBefore(ctx context.Context, actor identity.Actor, refundID, note string) (refund.Refund, bool, error) {
	found, err := d.records.Refunds(ctx, RefundFilter{AccountID: actor.AccountID, AppealOf: refundID, Paging: Paging{Limit: 1}})
	if err != nil || len(found.Items) == 0 || found.Items[0].RequestedBy != actor.Subject {
		return refund.Refund{}, false, err
	}
	notes, err := d.records.Notes(ctx, "", found.Items[0].ID)
	same := slices.ContainsFunc(notes, func(n Note) bool { return n.About == NoteAppeal && n.Body == note })
	return found.Items[0], same, err
}
