package storetest

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
)

func factsLinked(t *testing.T, open Opener) {
	reject := func(b *Bundle, account string) {
		b.screened(b.asked(account, "p-"+account), policy.Reject, "agreement_violated")
	}
	terminate := func(b *Bundle, account string) {
		_, _, err := b.SetStanding(b.Ctx, Admin, account, refund.Terminated, "spam")
		require.NoError(b.T, err)
	}
	for _, c := range []struct {
		what     string
		mine     refund.Account
		theirs   refund.Account
		bad      func(*Bundle, string)
		linked   bool
		rejected bool
	}{
		{"same e-mail, rejected", refund.Account{Email: "x@example.org"}, refund.Account{Email: "x@example.org"}, reject, true, true},
		{"e-mail in other letters, terminated", refund.Account{Email: "X@Example.org"}, refund.Account{Email: "x@example.ORG"}, terminate, true, true},
		{"same phone, rejected", refund.Account{Phone: "+861"}, refund.Account{Phone: "+861"}, reject, true, true},
		{"same payer, terminated", refund.Account{Payer: "visa-1"}, refund.Account{Payer: "visa-1"}, terminate, true, true},
		{"all of it, both", refund.Account{Email: "x@e.org", Phone: "1", Payer: "2"}, refund.Account{Email: "x@e.org", Phone: "1", Payer: "2"},
			func(b *Bundle, id string) { reject(b, id); terminate(b, id) }, true, true},
		{"linked to an honest one", refund.Account{Phone: "1"}, refund.Account{Phone: "1"}, func(b *Bundle, id string) { b.asked(id, "p-"+id) }, true, false},
		{"suspended is not terminated", refund.Account{Phone: "1"}, refund.Account{Phone: "1"}, func(b *Bundle, id string) {
			_, _, err := b.SetStanding(b.Ctx, Admin, id, refund.Suspended, "spam")
			require.NoError(b.T, err)
		}, true, false},
		{"nothing was left for it", refund.Account{Phone: "1"}, refund.Account{Phone: "1"}, func(b *Bundle, id string) {
			b.screened(b.asked(id, "p-"+id), policy.Reject, refund.OutcomeNothingToRefund)
		}, true, false},
		{"empty phone and payer link nobody", refund.Account{}, refund.Account{}, terminate, false, false},
		{"a phone that is another's payer", refund.Account{Phone: "1"}, refund.Account{Payer: "1"}, terminate, false, false},
	} {
		t.Run(c.what, func(t *testing.T) {
			b := New(t, open)
			contacts := func(from refund.Account) func(*refund.Account) {
				return func(a *refund.Account) {
					a.Phone, a.Payer = from.Phone, from.Payer
					if from.Email != "" {
						a.Email = from.Email
					}
				}
			}
			b.person("mine", contacts(c.mine))
			b.person("theirs", contacts(c.theirs))
			c.bad(b, "theirs")
			f := b.Judge(b.asked("mine", "p"))
			want := int64(0)
			if c.rejected {
				want = 1
			}
			assert.Equal(t, want, f.LinkedRejected)
			assert.Zero(t, f.Rejections, "of another account")
			linked, err := b.Linked(b.Ctx, "mine", 10)
			require.NoError(t, err)
			if !c.linked {
				assert.Empty(t, linked)
				return
			}
			require.Len(t, linked, 1)
			assert.Equal(t, "theirs", linked[0].AccountID)
			assert.NotEmpty(t, linked[0].Shares)
		})
	}
	t.Run("its own rejection is none of a linked account", func(t *testing.T) {
		b := New(t, open)
		b.person("mine", nil)
		b.screened(b.asked("mine", "p1"), policy.Reject, "agreement_violated")
		f := b.Judge(b.asked("mine", "p2"))
		assert.EqualValues(t, 1, f.Rejections)
		assert.Zero(t, f.LinkedRejected)
	})
	t.Run("what is shared, and how the others stand", func(t *testing.T) {
		b := New(t, open)
		b.person("mine", func(a *refund.Account) { a.Phone, a.Payer = "1", "2" })
		b.person("a", func(a *refund.Account) { a.Phone, a.Email = "1", "MINE@example.org" })
		b.person("b", func(a *refund.Account) { a.Payer = "2" })
		b.person("c", func(a *refund.Account) { a.Payer = "2" })
		reject(b, "c")
		terminate(b, "b")
		linked, err := b.Linked(b.Ctx, "mine", 10)
		require.NoError(t, err)
		assert.Equal(t, []desk.LinkedAccount{
			{AccountID: "c", Shares: []string{"payer"}, Standing: refund.Good, Refunds: 1, Rejected: 1},
			{AccountID: "b", Shares: []string{"payer"}, Standing: refund.Terminated},
			{AccountID: "a", Shares: []string{"email", "phone"}, Standing: refund.Good},
		}, linked, "the worst first")
		linked, err = b.Linked(b.Ctx, "mine", 1)
		require.NoError(t, err)
		assert.Len(t, linked, 1)
		assert.EqualValues(t, 2, b.Judge(b.asked("mine", "p")).LinkedRejected)
	})
}
