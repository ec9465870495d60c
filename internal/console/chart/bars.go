package chart

import (
	"github.com/a-h/templ"

	"refunddesk/internal/console/page"
)

const (
	barStep = 42.0 // from a bar's words to the next
	barRoom = 30   // letters of a label that fit beside its value on a telephone
)

// Bars are horizontal bars, the largest as wide as the picture.
func Bars(v *page.View, title string, rows []Row) templ.Component {
	return bars(v, title, rows, layBars(rows))
}

type bar struct {
	Row
	Short                string
	Width, TextY, TrunkY string
}

func layBars(rows []Row) []bar {
	largest := 0.0
	for _, r := range rows {
		largest = max(largest, finite(r.Value))
	}
	laid := make([]bar, 0, len(rows))
	for i, r := range rows {
		share := 0.0
		if largest > 0 {
			share = finite(r.Value) / largest
		}
		y := float64(i) * barStep
		laid = append(laid, bar{Row: r, Short: clip(r.Label, barRoom), Width: percent(share), TextY: pixels(y + 15), TrunkY: pixels(y + 22)})
	}
	return laid
}

func barsHeight(rows []Row) string { return pixels(float64(len(rows)) * barStep) }

func linkedRows(rows []Row) bool {
	for _, r := range rows {
		if r.Href != "" {
			return true
		}
	}
	return false
}

// role is what the picture is to a screen reader: one image, unless it has links to go to.
func role(linked bool) string {
	if linked {
		return "group"
	}
	return "img"
}
