package postgres_test

import (
	"refunddesk/internal/ledger"
	"refunddesk/internal/refund"
)

// creditAttacks are those on the one journal that pays.
func creditAttacks() []attack {
	spoilt := func(spoil func(*credit)) func(*world) []statement {
		return func(w *world) []statement { return w.credit(spoil) }
	}
	// of makes the journal pay amount and void gift.
	of := func(c *credit, amount, gift int64) {
		c.Journal = ledger.ForRefund(c.refund.ID, c.refund.PackageID, c.refund.AccountID, "USD", amount*unit, gift*unit)
	}
	return []attack{
		{name: "above the approved amount", rule: "credit-above-approved", do: spoilt(func(c *credit) { of(c, 71, 19) })},
		{name: "above the approved amount, on the refund too", rule: "refunds_check1", do: spoilt(func(c *credit) { of(c, 71, 19); c.amount = 71 * unit })},
		{name: "less than what is left", rule: "credit-amount", do: spoilt(func(c *credit) { of(c, 69, 21) })},
		{name: "less than what is left, on the refund too", rule: "credit-amount", do: spoilt(func(c *credit) { of(c, 69, 21); c.amount = 69 * unit })},
		{name: "part of what is left", rule: "credit-remainder", do: spoilt(func(c *credit) { of(c, 69, 20); c.amount = 69 * unit })},
		{name: "all but a bit of the gift", rule: "credit-amount", do: spoilt(func(c *credit) { of(c, 70, 19) })},
		{name: "the gift paid out", rule: "credit-above-approved", do: spoilt(func(c *credit) { of(c, 90, 0) })},
		{name: "a balance left in the package after usage was undone", rule: "credit-remainder", do: func(w *world) []statement {
			return append(w.credit(nil), w.reversal("usage", "u-crediting", nil)...)
		}},
		{name: "usage undone to raise what is left above the approved", rule: "credit-above-approved", do: func(w *world) []statement {
			return append(w.reversal("usage", "u-crediting", nil), w.credit(func(c *credit) { of(c, 80, 20) })...)
		}},
		{name: "the package not ended", rule: "credit-remainder", do: spoilt(func(c *credit) { c.ends = false })},
		{name: "to another customer", rule: "journal-shape", do: func(w *world) []statement {
			return w.credit(func(c *credit) {
				c.earlier = []statement{run("INSERT INTO ledger_accounts (id, currency) VALUES ('customer/other/USD', 'USD')")}
				c.Postings[0].Account = "customer/other/USD"
			})
		}},
		{name: "in another customer's name", rule: "journal-package", do: func(w *world) []statement {
			return w.credit(func(c *credit) {
				c.earlier = []statement{run("INSERT INTO ledger_accounts (id, currency) VALUES ('customer/other/USD', 'USD')")}
				c.AccountID, c.Postings[0].Account = "other", "customer/other/USD"
			})
		}},
		{name: "out of clearing", rule: "journal-shape", do: spoilt(func(c *credit) { c.Postings[1].Account = "clearing/USD" })},
		{name: "for no refund at all", rule: "credit-unapproved", do: func(w *world) []statement {
			j := journal{id: "j-new", Journal: ledger.ForRefund("refund_none", "p-free", "acct", "USD", 100*unit, 0)}
			return append([]statement{run("UPDATE packages SET status = 'refunded' WHERE id = 'p-free'")}, j.statements()...)
		}},
		{name: "for a refund in review", rule: "credit-unapproved", do: func(w *world) []statement {
			r := w.refunds[refund.InReview]
			j := journal{id: "j-new", Journal: ledger.ForRefund(r.ID, r.PackageID, "acct", "USD", 2000*unit, 0)}
			return append([]statement{run("UPDATE packages SET status = 'refunded', frozen_at = NULL WHERE id = $1", r.PackageID)}, j.statements()...)
		}},
		{name: "for an approved refund that stays in crediting", rule: "credit-unapproved", do: func(w *world) []statement {
			all := w.credit(nil)
			return all[2:] // neither audit entry nor state
		}},
		{name: "for the refund of another package", rule: "credit-unapproved", do: func(w *world) []statement {
			r := w.refunds[refund.Credited]
			j := journal{id: "j-new", Journal: ledger.ForRefund(r.ID+"x", "p-free", "acct", "USD", 50*unit, 50*unit)}
			return append([]statement{run("UPDATE packages SET status = 'refunded' WHERE id = 'p-free'")}, j.statements()...)
		}},
		{name: "a second time by the same operation", rule: "journals_operation_operation_id_key", do: func(w *world) []statement {
			r := w.refunds[refund.Credited]
			j := journal{id: "j-new", Journal: ledger.ForRefund(r.ID, "p-free", "acct", "USD", 50*unit, 50*unit)}
			return j.statements()
		}},
		{name: "a second time for the package by another refund", rule: "journals_one_credit", do: func(w *world) []statement {
			j := journal{id: "j-new", Journal: ledger.ForRefund("refund_2", "p-credited", "acct", "USD", unit, 0)}
			return j.statements()
		}},
		{name: "a second refund of the package credited", rule: "refunds_one_credit", do: func(w *world) []statement {
			again := refund.Refund{ID: "refund_2", Quote: w.refunds[refund.Credited].Quote}
			out := w.filing(map[string]any{"id": "refund_2", "package_id": "p-credited"})
			for _, step := range []refund.State{refund.Screening, refund.Crediting, refund.Credited} {
				again.Version++
				set := map[string]any{"verdict": "approve"}
				switch step {
				case refund.Crediting:
					set["approved"] = unit
				case refund.Credited:
					set["approved"], set["amount"] = unit, unit
				}
				out = append(out, w.change(again, step, set)...)
				again.State = step
			}
			return out
		}},
		{name: "undone and credited again", rule: "journals_one_credit", do: func(w *world) []statement {
			r := w.refunds[refund.Credited]
			again := journal{id: "j-again", Journal: ledger.ForRefund("refund_2", "p-credited", "acct", "USD", 50*unit, 10*unit)}
			return append(w.reversal("refund", r.ID, nil), again.statements()...)
		}},
		{name: "while the account is suspended", rule: "credit-obstacle", do: spoilt(func(c *credit) {
			c.earlier = []statement{run("UPDATE accounts SET standing = 'suspended' WHERE id = 'acct'")}
		})},
		{name: "while the account is terminated", rule: "credit-obstacle", do: spoilt(func(c *credit) {
			c.earlier = []statement{run("UPDATE accounts SET standing = 'terminated' WHERE id = 'acct'")}
		})},
		{name: "while a dispute is open", rule: "credit-obstacle", do: spoilt(func(c *credit) {
			c.earlier = []statement{run("UPDATE packages SET dispute = 'open' WHERE id = 'p-crediting'")}
		})},
		{name: "after a dispute was lost", rule: "credit-obstacle", do: spoilt(func(c *credit) {
			c.earlier = []statement{run("UPDATE packages SET dispute = 'lost' WHERE id = 'p-crediting'")}
		})},
		{name: "without its audit entry", rule: "refund-unaudited", do: spoilt(func(c *credit) { c.entry = false })},
		{name: "without its journal", rule: "credit-unposted", do: func(w *world) []statement {
			all := w.credit(nil)
			return all[:2]
		}},
		{name: "a package ended without a credit", rule: "package-uncredited", do: func(*world) []statement {
			return []statement{run("UPDATE packages SET status = 'refunded' WHERE id = 'p-free'")}
		}},
		{name: "a package sold as ended", rule: "package-fixed", do: func(*world) []statement {
			return []statement{run(`INSERT INTO packages (id, account_id, product, name, currency, paid, face, status, purchased_at, created_at)
				VALUES ('p-new', 'acct', 'global-sms', 'Global SMS', 'USD', 80, 100, 'refunded', now(), now())`)}
		}},
	}
}
