package refund_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"refunddesk/internal/fault"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(d time.Duration) *time.Time { t := noon.Add(d); return &t }

func pack(paid, face, remaining int64) refund.Package {
	return refund.Package{
		ID: "p", AccountID: "acct", Currency: "USD", Recorded: refund.Active, Dispute: refund.NoDispute,
		Paid: paid * money.Scale, Face: face * money.Scale, Remaining: remaining * money.Scale, PurchasedAt: noon.Add(-time.Hour),
	}
}

func with(p refund.Package, change func(*refund.Package)) refund.Package {
	change(&p)
	return p
}

// The edges of DESIGN section 1, each by its rule.
func TestWhoMayFile(t *testing.T) {
	fresh := pack(100, 100, 100)
	for rule, tc := range map[string]struct {
		standing refund.Standing
		pkg      refund.Package
		want     *fault.Error
	}{
		"rule 1: at any time":                               {refund.Good, fresh, nil},
		"rule 2: unused":                                    {refund.Good, fresh, nil},
		"rule 2: used":                                      {refund.Good, pack(100, 100, 1), nil},
		"used to the last micro":                            {refund.Good, pack(100, 100, 0), refund.ErrNothingToRefund},
		"one micro left":                                    {refund.Good, with(fresh, func(p *refund.Package) { p.Remaining = 1 }), nil},
		"gifted whole: nothing was paid":                    {refund.Good, pack(0, 100, 100), refund.ErrNothingToRefund},
		"only gift is left":                                 {refund.Good, pack(80, 100, 20), refund.ErrNothingToRefund},
		"a micro more than the gift is left":                {refund.Good, with(pack(80, 100, 20), func(p *refund.Package) { p.Remaining++ }), nil},
		"rule 4: suspended, unused":                         {refund.Suspended, fresh, refund.ErrSuspended},
		"rule 4: suspended, used":                           {refund.Suspended, pack(100, 100, 50), refund.ErrSuspended},
		"rule 4: terminated, unused":                        {refund.Terminated, fresh, refund.ErrTerminated},
		"rule 4: terminated, used":                          {refund.Terminated, pack(100, 100, 50), refund.ErrTerminated},
		"a standing nobody knows grants nothing":            {"?", fresh, refund.ErrTerminated},
		"one open refund a package":                         {refund.Good, with(fresh, func(p *refund.Package) { p.Recorded, p.FrozenAt = refund.Frozen, at(0) }), refund.ErrRefundOpen},
		"a refund ends the package":                         {refund.Good, with(pack(100, 100, 0), func(p *refund.Package) { p.Recorded = refund.Refunded }), refund.ErrPackageRefunded},
		"expired a moment ago":                              {refund.Good, with(fresh, func(p *refund.Package) { p.ExpiresAt = at(0) }), refund.ErrPackageExpired},
		"expires in a moment":                               {refund.Good, with(fresh, func(p *refund.Package) { p.ExpiresAt = at(1) }), nil},
		"expired and frozen: the open refund is the answer": {refund.Good, with(fresh, func(p *refund.Package) { p.Recorded, p.FrozenAt, p.ExpiresAt = refund.Frozen, at(-2), at(-1) }), refund.ErrRefundOpen},
		"an open dispute waits, it does not refuse":         {refund.Good, with(fresh, func(p *refund.Package) { p.Dispute = refund.DisputeOpen }), nil},
		"a lost dispute is rejected on the record":          {refund.Good, with(fresh, func(p *refund.Package) { p.Dispute = refund.DisputeLost }), nil},
		"standing comes before the package":                 {refund.Suspended, with(fresh, func(p *refund.Package) { p.Recorded = refund.Refunded }), refund.ErrSuspended},
	} {
		t.Run(rule, func(t *testing.T) {
			assert.Equal(t, tc.want, refund.MayFile(tc.standing, tc.pkg, noon))
			got := refund.Check(tc.standing, tc.pkg, noon)
			switch {
			case tc.want != nil:
				assert.Equal(t, refund.Eligibility{Reason: tc.want.Code}, got)
			case tc.pkg.Dispute == refund.DisputeLost:
				assert.Equal(t, refund.Eligibility{Reason: "dispute-lost"}, got, "it would bring no money back")
			default:
				assert.Equal(t, refund.Eligibility{Eligible: true}, got)
			}
		})
	}
}

func TestStatus(t *testing.T) {
	fresh := pack(100, 100, 100)
	for name, tc := range map[string]struct {
		pkg  refund.Package
		want refund.PackageStatus
	}{
		"fresh":                  {fresh, refund.Active},
		"used up":                {pack(100, 100, 0), refund.Exhausted},
		"expired":                {with(fresh, func(p *refund.Package) { p.ExpiresAt = at(-1) }), refund.Expired},
		"expired and used up":    {with(pack(100, 100, 0), func(p *refund.Package) { p.ExpiresAt = at(-1) }), refund.Expired},
		"frozen":                 {with(fresh, func(p *refund.Package) { p.Recorded, p.FrozenAt = refund.Frozen, at(-1) }), refund.Frozen},
		"frozen past its expiry": {with(fresh, func(p *refund.Package) { p.Recorded, p.FrozenAt, p.ExpiresAt = refund.Frozen, at(-2), at(-1) }), refund.Frozen},
		"refunded":               {with(pack(100, 100, 0), func(p *refund.Package) { p.Recorded, p.ExpiresAt = refund.Refunded, at(-1) }), refund.Refunded},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tc.want, tc.pkg.Status(noon)) })
	}
}

func TestTheExpiryClockStandsStillWhileFrozen(t *testing.T) {
	assert.False(t, pack(1, 1, 1).ExpiredAt(noon.AddDate(1000, 0, 0)), "no expiry, never")
	p := with(pack(1, 1, 1), func(p *refund.Package) { p.ExpiresAt = at(time.Hour) })
	assert.False(t, p.ExpiredAt(noon.Add(time.Hour-1)))
	assert.True(t, p.ExpiredAt(noon.Add(time.Hour)), "at its time it is over")
	p.FrozenAt = at(0)
	assert.False(t, p.ExpiredAt(noon.Add(48*time.Hour)))
	p.FrozenAt = at(time.Hour)
	assert.True(t, p.ExpiredAt(noon), "frozen when it had expired")
}

// A freeze gives back exactly the time that ran meanwhile.
func TestThawedExpiryGivesTheTimeBack(t *testing.T) {
	assert.Nil(t, pack(1, 1, 1).ThawedExpiry(noon))
	rapid.Check(t, func(t *rapid.T) {
		left := time.Duration(rapid.Int64Range(-1e15, 1e15).Draw(t, "left when frozen"))
		froze := time.Duration(rapid.Int64Range(0, 1e15).Draw(t, "frozen for"))
		p := pack(1, 1, 1)
		p.Recorded, p.FrozenAt, p.ExpiresAt = refund.Frozen, at(0), at(left)
		thaw := noon.Add(froze)
		later := p.ThawedExpiry(thaw)
		if got := later.Sub(thaw); got != left {
			t.Fatalf("%v were left at the freeze, %v after it", left, got)
		}
		before := p.ExpiredAt(thaw)
		p.Recorded, p.FrozenAt, p.ExpiresAt = refund.Active, nil, later
		if p.ExpiredAt(thaw) != before {
			t.Fatal("the thaw itself expired or revived the package")
		}
	})
	p := with(pack(1, 1, 1), func(p *refund.Package) { p.ExpiresAt, p.FrozenAt = at(time.Hour), at(time.Minute) })
	assert.Equal(t, at(time.Hour), p.ThawedExpiry(noon), "a clock that went back takes nothing")
}

func TestTakesUsage(t *testing.T) {
	const drain = time.Hour
	fresh := pack(10, 10, 10)
	frozen := with(fresh, func(p *refund.Package) { p.Recorded, p.FrozenAt = refund.Frozen, at(0) })
	for name, tc := range map[string]struct {
		pkg           refund.Package
		cost          int64
		occurred, now time.Duration
		drain         time.Duration
		want          *fault.Error
	}{
		"active":                                   {pkg: fresh, cost: 1},
		"all that is left":                         {pkg: fresh, cost: 10 * money.Scale},
		"a micro more":                             {pkg: fresh, cost: 10*money.Scale + 1, want: refund.ErrInsufficientBalance},
		"exhausted":                                {pkg: pack(10, 10, 0), cost: 1, want: refund.ErrInsufficientBalance},
		"refunded":                                 {pkg: with(pack(10, 10, 0), func(p *refund.Package) { p.Recorded = refund.Refunded }), cost: 1, want: refund.ErrPackageClosed},
		"expired":                                  {pkg: with(fresh, func(p *refund.Package) { p.ExpiresAt = at(0) }), cost: 1, want: refund.ErrPackageClosed},
		"frozen, no drain":                         {pkg: frozen, cost: 1, occurred: -1, now: 1, want: refund.ErrPackageFrozen},
		"frozen, happened before, window open":     {pkg: frozen, cost: 1, occurred: -1, now: 1, drain: drain},
		"frozen, happened at the freeze":           {pkg: frozen, cost: 1, occurred: 0, now: 1, drain: drain, want: refund.ErrPackageFrozen},
		"frozen, happened after":                   {pkg: frozen, cost: 1, occurred: 1, now: 2, drain: drain, want: refund.ErrPackageFrozen},
		"frozen, last moment of the window":        {pkg: frozen, cost: 1, occurred: -1, now: drain - 1, drain: drain},
		"frozen, window closed":                    {pkg: frozen, cost: 1, occurred: -1, now: drain, drain: drain, want: refund.ErrPackageFrozen},
		"frozen, in the window, more than is left": {pkg: frozen, cost: 11 * money.Scale, occurred: -1, now: 1, drain: drain, want: refund.ErrInsufficientBalance},
		"frozen without a time takes nothing":      {pkg: with(frozen, func(p *refund.Package) { p.FrozenAt = nil }), cost: 1, occurred: -1, drain: drain, want: refund.ErrPackageFrozen},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.want, tc.pkg.TakesUsage(tc.cost, noon.Add(tc.occurred), noon.Add(tc.now), tc.drain))
		})
	}
}

func TestQuote(t *testing.T) {
	for rule, tc := range map[string]struct {
		paid, face, remaining int64
		amount, gift          int64
		used                  bool
	}{
		"unused: the full purchase amount":         {100, 100, 100, 100, 0, false},
		"used: the remaining balance":              {100, 100, 70, 70, 0, true},
		"discounted, unused: the price":            {80, 100, 100, 80, 20, false},
		"discounted, used: what is left less gift": {80, 100, 50, 30, 20, true},
		"discounted, the gift alone is left":       {80, 100, 20, 0, 20, true},
		"discounted, part of the gift is left":     {80, 100, 5, 0, 5, true},
		"gifted whole":                             {0, 100, 100, 0, 100, false},
		"used up":                                  {100, 100, 0, 0, 0, true},
	} {
		t.Run(rule, func(t *testing.T) {
			q := pack(tc.paid, tc.face, tc.remaining).Quote()
			usd := func(n int64) money.Money { return money.Units(n, "USD") }
			assert.Equal(t, refund.Quote{
				Amount: usd(tc.amount), Paid: usd(tc.paid), Face: usd(tc.face), Remaining: usd(tc.remaining),
				Consumed: usd(tc.face - tc.remaining), Gift: usd(tc.gift), Used: tc.used,
			}, q)
		})
	}
}

func TestQuoteNeverPaysOutAGift(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		face := rapid.Int64Range(1, 1e18).Draw(t, "face")
		paid := rapid.Int64Range(0, face).Draw(t, "paid")
		remaining := rapid.Int64Range(0, face).Draw(t, "remaining")
		p := refund.Package{Currency: "USD", Paid: paid, Face: face, Remaining: remaining}
		q := p.Quote()
		switch {
		case q.Amount.Micros < 0 || q.Amount.Micros > paid:
			t.Fatalf("%v of %d paid", q.Amount, paid)
		case q.Amount.Micros > remaining:
			t.Fatalf("%v of %d left", q.Amount, remaining)
		case q.Gift.Micros < 0 || q.Amount.Micros+q.Gift.Micros != remaining:
			t.Fatalf("%v and %v of %d left", q.Amount, q.Gift, remaining)
		case q.Consumed.Micros+q.Remaining.Micros != face:
			t.Fatalf("%v and %v of %d", q.Consumed, q.Remaining, face)
		case remaining == face && q.Amount.Micros != paid:
			t.Fatalf("unused returns %v of %d", q.Amount, paid)
		case face == paid && q.Amount.Micros != remaining:
			t.Fatalf("without a gift %v of %d left", q.Amount, remaining)
		}
		p.Remaining = rapid.Int64Range(0, remaining).Draw(t, "later")
		if p.Quote().Amount.Micros > q.Amount.Micros {
			t.Fatal("using it made it worth more")
		}
	})
}
