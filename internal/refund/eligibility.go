package refund

import (
	"time"

	"refunddesk/internal/fault"
)

// The refusals of a new request, beside those of the account's standing.
var (
	ErrRefundOpen      = fault.New(fault.Conflict, "refund-open", "A refund of this package is open already.")
	ErrPackageRefunded = fault.New(fault.Conflict, "package-refunded", "The package has been refunded already.")
	ErrNothingToRefund = fault.New(fault.Conflict, "nothing-to-refund", "Nothing of what was paid for the package is left.")
	ErrPackageExpired  = fault.New(fault.Conflict, "package-expired", "The package has expired; an expired package refunds nothing.")
)

// ReasonDisputeLost is why a package whose purchase was charged back cannot be refunded:
// its price has gone back to the payer by another way.
const ReasonDisputeLost = "dispute-lost"

// MayFile returns nil when a refund of the package may be requested at now, else the
// refusal: of standing, ErrPackageRefunded, ErrRefundOpen, ErrPackageExpired or
// ErrNothingToRefund. A dispute does not stop the request: an open one makes it wait, a
// lost one is rejected with its reason on the record.
func MayFile(standing Standing, p Package, now time.Time) *fault.Error {
	if refusal := standing.GrantsRefund(); refusal != nil {
		return refusal
	}
	switch {
	case p.Recorded == Refunded:
		return ErrPackageRefunded
	case p.Recorded == Frozen:
		return ErrRefundOpen
	case p.ExpiredAt(now):
		return ErrPackageExpired
	case p.Quote().Amount.IsZero():
		return ErrNothingToRefund
	}
	return nil
}

// Eligibility is what a list of packages says about refunding one.
type Eligibility struct {
	Eligible bool
	Reason   string // the code of why not; empty when eligible
}

// Check says whether asking for a refund of the package would bring money back.
func Check(standing Standing, p Package, now time.Time) Eligibility {
	if refusal := MayFile(standing, p, now); refusal != nil {
		return Eligibility{Reason: refusal.Code}
	}
	if p.Dispute == DisputeLost {
		return Eligibility{Reason: ReasonDisputeLost}
	}
	return Eligibility{Eligible: true}
}
