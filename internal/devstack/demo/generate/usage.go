package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"refunddesk/internal/desk"
	"refunddesk/internal/money"
)

// campaign is one row of usage: messages that went to one country.
type campaign struct {
	desk.UsageRecord
	country  string
	messages int64
}

// text is what a campaign sends, by its length.
type text struct {
	characters int64
	gsm        bool
}

var texts = []text{{48, true}, {118, true}, {160, true}, {204, true}, {310, true}, {36, false}, {70, false}, {71, false}, {140, false}}

// evenly are the destinations whose price divides every package's size.
var evenly = []string{"AU", "CL"}

func campaigns(prices []destination, all []purchase) []campaign {
	draw := rand.New(rand.NewPCG(2025, 1123))
	var list []campaign
	for _, p := range all {
		list = append(list, use(draw, prices, p)...)
	}
	slices.SortStableFunc(list, func(a, b campaign) int { return a.OccurredAt.Compare(b.OccurredAt) })
	for i := range list {
		list[i].ID = fmt.Sprintf("use_%05d", i+1)
	}
	return list
}

// use spends the package's share on some campaigns. A package used to the last micro ends
// with the campaign that fits exactly.
func use(draw *rand.Rand, prices []destination, p purchase) []campaign {
	if p.usedPercent == 0 {
		return nil
	}
	places := prices
	if p.usedPercent == 100 {
		places = nil
		for _, d := range prices {
			if slices.Contains(evenly, d.iso) {
				places = append(places, d)
			}
		}
	}
	count := 3 + draw.Int64N(6)
	budget := p.Face / 100 * p.usedPercent
	left := budget
	times := moments(draw, p, int(count))
	var list []campaign
	add := func(d destination, n int64) {
		cost := n * d.priceIn(p.Currency)
		left -= cost
		list = append(list, campaign{
			UsageRecord: desk.UsageRecord{PackageID: p.ID, Cost: cost, Currency: p.Currency, OccurredAt: times[len(list)]},
			country:     d.iso, messages: n,
		})
	}
	for range count - 1 {
		d, t := places[draw.IntN(len(places))], texts[draw.IntN(len(texts))]
		each := d.priceIn(p.Currency) * messages(t.characters, t.gsm)
		people := budget / count / each * (60 + draw.Int64N(40)) / 100
		if people > 0 {
			add(d, people*messages(t.characters, t.gsm))
		}
	}
	d := places[draw.IntN(len(places))]
	if n := left / d.priceIn(p.Currency); n > 0 {
		add(d, n)
	}
	return list
}

// moments are times within the package's life, in order.
func moments(draw *rand.Rand, p purchase, n int) []time.Time {
	end := lastUsage
	if p.ExpiresAt != nil && p.ExpiresAt.Before(end) {
		end = *p.ExpiresAt
	}
	seconds := int64(end.Sub(p.PurchasedAt) / time.Second)
	list := make([]time.Time, n)
	for i := range list {
		list[i] = p.PurchasedAt.Add(time.Duration(1+draw.Int64N(seconds-1)) * time.Second)
	}
	slices.SortFunc(list, time.Time.Compare)
	return list
}

// export is the three files by name.
func export(prices []destination) map[string][]byte {
	people := accounts()
	bought := purchases(people)
	var a, p, u strings.Builder
	a.WriteString("id,name,email,phone,payer,locale,standing,standing_reason,registered_at\n")
	for _, r := range people {
		row(&a, r.ID, r.Name, r.Email, r.Phone, r.Payer, r.Locale, string(r.Standing), r.StandingReason, r.RegisteredAt.Format(time.RFC3339))
	}
	p.WriteString("id,account_id,product,name,currency,paid,face,purchased_at,expires_at,auto_renew,dispute\n")
	for _, r := range bought {
		expires := ""
		if r.ExpiresAt != nil {
			expires = r.ExpiresAt.Format(time.RFC3339)
		}
		row(&p, r.ID, r.AccountID, r.Product, r.Name, r.Currency, decimal(r.Paid), decimal(r.Face),
			r.PurchasedAt.Format(time.RFC3339), expires, fmt.Sprint(r.AutoRenew), string(r.Dispute))
	}
	u.WriteString("id,package_id,cost,occurred_at,country,messages\n")
	for _, r := range campaigns(prices, bought) {
		row(&u, r.ID, r.PackageID, decimal(r.Cost), r.OccurredAt.Format(time.RFC3339), r.country, fmt.Sprint(r.messages))
	}
	return map[string][]byte{"accounts.csv": []byte(a.String()), "packages.csv": []byte(p.String()), "usage.csv": []byte(u.String())}
}

func row(b *strings.Builder, cells ...string) {
	for i, c := range cells {
		if i > 0 {
			b.WriteByte(',')
		}
		if strings.ContainsAny(c, `,"`) {
			c = `"` + strings.ReplaceAll(c, `"`, `""`) + `"`
		}
		b.WriteString(c)
	}
	b.WriteByte('\n')
}

func decimal(micros int64) string { return money.Of(micros, "").Decimal() }
