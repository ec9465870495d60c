package e2e

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refunddesk/api/client"
)

const crowd = 40 // refunds filed at a time

// moment is when a kill comes, seen from the request that was acknowledged as the n-th:
// it returns true once.
type moment func(c *customer, n int32, refund string) bool

var moments = []struct {
	name string
	now  moment
}{
	{"while requests are filed", func(_ *customer, n int32, _ string) bool { return n == crowd/4 }},
	{"once the first is credited", func(c *customer, n int32, refund string) bool {
		for n == 1 {
			if a := c.refund(refund); a.value == nil || a.value.State == client.RefundStateCredited {
				return true
			}
		}
		return false
	}},
}

// Everything that was acknowledged before a kill -9 is credited once after the restart, and
// repeating the requests, as clients do that heard nothing, credits nothing twice.
func TestKillWhileRefundsAreInFlight(t *testing.T) {
	onOwn(t, func(t *testing.T, p *Program) {
		unfinished := 0
		for _, m := range moments {
			unfinished += killRound(t, p, m.name, m.now)
		}
		require.Positive(t, unfinished, "every kill came too late to prove anything")
	})
}

// killRound gives how many refunds were acknowledged and not credited when the kill came.
func killRound(t *testing.T, p *Program, name string, now moment) int {
	// Each of the crowd asks for one refund: a person looks at who asks for many.
	people := together(crowd, func(int) *customer { return newCustomer(t, p, client.LocaleEn) })
	packages := together(crowd, func(i int) string { return people[i].buys("10") })

	var acknowledged atomic.Int32
	var killedAt time.Time
	first := together(crowd, func(i int) string {
		a := people[i].file(packages[i], name, "")
		if a.value == nil {
			return "" // cut off; whether it was filed nobody knows
		}
		if now(people[i], acknowledged.Add(1), a.value.ID) {
			killedAt = time.Now()
			_ = p.cmd.Process.Kill() // an error means that it is gone, which no test survives
			<-p.ended
		}
		return a.value.ID
	})
	require.False(t, killedAt.IsZero(), "too few requests were acknowledged")
	p.Restart(t)

	unfinished := 0
	for i, id := range first {
		if id == "" {
			continue
		}
		r := people[i].sees(id, client.RefundStateCredited)
		if last := (*r.Timeline)[len(*r.Timeline)-1]; last.At.After(killedAt) {
			unfinished++
		}
	}
	for i, c := range people {
		again := c.file(packages[i], name, "").ok()
		if first[i] != "" {
			require.Equal(t, first[i], again.ID, "the key of an acknowledged request")
		}
		c.sees(again.ID, client.RefundStateCredited)
		c.creditedOnce("10", packages[i])
		// One mail for each, and under a kill too the same mail is the same message.
		letters(t, c, again.ID, 1)
	}
	t.Logf("%s: %d of %d acknowledged were not credited yet at the kill", name, unfinished, count(first))
	return unfinished
}

func count(ids []string) (n int) {
	for _, id := range ids {
		if id != "" {
			n++
		}
	}
	return n
}

func TestKillRightAfterTheAnswer(t *testing.T) {
	onOwn(t, func(t *testing.T, p *Program) {
		c := newCustomer(t, p, client.LocaleEn)
		pkg := c.buys("10")
		id := c.files(pkg)
		p.Kill(t)
		p.Restart(t)
		c.sees(id, client.RefundStateCredited)
		c.creditedOnce("10", pkg)
	})
}

// Here the moment is certain: crediting stands before a lock on the ledger when the kill
// comes, with the approval committed and the money not posted.
func TestKillBetweenApprovalAndCredit(t *testing.T) {
	t.Parallel()
	database := emptyDatabase(t)
	p := Start(t, Options{Database: database})
	c := newCustomer(t, p, client.LocaleEn)
	pkg := c.buys("10")

	conn, err := pgx.Connect(t.Context(), database)
	require.NoError(t, err)
	defer func() { _ = conn.Close(t.Context()) }()
	tx, err := conn.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "LOCK TABLE journals IN SHARE ROW EXCLUSIVE MODE")
	require.NoError(t, err)

	id := c.files(pkg)
	c.sees(id, client.RefundStateCrediting)
	p.Kill(t)
	require.NoError(t, tx.Rollback(t.Context()))
	p.Restart(t)
	r := c.sees(id, client.RefundStateCredited)
	c.creditedOnce("10", pkg)
	require.Equal(t, client.VerdictApprove, *r.Verdict)
}
