package store_test

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/money"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/internal/store"
	"refunddesk/internal/store/sqlite"
	"refunddesk/internal/store/storetest"
)

// drain is how long usage from before a freeze is taken.
const drain = 2 * time.Hour

// TestWhateverHappensInWhateverOrder drives two packages of one customer through random
// interleavings of everything that can happen to them, and after each step compares the
// records with what may be.
func TestWhateverHappensInWhateverOrder(t *testing.T) {
	t.Parallel()
	// Under the race detector SQLite takes half a second a walk; -rapid.checks=1000 walks on.
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue {
		require.NoError(t, checks.Value.Set("50"))
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	s, err := sqlite.Open(filepath.Join(t.TempDir(), "records.db"), store.Options{Now: func() time.Time { return now }, Drain: drain})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	_, err = s.Migrate(t.Context())
	require.NoError(t, err)
	customers, reached := 0, map[refund.State]int{}
	rapid.Check(t, func(t *rapid.T) {
		customers++
		m := newModel(t, s, &now, fmt.Sprintf("acct%d", customers))
		actions := map[string]func(*rapid.T){
			"": m.check, "file": m.file, "use": m.use, "do any step": m.step(m.any), "change standing": m.setStanding, "change dispute": m.setDispute,
			"wait": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(1, 180).Draw(t, "minutes")) * time.Minute)
			},
		}
		for n := range 6 { // walks that get somewhere meet more
			actions[fmt.Sprint("go on ", n)] = m.step(m.next)
		}
		t.Repeat(actions)
		for state, n := range m.reached {
			reached[state] += n
		}
	})
	// Of no use are walks that never get anywhere.
	require.NotZero(t, reached[refund.Credited])
	require.NotZero(t, reached[refund.Rejected])
	require.NotZero(t, reached[refund.Withdrawn])
	t.Log("refunds that got there:", reached)
}

// model is what the walk knows of its customer beside the records.
type model struct {
	s        *store.Store
	ctx      context.Context
	now      *time.Time
	customer identity.Actor
	packages map[string]int64 // id → face in units
	paid     map[string]int64
	used     map[string]int64 // micros, by package
	standing refund.Standing
	dispute  map[string]refund.Dispute
	refunds  []string
	last     map[string]lastStep
	checked  map[string]int64     // refund → the version that check has seen
	reached  map[refund.State]int // how many steps ended there
	turn     int
}

// lastStep is the newest step of a refund that changed it.
type lastStep struct {
	op   refund.Op
	step refund.Step
	run  func(*rapid.T, refund.Op) (refund.Step, error)
}

func newModel(t *rapid.T, s *store.Store, now *time.Time, id string) *model {
	m := &model{
		s: s, ctx: context.Background(), now: now, customer: storetest.Customer(id), standing: refund.Good,
		packages: map[string]int64{id + "-small": 100, id + "-large": 2500}, paid: map[string]int64{id + "-small": 80, id + "-large": 2000},
		used: map[string]int64{}, dispute: map[string]refund.Dispute{}, last: map[string]lastStep{}, reached: map[refund.State]int{}, checked: map[string]int64{},
	}
	_, err := s.CreateAccount(m.ctx, storetest.Integrator, refund.Account{ID: id, Name: "Ann", Email: "a@example.com", Locale: "en", RegisteredAt: now.AddDate(-1, 0, 0)})
	m.must(t, err)
	for pkg, face := range m.packages {
		_, err := s.CreatePackage(m.ctx, storetest.Integrator, refund.Package{
			ID: pkg, AccountID: id, Product: refund.GlobalSMS, Name: "x", Currency: "USD", Paid: m.paid[pkg] * money.Scale, Face: face * money.Scale, PurchasedAt: *now,
		})
		m.must(t, err)
		m.dispute[pkg] = refund.NoDispute
	}
	return m
}

func (m *model) must(t *rapid.T, err error) {
	if err != nil {
		t.Fatalf("%+v", err)
	}
}

func (m *model) pkg(t *rapid.T) string {
	return rapid.SampledFrom([]string{m.customer.AccountID + "-small", m.customer.AccountID + "-large"}).Draw(t, "package")
}

func (m *model) refund(t *rapid.T, id string) refund.Refund {
	r, err := m.s.Refund(m.ctx, id)
	m.must(t, err)
	return r
}

func (m *model) file(t *rapid.T) {
	pkg := m.pkg(t)
	filed, err := m.s.File(m.ctx, m.customer, desk.Filing{PackageID: pkg, ReasonCode: refund.OtherReason, IdempotencyKey: fmt.Sprint("key", m.turn)})
	m.turn++
	before, readErr := m.s.Package(m.ctx, pkg)
	m.must(t, readErr)
	if err != nil {
		if !fault.IsAnswer(err) || before.Status(*m.now) == refund.Active && m.standing == refund.Good && before.Quote().Amount.Micros > 0 {
			t.Fatalf("refused for no reason: %+v", err)
		}
		return
	}
	if m.standing != refund.Good {
		t.Fatalf("filed while %s", m.standing)
	}
	m.refunds = append(m.refunds, filed.Refund.ID)
	m.reached[refund.Submitted]++
}

func (m *model) use(t *rapid.T) {
	pkg := m.pkg(t)
	cost := rapid.Int64Range(1, m.packages[pkg]*money.Scale/3).Draw(t, "cost")
	occurred := m.now.Add(-time.Duration(rapid.IntRange(0, 120).Draw(t, "minutes ago")) * time.Minute)
	v, err := m.s.Package(m.ctx, pkg)
	m.must(t, err)
	if occurred.Before(v.PurchasedAt) {
		occurred = v.PurchasedAt
	}
	want := v.TakesUsage(cost, occurred, *m.now, drain)
	m.turn++
	_, err = m.s.RecordUsage(m.ctx, storetest.Integrator, desk.UsageRecord{ID: fmt.Sprint(pkg, "-u", m.turn), PackageID: pkg, Cost: cost, OccurredAt: occurred})
	switch {
	case want == nil && err == nil:
		m.used[pkg] += cost
	case want == nil || fault.CodeOf(err) != want.Code:
		t.Fatalf("%v instead of %v", err, want)
	}
}

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
			again, err := last.run(t, last.op)
			if err != nil || again.State != last.step.State || again.TicketID != last.step.TicketID {
				t.Fatalf("repeated: %+v, %v instead of %+v", again, err, last.step)
			}
			if after := m.refund(t, id); after.Version != before.Version {
				t.Fatal("a repeated step changed the refund")
			}
			return
		}
		m.turn++
		op := refund.Op{RefundID: id, Verb: "walk", Turn: m.turn, RunID: "run"}
		step, err := do(t, op)
		if err != nil {
			t.Fatalf("%+v", err)
		}
		after := m.refund(t, id)
		if step.State != after.State {
			t.Fatalf("the step says %s, the record %s", step.State, after.State)
		}
		if after.Version != before.Version {
			m.last[id] = lastStep{op, step, do}
			m.reached[after.State]++
		}
		if after.State == refund.Credited && before.State != refund.Credited {
			m.mayCredit(t, before)
		}
	}
}

// some picks a refund, mostly one that is open.
func (m *model) some(t *rapid.T) string {
	var open []string
	for _, r := range m.all(t) {
		if !r.State.Final() {
			open = append(open, r.ID)
		}
	}
	if len(open) > 0 && rapid.IntRange(0, 9).Draw(t, "of all") > 0 {
		return rapid.SampledFrom(open).Draw(t, "open refund")
	}
	return rapid.SampledFrom(m.refunds).Draw(t, "refund")
}

// mayCredit holds a credit that was just made against the moment it was made in.
func (m *model) mayCredit(t *rapid.T, before refund.Refund) {
	if before.State != refund.Crediting {
		t.Fatalf("credited from %s", before.State)
	}
	if m.standing != refund.Good {
		t.Fatalf("credited while %s", m.standing)
	}
	if d := m.dispute[before.PackageID]; d == refund.DisputeOpen || d == refund.DisputeLost {
		t.Fatalf("credited with a dispute %s", d)
	}
}

func (m *model) screen(t *rapid.T, op refund.Op) (refund.Step, error) {
	facts, _, err := m.s.Facts(m.ctx, op.RefundID)
	m.must(t, err)
	plan := storetest.Policy.Evaluate(facts)
	if plan.Verdict == policy.Review {
		plan.Quorum.Approvals = rapid.IntRange(1, 2).Draw(t, "approvals")
	}
	return m.s.Screen(m.ctx, op, facts, plan)
}

// verbs are the steps, each of which may be asked of a refund in any state.
func (m *model) verbs() map[refund.Verb]func(*rapid.T, refund.Op) (refund.Step, error) {
	return map[refund.Verb]func(*rapid.T, refund.Op) (refund.Step, error){
		refund.VerbScreen:   m.screen,
		refund.VerbDecide:   m.decide,
		refund.VerbReassess: func(_ *rapid.T, op refund.Op) (refund.Step, error) { return m.s.Reassess(m.ctx, op) },
		refund.VerbCredit:   func(_ *rapid.T, op refund.Op) (refund.Step, error) { return m.s.Credit(m.ctx, op) },
		refund.VerbPark:     func(_ *rapid.T, op refund.Op) (refund.Step, error) { return m.s.Park(m.ctx, op, "credit-failed") },
		refund.VerbRetry: func(_ *rapid.T, op refund.Op) (refund.Step, error) {
			return m.s.Retry(m.ctx, op, storetest.Admin, "note_1")
		},
		refund.VerbWithdraw: func(_ *rapid.T, op refund.Op) (refund.Step, error) { return m.s.Withdraw(m.ctx, op, m.customer) },
	}
}

// any runs some step, whether or not it fits.
func (m *model) any(t *rapid.T, op refund.Op) (refund.Step, error) {
	verb := rapid.SampledFrom([]refund.Verb{
		refund.VerbScreen, refund.VerbDecide, refund.VerbReassess, refund.VerbCredit, refund.VerbPark, refund.VerbRetry, refund.VerbWithdraw,
	}).Draw(t, "step")
	return m.verbs()[verb](t, op)
}

// next runs the step that the workflow would; now and then the customer is quicker.
func (m *model) next(t *rapid.T, op refund.Op) (refund.Step, error) {
	verb, state := refund.VerbReassess, m.refund(t, op.RefundID).State
	if state.Withdrawable() && rapid.IntRange(0, 7).Draw(t, "withdrawn") == 0 {
		return m.verbs()[refund.VerbWithdraw](t, op)
	}
	switch state {
	case refund.Submitted, refund.Screening:
		verb = refund.VerbScreen
	case refund.InReview:
		verb = refund.VerbDecide
	case refund.Crediting:
		verb = rapid.SampledFrom([]refund.Verb{refund.VerbPark, refund.VerbCredit, refund.VerbCredit}).Draw(t, "step")
	case refund.NeedsAttention:
		verb = rapid.SampledFrom([]refund.Verb{refund.VerbDecide, refund.VerbRetry}).Draw(t, "step")
	}
	return m.verbs()[verb](t, op)
}

func (m *model) decide(t *rapid.T, op refund.Op) (refund.Step, error) {
	tickets, err := m.s.Tickets(m.ctx, desk.TicketFilter{RefundID: op.RefundID})
	m.must(t, err)
	if len(tickets.Items) == 0 {
		return refund.Step{State: m.refund(t, op.RefundID).State}, nil
	}
	view := rapid.SampledFrom(tickets.Items).Draw(t, "ticket")
	by := rapid.SampledFrom([]identity.Actor{
		storetest.Reviewer, storetest.Reviewer, storetest.Senior, storetest.Senior, storetest.Admin, {Subject: "rob", Roles: []identity.Role{identity.Reviewer}},
		{Subject: m.customer.Subject, Roles: []identity.Role{identity.Reviewer}},
		{Subject: "kin", Roles: []identity.Role{identity.Senior}, AccountID: m.customer.AccountID},
	}).Draw(t, "voter")
	vote := rapid.SampledFrom([]review.Vote{review.Approve, review.Approve, review.Reject}).Draw(t, "vote")
	return m.s.RecordDecision(m.ctx, op, storetest.Vote(view, by, vote), "")
}

func (m *model) setStanding(t *rapid.T) {
	// Good is likelier, and the end of all rarer, or walks would end there.
	to := rapid.SampledFrom([]refund.Standing{
		refund.Good, refund.Good, refund.Good, refund.Good, refund.Good, refund.Suspended, refund.Suspended, refund.Terminated,
	}).Draw(t, "standing")
	_, intents, err := m.s.SetStanding(m.ctx, storetest.Admin, m.customer.AccountID, to, "section 4")
	m.must(t, err)
	if to != m.standing && len(intents) != len(m.openRefunds(t)) {
		t.Fatalf("%d of %d open refunds hear of it", len(intents), len(m.openRefunds(t)))
	}
	m.standing = to
}

func (m *model) setDispute(t *rapid.T) {
	pkg := m.pkg(t)
	to := rapid.SampledFrom([]refund.Dispute{refund.NoDispute, refund.DisputeWon, refund.DisputeWon, refund.DisputeOpen, refund.DisputeLost}).Draw(t, "dispute")
	_, _, err := m.s.SetDispute(m.ctx, storetest.Integrator, pkg, to)
	m.must(t, err)
	m.dispute[pkg] = to
}

func (m *model) openRefunds(t *rapid.T) map[string]string {
	open := map[string]string{} // package → refund
	for _, r := range m.all(t) {
		if r.State.Final() {
			continue
		}
		if other := open[r.PackageID]; other != "" {
			t.Fatalf("%s and %s are open for one package", other, r.ID)
		}
		open[r.PackageID] = r.ID
	}
	return open
}

// all are the refunds of the customer.
func (m *model) all(t *rapid.T) []refund.Refund {
	page, err := m.s.Refunds(m.ctx, desk.RefundFilter{AccountID: m.customer.AccountID, Paging: desk.Paging{Limit: 200}})
	m.must(t, err)
	if len(page.Items) != len(m.refunds) {
		t.Fatalf("%d refunds were filed, %d are there", len(m.refunds), len(page.Items))
	}
	return page.Items
}
