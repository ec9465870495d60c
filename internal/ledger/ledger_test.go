package ledger_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"refunddesk/internal/ledger"
	"refunddesk/internal/money"
)

func purchase(t *rapid.T) ledger.Journal {
	face := rapid.Int64Range(1, math.MaxInt64).Draw(t, "face")
	return ledger.ForPurchase("p", "acct", "USD", rapid.Int64Range(0, face).Draw(t, "paid"), face)
}

func usage(t *rapid.T) ledger.Journal {
	return ledger.ForUsage("u", "p", "acct", "USD", rapid.Int64Range(1, math.MaxInt64).Draw(t, "cost"))
}

func credit(t *rapid.T) ledger.Journal {
	amount := rapid.Int64Range(1, math.MaxInt64).Draw(t, "amount")
	return ledger.ForRefund("r", "p", "acct", "USD", amount, rapid.Int64Range(0, math.MaxInt64-amount).Draw(t, "gift"))
}

func anyJournal(t *rapid.T) ledger.Journal {
	j := rapid.SampledFrom([]func(*rapid.T) ledger.Journal{purchase, usage, credit}).Draw(t, "kind")(t)
	j.ID = rapid.StringMatching("journal_[a-z0-9]{4}").Draw(t, "id")
	return j
}

func sums(journals ...ledger.Journal) map[string]int64 {
	out := map[string]int64{}
	for _, j := range journals {
		for _, p := range j.Postings {
			out[p.Account] += p.Micros
		}
	}
	return out
}

func TestEveryBuilderBalances(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j := anyJournal(t)
		if err := j.Validate(); err != nil {
			t.Fatalf("%+v: %v", j, err)
		}
		if err := j.Reverse().Validate(); err != nil {
			t.Fatalf("reversed %+v: %v", j, err)
		}
		for account := range sums(j) {
			if strings.HasPrefix(account, "customer/") && j.Operation != ledger.Refund {
				t.Fatalf("a %s moves a customer's balance", j.Operation)
			}
		}
	})
}

func TestReverseUndoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j := anyJournal(t)
		undo := j.Reverse()
		for account, left := range sums(j, undo) {
			if left != 0 {
				t.Fatalf("%s keeps %d", account, left)
			}
		}
		if undo.Operation != ledger.Reversal || undo.Reverses != j.ID || undo.OperationID != j.ID || undo.ID != "" {
			t.Fatalf("%+v does not name what it undoes", undo)
		}
	})
}

func TestABuiltJournalSaysWhereMoneyGoes(t *testing.T) {
	assert.Equal(t, map[string]int64{"clearing/USD": -80, "package/p": 100, "promotion/USD": -20}, sums(ledger.ForPurchase("p", "a", "USD", 80, 100)))
	assert.Equal(t, map[string]int64{"package/p": 100, "promotion/USD": -100}, sums(ledger.ForPurchase("p", "a", "USD", 0, 100)))
	assert.Equal(t, map[string]int64{"package/p": -5, "revenue/EUR": 5}, sums(ledger.ForUsage("u", "p", "a", "EUR", 5)))
	assert.Equal(t, map[string]int64{"package/p": -90, "customer/a/USD": 70, "promotion/USD": 20}, sums(ledger.ForRefund("r", "p", "a", "USD", 70, 20)))
	assert.Len(t, ledger.ForRefund("r", "p", "a", "USD", 70, 0).Postings, 2, "nothing is posted as zero")
}

func TestValidate(t *testing.T) {
	of := func(micros ...int64) ledger.Journal {
		j := ledger.Journal{Currency: "USD"}
		for _, m := range micros {
			j.Postings = append(j.Postings, ledger.Posting{Account: "x", Micros: m})
		}
		return j
	}
	require.NoError(t, of(1, -1).Validate())
	require.ErrorIs(t, of().Validate(), ledger.ErrEmpty)
	require.ErrorIs(t, of(1).Validate(), ledger.ErrEmpty)
	require.ErrorIs(t, of(1, -2).Validate(), ledger.ErrUnbalanced)
	require.ErrorContains(t, of(1, 0, -1).Validate(), "posting-zero")
	require.ErrorIs(t, of(math.MaxInt64, math.MaxInt64, 2).Validate(), money.ErrOverflow, "a sum that wraps to zero is no balance")
	require.ErrorIs(t, of(math.MinInt64, math.MinInt64).Validate(), money.ErrOverflow)
}

// The hash is of what was posted, not of when and under which id.
func TestInputHashDiffersWhenTheInputDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		j := anyJournal(t)
		again := j
		again.ID, again.CreatedAt = "another", time.Now()
		if again.InputHash() != j.InputHash() {
			t.Fatal("the hash depends on id or time")
		}
		other := j
		other.Postings = append([]ledger.Posting(nil), j.Postings...)
		n := rapid.IntRange(0, len(j.Postings)-1).Draw(t, "posting")
		switch rapid.SampledFrom([]string{"operation", "operation id", "currency", "reverses", "amount", "account", "one less", "one more"}).Draw(t, "changed") {
		case "operation":
			other.Operation += "x"
		case "operation id":
			other.OperationID += "x"
		case "currency":
			other.Currency = "EUR"
		case "reverses":
			other.Reverses += "x"
		case "amount":
			other.Postings[n].Micros += rapid.SampledFrom([]int64{-1, 1}).Draw(t, "by")
		case "account":
			other.Postings[n].Account += "x"
		case "one less":
			other.Postings = append(other.Postings[:n], other.Postings[n+1:]...)
		case "one more":
			other.Postings = append(other.Postings, ledger.Posting{Account: "x", Micros: 1})
		}
		if other.InputHash() == j.InputHash() {
			t.Fatalf("%+v and %+v have one hash", j, other)
		}
	})
}

func TestTwoBuildersNeverShareAHash(t *testing.T) {
	seen := map[string]string{}
	for name, j := range map[string]ledger.Journal{
		"purchase":         ledger.ForPurchase("x", "a", "USD", 5, 5),
		"usage":            ledger.ForUsage("x", "p", "a", "USD", 5),
		"credit":           ledger.ForRefund("x", "p", "a", "USD", 5, 0),
		"credit elsewhere": ledger.ForRefund("x", "q", "a", "USD", 5, 0),
		"credit to b":      ledger.ForRefund("x", "p", "b", "USD", 5, 0),
		"gift":             ledger.ForRefund("x", "p", "a", "USD", 4, 1),
		"reversal":         ledger.ForUsage("x", "p", "a", "USD", 5).Reverse(),
	} {
		require.Empty(t, seen[j.InputHash()], name)
		seen[j.InputHash()] = name
	}
}
