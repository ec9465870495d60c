// Package ledger is double-entry bookkeeping of packages and balances. A journal is
// balanced per currency, is never edited, and carries a hash of the input it was made
// from, so that the same operation with another input is an error and not a second posting.
package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"refunddesk/internal/fault"
	"refunddesk/internal/money"
)

// Operation is what a journal records. (operation, operation id) is unique.
type Operation string

// The operations. A correction is a Reversal; nothing is deleted.
const (
	Purchase Operation = "purchase" // clearing and promotion → package
	Usage    Operation = "usage"    // package → revenue
	Refund   Operation = "refund"   // package → customer balance and promotion (the voided gift)
	Reversal Operation = "reversal" // the negation of an earlier journal
)

// PackageAccount is the balance of a package. Ids of ledger accounts are derived, so that no
// look-up stands between a posting and its account. Package and customer accounts can never
// go below zero; the operator's own can.
func PackageAccount(packageID string) string { return "package/" + packageID }

// CustomerAccount is the account balance of a customer in one currency.
func CustomerAccount(accountID, currency string) string {
	return "customer/" + accountID + "/" + currency
}

// ClearingAccount is money received for purchases.
func ClearingAccount(currency string) string { return "clearing/" + currency }

// PromotionAccount is what discounts and gifts cost.
func PromotionAccount(currency string) string { return "promotion/" + currency }

// RevenueAccount is what usage earned.
func RevenueAccount(currency string) string { return "revenue/" + currency }

// Posting changes one account by Micros (positive: it has more afterwards).
type Posting struct {
	Account string
	Micros  int64
}

// Journal is one balanced entry of one currency.
type Journal struct {
	ID          string
	Operation   Operation
	OperationID string
	Currency    string
	AccountID   string // the customer it belongs to, for statements
	PackageID   string
	Reverses    string // id of the journal that a Reversal undoes
	Postings    []Posting
	CreatedAt   time.Time
}

// The refusals of the ledger.
var (
	ErrUnbalanced = fault.New(fault.Internal, "journal-unbalanced", "The postings of a journal must sum to zero.")
	ErrEmpty      = fault.New(fault.Internal, "journal-empty", "A journal needs at least two postings.")
)

// Validate returns ErrEmpty, ErrUnbalanced, money.ErrOverflow or nil.
func (j Journal) Validate() error {
	if len(j.Postings) < 2 {
		return ErrEmpty
	}
	sum := money.Of(0, j.Currency)
	for _, p := range j.Postings {
		if p.Micros == 0 {
			return fault.New(fault.Internal, "posting-zero", "A posting of zero says nothing.")
		}
		var err error
		if sum, err = sum.Add(money.Of(p.Micros, j.Currency)); err != nil {
			return err
		}
	}
	if !sum.IsZero() {
		return ErrUnbalanced
	}
	return nil
}

// InputHash is what the journal was made from: kind, id, currency and postings, but
// neither its own id nor its time, which differ from try to try.
func (j Journal) InputHash() string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%s\n%s\n", j.Operation, j.OperationID, j.Currency, j.Reverses)
	for _, p := range j.Postings {
		fmt.Fprintf(h, "%s %d\n", p.Account, p.Micros)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// ForPurchase is the journal of a bought package. Paid and face are micros, 0 ≤ paid ≤ face, face > 0.
func ForPurchase(packageID, accountID, currency string, paid, face int64) Journal {
	j := Journal{Operation: Purchase, OperationID: packageID, Currency: currency, AccountID: accountID, PackageID: packageID}
	j.add(ClearingAccount(currency), -paid)
	j.add(PackageAccount(packageID), face)
	j.add(PromotionAccount(currency), paid-face)
	return j
}

// ForUsage is the journal of consumption that cost micros, more than zero.
func ForUsage(usageID, packageID, accountID, currency string, cost int64) Journal {
	j := Journal{Operation: Usage, OperationID: usageID, Currency: currency, AccountID: accountID, PackageID: packageID}
	j.add(PackageAccount(packageID), -cost)
	j.add(RevenueAccount(currency), cost)
	return j
}

// ForRefund is the journal that ends a package: amount goes to the customer's balance,
// gift, what is left of a discount, back to promotion. Both are micros ≥ 0.
func ForRefund(refundID, packageID, accountID, currency string, amount, gift int64) Journal {
	j := Journal{Operation: Refund, OperationID: refundID, Currency: currency, AccountID: accountID, PackageID: packageID}
	j.add(CustomerAccount(accountID, currency), amount)
	j.add(PackageAccount(packageID), -(amount + gift))
	j.add(PromotionAccount(currency), gift)
	return j
}

// Reverse is the journal that undoes j.
func (j Journal) Reverse() Journal {
	r := Journal{Operation: Reversal, OperationID: j.ID, Currency: j.Currency, AccountID: j.AccountID, PackageID: j.PackageID, Reverses: j.ID}
	for _, p := range j.Postings {
		r.add(p.Account, -p.Micros)
	}
	return r
}

// add leaves zero postings out: they would say nothing.
func (j *Journal) add(account string, micros int64) {
	if micros != 0 {
		j.Postings = append(j.Postings, Posting{Account: account, Micros: micros})
	}
}
