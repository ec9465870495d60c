package desk

import (
	"context"
	"time"

	"refunddesk/internal/audit"
	"refunddesk/internal/identity"
)

// Appeal asks once more for a refund that was rejected, in a new refund that people decide
// who did not decide the first, and waits like File. Errors: forbidden to all but the owner;
// a fault naming note; not-rejected, already-appealed, and those of filing.
func (d *Desk) Appeal(ctx context.Context, actor identity.Actor, refundID, note string, wait time.Duration) (RefundView, error) {
	filed, err := d.appeal(ctx, actor, refundID, note)
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
