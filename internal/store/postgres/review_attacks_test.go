package postgres_test

import (
	"fmt"

	"refunddesk/internal/refund"
	"refunddesk/internal/store/storetest"
)

// reviewAttacks are those on what is judged, on who may decide, and on what is said.
func reviewAttacks() []attack {
	list := append(screeningAttacks(), partyAttacks()...)
	list = append(list, appealAttacks()...)
	return append(list, talkAttacks()...)
}

// screeningAttacks move a refund on past its judgement, or change what was judged.
func screeningAttacks() []attack {
	// unjudged leaves the record of the judgement out.
	unjudged := func(to refund.State, verdict string) func(*world) []statement {
		return func(w *world) []statement {
			all := w.change(w.refunds[refund.Screening], to, map[string]any{"verdict": verdict})
			return []statement{all[0], all[2]}
		}
	}
	// misjudged has the record say something else.
	misjudged := func(spoil func(r *refund.Refund) (verdict string)) func(*world) []statement {
		return func(w *world) []statement {
			all := w.change(w.refunds[refund.Screening], refund.Crediting, map[string]any{"verdict": "approve"})
			r := w.refunds[refund.Screening]
			verdict := spoil(&r)
			all[1] = screening(r, verdict)
			return all
		}
	}
	return []attack{
		{name: "credited unjudged", rule: "refund-unscreened", do: unjudged(refund.Crediting, "approve")},
		{name: "reviewed unjudged", rule: "refund-unscreened", do: unjudged(refund.InReview, "review")},
		{name: "rejected unjudged", rule: "refund-unscreened", do: unjudged(refund.Rejected, "reject")},
		{name: "another verdict than the one on record", rule: "refund-unscreened", do: misjudged(func(*refund.Refund) string { return "review" })},
		{name: "another policy than the one on record", rule: "refund-unscreened", do: misjudged(func(r *refund.Refund) string { r.PolicyVersion = "99"; return "approve" })},
		{name: "another text of the policy than the one on record", rule: "refund-unscreened", do: misjudged(func(r *refund.Refund) string { r.PolicyDigest = "sha256:x"; return "approve" })},
		{name: "the judgement of another refund", rule: "refund-unscreened", do: func(w *world) []statement {
			all := w.change(w.refunds[refund.Screening], refund.Crediting, map[string]any{"verdict": "approve"})
			all[1] = screening(w.refunds[refund.Submitted], "approve")
			return all
		}},
		{name: "judged after the fact", rule: "screening-late", do: func(w *world) []statement {
			return []statement{screening(w.refunds[refund.Submitted], "approve"), screening(w.refunds[refund.Withdrawn], "reject")}
		}},
		{name: "a verdict that is none", rule: "screenings_verdict_check", do: func(w *world) []statement {
			return []statement{screening(w.refunds[refund.Submitted], "perhaps")}
		}},
		{name: "a policy with a version of its own", rule: forbidden, do: func(*world) []statement {
			return []statement{run("INSERT INTO policies (version, source, digest, created_by, created_at) OVERRIDING SYSTEM VALUE VALUES (99, 'x', 'x', 'x', now())")}
		}},
		{name: "an activation with a place of its own", rule: forbidden, do: func(*world) []statement {
			return []statement{run("INSERT INTO policy_activations (n, version, by, at) OVERRIDING SYSTEM VALUE VALUES (99, 1, 'x', now())")}
		}},
		{name: "a policy in force that there is not", rule: "policy_activations_version_fkey", do: func(*world) []statement {
			return []statement{run("INSERT INTO policy_activations (version, by, at) VALUES (99, 'x', now())")}
		}},
	}
}

// partyAttacks have somebody decide who has a part in it, or too few people.
func partyAttacks() []attack {
	rita, sam := storetest.Reviewer.Subject, storetest.Senior.Subject
	// related changes the account "other" so that it shares just that with "acct".
	related := func(column string) []statement {
		out := []statement{run("UPDATE accounts SET email = 'somebody@example.com', phone = '', payer = '' WHERE id = 'other'")}
		switch column {
		case "email":
			return append(out, run("UPDATE accounts SET email = 'ANN@example.com' WHERE id = 'other'"))
		case "phone": // written twice
			return append(out, run("UPDATE accounts SET phone = CASE id WHEN 'acct' THEN '+49 151 2345-67' ELSE '(0049) 151234567' END WHERE id IN ('acct', 'other')"))
		}
		return append(out, run(fmt.Sprintf("UPDATE accounts SET %s = 'the-same' WHERE id IN ('acct', 'other')", column)))
	}
	var list []attack
	for _, column := range []string{"email", "phone", "payer"} {
		list = append(list,
			attack{name: "by one whose account shares the " + column, rule: "self-approval", do: func(w *world) []statement {
				return append(related(column), w.vote(refund.InReview, rita, "other", "approve"))
			}},
			attack{name: "rejected by one who files for an account that shares the " + column, rule: "self-approval", do: func(w *world) []statement {
				return append(related(column), w.vote(refund.InReview, storetest.Customer("other").Subject, "", "reject"))
			}},
		)
	}
	needsSenior := func(w *world) statement {
		return run("UPDATE tickets SET seniors = 1 WHERE id = $1", w.ticket(refund.InReview))
	}
	return append(list,
		attack{name: "by one who filed another refund of the account", rule: "self-approval", do: func(w *world) []statement {
			return append(w.filing(map[string]any{"requested_by": rita}), w.vote(refund.InReview, rita, "", "approve"))
		}},
		attack{name: "approved by two who are no seniors", rule: "refund-unapproved", do: func(w *world) []statement {
			return append([]statement{needsSenior(w)}, w.approval(rita, "ron")...)
		}},
		attack{name: "approved by as many seniors and too few people", rule: "refund-unapproved", do: func(w *world) []statement {
			return append([]statement{needsSenior(w)}, w.approval(sam)...)
		}},
		attack{name: "a ticket that asks for fewer seniors", rule: "ticket-approvals", do: func(w *world) []statement {
			return []statement{needsSenior(w), run("UPDATE tickets SET seniors = 0 WHERE id = $1", w.ticket(refund.InReview))}
		}},
		attack{name: "more seniors than people", rule: "tickets_seniors", do: func(w *world) []statement {
			return []statement{run("UPDATE tickets SET seniors = 3 WHERE id = $1", w.ticket(refund.InReview))}
		}},
		attack{name: "fewer seniors than none", rule: "tickets_seniors_check", do: func(w *world) []statement { return w.question(map[string]any{"seniors": -1}) }},
	)
}

// appeal files again for what was rejected.
func (w *world) appeal(change map[string]any) []statement {
	first := w.refunds[refund.Rejected]
	row := map[string]any{"id": "refund_appeal", "package_id": first.PackageID, "appeal_of": first.ID}
	for column, value := range change {
		row[column] = value
	}
	return w.filing(row)
}

// appealInReview takes the appeal to review, where the voter decides.
func (w *world) appealInReview(voter string) []statement {
	r := refund.Refund{ID: "refund_appeal", State: refund.Submitted, Version: 1, Quote: w.refunds[refund.Credited].Quote}
	out := append(w.appeal(nil), w.change(r, refund.Screening, nil)...)
	r.State, r.Version = refund.Screening, 2
	out = append(out, w.change(r, refund.InReview, map[string]any{"verdict": "review"})...)
	return append(out,
		run(`INSERT INTO tickets (id, kind, refund_id, account_id, package_id, state, queue, due_at, approvals, created_at, updated_at)
			VALUES ('ticket_new', 'refund', $1, 'acct', $2, 'open', 'review', now(), 1, now(), now())`, r.ID, w.refunds[refund.Rejected].PackageID),
		w.voteOn("ticket_new", r.ID, voter, "", "approve"))
}

// appealAttacks appeal what cannot be appealed, or have an appeal decided by the wrong ones.
func appealAttacks() []attack {
	of := func(change func(w *world) map[string]any) func(*world) []statement {
		return func(w *world) []statement { return w.appeal(change(w)) }
	}
	ended := func(w *world, to refund.State) []statement {
		r := refund.Refund{ID: "refund_appeal", State: refund.Submitted, Version: 1, Quote: w.refunds[refund.Credited].Quote}
		if to == refund.Withdrawn {
			return append(w.appeal(nil), w.change(r, to, nil)...)
		}
		out := append(w.appeal(nil), w.change(r, refund.Screening, nil)...)
		r.State, r.Version = refund.Screening, 2
		return append(out, w.change(r, to, map[string]any{"verdict": "reject", "outcome": "x"})...)
	}
	return []attack{
		{name: "an appeal of what was withdrawn", rule: "appeal-unfounded", do: of(func(w *world) map[string]any {
			return map[string]any{"appeal_of": w.refunds[refund.Withdrawn].ID, "package_id": w.refunds[refund.Withdrawn].PackageID}
		})},
		{name: "an appeal of nothing", rule: "appeal-unfounded", do: of(func(*world) map[string]any { return map[string]any{"appeal_of": "refund_none"} })},
		{name: "an appeal for another package", rule: "appeal-unfounded", do: of(func(*world) map[string]any { return map[string]any{"package_id": "p-free"} })},
		{name: "an appeal of somebody else's rejection", rule: "appeal-unfounded", do: of(func(*world) map[string]any {
			return map[string]any{"account_id": "other", "package_id": "p-other-free", "currency": "CNY"}
		})},
		{name: "an appeal of an appeal", rule: "appeal-unfounded", do: func(w *world) []statement {
			return append(ended(w, refund.Rejected), w.appeal(map[string]any{"id": "refund_again", "appeal_of": "refund_appeal"})...)
		}},
		{name: "a second appeal", rule: "refunds_one_appeal", do: func(w *world) []statement {
			return append(ended(w, refund.Withdrawn), w.appeal(map[string]any{"id": "refund_again"})...)
		}},
		{name: "made an appeal later", rule: "refund-fixed", do: func(w *world) []statement {
			return w.change(w.refunds[refund.InReview], refund.InReview, map[string]any{"appeal_of": w.refunds[refund.Rejected].ID})
		}},
		{name: "an appeal approved by the program", rule: "appeal-unreviewed", do: func(w *world) []statement {
			r := refund.Refund{ID: "refund_appeal", State: refund.Submitted, Version: 1, Quote: w.refunds[refund.Credited].Quote}
			out := append(w.appeal(nil), w.change(r, refund.Screening, nil)...)
			r.State, r.Version = refund.Screening, 2
			return append(out, w.change(r, refund.Crediting, map[string]any{"verdict": "approve"})...)
		}},
		{name: "an appeal decided by the first decider", rule: "first-decider", do: func(w *world) []statement {
			return w.appealInReview(storetest.Reviewer.Subject)
		}},
	}
}

// question asks something about the refund in review.
func (w *world) question(change map[string]any) []statement {
	r := w.refunds[refund.InReview]
	now := w.Clock.Now()
	row := map[string]any{
		"id": "ticket_q", "kind": "question", "refund_id": r.ID, "package_id": r.PackageID, "account_id": "acct", "state": "open", "queue": "questions",
		"opened_by": "owner-of-acct", "subject": "?", "due_at": now, "approvals": 1, "created_at": now, "updated_at": now,
	}
	for column, value := range change {
		row[column] = value
	}
	return []statement{insert("tickets", row)}
}

// message says something on the case in review.
func (w *world) message(change map[string]any) statement {
	row := map[string]any{
		"id": "message_new", "ticket_id": w.ticket(refund.InReview), "author": "rita", "by_staff": true, "visibility": "public",
		"body": "hello", "created_at": w.Clock.Now(),
	}
	for column, value := range change {
		row[column] = value
	}
	return insert("messages", row)
}

// talkAttacks are on tickets and what is said on them.
func talkAttacks() []attack {
	edited := func(column string, value any) attack {
		return attack{name: "a ticket's " + column + " edited", rule: "ticket-fixed", do: func(w *world) []statement {
			return []statement{run("UPDATE tickets SET "+column+" = $2 WHERE id = $1", w.ticket(refund.InReview), value)}
		}}
	}
	asked := func(name, rule string, change map[string]any) attack {
		return attack{name: name, rule: rule, do: func(w *world) []statement { return w.question(change) }}
	}
	said := func(name, rule string, change map[string]any) attack {
		return attack{name: name, rule: rule, do: func(w *world) []statement { return []statement{w.message(change)} }}
	}
	one := func(name, rule, sql string, args ...any) attack {
		return attack{name: name, rule: rule, do: func(*world) []statement { return []statement{run(sql, args...)} }}
	}
	const reply = "INSERT INTO saved_replies (id, title, body_en, body_zh, updated_by, updated_at) VALUES ($1, $2, 'a', 'b', 'sam', now())"
	return []attack{
		edited("subject", "another"), edited("opened_by", "mallory"), edited("kind", "question"), edited("sla", "{}"),
		asked("a question about a refund in another's name", "ticket-fixed", map[string]any{"account_id": "other", "package_id": nil}),
		asked("a question about another's package", "ticket-fixed", map[string]any{"account_id": "other", "refund_id": nil}),
		asked("a question about a refund and another package", "ticket-fixed", map[string]any{"package_id": "p-free"}),
		asked("a question that opens closed", "ticket-fixed", map[string]any{"state": "closed"}),
		asked("a case of no refund", "tickets_of_refund", map[string]any{"kind": "refund", "refund_id": nil}),
		asked("an urgency that is none", "tickets_urgency_check", map[string]any{"urgency": 42}),
		asked("asked for ever", "tickets_asked", map[string]any{"asked_at": "2026-03-01"}),
		said("an internal message of a customer", "messages_check", map[string]any{"by_staff": false, "visibility": "internal"}),
		said("a message for somebody else", "messages_visibility_check", map[string]any{"visibility": "all"}),
		said("a message of nothing", "messages_body_check", map[string]any{"body": ""}),
		{name: "a form that says it twice", rule: "messages_sent_once", do: func(w *world) []statement {
			return []statement{w.message(map[string]any{"form_key": "k"}), w.message(map[string]any{"id": "message_again", "form_key": "k"})}
		}},
		{name: "a message on a closed ticket", rule: "ticket-closed", do: func(w *world) []statement {
			return []statement{run("UPDATE tickets SET state = 'closed' WHERE id = $1", w.ticket(refund.InReview)), w.message(nil)}
		}},
		{name: "a vote on a question", rule: "ticket-closed", do: func(w *world) []statement {
			return append(w.question(nil), w.voteOn("ticket_q", w.refunds[refund.InReview].ID, "rita", "", "approve"))
		}},
		{name: "a message told twice", rule: "notices_once_a_message", do: func(w *world) []statement {
			const told = `INSERT INTO notices (id, ticket_id, message_id, event, created_at, updated_at) VALUES ($1, $2, 'message_new', 'message', now(), now())`
			return []statement{w.message(nil), run(told, "n1", w.ticket(refund.InReview)), run(told, "n2", w.ticket(refund.InReview))}
		}},
		{name: "a notice of a message without one", rule: "notices_subject", do: func(w *world) []statement {
			return []statement{run("INSERT INTO notices (id, refund_id, event, created_at, updated_at) VALUES ('n', $1, 'message', now(), now())", w.refunds[refund.InReview].ID)}
		}},
		one("a notice to nobody", "notices_subject", "INSERT INTO notices (id, event, created_at, updated_at) VALUES ('n', 'received', now(), now())"),
		one("an intent for nobody", "engine_intents_subject", "INSERT INTO engine_intents (id, kind, created_at) VALUES ('i', 'ticket', now())"),
		one("a reply without a title", "saved_replies_title_check", reply, "r", ""),
		{name: "two replies of one title", rule: "saved_replies_title", do: func(*world) []statement {
			return []statement{run(reply, "r1", "Hello"), run(reply, "r2", "hello")}
		}},
		one("a reply renamed", forbidden, "UPDATE saved_replies SET id = 'another'"),
	}
}
