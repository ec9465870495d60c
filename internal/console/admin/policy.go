package admin

import (
	"strconv"

	"github.com/a-h/templ"

	"refunddesk/internal/console/chart"
	"refunddesk/internal/console/page"
	"refunddesk/internal/fault"
	"refunddesk/internal/policy"
)

func brokenFields(f *fault.Error) []fault.Field {
	if f == nil {
		return nil
	}
	return f.Fields
}

func lineNumber(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func changeClass(change string) string {
	switch change {
	case policy.RuleAdded:
		return "badge-good"
	case policy.RuleRemoved:
		return "badge-bad"
	}
	return "badge-wait"
}

func diffTitle(v *page.View, p version) string {
	if p.Same() {
		return v.T("admin.diff.title")
	}
	return v.T("admin.diff.title-against", "Version", p.Against.Version)
}

func publishTitle(v *page.View, p version) string {
	if p.Earlier() {
		return v.T("admin.publish.rollback", "Version", p.Version)
	}
	return v.T("admin.publish.title", "Version", p.Version)
}

// changesText counts what publishing changes, when it is compared with what is in force.
func changesText(v *page.View, p version) string {
	switch {
	case p.Diff == nil || p.Against.Version != p.InForce.Version:
		return v.T("admin.publish.unseen")
	case p.Diff.Same():
		return v.T("admin.publish.nothing")
	}
	return v.T("admin.publish.changes", "Rules", len(p.Diff.Rules), "Settings", len(p.Diff.Settings))
}

// mostNamed is how many refunds of a group are named; the report has more.
const mostNamed = 100

func named(g policy.Group) []string { return g.Refunds[:min(len(g.Refunds), mostNamed)] }

// verdictChart draws the requests whose verdict would be another one: how many had each
// verdict then, and how many would have it with this version.
func verdictChart(v *page.View, r policy.Report) templ.Component {
	var rows []chart.Row
	for _, one := range []struct {
		verdict policy.Verdict
		class   string
	}{{policy.Approve, ""}, {policy.Review, "wait"}, {policy.Reject, "bad"}} {
		then, now := 0, 0
		for _, c := range r.Changes {
			if c.From == one.verdict {
				then += c.Count
			}
			if c.To == one.verdict {
				now += c.Count
			}
		}
		name := v.Code("verdict", string(one.verdict))
		rows = append(rows,
			chart.Row{Label: v.T("admin.report.bar-then", "Verdict", name), Value: float64(then), Text: strconv.Itoa(then), Class: "plain"},
			chart.Row{Label: v.T("admin.report.bar-now", "Verdict", name), Value: float64(now), Text: strconv.Itoa(now), Class: one.class})
	}
	return chart.Bars(v, v.T("admin.report.chart", "Count", r.Changed), rows)
}

// firstOnly is the word at the first of several rows, and nothing at the others.
func firstOnly(i int, word string) string {
	if i > 0 {
		return ""
	}
	return word
}
