package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"refunddesk/internal/money"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// household is some accounts that may share contacts, and all they ever did, remembered
// beside the database to be counted once more by hand.
type household struct {
	*Bundle
	rt       *rapid.T
	name     string
	accounts []*refund.Account
	packages []refund.Package
	usage    map[string][]taken // by package
	refunds  []string
}

type taken struct {
	micros int64
	at     time.Time
}

// factsOracle lets households do at random what people do and holds the facts of each of
// their refunds against a naive count.
func factsOracle(t *testing.T, open Opener) {
	b := New(t, open)
	households := 0
	rapid.Check(t, func(rt *rapid.T) {
		households++
		h := &household{Bundle: b, rt: rt, name: fmt.Sprint("h", households), usage: map[string][]taken{}}
		h.moveIn()
		for range rapid.IntRange(5, 40).Draw(rt, "steps") {
			h.act()
		}
		for _, id := range h.refunds {
			got, _, err := b.Facts(b.Ctx, id)
			require.NoError(t, err)
			if want := h.count(id); !sameHistory(got, want) {
				rt.Fatalf("facts of %s:\n got %+v\nwant %+v", id, got, want)
			}
		}
	})
}

func sameHistory(a, b policy.Facts) bool {
	of := func(f policy.Facts) []int64 {
		return []int64{
			f.Refunds24h, f.Refunds30d, f.Refunds365d, f.Refunded24h, f.Refunded30d, f.Refunded365d, f.Purchases90d, f.Purchased90d,
			f.ReturnedOf90d, f.Usage24h, f.Usage14d, f.RebuyCycles30d, f.Rejections, f.LinkedRejected,
		}
	}
	return len(a.Unknown) == 0 && slices.Equal(of(a), of(b))
}

func (h *household) moveIn() {
	for n := range 3 {
		email := rapid.SampledFrom([]string{"a", "A", "b", "c", "d"}).Draw(h.rt, "email") + h.name + "@e.org"
		shared := func(what string) string {
			if v := rapid.SampledFrom([]string{"", "", "1", "2"}).Draw(h.rt, what); v != "" {
				return h.name + v
			}
			return ""
		}
		id := fmt.Sprintf("%s-%d", h.name, n)
		h.person(id, func(a *refund.Account) {
			a.Email, a.Phone, a.Payer = email, h.written(shared("phone")), shared("payer")
		})
		a, err := h.Store.Account(h.Ctx, id)
		require.NoError(h.T, err)
		h.accounts = append(h.accounts, &a)
	}
}

// written is a number in one of the ways that people write it.
func (h *household) written(number string) string {
	if number == "" {
		return ""
	}
	digits := strings.TrimPrefix(number, "h")
	return fmt.Sprintf(rapid.SampledFrom([]string{"+86 %s", "0086%s", "(00) 86-%s", "86.%s", "+8 6(%s)"}).Draw(h.rt, "written"), digits)
}

// dialled are the digits of a number, without the 00 that is a + written out.
func dialled(phone string) string {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, phone)
	return strings.TrimPrefix(digits, "00")
}

// spans are moments around the edges of the windows.
var spans = []time.Duration{
	0, time.Microsecond, time.Hour, 24*time.Hour - time.Microsecond, 24 * time.Hour, 5 * days, 14 * days, 30*days - time.Microsecond, 30 * days,
	60 * days, 90 * days, 90*days - time.Microsecond, 335 * days,
}

func (h *household) act() {
	switch rapid.IntRange(0, 9).Draw(h.rt, "act") {
	case 0, 1:
		h.Clock.Add(rapid.SampledFrom(spans).Draw(h.rt, "later"))
	case 2, 3, 4:
		h.buy()
	case 5:
		h.use()
	case 6, 7:
		h.file()
	case 8:
		h.settle()
	case 9:
		if a := rapid.SampledFrom(h.accounts).Draw(h.rt, "whose standing"); rapid.IntRange(0, 4).Draw(h.rt, "ends") == 0 {
			changed, _, err := h.SetStanding(h.Ctx, Admin, a.ID, refund.Terminated, "spam")
			require.NoError(h.T, err)
			a.Standing = changed.Standing
		}
	}
}

func (h *household) buy() {
	account := rapid.SampledFrom(h.accounts).Draw(h.rt, "buyer")
	id := fmt.Sprintf("%s-p%d", h.name, len(h.packages))
	h.purchase(account.ID, id, func(p *refund.Package) {
		p.Currency = rapid.SampledFrom([]string{"USD", "USD", "CNY"}).Draw(h.rt, "currency")
		p.Product = rapid.SampledFrom([]string{refund.GlobalSMS, refund.GlobalSMS, "other-product"}).Draw(h.rt, "product")
		p.Face = rapid.Int64Range(10, 1000).Draw(h.rt, "face") * money.Scale
		p.Paid = p.Face
		p.PurchasedAt = h.Clock.Now().Add(-rapid.SampledFrom(spans).Draw(h.rt, "bought before"))
	})
	v, err := h.Package(h.Ctx, id)
	require.NoError(h.T, err)
	h.packages = append(h.packages, v.Package)
}

// free gives a package that nobody asked the money of, or false.
func (h *household) free() (refund.Package, bool) {
	if len(h.packages) == 0 {
		return refund.Package{}, false
	}
	v, err := h.Package(h.Ctx, rapid.SampledFrom(h.packages).Draw(h.rt, "package").ID)
	require.NoError(h.T, err)
	return v.Package, v.Recorded == refund.Active && v.Remaining > money.Scale
}

func (h *household) use() {
	p, ok := h.free()
	if !ok {
		return
	}
	before := rapid.SampledFrom(spans).Draw(h.rt, "used before")
	if h.Clock.Now().Add(-before).Before(p.PurchasedAt) {
		return
	}
	h.used(p.ID, 1, before)
	h.usage[p.ID] = append(h.usage[p.ID], taken{money.Scale, h.Clock.Now().Add(-before)})
}

func (h *household) file() {
	p, ok := h.free()
	if !ok || h.account(p.AccountID).Standing == refund.Terminated {
		return
	}
	h.refunds = append(h.refunds, h.request(p.AccountID, p.ID))
}

func (h *household) account(id string) *refund.Account {
	return h.accounts[slices.IndexFunc(h.accounts, func(a *refund.Account) bool { return a.ID == id })]
}

// settle takes a request that nobody looked at somewhere.
func (h *household) settle() {
	if len(h.refunds) == 0 {
		return
	}
	r, err := h.Refund(h.Ctx, rapid.SampledFrom(h.refunds).Draw(h.rt, "refund"))
	require.NoError(h.T, err)
	if r.State != refund.Submitted || h.account(r.AccountID).Standing == refund.Terminated {
		return
	}
	switch rapid.IntRange(0, 7).Draw(h.rt, "end") {
	case 0:
		h.takenBack(r.ID, r.AccountID)
	case 1:
		h.screened(r.ID, policy.Reject, refund.OutcomeNothingToRefund)
	case 2:
		h.screened(r.ID, policy.Reject, "agreement_violated")
	case 3:
		h.voted(r.ID, review.Reject, "suspected_abuse")
	case 4:
		h.voted(r.ID, review.Approve, review.ReasonProviderFault)
	case 5:
		h.voted(r.ID, review.Approve, "verified_request")
	default:
		h.screened(r.ID, policy.Approve, "")
		h.credited(r.ID)
	}
}

// count is the naive count of the facts of a refund's history.
func (h *household) count(id string) policy.Facts {
	now := h.Clock.Now()
	within := func(at time.Time, window time.Duration) bool { return now.Sub(at) < window }
	var all []refund.Refund
	for _, other := range h.refunds {
		r, err := h.Refund(h.Ctx, other)
		require.NoError(h.T, err)
		all = append(all, r)
	}
	packages := map[string]refund.Package{}
	for _, p := range h.packages {
		packages[p.ID] = p
	}
	this := all[slices.Index(h.refunds, id)]
	own := packages[this.PackageID]
	var f policy.Facts
	var ofProduct []refund.Refund
	for _, r := range all {
		if r.AccountID != this.AccountID {
			continue
		}
		if isRejected(r) {
			f.Rejections++
		}
		if r.State == refund.Rejected || r.State == refund.Withdrawn || r.ProviderFault {
			continue
		}
		itself, p := r.ID == id, packages[r.PackageID]
		value := r.Quote.Amount.Micros
		if r.Approved != nil {
			value = r.Approved.Micros
		}
		if r.Amount != nil {
			value = r.Amount.Micros
		}
		if p.Currency != own.Currency {
			value = 0
		}
		for _, w := range []struct {
			window time.Duration
			n, sum *int64
		}{{24 * hour, &f.Refunds24h, &f.Refunded24h}, {30 * days, &f.Refunds30d, &f.Refunded30d}, {365 * days, &f.Refunds365d, &f.Refunded365d}} {
			if itself || within(r.CreatedAt, w.window) {
				*w.n++
				*w.sum += value
			}
		}
		if within(p.PurchasedAt, 90*days) {
			f.ReturnedOf90d += value
		}
		if p.Product == own.Product && (itself || within(r.CreatedAt, 30*days)) {
			ofProduct = append(ofProduct, r)
		}
	}
	for n, r := range ofProduct { // in the order in which they were filed
		for _, p := range h.packages {
			next := n + 1
			if p.AccountID == r.AccountID && p.Product == own.Product && p.PurchasedAt.After(r.CreatedAt) &&
				(next == len(ofProduct) || !p.PurchasedAt.After(ofProduct[next].CreatedAt)) {
				f.RebuyCycles30d++
				break
			}
		}
	}
	for _, p := range h.packages {
		if p.AccountID == this.AccountID && p.Currency == own.Currency && within(p.PurchasedAt, 90*days) {
			f.Purchases90d++
			f.Purchased90d += p.Paid
		}
	}
	for _, u := range h.usage[own.ID] {
		if within(u.at, 24*hour) {
			f.Usage24h += u.micros
		}
		if within(u.at, 14*days) {
			f.Usage14d += u.micros
		}
	}
	f.LinkedRejected = h.linkedRejected(h.account(this.AccountID), all)
	return f
}

func isRejected(r refund.Refund) bool {
	return r.State == refund.Rejected && r.Outcome != refund.OutcomeNothingToRefund
}

func (h *household) linkedRejected(mine *refund.Account, all []refund.Refund) (n int64) {
	for _, a := range h.accounts {
		shares := strings.EqualFold(a.Email, mine.Email) || (a.Phone != "" && dialled(a.Phone) == dialled(mine.Phone)) || (a.Payer != "" && a.Payer == mine.Payer)
		if a.ID == mine.ID || !shares {
			continue
		}
		if a.Standing == refund.Terminated || slices.ContainsFunc(all, func(r refund.Refund) bool { return r.AccountID == a.ID && isRejected(r) }) {
			n++
		}
	}
	return n
}
