package customer

import (
	"time"

	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/ledger"
	"refunddesk/internal/money"
)

// movement is one line of the statement: what came to the balance, or left it.
type movement struct {
	ID        string // of the journal
	At        time.Time
	Operation ledger.Operation
	PackageID string
	RefundID  string // of a refund's credit
	Amount    money.Money
}

// movementOf is what the journal did to the customer's balance; ok is false when it did
// nothing to it, as purchases and usage do not.
func movementOf(j ledger.Journal) (m movement, ok bool) {
	m = movement{ID: j.ID, At: j.CreatedAt, Operation: j.Operation, PackageID: j.PackageID, Amount: money.Of(0, j.Currency)}
	mine := ledger.CustomerAccount(j.AccountID, j.Currency)
	for _, p := range j.Postings {
		if p.Account == mine {
			m.Amount.Micros += p.Micros
		}
	}
	if j.Operation == ledger.Refund {
		m.RefundID = j.OperationID
	}
	return m, !m.Amount.IsZero()
}

// what the movement was, in words.
func (m movement) what(v *page.View, n names) string {
	return v.T("customer.movement."+string(m.Operation), "Name", n.of(m.PackageID))
}

// balanceView is the balance with a page of its statement.
type balanceView struct {
	Balances  []money.Money
	Movements []movement
	Names     names
	Next      string
	First     bool // this is the first page
}

// How much of the ledger is read for a page of the statement: usage is there too, and moves
// no balance. What is not reached is on the next page.
const (
	journalsAtOnce = 200
	journalReads   = 5
)

func (a *area) balance(c *page.Context) error {
	who, err := me(c)
	if err != nil {
		return err
	}
	b := balanceView{First: c.Query("cursor") == "", Next: c.Query("cursor")}
	if b.Balances, err = c.Desk.Balances(c.Ctx(), who, who.AccountID); err != nil {
		return err
	}
	for range journalReads {
		var read []movement
		if read, b.Next, err = movements(c, who, b.Next); err != nil {
			return err
		}
		b.Movements = append(b.Movements, read...)
		if b.Next == "" || len(b.Movements) >= listLength {
			break
		}
	}
	if b.Names, err = namesOf(c, who, packagesOf(b.Movements)); err != nil {
		return err
	}
	return c.Show(c.T("customer.balance.title"), balancePage(c.View, b))
}

// movements reads the next part of the statement.
func movements(c *page.Context, who identity.Actor, cursor string) (read []movement, next string, err error) {
	journals, err := c.Desk.Statement(c.Ctx(), who, who.AccountID, desk.Paging{Limit: journalsAtOnce, Cursor: cursor})
	if err != nil {
		return nil, "", err
	}
	for _, j := range journals.Items {
		if m, ok := movementOf(j); ok {
			read = append(read, m)
		}
	}
	return read, journals.Next, nil
}

func packagesOf(all []movement) []string {
	ids := make([]string, 0, len(all))
	for _, m := range all {
		ids = append(ids, m.PackageID)
	}
	return ids
}

// signed writes an amount with its sign, for a list of what came and went.
func signed(v *page.View, m money.Money) string {
	if m.Micros > 0 {
		return "+" + v.Money(m)
	}
	return v.Money(m)
}
