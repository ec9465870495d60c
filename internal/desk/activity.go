package desk

import (
	"context"
	"time"

	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
)

// activityOf is how far back an account's activity goes when nobody says since when.
const activityOf = 180 * 24 * time.Hour

// Activity gives what an account bought, used and asked back since then; half a year when
// since is zero. For staff. Errors: a fault naming since; not-found; forbidden, also to
// whoever owns the account.
func (d *Desk) Activity(ctx context.Context, actor identity.Actor, accountID string, since time.Time) (Activity, error) {
	if !actor.IsStaff() {
		return Activity{}, ErrForbidden
	}
	if _, err := d.accountFor(ctx, actor, accountID); err != nil {
		return Activity{}, err
	}
	if !seesInside(actor, accountID) {
		return Activity{}, ErrForbidden
	}
	now := d.now()
	if since.IsZero() {
		since = now.Add(-activityOf)
	}
	if since.After(now) || since.Before(now.Add(-mostFigures)) {
		return Activity{}, fault.InvalidField("since", "is in the past, at most %d days ago", int(mostFigures/(24*time.Hour)))
	}
	return d.records.Activity(ctx, accountID, since.UTC())
}
