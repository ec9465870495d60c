package chart

import (
	"math"
	"time"

	"github.com/a-h/templ"

	"refunddesk/internal/console/page"
)

const (
	laneStep = 46.0
	laneLine = 32.0 // of a lane's line below its top
	axisFoot = 22.0
	// shortAxis is of a time whose moments are told apart by seconds.
	shortAxis = 5 * time.Minute
)

// Axis is a time axis with a line a lane. What happened before from or after to stands at
// the edge; the table says when it was.
func Axis(v *page.View, title string, from, to time.Time, lanes []Lane) templ.Component {
	return axis(v, title, lanes, layAxis(v, from, to, lanes))
}

type mark struct {
	Mark
	X, Y, Radius string
}

type lane struct {
	Label, TextY, LineY string
	Marks               []mark
}

type axisLayout struct {
	Height, Base, TextY string
	Lanes               []lane
	Ticks               []tick
	Now                 string // where now is; "" when it is elsewhere
	Period              string
	Linked              bool
	Exact               bool // minutes would not tell its marks apart
}

func layAxis(v *page.View, from, to time.Time, lanes []Lane) axisLayout {
	if !to.After(from) {
		to = from.Add(time.Hour)
	}
	place := func(t time.Time) float64 {
		// A little room at both edges, so that no mark is cut.
		return 0.02 + 0.96*min(1, max(0, float64(t.Sub(from))/float64(to.Sub(from))))
	}
	base := float64(len(lanes)) * laneStep
	l := axisLayout{Height: pixels(base + axisFoot), Base: pixels(base), TextY: pixels(base + 16), Exact: to.Sub(from) < shortAxis}
	l.Period = v.T("chart.period", "From", wholeDay(v, from), "To", wholeDay(v, to))
	for i, given := range lanes {
		y := float64(i)*laneStep + laneLine
		laid := lane{Label: clip(given.Label, 44), TextY: pixels(y - 18), LineY: pixels(y)}
		for _, m := range given.Marks {
			// Its area, not its width, is as large as it is.
			radius := 3 + 7*math.Sqrt(min(1, finite(m.Size)))
			laid.Marks = append(laid.Marks, mark{Mark: m, X: percent(place(m.At)), Y: laid.LineY, Radius: pixels(radius)})
			l.Linked = l.Linked || m.Href != ""
		}
		l.Lanes = append(l.Lanes, laid)
	}
	for _, at := range ticksBetween(from, to) {
		l.Ticks = append(l.Ticks, tick{X: percent(place(at)), Anchor: anchor(place(at)), Text: tickText(v, at, to.Sub(from))})
	}
	if !v.Now.Before(from) && !v.Now.After(to) {
		l.Now = percent(place(v.Now))
	}
	return l
}

func anchor(share float64) string {
	switch {
	case share < 0.08:
		return "start"
	case share > 0.92:
		return "end"
	}
	return "middle"
}

// ticksBetween are round moments, as few as fit a telephone. A time too short for them has
// its beginning and its end.
func ticksBetween(from, to time.Time) []time.Time {
	const mostTicks = 5
	span := to.Sub(from)
	for _, step := range []time.Duration{
		time.Second, 5 * time.Second, 15 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute,
		time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	} {
		if span < 2*step {
			return []time.Time{from, to}
		}
		if span/step < mostTicks {
			return moments(from, to, step)
		}
	}
	const day = 24 * time.Hour
	for _, days := range []int{1, 2, 7, 14} {
		if span/(time.Duration(days)*day) < mostTicks {
			return calendar(from, to, 0, days)
		}
	}
	months := 1
	for span/(time.Duration(months)*31*day) > mostTicks {
		months = nextMonths(months)
	}
	return calendar(from, to, months, 0)
}

func moments(from, to time.Time, step time.Duration) []time.Time {
	var at []time.Time
	for t := from.Truncate(step); !t.After(to); t = t.Add(step) {
		if !t.Before(from) {
			at = append(at, t)
		}
	}
	return at
}

func nextMonths(n int) int {
	switch n {
	case 1:
		return 3
	case 3:
		return 6
	case 6:
		return 12
	}
	return n * 2
}

func calendar(from, to time.Time, months, days int) []time.Time {
	t := time.Date(from.Year(), from.Month(), from.Day(), 0, 0, 0, 0, from.Location())
	if months > 0 {
		t = time.Date(from.Year(), 1, 1, 0, 0, 0, 0, from.Location())
	}
	var at []time.Time
	for ; !t.After(to); t = t.AddDate(0, months, days) {
		if !t.Before(from) {
			at = append(at, t)
		}
	}
	return at
}

// tickText is as exact as the axis is long. Days are those of the zone that the axis is
// given in; times of day name it.
func tickText(v *page.View, t time.Time, span time.Duration) string {
	const days = 24 * time.Hour
	switch {
	case span < 10*time.Second:
		return t.Format("15:04:05.000")
	case span < shortAxis:
		return t.Format("15:04:05")
	case span <= 2*days:
		return t.Format("15:04 MST")
	case span <= 300*days:
		return day(v, t)
	case v.Locale == "zh-Hans":
		return t.Format("2006年1月")
	}
	return t.Format("Jan 2006")
}

// markText says what a mark is and when it was.
func markText(v *page.View, m Mark) string { return v.Moment(m.At) + " UTC · " + m.Text }
