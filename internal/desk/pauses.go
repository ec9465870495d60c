package desk

import (
	"context"
	"time"

	"refunddesk/internal/audit"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
)

// MostPause is how long crediting can be paused.
const MostPause = 365 * 24 * time.Hour

// Pause stops crediting for an account, a product or everything. Once it returns nothing
// of its scope is credited; requests are still taken, screened and reviewed. For admins.
// Errors: a fault naming scope, target, reason or expires_at.
func (d *Desk) Pause(ctx context.Context, actor identity.Actor, p Pause) (Pause, error) {
	begun, err := d.pause(ctx, actor, p)
	if err != nil {
		return Pause{}, d.refused(ctx, actor, audit.PauseRefused, audit.ObjectPause, audit.NewID, err)
	}
	return begun, nil
}

func (d *Desk) pause(ctx context.Context, actor identity.Actor, p Pause) (Pause, error) {
	if err := needWriter(actor, identity.Admin); err != nil {
		return Pause{}, err
	}
	if err := ValidatePause(p, d.now()); err != nil {
		return Pause{}, err
	}
	begun, err := d.records.Pause(ctx, actor, Pause{Scope: p.Scope, Target: p.Target, Reason: p.Reason, ExpiresAt: p.ExpiresAt.UTC()})
	return begun, noTarget(err)
}

// ValidatePause returns a fault naming scope, target, reason or expires_at of a pause that cannot be.
func ValidatePause(p Pause, now time.Time) error {
	if err := ValidateScope(p.Scope, p.Target); err != nil {
		return err
	}
	if err := needText("reason", p.Reason); err != nil {
		return err
	}
	return within("expires_at", p.ExpiresAt, now, MostPause)
}

// ValidateScope returns a fault naming scope or target when there cannot be such a pause.
// Whether there is the account is the records' to know.
func ValidateScope(scope PauseScope, target string) error {
	switch scope {
	case PauseAll:
		if target != "" {
			return fault.InvalidField("target", "is empty when everything is paused")
		}
	case PauseProduct:
		if target != refund.GlobalSMS {
			return fault.InvalidField("target", "is a product, %s", refund.GlobalSMS)
		}
	case PauseAccount:
		if target == "" {
			return fault.InvalidField("target", "is an account's id")
		}
	default:
		return fault.InvalidField("scope", "is account, product or all")
	}
	return nil
}

// noTarget names the field where the records miss the account to be paused: it is a value
// in what was asked, not what was asked for.
func noTarget(err error) error {
	if err != nil && fault.From(err).Kind == fault.NotFound {
		return fault.InvalidField("target", "is no account that there is")
	}
	return err
}

// EndPause lets crediting go on before the pause expires; the refunds that it held hear of
// it at once. One that is over stays as it is. For admins. Errors: not-found.
func (d *Desk) EndPause(ctx context.Context, actor identity.Actor, id string) (Pause, error) {
	ended, err := d.endPause(ctx, actor, id)
	if err != nil {
		return Pause{}, d.refused(ctx, actor, audit.PauseRefused, audit.ObjectPause, id, err)
	}
	return ended, nil
}

func (d *Desk) endPause(ctx context.Context, actor identity.Actor, id string) (Pause, error) {
	if err := needWriter(actor, identity.Admin); err != nil {
		return Pause{}, err
	}
	ended, intents, err := d.records.EndPause(ctx, actor, id)
	d.engine.Hear(intents...)
	return ended, err
}

// Pauses lists pauses, newest first. For staff.
func (d *Desk) Pauses(ctx context.Context, actor identity.Actor, inForce bool, p Paging) (Page[Pause], error) {
	if !actor.IsStaff() {
		return Page[Pause]{}, ErrForbidden
	}
	return d.records.Pauses(ctx, inForce, p)
}

// PauseEffect says what a pause would hold now, before anybody begins it. For staff.
// Errors: a fault naming scope or target.
func (d *Desk) PauseEffect(ctx context.Context, actor identity.Actor, scope PauseScope, target string) (PauseEffect, error) {
	if !actor.IsStaff() {
		return PauseEffect{}, d.refused(ctx, actor, audit.PauseRefused, audit.ObjectPause, audit.NewID, ErrForbidden)
	}
	if err := ValidateScope(scope, target); err != nil {
		return PauseEffect{}, err
	}
	effect, err := d.records.PauseEffect(ctx, scope, target)
	return effect, noTarget(err)
}

// pausesAtOnce is how many pauses are read at once.
const pausesAtOnce = 200

// CreditDelay says what would keep a refund of the package from being credited at once if it
// were approved now. For staff.
func (d *Desk) CreditDelay(ctx context.Context, actor identity.Actor, p refund.Package) (Delay, error) {
	if !actor.IsStaff() {
		return Delay{}, ErrForbidden
	}
	var delay Delay
	if p.FrozenAt != nil {
		if settles := p.FrozenAt.Add(d.drain); settles.After(d.now()) {
			delay.SettlesAt = &settles
		}
	}
	for paging := (Paging{Limit: pausesAtOnce}); ; {
		page, err := d.records.Pauses(ctx, true, paging)
		if err != nil {
			return Delay{}, err
		}
		for _, pause := range page.Items {
			if pause.Covers(p) && (delay.PausedUntil == nil || pause.ExpiresAt.After(*delay.PausedUntil)) {
				delay.PausedUntil = &pause.ExpiresAt
			}
		}
		if page.Next == "" {
			return delay, nil
		}
		paging.Cursor = page.Next
	}
}
