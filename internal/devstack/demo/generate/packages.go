package main

import (
	"fmt"
	"time"

	"refunddesk/internal/money"
	"refunddesk/internal/refund"
)

// purchase is a package with how much of it was used since.
type purchase struct {
	refund.Package
	usedPercent int64 // of the face; 100 is used to the last micro
}

// day counts from the first day of the export.
func day(n int) time.Time {
	return time.Date(2025, 1, 6, 10, 30, 0, 0, time.UTC).AddDate(0, 0, n)
}

var (
	// lastUsage is when the export was taken.
	lastUsage = time.Date(2026, 11, 20, 18, 0, 0, 0, time.UTC)
	// farAway is when the demo people's packages expire, so that the demo does not rot.
	farAway = time.Date(2045, 1, 1, 0, 0, 0, 0, time.UTC)
)

// example is one package of each demo account.
type example struct {
	name        string
	currency    string
	paid, face  int64 // units
	usedPercent int64
	dispute     refund.Dispute
	expires     time.Time // zero: far away
}

// examples are what there is to try: every rule of a refund has its package.
var examples = []example{
	{name: "unused_1", paid: 10, face: 10},
	{name: "unused_2", paid: 20, face: 20},
	{name: "unused_3", paid: 50, face: 50},
	{name: "unused_4", paid: 100, face: 100},
	{name: "unused_5", paid: 100, face: 100},
	{name: "used_1", paid: 50, face: 50, usedPercent: 40},
	{name: "used_2", paid: 100, face: 100, usedPercent: 65},
	{name: "used_3", paid: 200, face: 200, usedPercent: 25},
	{name: "used_4", paid: 20, face: 20, usedPercent: 90},
	{name: "discount_1", paid: 80, face: 100},
	{name: "discount_2", paid: 160, face: 200, usedPercent: 50},
	{name: "gift_1", paid: 100, face: 120, usedPercent: 30},
	{name: "exhausted_1", paid: 50, face: 50, usedPercent: 100},
	{name: "large_1", paid: 1500, face: 1500, usedPercent: 10}, // above 1,000: a person decides
	{name: "dispute_open_1", paid: 30, face: 30, dispute: refund.DisputeOpen},
	{name: "dispute_lost_1", paid: 30, face: 30, dispute: refund.DisputeLost},
	{name: "expired_1", paid: 40, face: 40, usedPercent: 20, expires: time.Date(2025, 12, 31, 0, 0, 0, 0, time.UTC)},
	{name: "cny_1", currency: "CNY", paid: 300, face: 300},
	{name: "eur_1", currency: "EUR", paid: 50, face: 50, usedPercent: 30},
}

// sizes are what packages cost in each currency, in units. All of them can be used to the
// last micro with messages to the destinations of evenly.
var sizes = map[string][]int64{
	"USD": {20, 50, 100, 200, 500, 1200},
	"CNY": {180, 360, 900, 1800, 3600, 9000},
	"EUR": {45, 90, 180, 450, 900, 1350},
}

func purchases(all []refund.Account) []purchase {
	var list []purchase
	for _, a := range all[:2] {
		prefix := "pkg_demo_"
		if a.ID == "acct_demo2" {
			prefix = "pkg_demo2_"
		}
		for i, e := range examples {
			list = append(list, e.of(a, prefix, i))
		}
	}
	number := 0
	for i, a := range all[2:] {
		count := 4
		if i < 10 {
			count = 5
		}
		for range count {
			list = append(list, ordinary(a, i, number))
			number++
		}
	}
	return list
}

func (e example) of(a refund.Account, prefix string, i int) purchase {
	currency, expires := e.currency, e.expires
	if currency == "" {
		currency = "USD"
	}
	if expires.IsZero() {
		expires = farAway
	}
	p := refund.Package{
		ID: prefix + e.name, AccountID: a.ID, Product: refund.GlobalSMS, Currency: currency,
		Paid: e.paid * money.Scale, Face: e.face * money.Scale, Dispute: e.dispute,
		AutoRenew: e.name == "unused_5" || e.name == "used_2", PurchasedAt: day(20 * i), ExpiresAt: &expires,
	}
	if p.Dispute == "" {
		p.Dispute = refund.NoDispute
	}
	p.Name = nameOf(p, a.Locale)
	return purchase{Package: p, usedPercent: e.usedPercent}
}

// ordinary is a package of one of the other customers; its number decides what is special
// about it, so that every kind comes up several times.
func ordinary(a refund.Account, customer, number int) purchase {
	currency := "USD"
	switch {
	case a.Locale == refund.SimplifiedChinese:
		currency = "CNY"
	case customer%2 == 1:
		currency = "EUR"
	}
	face := sizes[currency][number*5%6]
	bought := day(number * 173 % 560)
	expires := bought.AddDate(10, 0, 0)
	p := purchase{
		Package: refund.Package{
			ID: fmt.Sprintf("pkg_%d", 1001+number), AccountID: a.ID, Product: refund.GlobalSMS, Currency: currency,
			Paid: face * money.Scale, Face: face * money.Scale, Dispute: refund.NoDispute,
			AutoRenew: number%4 == 0, PurchasedAt: bought, ExpiresAt: &expires,
		},
		usedPercent: int64(number) * 37 % 96,
	}
	switch number % 13 {
	case 1, 7:
		p.usedPercent = 0
	case 3:
		p.Paid = p.Face * 85 / 100 // sold at a discount
	case 5:
		p.Face = p.Face * 110 / 100 // a tenth on top for free
	case 8, 11:
		p.usedPercent = 100
	case 9:
		p.PurchasedAt = day(number * 7 % 240)
		expires = p.PurchasedAt.AddDate(1, 0, 0)
	case 10:
		p.ExpiresAt = nil
	case 12:
		p.Dispute = []refund.Dispute{refund.DisputeOpen, refund.DisputeLost, refund.DisputeWon}[number/13%3]
	}
	if number%41 == 20 {
		p.Paid = 0 // given away
	}
	p.Name = nameOf(p.Package, a.Locale)
	return p
}

// nameOf is what the shop called the package.
func nameOf(p refund.Package, locale string) string {
	units := func(micros int64) string { return fmt.Sprintf("%d", micros/money.Scale) }
	chinese := locale == refund.SimplifiedChinese
	var name string
	if chinese {
		name = fmt.Sprintf("国际短信套餐包 %s %s", units(p.Face), p.Currency)
	} else {
		name = fmt.Sprintf("Global SMS %s %s", units(p.Face), p.Currency)
	}
	switch {
	case p.Paid == 0 && chinese:
		name += "（赠送）"
	case p.Paid == 0:
		name += " (gift)"
	case p.Paid < p.Face && chinese:
		name += "（优惠）"
	case p.Paid < p.Face:
		name += " (special offer)"
	}
	return name
}
