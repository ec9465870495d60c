// Package chart draws pictures of numbers as SVG on the server: bars by day, a time axis
// with events, and spans. A picture's numbers stand in a table beneath it.
//
// Pictures are as wide as their place: positions across are percentages, heights are
// pixels, and so their letters keep their size at every width. They carry no style
// attribute; colours come from the style sheet by class.
package chart

import (
	"fmt"
	"hash/fnv"
	"math"
	"strconv"
	"strings"
	"time"

	"refunddesk/internal/console/page"
)

// Series is one part of the stacked bars: a value a day and the words of each.
type Series struct {
	Key    string // names its colour: "credited", "rejected", …
	Label  string
	Values []float64
	Text   []string // as people read the values; the plain number where it is missing
}

// Lane is a line of a time axis.
type Lane struct {
	Label string
	Marks []Mark
}

// Mark is something that happened.
type Mark struct {
	At    time.Time
	Size  float64 // 0..1: how large it is beside the others
	Class string
	Text  string
	Href  string // may be empty
}

// Row is one of the horizontal bars.
type Row struct {
	Label string
	Value float64
	Text  string // as people read the value
	Class string
	Href  string // may be empty
}

// most is more than there is of anything; a scale has room for its number.
const most = 1e15

// finite makes a picture of anything: what is no number, or less than nothing, is nothing.
func finite(f float64) float64 {
	if math.IsNaN(f) || f < 0 {
		return 0
	}
	return min(f, most)
}

// percent writes a share of the width.
func percent(share float64) string {
	return strconv.FormatFloat(100*share, 'f', 3, 64) + "%"
}

// pixels writes a length.
func pixels(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }

// name makes an id from a title: the titles of a page differ.
func name(title string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(title))
	return fmt.Sprintf("chart-%08x", h.Sum32())
}

// class keeps of a word what may be a class.
func class(word string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, word)
}

// classes keeps of words what may be classes.
func classes(words string) string {
	var kept []string
	for _, word := range strings.Fields(words) {
		if word = class(word); word != "" {
			kept = append(kept, word)
		}
	}
	return strings.Join(kept, " ")
}

// ceiling is a round number that is at least the largest value, and how many parts its
// scale has. Counts have no parts that are half a thing.
func ceiling(largest float64) (top float64, parts int) {
	if largest <= 0 {
		return 1, 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(largest)))
	for _, step := range []struct {
		times float64
		parts int
	}{{1, 2}, {1.5, 3}, {2, 2}, {3, 3}, {4, 2}, {5, 5}, {6, 3}, {8, 2}} {
		if top = step.times * unit; top >= largest {
			if largest == 1 {
				return 1, 1
			}
			return top, step.parts
		}
	}
	return 10 * unit, 2
}

// scale writes a number of the scale, short.
func scale(v *page.View, f float64) string {
	units := []struct {
		size float64
		word string
	}{{1e12, "chart.trillions"}, {1e9, "chart.billions"}, {1e6, "chart.millions"}, {1e3, "chart.thousands"}}
	if v.Locale == "zh-Hans" {
		units = []struct {
			size float64
			word string
		}{{1e12, "chart.trillions"}, {1e8, "chart.billions"}, {1e4, "chart.millions"}}
	}
	for _, unit := range units {
		if f >= unit.size*10 || f >= unit.size && unit.size > 1e3 {
			return v.T(unit.word, "Number", short(f/unit.size))
		}
	}
	return short(f)
}

func short(f float64) string {
	if f >= 1000 && f == math.Trunc(f) {
		return strconv.FormatFloat(math.Floor(f/1000), 'f', 0, 64) + fmt.Sprintf(",%03d", int64(math.Mod(f, 1000)))
	}
	if f <= 0 || f >= 0.01 {
		return strconv.FormatFloat(math.Round(f*100)/100, 'f', -1, 64)
	}
	// So many places that something is left of it.
	return strconv.FormatFloat(f, 'f', min(12, int(math.Ceil(-math.Log10(f)))+1), 64)
}

// clip shortens a label that has no room in a picture; the table has it whole. Wide letters
// count twice.
func clip(label string, room int) string {
	width := 0
	for i, r := range label {
		if width++; r > 0x2e7f {
			width++
		}
		if width > room {
			return strings.TrimSpace(label[:i]) + "…"
		}
	}
	return label
}

// day writes a day of the axis in the zone that the moment is given in: a day's midnight in
// Shanghai is not yet that day in UTC.
func day(v *page.View, t time.Time) string {
	if v.Locale == "zh-Hans" {
		return t.Format("1/2") // with words for month and day, five do not fit a telephone
	}
	return t.Format("2 Jan")
}

func wholeDay(v *page.View, t time.Time) string {
	if v.Locale == "zh-Hans" {
		return t.Format("2006年1月2日")
	}
	return t.Format("2 Jan 2006")
}
