package postgres_test

import (
	"fmt"
	"regexp"
	"slices"

	"refunddesk/internal/refund"
)

// appendOnly are the tables whose rows stay as they were written, with a column to edit.
var appendOnly = map[string]string{
	"journals": "input_hash", "postings": "micros", "usage_records": "cost", "decisions": "vote", "notes": "body",
	"audit_entries": "actor", "refund_transitions": "new_state", "policies": "source", "policy_activations": "by",
	"screenings": "facts", "screening_matches": "rule", "messages": "body",
}

// recordAttacks are those on what is never edited, and on the limits of the roles.
func recordAttacks() []attack {
	sql := func(text string, args ...any) func(*world) []statement {
		return func(*world) []statement { return []statement{run(text, args...)} }
	}
	var list []attack
	for table, column := range appendOnly {
		edit := fmt.Sprintf("UPDATE %[1]s SET %[2]s = %[2]s", table, column)
		list = append(list,
			attack{name: table + " edited", rule: forbidden, do: sql(edit)},
			attack{name: table + " deleted", rule: forbidden, do: sql("DELETE FROM " + table)},
			attack{name: table + " truncated", rule: forbidden, do: sql("TRUNCATE " + table + " CASCADE")},
			attack{name: table + " edited by the owner", rule: "append-only", as: owner, do: withNote(sql(edit))},
			attack{name: table + " deleted by the owner", rule: "append-only", as: owner, do: withNote(sql("DELETE FROM " + table))},
		)
		if table != "refund_transitions" {
			list = append(list, attack{name: table + " truncated by the owner", rule: "append-only", as: owner, do: sql("TRUNCATE " + table + " CASCADE")})
		}
	}
	for _, table := range tables {
		list = append(list,
			attack{name: "a reader inserts into " + table, rule: forbidden, as: readers, do: sql("INSERT INTO " + table + " DEFAULT VALUES")},
			attack{name: "a reader deletes from " + table, rule: forbidden, as: readers, do: sql("DELETE FROM " + table)},
			attack{name: "the application disables the triggers of " + table, rule: forbidden, do: sql("ALTER TABLE " + table + " DISABLE TRIGGER ALL")},
			attack{name: "the application drops " + table, rule: forbidden, do: sql("DROP TABLE " + table + " CASCADE")},
			attack{name: "the application opens a trigger on " + table, rule: forbidden, do: sql("CREATE TRIGGER mine BEFORE INSERT ON " + table + " FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()")},
		)
		if !slices.Contains(passing, table) {
			list = append(list, attack{name: "the application deletes from " + table, rule: forbidden, do: sql("DELETE FROM " + table)})
		}
	}
	edited := func(column string, value any) attack {
		return attack{name: "package edited: " + column, rule: "package-fixed", do: sql("UPDATE packages SET "+column+" = $1 WHERE id = 'p-free'", value)}
	}
	return append(list,
		edited("paid", 90*unit), edited("face", 900*unit), edited("currency", "EUR"), edited("account_id", "other"),
		edited("product", "another"), edited("purchased_at", "2020-01-01"),
		attack{name: "a refunded package reopened", rule: "package-refunded", do: sql("UPDATE packages SET status = 'active' WHERE id = 'p-credited'")},
		attack{name: "a refunded package frozen", rule: "package-refunded", do: sql("UPDATE packages SET status = 'frozen', frozen_at = now() WHERE id = 'p-credited'")},
		attack{name: "a new state of refunds", rule: forbidden, do: sql("INSERT INTO refund_transitions VALUES ('rejected', 'crediting')")},
		attack{name: "an audit entry with a time of its own", rule: forbidden, do: sql(`INSERT INTO audit_entries (id, entry_version, actor, role, action, object, object_id, at)
			VALUES ('a', 1, 'x', 'admin', 'filed', 'refund', 'r', '2001-01-01')`)},
		attack{name: "an audit entry with a place of its own", rule: forbidden, do: sql(`INSERT INTO audit_entries (seq, id, entry_version, actor, role, action, object, object_id)
			OVERRIDING SYSTEM VALUE VALUES (-1, 'a', 1, 'x', 'admin', 'filed', 'refund', 'r')`)},
		attack{name: "an audit entry that claims another transaction", rule: forbidden, do: sql(`INSERT INTO audit_entries (id, entry_version, actor, role, action, object, object_id, tx)
			VALUES ('a', 1, 'x', 'admin', 'filed', 'refund', 'r', '1')`)},
		attack{name: "an intent sent to another refund", rule: forbidden, do: sql("UPDATE engine_intents SET refund_id = refund_id")},
		attack{name: "a notice of another event", rule: forbidden, do: sql("UPDATE notices SET event = 'credited'")},
		attack{name: "an idempotency key edited", rule: forbidden, do: sql("UPDATE idempotency_keys SET refund_id = 'mine'")},
		attack{name: "a table", rule: forbidden, do: sql("CREATE TABLE mine (id text)")},
		attack{name: "a schema", rule: forbidden, do: sql("CREATE SCHEMA mine")},
		attack{name: "a function", rule: forbidden, do: sql("CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'")},
		attack{name: "a check replaced", rule: forbidden, do: sql("CREATE OR REPLACE FUNCTION check_journal() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")},
		attack{name: "a trigger dropped", rule: forbidden, do: sql("DROP TRIGGER check_journal ON journals")},
		attack{name: "a constraint dropped", rule: forbidden, do: sql("ALTER TABLE ledger_accounts DROP CONSTRAINT ledger_accounts_not_negative")},
		attack{name: "triggers off for the session", rule: forbidden, do: sql("SET session_replication_role = replica")},
		attack{name: "the schema's version", rule: forbidden, do: sql("DELETE FROM goose_db_version")},
	)
}

// withNote makes sure that there is a row of every kind to break.
func withNote(do func(*world) []statement) func(*world) []statement {
	return func(w *world) []statement {
		return append([]statement{
			run("INSERT INTO notes (id, refund_id, author, body, digest, created_at) VALUES ('note_x', $1, 'a', 'b', 'c', now())", w.refunds[refund.InReview].ID),
		}, do(w)...)
	}
}

// disguiseAttacks make the checks look at something else, or borrow their rights.
func disguiseAttacks() []attack {
	borrowed := func(function string) func(*world) []statement {
		return func(*world) []statement {
			return []statement{
				run("CREATE TEMP TABLE mine (journal_id text, n int, ledger_account text, micros bigint) ON COMMIT DROP"),
				run("CREATE TRIGGER mine AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION " + function + "()"),
				run("INSERT INTO mine VALUES ('j', 0, 'customer/acct/USD', 1000000)"),
			}
		}
	}
	// shadow puts an empty table of the same shape in front of the real one.
	shadow := func(table string) statement {
		return run(fmt.Sprintf("CREATE TEMP TABLE %[1]s ON COMMIT DROP AS SELECT * FROM public.%[1]s", table))
	}
	disguised := func(rule string, table string, lie string, do func(w *world) []statement) attack {
		return attack{name: "a temporary table " + table, rule: rule, do: func(w *world) []statement {
			return append([]statement{shadow(table), run(lie)}, inPublic(do(w))...)
		}}
	}
	return []attack{
		{name: "the function that writes balances, on a table of his own", rule: forbidden, do: borrowed("apply_posting")},
		{name: "the function that opens balances, on a table of his own", rule: forbidden, do: borrowed("open_ledger_account")},
		disguised("credit-obstacle", "accounts", "UPDATE pg_temp.accounts SET standing = 'good'", func(w *world) []statement {
			return w.credit(func(c *credit) {
				c.earlier = []statement{run("UPDATE public.accounts SET standing = 'suspended' WHERE id = 'acct'")}
			})
		}),
		disguised("journal-package", "packages", "UPDATE pg_temp.packages SET account_id = 'other'", func(w *world) []statement {
			return w.usage(func(j *journal) { j.AccountID = "other" })
		}),
		disguised("usage-record", "usage_records", "INSERT INTO pg_temp.usage_records VALUES ('u-none', 'p-free', 5000000, now(), now())", func(w *world) []statement {
			return w.usage(func(j *journal) { j.OperationID = "u-none" })
		}),
		disguised("illegal-transition", "refund_transitions", "INSERT INTO pg_temp.refund_transitions VALUES ('submitted', 'rejected')", func(w *world) []statement {
			return w.change(w.refunds[refund.Submitted], refund.Rejected, nil)
		}),
		disguised("refund-unapproved", "tickets", "UPDATE pg_temp.tickets SET approvals = 0", func(w *world) []statement { return w.approval() }),
		disguised("self-approval", "refunds", "UPDATE pg_temp.refunds SET requested_by = 'nobody', account_id = 'none'", func(w *world) []statement {
			return []statement{w.vote(refund.InReview, "rita", "acct", "approve")}
		}),
		disguised("credit-unposted", "journals", "UPDATE pg_temp.journals SET operation = 'refund'", func(w *world) []statement {
			return w.credit(nil)[:2]
		}),
		disguised("refund-unaudited", "audit_entries", "SELECT 1", func(w *world) []statement {
			return w.change(w.refunds[refund.InReview], refund.AwaitingCustomer, nil)[1:]
		}),
		disguised("journal-unbalanced", "ledger_accounts", "SELECT 1", func(w *world) []statement {
			return w.usage(func(j *journal) { j.Postings[1].Micros++ })
		}),
		{name: "another search path", rule: "journal-empty", do: func(w *world) []statement {
			return append([]statement{run("SET LOCAL search_path = pg_temp, public")}, w.usage(func(j *journal) { j.Postings = nil })...)
		}},
	}
}

var written = regexp.MustCompile(`(INTO |UPDATE )([a-z_]+)( |\()`)

// inPublic has the statements name the real tables.
func inPublic(statements []statement) []statement {
	for i := range statements {
		statements[i].sql = written.ReplaceAllString(statements[i].sql, "${1}public.$2$3")
	}
	return statements
}
