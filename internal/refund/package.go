package refund

import (
	"time"

	"refunddesk/internal/fault"
	"refunddesk/internal/money"
)

// GlobalSMS is the product sold today: prepaid Global SMS balance.
const GlobalSMS = "global-sms"

// PackageStatus is what can be done with a package.
type PackageStatus string

// The statuses. The first three are recorded, the last two follow from balance and clock.
const (
	Active    PackageStatus = "active"    // takes usage, can be refunded
	Frozen    PackageStatus = "frozen"    // a refund is open; takes no new usage
	Refunded  PackageStatus = "refunded"  // ended by its refund
	Exhausted PackageStatus = "exhausted" // used to the last micro
	Expired   PackageStatus = "expired"   // its time ran out
)

// Dispute is the state of a payment dispute on the package's purchase.
type Dispute string

// The disputes. An open one makes a refund wait, a lost one rejects it.
const (
	NoDispute   Dispute = "none"
	DisputeOpen Dispute = "open"
	DisputeLost Dispute = "lost"
	DisputeWon  Dispute = "won"
)

// Known reports whether d is a dispute state at all.
func (d Dispute) Known() bool {
	return d == NoDispute || d == DisputeOpen || d == DisputeLost || d == DisputeWon
}

// Package is a purchased prepaid balance of one currency.
type Package struct {
	ID          string
	AccountID   string
	Product     string
	Name        string
	Currency    string
	Paid        int64 // micros: the price
	Face        int64 // micros: the balance bought, at least the price; the difference was a discount or gift
	Remaining   int64 // micros: what the ledger holds for the package
	Recorded    PackageStatus
	Dispute     Dispute
	AutoRenew   bool
	PurchasedAt time.Time // UTC
	ExpiresAt   *time.Time
	FrozenAt    *time.Time
	CreatedAt   time.Time
	Version     int64
}

// Status is what can be done with the package at the moment now.
func (p Package) Status(now time.Time) PackageStatus {
	switch {
	case p.Recorded != Active:
		return p.Recorded
	case p.ExpiredAt(now):
		return Expired
	case p.Remaining == 0:
		return Exhausted
	}
	return Active
}

// ExpiredAt reports whether the package's time had run out at now. The clock stands
// still while a refund keeps the package frozen.
func (p Package) ExpiredAt(now time.Time) bool {
	if p.ExpiresAt == nil {
		return false
	}
	if p.FrozenAt != nil {
		now = *p.FrozenAt
	}
	return !now.Before(*p.ExpiresAt)
}

// ThawedExpiry is when the package expires after a freeze that ends at now: the time
// that ran meanwhile is given back (rejected or withdrawn refund).
func (p Package) ThawedExpiry(now time.Time) *time.Time {
	if p.ExpiresAt == nil || p.FrozenAt == nil || now.Before(*p.FrozenAt) {
		return p.ExpiresAt
	}
	later := p.ExpiresAt.Add(now.Sub(*p.FrozenAt))
	if later.After(endOfTime) {
		later = endOfTime
	}
	return &later
}

// endOfTime is the last moment that RFC 3339 can write: "never", to those who sell packages.
var endOfTime = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

// The refusals of new usage.
var (
	ErrPackageFrozen       = fault.New(fault.Conflict, "package-frozen", "A refund of the package is open; it takes no new usage.")
	ErrPackageClosed       = fault.New(fault.Conflict, "package-closed", "The package has ended; it takes no usage.")
	ErrInsufficientBalance = fault.New(fault.Conflict, "insufficient-balance", "The package has less balance left than the usage costs.")
)

// TakesUsage returns nil when the package takes usage of cost micros that happened at
// occurred and is recorded at now. Usage from before a freeze is taken while the drain
// window is open. Errors: ErrPackageClosed, ErrPackageFrozen, ErrInsufficientBalance.
func (p Package) TakesUsage(cost int64, occurred, now time.Time, drain time.Duration) *fault.Error {
	switch p.Status(now) {
	case Refunded, Expired:
		return ErrPackageClosed
	case Frozen:
		inTime := p.FrozenAt != nil && occurred.Before(*p.FrozenAt) && now.Before(p.FrozenAt.Add(drain))
		if !inTime {
			return ErrPackageFrozen
		}
	case Active, Exhausted:
	}
	if cost > p.Remaining {
		return ErrInsufficientBalance
	}
	return nil
}

// Quote is what a package returns, worked out.
type Quote struct {
	Amount    money.Money // what returns to the balance
	Paid      money.Money // price
	Face      money.Money // balance bought
	Remaining money.Money // balance left
	Consumed  money.Money // balance used
	Gift      money.Money // what is left of discount or gift: voided by a refund
	Used      bool
}

// Quote works out what the package returns now (policy rule 2): unused, the full
// purchase amount; used, the remaining balance; never a discount or gift:
// max(0, remaining - (face - paid)).
func (p Package) Quote() Quote {
	of := func(micros int64) money.Money { return money.Of(micros, p.Currency) }
	amount := max(0, p.Remaining-(p.Face-p.Paid))
	return Quote{
		Amount:    of(amount),
		Paid:      of(p.Paid),
		Face:      of(p.Face),
		Remaining: of(p.Remaining),
		Consumed:  of(p.Face - p.Remaining),
		Gift:      of(p.Remaining - amount),
		Used:      p.Remaining < p.Face,
	}
}
