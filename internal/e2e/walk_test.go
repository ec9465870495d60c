package e2e

import (
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/api/client"
)

// Buy, use, quote, refund, status, balance, ledger.
func TestWalk(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Program) {
		integrator, owner := p.as(t, "integrator"), &customer{person: p.as(t, "customer"), account: "acct_demo"}
		id, use := "pkg_"+unique(), "use_"+unique()
		bought := integrator.buy(client.NewPackage{ID: &id, AccountID: owner.account, Name: "Global SMS 100", Price: usd("100.00")}).ok()
		require.Equal(t, client.PackageStatusActive, bought.Status)
		integrator.use(id, use, "0.0412").ok()
		integrator.use(id, use, "0.0412").ok() // the same once more changes nothing
		integrator.use(id, use, "0.05").refused(http.StatusConflict, "usage-mismatch")

		quote := owner.quote(id).ok()
		require.Equal(t, client.Money{Amount: "99.958800", Currency: "USD"}, quote.Amount)
		require.True(t, quote.Used)

		before := owner.balance()
		filed := owner.file(id, id, "wait=10").ok()
		require.Equal(t, client.RefundStateCredited, filed.State)
		require.Equal(t, &client.Money{Amount: "99.958800", Currency: "USD"}, filed.Amount)
		read := owner.refund(filed.ID).ok()
		require.Equal(t, filed.State, read.State)
		var states []client.RefundState
		for _, item := range *read.Timeline {
			states = append(states, item.State)
		}
		require.Equal(t, []client.RefundState{
			client.RefundStateSubmitted, client.RefundStateScreening, client.RefundStateCrediting, client.RefundStateCredited,
		}, states)

		require.Equal(t, before+micros(t, "99.9588"), owner.balance())
		times, _ := owner.credits()
		require.Equal(t, 1, times[id])
		require.Equal(t, client.PackageStatusRefunded, owner.pkg(id).ok().Status)
		require.Equal(t, "0.000000", owner.pkg(id).ok().Remaining.Amount)
		integrator.use(id, use+"_2", "0.01").refused(http.StatusConflict, "package-closed")
		owner.file(id, id+"_again", "").refused(http.StatusConflict, "package-refunded")
		p.as(t, "customer2").refund(filed.ID).refused(http.StatusNotFound, "not-found")
	})
}

// A gift is never paid out: what remains of it is voided in the same posting.
func TestGiftIsNotPaidOut(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Program) {
		c := newCustomer(t, p, client.LocaleEn)
		id, face := "pkg_"+unique(), usd("120")
		p.as(t, "integrator").buy(client.NewPackage{ID: &id, AccountID: c.account, Name: "With a gift", Price: usd("100"), Face: &face}).ok()
		p.as(t, "integrator").use(id, "use_"+unique(), "30").ok()
		require.Equal(t, "70.000000", c.file(id, "1", "wait=10").ok().Amount.Amount)
		c.creditedOnce("70", id)
	})
}

const clicks = 50

// together runs do for 0…n-1 at the same moment and collects what came of it.
func together[T any](n int, do func(int) T) []T {
	out := make([]T, n)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			out[i] = do(i)
		})
	}
	close(start)
	all.Wait()
	return out
}

func TestFiftyClicksWithDifferentKeys(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Program) {
		c := newCustomer(t, p, client.LocaleEn)
		pkg := c.buys("100")
		var filed []string
		for _, a := range together(clicks, func(int) answer[client.Refund] { return c.file(pkg, unique(), "") }) {
			require.NoError(t, a.err)
			if a.value != nil {
				filed = append(filed, a.value.ID)
				continue
			}
			require.Equal(t, http.StatusConflict, a.problem.Status)
			require.Contains(t, []string{"refund-open", "package-refunded"}, a.problem.Code)
		}
		require.Len(t, filed, 1)
		c.sees(filed[0], client.RefundStateCredited)
		c.creditedOnce("100", pkg)
	})
}

func TestFiftyClicksWithTheSameKey(t *testing.T) {
	onBoth(t, func(t *testing.T, p *Program) {
		c := newCustomer(t, p, client.LocaleEn)
		pkg := c.buys("100")
		ids := map[string]bool{}
		for _, a := range together(clicks, func(int) answer[client.Refund] { return c.file(pkg, "the same", "") }) {
			ids[a.ok().ID] = true
		}
		require.Len(t, ids, 1)
		for id := range ids {
			c.sees(id, client.RefundStateCredited)
		}
		c.creditedOnce("100", pkg)
		// The key answers for ever, and for this request only.
		require.True(t, ids[c.file(pkg, "the same", "").ok().ID])
		c.file(c.buys("5"), "the same", "").refused(http.StatusUnprocessableEntity, "idempotency-mismatch")
	})
}
