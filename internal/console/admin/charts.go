package admin

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"refunddesk/internal/console/chart"
	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// mostBars is how many days have a bar of their own; of a longer time a bar is a week.
const mostBars = 100

// weekly reports whether the bars of counts and money are weeks.
func (b board) weekly() bool { return len(b.Overview.Days) > mostBars }

// bins are the days, or the weeks that end today: what is counted is added up.
func (b board) bins() []desk.DayFigures {
	days := b.Overview.Days
	if !b.weekly() {
		return days
	}
	var weeks []desk.DayFigures
	for first := len(days) % 7; len(days) > 0; first = 7 {
		if first == 0 {
			continue
		}
		week := desk.DayFigures{Day: days[0].Day, Money: map[refund.State][]money.Money{}}
		for _, d := range days[:first] {
			week.Filed, week.Credited, week.Rejected, week.Withdrew = week.Filed+d.Filed, week.Credited+d.Credited, week.Rejected+d.Rejected, week.Withdrew+d.Withdrew
		}
		for _, outcome := range outcomes {
			week.Money[outcome] = moneyIn(days[:first], outcome)
		}
		weeks, days = append(weeks, week), days[first:]
	}
	return weeks
}

func labelsOf(days []desk.DayFigures) []time.Time {
	labels := make([]time.Time, len(days))
	for i, d := range days {
		labels[i] = d.Day
	}
	return labels
}

// countsOf is a series of what is counted by day.
func countsOf(key, label string, days []desk.DayFigures, of func(desk.DayFigures) int64) chart.Series {
	s := chart.Series{Key: key, Label: label}
	for _, d := range days {
		s.Values = append(s.Values, float64(of(d)))
		s.Text = append(s.Text, strconv.FormatInt(of(d), 10))
	}
	return s
}

func filedChart(v *page.View, b board) templ.Component {
	days := b.bins()
	return chart.Days(v, v.T("admin.chart.filed"), []chart.Series{
		countsOf("filed", v.T("admin.figure.filed"), days, func(d desk.DayFigures) int64 { return d.Filed }),
	}, labelsOf(days))
}

func outcomeChart(v *page.View, b board) templ.Component {
	days := b.bins()
	return chart.Days(v, v.T("admin.chart.outcomes"), []chart.Series{
		countsOf("credited", v.Code("refund.state", "credited"), days, func(d desk.DayFigures) int64 { return d.Credited }),
		countsOf("rejected", v.Code("refund.state", "rejected"), days, func(d desk.DayFigures) int64 { return d.Rejected }),
		countsOf("withdrawn", v.Code("refund.state", "withdrawn"), days, func(d desk.DayFigures) int64 { return d.Withdrew }),
	}, labelsOf(days))
}

func moneyChart(v *page.View, b board, code string) templ.Component {
	days := b.bins()
	var series []chart.Series
	for _, outcome := range outcomes {
		s := chart.Series{Key: string(outcome), Label: v.Code("refund.state", string(outcome))}
		for _, d := range days {
			sum := money.Of(0, code)
			for _, m := range d.Money[outcome] {
				if m.Currency == code {
					sum = m
				}
			}
			// A picture, not money: a float is good enough for a bar.
			s.Values = append(s.Values, float64(sum.Micros)/float64(money.Scale))
			s.Text = append(s.Text, v.Money(sum))
		}
		series = append(series, s)
	}
	return chart.Days(v, v.T("admin.chart.money", "Currency", code), series, labelsOf(days))
}

// decisionChart has the median as the lower part of a day's bar and what the slowest tenth
// exceeds as its top.
func decisionChart(v *page.View, b board) templ.Component {
	median := chart.Series{Key: "median", Label: v.T("admin.chart.median")}
	p90 := chart.Series{Key: "withdrawn", Label: v.T("admin.chart.p90")} // in grey: slow is nothing bad by itself
	for _, d := range b.Overview.Days {
		mid, top := "–", "–"
		if d.Decision.Count > 0 {
			mid, top = v.Span(d.Decision.Median), v.Span(d.Decision.P90)
		}
		median.Values = append(median.Values, d.Decision.Median.Hours())
		p90.Values = append(p90.Values, max(0, d.Decision.P90-d.Decision.Median).Hours())
		median.Text, p90.Text = append(median.Text, mid), append(p90.Text, top)
	}
	return chart.Days(v, v.T("admin.chart.decision"), []chart.Series{median, p90}, labelsOf(b.Overview.Days))
}

// decided reports whether people decided anything in the time.
func (b board) decided() bool {
	return slices.ContainsFunc(b.Overview.Days, func(d desk.DayFigures) bool { return d.Decision.Count > 0 })
}

// waiting are the queues in which something waits.
func (b board) waiting() []desk.QueueFigures {
	return slices.DeleteFunc(slices.Clone(b.Overview.Figures.Queues), func(q desk.QueueFigures) bool { return q.Open == 0 })
}

func queueChart(v *page.View, b board) templ.Component {
	var rows []chart.Row
	for _, q := range b.waiting() {
		name, class := v.Code("ticket.queue", q.Queue), "wait"
		if q.Overdue > 0 {
			class = "bad"
		}
		rows = append(rows,
			chart.Row{Label: v.T("admin.chart.oldest", "Queue", name), Value: q.Oldest.Hours(), Text: v.Span(q.Oldest), Class: class, Href: "/review?queue=" + q.Queue},
			chart.Row{Label: v.T("admin.chart.queue-median", "Queue", name), Value: q.Median.Hours(), Text: v.Span(q.Median), Class: "plain", Href: "/review?queue=" + q.Queue})
	}
	return chart.Bars(v, v.T("admin.chart.queues"), rows)
}

func ruleChart(v *page.View, b board) templ.Component {
	var rows []chart.Row
	for _, r := range b.rules() {
		rows = append(rows, chart.Row{Label: r.Rule, Value: float64(r.Matched), Text: strconv.FormatInt(r.Matched, 10)})
	}
	return chart.Bars(v, v.T("admin.chart.rules"), rows)
}

// rules are the rules that fired, the most often first.
func (b board) rules() []desk.RuleFigures {
	rules := slices.Clone(b.Overview.Figures.Rules)
	slices.SortStableFunc(rules, func(a, b desk.RuleFigures) int { return int(b.Matched - a.Matched) })
	return rules
}

// rejectedShare is how many of a rule's decided refunds people rejected: "3 of 4 (75 %)".
func rejectedShare(v *page.View, r desk.RuleFigures) string {
	decided := r.Approved + r.Rejected
	if decided == 0 {
		return "–"
	}
	return v.T("admin.rules.share", "Rejected", r.Rejected, "Decided", decided, "Percent", (100*r.Rejected+decided/2)/decided)
}

func appealChart(v *page.View, b board) templ.Component {
	a := b.Overview.Figures.Appeals
	row := func(key, class string, n int64) chart.Row {
		return chart.Row{Label: v.T(key), Value: float64(n), Text: strconv.FormatInt(n, 10), Class: class}
	}
	return chart.Bars(v, v.T("admin.chart.appeals"), []chart.Row{
		row("admin.appeals.filed", "plain", a.Filed), row("admin.appeals.open", "wait", a.Open),
		row("admin.appeals.upheld", "", a.Upheld), row("admin.appeals.reversed", "heed", a.Reversed),
	})
}
