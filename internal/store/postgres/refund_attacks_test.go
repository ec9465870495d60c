package postgres_test

import (
	"fmt"

	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
	"refunddesk/internal/store/storetest"
)

// refundAttacks are those on what was asked, how it moves, and its record.
func refundAttacks() []attack {
	filing := func(change map[string]any) func(*world) []statement {
		return func(w *world) []statement { return w.filing(change) }
	}
	edited := func(column string, value any) attack {
		return attack{name: "edited: " + column, rule: "refund-fixed", do: func(w *world) []statement {
			return w.change(w.refunds[refund.InReview], refund.InReview, map[string]any{column: value})
		}}
	}
	list := []attack{
		{name: "a second open refund", rule: "refunds_one_open", do: filing(map[string]any{"package_id": "p-in_review"})},
		{name: "a refund of nothing", rule: "refunds_quote_amount_check", do: filing(map[string]any{"quote_amount": 0})},
		{name: "a refund of another's package", rule: "refund-package", do: filing(map[string]any{"account_id": "other"})},
		{name: "a refund in another currency", rule: "refund-package", do: filing(map[string]any{"currency": "EUR"})},
		{name: "a refund that starts approved", rule: "illegal-transition", do: filing(map[string]any{"approved": unit})},
		{name: "a refund that starts later than its first version", rule: "illegal-transition", do: filing(map[string]any{"version": 2})},
		edited("requested_by", "mallory"), edited("account_id", "other"), edited("package_id", "p-free"), edited("quote_amount", 9000*unit),
		edited("quote_remaining", 9000*unit), edited("quote_paid", 0), edited("quote_face", 0), edited("currency", "EUR"),
		edited("reason_code", "service_problem"), edited("note_id", "note_2"),
		{name: "an approved amount edited", rule: "refund-fixed", do: func(w *world) []statement {
			return w.change(w.refunds[refund.Crediting], refund.Crediting, map[string]any{"approved": 60 * unit})
		}},
		{name: "an approved amount taken back", rule: "refund-fixed", do: func(w *world) []statement {
			return w.change(w.refunds[refund.Crediting], refund.Rejected, map[string]any{"approved": nil})
		}},
		{name: "approved above the quote", rule: "refunds_check", do: func(w *world) []statement {
			return w.change(w.refunds[refund.Screening], refund.Crediting, map[string]any{"verdict": "approve", "approved": 101 * unit})
		}},
		{name: "credited above the approved amount", rule: "refunds_check1", do: func(w *world) []statement {
			return w.change(w.refunds[refund.Crediting], refund.Credited, map[string]any{"amount": 71 * unit})
		}},
		{name: "crediting without an approved amount", rule: "refunds_check2", do: func(w *world) []statement {
			return w.change(w.refunds[refund.Screening], refund.Crediting, map[string]any{"verdict": "approve", "approved": nil})
		}},
		{name: "an amount before the credit", rule: "refunds_check3", do: func(w *world) []statement {
			return w.change(w.refunds[refund.Crediting], refund.Crediting, map[string]any{"amount": unit})
		}},
		{name: "on hold for no cause", rule: "refunds_check4", do: func(w *world) []statement {
			return w.change(w.refunds[refund.InReview], refund.OnHold, map[string]any{"hold_causes": ""})
		}},
		{name: "filed as if it were held", rule: "refunds_check5", do: filing(map[string]any{"held_from": "screening"})},
		{name: "held from nowhere", rule: "illegal-transition", do: func(w *world) []statement {
			return w.change(w.refunds[refund.InReview], refund.OnHold, map[string]any{"held_from": ""})
		}},
		{name: "held from another state than it was in", rule: "illegal-transition", do: func(w *world) []statement {
			return w.change(w.refunds[refund.InReview], refund.OnHold, map[string]any{"held_from": "screening"})
		}},
		{name: "back from a hold to another state", rule: "illegal-transition", do: func(w *world) []statement {
			return w.change(w.refunds[refund.OnHold], refund.Screening, nil)
		}},
		{name: "a hold moved to another state's", rule: "illegal-transition", do: func(w *world) []statement {
			return w.change(w.refunds[refund.OnHold], refund.OnHold, map[string]any{"held_from": "screening"})
		}},
		{name: "a version left out", rule: "refund-version", do: func(w *world) []statement {
			r := w.refunds[refund.InReview]
			return w.change(r, refund.AwaitingCustomer, map[string]any{"version": r.Version + 2})
		}},
		{name: "a version kept", rule: "refund-version", do: func(w *world) []statement {
			r := w.refunds[refund.InReview]
			return []statement{run("UPDATE refunds SET verdict = 'approve' WHERE id = $1", r.ID)}
		}},
		{name: "deleted", rule: forbidden, do: func(w *world) []statement {
			return []statement{run("DELETE FROM refunds WHERE id = $1", w.refunds[refund.Rejected].ID)}
		}},
		{name: "deleted by the owner", rule: "append-only", as: owner, do: func(w *world) []statement {
			return []statement{run("DELETE FROM notices"), run("DELETE FROM engine_intents"), run("DELETE FROM refunds WHERE id = $1", w.refunds[refund.Withdrawn].ID)}
		}},

		{name: "changed without an audit entry", rule: "refund-unaudited", do: func(w *world) []statement {
			return w.change(w.refunds[refund.InReview], refund.AwaitingCustomer, nil)[1:]
		}},
		{name: "filed without an audit entry", rule: "refund-unaudited", do: func(w *world) []statement { return w.filing(nil)[1:] }},
		{name: "two changes, one audit entry", rule: "refund-unaudited", do: func(w *world) []statement {
			r := w.refunds[refund.InReview]
			first := w.change(r, refund.AwaitingCustomer, nil)
			r.State, r.Version = refund.AwaitingCustomer, r.Version+1
			return append(first, w.change(r, refund.InReview, nil)[1:]...)
		}},
		{name: "an audit entry that tells of another state", rule: "refund-unaudited", do: func(w *world) []statement {
			r := w.refunds[refund.InReview]
			return []statement{w.entry(r, refund.OnHold), w.change(r, refund.AwaitingCustomer, nil)[1]}
		}},
		{name: "an audit entry that tells of another beginning", rule: "refund-unaudited", do: func(w *world) []statement {
			r, lie := w.refunds[refund.InReview], w.refunds[refund.InReview]
			lie.State = refund.Screening
			return []statement{w.entry(lie, refund.AwaitingCustomer), w.change(r, refund.AwaitingCustomer, nil)[1]}
		}},
	}
	return append(list, transitionAttacks()...)
}

// transitionAttacks are all pairs of states that the table of DESIGN section 2 does not
// have, and every state but submitted as a first one.
func transitionAttacks() []attack {
	var list []attack
	for _, from := range refund.States {
		if from != refund.Submitted {
			list = append(list, attack{name: "filed as " + string(from), rule: "illegal-transition", do: func(w *world) []statement {
				row := map[string]any{"state": string(from), "approved": unit}
				if from == refund.OnHold {
					row["held_from"], row["hold_causes"] = "screening", "dispute"
				}
				if from == refund.Credited {
					row["amount"] = unit
				}
				return w.filing(row)
			}})
		}
		for _, to := range refund.States {
			if from.CanBecome(to) || (from == to && !from.Final()) {
				continue
			}
			list = append(list, attack{name: fmt.Sprintf("%s to %s", from, to), rule: "illegal-transition", do: func(w *world) []statement {
				return w.change(w.refunds[from], to, nil)
			}})
		}
	}
	return list
}

// approvalAttacks are those on the judgement of people.
func approvalAttacks() []attack {
	rita, sam := storetest.Reviewer.Subject, storetest.Senior.Subject
	customer := storetest.Customer("acct").Subject
	ticket := func(change string, args ...any) func(*world) []statement {
		return func(w *world) []statement {
			return []statement{run("UPDATE tickets SET "+change+" WHERE id = $1", append([]any{w.ticket(refund.InReview)}, args...)...)}
		}
	}
	one := func(s func(w *world) statement) func(*world) []statement {
		return func(w *world) []statement { return []statement{s(w)} }
	}
	return []attack{
		{name: "by the one who asked", rule: "self-approval", do: one(func(w *world) statement { return w.vote(refund.InReview, customer, "", "approve") })},
		{name: "by one who owns the account", rule: "self-approval", do: one(func(w *world) statement { return w.vote(refund.InReview, rita, "acct", "approve") })},
		{name: "rejecting his own", rule: "self-approval", do: one(func(w *world) statement { return w.vote(refund.InReview, rita, "acct", "reject") })},
		{name: "voting twice", rule: "decisions_ticket_id_voter_key", do: func(w *world) []statement {
			again := w.vote(refund.InReview, rita, "", "approve")
			again.args[0] = "decision_again"
			return []statement{w.vote(refund.InReview, rita, "", "approve"), again}
		}},
		{name: "voting as an admin", rule: "decisions_voter_role_check", do: one(func(w *world) statement {
			return run(`INSERT INTO decisions (id, ticket_id, refund_id, voter, voter_role, vote, reason_code, digest, created_at)
				VALUES ('d', $1, $2, 'ada', $3, 'approve', 'other', '', now())`, w.ticket(refund.InReview), w.refunds[refund.InReview].ID, string(identity.Admin))
		})},
		{name: "voting on a closed ticket", rule: "ticket-closed", do: func(w *world) []statement {
			return []statement{ticket("state = 'closed'")(w)[0], w.vote(refund.InReview, rita, "", "approve")}
		}},
		{name: "a vote for another refund than the ticket's", rule: "ticket-closed", do: one(func(w *world) statement {
			return w.voteOn(w.ticket(refund.InReview), w.refunds[refund.AwaitingCustomer].ID, rita, "", "approve")
		})},
		{name: "approved by nobody", rule: "refund-unapproved", do: func(w *world) []statement { return w.approval() }},
		{name: "approved by one of two", rule: "refund-unapproved", do: func(w *world) []statement { return w.approval(rita) }},
		{name: "approved against a rejection", rule: "refund-unapproved", do: func(w *world) []statement {
			return append([]statement{w.vote(refund.InReview, "ron", "", "reject")}, w.approval(rita, sam)...)
		}},
		{name: "approved by nobody while the state stays", rule: "refund-unapproved", do: func(w *world) []statement {
			return w.change(w.refunds[refund.InReview], refund.InReview, map[string]any{"approved": 2000 * unit})
		}},
		{name: "approved by nobody on the way to a hold", rule: "refund-unapproved", do: func(w *world) []statement {
			return w.change(w.refunds[refund.InReview], refund.OnHold, map[string]any{"approved": 2000 * unit})
		}},
		{name: "approved by nobody while on hold", rule: "refund-unapproved", do: func(w *world) []statement {
			return w.change(w.refunds[refund.OnHold], refund.OnHold, map[string]any{"approved": 2000 * unit})
		}},
		{name: "approved by the verdict review", rule: "refund-unapproved", do: func(w *world) []statement {
			return w.change(w.refunds[refund.Screening], refund.Crediting, map[string]any{"verdict": "review"})
		}},
		{name: "approved by no verdict", rule: "refund-unapproved", do: func(w *world) []statement {
			return w.change(w.refunds[refund.Screening], refund.Crediting, nil)
		}},
		{name: "approved while submitted", rule: "refund-unapproved", do: func(w *world) []statement {
			return w.change(w.refunds[refund.Submitted], refund.Screening, map[string]any{"approved": unit, "verdict": "approve"})
		}},
		{name: "a ticket that asks for fewer people", rule: "ticket-approvals", do: ticket("approvals = 1")},
		{name: "a ticket that asks for nobody", rule: "tickets_approvals_check", do: one(func(w *world) statement { return w.newTicket("acct", "open", 0) })},
		{name: "a ticket moved to another refund, votes and all", rule: "ticket-fixed", do: ticket("refund_id = $2", "moved")},
		{name: "a ticket moved to another account", rule: "ticket-fixed", do: ticket("account_id = 'other'")},
		{name: "a ticket that was never flagged", rule: "ticket-fixed", do: ticket("matches = '[]'")},
		{name: "a ticket hidden from the count in the queue of attention", rule: "ticket-fixed", do: ticket("queue = 'attention'")},
		{name: "a ticket reopened", rule: "ticket-closed", do: func(w *world) []statement {
			return []statement{ticket("state = 'closed'")(w)[0], ticket("state = 'open'")(w)[0]}
		}},
		{name: "a second open ticket", rule: "tickets_one_open", do: one(func(w *world) statement { return w.newTicket("acct", "open", 1) })},
		{name: "a ticket of another account", rule: "ticket-fixed", do: one(func(w *world) statement { return w.newTicket("other", "open", 1) })},
		{name: "a ticket that opens closed", rule: "ticket-fixed", do: one(func(w *world) statement { return w.newTicket("acct", "closed", 1) })},
		{name: "a ticket deleted", rule: forbidden, do: one(func(*world) statement { return run("DELETE FROM tickets") })},
	}
}

func (w *world) newTicket(account, state string, approvals int) statement {
	r := w.refunds[refund.InReview]
	return run(`INSERT INTO tickets (id, kind, refund_id, account_id, package_id, state, queue, due_at, approvals, created_at, updated_at)
		VALUES ('ticket_new', 'refund', $1, $2, $3, $4, 'review', now(), $5, now(), now())`, r.ID, account, r.PackageID, state, approvals)
}
