package postgres_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/internal/store"
	"refunddesk/internal/store/postgres"
	"refunddesk/internal/store/storetest"
)

// Everything at once, on the same few refunds: workflows that take their steps, people who
// decide, ask, answer and withdraw, and the outside that suspends, disputes and pauses. The
// audit log, in the order in which it was written, then tells a story that may be.
func TestEverythingAtOnce(t *testing.T) {
	t.Parallel()
	const people, deeds = 6, 120
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	url := database(t)
	b := storetest.NewWith(t, func(t *testing.T, o store.Options) *store.Store {
		s, err := postgres.Open(postgres.Config{URL: url, Role: postgres.AppRole, MaxConnections: people, Options: o})
		require.NoError(t, err)
		return s
	}, 0)
	c := &crowd{Bundle: b, t: t}
	for n := range 12 {
		id := fmt.Sprintf("p%d", n)
		c.packages = append(c.packages, id)
		b.Buy(id, int64(800*(n%2+1)), int64(1000*(n%2+1)))
		b.MustFile(id)
	}
	var wg sync.WaitGroup
	for n := range people {
		r := rand.New(rand.NewPCG(seed, uint64(n)))
		wg.Go(func() {
			for range deeds {
				c.do(r)
			}
		})
	}
	wg.Wait()
	c.rest()
	reached := c.checkStory(url)
	c.checkMoney()
	t.Log("changes of state:", reached)
	require.NotZero(t, reached[refund.Credited])

	require.NoError(t, b.Close()) // a connection hands its numbers in when it ends
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	var deadlocks int
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").Scan(&deadlocks))
	assert.Zero(t, deadlocks)
}

// crowd is what the people of the test share.
type crowd struct {
	*storetest.Bundle
	t        *testing.T
	packages []string
	turn     atomic.Int64
}

// answered accepts that somebody is refused, and nothing else.
func (c *crowd) answered(what string, err error) {
	if err != nil && !fault.IsAnswer(err) {
		assert.NoError(c.t, err, what)
	}
}

func (c *crowd) op(id string, verb refund.Verb) refund.Op {
	return refund.Op{RefundID: id, Verb: verb, Turn: int(c.turn.Add(1)), RunID: "run"}
}

func one[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// do does something; mostly what a workflow would do next.
func (c *crowd) do(r *rand.Rand) {
	switch r.IntN(24) {
	case 0:
		_, _, err := c.SetStanding(c.Ctx, storetest.Admin, "acct", one(r, refund.Suspended, refund.Good, refund.Good), "section 4")
		c.answered("standing", err)
	case 1:
		_, _, err := c.SetDispute(c.Ctx, storetest.Integrator, one(r, c.packages...), one(r, refund.DisputeOpen, refund.DisputeWon, refund.DisputeWon, refund.NoDispute))
		c.answered("dispute", err)
	case 2:
		p := one(r, desk.Pause{Scope: desk.PauseAll}, desk.Pause{Scope: desk.PauseAccount, Target: "acct"}, desk.Pause{Scope: desk.PauseProduct, Target: refund.GlobalSMS})
		p.Reason, p.ExpiresAt = "odd", c.Clock.Now().Add(time.Hour)
		_, err := c.Pause(c.Ctx, storetest.Admin, p)
		c.answered("pause", err)
	case 3, 4, 5:
		c.endPauses()
	case 6:
		_, err := c.File(c.Ctx, storetest.Customer("acct"), desk.Filing{
			PackageID: one(r, c.packages...), ReasonCode: refund.OtherReason, IdempotencyKey: fmt.Sprint("again", c.turn.Add(1)),
		})
		c.answered("file", err)
	default:
		if all := c.all(); len(all) > 0 {
			c.step(r, one(r, all...))
		}
	}
}

func (c *crowd) endPauses() {
	page, err := c.Pauses(c.Ctx, true, desk.Paging{})
	c.answered("pauses", err)
	for _, p := range page.Items {
		_, _, err := c.EndPause(c.Ctx, storetest.Admin, p.ID)
		c.answered("end pause", err)
	}
}

func (c *crowd) all() []refund.Refund {
	page, err := c.Refunds(c.Ctx, desk.RefundFilter{AccountID: "acct", Paging: desk.Paging{Limit: 200}})
	c.answered("refunds", err)
	var open []refund.Refund
	for _, r := range page.Items {
		if !r.State.Final() {
			open = append(open, r)
		}
	}
	return open
}

// step takes a step on the refund, as the state in which it was seen a moment ago asks for.
func (c *crowd) step(r *rand.Rand, of refund.Refund) {
	id := of.ID
	switch of.State {
	case refund.Submitted, refund.Screening:
		facts, _, err := c.Facts(c.Ctx, id)
		c.answered("facts", err)
		_, err = c.Screen(c.Ctx, c.op(id, refund.VerbScreen), facts, storetest.Policy.Evaluate(facts))
		c.answered("screen", err)
	case refund.Crediting:
		if r.IntN(5) == 0 {
			_, err := c.Park(c.Ctx, c.op(id, refund.VerbPark), "credit-failed")
			c.answered("park", err)
			return
		}
		_, err := c.Credit(c.Ctx, c.op(id, refund.VerbCredit))
		c.answered("credit", err)
	case refund.NeedsAttention:
		_, err := c.Retry(c.Ctx, c.op(id, refund.VerbRetry), storetest.Admin, "note_1")
		c.answered("retry", err)
	default:
		c.wait(r, id)
	}
}

// wait does what people do while a refund waits for somebody.
func (c *crowd) wait(r *rand.Rand, id string) {
	if r.IntN(3) == 0 {
		_, err := c.Reassess(c.Ctx, c.op(id, refund.VerbReassess))
		c.answered("reassess", err)
		return
	}
	if r.IntN(20) == 0 {
		_, err := c.Withdraw(c.Ctx, c.op(id, refund.VerbWithdraw), storetest.Customer("acct"))
		c.answered("withdraw", err)
		return
	}
	page, err := c.Tickets(c.Ctx, desk.TicketFilter{RefundID: id, State: review.Open})
	c.answered("tickets", err)
	if len(page.Items) == 0 {
		return
	}
	view, op := page.Items[0], c.op(id, refund.VerbDecide)
	note := fmt.Sprintf("note_%s_%d", id, op.Turn)
	switch r.IntN(6) {
	case 0:
		c.answered("note", c.KeepNote(c.Ctx, note, storetest.Reviewer, id, "Which number?"))
		_, err = c.RequestInformation(c.Ctx, op, review.Asking{TicketID: view.Ticket.ID, NoteID: note, By: storetest.Reviewer})
	case 1, 2:
		_, _, err = c.Say(c.Ctx, storetest.Customer("acct"), view.Ticket.ID, review.Public, "This one.")
	case 3:
		err = c.Claim(c.Ctx, storetest.Reviewer, view.Ticket.ID)
	default:
		c.answered("note", c.KeepNote(c.Ctx, note, storetest.Reviewer, id, "Done."))
		vote := storetest.Vote(view, one(r, storetest.Reviewer, storetest.Senior), one(r, review.Approve, review.Approve, review.Approve, review.Reject))
		_, err = c.RecordDecision(c.Ctx, op, vote, note)
	}
	c.answered("people", err)
}

// rest takes everything out of the way and brings every refund to its end.
func (c *crowd) rest() {
	_, _, err := c.SetStanding(c.Ctx, storetest.Admin, "acct", refund.Good, "")
	require.NoError(c.t, err)
	for _, id := range c.packages {
		_, _, err := c.SetDispute(c.Ctx, storetest.Integrator, id, refund.NoDispute)
		require.NoError(c.t, err)
	}
	c.endPauses()
	for range 40 {
		open := c.all()
		for _, r := range open {
			switch r.State {
			case refund.OnHold:
				_, err = c.Reassess(c.Ctx, c.op(r.ID, refund.VerbReassess))
			case refund.InReview, refund.AwaitingCustomer:
				_, err = c.Withdraw(c.Ctx, c.op(r.ID, refund.VerbWithdraw), storetest.Customer("acct"))
			default:
				c.step(rand.New(rand.NewPCG(1, uint64(c.turn.Load()))), r)
			}
			require.NoError(c.t, err)
		}
		if len(open) == 0 {
			return
		}
	}
	require.Empty(c.t, c.all(), "every refund comes to its end")
}

// checkStory reads the audit log in the order in which it was written. Entries are written
// under the locks of what they tell of, so that order is the one that things happened in.
func (c *crowd) checkStory(url string) map[refund.State]int {
	conn, err := pgx.Connect(c.Ctx, url)
	require.NoError(c.t, err)
	defer func() { require.NoError(c.t, conn.Close(c.Ctx)) }()
	rows, err := conn.Query(c.Ctx, "SELECT action, object, object_id, object_version, old_state, new_state FROM audit_entries ORDER BY seq")
	require.NoError(c.t, err)
	type entry struct {
		Action, Object, ID string
		Version            int64
		From, To           string
	}
	entries, err := pgx.CollectRows(rows, pgx.RowToStructByPos[entry])
	require.NoError(c.t, err)
	standing, dispute, pauses := "good", map[string]string{}, map[string]bool{}
	states, versions, packages := map[string]refund.State{}, map[string]int64{}, c.packageOf()
	reached := map[refund.State]int{}
	for _, e := range entries {
		switch {
		case e.Action == string(audit.StandingChanged):
			standing = e.To
		case e.Action == string(audit.DisputeChanged):
			dispute[e.ID] = e.To
		case e.Action == string(audit.PauseBegun):
			pauses[e.ID] = true
		case e.Action == string(audit.PauseEnded):
			delete(pauses, e.ID)
		}
		if e.Object != string(audit.ObjectRefund) {
			continue
		}
		from, to := refund.State(e.From), refund.State(e.To)
		require.Equal(c.t, states[e.ID], from, e.ID)
		require.Equal(c.t, versions[e.ID]+1, e.Version, e.ID)
		require.True(c.t, from == "" && to == refund.Submitted || from == to && !from.Final() || from.CanBecome(to), "%s went from %q to %q", e.ID, from, to)
		states[e.ID], versions[e.ID] = to, e.Version
		reached[to]++
		if to == refund.Credited {
			require.Equal(c.t, "good", standing, "%s was credited", e.ID)
			require.NotEqual(c.t, "open", dispute[packages[e.ID]], "%s was credited", e.ID)
			require.Empty(c.t, pauses, "%s was credited", e.ID)
		}
	}
	return reached
}

func (c *crowd) packageOf() map[string]string {
	page, err := c.Refunds(c.Ctx, desk.RefundFilter{AccountID: "acct", Paging: desk.Paging{Limit: 200}})
	require.NoError(c.t, err)
	out := map[string]string{}
	for _, r := range page.Items {
		out[r.ID] = r.PackageID
		require.True(c.t, r.State.Final())
	}
	return out
}

// checkMoney expects each package credited once or given back, and the sum in the balance.
func (c *crowd) checkMoney() {
	c.CheckLedger()
	page, err := c.Refunds(c.Ctx, desk.RefundFilter{AccountID: "acct", State: refund.Credited, Paging: desk.Paging{Limit: 200}})
	require.NoError(c.t, err)
	credited, total := map[string]bool{}, int64(0)
	for _, r := range page.Items {
		require.False(c.t, credited[r.PackageID], "%s was credited twice", r.PackageID)
		credited[r.PackageID] = true
		total += r.Amount.Micros / money.Scale
	}
	require.Equal(c.t, total, c.Balance("USD"))
	for _, id := range c.packages {
		v, err := c.Package(c.Ctx, id)
		require.NoError(c.t, err)
		want := refund.Active
		if credited[id] {
			want = refund.Refunded
		}
		require.Equal(c.t, want, v.Recorded, id)
	}
}
