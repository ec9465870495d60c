package chart

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"refunddesk/internal/desk"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
)

func usd(units int64) money.Money { return money.Of(units*money.Scale, "USD") }

func noLink(refund.Refund) (href, note string) { return "", "" }

func TestLifeHasWhatHappened(t *testing.T) {
	credited := usd(4)
	a := desk.Activity{
		Since:     now.AddDate(0, -6, 0),
		Purchases: []desk.ActivityPurchase{{PackageID: "p1", Paid: usd(10), At: now.AddDate(0, 0, -9)}},
		Usage:     []desk.ActivityUsage{{Day: now.AddDate(0, 0, -8), Cost: usd(6)}},
		Refunds:   []refund.Refund{{ID: "r1", State: refund.Credited, Quote: refund.Quote{Amount: usd(5)}, Amount: &credited, CreatedAt: now}},
	}
	root := drawn(t, Life(view(t, "en"), "Life", a, func(r refund.Refund) (href, note string) { return "/to/" + r.ID, "the one" }))
	for _, want := range []string{"$10.00 · p1", "$6.00 used in the week", "$4.00 · Credited · the one"} {
		if !strings.Contains(root.Text(), want) {
			t.Errorf("%q is missing in %s", want, root.Text())
		}
	}
	if root.Find(`a[href="/to/r1"]`) == nil {
		t.Error("the refund's mark leads nowhere")
	}
	if n := len(root.All("circle.mark")); n != 3 {
		t.Errorf("%d marks", n)
	}
}

func TestALongLifeIsDrawnByWeeks(t *testing.T) {
	since := now.AddDate(0, 0, -70)
	for _, c := range []struct{ purchases, marks int }{{60, 60}, {61, 10}, {400, 10}} {
		a := desk.Activity{Since: since}
		for n := range c.purchases {
			at := since.Add(time.Duration(n) * 70 * 24 * time.Hour / time.Duration(c.purchases))
			a.Purchases = append(a.Purchases, desk.ActivityPurchase{PackageID: fmt.Sprint("p", n), Paid: usd(1), At: at})
			a.Refunds = append(a.Refunds, refund.Refund{State: refund.InReview, Quote: refund.Quote{Amount: usd(1)}, CreatedAt: at})
		}
		root := drawn(t, Life(view(t, "en"), "Life", a, noLink))
		if n := len(root.All("circle.mark")); n != 2*c.marks {
			t.Errorf("%d purchases and refunds: %d marks", c.purchases, n)
		}
		if c.marks < c.purchases && !strings.Contains(root.Text(), fmt.Sprintf("Purchases of the week: %d", (c.purchases+9)/10)) {
			t.Errorf("the week's purchases are not counted: %s", root.Text())
		}
	}
}

func TestCurrenciesAreNotAddedUp(t *testing.T) {
	a := desk.Activity{Since: now.AddDate(0, 0, -7), Usage: []desk.ActivityUsage{
		{Day: now.AddDate(0, 0, -3), Cost: usd(6)}, {Day: now.AddDate(0, 0, -2), Cost: money.Of(9*money.Scale, "EUR")}, {Day: now.AddDate(0, 0, -1), Cost: usd(1)},
	}}
	text := drawn(t, Life(view(t, "en"), "Life", a, noLink)).Text()
	for _, want := range []string{"$7.00", "€9.00"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in %s", want, text)
		}
	}
}
