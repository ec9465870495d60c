package desk

import (
	"context"
	"time"

	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
)

const (
	figuresOf   = 30 * 24 * time.Hour  // when nobody says since when
	mostFigures = 400 * 24 * time.Hour // a year, and to compare with the year before's month
)

// Figures gives the desk's numbers for what was opened or decided since then; 30 days when
// since is zero. For staff. Errors: a fault naming since.
func (d *Desk) Figures(ctx context.Context, actor identity.Actor, since time.Time) (Figures, error) {
	if !actor.IsStaff() {
		return Figures{}, ErrForbidden
	}
	now := d.now()
	if since.IsZero() {
		since = now.Add(-figuresOf)
	}
	if since.After(now) || since.Before(now.Add(-mostFigures)) {
		return Figures{}, fault.InvalidField("since", "is in the past, at most %d days ago", int(mostFigures/(24*time.Hour)))
	}
	return d.records.Figures(ctx, since.UTC())
}
