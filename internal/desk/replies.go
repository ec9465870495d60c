package desk

import (
	"cmp"
	"context"

	"refunddesk/internal/audit"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// SavedReplies lists the texts that reviewers send again and again. For staff.
func (d *Desk) SavedReplies(ctx context.Context, actor identity.Actor) ([]review.SavedReply, error) {
	if !actor.IsStaff() {
		return nil, ErrForbidden
	}
	return d.records.SavedReplies(ctx)
}

// SaveReply keeps a new text when r has no id, else a new wording of the one it names. For
// senior reviewers and admins. Errors: a fault naming title or body; not-found,
// saved-reply-exists, saved-reply-changed.
func (d *Desk) SaveReply(ctx context.Context, actor identity.Actor, r review.SavedReply) (review.SavedReply, error) {
	saved, err := d.saveReply(ctx, actor, r)
	if err != nil {
		return review.SavedReply{}, d.refused(ctx, actor, audit.ReplyRefused, audit.ObjectReply, cmp.Or(r.ID, audit.NewID), err)
	}
	return saved, nil
}

func (d *Desk) saveReply(ctx context.Context, actor identity.Actor, r review.SavedReply) (review.SavedReply, error) {
	if err := needWriter(actor, identity.Senior, identity.Admin); err != nil {
		return review.SavedReply{}, err
	}
	if r.ID != "" {
		if err := d.savedReply(ctx, actor, r.ID); err != nil {
			return review.SavedReply{}, err
		}
	}
	if err := checkReply(r); err != nil {
		return review.SavedReply{}, err
	}
	return d.records.SaveReply(ctx, actor, r)
}

func checkReply(r review.SavedReply) error {
	if err := needLine("title", r.Title); err != nil {
		return err
	}
	if len(r.Body) == 0 {
		return fault.InvalidField("body", "has words in %s or %s", refund.English, refund.SimplifiedChinese)
	}
	for locale, text := range r.Body {
		if locale != refund.English && locale != refund.SimplifiedChinese {
			return fault.InvalidField("body", "is by locale, %s or %s", refund.English, refund.SimplifiedChinese)
		}
		if err := needText("body."+locale, text); err != nil {
			return err
		}
	}
	return nil
}

// DeleteReply forgets a text. For senior reviewers and admins. Errors: not-found.
func (d *Desk) DeleteReply(ctx context.Context, actor identity.Actor, id string) error {
	err := needWriter(actor, identity.Senior, identity.Admin)
	if err == nil {
		err = d.records.DeleteReply(ctx, actor, id)
	}
	return d.refused(ctx, actor, audit.ReplyRefused, audit.ObjectReply, id, err)
}

// savedReply returns nil when there is such a reply.
func (d *Desk) savedReply(ctx context.Context, actor identity.Actor, id string) error {
	all, err := d.SavedReplies(ctx, actor)
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.ID == id {
			return nil
		}
	}
	return Missing(audit.ObjectReply, id)
}
