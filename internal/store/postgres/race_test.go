package postgres_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/fault"
	"refunddesk/internal/refund"
	"refunddesk/internal/store/storetest"
)

// Whoever waited for a package's lock sees the balance that the holder left.
func TestUsageAtOnceIsAnsweredFromTheBalanceOfNow(t *testing.T) {
	t.Parallel()
	b := storetest.New(t, open)
	b.Buy("p", 10, 10)
	var mu sync.Mutex
	answers := map[string]int{}
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			err := b.Use(fmt.Sprintf("u%d", i), "p", 1)
			mu.Lock()
			defer mu.Unlock()
			answers[fault.CodeOf(err)]++
		})
	}
	wg.Wait()
	assert.Equal(t, map[string]int{"": 10, refund.ErrInsufficientBalance.Code: 30}, answers)
}

func TestAFilingBesideUsageQuotesWhatIsLeft(t *testing.T) {
	t.Parallel()
	for i := range 30 {
		b := storetest.New(t, open)
		b.Buy("p", 10, 10)
		var wg sync.WaitGroup
		for n := range 4 {
			wg.Go(func() { _ = b.Use(fmt.Sprintf("u%d", n), "p", 1) })
		}
		var quote int64
		wg.Go(func() {
			filed, err := b.TryFile("p", "k")
			assert.NoError(t, err)
			quote = filed.Refund.Quote.Amount.Micros
		})
		wg.Wait()
		v, err := b.Package(b.Ctx, "p")
		require.NoError(t, err)
		if !assert.GreaterOrEqual(t, v.Remaining, int64(0), i) {
			return
		}
		_ = quote
	}
}
