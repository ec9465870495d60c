package review

import (
	"fmt"
	"iter"
	"slices"
	"time"
	_ "time/tzdata" // a machine without a zone database must not move due times
)

// Calendar says when the desk works. It is a value: a ticket keeps the one it was opened
// under, so that a changed calendar moves no due time of an open case.
type Calendar struct {
	Name     string         `json:"name"`
	Zone     string         `json:"zone"` // of the IANA database, such as Asia/Shanghai
	Opens    Clocktime      `json:"opens"`
	Closes   Clocktime      `json:"closes"`
	Weekend  []time.Weekday `json:"weekend,omitempty"`
	Holidays []Date         `json:"holidays,omitempty"`
	Workdays []Date         `json:"workdays,omitempty"` // worked although they are weekend or holiday
}

// Clocktime is a time of day in minutes after midnight.
type Clocktime int

// String writes it as "09:30"; midnight at the end of the day is "24:00".
func (c Clocktime) String() string { return fmt.Sprintf("%02d:%02d", int(c)/60, int(c)%60) }

// Date is a day of the calendar as "2026-10-01".
type Date string

// DateOf gives the day of t, in t's zone.
func DateOf(t time.Time) Date { return Date(t.Format(time.DateOnly)) }

// AllHours is the calendar of a desk that never closes.
var AllHours = Calendar{Name: "always", Zone: "UTC", Opens: 0, Closes: 24 * 60}

// WorksOn reports whether the desk works on the day.
func (c Calendar) WorksOn(day time.Weekday, date Date) bool {
	if slices.Contains(c.Workdays, date) {
		return true
	}
	return !slices.Contains(c.Weekend, day) && !slices.Contains(c.Holidays, date)
}

// DayLength is how long the desk works on a working day.
func (c Calendar) DayLength() time.Duration { return time.Duration(c.Closes-c.Opens) * time.Minute }

// Add gives the moment at which the desk has worked for d since from, in UTC.
func (c Calendar) Add(from time.Time, d time.Duration) time.Time {
	at, left := from, d
	if left <= 0 {
		return from.UTC()
	}
	for start, end := range c.shifts(from) {
		if length := end.Sub(start); length < left {
			left -= length
			continue
		}
		at = start.Add(left)
		break
	}
	return at.UTC()
}

// Between is how long the desk works from one moment to a later one; 0 when it is not later.
func (c Calendar) Between(from, to time.Time) time.Duration {
	var worked time.Duration
	if !to.After(from) {
		return 0
	}
	for start, end := range c.shifts(from) {
		if !start.Before(to) {
			break
		}
		worked += earlier(end, to).Sub(start)
	}
	return worked
}

// shifts are the times that the desk works, from a moment on and without end. The desk
// works when the clock on its wall says so: a day on which the clocks change is shorter or
// longer, and an hour that comes twice is worked twice. A calendar that never works would
// have nothing ever be due; it is taken as one that always does.
func (c Calendar) shifts(from time.Time) iter.Seq2[time.Time, time.Time] {
	zone, err := time.LoadLocation(c.Zone)
	week, other := c.days()
	if err != nil || c.Opens >= c.Closes || week == [7]bool{} {
		return func(yield func(start, end time.Time) bool) { yield(from, from.AddDate(forever, 0, 0)) }
	}
	return func(yield func(start, end time.Time) bool) {
		// Between two changes of the clocks a day is a day, and its hours follow by adding.
		for at := from; ; {
			local := at.In(zone)
			_, offset := local.Zone()
			_, changes := local.ZoneBounds()
			if !changes.IsZero() && !changes.After(at) {
				// After 2037 ZoneBounds counts every year as 365 days, and the last day of a
				// leap year ends before it begins. It is gone through by the hour.
				changes = at.Add(time.Hour)
			}
			for n := dayNumber(local); ; n++ {
				midnight := time.Unix(n*secondsADay-int64(offset), 0)
				if !changes.IsZero() && !midnight.Before(changes) {
					break
				}
				works, exception := other[n]
				if !exception {
					works = week[weekdayOf(n)]
				}
				start, end := later(at, midnight.Add(time.Duration(c.Opens)*time.Minute)), midnight.Add(time.Duration(c.Closes)*time.Minute)
				if !changes.IsZero() {
					end = earlier(end, changes)
				}
				if works && start.Before(end) && !yield(start, end) {
					return
				}
			}
			at = changes
		}
	}
}

const (
	secondsADay = 24 * 60 * 60
	forever     = 250 // years; as long as a time.Duration can be, nearly
)

// days are the days of the week that are worked, and by number those that are not as their
// day of the week is.
func (c Calendar) days() (week [7]bool, other map[int64]bool) {
	for wd := range week {
		week[wd] = !slices.Contains(c.Weekend, time.Weekday(wd))
	}
	other = make(map[int64]bool, len(c.Holidays)+len(c.Workdays))
	for i, dates := range [][]Date{c.Holidays, c.Workdays} {
		for _, date := range dates {
			if t, err := time.Parse(time.DateOnly, string(date)); err == nil {
				other[dayNumber(t)] = i == 1
			}
		}
	}
	return week, other
}

// dayNumber counts days of the calendar from 1 January 1970, in t's zone.
func dayNumber(t time.Time) int64 {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / secondsADay // whole days: nothing to round
}

func weekdayOf(n int64) int { return int(((n+int64(time.Thursday))%7 + 7) % 7) }

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
