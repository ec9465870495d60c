package page

import (
	"strconv"

	"refunddesk/internal/policy"
)

// Fact is something that screening knew of a request, by the name that policies call it.
type Fact struct {
	Name, Label, Value string
	Unknown            bool // its source failed: nothing was known of it
}

// FactsOf are the facts as people read them, in the order of what is looked at first.
func FactsOf(v *View, f policy.Facts) []Fact {
	amount := func(micros int64) string { return v.Amount(micros, f.Amount.Currency) }
	count := func(n int64) string { return strconv.FormatInt(n, 10) }
	share := func(ratio float64) string { return strconv.FormatFloat(100*ratio, 'f', 1, 64) + " %" }
	yes := func(is bool) string {
		if is {
			return v.T("fact.yes")
		}
		return v.T("fact.no")
	}
	all := []Fact{
		{Name: "amount", Value: v.Money(f.Amount)},
		{Name: "product", Value: v.Code("product", f.Product)},
		{Name: "reason", Value: v.Code("refund.reason", f.Reason)},
		{Name: "standing", Value: v.Code("standing", string(f.Standing))},
		{Name: "dispute", Value: v.Code("dispute", string(f.Dispute))},
		{Name: "appeal", Value: yes(f.Appeal)},
		{Name: "account_age", Value: v.Span(f.AccountAge)},
		{Name: "purchase_age", Value: v.Span(f.PurchaseAge)},
		{Name: "refunds_24h", Value: count(f.Refunds24h)},
		{Name: "refunds_30d", Value: count(f.Refunds30d)},
		{Name: "refunds_365d", Value: count(f.Refunds365d)},
		{Name: "refunded_24h", Value: amount(f.Refunded24h)},
		{Name: "refunded_30d", Value: amount(f.Refunded30d)},
		{Name: "refunded_365d", Value: amount(f.Refunded365d)},
		{Name: "purchases_90d", Value: count(f.Purchases90d)},
		{Name: "purchased_90d", Value: amount(f.Purchased90d)},
		{Name: "returned_of_90d", Value: amount(f.ReturnedOf90d)},
		{Name: "refunded_share_90d", Value: share(f.RefundedShare90d())},
		{Name: "face", Value: amount(f.Face)},
		{Name: "consumed", Value: amount(f.Consumed)},
		{Name: "consumed_share", Value: share(f.ConsumedShare())},
		{Name: "usage_24h", Value: amount(f.Usage24h)},
		{Name: "usage_14d", Value: amount(f.Usage14d)},
		{Name: "usage_ratio", Value: strconv.FormatFloat(f.UsageRatio(), 'f', 2, 64)},
		{Name: "rebuy_cycles_30d", Value: count(f.RebuyCycles30d)},
		{Name: "rejections", Value: count(f.Rejections)},
		{Name: "linked_rejected", Value: count(f.LinkedRejected)},
		{Name: "contact_changed_72h", Value: yes(f.ContactChanged72h)},
	}
	for i, one := range all {
		all[i].Label = v.Code("fact", one.Name)
		if f.Lacks(one.Name) {
			all[i].Value, all[i].Unknown = v.T("fact.unknown"), true
		}
	}
	return all
}
