package review

import (
	"fmt"
	"slices"
	"time"
	_ "time/tzdata" // a machine without a zone database must not move due times

	"github.com/rickar/cal/v2"
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
	if d <= 0 {
		return from.UTC()
	}
	days, zone := c.business()
	return days.AddWorkHours(from.In(zone), d).UTC()
}

// Between is how long the desk works from one moment to a later one; 0 when it is not later.
func (c Calendar) Between(from, to time.Time) time.Duration {
	if !to.After(from) {
		return 0
	}
	days, zone := c.business()
	return days.WorkHoursInRange(from.In(zone), to.In(zone))
}

func (c Calendar) business() (*cal.BusinessCalendar, *time.Location) {
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		zone = time.UTC // a policy with an unknown zone is refused when it is loaded
	}
	days := cal.NewBusinessCalendar()
	days.WorkdayFunc = func(t time.Time) bool { return c.WorksOn(t.Weekday(), DateOf(t)) }
	days.SetWorkHours(time.Duration(c.Opens)*time.Minute, time.Duration(c.Closes)*time.Minute)
	return days, zone
}
