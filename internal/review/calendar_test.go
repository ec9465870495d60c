package review_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"refunddesk/internal/review"
)

// minutes is the oracle: it goes a minute at a time, and the desk works in one when the
// clock on its wall says so.
func minutes(c review.Calendar, from time.Time, more func(at time.Time, worked time.Duration) bool) (time.Time, time.Duration) {
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		panic(err)
	}
	var worked time.Duration
	at := from
	for ; more(at, worked); at = at.Add(time.Minute) {
		local := at.In(zone)
		minute := review.Clocktime(60*local.Hour() + local.Minute())
		if minute >= c.Opens && minute < c.Closes && c.WorksOn(local.Weekday(), review.DateOf(local)) {
			worked += time.Minute
		}
	}
	return at, worked
}

// moments are beside changes of the clocks in the zones of calendars: forward and back, at
// midnight, by half an hour, and where there are none.
var moments = []struct {
	zone string
	at   string
}{
	{"UTC", "2026-10-01T00:00:00Z"},
	{"Asia/Shanghai", "2026-10-01T00:00:00Z"},
	{"Asia/Kathmandu", "2026-12-31T18:00:00Z"},
	{"Europe/Berlin", "2026-03-29T01:00:00Z"},
	{"Europe/Berlin", "2026-10-25T01:00:00Z"},
	{"America/New_York", "2026-03-08T07:00:00Z"},
	{"America/New_York", "2026-11-01T06:00:00Z"},
	{"Africa/Cairo", "2026-04-23T22:00:00Z"},
	{"Africa/Cairo", "2026-10-29T21:00:00Z"},
	{"Australia/Lord_Howe", "2026-04-04T15:00:00Z"},
	{"Australia/Lord_Howe", "2026-10-03T15:30:00Z"},
	{"Pacific/Apia", "2011-12-30T10:00:00Z"},  // a day that never was
	{"Europe/Berlin", "2040-12-31T00:00:00Z"}, // time.ZoneBounds stands still here
}

func drawCalendar(t *rapid.T) (review.Calendar, time.Time) {
	moment := rapid.SampledFrom(moments).Draw(t, "moment")
	around, err := time.Parse(time.RFC3339, moment.at)
	require.NoError(t, err)
	c := review.Calendar{Name: "drawn", Zone: moment.zone}
	if rapid.Bool().Draw(t, "round the clock") {
		c.Closes = 24 * 60
	} else {
		c.Opens = review.Clocktime(rapid.IntRange(0, 24*60-1).Draw(t, "opens"))
		c.Closes = review.Clocktime(rapid.IntRange(int(c.Opens)+1, 24*60).Draw(t, "closes"))
	}
	c.Weekend = rapid.SampledFrom([][]time.Weekday{nil, {time.Saturday, time.Sunday}, {time.Friday}}).Draw(t, "weekend")
	dates := func(label string) []review.Date {
		return rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) review.Date {
			return review.DateOf(around.AddDate(0, 0, rapid.IntRange(-3, 5).Draw(t, "day")))
		}), 0, 3, rapid.ID[review.Date]).Draw(t, label)
	}
	c.Holidays, c.Workdays = dates("holidays"), dates("workdays")
	return c, around.Add(time.Duration(rapid.IntRange(-72*60, 24*60).Draw(t, "from")) * time.Minute)
}

func TestCalendarIsTheClockOnTheWall(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, from := drawCalendar(t)
		to := from.Add(time.Duration(rapid.IntRange(-60, 3*24*60).Draw(t, "minutes")) * time.Minute)
		_, worked := minutes(c, from, func(at time.Time, _ time.Duration) bool { return at.Before(to) })
		if got := c.Between(from, to); got != worked {
			t.Fatalf("%+v works %s from %s to %s, not %s", c, worked, from, to, got)
		}
		d := min(time.Duration(rapid.IntRange(0, 20*60).Draw(t, "work"))*time.Minute, 3*c.DayLength())
		due, _ := minutes(c, from, func(_ time.Time, worked time.Duration) bool { return worked < d })
		if got := c.Add(from, d); !got.Equal(due) {
			t.Fatalf("%+v has worked %s since %s at %s, not at %s", c, d, from, due, got)
		}
	})
}

func TestAddAndBetweenAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, from := drawCalendar(t)
		from = from.Add(time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "ns")))
		d := time.Duration(rapid.Int64Range(1, int64(100*time.Hour)).Draw(t, "work"))
		at := c.Add(from, d)
		if at.Location() != time.UTC {
			t.Fatal("not in UTC")
		}
		if got := c.Between(from, at); got != d {
			t.Fatalf("the desk worked %s until it had worked %s", got, d)
		}
		middle := c.Add(from, d/2)
		if got := c.Between(from, middle) + c.Between(middle, at); got != d {
			t.Fatalf("%s in two parts is %s", d, got)
		}
	})
}

func TestCalendar(t *testing.T) {
	office := review.Calendar{
		Name: "office", Zone: "Asia/Shanghai", Opens: 9 * 60, Closes: 18 * 60, Weekend: []time.Weekday{time.Saturday, time.Sunday},
		Holidays: []review.Date{"2026-10-01", "2026-10-02"}, Workdays: []review.Date{"2026-10-10"},
	}
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	require.NoError(t, err)
	at := func(s string) time.Time {
		moment, err := time.ParseInLocation("2006-01-02 15:04", s, shanghai)
		require.NoError(t, err)
		return moment
	}
	for name, tc := range map[string]struct {
		from string
		d    time.Duration
		want string
	}{
		"within a day":                          {"2026-09-28 10:00", 2 * time.Hour, "2026-09-28 12:00"},
		"until the desk closes":                 {"2026-09-28 10:00", 8 * time.Hour, "2026-09-28 18:00"},
		"over the night":                        {"2026-09-28 17:00", 2 * time.Hour, "2026-09-29 10:00"},
		"from the night":                        {"2026-09-28 03:00", time.Hour, "2026-09-28 10:00"},
		"over a holiday and the weekend behind": {"2026-09-30 17:00", 2 * time.Hour, "2026-10-05 10:00"},
		"a Saturday that is worked":             {"2026-10-09 17:00", 2 * time.Hour, "2026-10-10 10:00"},
		"the Sunday behind it is none":          {"2026-10-10 17:00", 2 * time.Hour, "2026-10-12 10:00"},
		"two working days":                      {"2026-09-25 12:00", 18 * time.Hour, "2026-09-29 12:00"},
		"nothing":                               {"2026-10-01 12:00", 0, "2026-10-01 12:00"},
		"less than nothing":                     {"2026-10-01 12:00", -time.Hour, "2026-10-01 12:00"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, at(tc.want).UTC(), office.Add(at(tc.from), tc.d))
			assert.Equal(t, max(0, tc.d), office.Between(at(tc.from), at(tc.want)))
		})
	}
	assert.Zero(t, office.Between(at("2026-09-29 12:00"), at("2026-09-28 12:00")), "not backwards")
	assert.Equal(t, 9*time.Hour, office.DayLength())
	assert.Equal(t, "09:30 24:00", review.Clocktime(570).String()+" "+review.AllHours.Closes.String())
	assert.Equal(t, at("2026-10-01 12:00").Add(99*time.Hour).UTC(), review.AllHours.Add(at("2026-10-01 12:00"), 99*time.Hour), "never closed")
}

// A ticket whose calendar was lost is due in plain time; nothing waits for a day that never comes.
func TestACalendarThatNeverWorksRunsInPlainTime(t *testing.T) {
	from := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	every := []time.Weekday{0, 1, 2, 3, 4, 5, 6}
	for name, c := range map[string]review.Calendar{
		"none":                {},
		"no hours":            {Zone: "UTC", Opens: 9 * 60, Closes: 9 * 60},
		"backwards":           {Zone: "UTC", Opens: 10 * 60, Closes: 9 * 60},
		"weekend every day":   {Zone: "UTC", Closes: 24 * 60, Weekend: every},
		"a zone nobody knows": {Zone: "Mars/Olympus", Closes: 24 * 60},
		"one day ever":        {Zone: "UTC", Closes: 24 * 60, Weekend: every, Workdays: []review.Date{"2020-01-01"}},
	} {
		assert.Equal(t, from.Add(50*time.Hour), c.Add(from, 50*time.Hour), name)
		assert.Equal(t, 50*time.Hour, c.Between(from, from.Add(50*time.Hour)), name)
	}
}

// BenchmarkCalendarYears is the worst that a policy can ask for: an hour a day, hundreds of
// holidays, a time of 366 working days.
func BenchmarkCalendarYears(b *testing.B) {
	c := review.Calendar{Zone: "Europe/Berlin", Opens: 9 * 60, Closes: 10 * 60, Weekend: []time.Weekday{time.Saturday, time.Sunday}}
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 400 {
		c.Holidays = append(c.Holidays, review.DateOf(from.AddDate(0, 0, 7*i)))
		c.Workdays = append(c.Workdays, review.DateOf(from.AddDate(0, 0, 7*i+3)))
	}
	slices.Reverse(c.Holidays)
	var due time.Time
	for b.Loop() {
		due = c.Add(from, 366*24*time.Hour)
	}
	b.ReportMetric(due.Sub(from).Hours()/24/365, "years")
}
