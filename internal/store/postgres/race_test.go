package postgres_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
	"refunddesk/internal/store"
	"refunddesk/internal/store/postgres"
	"refunddesk/internal/store/storetest"
)

// Whoever waited for a package's lock sees the balance that its holder left: under read
// committed only the rows that a statement locks are read again after the wait.
func TestUsageAtOnceIsAnsweredFromTheBalanceOfNow(t *testing.T) {
	t.Parallel()
	b := storetest.New(t, open)
	b.Buy("p", 10, 10)
	answers := tally{}
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() { answers.add(fault.CodeOf(b.Use(fmt.Sprintf("u%d", i), "p", 1))) })
	}
	wg.Wait()
	assert.Equal(t, map[string]int{"": 10, refund.ErrInsufficientBalance.Code: 30}, answers.got)
}

// The same for a quote: what is filed beside usage is quoted on what is left at the freeze.
func TestAFilingBesideUsageQuotesWhatIsLeft(t *testing.T) {
	t.Parallel()
	b := storetest.New(t, open)
	for i := range 20 {
		id := fmt.Sprintf("p%d", i)
		b.Buy(id, 10, 10)
		var quoted money.Money
		var wg sync.WaitGroup
		for n := range 3 {
			wg.Go(func() {
				// It happens now, so it is taken before the freeze or not at all.
				_, err := b.RecordUsage(b.Ctx, storetest.Integrator, desk.UsageRecord{
					ID: fmt.Sprintf("u%d-%d", i, n), PackageID: id, Cost: money.Scale, OccurredAt: b.Clock.Now(),
				})
				assert.Contains(t, []string{"", refund.ErrPackageFrozen.Code}, fault.CodeOf(err))
			})
		}
		wg.Go(func() {
			filed, err := b.TryFile(id, "key-"+id)
			assert.NoError(t, err)
			quoted = filed.Refund.Quote.Remaining
		})
		wg.Wait()
		v, err := b.Package(b.Ctx, id)
		require.NoError(t, err)
		assert.Equal(t, v.Remaining, quoted.Micros, id)
	}
}

// A suspension beside a credit: one waits for the other and neither is a deadlock's victim,
// which would cost a second of everybody's time.
func TestASuspensionBesideACreditIsNoDeadlock(t *testing.T) {
	t.Parallel()
	url := database(t)
	b := storetest.New(t, func(t *testing.T, o store.Options) *store.Store {
		s, err := postgres.Open(postgres.Config{URL: url, Role: postgres.AppRole, MaxConnections: 6, Options: o})
		require.NoError(t, err)
		return s
	})
	for round := range 10 {
		var ids []string
		for n := range 4 {
			id := fmt.Sprintf("p%d-%d", round, n)
			b.Buy(id, 10, 10)
			r := b.MustFile(id)
			b.Step(r.ID, refund.VerbScreen, refund.Crediting)
			ids = append(ids, r.ID)
		}
		var wg sync.WaitGroup
		for n, id := range ids {
			wg.Go(func() {
				step, err := b.Credit(b.Ctx, refund.Op{RefundID: id, Verb: refund.VerbCredit, Turn: 1000 + n})
				assert.NoError(t, err)
				assert.Contains(t, []refund.State{refund.Credited, refund.OnHold}, step.State)
			})
		}
		wg.Go(func() {
			_, _, err := b.SetStanding(b.Ctx, storetest.Admin, "acct", refund.Suspended, "agreement section 4")
			assert.NoError(t, err)
		})
		wg.Wait()
		_, _, err := b.SetStanding(b.Ctx, storetest.Admin, "acct", refund.Good, "")
		require.NoError(t, err)
	}
	b.CheckLedger()
	require.NoError(t, b.Close()) // a connection hands its numbers in when it ends
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	var deadlocks int
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").Scan(&deadlocks))
	assert.Zero(t, deadlocks)
}

// An entry of another transaction is none, even when it tells of just this change.
func TestAnAuditEntryOfAnEarlierTransactionDoesNotCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	change := w.change(w.refunds[refund.InReview], refund.AwaitingCustomer, nil)
	require.NoError(t, attempt(w.Ctx, w.conns[application], true, change[:1]))
	err := attempt(w.Ctx, w.conns[application], true, change[1:])
	require.Equal(t, "refund-unaudited", ruleOf(err))
}

// A suspension that commits while a credit is on its way stops it, whatever the credit saw
// when it began and whatever it locked.
func TestASuspensionIsSeenByTheCreditThatCommitsAfterIt(t *testing.T) {
	t.Parallel()
	for _, level := range []pgx.TxIsoLevel{pgx.ReadCommitted, pgx.RepeatableRead, pgx.Serializable} {
		t.Run(string(level), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			credit := w.credit(nil)
			suspension, err := w.conns[owner].Begin(w.Ctx)
			require.NoError(t, err)
			payment, err := w.conns[application].BeginTx(w.Ctx, pgx.TxOptions{IsoLevel: level})
			require.NoError(t, err)
			for _, s := range credit {
				_, err := payment.Exec(w.Ctx, s.sql, s.args...)
				require.NoError(t, err)
			}
			_, err = suspension.Exec(w.Ctx, "UPDATE accounts SET standing = 'suspended' WHERE id = 'acct'")
			require.NoError(t, err)
			committed := make(chan error, 1)
			go func() { committed <- payment.Commit(w.Ctx) }()
			w.waitsForALock(w.connect(owner), application)
			require.NoError(t, suspension.Commit(w.Ctx))
			err = <-committed
			require.Error(t, err)
			if level == pgx.ReadCommitted {
				require.Equal(t, "credit-obstacle", ruleOf(err))
			} else {
				require.ErrorContains(t, err, "40001", "its picture of the account is old: it has to begin again")
			}
			balances, err := w.Balances(w.Ctx, "acct")
			require.NoError(t, err)
			require.Equal(t, []money.Money{money.Units(50, "USD")}, balances, "only what was credited before")
		})
	}
}

// waitsForALock returns once the connection of the role waits for somebody else's lock.
func (w *world) waitsForALock(watcher *pgx.Conn, role string) {
	pid := w.conns[role].PgConn().PID()
	require.Eventually(w.T, func() bool {
		var waiting bool
		err := watcher.QueryRow(w.Ctx, "SELECT cardinality(pg_blocking_pids($1)) > 0", pid).Scan(&waiting)
		return err == nil && waiting
	}, 10*time.Second, 5*time.Millisecond)
}

// A transaction that PostgreSQL picks as the victim of a deadlock is tried again: another
// program takes the same two rows the other way round.
func TestADeadlockIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// The shorter wait makes the store's connection the one that looks for deadlocks first.
	_, err := w.conns[owner].Exec(w.Ctx, "SET deadlock_timeout = '10min'")
	require.NoError(t, err)
	other, err := w.conns[owner].Begin(w.Ctx)
	require.NoError(t, err)
	_, err = other.Exec(w.Ctx, "SELECT 1 FROM accounts WHERE id = 'acct' FOR UPDATE")
	require.NoError(t, err)

	r := w.refunds[refund.Crediting]
	credited := make(chan error, 1)
	go func() {
		step, err := w.Credit(w.Ctx, refund.Op{RefundID: r.ID, Verb: refund.VerbCredit, Turn: 900})
		if err == nil && step.State != refund.Credited {
			err = errors.New("not credited: " + string(step.State))
		}
		credited <- err
	}()
	watcher := w.connect(owner)
	require.Eventually(t, func() bool { // the step holds the package and waits for the account
		var waiting int
		err := watcher.QueryRow(w.Ctx, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&waiting)
		return err == nil && waiting == 1
	}, 10*time.Second, 5*time.Millisecond)
	// Now the other one wants the package: the step is the victim, and begins again.
	_, err = other.Exec(w.Ctx, "SELECT 1 FROM packages WHERE id = $1 FOR UPDATE", r.PackageID)
	require.NoError(t, err)
	require.NoError(t, other.Commit(w.Ctx))
	require.NoError(t, <-credited)
	require.EqualValues(t, 120, w.Balance("USD"))
	w.CheckLedger()
}

// tally counts answers that come from several goroutines.
type tally struct {
	mu  sync.Mutex
	got map[string]int
}

func (c *tally) add(answer string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.got == nil {
		c.got = map[string]int{}
	}
	c.got[answer]++
}
