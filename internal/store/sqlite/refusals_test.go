package sqlite_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/internal/store/storetest"
)

// What SQLite can express of PostgreSQL's refusals, tried with raw SQL. It has no roles and
// no checks at commit: that a journal balances, that a change has its audit entry, and that
// nobody writes a balance, is here the store's own doing.

type world struct {
	*storetest.Bundle
	refunds map[refund.State]refund.Refund
	pool    *sql.DB
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Bundle: storetest.New(t, open)}
	w.Account("other")
	w.Buy("p-free", 100, 100)
	w.refunds = w.EveryState()
	var err error
	w.pool, err = w.SQL()
	require.NoError(t, err)
	return w
}

// attempt runs the statements in one transaction that is always taken back.
func (w *world) attempt(statements ...string) error {
	tx, err := w.pool.BeginTx(w.Ctx, nil)
	require.NoError(w.T, err)
	defer func() { require.NoError(w.T, tx.Rollback()) }()
	for _, s := range statements {
		if _, err := tx.ExecContext(w.Ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) ticket(state refund.State) string {
	page, err := w.Tickets(w.Ctx, desk.TicketFilter{RefundID: w.refunds[state].ID, State: review.Open})
	require.NoError(w.T, err)
	require.Len(w.T, page.Items, 1)
	return page.Items[0].Ticket.ID
}

// becomes changes the refund in the state as a program would that fills in what the new
// state's row needs; set comes on top.
func (w *world) becomes(from, to refund.State, set string) string {
	r := w.refunds[from]
	fields := []string{fmt.Sprintf("state = '%s'", to), "version = version + 1"}
	if to == refund.OnHold && from != refund.OnHold {
		fields = append(fields, fmt.Sprintf("held_from = '%s', hold_causes = 'dispute'", from))
	}
	if to != refund.OnHold {
		fields = append(fields, "held_from = '', hold_causes = ''")
	}
	if set != "" {
		fields = append(fields, set)
	}
	return fmt.Sprintf("UPDATE refunds SET %s WHERE id = '%s'", strings.Join(fields, ", "), r.ID)
}

func (w *world) vote(voter, account, vote string) string {
	return fmt.Sprintf(`INSERT INTO decisions (id, ticket_id, refund_id, voter, voter_role, voter_account, vote, reason_code, digest, created_at)
		VALUES ('d-%[1]s', '%[2]s', '%[3]s', '%[1]s', '%[6]s', '%[4]s', '%[5]s', 'other', '', '2026-01-01')`,
		voter, w.ticket(refund.InReview), w.refunds[refund.InReview].ID, account, vote, map[bool]string{true: "senior_reviewer", false: "reviewer"}[voter == storetest.Senior.Subject])
}

func journal(id, operation, operationID, currency, account, pkg string) string {
	return fmt.Sprintf("INSERT INTO journals (id, operation, operation_id, currency, account_id, package_id, input_hash, created_at) VALUES ('%s', '%s', '%s', '%s', '%s', '%s', '', '2026-01-01')",
		id, operation, operationID, currency, account, pkg)
}

func posting(n int, account string, units int64) string {
	return fmt.Sprintf("INSERT INTO postings (journal_id, n, ledger_account, micros) VALUES ('j', %d, '%s', %d)", n, account, units*1_000_000)
}

// credit are the statements of an honest credit.
func (w *world) credit() []string {
	r := w.refunds[refund.Crediting]
	return []string{
		w.becomes(refund.Crediting, refund.Credited, "amount = 70000000"),
		"UPDATE packages SET status = 'refunded', frozen_at = NULL WHERE id = 'p-crediting'",
		journal("j", "refund", r.ID, "USD", "acct", "p-crediting"),
		posting(0, "customer/acct/USD", 70), posting(1, "package/p-crediting", -90), posting(2, "promotion/USD", 20),
	}
}

func with(statements []string, at int, other string) []string {
	out := append([]string(nil), statements...)
	out[at] = other
	return out
}

func TestSQLiteAccepts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NoError(t, w.attempt(w.credit()...))
	require.NoError(t, w.attempt(w.vote("rita", "", "approve"), w.vote("sam", "", "approve"), w.becomes(refund.InReview, refund.Crediting, "approved = 2000000000")))
	require.NoError(t, w.attempt(w.becomes(refund.OnHold, refund.InReview, "")))
}

func TestSQLiteRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	credit := w.credit()
	ticket := func(set string) string {
		return fmt.Sprintf("UPDATE tickets SET %s WHERE id = '%s'", set, w.ticket(refund.InReview))
	}
	filing := func(account, pkg, currency, rest string) string {
		return fmt.Sprintf(`INSERT INTO refunds (id, account_id, package_id, requested_by, state, reason_code, currency, quote_amount, quote_paid, quote_face, quote_remaining, created_at, updated_at%s)
			VALUES ('r', '%s', '%s', 'x', 'submitted', 'other', '%s', 1, 1, 1, 1, '2026-01-01', '2026-01-01'%s)`, strings.Split(rest+"|", "|")[0], account, pkg, currency, strings.Split(rest+"|", "|")[1])
	}
	require.NoError(t, w.attempt(filing("acct", "p-free", "USD", "")))
	for _, c := range []struct {
		name, rule string
		statements []string
	}{
		{"a second credit of the same refund", "UNIQUE", append(credit, credit[2])},
		{"a second credit of the package", "UNIQUE", append(credit, strings.ReplaceAll(credit[2], "'j'", "'j2'"))},
		{"a credit of a refund that is not credited", "credit-unapproved", credit[2:]},
		{"a credit of a package that goes on", "credit-remainder", with(credit, 1, "SELECT 1")},
		{"a credit while suspended", "credit-obstacle", append([]string{"UPDATE accounts SET standing = 'suspended'"}, credit...)},
		{"a credit while a dispute is open", "credit-obstacle", append([]string{"UPDATE packages SET dispute = 'open'"}, credit...)},
		{"a credit of another amount", "credit-amount", with(credit, 3, posting(0, "customer/acct/USD", 71))},
		{"a credit to another customer", "journal-shape", append([]string{"INSERT INTO ledger_accounts (id, currency) VALUES ('customer/other/USD', 'USD')"}, with(credit, 3, posting(0, "customer/other/USD", 70))...)},
		{"a credit above the approved amount", "CHECK", []string{w.becomes(refund.Crediting, refund.Credited, "amount = 71000000")}},
		{"a package that cannot pay it", "CHECK", with(credit, 4, posting(1, "package/p-crediting", -91))},
		{"a package ended without a credit", "package-uncredited", []string{"UPDATE packages SET status = 'refunded' WHERE id = 'p-free'"}},
		{"a package edited", "package-fixed", []string{"UPDATE packages SET face = face + 1 WHERE id = 'p-free'"}},
		{"a refunded package reopened", "package-refunded", []string{"UPDATE packages SET status = 'active' WHERE id = 'p-credited'"}},
		{"usage without a record", "usage-record", []string{journal("j", "usage", "none", "USD", "acct", "p-free")}},
		{"usage in another's name", "journal-package", []string{journal("j", "usage", "u-crediting", "USD", "other", "p-crediting")}},
		{"a posting in another currency", "posting-currency", append(credit[:3:3], "INSERT INTO ledger_accounts (id, currency) VALUES ('promotion/EUR', 'EUR')", posting(0, "promotion/EUR", 1))},
		{"a ledger account in another currency", "append-only", []string{"UPDATE ledger_accounts SET currency = 'EUR'"}},
		{"a negative balance", "CHECK", []string{"UPDATE ledger_accounts SET balance = -1"}},

		{"a second open refund", "UNIQUE", []string{filing("acct", "p-in_review", "USD", "")}},
		{"a refund of another's package", "refund-package", []string{filing("other", "p-free", "USD", "")}},
		{"a refund in another currency", "refund-package", []string{filing("acct", "p-free", "EUR", "")}},
		{"a refund that starts approved", "illegal-transition", []string{filing("acct", "p-free", "USD", ", approved|, 1")}},
		{"a refund deleted", "append-only", []string{"DELETE FROM refunds"}},
		{"a quote edited", "refund-fixed", []string{w.becomes(refund.InReview, refund.InReview, "quote_amount = quote_amount + 1")}},
		{"who asked edited", "refund-fixed", []string{w.becomes(refund.InReview, refund.InReview, "requested_by = 'x'")}},
		{"an approved amount edited", "refund-fixed", []string{w.becomes(refund.Crediting, refund.Crediting, "approved = 1")}},
		{"a version kept", "refund-version", []string{"UPDATE refunds SET verdict = 'approve' WHERE state = 'in_review'"}},
		{"a hold moved to another state", "illegal-transition", []string{w.becomes(refund.OnHold, refund.OnHold, "held_from = 'screening'")}},
		{"back from a hold to another state", "illegal-transition", []string{w.becomes(refund.OnHold, refund.Screening, "")}},

		{"a vote by the one who asked", "self-approval", []string{w.vote(storetest.Customer("acct").Subject, "", "approve")}},
		{"a vote by one who owns the account", "self-approval", []string{w.vote("rita", "acct", "approve")}},
		{"a vote on a closed ticket", "ticket-closed", []string{ticket("state = 'closed'"), w.vote("rita", "", "approve")}},
		{"approved by nobody", "refund-unapproved", []string{w.becomes(refund.InReview, refund.Crediting, "approved = 1")}},
		{"approved by one of two", "refund-unapproved", []string{w.vote("rita", "", "approve"), w.becomes(refund.InReview, refund.Crediting, "approved = 1")}},
		{"approved against a rejection", "refund-unapproved", []string{
			w.vote("rita", "", "approve"), w.vote("sam", "", "approve"), w.vote("ron", "", "reject"), w.becomes(refund.InReview, refund.Crediting, "approved = 1"),
		}},
		{"approved while the state stays", "refund-unapproved", []string{w.becomes(refund.InReview, refund.InReview, "approved = 1")}},
		{"approved by another verdict", "refund-unapproved", []string{w.becomes(refund.Screening, refund.Crediting, "approved = 1, verdict = 'review'")}},
		{"a ticket that asks for fewer people", "ticket-approvals", []string{ticket("approvals = 1")}},
		{"a ticket moved to another refund", "ticket-fixed", []string{ticket("refund_id = 'x'")}},
		{"a ticket reopened", "ticket-closed", []string{ticket("state = 'closed'"), ticket("state = 'open'")}},
	} {
		t.Run(c.name, func(t *testing.T) { require.ErrorContains(t, w.attempt(c.statements...), c.rule) })
	}
	for _, table := range []string{"journals", "postings", "usage_records", "decisions", "notes", "audit_entries", "refund_transitions"} {
		note := "INSERT INTO notes (id, refund_id, author, body, digest, created_at) VALUES ('n', 'r', 'a', 'b', 'c', '2026-01-01')"
		t.Run(table+" edited", func(t *testing.T) {
			require.ErrorContains(t, w.attempt(note, "UPDATE "+table+" SET rowid = rowid"), "append-only")
		})
		t.Run(table+" deleted", func(t *testing.T) {
			require.ErrorContains(t, w.attempt(note, "DELETE FROM "+table), "append-only")
		})
	}
}

func TestSQLiteRefusesEveryPairThatTheTableLacks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, from := range refund.States {
		for _, to := range refund.States {
			err := w.attempt(w.becomes(from, to, ""))
			backElsewhere := from == refund.OnHold && !to.Final() && to != from && to != w.refunds[from].HeldFrom
			if (from.CanBecome(to) && !backElsewhere) || (from == to && !from.Final()) {
				require.NotContains(t, fmt.Sprint(err), "illegal-transition", "%s to %s", from, to)
				continue
			}
			require.ErrorContains(t, err, "illegal-transition", "%s to %s", from, to)
		}
	}
}
