package audit

import (
	"slices"
	"strconv"
	"time"

	"refunddesk/internal/console/page"
	"refunddesk/internal/money"
	"refunddesk/internal/policy"
)

// factLine is one of the facts that a refund was judged on, as people read it.
type factLine struct {
	Name, Label, Value string
	Unknown            bool // its source failed then
}

// facts are all that a refund was judged on, in the order in which one asks.
func facts(v *page.View, f policy.Facts) []factLine {
	amount := func(micros int64) string { return v.Money(money.Of(micros, f.Amount.Currency)) }
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	whether := func(b bool) string {
		if b {
			return v.T("audit.yes")
		}
		return v.T("audit.no")
	}
	span := func(d time.Duration) string { return v.Span(d) }
	share := func(r float64) string { return strconv.FormatFloat(100*r, 'f', 1, 64) + " %" }
	lines := []factLine{
		{Name: "amount", Value: v.Money(f.Amount)},
		{Name: "product", Value: v.Code("product", f.Product)},
		{Name: "reason", Value: v.Code("refund.reason", f.Reason)},
		{Name: "standing", Value: v.Code("standing", string(f.Standing))},
		{Name: "dispute", Value: v.Code("dispute", string(f.Dispute))},
		{Name: "appeal", Value: whether(f.Appeal)},
		{Name: "account_age", Value: span(f.AccountAge)},
		{Name: "purchase_age", Value: span(f.PurchaseAge)},
		{Name: "face", Value: amount(f.Face)},
		{Name: "consumed", Value: amount(f.Consumed)},
		{Name: "consumed_share", Value: share(f.ConsumedShare())},
		{Name: "usage_24h", Value: amount(f.Usage24h)},
		{Name: "usage_14d", Value: amount(f.Usage14d)},
		{Name: "refunds_24h", Value: number(f.Refunds24h)},
		{Name: "refunds_30d", Value: number(f.Refunds30d)},
		{Name: "refunds_365d", Value: number(f.Refunds365d)},
		{Name: "refunded_24h", Value: amount(f.Refunded24h)},
		{Name: "refunded_30d", Value: amount(f.Refunded30d)},
		{Name: "refunded_365d", Value: amount(f.Refunded365d)},
		{Name: "purchases_90d", Value: number(f.Purchases90d)},
		{Name: "purchased_90d", Value: amount(f.Purchased90d)},
		{Name: "returned_of_90d", Value: amount(f.ReturnedOf90d)},
		{Name: "refunded_share_90d", Value: share(f.RefundedShare90d())},
		{Name: "rebuy_cycles_30d", Value: number(f.RebuyCycles30d)},
		{Name: "rejections", Value: number(f.Rejections)},
		{Name: "linked_rejected", Value: number(f.LinkedRejected)},
		{Name: "contact_changed_72h", Value: whether(f.ContactChanged72h)},
	}
	for i := range lines {
		lines[i].Label = v.T("audit.fact." + lines[i].Name)
		lines[i].Unknown = slices.Contains(f.Unknown, lines[i].Name) || lines[i].Name == "refunded_share_90d" && slices.Contains(f.Unknown, "purchased_90d")
	}
	return lines
}
