package storetest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
)

func factsLinked(t *testing.T, open Opener) {
	b := New(t, open)
	reject := func(account string) { b.screened(b.asked(account, "p-"+account), policy.Reject, "agreement_violated") }
	stands := func(account string, s refund.Standing) {
		_, _, err := b.SetStanding(b.Ctx, Admin, account, s, "spam")
		require.NoError(t, err)
	}
	terminate := func(account string) { stands(account, refund.Terminated) }
	for n, c := range []struct {
		what     string
		mine     refund.Account
		theirs   refund.Account
		bad      func(account string)
		linked   bool
		rejected int64
	}{
		{"same e-mail, rejected", refund.Account{Email: "x@1.org"}, refund.Account{Email: "x@1.org"}, reject, true, 1},
		{"e-mail in other letters, terminated", refund.Account{Email: "X@Two.org"}, refund.Account{Email: "x@tWO.org"}, terminate, true, 1},
		{"same phone, rejected", refund.Account{Phone: "+861"}, refund.Account{Phone: "+861"}, reject, true, 1},
		{"a phone written otherwise, rejected", refund.Account{Phone: "+49 151 2345-67"}, refund.Account{Phone: "(0049) 151234567"}, reject, true, 1},
		{"a phone in dots, terminated", refund.Account{Phone: "0049.152.2345.67"}, refund.Account{Phone: "+49152234567"}, terminate, true, 1},
		{"a phone with one digit more", refund.Account{Phone: "+49 153"}, refund.Account{Phone: "+49 1530"}, terminate, false, 0},
		{"a phone with the zero of its own country", refund.Account{Phone: "0154 1"}, refund.Account{Phone: "1541"}, terminate, false, 0},
		{"phones without digits", refund.Account{Phone: "-"}, refund.Account{Phone: "-"}, terminate, false, 0},
		{"same payer, terminated", refund.Account{Payer: "visa-1"}, refund.Account{Payer: "visa-1"}, terminate, true, 1},
		{"all of it, both", refund.Account{Email: "x@3.org", Phone: "+862", Payer: "visa-2"}, refund.Account{Email: "x@3.org", Phone: "+862", Payer: "visa-2"},
			func(id string) { reject(id); terminate(id) }, true, 1},
		{"linked to an honest one", refund.Account{Phone: "+863"}, refund.Account{Phone: "+863"}, func(id string) { b.asked(id, "p-"+id) }, true, 0},
		{"suspended is not terminated", refund.Account{Phone: "+864"}, refund.Account{Phone: "+864"}, func(id string) { stands(id, refund.Suspended) }, true, 0},
		{"nothing was left for it", refund.Account{Phone: "+865"}, refund.Account{Phone: "+865"}, func(id string) {
			b.screened(b.asked(id, "p-"+id), policy.Reject, refund.OutcomeNothingToRefund)
		}, true, 0},
		{"empty phone and payer link nobody", refund.Account{}, refund.Account{}, terminate, false, 0},
		{"a phone that is another's payer", refund.Account{Phone: "+866"}, refund.Account{Payer: "+866"}, terminate, false, 0},
	} {
		t.Run(c.what, func(t *testing.T) {
			contacts := func(from refund.Account) func(*refund.Account) {
				return func(a *refund.Account) {
					a.Phone, a.Payer = from.Phone, from.Payer
					if from.Email != "" {
						a.Email = from.Email
					}
				}
			}
			mine, theirs := fmt.Sprint("mine", n), fmt.Sprint("theirs", n)
			b.person(mine, contacts(c.mine))
			b.person(theirs, contacts(c.theirs))
			c.bad(theirs)
			f := b.Judge(b.asked(mine, "p-"+mine))
			assert.Equal(t, c.rejected, f.LinkedRejected)
			assert.Zero(t, f.Rejections, "of another account")
			linked, err := b.Linked(b.Ctx, mine, 10)
			require.NoError(t, err)
			if !c.linked {
				assert.Empty(t, linked)
				return
			}
			require.Len(t, linked, 1)
			assert.Equal(t, theirs, linked[0].AccountID)
			assert.NotEmpty(t, linked[0].Shares)
		})
	}
	t.Run("a phone links by whatever way it came", func(t *testing.T) {
		b.person("asks", func(a *refund.Account) { a.Phone = "+86 138 0013 8000" })
		shares := func() map[string][]string {
			linked, err := b.Linked(b.Ctx, "asks", 10)
			require.NoError(t, err)
			out := map[string][]string{}
			for _, l := range linked {
				out[l.AccountID] = l.Shares
			}
			return out
		}
		imported := refund.Account{ID: "imported", Name: "Bo", Email: "bo@import.org", Phone: "0086-13800138000", Locale: refund.English, Standing: refund.Good, RegisteredAt: b.Clock.Now()}
		for range 2 { // an import that is repeated finds what it wrote
			_, err := b.ImportAccounts(b.Ctx, []refund.Account{imported}, func(int) {})
			require.NoError(t, err)
		}
		b.person("moves", nil)
		assert.Equal(t, map[string][]string{"imported": {"phone"}}, shares())
		phone := "(0086) 138.0013.8000"
		_, err := b.ChangeAccount(b.Ctx, Admin, "moves", desk.AccountChange{Phone: &phone})
		require.NoError(t, err)
		assert.Equal(t, map[string][]string{"imported": {"phone"}, "moves": {"phone"}}, shares())
		kept, err := b.Store.Account(b.Ctx, "moves")
		require.NoError(t, err)
		assert.Equal(t, phone, kept.Phone, "as it was written")
		phone = ""
		_, err = b.ChangeAccount(b.Ctx, Admin, "moves", desk.AccountChange{Phone: &phone})
		require.NoError(t, err)
		assert.Equal(t, map[string][]string{"imported": {"phone"}}, shares())
	})
	t.Run("its own rejection is none of a linked account", func(t *testing.T) {
		b.person("alone", nil)
		b.screened(b.asked("alone", "p1"), policy.Reject, "agreement_violated")
		f := b.Judge(b.asked("alone", "p2"))
		assert.EqualValues(t, 1, f.Rejections)
		assert.Zero(t, f.LinkedRejected)
	})
	t.Run("what is shared, and how the others stand", func(t *testing.T) {
		b.person("mine", func(a *refund.Account) { a.Phone, a.Payer = "1", "2" })
		b.person("a", func(a *refund.Account) { a.Phone, a.Email = "1", "MINE@example.org" })
		b.person("b", func(a *refund.Account) { a.Payer = "2" })
		b.person("c", func(a *refund.Account) { a.Payer = "2" })
		reject("c")
		terminate("b")
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
