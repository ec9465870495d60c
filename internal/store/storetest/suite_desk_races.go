package storetest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/identity"
	"refunddesk/internal/review"
)

func claimsRace(t *testing.T, open Opener) {
	b := New(t, open)
	k := b.question("?")
	var mu sync.Mutex
	won, lost := []string{}, 0
	var wg sync.WaitGroup
	for i := range 20 {
		who := identity.Actor{Subject: fmt.Sprintf("reviewer-%d", i), Roles: []identity.Role{identity.Reviewer}}
		wg.Go(func() {
			err := b.Claim(b.Ctx, who, k.ID)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won = append(won, who.Subject)
				return
			}
			assert.ErrorIs(t, err, review.ErrClaimed)
			lost++
		})
	}
	wg.Wait()
	require.Len(t, won, 1)
	assert.Equal(t, 19, lost)
	assert.Equal(t, won[0], b.ticket(k.ID).Assignee)
	assert.Equal(t, []string{"question-asked >open", "ticket-claimed >" + won[0]}, b.history(k.ID))
}

// What was said was said before the close, and whoever came after it was told so.
func closeRace(t *testing.T, open Opener) {
	b := New(t, open)
	for range 5 {
		k := b.question("?")
		var mu sync.Mutex
		taken, refused := 1, 0
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				by := Reviewer
				if i%2 == 0 {
					by = Customer("acct")
				}
				_, _, err := b.Say(b.Ctx, by, k.ID, review.Public, "word")
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					taken++
					return
				}
				assert.ErrorIs(t, err, review.ErrTicketClosed)
				refused++
			})
		}
		wg.Go(func() {
			_, err := b.Resolve(b.Ctx, Senior, k.ID)
			assert.NoError(t, err)
		})
		wg.Wait()
		said, err := b.Messages(b.Ctx, false, k.ID)
		require.NoError(t, err)
		assert.Len(t, said, taken)
		assert.Equal(t, 11, taken+refused)
		history := b.history(k.ID)
		assert.Equal(t, "ticket-resolved open>closed", history[len(history)-1], "nothing after the close")
	}
}
