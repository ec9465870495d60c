package storetest

import (
	"fmt"

	"pgregory.net/rapid"

	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// step runs a step on some refund of the walk, sometimes the last one again, as an activity
// does whose result was lost.
func (m *model) step(do func(*rapid.T, refund.Op) (refund.Step, error)) func(*rapid.T) {
	return func(t *rapid.T) {
		if len(m.refunds) == 0 {
			return
		}
		id := m.some(t)
		before := m.refund(t, id)
		if last, ok := m.last[id]; ok && rapid.IntRange(0, 5).Draw(t, "repeat") == 0 {
			m.repeat(t, before, last)
			return
		}
		m.turn++
		m.run(t, before, refund.Op{RefundID: id, Verb: "walk", Turn: m.turn, RunID: "run"}, do)
	}
}

// run runs a step and holds its result against the record.
func (m *model) run(t *rapid.T, before refund.Refund, op refund.Op, do func(*rapid.T, refund.Op) (refund.Step, error)) refund.Step {
	paused := m.paused()
	step, err := do(t, op)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	after := m.refund(t, op.RefundID)
	if step.State != after.State {
		t.Fatalf("the step says %s, the record %s", step.State, after.State)
	}
	if after.Version != before.Version {
		m.last[op.RefundID] = lastStep{op, step, do}
		m.reached[after.State]++
	}
	if after.State == refund.Credited && before.State != refund.Credited {
		m.mayCredit(t, before, paused)
	}
	return step
}

// repeat runs a step again under its operation.
func (m *model) repeat(t *rapid.T, before refund.Refund, last lastStep) {
	said := m.said
	again, err := last.run(t, last.op)
	m.said = said
	if err != nil || again.State != last.step.State || again.TicketID != last.step.TicketID || !again.WakeAt.Equal(last.step.WakeAt) {
		t.Fatalf("repeated: %+v, %v instead of %+v", again, err, last.step)
	}
	if after := m.refund(t, last.op.RefundID); after.Version != before.Version {
		t.Fatal("a repeated step changed the refund")
	}
}

// mayCredit holds a credit that was just made against the moment it was made in.
func (m *model) mayCredit(t *rapid.T, before refund.Refund, paused bool) {
	if before.State != refund.Crediting {
		t.Fatalf("credited from %s", before.State)
	}
	if m.standing != refund.Good {
		t.Fatalf("credited while %s", m.standing)
	}
	if d := m.dispute[before.PackageID]; d == refund.DisputeOpen || d == refund.DisputeLost {
		t.Fatalf("credited with a dispute %s", d)
	}
	if paused {
		t.Fatal("credited while paused")
	}
}

// verbs are the steps, each of which may be asked of a refund in any state.
func (m *model) verbs() map[refund.Verb]func(*rapid.T, refund.Op) (refund.Step, error) {
	return map[refund.Verb]func(*rapid.T, refund.Op) (refund.Step, error){
		refund.VerbScreen:   m.screen,
		refund.VerbDecide:   m.decide,
		refund.VerbAsk:      m.askCustomer,
		refund.VerbReassess: func(_ *rapid.T, op refund.Op) (refund.Step, error) { return m.s.Reassess(m.ctx, op) },
		refund.VerbCredit:   func(_ *rapid.T, op refund.Op) (refund.Step, error) { return m.s.Credit(m.ctx, op) },
		refund.VerbPark:     func(_ *rapid.T, op refund.Op) (refund.Step, error) { return m.s.Park(m.ctx, op, "credit-failed") },
		refund.VerbRetry: func(_ *rapid.T, op refund.Op) (refund.Step, error) {
			return m.s.Retry(m.ctx, op, Admin, "note_1")
		},
		refund.VerbWithdraw: func(_ *rapid.T, op refund.Op) (refund.Step, error) { return m.s.Withdraw(m.ctx, op, m.customer) },
	}
}

// any runs some step, whether or not it fits.
func (m *model) any(t *rapid.T, op refund.Op) (refund.Step, error) {
	verb := rapid.SampledFrom([]refund.Verb{
		refund.VerbScreen, refund.VerbDecide, refund.VerbAsk, refund.VerbReassess, refund.VerbCredit, refund.VerbPark, refund.VerbRetry, refund.VerbWithdraw,
	}).Draw(t, "step")
	return m.verbs()[verb](t, op)
}

// next runs the step that the workflow would; now and then the customer is quicker.
func (m *model) next(t *rapid.T, op refund.Op) (refund.Step, error) {
	verb, state := refund.VerbReassess, m.refund(t, op.RefundID).State
	if state.Withdrawable() && rapid.IntRange(0, 11).Draw(t, "withdrawn") == 0 {
		return m.verbs()[refund.VerbWithdraw](t, op)
	}
	switch state {
	case refund.Submitted, refund.Screening:
		verb = refund.VerbScreen
	case refund.InReview:
		verb = rapid.SampledFrom([]refund.Verb{refund.VerbDecide, refund.VerbDecide, refund.VerbAsk}).Draw(t, "step")
	case refund.Crediting:
		verb = rapid.SampledFrom([]refund.Verb{refund.VerbPark, refund.VerbReassess, refund.VerbCredit, refund.VerbCredit}).Draw(t, "step")
	case refund.NeedsAttention:
		verb = rapid.SampledFrom([]refund.Verb{refund.VerbDecide, refund.VerbRetry}).Draw(t, "step")
	}
	return m.verbs()[verb](t, op)
}

func (m *model) screen(t *rapid.T, op refund.Op) (refund.Step, error) {
	facts, _, err := m.s.Facts(m.ctx, op.RefundID)
	m.must(t, err)
	plan := Policy.Evaluate(facts)
	if plan.Verdict == policy.Review {
		plan.Quorum.Approvals = rapid.IntRange(1, 2).Draw(t, "approvals")
		plan.Quorum.Seniors = rapid.IntRange(0, plan.Quorum.Approvals).Draw(t, "seniors")
	}
	return m.s.Screen(m.ctx, op, facts, plan)
}

// note keeps words about the refund; the same operation has the same.
func (m *model) note(t *rapid.T, op refund.Op) string {
	id := fmt.Sprintf("note_%s_%d", op.RefundID, op.Turn)
	m.must(t, m.s.KeepNote(m.ctx, id, Reviewer, op.RefundID, "words "+id))
	return id
}

// someTicket picks a ticket that the refund has or had; empty when it never had any.
func (m *model) someTicket(t *rapid.T, refundID string) (desk.CaseView, bool) {
	tickets, err := m.s.Tickets(m.ctx, desk.TicketFilter{RefundID: refundID, Sort: desk.SortNewest})
	m.must(t, err)
	if len(tickets.Items) == 0 {
		return desk.CaseView{}, false
	}
	if rapid.IntRange(0, 3).Draw(t, "ticket") > 0 {
		return tickets.Items[0], true
	}
	return rapid.SampledFrom(tickets.Items).Draw(t, "which"), true
}

func (m *model) decide(t *rapid.T, op refund.Op) (refund.Step, error) {
	view, found := m.someTicket(t, op.RefundID)
	if !found {
		return m.s.Reassess(m.ctx, op)
	}
	by := rapid.SampledFrom([]identity.Actor{
		Reviewer, Reviewer, Senior, Senior, Senior, Admin, {Subject: "rob", Roles: []identity.Role{identity.Reviewer}},
		{Subject: "sue", Roles: []identity.Role{identity.Senior}},
		{Subject: m.customer.Subject, Roles: []identity.Role{identity.Reviewer}},
		{Subject: "kin", Roles: []identity.Role{identity.Senior}, AccountID: m.customer.AccountID},
	}).Draw(t, "voter")
	vote := rapid.SampledFrom([]review.Vote{review.Approve, review.Approve, review.Approve, review.Reject}).Draw(t, "vote")
	words := ""
	if rapid.Bool().Draw(t, "with words") {
		words = m.note(t, op)
	}
	known := m.decisions(t, op.RefundID)
	step, err := m.s.RecordDecision(m.ctx, op, Vote(view, by, vote), words)
	if words != "" && m.decisions(t, op.RefundID) > known {
		m.said++
	}
	return step, err
}

func (m *model) decisions(t *rapid.T, refundID string) int {
	d, err := m.s.Decisions(m.ctx, refundID)
	m.must(t, err)
	return len(d)
}

func (m *model) askCustomer(t *rapid.T, op refund.Op) (refund.Step, error) {
	view, found := m.someTicket(t, op.RefundID)
	if !found {
		return m.s.Reassess(m.ctx, op)
	}
	before := m.refund(t, op.RefundID)
	step, err := m.s.RequestInformation(m.ctx, op, review.Asking{TicketID: view.Ticket.ID, NoteID: m.note(t, op), By: Reviewer})
	if err == nil && step.Refused == "" && before.State == refund.InReview {
		m.said++
	}
	return step, err
}

// settle lets every workflow look, as it does after whatever it hears: then each refund is
// where standing, dispute, pause, answer and clock say.
func (m *model) settle(t *rapid.T) {
	for _, before := range m.all(t) {
		if !before.State.Waits() && before.State != refund.Crediting {
			continue
		}
		m.turn++
		op := refund.Op{RefundID: before.ID, Verb: refund.VerbReassess, Turn: m.turn, RunID: "run"}
		step := m.run(t, before, op, m.verbs()[refund.VerbReassess])
		if !step.WakeAt.IsZero() && !step.WakeAt.After(m.clock.Now()) {
			t.Fatalf("%s is to be looked at at %v, it is %v", before.ID, step.WakeAt, m.clock.Now())
		}
		m.settled(t, m.refund(t, before.ID))
	}
}

func (m *model) settled(t *rapid.T, r refund.Refund) {
	want := refund.Obstacles(m.standing, m.dispute[r.PackageID])
	from := r.State
	if from == refund.OnHold {
		from = r.HeldFrom
	}
	if from == refund.Crediting && m.paused() {
		want = want.Paused()
	}
	switch {
	case want.Reject != "":
		if r.State != refund.Rejected || r.Outcome == "" {
			t.Fatalf("%s is %s, to be rejected for %s", r.ID, r.State, want.Reject)
		}
	case r.State == refund.OnHold:
		if fmt.Sprint(r.HoldCauses) != fmt.Sprint(want.Causes) || want.Clear() {
			t.Fatalf("%s is on hold for %v instead of %v", r.ID, r.HoldCauses, want.Causes)
		}
	case !want.Clear() && r.State.CanBecome(refund.OnHold):
		t.Fatalf("%s is %s instead of on hold for %v", r.ID, r.State, want.Causes)
	}
	for _, k := range m.openTickets(t, r.ID) {
		desks := r.State == refund.InReview || r.State == refund.NeedsAttention
		switch {
		case desks && k.Urgency < k.SLA.UrgencyAt(k.Clock, m.clock.Now()):
			t.Fatalf("%s is of urgency %d in %s, its clock %+v", k.ID, k.Urgency, k.Queue, k.Clock)
		case k.Urgency == review.Overdue && k.Queue == review.QueueReview:
			t.Fatalf("%s is overdue and not escalated", k.ID)
		case k.Waiting() && r.State == refund.AwaitingCustomer && !k.AnswerBy.After(m.clock.Now()):
			t.Fatalf("%s still waits for an answer that was due at %v", r.ID, k.AnswerBy)
		}
	}
}
