package storetest

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/money"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/internal/store"
)

// factTests are of what a request is judged on.
var factTests = map[string]func(*testing.T, Opener){
	"facts of a first request":                             factsOfOne,
	"facts: parallel filings see each other":               factsParallel,
	"facts: which refunds count":                           factsCounted,
	"facts: the value of a refund":                         factsValue,
	"facts: currencies":                                    factsCurrencies,
	"facts: windows at their edges":                        factsWindows,
	"facts: purchases and what went back":                  factsPurchases,
	"facts: usage":                                         factsUsage,
	"facts: buying again":                                  factsRebuy,
	"facts: rejections":                                    factsRejections,
	"facts: linked accounts":                               factsLinked,
	"facts: a changed contact":                             factsContact,
	"facts: an appeal, standing and dispute":               factsSubject,
	"facts that cannot be worked out are unknown":          factsUnknown,
	"facts of nothing":                                     factsOfNothing,
	"facts of random histories are those of a naive count": factsOracle,
}

const usd = "USD"

const (
	hour = time.Hour
	days = 24 * time.Hour
)

func factsOfOne(t *testing.T, open Opener) {
	b := New(t, open)
	b.person("bo", nil)
	b.purchase("bo", "p", func(p *refund.Package) { p.Paid, p.PurchasedAt = 80*money.Scale, b.Clock.Now().Add(-30*days) })
	b.used("p", 10, hour)
	b.Clock.Add(time.Minute)
	id := b.request("bo", "p")
	facts, version, err := b.Facts(b.Ctx, id)
	require.NoError(t, err)
	assert.Equal(t, "1", version, "the policy that the database began with is in force")
	assert.Equal(t, policy.Facts{
		At: b.Clock.Now(), Amount: money.Units(70, usd), Product: refund.GlobalSMS, Reason: string(refund.NoLongerNeeded),
		Standing: refund.Good, Dispute: refund.NoDispute,
		Refunds24h: 1, Refunds30d: 1, Refunds365d: 1,
		Refunded24h: 70 * money.Scale, Refunded30d: 70 * money.Scale, Refunded365d: 70 * money.Scale,
		Purchases90d: 1, Purchased90d: 80 * money.Scale, ReturnedOf90d: 70 * money.Scale,
		AccountAge: 365*days + time.Minute, PurchaseAge: 30*days + time.Minute,
		Face: 100 * money.Scale, Consumed: 10 * money.Scale, Usage24h: 10 * money.Scale, Usage14d: 10 * money.Scale,
	}, facts, "what has no record is 0")
}

func factsParallel(t *testing.T, open Opener) {
	b := New(t, open)
	b.person("bo", nil)
	var ids []string
	for n := range 4 {
		ids = append(ids, b.asked("bo", fmt.Sprint("p", n)))
	}
	for _, id := range ids {
		f := b.Judge(id)
		assert.EqualValues(t, 4, f.Refunds24h, "whichever is screened first")
		assert.EqualValues(t, 400*money.Scale, f.Refunded24h)
	}
}

func factsCounted(t *testing.T, open Opener) {
	b := New(t, open)
	b.person("other", nil)
	b.asked("other", "theirs")
	for n, c := range []struct {
		what   string
		end    func(id, account string)
		counts bool
	}{
		{"submitted", func(string, string) {}, true},
		{"in review", func(id, _ string) { b.screened(id, policy.Review, "") }, true},
		{"to be credited", func(id, _ string) { b.screened(id, policy.Approve, "") }, true},
		{"credited", func(id, _ string) { b.screened(id, policy.Approve, ""); b.credited(id) }, true},
		{"approved by a person", func(id, _ string) { b.voted(id, review.Approve, "verified_request") }, true},
		{"withdrawn", func(id, account string) { b.takenBack(id, account) }, false},
		{"rejected", func(id, _ string) { b.screened(id, policy.Reject, "agreement_violated") }, false},
		{"the provider's fault, to be credited", func(id, _ string) { b.voted(id, review.Approve, review.ReasonProviderFault) }, false},
		{"the provider's fault, credited", func(id, _ string) {
			b.voted(id, review.Approve, review.ReasonProviderFault)
			b.credited(id)
		}, false},
	} {
		t.Run(c.what, func(t *testing.T) {
			account := fmt.Sprint("bo", n)
			b.person(account, nil)
			c.end(b.asked(account, account+"-1"), account)
			f := b.Judge(b.asked(account, account+"-2"))
			want := int64(1)
			if c.counts {
				want = 2
			}
			assert.Equal(t, []int64{want, want, want}, []int64{f.Refunds24h, f.Refunds30d, f.Refunds365d})
			assert.Equal(t, []int64{want * 100 * money.Scale, want * 100 * money.Scale, want * 100 * money.Scale, want * 100 * money.Scale},
				[]int64{f.Refunded24h, f.Refunded30d, f.Refunded365d, f.ReturnedOf90d})
		})
	}
}

// What was credited, else what was approved, else what was asked for.
func factsValue(t *testing.T, open Opener) {
	b := New(t, open)
	b.person("bo", nil)
	b.purchase("bo", "p", nil)
	b.purchase("bo", "judged", nil)
	b.Clock.Add(2 * time.Minute)
	first := b.request("bo", "p")
	judged := b.request("bo", "judged")
	assert.EqualValues(t, 200*money.Scale, b.Judge(judged).Refunded24h, "quoted")
	b.used("p", 10, time.Minute)
	b.screened(first, policy.Approve, "")
	assert.EqualValues(t, 190*money.Scale, b.Judge(judged).Refunded24h, "approved")
	b.used("p", 10, time.Minute)
	b.credited(first)
	assert.EqualValues(t, 180*money.Scale, b.Judge(judged).Refunded24h, "credited")
}

func factsCurrencies(t *testing.T, open Opener) {
	b := New(t, open)
	b.person("bo", nil)
	b.purchase("bo", "yuan", func(p *refund.Package) { p.Currency = "CNY" })
	yuan := b.request("bo", "yuan")
	dollars := b.asked("bo", "p")
	for _, id := range []string{yuan, dollars} {
		f := b.Judge(id)
		assert.EqualValues(t, 2, f.Refunds24h, "refunds are counted in any currency")
		assert.EqualValues(t, 100*money.Scale, f.Refunded24h, "and summed in the request's own")
		assert.EqualValues(t, 1, f.Purchases90d, "purchases are those of its currency")
		assert.EqualValues(t, 100*money.Scale, f.Purchased90d)
		assert.EqualValues(t, 100*money.Scale, f.ReturnedOf90d)
	}
	assert.Equal(t, "CNY", b.Judge(yuan).Amount.Currency)
}

func factsWindows(t *testing.T, open Opener) {
	b := New(t, open)
	for n, c := range []struct {
		ago  time.Duration
		want [3]int64 // in 24 h, 30 d, 365 d
	}{
		{0, [3]int64{2, 2, 2}},
		{24*hour - time.Microsecond, [3]int64{2, 2, 2}},
		{24 * hour, [3]int64{1, 2, 2}},
		{30*days - time.Microsecond, [3]int64{1, 2, 2}},
		{30 * days, [3]int64{1, 1, 2}},
		{365*days - time.Microsecond, [3]int64{1, 1, 2}},
		{365 * days, [3]int64{1, 1, 1}},
	} {
		t.Run(c.ago.String(), func(t *testing.T) {
			account := fmt.Sprint("bo", n)
			b.person(account, nil)
			old := b.asked(account, account+"-1")
			b.Clock.Add(c.ago)
			f := b.Judge(b.asked(account, account+"-2"))
			assert.Equal(t, c.want, [3]int64{f.Refunds24h, f.Refunds30d, f.Refunds365d})
			for w, sum := range []int64{f.Refunded24h, f.Refunded30d, f.Refunded365d} {
				assert.Equal(t, c.want[w]*100*money.Scale, sum)
			}
			f = b.Judge(old)
			assert.Equal(t, [3]int64{2, 2, 2}, [3]int64{f.Refunds24h, f.Refunds30d, f.Refunds365d}, "a request that waited is in its own facts")
		})
	}
}

func factsPurchases(t *testing.T, open Opener) {
	b := New(t, open)
	b.person("bo", nil)
	at := b.Clock.Now()
	for id, ago := range map[string]time.Duration{"edge": 90 * days, "inside": 90*days - time.Microsecond, "returned": days, "old and returned": 91 * days} {
		b.purchase("bo", id, func(p *refund.Package) { p.PurchasedAt = at.Add(-ago) })
	}
	b.screened(b.request("bo", "returned"), policy.Approve, "")
	b.request("bo", "old and returned")
	id := b.asked("bo", "p")
	f := b.Judge(id)
	assert.EqualValues(t, 3, f.Purchases90d)
	assert.EqualValues(t, 300*money.Scale, f.Purchased90d)
	assert.EqualValues(t, 200*money.Scale, f.ReturnedOf90d, "this one and the other of those three")
	assert.InDelta(t, 2.0/3, f.RefundedShare90d(), 1e-9)
	assert.EqualValues(t, 3, f.Refunds24h)
}

func factsUsage(t *testing.T, open Opener) {
	b := New(t, open)
	b.person("bo", nil)
	at := b.Clock.Now()
	bought := func(p *refund.Package) { p.PurchasedAt = at.Add(-100 * days) }
	b.purchase("bo", "p", bought)
	b.purchase("bo", "other", bought)
	for ago, units := range map[time.Duration]int64{
		0: 1, 24*hour - time.Microsecond: 2, 24 * hour: 4, 14*days - time.Microsecond: 8, 14 * days: 16,
	} {
		b.used("p", units, ago)
	}
	b.used("other", 32, 0)
	f := b.Judge(b.request("bo", "p"))
	assert.EqualValues(t, 3*money.Scale, f.Usage24h)
	assert.EqualValues(t, 15*money.Scale, f.Usage14d)
	assert.EqualValues(t, 31*money.Scale, f.Consumed)
	assert.InDelta(t, 14*3.0/15, f.UsageRatio(), 1e-9)
	unused := b.Judge(b.asked("bo", "new"))
	assert.Zero(t, unused.UsageRatio(), "a ratio over a mean of 0 is 0")
}

func factsRebuy(t *testing.T, open Opener) {
	b := New(t, open)
	b.person("bo", nil)
	b.person("other", nil)
	cycles := func(id string) int64 { return b.Judge(id).RebuyCycles30d }
	later := func() { b.Clock.Add(hour) }

	b.asked("bo", "p1")
	later()
	b.purchase("other", "theirs", nil)
	b.purchase("bo", "another product", func(p *refund.Package) { p.Product = "other-product" })
	last := b.request("bo", "another product")
	assert.EqualValues(t, 0, cycles(last))
	later()
	b.purchase("bo", "p2", nil)
	b.purchase("bo", "p3", nil)
	later()
	second := b.request("bo", "p2")
	assert.EqualValues(t, 1, cycles(second), "asked, bought again, asked again: one cycle")
	later()
	third := b.request("bo", "p3")
	assert.EqualValues(t, 1, cycles(third), "nothing was bought between the second and the third")
	later()
	b.purchase("bo", "p4", nil)
	assert.EqualValues(t, 2, cycles(third), "bought after the last")
	assert.EqualValues(t, 0, cycles(last), "of another product")
	b.takenBack(third, "bo")
	assert.EqualValues(t, 2, cycles(second), "a withdrawn request is none, and the one before it was followed by the purchase")
	b.Clock.Add(30*days - 5*hour)
	assert.EqualValues(t, 1, cycles(b.request("bo", "p4")), "the first is 30 days old")
}

func factsRejections(t *testing.T, open Opener) {
	b := New(t, open)
	b.person("bo", nil)
	b.person("other", nil)
	b.screened(b.asked("other", "theirs"), policy.Reject, "agreement_violated")
	b.screened(b.asked("bo", "p1"), policy.Reject, refund.OutcomeNothingToRefund)
	assert.EqualValues(t, 0, b.Judge(b.asked("bo", "p2")).Rejections, "that nothing was left is no rejection")
	b.screened(b.asked("bo", "p3"), policy.Reject, refund.OutcomeDisputeLost)
	b.voted(b.asked("bo", "p4"), review.Reject, "suspected_abuse")
	b.takenBack(b.asked("bo", "p5"), "bo")
	b.Clock.Add(1000 * days)
	assert.EqualValues(t, 2, b.Judge(b.asked("bo", "p6")).Rejections, "ever")
}

func factsContact(t *testing.T, open Opener) {
	b := New(t, open)
	b.person("bo", nil)
	id := b.asked("bo", "p")
	changed := func() bool { return b.Judge(id).ContactChanged72h }
	assert.False(t, changed(), "creation is no contact change")
	name, phone := "Bob", "+86"
	_, err := b.ChangeAccount(b.Ctx, Admin, "bo", desk.AccountChange{Name: &name})
	require.NoError(t, err)
	assert.False(t, changed(), "a name is no contact")
	_, err = b.ChangeAccount(b.Ctx, Admin, "bo", desk.AccountChange{Phone: &phone})
	require.NoError(t, err)
	assert.True(t, changed())
	b.Clock.Add(72*hour - time.Microsecond)
	assert.True(t, changed())
	b.Clock.Add(time.Microsecond)
	assert.False(t, changed())
}

func factsSubject(t *testing.T, open Opener) {
	b := New(t, open)
	b.person("bo", nil)
	id := b.asked("bo", "p")
	assert.False(t, b.Judge(id).Appeal)
	b.voted(id, review.Reject, "suspected_abuse")
	filed, err := b.File(b.Ctx, Customer("bo"), desk.Filing{PackageID: "p", ReasonCode: refund.OtherReason, IdempotencyKey: "appeal", AppealOf: id})
	require.NoError(t, err)
	f := b.Judge(filed.Refund.ID)
	assert.True(t, f.Appeal)
	assert.EqualValues(t, 1, f.Refunds24h, "the rejected one no longer counts")
	assert.EqualValues(t, 1, f.Rejections)
	_, _, err = b.SetDispute(b.Ctx, Integrator, "p", refund.DisputeOpen)
	require.NoError(t, err)
	_, _, err = b.SetStanding(b.Ctx, Admin, "bo", refund.Suspended, "spam")
	require.NoError(t, err)
	f = b.Judge(filed.Refund.ID)
	assert.Equal(t, refund.DisputeOpen, f.Dispute)
	assert.Equal(t, refund.Suspended, f.Standing)
}

// Sums beyond what an amount can be are broken data, and nobody's approval.
func factsUnknown(t *testing.T, open Opener) {
	b := New(t, open)
	b.person("bo", nil)
	for n := range 2 {
		b.purchase("bo", fmt.Sprint("huge", n), func(p *refund.Package) { p.Paid, p.Face = math.MaxInt64/2+1, math.MaxInt64/2+1 })
	}
	id := b.asked("bo", "p")
	f, version, err := b.Facts(b.Ctx, id)
	require.NoError(t, err)
	assert.Equal(t, "1", version)
	Unknown(t, f)
	assert.Equal(t, money.Units(100, usd), f.Amount, "what the request itself says is known")
	assert.Equal(t, 365*days, f.AccountAge)
	assert.Zero(t, f.Refunds24h)
	b.person("other", nil)
	b.Judge(b.asked("other", "theirs"))
}

// Unknown expects that all facts of the account's history are unknown, and that the default
// policy has such a request reviewed.
func Unknown(t *testing.T, f policy.Facts) {
	t.Helper()
	assert.Equal(t, []string{
		"refunds_24h", "refunds_30d", "refunds_365d", "refunded_24h", "refunded_30d", "refunded_365d",
		"purchases_90d", "purchased_90d", "returned_of_90d", "usage_24h", "usage_14d", "rebuy_cycles_30d", "rejections", "linked_rejected",
	}, f.Unknown)
	p, err := policy.Parse("1", policy.DefaultSource)
	require.NoError(t, err)
	plan := p.Evaluate(f)
	assert.Equal(t, policy.Review, plan.Verdict)
}

func factsOfNothing(t *testing.T, open Opener) {
	b := New(t, open)
	_, _, err := b.Facts(b.Ctx, "refund_0")
	assert.Equal(t, fault.NotFound, fault.From(err).Kind)
	_, err = b.Screening(b.Ctx, "refund_0")
	assert.Equal(t, fault.NotFound, fault.From(err).Kind)
	b.person("bo", nil)
	id := b.asked("bo", "p")
	gone, cancel := context.WithCancel(b.Ctx)
	cancel()
	_, _, err = b.Facts(gone, id)
	assert.Equal(t, store.CodeUnavailable, fault.CodeOf(err), "nobody waits for the answer: that is no unknown fact")
	b.Judge(id)
}
