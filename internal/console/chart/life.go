package chart

import (
	"cmp"
	"time"

	"github.com/a-h/templ"

	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
)

const (
	oneWeek = 7 * 24 * time.Hour
	// apart is how many marks of a lane can be told from each other; of more there is one a
	// week.
	apart = 60
	// slack keeps the marks of this moment inside the picture.
	slack = 12 * time.Hour
)

// Life draws what an account bought, used and asked back on one time axis. link gives where a
// refund's mark leads and what is said of it beside its amount; both may be empty.
func Life(v *page.View, title string, a desk.Activity, link func(refund.Refund) (href, note string)) templ.Component {
	var bought, used, asked []sized
	for _, p := range a.Purchases {
		bought = append(bought, sized{p.Paid, Mark{At: p.At, Class: "purchase", Text: v.Money(p.Paid) + " · " + cmp.Or(p.Name, p.PackageID)}})
	}
	for _, u := range a.Usage {
		used = append(used, sized{u.Cost, Mark{At: u.Day}})
	}
	for _, r := range a.Refunds {
		m := sized{r.Worth(), Mark{At: r.CreatedAt, Class: "refund state-" + string(r.State)}}
		m.Text = v.Money(m.worth) + " · " + v.Code("refund.state", string(r.State))
		href, note := link(r)
		m.Href = href
		if note != "" {
			m.Text += " · " + note
		}
		asked = append(asked, m)
	}
	if len(bought) > apart {
		bought = byWeek(v, a.Since, bought, "purchase", "life.purchases.week")
	}
	if len(asked) > apart {
		asked = byWeek(v, a.Since, asked, "refund", "life.refunds.week")
	}
	return Axis(v, title, a.Since, v.Now.Add(slack), []Lane{
		{Label: v.T("life.purchases"), Marks: marksOf(bought)},
		{Label: v.T("life.usage"), Marks: marksOf(byWeek(v, a.Since, used, "usage", "life.usage.week"))},
		{Label: v.T("life.refunds"), Marks: marksOf(asked)},
	})
}

// sized is a mark before it is known how large the others are.
type sized struct {
	worth money.Money
	Mark
}

// byWeek puts the marks of a week, one currency each, into one.
func byWeek(v *page.View, since time.Time, marks []sized, class, words string) []sized {
	type week struct {
		at       time.Time
		currency string
	}
	sums, counts := map[week]int64{}, map[week]int{}
	var order []week
	for _, m := range marks {
		w := week{since.Add(m.At.Sub(since).Truncate(oneWeek)), m.worth.Currency}
		if counts[w] == 0 {
			order = append(order, w)
		}
		counts[w]++
		sums[w] += m.worth.Micros
	}
	weeks := make([]sized, len(order))
	for i, w := range order {
		sum := money.Of(sums[w], w.currency)
		weeks[i] = sized{sum, Mark{At: w.at, Class: class, Text: v.T(words, "Number", counts[w], "Amount", v.Money(sum))}}
	}
	return weeks
}

// marksOf makes each as large as it is beside the largest of its currency: amounts of
// different ones are not compared.
func marksOf(all []sized) []Mark {
	largest := map[string]int64{}
	for _, m := range all {
		largest[m.worth.Currency] = max(largest[m.worth.Currency], m.worth.Micros)
	}
	marks := make([]Mark, len(all))
	for i, m := range all {
		m.Size = float64(m.worth.Micros) / float64(max(1, largest[m.worth.Currency])) // a picture, not money
		marks[i] = m.Mark
	}
	return marks
}
