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

// movementOf is what the journal did to the customer's balance.
func movementOf(j ledger.Journal) movement {
	m := movement{ID: j.ID, At: j.CreatedAt, Operation: j.Operation, PackageID: j.PackageID, Amount: money.Of(0, j.Currency)}
	mine := ledger.CustomerAccount(j.AccountID, j.Currency)
	for _, p := range j.Postings {
		if p.Account == mine {
			m.Amount.Micros += p.Micros
		}
	}
	if j.Operation == ledger.Refund {
		m.RefundID = j.OperationID
	}
	return m
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

func (a *area) balance(c *page.Context) error {
	who, err := me(c)
	if err != nil {
		return err
	}
	b := balanceView{First: c.Query("cursor") == ""}
	if b.Balances, err = c.Desk.Balances(c.Ctx(), who, who.AccountID); err != nil {
		return err
	}
	if b.Movements, b.Next, err = movements(c, who, paging(c)); err != nil {
		return err
	}
	if b.Names, err = namesOf(c, who, packagesOf(b.Movements)); err != nil {
		return err
	}
	return c.Show(c.T("customer.balance.title"), balancePage(c.View, b))
}

// movements reads a part of the statement.
func movements(c *page.Context, who identity.Actor, p desk.Paging) (read []movement, next string, err error) {
	journals, err := c.Desk.Movements(c.Ctx(), who, who.AccountID, p)
	if err != nil {
		return nil, "", err
	}
	for _, j := range journals.Items {
		read = append(read, movementOf(j))
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
