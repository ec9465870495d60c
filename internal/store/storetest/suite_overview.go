package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/money"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

const day = 24 * time.Hour

func activity(t *testing.T, open Opener) {
	b := New(t, open)
	b.person("bo", nil)
	begin := b.Clock.Now() // 12:00 UTC
	b.purchase("bo", "old", func(p *refund.Package) { p.PurchasedAt = begin.Add(-10 * day) })
	b.purchase("bo", "p", func(p *refund.Package) { p.PurchasedAt = begin.Add(-2 * day) })
	b.purchase("bo", "e", func(p *refund.Package) { p.Currency, p.Name, p.PurchasedAt = "EUR", "Euro", begin.Add(-day) })
	b.purchase("acct", "hers", func(p *refund.Package) { p.PurchasedAt = begin.Add(-day) })
	b.used("p", 1, 13*hour) // 23:00 of the day before
	b.used("p", 2, 12*hour) // 00:00 of the day
	b.used("p", 3, time.Hour)
	b.used("old", 4, 2*time.Hour)
	b.used("old", 5, 5*day) // before
	b.used("e", 6, time.Hour)
	b.used("hers", 7, time.Hour)
	first := b.request("bo", "old")
	b.Clock.Add(hour)
	second := b.request("bo", "p")
	b.asked("acct", "another")

	a, err := b.Activity(b.Ctx, "bo", begin.Add(-3*day))
	require.NoError(t, err)
	assert.Equal(t, begin.Add(-3*day), a.Since)
	usd100 := money.Of(100*money.Scale, "USD")
	assert.Equal(t, []desk.ActivityPurchase{
		{PackageID: "p", Name: "Global SMS", Paid: usd100, At: begin.Add(-2 * day)},
		{PackageID: "e", Name: "Euro", Paid: money.Of(100*money.Scale, "EUR"), At: begin.Add(-day)},
	}, a.Purchases)
	midnight := begin.Truncate(day)
	assert.Equal(t, []desk.ActivityUsage{
		{Day: midnight.Add(-day), Cost: money.Of(1*money.Scale, "USD")},
		{Day: midnight, Cost: money.Of(6*money.Scale, "EUR")},
		{Day: midnight, Cost: money.Of(9*money.Scale, "USD")},
	}, a.Usage)
	require.Len(t, a.Refunds, 2)
	assert.Equal(t, []string{first, second}, []string{a.Refunds[0].ID, a.Refunds[1].ID})

	none, err := b.Activity(b.Ctx, "bo", begin.Add(day))
	require.NoError(t, err)
	assert.Empty(t, none.Purchases)
	assert.Empty(t, none.Usage)
	assert.Empty(t, none.Refunds)
}

// overviewOf is the overview with its days as "1 filed, …" would be too long to read: of
// each day filed, credited, rejected, withdrawn.
func (b *Bundle) overviewOf(since, until time.Time, zone *time.Location) (desk.Overview, [][4]int64) {
	b.T.Helper()
	o, err := b.Overview(b.Ctx, since, until, zone)
	require.NoError(b.T, err)
	var days [][4]int64
	for _, d := range o.Days {
		days = append(days, [4]int64{d.Filed, d.Credited, d.Rejected, d.Withdrew})
	}
	return o, days
}

func overview(t *testing.T, open Opener) {
	b := NewWith(t, open, 0)
	b.person("bo", nil)
	begin := b.Clock.Now()
	midnight := begin.Truncate(day)

	cheap := b.asked("bo", "p1")
	b.purchase("bo", "p2", func(p *refund.Package) { p.Currency, p.PurchasedAt = "EUR", begin.Add(-day) })
	b.used("p2", 30, time.Hour)
	euro := b.request("bo", "p2")
	rejected, _ := b.flaggedBy("bo", "p3", "fast")
	slow, _ := b.flaggedBy("bo", "p4", "fast")
	gone := b.asked("bo", "p5")
	b.asked("bo", "p6") // stays
	b.screened(cheap, policy.Approve, "")
	b.screened(euro, policy.Approve, "")
	b.Clock.Add(11*hour + 59*time.Minute + 59*time.Second) // the last second of the day
	b.credited(cheap)
	b.votes(rejected, review.Reject, "unverified")
	b.Clock.Add(time.Second) // midnight
	b.credited(euro)
	b.takenBack(gone, "bo")
	b.Clock.Add(2 * day)
	b.votes(slow, review.Approve, "verified_request")
	b.credited(slow)
	b.asked("bo", "p7")
	now := b.Clock.Now()

	o, days := b.overviewOf(begin, now.Add(time.Second), time.UTC)
	assert.Equal(t, midnight, o.Since, "the first day is whole")
	assert.Equal(t, now.Add(time.Second), o.Until)
	assert.Equal(t, [][4]int64{{6, 1, 1, 0}, {0, 1, 0, 1}, {0, 0, 0, 0}, {1, 1, 0, 0}}, days)
	for i, d := range o.Days {
		assert.True(t, d.Day.Equal(midnight.AddDate(0, 0, i)))
	}
	usd, euros := money.Units(100, "USD"), money.Units(70, "EUR")
	type byOutcome = map[refund.State][]money.Money
	assert.Equal(t, byOutcome{refund.Credited: {usd}, refund.Rejected: {usd}}, o.Days[0].Money, "what was rejected has its money too")
	assert.Equal(t, byOutcome{refund.Credited: {euros}, refund.Withdrawn: {usd}}, o.Days[1].Money)
	assert.Empty(t, o.Days[2].Money)
	assert.Equal(t, byOutcome{refund.Credited: {usd}}, o.Days[3].Money)
	quick, long := 12*hour-time.Second, 12*hour+2*day
	assert.Equal(t, desk.Spread{Count: 1, Median: quick, P90: quick}, o.Days[0].Decision)
	assert.Zero(t, o.Days[1].Decision, "nobody decided what was withdrawn or credited by itself")
	assert.Equal(t, desk.Spread{Count: 1, Median: long, P90: long}, o.Days[3].Decision)
	assert.Equal(t, midnight, o.Figures.Since)
	assert.NotEmpty(t, o.Figures.Rules)

	_, days = b.overviewOf(begin, now, time.UTC)
	assert.Equal(t, [][4]int64{{6, 1, 1, 0}, {0, 1, 0, 1}, {0, 0, 0, 0}}, days, "until is without")

	// In Shanghai it is eight hours later: what was at UTC midnight is of the same day as what was a second before.
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	require.NoError(t, err)
	o, days = b.overviewOf(begin, now.Add(time.Second), shanghai)
	assert.Equal(t, [][4]int64{{6, 0, 0, 0}, {0, 2, 1, 1}, {0, 0, 0, 0}, {1, 1, 0, 0}}, days)
	assert.Equal(t, midnight.Add(-8*hour), o.Since)
	assert.Equal(t, byOutcome{refund.Credited: {euros, usd}, refund.Rejected: {usd}, refund.Withdrawn: {usd}}, o.Days[1].Money, "one of each currency")
}

func overviewZones(t *testing.T, open Opener) {
	b := New(t, open)
	for _, c := range []struct {
		zone         string
		since, until string // UTC
		want         []string
	}{
		{"Europe/Berlin", "2026-03-28T12:00", "2026-03-30T12:00", []string{"2026-03-27T23:00", "2026-03-28T23:00", "2026-03-29T22:00"}}, // 23 hours
		{"Europe/Berlin", "2026-10-24T12:00", "2026-10-26T12:00", []string{"2026-10-23T22:00", "2026-10-24T22:00", "2026-10-25T23:00"}}, // 25 hours
		{"America/Sao_Paulo", "2018-11-03T12:00", "2018-11-05T01:00", []string{"2018-11-03T03:00", "2018-11-04T03:00"}},                 // no midnight
		{"America/Havana", "2025-11-01T12:00", "2025-11-03T04:00", []string{"2025-11-01T04:00", "2025-11-02T04:00"}},                    // two midnights
		{"Pacific/Apia", "2011-12-29T12:00", "2011-12-31T12:00", []string{"2011-12-29T10:00", "2011-12-30T10:00", "2011-12-31T10:00"}},  // no 30 December
		{"Asia/Kathmandu", "2026-01-01T00:00", "2026-01-02T00:00", []string{"2025-12-31T18:15", "2026-01-01T18:15"}},                    // a quarter
		{"Pacific/Kiritimati", "2026-01-01T10:00", "2026-01-01T10:00:01", []string{"2026-01-01T10:00"}},                                 // begins with its day
		{"Pacific/Kiritimati", "2026-01-01T09:59:59", "2026-01-01T10:00:01", []string{"2025-12-31T10:00", "2026-01-01T10:00"}},          // a second before
		{"UTC", "2024-02-28T00:00", "2024-03-01T00:00", []string{"2024-02-28T00:00", "2024-02-29T00:00"}},                               // a leap day
		{"America/St_Johns", "2010-11-06T12:00", "2010-11-08T03:30", []string{"2010-11-06T02:30", "2010-11-07T02:30"}},                  // midnight, and a minute later back to 23:01
	} {
		zone, err := time.LoadLocation(c.zone)
		require.NoError(t, err)
		o, err := b.Overview(b.Ctx, moment(t, c.since), moment(t, c.until), zone)
		require.NoError(t, err)
		var got []string
		for _, d := range o.Days {
			got = append(got, d.Day.UTC().Format("2006-01-02T15:04"))
		}
		assert.Equal(t, c.want, got, "%s from %s", c.zone, c.since)
	}
	// Days without anything have no zone's trouble: all of a long time.
	o, err := b.Overview(b.Ctx, moment(t, "2025-01-01T00:00"), moment(t, "2026-02-05T00:00"), time.UTC)
	require.NoError(t, err)
	assert.Len(t, o.Days, 400)
}

func moment(t *testing.T, text string) time.Time {
	t.Helper()
	layout := "2006-01-02T15:04:05"
	at, err := time.Parse(layout[:len(text)], text)
	require.NoError(t, err)
	return at
}
