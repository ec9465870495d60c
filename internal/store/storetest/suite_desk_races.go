package storetest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
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

// The same beside a decision, which takes the refund before the ticket: neither waits for
// the other for ever, and what was said before the decision leaves it as it is.
func decisionRace(t *testing.T, open Opener) {
	b := New(t, open)
	for i := range 3 {
		k := b.flag(fmt.Sprintf("p%d", i))
		shown, err := b.Case(b.Ctx, k.ID)
		require.NoError(t, err)
		op := b.Op(k.RefundID, refund.VerbDecide)
		var wg sync.WaitGroup
		for n := range 8 {
			wg.Go(func() {
				var err error
				switch n % 4 {
				case 0:
					_, _, err = b.Say(b.Ctx, Reviewer, k.ID, review.Public, "word")
				case 1:
					_, _, err = b.Say(b.Ctx, Customer("acct"), k.ID, review.Public, "word")
				case 2:
					_, err = b.Escalate(b.Ctx, Senior, k.ID, "note_why")
				default:
					err = b.Assign(b.Ctx, Senior, "rita", k.ID)
				}
				if err != nil {
					assert.ErrorIs(t, err, review.ErrTicketClosed)
				}
			})
		}
		wg.Go(func() {
			step, err := b.RecordDecision(b.Ctx, op, Vote(shown, Senior, review.Reject), "")
			assert.NoError(t, err)
			assert.Equal(t, refund.Rejected, step.State)
		})
		wg.Wait()
		history := b.history(k.ID)
		assert.Equal(t, "ticket-closed open>closed", history[len(history)-1], "nothing after the close")
	}
}
