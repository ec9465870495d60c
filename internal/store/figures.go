package store

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"time"

	"refunddesk/internal/desk"
	"refunddesk/internal/review"
)

// Figures implements desk.ReviewRecords. Durations are as the clock on the wall runs, not
// working hours. Medians and ninetieths are the times of tickets that there are: the lower
// of the two in the middle. A refund counts as approved by people once its amount is fixed.
func (s *Store) Figures(ctx context.Context, since time.Time) (desk.Figures, error) {
	f := desk.Figures{Since: since.UTC(), At: s.now()}
	for _, part := range []func(context.Context, *desk.Figures) error{s.queueFigures, s.spreads, s.ruleFigures, s.appealFigures} {
		if err := part(ctx, &f); err != nil {
			return desk.Figures{}, classify(err)
		}
	}
	return f, nil
}

// instant is a time that SQLite, which forgets the type of what it worked out, gives as text.
type instant struct{ time.Time }

// Scan implements sql.Scanner.
func (i *instant) Scan(value any) error {
	switch v := value.(type) {
	case time.Time:
		i.Time = v.UTC()
		return nil
	case string:
		t, err := time.Parse("2006-01-02 15:04:05.999999999-07:00", v)
		i.Time = t.UTC()
		return err
	}
	return fmt.Errorf("store: %T is no time", value)
}

// Value implements driver.Valuer, which GORM asks of what it scans into.
func (i instant) Value() (driver.Value, error) { return i.Time, nil }

const queueFiguresQuery = `SELECT queue, count(*) AS open, count(*) FILTER (WHERE assignee = '') AS unassigned,
       count(*) FILTER (WHERE due_at < ? AND answer_by IS NULL AND clock NOT LIKE ?) AS overdue,
       min(created_at) AS oldest, min(CASE WHEN place = (tickets + 1) / 2 THEN created_at END) AS middle
  FROM (SELECT queue, assignee, due_at, answer_by, clock, created_at,
               row_number() OVER (PARTITION BY queue ORDER BY created_at DESC) AS place, count(*) OVER (PARTITION BY queue) AS tickets
          FROM tickets WHERE state = 'open') waiting
 GROUP BY queue
 ORDER BY queue`

func (s *Store) queueFigures(ctx context.Context, f *desk.Figures) error {
	var rows []struct {
		Queue                     string
		Open, Unassigned, Overdue int64
		Oldest, Middle            instant
	}
	if err := s.read(ctx).Raw(queueFiguresQuery, f.At, stoppedClock).Scan(&rows).Error; err != nil {
		return err
	}
	// The queues of the program are there when they are empty too.
	for _, name := range review.Queues {
		f.Queues = append(f.Queues, desk.QueueFigures{Queue: name})
	}
	for _, r := range rows {
		at := slices.IndexFunc(f.Queues, func(q desk.QueueFigures) bool { return q.Queue == r.Queue })
		if at < 0 {
			at = len(f.Queues)
			f.Queues = append(f.Queues, desk.QueueFigures{})
		}
		f.Queues[at] = desk.QueueFigures{
			Queue: r.Queue, Open: r.Open, Unassigned: r.Unassigned, Overdue: r.Overdue,
			Oldest: f.At.Sub(r.Oldest.Time), Median: f.At.Sub(r.Middle.Time),
		}
	}
	return nil
}

// decidedByPeople are the cases of refunds that somebody voted on.
const decidedByPeople = "kind = 'refund' AND EXISTS (SELECT 1 FROM decisions d WHERE d.ticket_id = tickets.id)"

// spreads are of tickets that the customer heard on, and of those that people decided.
func (s *Store) spreads(ctx context.Context, f *desk.Figures) (err error) {
	if f.FirstResponse, err = s.spread(ctx, "responded_at", "responded_at >= ?", f.Since); err != nil {
		return err
	}
	f.Decision, err = s.spread(ctx, "closed_at", "closed_at >= ? AND "+decidedByPeople, f.Since)
	return err
}

// spread is of the time from a ticket's opening until another column's (a constant).
func (s *Store) spread(ctx context.Context, until, where string, since time.Time) (desk.Spread, error) {
	all, err := s.spreadsBy(ctx, "0", until, where, since)
	return all[0], err
}

// spreadsBy are those of groups: by (SQL) gives the number of the group that a ticket is in.
func (s *Store) spreadsBy(ctx context.Context, by, until, where string, args ...any) (map[int]desk.Spread, error) {
	took := until + " - created_at"
	if s.dialect == SQLite {
		took = "julianday(" + until + ") - julianday(created_at)"
	}
	var rows []struct {
		Part            int
		Place, Tickets  int64
		CreatedAt, Done instant
	}
	err := s.read(ctx).Raw(`SELECT part, place, tickets, created_at, done
  FROM (SELECT part, created_at, done, row_number() OVER (PARTITION BY part ORDER BY took, id) AS place, count(*) OVER (PARTITION BY part) AS tickets
          FROM (SELECT `+by+` AS part, id, created_at, `+until+` AS done, `+took+` AS took FROM tickets WHERE `+where+`) timed) placed
 WHERE place = (tickets + 1) / 2 OR place = (9 * tickets + 9) / 10
 ORDER BY part, place`, args...).Scan(&rows).Error
	spreads := make(map[int]desk.Spread)
	for _, r := range rows {
		took := r.Done.Sub(r.CreatedAt.Time)
		spread, begun := spreads[r.Part]
		if !begun {
			spread = desk.Spread{Count: r.Tickets, Median: took}
		}
		spread.P90 = took // the last of the two, or the only one
		spreads[r.Part] = spread
	}
	return spreads, err
}

func (s *Store) ruleFigures(ctx context.Context, f *desk.Figures) error {
	return s.read(ctx).Raw(`SELECT m.rule, count(*) AS matched,
       count(*) FILTER (WHERE r.approved IS NOT NULL AND `+voted(review.Approve)+` AND NOT `+voted(review.Reject)+`) AS approved,
       count(*) FILTER (WHERE `+voted(review.Reject)+`) AS rejected
  FROM screenings s
  JOIN screening_matches m ON m.refund_id = s.refund_id
  JOIN refunds r ON r.id = s.refund_id
 WHERE s.created_at >= ?
 GROUP BY m.rule
 ORDER BY m.rule`, f.Since).Scan(&f.Rules).Error
}

// voted is the condition that somebody cast the vote on the refund r.
func voted(vote review.Vote) string {
	return "EXISTS (SELECT 1 FROM decisions d WHERE d.refund_id = r.id AND d.vote = '" + string(vote) + "')"
}

func (s *Store) appealFigures(ctx context.Context, f *desk.Figures) error {
	return s.read(ctx).Raw(`SELECT count(*) AS filed, count(*) FILTER (WHERE state = 'credited') AS reversed,
       count(*) FILTER (WHERE state = 'rejected') AS upheld,
       count(*) FILTER (WHERE state NOT IN ('credited', 'rejected', 'withdrawn')) AS open
  FROM refunds WHERE appeal_of <> '' AND created_at >= ?`, f.Since).Scan(&f.Appeals).Error
}
