package postgres_test

import (
	"refunddesk/internal/refund"
)

// malformedAttacks are rows of values that cannot be.
func malformedAttacks() []attack {
	set := func(rule, text string, args ...any) attack {
		return attack{name: rule, rule: rule, do: func(*world) []statement { return []statement{run(text, args...)} }}
	}
	sold := func(rule, column string, value any) attack {
		return attack{name: "a package of " + column + ": " + rule, rule: rule, do: func(w *world) []statement {
			row := map[string]any{
				"id": "p-new", "account_id": "acct", "product": "global-sms", "name": "x", "currency": "USD",
				"paid": 80, "face": 100, "purchased_at": w.Clock.Now(), "created_at": w.Clock.Now(),
			}
			row[column] = value
			if column == "face" && value == 0 { // as much as was paid, which is nothing
				row["paid"] = 0
			}
			return []statement{insert("packages", row)}
		}}
	}
	moved := func(rule, column string, value any) attack {
		return attack{name: rule, rule: rule, do: func(w *world) []statement {
			return w.change(w.refunds[refund.InReview], refund.InReview, map[string]any{column: value})
		}}
	}
	twice := func(rule string, do func(w *world) statement) attack {
		return attack{name: rule, rule: rule, do: func(w *world) []statement { return []statement{do(w)} }}
	}
	return []attack{
		set("accounts_locale_check", "UPDATE accounts SET locale = 'xx'"),
		set("accounts_standing_check", "UPDATE accounts SET standing = 'bad'"),
		set("packages_dispute_check", "UPDATE packages SET dispute = 'maybe'"),
		set("packages_status_check", "UPDATE packages SET status = 'lost' WHERE id = 'p-free'"),
		set("packages_check1", "UPDATE packages SET status = 'frozen' WHERE id = 'p-free'"),
		sold("packages_currency_check", "currency", "usd"), sold("packages_paid_check", "paid", -1),
		sold("packages_face_check", "face", 0), sold("packages_check", "face", 79),
		moved("refunds_verdict_check", "verdict", "perhaps"),
		set("tickets_state_check", "UPDATE tickets SET state = 'lost' WHERE state = 'open'"),
		twice("tickets_kind_check", func(w *world) statement {
			r := w.refunds[refund.Submitted]
			return run(`INSERT INTO tickets (id, kind, refund_id, account_id, package_id, state, queue, due_at, approvals, created_at, updated_at)
				VALUES ('t', 'chat', $1, 'acct', $2, 'open', 'review', now(), 1, now(), now())`, r.ID, r.PackageID)
		}),
		twice("decisions_vote_check", func(w *world) statement { return w.vote(refund.InReview, "rita", "", "perhaps") }),
		twice("engine_intents_kind_check", func(w *world) statement {
			return run("INSERT INTO engine_intents (id, kind, refund_id, created_at) VALUES ('i', 'stop', $1, now())", w.refunds[refund.InReview].ID)
		}),
		twice("notices_event_check", func(w *world) statement {
			return run("INSERT INTO notices (id, refund_id, event, created_at, updated_at) VALUES ('n', $1, 'sold', now(), now())", w.refunds[refund.InReview].ID)
		}),
		set("notices_state_check", "UPDATE notices SET state = 'lost'"),
		twice("notices_once", func(w *world) statement {
			return run("INSERT INTO notices (id, refund_id, event, created_at, updated_at) VALUES ('n', $1, 'credited', now(), now())", w.refunds[refund.Credited].ID)
		}),
		{name: "the same step told twice", rule: "audit_once", do: func(*world) []statement {
			return []statement{
				run("INSERT INTO audit_entries (id, entry_version, actor, role, action, object, object_id, operation_id) VALUES ('a', 1, 'x', 'admin', 'filed', 'refund', 'r', 'op')"),
				run("INSERT INTO audit_entries (id, entry_version, actor, role, action, object, object_id, operation_id) VALUES ('b', 1, 'x', 'admin', 'filed', 'refund', 'r', 'op')"),
			}
		}},
		{name: "a state nobody knows", rule: "refunds_state_check", as: owner, do: func(w *world) []statement {
			return append([]statement{run("INSERT INTO refund_transitions VALUES ('in_review', 'lost')")},
				w.change(w.refunds[refund.InReview], "lost", nil)...)
		}},
	}
}
