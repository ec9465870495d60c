package chart

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"

	"refunddesk/internal/console/page"
	"refunddesk/internal/console/pagetest"
	"refunddesk/internal/console/words"
)

var now = time.Date(2026, 11, 23, 15, 4, 5, 0, time.UTC)

func view(t *testing.T, locale string) *page.View {
	t.Helper()
	catalogue, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	return &page.View{Words: catalogue.In(locale), Now: now}
}

// drawn renders a picture and checks what holds for every picture.
func drawn(t *testing.T, c templ.Component) *pagetest.Element {
	t.Helper()
	var b strings.Builder
	if err := c.Render(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"NaN", "Inf", "⟦", "style=", "<script", "e+"} {
		if strings.Contains(b.String(), bad) {
			t.Errorf("%q is in the picture:\n%s", bad, b.String())
		}
	}
	root := pagetest.Parse(t, b.String())
	svg := root.Find("svg.picture")
	if svg == nil {
		t.Fatal("no picture")
	}
	for _, id := range strings.Fields(svg.Attr("aria-labelledby")) {
		if named := root.Find("#" + id); named == nil || named.Text() == "" {
			t.Errorf("aria-labelledby: %s names nothing", id)
		}
	}
	for _, shape := range slices.Concat(root.All("rect"), root.All("line"), root.All("circle"), root.All("text")) {
		for _, name := range []string{"x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height"} {
			if value := shape.Attr(name); strings.HasPrefix(value, "-") {
				t.Errorf("<%s %s=%q>", shape.Tag(), name, value)
			}
		}
	}
	return root
}

// cells are the texts of the table's body, row by row.
func cells(root *pagetest.Element) [][]string {
	var rows [][]string
	for _, tr := range root.All("details.numbers tbody tr") {
		var row []string
		for _, th := range tr.All("th") {
			row = append(row, th.Text())
		}
		for _, td := range tr.All("td") {
			row = append(row, td.Text())
		}
		rows = append(rows, row)
	}
	return rows
}

func daysFrom(from time.Time, n int) []time.Time {
	var at []time.Time
	for i := range n {
		at = append(at, from.AddDate(0, 0, i))
	}
	return at
}

func TestDaysHaveTheirNumbersBeneath(t *testing.T) {
	for _, locale := range words.Locales {
		t.Run(locale, func(t *testing.T) {
			root := drawn(t, Days(view(t, locale), "Refunds by day", []Series{
				{Key: "credited", Label: "Credited", Values: []float64{3, 0, 12}, Text: []string{"3", "0", "12"}},
				{Key: "rejected", Label: "Rejected", Values: []float64{1, 2, 0}},
			}, daysFrom(now.AddDate(0, 0, -2), 3)))
			got := cells(root)
			if len(got) != 3 || !slices.Equal(got[0][1:], []string{"3", "1"}) || !slices.Equal(got[1][1:], []string{"0", "2"}) || !slices.Equal(got[2][1:], []string{"12", "0"}) {
				t.Errorf("the table has %v", got)
			}
			if n := len(root.All("svg.picture rect.series")); n != 4 {
				t.Errorf("%d parts of bars, 4 numbers are not 0", n)
			}
			if root.Find("svg.picture").Attr("role") != "img" {
				t.Error("the picture is no image")
			}
			if n := len(root.All("ul.legend li")); n != 2 {
				t.Errorf("%d in the legend", n)
			}
		})
	}
}

func TestDaysAreThoseOfTheirZone(t *testing.T) {
	shanghai := time.FixedZone("CST", 8*3600)
	root := drawn(t, Days(view(t, "en"), "Days", []Series{{Label: "a", Values: []float64{1}}}, []time.Time{time.Date(2026, 11, 23, 0, 0, 0, 0, shanghai)}))
	if got := cells(root)[0][0]; got != "23 Nov 2026" {
		t.Errorf("midnight in Shanghai is of %s", got)
	}
}

func TestDaysOfAnything(t *testing.T) {
	v := view(t, "en")
	for name, values := range map[string][]float64{
		"none": {}, "missing": nil, "zeros": {0, 0, 0}, "one": {1}, "tiny": {0.0004, 0.0001},
		"huge": {9_223_372_036_854, 1e15, 3}, "boundless": {math.MaxFloat64, 1}, "broken": {math.NaN(), math.Inf(1), math.Inf(-1), -5, 2},
	} {
		t.Run(name, func(t *testing.T) {
			text := make([]string, len(values))
			for i := range text {
				text[i] = fmt.Sprintf("value %d", i)
			}
			drawn(t, Days(v, "Days", []Series{{Label: "a", Values: values, Text: text}, {Label: "b"}}, daysFrom(now, len(values))))
			drawn(t, Days(v, "Days", []Series{{Label: "a", Values: values, Text: text}}, nil))
			drawn(t, Days(v, "Days", nil, daysFrom(now, 400)))
		})
	}
}

func TestScaleHasRoundNumbersAndNoHalfThings(t *testing.T) {
	for largest := 1.0; largest <= 3000; largest++ {
		top, parts := ceiling(largest)
		if top < largest {
			t.Fatalf("%v stands out of a scale to %v", largest, top)
		}
		if part := top / float64(parts); part != math.Trunc(part) {
			t.Errorf("the scale of %v counts %v", largest, part)
		}
	}
}

func TestScaleIsShort(t *testing.T) {
	for _, c := range []struct {
		locale string
		f      float64
		want   string
	}{
		{"en", 0, "0"}, {"en", 0.5, "0.5"}, {"en", 0.000006, "0.000006"}, {"en", 3000, "3,000"}, {"en", 15000, "15k"}, {"en", 2.5e6, "2.5M"}, {"en", 3e9, "3B"},
		{"zh-Hans", 3000, "3,000"}, {"zh-Hans", 30000, "3万"}, {"zh-Hans", 2.5e8, "2.5亿"}, {"zh-Hans", 4e12, "4万亿"},
	} {
		if got := scale(view(t, c.locale), c.f); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %v is %q, want %q", c.locale, c.f, got, c.want)
		}
	}
}

func TestAxisHasEveryMark(t *testing.T) {
	from := now.AddDate(0, 0, -60)
	lanes := []Lane{
		{Label: "Purchases", Marks: []Mark{{At: from, Size: 1, Text: "bought <b>100</b>", Class: "state-credited"}, {At: now, Size: math.NaN(), Text: "bought 5"}}},
		{Label: "Usage"},
		{Label: "Refunds", Marks: []Mark{{At: now.AddDate(1, 0, 0), Size: 7, Text: "later", Href: "/refunds/x"}}},
	}
	root := drawn(t, Axis(view(t, "en"), "History", from, now, lanes))
	if n := len(root.All("circle.mark")); n != 3 {
		t.Errorf("%d marks, want 3", n)
	}
	got := cells(root)
	if len(got) != 3 || got[0][2] != "bought <b>100</b>" || got[2][1] != "Refunds" {
		t.Errorf("the table has %v", got)
	}
	if svg := root.Find("svg.picture"); svg.Attr("role") != "group" {
		t.Errorf("a picture with a link in it is an %s: its link cannot be reached", svg.Attr("role"))
	}
	if root.Find("svg a[href=/refunds/x]") == nil || root.Find("table a[href=/refunds/x]") == nil {
		t.Error("the link is missing")
	}
	if root.Find("line.now") == nil {
		t.Error("now is not marked")
	}
}

func TestAxisOfAnyLength(t *testing.T) {
	for _, locale := range words.Locales {
		v := view(t, locale)
		for _, span := range []time.Duration{-time.Hour, 0, time.Millisecond, 30 * time.Second, 4 * time.Minute, 3 * time.Hour, 47 * time.Hour,
			6 * 24 * time.Hour, 30 * 24 * time.Hour, 180 * 24 * time.Hour, 400 * 24 * time.Hour, 20 * 365 * 24 * time.Hour} {
			root := drawn(t, Axis(v, "Axis", now.Add(-span), now, []Lane{{Label: "a", Marks: []Mark{{At: now, Text: "b"}}}}))
			if n := len(root.All("text.tick")); n < 2 || n > 7 {
				t.Errorf("%s: %d words under the axis", span, n)
			}
		}
		drawn(t, Axis(v, "Axis", now, now, nil))
	}
}

// A refund that is credited at once is over within a second: the table says what was first.
func TestAShortAxisTellsMomentsApart(t *testing.T) {
	at := time.Date(2026, 11, 29, 14, 56, 16, 0, time.UTC)
	lanes := []Lane{{Label: "a", Marks: []Mark{{At: at.Add(653 * time.Millisecond), Text: "filed"}, {At: at.Add(831 * time.Millisecond), Text: "credited"}}}}
	got := cells(drawn(t, Axis(view(t, "en"), "Axis", at, at.Add(time.Second), lanes)))
	if got[0][0] != "14:56:16.653 UTC" || got[1][0] != "14:56:16.831 UTC" {
		t.Errorf("the table has %v", got)
	}
	if got := cells(drawn(t, Axis(view(t, "en"), "Axis", at, at.Add(time.Hour), lanes))); got[0][0] != "29 Nov 2026, 14:56 UTC" {
		t.Errorf("the table has %v", got)
	}
}

func TestBarsHaveTheirNumbersBeneath(t *testing.T) {
	long := "A rule with a name that is a good deal longer than a telephone is wide"
	root := drawn(t, Bars(view(t, "en"), "Rules", []Row{
		{Label: long, Value: 40, Text: "40", Href: "/review?rule=x"}, {Label: "短信套餐包退款规则名称很长很长很长很长", Value: 10, Text: "10"}, {Label: "<none>", Text: "0"}, {Label: "broken", Value: math.Inf(-1), Text: "–"},
	}))
	got := cells(root)
	if len(got) != 4 || !slices.Equal(got[0], []string{long, "40"}) || !slices.Equal(got[2], []string{"<none>", "0"}) {
		t.Errorf("the table has %v", got)
	}
	trunks := root.All("rect.trunk")
	if len(trunks) != 4 || trunks[0].Attr("width") != "100.000%" || trunks[1].Attr("width") != "25.000%" || trunks[3].Attr("width") != "0.000%" {
		t.Error("the bars are not as wide as their values")
	}
	if label := root.Find("text.label").Text(); !strings.HasSuffix(label, "…") {
		t.Errorf("%q runs into its value", label)
	}
	drawn(t, Bars(view(t, "zh-Hans"), "Rules", nil))
}

func TestClassesAreClasses(t *testing.T) {
	if got := classes(`state-credited "><script> a b`); got != "state-credited script a b" {
		t.Errorf("got %q", got)
	}
}
