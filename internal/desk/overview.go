package desk

import (
	"context"
	"time"

	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
)

// Overview gives the numbers of the dashboard by day of the zone, UTC when it is nil: of the
// last 30 days when since is zero, until now when until is zero. The first day is whole. For
// admins and auditors. Errors: a fault naming since or until.
func (d *Desk) Overview(ctx context.Context, actor identity.Actor, since, until time.Time, zone *time.Location) (Overview, error) {
	if err := need(actor, identity.Admin, identity.Auditor); err != nil {
		return Overview{}, err
	}
	if zone == nil {
		zone = time.UTC
	}
	now := d.now()
	if until.IsZero() {
		until = now
	}
	if since.IsZero() {
		since = until.Add(-figuresOf)
	}
	switch {
	case since.Before(now.Add(-mostFigures)):
		return Overview{}, fault.InvalidField("since", "is at most %d days ago", int(mostFigures/(24*time.Hour)))
	case !since.Before(until):
		return Overview{}, fault.InvalidField("since", "is before the end of the time")
	case until.After(now.Add(24 * time.Hour)): // the day that the reader's clock is in
		return Overview{}, fault.InvalidField("until", "is in the past")
	}
	return d.records.Overview(ctx, since.UTC(), until.UTC(), zone)
}
