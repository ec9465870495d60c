package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/internal/store"
)

// walkDrain is how long usage from before a freeze is taken.
const walkDrain = 2 * time.Hour

// Walk drives two packages of one customer through random interleavings of everything that
// can happen to them, and after each step compares the records with what may be.
func Walk(t *testing.T, open Opener) {
	// Long ago: a database that looks for pauses by its own clock, too, sees none.
	clock := &Clock{now: time.Date(2001, 1, 1, 12, 0, 0, 0, time.UTC)}
	s := open(t, store.Options{Now: clock.Now, Drain: walkDrain, History: patient})
	customers, reached := 0, map[refund.State]int{}
	rapid.Check(t, func(t *rapid.T) {
		customers++
		m := newModel(t, s, clock, fmt.Sprintf("acct%d", customers))
		actions := map[string]func(*rapid.T){
			"": m.check, "file": m.file, "appeal": m.appeal, "use": m.use, "do any step": m.step(m.any), "change standing": m.setStanding,
			"change dispute": m.setDispute, "pause": m.pause, "end a pause": m.endPause, "answer": m.answer, "settle": m.settle,
			"wait": func(t *rapid.T) {
				most := rapid.SampledFrom([]time.Duration{2 * time.Hour, 4 * 24 * time.Hour, 8 * 24 * time.Hour}).Draw(t, "at most")
				clock.Add(time.Duration(rapid.Int64Range(1, int64(most/time.Minute)).Draw(t, "minutes")) * time.Minute)
				m.heard(t)
			},
		}
		for n := range 16 { // walks that get somewhere meet more
			actions[fmt.Sprint("go on ", n)] = m.step(m.next)
		}
		t.Repeat(actions)
		for state, n := range m.reached {
			reached[state] += n
		}
	})
	t.Log("refunds that got there:", reached)
	// Of no use are walks that never get anywhere.
	for _, state := range []refund.State{refund.Credited, refund.Rejected, refund.Withdrawn, refund.OnHold} {
		require.NotZero(t, reached[state], string(state))
	}
}

// model is what the walk knows of its customer beside the records.
type model struct {
	s        *store.Store
	ctx      context.Context //nolint:containedctx // a model lives as long as its walk
	clock    *Clock
	customer identity.Actor
	packages map[string]int64 // id → face in units
	paid     map[string]int64
	used     map[string]int64 // micros, by package
	standing refund.Standing
	dispute  map[string]refund.Dispute
	pauses   []desk.Pause
	refunds  []string
	last     map[string]lastStep
	checked  map[string]int64     // refund → the version that check has seen
	reached  map[refund.State]int // how many steps ended there
	said     int                  // words that were to reach the customer, in all
	turn     int
}

// lastStep is the newest step of a refund that changed it.
type lastStep struct {
	op   refund.Op
	step refund.Step
	run  func(*rapid.T, refund.Op) (refund.Step, error)
}

func newModel(t *rapid.T, s *store.Store, clock *Clock, id string) *model {
	m := &model{
		s: s, ctx: context.Background(), clock: clock, customer: Customer(id), standing: refund.Good,
		packages: map[string]int64{id + "-small": 100, id + "-large": 2500}, paid: map[string]int64{id + "-small": 80, id + "-large": 2000},
		used: map[string]int64{}, dispute: map[string]refund.Dispute{}, last: map[string]lastStep{}, reached: map[refund.State]int{}, checked: map[string]int64{},
	}
	left, err := s.Pauses(m.ctx, true, desk.Paging{}) // of the walk before
	m.must(t, err)
	for _, p := range left.Items {
		_, _, err := s.EndPause(m.ctx, Admin, p.ID)
		m.must(t, err)
	}
	_, err = s.CreateAccount(m.ctx, Integrator, refund.Account{
		ID: id, Name: "Ann", Email: id + "@example.com", Locale: "en", RegisteredAt: clock.Now().AddDate(-1, 0, 0),
	})
	m.must(t, err)
	for pkg, face := range m.packages {
		_, err = s.CreatePackage(m.ctx, Integrator, refund.Package{
			ID: pkg, AccountID: id, Product: refund.GlobalSMS, Name: "x", Currency: "USD", Paid: m.paid[pkg] * money.Scale, Face: face * money.Scale, PurchasedAt: clock.Now(),
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

func (m *model) file(t *rapid.T) { m.ask(t, m.pkg(t), "") }

// ask files for a package, or appeals.
func (m *model) ask(t *rapid.T, pkg, appealOf string) {
	m.turn++
	before, err := m.s.Package(m.ctx, pkg)
	m.must(t, err)
	filed, err := m.s.File(m.ctx, m.customer, desk.Filing{
		PackageID: pkg, ReasonCode: refund.OtherReason, IdempotencyKey: fmt.Sprint("key", m.turn), AppealOf: appealOf,
	})
	if err != nil {
		if !fault.IsAnswer(err) || appealOf == "" && before.Status(m.clock.Now()) == refund.Active && m.standing == refund.Good && before.Quote().Amount.Micros > 0 {
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

// appeal appeals some refund, which may not be appealed at all.
func (m *model) appeal(t *rapid.T) {
	if len(m.refunds) == 0 {
		return
	}
	all := m.all(t)
	of := rapid.SampledFrom(all).Draw(t, "appealed")
	for _, r := range all { // rather one that can be
		if r.MayAppeal() == nil {
			of = r
		}
	}
	known := len(m.refunds)
	m.ask(t, of.PackageID, of.ID)
	if len(m.refunds) > known && of.MayAppeal() != nil {
		t.Fatalf("%s, an appeal of %q, was appealed in state %s", of.ID, of.AppealOf, of.State)
	}
}

func (m *model) use(t *rapid.T) {
	pkg := m.pkg(t)
	cost := rapid.Int64Range(1, m.packages[pkg]*money.Scale/3).Draw(t, "cost")
	occurred := m.clock.Now().Add(-time.Duration(rapid.IntRange(0, 120).Draw(t, "minutes ago")) * time.Minute)
	v, err := m.s.Package(m.ctx, pkg)
	m.must(t, err)
	if occurred.Before(v.PurchasedAt) {
		occurred = v.PurchasedAt
	}
	want := v.TakesUsage(cost, occurred, m.clock.Now(), walkDrain)
	m.turn++
	_, err = m.s.RecordUsage(m.ctx, Integrator, desk.UsageRecord{ID: fmt.Sprint(pkg, "-u", m.turn), PackageID: pkg, Cost: cost, OccurredAt: occurred})
	switch {
	case want == nil && err == nil:
		m.used[pkg] += cost
	case want == nil || fault.CodeOf(err) != want.Code:
		t.Fatalf("%v instead of %v", err, want)
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

func (m *model) setStanding(t *rapid.T) {
	// Good is likelier, and the end of all rarer, or walks would end there.
	to := rapid.SampledFrom([]refund.Standing{
		refund.Good, refund.Good, refund.Good, refund.Good, refund.Good, refund.Suspended, refund.Suspended, refund.Terminated,
	}).Draw(t, "standing")
	_, intents, err := m.s.SetStanding(m.ctx, Admin, m.customer.AccountID, to, "section 4")
	m.must(t, err)
	if to != m.standing && len(intents) != len(m.openRefunds(t)) {
		t.Fatalf("%d of %d open refunds hear of it", len(intents), len(m.openRefunds(t)))
	}
	m.standing = to
	m.heard(t)
}

// heard is the signal that every workflow gets of a change; it may be late.
func (m *model) heard(t *rapid.T) {
	if rapid.Bool().Draw(t, "heard at once") {
		m.settle(t)
	}
}

func (m *model) setDispute(t *rapid.T) {
	pkg := m.pkg(t)
	to := rapid.SampledFrom([]refund.Dispute{refund.NoDispute, refund.DisputeWon, refund.DisputeWon, refund.DisputeOpen, refund.DisputeLost}).Draw(t, "dispute")
	_, _, err := m.s.SetDispute(m.ctx, Integrator, pkg, to)
	m.must(t, err)
	m.dispute[pkg] = to
	m.heard(t)
}

func (m *model) pause(t *rapid.T) {
	p := rapid.SampledFrom([]desk.Pause{
		{Scope: desk.PauseAll}, {Scope: desk.PauseProduct, Target: refund.GlobalSMS}, {Scope: desk.PauseAccount, Target: m.customer.AccountID},
	}).Draw(t, "pause")
	p.Reason, p.ExpiresAt = "odd", m.clock.Now().Add(time.Duration(rapid.IntRange(1, 300).Draw(t, "minutes"))*time.Minute)
	p, err := m.s.Pause(m.ctx, Admin, p)
	m.must(t, err)
	m.pauses = append(m.pauses, p)
}

func (m *model) endPause(t *rapid.T) {
	if len(m.pauses) == 0 {
		return
	}
	i := rapid.IntRange(0, len(m.pauses)-1).Draw(t, "which")
	was := m.pauses[i].InForce(m.clock.Now())
	p, intents, err := m.s.EndPause(m.ctx, Admin, m.pauses[i].ID)
	m.must(t, err)
	if p.InForce(m.clock.Now()) {
		t.Fatalf("%+v was ended", p)
	}
	for _, r := range m.all(t) {
		hears := slices.ContainsFunc(intents, func(i desk.Intent) bool { return i.RefundID == r.ID })
		if held := r.State == refund.OnHold && r.HeldFrom == refund.Crediting; was && held && !hears {
			t.Fatalf("%s was held by %+v and does not hear of its end", r.ID, p)
		}
	}
	m.pauses[i] = p
}

// paused reports whether crediting is paused for the customer.
func (m *model) paused() bool {
	for _, p := range m.pauses {
		if p.InForce(m.clock.Now()) {
			return true
		}
	}
	return false
}

// answer has the customer say something on his newest case, asked or not.
func (m *model) answer(t *rapid.T) {
	tickets, err := m.s.Tickets(m.ctx, desk.TicketFilter{AccountID: m.customer.AccountID, Sort: desk.SortNewest})
	m.must(t, err)
	if len(tickets.Items) == 0 {
		return
	}
	k := tickets.Items[0].Ticket
	_, intents, err := m.s.Say(m.ctx, m.customer, k.ID, review.Public, "this one")
	switch {
	case k.State == review.Closed && fault.CodeOf(err) == review.ErrTicketClosed.Code:
	case k.State == review.Closed || err != nil:
		t.Fatalf("said on a %s ticket: %v", k.State, err)
	case len(intents) != 1:
		t.Fatalf("%d workflows hear of it", len(intents))
	default:
		m.heard(t)
	}
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
