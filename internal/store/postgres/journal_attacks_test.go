package postgres_test

import (
	"refunddesk/internal/ledger"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
)

const unit = money.Scale

// journalAttacks are those on the double entry.
func journalAttacks() []attack {
	usage := func(spoil func(*journal)) func(*world) []statement {
		return func(w *world) []statement { return w.usage(spoil) }
	}
	purchase := func(spoil func(*journal)) func(*world) []statement {
		return func(w *world) []statement { return w.purchase(spoil) }
	}
	return []attack{
		{name: "unbalanced", rule: "journal-unbalanced", do: usage(func(j *journal) { j.Postings[1].Micros++ })},
		{name: "balanced only over two statements", rule: "journal-unbalanced", do: usage(func(j *journal) { j.split = true })},
		{name: "empty", rule: "journal-empty", do: usage(func(j *journal) { j.Postings = nil })},
		{name: "one posting of nothing", rule: "postings_micros_check", do: usage(func(j *journal) {
			j.Postings = []ledger.Posting{{Account: "package/p-free"}}
		})},
		{name: "a posting added to an old journal", rule: "journal-sealed", do: func(w *world) []statement {
			old := w.journalOf("purchase", "p-free").ID
			return []statement{run("INSERT INTO postings (journal_id, n, ledger_account, micros) VALUES ($1, 8, 'package/p-free', 1), ($1, 9, 'clearing/USD', -1)", old)}
		}},
		{name: "a posting added after the check was called early", rule: "journal-sealed", do: func(w *world) []statement {
			return append(w.usage(nil), run("SET CONSTRAINTS ALL IMMEDIATE"),
				run("INSERT INTO postings (journal_id, n, ledger_account, micros) VALUES ('j-new', 8, 'customer/acct/USD', 1), ('j-new', 9, 'revenue/USD', -1)"))
		}},
		{name: "an unbalanced posting after the check was called early", rule: "journal-unbalanced", do: func(w *world) []statement {
			return append(w.usage(nil), run("SET CONSTRAINTS ALL IMMEDIATE"),
				run("INSERT INTO postings (journal_id, n, ledger_account, micros) VALUES ('j-new', 9, 'customer/acct/USD', 1)"))
		}},
		{name: "the check called before the postings", rule: "journal-empty", do: func(w *world) []statement {
			return append([]statement{run("SET CONSTRAINTS ALL IMMEDIATE")}, w.usage(nil)...)
		}},
		{name: "a posting in another currency than its journal's", rule: "posting-currency", do: func(w *world) []statement {
			return append([]statement{run("INSERT INTO ledger_accounts (id, currency) VALUES ('revenue/EUR', 'EUR')")},
				w.usage(func(j *journal) { j.Postings[1].Account = "revenue/EUR" })...)
		}},
		{name: "a journal in another currency than its package's", rule: "posting-currency", do: usage(func(j *journal) { j.Currency = "EUR" })},
		{name: "the same operation twice", rule: "journals_operation_operation_id_key", do: func(w *world) []statement {
			return append(w.usage(nil), (&journal{id: "j-again", Journal: ledger.ForUsage("u-new", "p-free", "acct", "USD", 5*unit)}).statements()...)
		}},
		{name: "an operation nobody knows", rule: "journals_operation_check", do: usage(func(j *journal) { j.Operation = "gift" })},

		{name: "usage that pays a customer", rule: "journal-shape", do: usage(func(j *journal) { j.Postings[1].Account = "customer/acct/USD" })},
		{name: "usage of a record of other cost", rule: "usage-record", do: usage(func(j *journal) { j.Postings[0].Micros, j.Postings[1].Micros = -unit, unit })},
		{name: "usage that fills its package", rule: "usage-record", do: usage(func(j *journal) { j.Postings[0].Micros, j.Postings[1].Micros = 5*unit, -5*unit })},
		{name: "usage without a record", rule: "usage-record", do: usage(func(j *journal) { j.OperationID = "u-none" })},
		{name: "usage on the record of another package", rule: "usage-record", do: usage(func(j *journal) {
			j.PackageID, j.Postings[0].Account = "p-in_review", "package/p-in_review"
		})},
		{name: "usage of a package in another account's name", rule: "journal-package", do: usage(func(j *journal) { j.AccountID = "other" })},
		{name: "usage of negative cost", rule: "usage_records_cost_check", do: func(*world) []statement { return []statement{used("u-neg", -unit)} }},
		{name: "more usage than the package holds: a negative package", rule: "ledger_accounts_not_negative", do: func(w *world) []statement {
			return append([]statement{used("u-all", 101*unit)},
				(&journal{id: "j-new", Journal: ledger.ForUsage("u-all", "p-free", "acct", "USD", 101*unit)}).statements()...)
		}},

		{name: "more usage than a package holds that was sold just now", rule: "ledger_accounts_not_negative", do: func(w *world) []statement {
			return append(w.purchase(nil),
				run("INSERT INTO usage_records (id, package_id, cost, occurred_at, recorded_at) VALUES ('u-all', 'p-new', 101000000, now(), now())"),
				run("INSERT INTO journals (id, operation, operation_id, currency, account_id, package_id, input_hash, created_at) VALUES ('j-all', 'usage', 'u-all', 'USD', 'acct', 'p-new', '', now())"),
				run("INSERT INTO postings (journal_id, n, ledger_account, micros) VALUES ('j-all', 0, 'package/p-new', -101000000), ('j-all', 1, 'revenue/USD', 101000000)"))
		}},
		{name: "a purchase of more than its face", rule: "purchase-face", do: purchase(func(j *journal) { j.Postings[1].Micros += unit; j.Postings[2].Micros -= unit })},
		{name: "a purchase that takes less than its price", rule: "purchase-paid", do: purchase(func(j *journal) { j.Postings[0].Micros += unit; j.Postings[2].Micros -= unit })},
		{name: "a purchase of a package a second time", rule: "purchase-face", do: func(*world) []statement {
			j := journal{id: "j-new", Journal: ledger.ForPurchase("p-free", "acct", "USD", 100*unit, 100*unit)}
			j.OperationID = "p-again"
			return j.statements()
		}},
		{name: "a purchase that fills somebody's package too", rule: "journal-shape", do: purchase(func(j *journal) {
			j.Postings[2].Micros -= unit
			j.Postings = append(j.Postings, ledger.Posting{Account: "package/p-free", Micros: unit})
		})},
		{name: "a purchase that pays a customer", rule: "journal-shape", do: purchase(func(j *journal) {
			j.Postings[2].Micros -= unit
			j.Postings = append(j.Postings, ledger.Posting{Account: "customer/acct/USD", Micros: unit})
		})},

		{name: "a reversal that undoes more", rule: "journal-reversal", do: func(w *world) []statement {
			return w.reversal("usage", "u-crediting", func(j *journal) { j.Postings[0].Micros += unit; j.Postings[1].Micros -= unit })
		}},
		{name: "a reversal that pays a customer", rule: "journal-reversal", do: func(w *world) []statement {
			return w.reversal("usage", "u-crediting", func(j *journal) { j.Postings[0].Account = "customer/acct/USD" })
		}},
		{name: "a reversal in another account's name", rule: "journal-reversal", do: func(w *world) []statement {
			return w.reversal("usage", "u-crediting", func(j *journal) { j.AccountID = "other" })
		}},
		{name: "a reversal of a reversal", rule: "journal-reversal", do: func(w *world) []statement {
			undo := w.reversal("usage", "u-crediting", nil)
			again := journal{id: "j-undo-undo", Journal: w.journalOf("usage", "u-crediting")}
			again.Operation, again.OperationID, again.Reverses = ledger.Reversal, "j-undo", "j-undo"
			return append(undo, again.statements()...)
		}},
		{name: "the same journal undone twice", rule: "journals_reverses_key", do: func(w *world) []statement {
			again := w.reversal("usage", "u-crediting", func(j *journal) { j.id, j.OperationID = "j-undo-2", "another" })
			return append(w.reversal("usage", "u-crediting", nil), again...)
		}},
		{name: "a reversal of nothing", rule: "journals_check", do: func(w *world) []statement {
			return w.reversal("usage", "u-crediting", func(j *journal) { j.Reverses = "" })
		}},
		{name: "undoing a purchase that was used: a negative package", rule: "ledger_accounts_not_negative", do: func(w *world) []statement {
			return w.reversal("purchase", "p-crediting", nil)
		}},
		{name: "taking more from a customer than he has: a negative customer", rule: "ledger_accounts_not_negative", do: func(w *world) []statement {
			return w.reversal("refund", w.refunds[refund.Credited].ID, func(j *journal) { j.Postings[0].Micros, j.Postings[1].Micros = -51*unit, 51*unit })
		}},

		{name: "a ledger account that is opened with a balance", rule: forbidden, do: func(*world) []statement {
			return []statement{run("INSERT INTO ledger_accounts (id, currency, balance) VALUES ('customer/other/USD', 'USD', 1000000)")}
		}},
		{name: "a balance set", rule: forbidden, do: func(*world) []statement {
			return []statement{run("UPDATE ledger_accounts SET balance = 1000000 WHERE id = 'customer/acct/USD'")}
		}},
		{name: "a balance set on opening what is there", rule: forbidden, do: func(*world) []statement {
			return []statement{run("INSERT INTO ledger_accounts (id, currency) VALUES ('customer/acct/USD', 'USD') ON CONFLICT (id) DO UPDATE SET balance = 9")}
		}},
		{name: "a ledger account in another currency", rule: "append-only", do: func(*world) []statement {
			return []statement{run("UPDATE ledger_accounts SET currency = 'EUR' WHERE id = 'package/p-free'")}
		}},
		{name: "a ledger account renamed", rule: forbidden, do: func(*world) []statement {
			return []statement{run("UPDATE ledger_accounts SET id = 'customer/other/USD' WHERE id = 'package/p-free'")}
		}},
	}
}
