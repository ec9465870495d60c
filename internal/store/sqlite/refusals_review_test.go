package sqlite_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/refund"
	"refunddesk/internal/store/storetest"
)

// What SQLite refuses of the review desk. Its honest twins pass, so that nothing is refused
// for a slip of its own.

func screening(refundID, verdict string) string {
	return fmt.Sprintf("INSERT INTO screenings (refund_id, policy_version, policy_digest, verdict, facts, created_at) VALUES ('%s', '', '', '%s', '{}', '2026-01-01')", refundID, verdict)
}

func pause(scope, target string) string {
	return fmt.Sprintf("INSERT INTO pauses (id, scope, target, reason, by, expires_at, created_at) VALUES ('z', '%s', '%s', 'odd', 'ada', '%s', '2026-01-01')",
		scope, target, time.Now().UTC().Add(24*time.Hour).Format("2006-01-02 15:04:05.999999-07:00"))
}

const endPause = "UPDATE pauses SET ended_at = '2026-01-02', ended_by = 'ada' WHERE id = 'z'"

// appeal files again for a refund of the package.
func (w *world) appeal(id, of, pkg string) string {
	return fmt.Sprintf(`INSERT INTO refunds (id, account_id, package_id, requested_by, state, reason_code, currency, quote_amount, quote_paid, quote_face, quote_remaining, created_at, updated_at, appeal_of)
		VALUES ('%s', 'acct', '%s', 'x', 'submitted', 'other', 'USD', 1, 1, 1, 1, '2026-01-01', '2026-01-01', '%s')`, id, pkg, of)
}

func move(id, set string) string {
	return fmt.Sprintf("UPDATE refunds SET version = version + 1, %s WHERE id = '%s'", set, id)
}

// appealInReview takes an appeal to review, where the voter decides.
func (w *world) appealInReview(voter string) []string {
	first := w.refunds[refund.Rejected]
	return []string{
		w.appeal("r", first.ID, first.PackageID), move("r", "state = 'screening'"), screening("r", "review"), move("r", "state = 'in_review', verdict = 'review'"),
		fmt.Sprintf(`INSERT INTO tickets (id, kind, refund_id, account_id, package_id, state, queue, due_at, approvals, created_at, updated_at)
			VALUES ('t', 'refund', 'r', 'acct', '%s', 'open', 'review', '2026-01-01', 1, '2026-01-01', '2026-01-01')`, first.PackageID),
		fmt.Sprintf(`INSERT INTO decisions (id, ticket_id, refund_id, voter, voter_role, vote, reason_code, digest, created_at)
			VALUES ('d', 't', 'r', '%s', 'reviewer', 'approve', 'other', '', '2026-01-01')`, voter),
	}
}

// question asks something; values are account, refund and package as SQL.
func question(account, refundID, pkg string) string {
	return fmt.Sprintf(`INSERT INTO tickets (id, kind, refund_id, account_id, package_id, state, queue, due_at, approvals, created_at, updated_at)
		VALUES ('q', 'question', %s, '%s', %s, 'open', 'questions', '2026-01-01', 1, '2026-01-01', '2026-01-01')`, refundID, account, pkg)
}

func message(ticket, body, visibility string, byStaff int) string {
	return fmt.Sprintf("INSERT INTO messages (id, ticket_id, author, by_staff, visibility, body, created_at) VALUES ('m', '%s', 'rita', %d, '%s', '%s', '2026-01-01')",
		ticket, byStaff, visibility, body)
}

// filedForOther has somebody without an account vote who filed for the account "other".
func (w *world) filedForOther() []string {
	return []string{
		`INSERT INTO packages (id, account_id, product, name, currency, paid, face, purchased_at, created_at) VALUES ('p-o', 'other', 'global-sms', 'x', 'USD', 1, 1, '2026-01-01', '2026-01-01')`,
		`INSERT INTO refunds (id, account_id, package_id, requested_by, state, reason_code, currency, quote_amount, quote_paid, quote_face, quote_remaining, created_at, updated_at)
			VALUES ('r', 'other', 'p-o', 'ron', 'submitted', 'other', 'USD', 1, 1, 1, 1, '2026-01-01', '2026-01-01')`,
		w.vote("ron", "", "approve"),
	}
}

// session opens a session under an id, which is SQL.
func session(id string) string {
	return "INSERT INTO sessions (id_hash, subject, roles, created_at, seen_at, expires_at) VALUES (" + id + ", 'rita', 'reviewer', '2026-01-01', '2026-01-01', '2026-01-02')"
}

// samePhone has both accounts write one number in two ways.
const samePhone = "UPDATE accounts SET phone = CASE id WHEN 'acct' THEN '+49 151 2345-67' ELSE '(0049) 151234567' END"

const unrelated = "UPDATE accounts SET email = 'somebody@example.com' WHERE id = 'other'"

func TestSQLiteAcceptsOfTheDesk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.refunds[refund.InReview]
	for name, statements := range map[string][]string{
		"a screening":                                 {screening(w.refunds[refund.Screening].ID, "approve"), w.becomes(refund.Screening, refund.Crediting, "verdict = 'approve', approved = 1")},
		"an appeal":                                   w.appealInReview("ron"),
		"a question about a refund":                   {question("acct", "'"+r.ID+"'", "'"+r.PackageID+"'"), message("q", "hello", "public", 0)},
		"a question about nothing":                    {question("other", "NULL", "NULL")},
		"a vote of another account":                   {unrelated, w.vote("ron", "other", "approve")},
		"a vote of one who filed for another account": append([]string{unrelated}, w.filedForOther()...),
		"a vote of one whose phone is as empty":       {unrelated, "UPDATE accounts SET phone = '-'", w.vote("ron", "other", "approve")},
		"a session":                                   {session("randomblob(32)")},
		"a credit past others' pause":                 append([]string{pause("account", "other")}, w.credit()...),
		"a credit after a pause":                      append([]string{pause("all", ""), endPause}, w.credit()...),
		"a senior and a reviewer": {
			fmt.Sprintf("UPDATE tickets SET seniors = 1 WHERE id = '%s'", w.ticket(refund.InReview)), w.vote("ron", "", "approve"), w.vote("sam", "", "approve"),
			w.becomes(refund.InReview, refund.Crediting, "approved = 2000000000"),
		},
	} {
		t.Run(name, func(t *testing.T) { require.NoError(t, w.attempt(statements...)) })
	}
}

func TestSQLiteRefusesOfTheDesk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ticket := func(set string) string {
		return fmt.Sprintf("UPDATE tickets SET %s WHERE id = '%s'", set, w.ticket(refund.InReview))
	}
	first, r := w.refunds[refund.Rejected], w.refunds[refund.InReview]
	for _, c := range []struct {
		name, rule string
		statements []string
	}{
		{"credited unjudged", "refund-unscreened", []string{w.becomes(refund.Screening, refund.Crediting, "verdict = 'approve', approved = 1")}},
		{"reviewed unjudged", "refund-unscreened", []string{w.becomes(refund.Screening, refund.InReview, "verdict = 'review'")}},
		{"rejected unjudged", "refund-unscreened", []string{w.becomes(refund.Screening, refund.Rejected, "verdict = 'reject'")}},
		{"another verdict than the one on record", "refund-unscreened", []string{
			screening(w.refunds[refund.Screening].ID, "review"), w.becomes(refund.Screening, refund.Crediting, "verdict = 'approve', approved = 1"),
		}},
		{"judged after the fact", "screening-late", []string{screening(w.refunds[refund.Withdrawn].ID, "reject")}},

		{"by one of a linked account", "self-approval", []string{w.vote("ron", "other", "approve")}},
		{"by one who shares a phone", "self-approval", []string{unrelated, samePhone, w.vote("ron", "other", "approve")}},
		{"by one who filed for an account that shares a phone", "self-approval", append([]string{unrelated, samePhone}, w.filedForOther()...)},
		{"by one who filed for an account that shares a payer", "self-approval", append([]string{unrelated, "UPDATE accounts SET payer = '1'"}, w.filedForOther()...)},
		{"by one who shares a payer", "self-approval", []string{unrelated, "UPDATE accounts SET payer = '1'", w.vote("ron", "other", "approve")}},
		{"by one who filed for the account", "self-approval", []string{w.appeal("r", first.ID, first.PackageID), w.vote("x", "", "approve")}},
		{"by one who filed for an account that shares the e-mail", "self-approval", w.filedForOther()},
		{"a session under its token", "CHECK", []string{session("'0123456789012345678901234567890123456789012'")}},
		{"an appeal decided by the first decider", "first-decider", w.appealInReview(storetest.Reviewer.Subject)},
		{"approved without a senior", "refund-unapproved", []string{
			ticket("seniors = 1"), w.vote("ron", "", "approve"), w.vote("rob", "", "approve"), w.becomes(refund.InReview, refund.Crediting, "approved = 1"),
		}},
		{"fewer seniors", "ticket-approvals", []string{ticket("seniors = 1"), ticket("seniors = 0")}},
		{"a vote on a question", "ticket-closed", []string{
			question("acct", "'"+r.ID+"'", "NULL"),
			fmt.Sprintf(`INSERT INTO decisions (id, ticket_id, refund_id, voter, voter_role, vote, reason_code, digest, created_at)
				VALUES ('d', 'q', '%s', 'ron', 'reviewer', 'approve', 'other', '', '2026-01-01')`, r.ID),
		}},

		{"an appeal of what was withdrawn", "appeal-unfounded", []string{w.appeal("r", w.refunds[refund.Withdrawn].ID, w.refunds[refund.Withdrawn].PackageID)}},
		{"an appeal for another package", "appeal-unfounded", []string{w.appeal("r", first.ID, "p-free")}},
		{"an appeal of an appeal", "appeal-unfounded", []string{
			w.appeal("r", first.ID, first.PackageID), move("r", "state = 'screening'"), screening("r", "reject"), move("r", "state = 'rejected', verdict = 'reject'"),
			w.appeal("s", "r", first.PackageID),
		}},
		{"a second appeal", "UNIQUE", []string{w.appeal("r", first.ID, first.PackageID), move("r", "state = 'withdrawn'"), w.appeal("s", first.ID, first.PackageID)}},
		{"made an appeal later", "refund-fixed", []string{w.becomes(refund.InReview, refund.InReview, "appeal_of = 'x'")}},
		{"an appeal approved by the program", "appeal-unreviewed", []string{
			w.appeal("r", first.ID, first.PackageID), move("r", "state = 'screening'"), screening("r", "approve"), move("r", "state = 'crediting', verdict = 'approve', approved = 1"),
		}},

		{"a credit while everything is paused", "credit-paused", append([]string{pause("all", "")}, w.credit()...)},
		{"a credit while the account is paused", "credit-paused", append([]string{pause("account", "acct")}, w.credit()...)},
		{"a credit while the product is paused", "credit-paused", append([]string{pause("product", refund.GlobalSMS)}, w.credit()...)},
		{"a pause of nobody", "pause-target", []string{pause("account", "nobody")}},
		{"a pause edited", "pause-fixed", []string{pause("all", ""), "UPDATE pauses SET reason = 'another'"}},
		{"a pause ended twice", "pause-fixed", []string{pause("all", ""), endPause, endPause}},
		{"a pause deleted", "append-only", []string{pause("all", ""), "DELETE FROM pauses"}},

		{"a question about another's refund", "ticket-fixed", []string{question("other", "'"+r.ID+"'", "NULL")}},
		{"a question about another's package", "ticket-fixed", []string{question("other", "NULL", "'p-free'")}},
		{"a case of no refund", "CHECK", []string{`INSERT INTO tickets (id, kind, account_id, state, queue, due_at, approvals, created_at, updated_at)
			VALUES ('t', 'refund', 'acct', 'open', 'review', '2026-01-01', 1, '2026-01-01', '2026-01-01')`}},
		{"a ticket's promise edited", "ticket-fixed", []string{ticket("sla = '{}'")}},
		{"a ticket's subject edited", "ticket-fixed", []string{ticket("subject = 'x'")}},
		{"a message on a closed ticket", "ticket-closed", []string{ticket("state = 'closed'"), message(w.ticket(refund.InReview), "hello", "public", 1)}},
		{"an internal message of a customer", "CHECK", []string{message(w.ticket(refund.InReview), "hello", "internal", 0)}},
		{"an empty message", "CHECK", []string{message(w.ticket(refund.InReview), "", "public", 1)}},
	} {
		t.Run(c.name, func(t *testing.T) { require.ErrorContains(t, w.attempt(c.statements...), c.rule) })
	}
	for _, table := range []string{"policies", "policy_activations", "screenings", "screening_matches", "messages"} {
		t.Run(table+" edited", func(t *testing.T) {
			require.ErrorContains(t, w.attempt("UPDATE "+table+" SET rowid = rowid"), "append-only")
		})
		t.Run(table+" deleted", func(t *testing.T) { require.ErrorContains(t, w.attempt("DELETE FROM "+table), "append-only") })
	}
}
