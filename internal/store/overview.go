package store

import (
	"context"
	"sort"
	"strings"
	"time"

	"refunddesk/internal/desk"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
)

// Overview implements desk.SearchRecords. The days are those of the zone, also where clocks
// go forward or back: their beginnings are worked out here, and the database counts between
// them.
func (s *Store) Overview(ctx context.Context, since, until time.Time, zone *time.Location) (desk.Overview, error) {
	begins := dayStarts(since, until, zone)
	o := desk.Overview{Since: begins[0].UTC(), Until: until.UTC(), Days: make([]desk.DayFigures, len(begins))}
	for i, b := range begins {
		o.Days[i].Day = b
	}
	for _, part := range []func(context.Context, []time.Time, *desk.Overview) error{s.filedByDay, s.endedByDay, s.decidedByDay} {
		if err := part(ctx, begins, &o); err != nil {
			return desk.Overview{}, classify(err)
		}
	}
	var err error
	o.Figures, err = s.Figures(ctx, o.Since)
	return o, err
}

// dayStarts are the first moments of the days of the zone from the one that since is in until
// before until.
func dayStarts(since, until time.Time, zone *time.Location) []time.Time {
	var begins []time.Time
	year, month, day := since.In(zone).Date()
	for {
		begin := dayStart(year, month, day, zone)
		if len(begins) > 0 && !begin.Before(until) {
			return begins
		}
		// A day that a zone left out, when it moved across the date line, has no time at all.
		if len(begins) > 0 && !begin.After(begins[len(begins)-1]) {
			begins = begins[:len(begins)-1]
		}
		begins = append(begins, begin)
		day++
	}
}

// dayStart is the first moment of a day of the zone: mostly midnight, but there are days
// without one and days with two.
func dayStart(year int, month time.Month, day int, zone *time.Location) time.Time {
	const around = 26 * time.Hour // as far as clocks were ever set forward or back, and more
	from := time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	guess := time.Date(year, month, day, 0, 0, 0, 0, zone).Add(-around)
	seconds := sort.Search(int(2*around/time.Second), func(n int) bool {
		return guess.Add(time.Duration(n)*time.Second).Format(time.DateOnly) >= from
	})
	return guess.Add(time.Duration(seconds) * time.Second)
}

// bucketOf is which of the days the column is in, counted from 1, with its argument.
func (s *Store) bucketOf(column string, begins []time.Time) (sql, arg string) {
	texts := make([]string, len(begins))
	for i, b := range begins {
		texts[i] = `"` + b.UTC().Format("2006-01-02 15:04:05-07:00") + `"`
	}
	if s.dialect == Postgres {
		return "width_bucket(" + column + ", CAST(? AS timestamptz[]))", "{" + strings.Join(texts, ",") + "}"
	}
	// SQLite compares times as the texts that it keeps.
	return "(SELECT count(*) FROM json_each(?) b WHERE b.value <= " + column + ")", "[" + strings.Join(texts, ",") + "]"
}

// dayRow is a count of one day.
type dayRow struct {
	Day      int
	State    string
	Currency string
	Count    int64
	Micros   int64
}

func (s *Store) filedByDay(ctx context.Context, begins []time.Time, o *desk.Overview) error {
	bucket, arg := s.bucketOf("created_at", begins)
	var rows []dayRow
	err := s.read(ctx).Raw("SELECT day, count(*) AS count FROM (SELECT "+bucket+" AS day FROM refunds WHERE created_at >= ? AND created_at < ?) filed GROUP BY day",
		arg, o.Since, o.Until).Scan(&rows).Error
	for _, r := range rows {
		o.Days[r.Day-1].Filed = r.Count
	}
	return err
}

// endedByDay: a refund that ended is not changed any more, so its last change is its end.
func (s *Store) endedByDay(ctx context.Context, begins []time.Time, o *desk.Overview) error {
	bucket, arg := s.bucketOf("updated_at", begins)
	var rows []dayRow
	err := s.read(ctx).Raw(`SELECT day, state, currency, count(*) AS count, CAST(sum(worth) AS bigint) AS micros
		  FROM (SELECT `+bucket+` AS day, state, currency, `+worth+` AS worth FROM refunds
		         WHERE state IN ('credited', 'rejected', 'withdrawn') AND updated_at >= ? AND updated_at < ?) ended
		 GROUP BY day, state, currency ORDER BY day, currency`,
		arg, o.Since, o.Until).Scan(&rows).Error
	for _, r := range rows {
		d, state := &o.Days[r.Day-1], refund.State(r.State)
		if d.Money == nil {
			d.Money = map[refund.State][]money.Money{}
		}
		d.Money[state] = append(d.Money[state], money.Of(r.Micros, r.Currency))
		switch state {
		case refund.Credited:
			d.Credited += r.Count
		case refund.Rejected:
			d.Rejected += r.Count
		case refund.Withdrawn:
			d.Withdrew += r.Count
		default:
		}
	}
	return err
}

// decidedByDay is how long people took for what they decided.
func (s *Store) decidedByDay(ctx context.Context, begins []time.Time, o *desk.Overview) error {
	bucket, arg := s.bucketOf("closed_at", begins)
	spreads, err := s.spreadsBy(ctx, bucket, "closed_at", "closed_at >= ? AND closed_at < ? AND "+decidedByPeople, arg, o.Since, o.Until)
	for day, spread := range spreads {
		o.Days[day-1].Decision = spread
	}
	return err
}
