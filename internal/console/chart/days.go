package chart

import (
	"math"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"refunddesk/internal/console/page"
)

const (
	daysHeight = 176.0 // of the bars
	daysTop    = 18.0  // room for the highest line's number
	daysFoot   = 22.0  // room for the days
)

// Days are stacked bars, one a day. labels are the days' beginnings in the zone that they
// are counted in; each series has a value a day.
func Days(v *page.View, title string, series []Series, labels []time.Time) templ.Component {
	return days(v, title, series, labels, layDays(v, series, labels))
}

// layer is the part of a day's bar that belongs to a series.
type layer struct {
	X, Y, Width, Height string
	Class, Text         string
}

// line is a line across, with its number.
type line struct{ Y, TextY, Text string }

// tick is a word under the axis.
type tick struct{ X, Anchor, Text string }

type daysLayout struct {
	Height, Base string
	Lines        []line
	Layers       []layer
	Ticks        []tick
}

func layDays(v *page.View, series []Series, labels []time.Time) daysLayout {
	base := daysTop + daysHeight
	l := daysLayout{Height: pixels(base + daysFoot), Base: pixels(base)}
	largest := 0.0
	for i := range labels {
		sum := 0.0
		for _, s := range series {
			sum += value(s, i)
		}
		largest = max(largest, sum)
	}
	top, parts := ceiling(largest)
	for part := 1; part <= parts && largest > 0; part++ {
		y := base - daysHeight*float64(part)/float64(parts)
		l.Lines = append(l.Lines, line{Y: pixels(y), TextY: pixels(y - 4), Text: scale(v, top*float64(part)/float64(parts))})
	}
	slot := 1 / float64(max(1, len(labels)))
	width := slot * 0.72
	if len(labels) < 5 {
		width = min(slot*0.5, 0.12) // one day is no wall
	}
	for i, at := range labels {
		y := base
		for n, s := range series {
			f := value(s, i)
			if f == 0 {
				continue
			}
			// At least a pixel: something is not nothing.
			height := max(1, daysHeight*f/top)
			y -= height
			l.Layers = append(l.Layers, layer{
				X: percent((float64(i)+0.5)*slot - width/2), Width: percent(width), Y: pixels(y), Height: pixels(height),
				Class: seriesClass(n, s), Text: wholeDay(v, at) + " · " + s.Label + " · " + text(s, i),
			})
		}
	}
	l.Ticks = dayTicks(v, labels, slot)
	return l
}

// dayTicks are at most five words, so that they fit a telephone.
func dayTicks(v *page.View, labels []time.Time, slot float64) []tick {
	if len(labels) == 0 {
		return nil
	}
	step := int(math.Ceil(float64(len(labels)) / 5))
	var ticks []tick
	for i := 0; i < len(labels); i += step {
		t := tick{X: percent((float64(i) + 0.5) * slot), Anchor: "middle", Text: day(v, labels[i])}
		if i == 0 && len(labels) > 10 {
			t.X, t.Anchor = "0%", "start"
		}
		ticks = append(ticks, t)
	}
	return ticks
}

func value(s Series, i int) float64 {
	if i >= len(s.Values) {
		return 0
	}
	return finite(s.Values[i])
}

func text(s Series, i int) string {
	if i < len(s.Text) {
		return s.Text[i]
	}
	if i < len(s.Values) {
		return strconv.FormatFloat(s.Values[i], 'f', -1, 64)
	}
	return ""
}

// seriesClass names the series' colour: that of its key, or else of its place.
func seriesClass(n int, s Series) string {
	own := "series series-" + strconv.Itoa(n%6+1)
	if key := class(s.Key); key != "" {
		own += " series-" + key
	}
	return own
}

// period writes from when to when the days are.
func period(v *page.View, labels []time.Time) string {
	if len(labels) == 0 {
		return v.T("chart.empty")
	}
	return v.T("chart.days", "Count", len(labels), "From", wholeDay(v, labels[0]), "To", wholeDay(v, labels[len(labels)-1]))
}
