package postgres_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/identity"
	"refunddesk/internal/ledger"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
	"refunddesk/internal/store/storetest"
)

// The honest transactions, each with one place for an attack to change something.

// journal is a journal that can be spoilt before it is written.
type journal struct {
	ledger.Journal
	id string
	// split writes each posting by a statement of its own.
	split bool
}

func (j *journal) statements() []statement {
	var reverses *string
	if j.Reverses != "" {
		reverses = &j.Reverses
	}
	out := []statement{run(`INSERT INTO journals (id, operation, operation_id, currency, account_id, package_id, reverses, input_hash, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 'hash', now())`,
		j.id, string(j.Operation), j.OperationID, j.Currency, j.AccountID, j.PackageID, reverses)}
	if j.split || len(j.Postings) == 0 {
		for n, p := range j.Postings {
			out = append(out, j.posting(n, p.Account, p.Micros))
		}
		return out
	}
	all := statement{sql: "INSERT INTO postings (journal_id, n, ledger_account, micros) VALUES "}
	for n, p := range j.Postings {
		if n > 0 {
			all.sql += ", "
		}
		all.sql += fmt.Sprintf("($%d, $%d, $%d, $%d)", 4*n+1, 4*n+2, 4*n+3, 4*n+4)
		all.args = append(all.args, j.id, n, p.Account, p.Micros)
	}
	return append(out, all)
}

func (j *journal) posting(n int, account string, micros int64) statement {
	return run("INSERT INTO postings (journal_id, n, ledger_account, micros) VALUES ($1, $2, $3, $4)", j.id, n, account, micros)
}

// credit pays the refund that waits in crediting: 70 of 80 paid, and voids a gift of 20.
type credit struct {
	journal
	refund  refund.Refund
	amount  int64
	entry   bool // writes its audit entry
	ends    bool // ends the package
	earlier []statement
}

func (w *world) credit(spoil func(*credit)) []statement {
	r := w.refunds[refund.Crediting]
	c := credit{refund: r, amount: 70 * money.Scale, entry: true, ends: true, journal: journal{
		id: "j-new", Journal: ledger.ForRefund(r.ID, r.PackageID, r.AccountID, "USD", 70*money.Scale, 20*money.Scale),
	}}
	if spoil != nil {
		spoil(&c)
	}
	out := c.earlier
	if c.entry {
		out = append(out, w.entry(c.refund, refund.Credited))
	}
	out = append(out, run("UPDATE refunds SET state = 'credited', amount = $2, version = version + 1 WHERE id = $1", c.refund.ID, c.amount))
	if c.ends {
		out = append(out, run("UPDATE packages SET status = 'refunded', frozen_at = NULL WHERE id = $1", c.refund.PackageID))
	}
	return append(out, c.statements()...)
}

// purchase buys a package for somebody: 80 paid, 100 face.
func (w *world) purchase(spoil func(*journal)) []statement {
	j := journal{id: "j-new", Journal: ledger.ForPurchase("p-new", "acct", "USD", 80*money.Scale, 100*money.Scale)}
	if spoil != nil {
		spoil(&j)
	}
	return append([]statement{
		run(`INSERT INTO packages (id, account_id, product, name, currency, paid, face, purchased_at, created_at)
			VALUES ('p-new', 'acct', 'global-sms', 'Global SMS', 'USD', 80000000, 100000000, now(), now())`),
		run("INSERT INTO ledger_accounts (id, currency) VALUES ('package/p-new', 'USD')"),
	}, j.statements()...)
}

// usage takes 5 of the package that nobody asked a refund of.
func (w *world) usage(spoil func(*journal)) []statement {
	j := journal{id: "j-new", Journal: ledger.ForUsage("u-new", "p-free", "acct", "USD", 5*money.Scale)}
	if spoil != nil {
		spoil(&j)
	}
	return append([]statement{used("u-new", 5*money.Scale)}, j.statements()...)
}

func used(id string, micros int64) statement {
	return run("INSERT INTO usage_records (id, package_id, cost, occurred_at, recorded_at) VALUES ($1, 'p-free', $2, now(), now())", id, micros)
}

// reversal undoes an earlier journal.
func (w *world) reversal(operation, operationID string, spoil func(*journal)) []statement {
	j := journal{id: "j-undo", Journal: w.journalOf(operation, operationID).Reverse()}
	if spoil != nil {
		spoil(&j)
	}
	return j.statements()
}

// journalOf reads a journal with its postings.
func (w *world) journalOf(operation, operationID string) ledger.Journal {
	j := ledger.Journal{Operation: ledger.Operation(operation), OperationID: operationID}
	conn := w.conns[owner]
	require.NoError(w.T, conn.QueryRow(w.Ctx, "SELECT id, currency, account_id, package_id FROM journals WHERE operation = $1 AND operation_id = $2", operation, operationID).
		Scan(&j.ID, &j.Currency, &j.AccountID, &j.PackageID))
	rows, err := conn.Query(w.Ctx, "SELECT ledger_account, micros FROM postings WHERE journal_id = $1 ORDER BY n", j.ID)
	require.NoError(w.T, err)
	defer rows.Close()
	for rows.Next() {
		var p ledger.Posting
		require.NoError(w.T, rows.Scan(&p.Account, &p.Micros))
		j.Postings = append(j.Postings, p)
	}
	require.NoError(w.T, rows.Err())
	return j
}

// filing asks for the refund of the free package.
func (w *world) filing(change map[string]any) []statement {
	row := map[string]any{
		"id": "refund_new", "account_id": "acct", "package_id": "p-free", "requested_by": "owner-of-acct", "state": "submitted",
		"reason_code": "other", "currency": "USD", "quote_amount": 100 * money.Scale, "quote_paid": 100 * money.Scale,
		"quote_face": 100 * money.Scale, "quote_remaining": 100 * money.Scale, "created_at": w.Clock.Now(), "updated_at": w.Clock.Now(),
	}
	for column, value := range change {
		row[column] = value
	}
	filed := refund.Refund{ID: fmt.Sprint(row["id"])}
	return []statement{w.entry(filed, refund.Submitted), insert("refunds", row)}
}

// insert writes a row of constants of this test.
func insert(table string, row map[string]any) statement {
	columns, marks, s := "", "", statement{}
	for column, value := range row {
		if columns != "" {
			columns, marks = columns+", ", marks+", "
		}
		s.args = append(s.args, value)
		columns, marks = columns+column, marks+fmt.Sprintf("$%d", len(s.args))
	}
	s.sql = "INSERT INTO " + table + " (" + columns + ") VALUES (" + marks + ")"
	return s
}

// entry is the audit entry of a refund's change to the state.
func (w *world) entry(r refund.Refund, to refund.State) statement {
	return run(`INSERT INTO audit_entries (id, entry_version, actor, role, action, object, object_id, object_version, refund_id, old_state, new_state)
		VALUES ($1, 1, 'mallory', 'system', 'changed', 'refund', $2::text, $3::bigint, $2::text, $4, $5)`,
		fmt.Sprintf("audit_%s_%d_%s", r.ID, r.Version, to), r.ID, r.Version+1, string(r.State), string(to))
}

// change moves the refund to a state as a program would that fills in whatever the state's
// row needs. Values of set replace those of the row.
func (w *world) change(r refund.Refund, to refund.State, set map[string]any) []statement {
	row := map[string]any{"state": string(to), "version": r.Version + 1, "held_from": "", "hold_causes": ""}
	switch to {
	case refund.OnHold:
		row["held_from"], row["hold_causes"] = string(r.State), "dispute"
		if r.State == refund.OnHold {
			row["held_from"] = string(r.HeldFrom)
		}
	case refund.Crediting, refund.NeedsAttention, refund.Credited:
		if r.Approved == nil {
			row["approved"] = r.Quote.Amount.Micros
		}
		if to == refund.Credited {
			row["amount"] = r.Quote.Amount.Micros
		}
	}
	for column, value := range set {
		row[column] = value
	}
	s := statement{sql: "UPDATE refunds SET ", args: []any{r.ID}}
	for column, value := range row {
		if len(s.args) > 1 {
			s.sql += ", "
		}
		s.args = append(s.args, value)
		s.sql += fmt.Sprintf("%s = $%d", column, len(s.args))
	}
	s.sql += " WHERE id = $1"
	if r.State == refund.Screening && (to == refund.Crediting || to == refund.InReview || to == refund.Rejected) {
		verdict := row["verdict"]
		if verdict == nil {
			verdict = "approve"
		}
		return []statement{w.entry(r, to), screening(r, verdict), s}
	}
	return []statement{w.entry(r, to), s}
}

// screening is the record of what a refund was judged on.
func screening(r refund.Refund, verdict any) statement {
	return run(`INSERT INTO screenings (refund_id, policy_version, policy_digest, verdict, facts, created_at) VALUES ($1, $2, $3, $4, '{}', now())`,
		r.ID, r.PolicyVersion, r.PolicyDigest, verdict)
}

// vote is a decision on the ticket of the refund in the state.
func (w *world) vote(state refund.State, voter, account, vote string) statement {
	return w.voteOn(w.ticket(state), w.refunds[state].ID, voter, account, vote)
}

func (w *world) voteOn(ticket, refundID, voter, account, vote string) statement {
	role := identity.Reviewer
	if voter == storetest.Senior.Subject {
		role = identity.Senior
	}
	return run(`INSERT INTO decisions (id, ticket_id, refund_id, voter, voter_role, voter_account, vote, reason_code, digest, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 'other', 'digest', now())`,
		"decision_"+voter+ticket, ticket, refundID, voter, string(role), account, vote)
}

// approval has the voters approve the refund in review, which goes to crediting.
func (w *world) approval(voters ...string) []statement {
	var out []statement
	for _, voter := range voters {
		out = append(out, w.vote(refund.InReview, voter, "", "approve"))
	}
	return append(out, w.change(w.refunds[refund.InReview], refund.Crediting, nil)...)
}

// What is inserted as a balance is no balance, whoever inserts it.
func TestALedgerAccountOpensEmpty(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for id, want := range map[string]any{"customer/other/USD": int64(0), "package/p-x": int64(0), "revenue/XXX": nil} {
		_, err := w.conns[owner].Exec(w.Ctx, "INSERT INTO ledger_accounts (id, currency, balance) VALUES ($1, 'USD', 1000000)", id)
		require.NoError(t, err)
		var got any
		require.NoError(t, w.conns[owner].QueryRow(w.Ctx, "SELECT balance FROM ledger_accounts WHERE id = $1", id).Scan(&got))
		require.Equal(t, want, got, id)
	}
}
