package policy

import (
	"time"

	"refunddesk/internal/money"
	"refunddesk/internal/refund"
)

// Facts are what a request is judged on, computed from our own records at the moment At.
// They are kept with the verdict, so that it can be explained and worked out again years
// later. Counts and sums include this request and all open and credited refunds of the
// account, except those marked as the provider's fault; sums are of this request's
// currency. What has no record is 0.
type Facts struct {
	At       time.Time       `json:"at"`     // UTC
	Amount   money.Money     `json:"amount"` // what would be refunded now
	Product  string          `json:"product"`
	Reason   string          `json:"reason"` // reason code that the customer gave
	Standing refund.Standing `json:"standing"`
	Dispute  refund.Dispute  `json:"dispute"`
	Appeal   bool            `json:"appeal,omitempty"`

	Refunds24h   int64 `json:"refunds_24h"`
	Refunds30d   int64 `json:"refunds_30d"`
	Refunds365d  int64 `json:"refunds_365d"`
	Refunded24h  int64 `json:"refunded_24h"` // micros
	Refunded30d  int64 `json:"refunded_30d"`
	Refunded365d int64 `json:"refunded_365d"`

	// Of the packages in this request's currency that were bought in the last 90 days: how
	// many, what was paid for them, and what of that was or is to be refunded.
	Purchases90d  int64 `json:"purchases_90d"`
	Purchased90d  int64 `json:"purchased_90d"`   // micros
	ReturnedOf90d int64 `json:"returned_of_90d"` // micros

	AccountAge  time.Duration `json:"account_age"`  // since the account was registered
	PurchaseAge time.Duration `json:"purchase_age"` // since the package was bought

	Face     int64 `json:"face"`      // micros: what the package held
	Consumed int64 `json:"consumed"`  // micros: what of it was used
	Usage24h int64 `json:"usage_24h"` // micros: of the package, in the last 24 h
	Usage14d int64 `json:"usage_14d"` // micros: of the package, in the last 14 days, the last 24 h among them

	// Rejections leave out refunds that had nothing left to refund, and those whose rejection
	// was reversed on appeal.
	RebuyCycles30d    int64 `json:"rebuy_cycles_30d"`    // refunds of the product in 30 days that were followed by buying it again
	Rejections        int64 `json:"rejections"`          // refunds of the account that were ever rejected
	LinkedRejected    int64 `json:"linked_rejected"`     // other accounts with the same e-mail, phone or payer that were terminated or had one rejected
	ContactChanged72h bool  `json:"contact_changed_72h"` // e-mail or phone changed in the last 72 h

	// Unknown are the names of the facts whose source failed. They never approve.
	Unknown []string `json:"unknown,omitempty"`
}

// ratio is part of whole as a share; 0 of nothing. Both are integers below 2^53 micros
// (nine milliards of a currency's unit), and a division that is rounded correctly compares
// with a written threshold as the exact ratio does.
func ratio(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// RefundedShare90d is the share of what was paid in 90 days that was or is to be refunded.
func (f Facts) RefundedShare90d() float64 { return ratio(f.ReturnedOf90d, f.Purchased90d) }

// ConsumedShare is the share of the package that was used.
func (f Facts) ConsumedShare() float64 { return ratio(f.Consumed, f.Face) }

// UsageRatio is the usage of the last 24 h against the daily mean of the last 14 days.
func (f Facts) UsageRatio() float64 { return 14 * ratio(f.Usage24h, f.Usage14d) }
