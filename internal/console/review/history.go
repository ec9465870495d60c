package review

import (
	"cmp"
	"time"

	"github.com/a-h/templ"

	"refunddesk/internal/console/chart"
	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
	"refunddesk/internal/money"
)

const (
	oneWeek = 7 * 24 * time.Hour
	// slack keeps the marks of this moment inside the picture.
	slack = 12 * time.Hour
)

// historyOf draws what the account bought, used and asked back on one time axis.
func historyOf(v *page.View, p casePage) templ.Component {
	lanes := []chart.Lane{
		{Label: v.T("review.lane.purchases"), Marks: purchaseMarks(v, p.Activity)},
		{Label: v.T("review.lane.usage"), Marks: usageMarks(v, p.Activity)},
		{Label: v.T("review.lane.refunds"), Marks: refundMarks(v, p)},
	}
	return chart.Axis(v, v.T("review.history.title"), p.Activity.Since, v.Now.Add(slack), lanes)
}

// scales are the largest amounts by currency: amounts of different ones are not compared.
type scales map[string]int64

func (s scales) see(m money.Money) { s[m.Currency] = max(s[m.Currency], m.Micros) }

func (s scales) of(m money.Money) float64 {
	if s[m.Currency] <= 0 {
		return 0
	}
	return float64(m.Micros) / float64(s[m.Currency]) // a picture, not money
}

func purchaseMarks(v *page.View, a desk.Activity) []chart.Mark {
	sizes := scales{}
	for _, p := range a.Purchases {
		sizes.see(p.Paid)
	}
	var marks []chart.Mark
	for _, p := range a.Purchases {
		marks = append(marks, chart.Mark{At: p.At, Size: sizes.of(p.Paid), Class: "purchase", Text: v.Money(p.Paid) + " · " + cmp.Or(p.Name, p.PackageID)})
	}
	return marks
}

// usageMarks are by week: a day each would be as many as nobody can tell apart.
func usageMarks(v *page.View, a desk.Activity) []chart.Mark {
	type week struct {
		at       time.Time
		currency string
	}
	sums := map[week]int64{}
	var order []week
	for _, u := range a.Usage {
		w := week{a.Since.Add(u.Day.Sub(a.Since).Truncate(oneWeek)), u.Cost.Currency}
		if _, seen := sums[w]; !seen {
			order = append(order, w)
		}
		sums[w] += u.Cost.Micros
	}
	sizes := scales{}
	for w, micros := range sums {
		sizes.see(money.Of(micros, w.currency))
	}
	var marks []chart.Mark
	for _, w := range order {
		used := money.Of(sums[w], w.currency)
		marks = append(marks, chart.Mark{At: w.at, Size: sizes.of(used), Class: "usage", Text: v.T("review.lane.week", "Amount", v.Money(used))})
	}
	return marks
}

func refundMarks(v *page.View, p casePage) []chart.Mark {
	sizes := scales{}
	for _, r := range p.Activity.Refunds {
		sizes.see(r.Quote.Amount)
	}
	var marks []chart.Mark
	for _, r := range p.Activity.Refunds {
		m := chart.Mark{
			At: r.CreatedAt, Size: sizes.of(r.Quote.Amount), Class: "refund state-" + string(r.State),
			Text: v.Money(r.Quote.Amount) + " · " + v.Code("refund.state", string(r.State)),
		}
		if r.ID == p.Refund.ID {
			m.Text += " · " + v.T("review.lane.this")
		} else {
			m.Href = refundHref(r.ID)
		}
		marks = append(marks, m)
	}
	return marks
}

// refundHref leads from a refund to its case, when it had one.
func refundHref(id string) string { return "/review?q=" + id }
