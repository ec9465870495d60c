package admin

import (
	"slices"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
)

// The times that the dashboard can be of, in days.
var spans = []int{7, 30, 90, 365}

const usualSpan = 30

// zones are those that the field offers; any other can be typed.
var zones = []string{"UTC", "Asia/Shanghai", "Asia/Singapore", "Asia/Tokyo", "Europe/Berlin", "Europe/London", "America/New_York", "America/Los_Angeles"}

// mostAttention is how many refunds that need attention the dashboard lists.
const mostAttention = 50

// board is what the dashboard shows.
type board struct {
	Days      int
	Zone      string
	Filter    *page.Form // with what is wrong with the zone that was typed
	Overview  desk.Overview
	Attention []refund.Refund
	More      bool // there are more of those than are listed
	Retry     *page.Form
	RetryID   string // the refund that the form is about
}

func dashboard(c *page.Context) error {
	b, err := boardOf(c)
	if err != nil {
		return err
	}
	if b.Filter.Fault != nil {
		return c.ShowAs(page.StatusOf(b.Filter.Fault.Kind), c.T("admin.dashboard.title"), dashboardPage(c.View, b))
	}
	return c.Show(c.T("admin.dashboard.title"), dashboardPage(c.View, b))
}

// boardOf reads the numbers of the time and zone that the URL says. A zone that there is
// none of is told beside the field, and the numbers are of UTC.
func boardOf(c *page.Context) (board, error) {
	b := board{Days: usualSpan, Zone: c.Query("zone"), Filter: &page.Form{Values: c.Request().URL.Query()}}
	if n, err := strconv.Atoi(c.Query("days")); err == nil && slices.Contains(spans, n) {
		b.Days = n
	}
	zone, err := time.LoadLocation(b.Zone)
	if err != nil || b.Zone == "Local" || len(b.Zone) > 64 {
		b.Filter.Fault = page.InWords(c.View, fault.InvalidField("zone", "is a time zone, such as Asia/Shanghai"))
		zone = time.UTC
	}
	if b.Zone == "" {
		b.Zone = time.UTC.String()
	}
	b.Filter.Values.Set("zone", b.Zone)
	year, month, day := c.Now.In(zone).Date()
	since := time.Date(year, month, day-b.Days+1, 0, 0, 0, 0, zone)
	if b.Overview, err = c.Desk.Overview(c.Ctx(), c.Actor, since, c.Now, zone); err != nil {
		return b, err
	}
	stuck, err := c.Desk.Refunds(c.Ctx(), c.Actor, desk.RefundFilter{State: refund.NeedsAttention, Paging: desk.Paging{Limit: mostAttention}})
	b.Attention, b.More = stuck.Items, stuck.Next != ""
	return b, err
}

func retryRefund(c *page.Context) error {
	form, err := c.Form()
	if err != nil {
		return err
	}
	id := c.Param("id")
	if _, err = c.Desk.Retry(c.Ctx(), c.Actor, id, form.Get("reason")); err == nil {
		return c.See("/dashboard", "refund-retried")
	}
	b, readErr := boardOf(c)
	if readErr != nil {
		return page.Graver(err, readErr)
	}
	return c.Again(err, c.T("admin.dashboard.title"), func(f *page.Form) templ.Component {
		b.Retry, b.RetryID = f, id
		return dashboardPage(c.View, b)
	})
}

// lists reports whether the refund that the form is about is among those listed: what is
// wrong then stands beside it.
func (b board) lists(id string) bool {
	return slices.ContainsFunc(b.Attention, func(r refund.Refund) bool { return r.ID == id })
}

// retryOf is the form of a refund: what was typed for it, or an empty one.
func (b board) retryOf(id string) *page.Form {
	if b.RetryID == id {
		return b.Retry
	}
	return nil
}

// totals are the key figures.
type totals struct {
	Filed, Credited, Rejected, Withdrew, Overdue int64
	Money                                        []money.Money // credited
	Decision                                     desk.Spread
}

func (b board) totals() totals {
	t := totals{Decision: b.Overview.Figures.Decision}
	for _, d := range b.Overview.Days {
		t.Filed, t.Credited, t.Rejected, t.Withdrew = t.Filed+d.Filed, t.Credited+d.Credited, t.Rejected+d.Rejected, t.Withdrew+d.Withdrew
	}
	for _, q := range b.Overview.Figures.Queues {
		t.Overdue += q.Overdue
	}
	t.Money = moneyIn(b.Overview.Days, refund.Credited)
	return t
}

// quiet reports whether nothing was filed and nothing ended in the time.
func (t totals) quiet() bool { return t.Filed+t.Credited+t.Rejected+t.Withdrew == 0 }

// outcomes are the ways in which a refund ends.
var outcomes = []refund.State{refund.Credited, refund.Rejected, refund.Withdrawn}

// moneyIn is what the refunds were about that ended so in the days, one of each currency.
func moneyIn(days []desk.DayFigures, outcome refund.State) []money.Money {
	sums := map[string]money.Money{}
	for _, d := range days {
		addMoney(sums, d.Money[outcome])
	}
	return moneyOf(sums)
}

// currencies are those of all that ended, however it did.
func (b board) currencies() []string {
	sums := map[string]money.Money{}
	for _, outcome := range outcomes {
		addMoney(sums, moneyIn(b.Overview.Days, outcome))
	}
	return sortedKeys(sums)
}

func addMoney(sums map[string]money.Money, amounts []money.Money) {
	for _, m := range amounts {
		sum, err := money.Of(sums[m.Currency].Micros, m.Currency).Add(m)
		if err == nil { // more than can be kept is no number for a dashboard
			sums[m.Currency] = sum
		}
	}
}

// moneyOf are the sums in the order of their currencies.
func moneyOf(sums map[string]money.Money) []money.Money {
	var out []money.Money
	for _, code := range sortedKeys(sums) {
		out = append(out, sums[code])
	}
	return out
}
