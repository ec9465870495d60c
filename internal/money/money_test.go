package money_test

import (
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"refunddesk/internal/fault"
	"refunddesk/internal/money"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "0.0": 0, "-0": 0, "1": 1_000_000, "12.34": 12_340_000, "0.000001": 1, "-0.000001": -1, "007": 7_000_000,
		"9223372036854.775807": math.MaxInt64, "-9223372036854.775808": math.MinInt64,
	} {
		got, err := money.ParseMicros(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
	for text, problem := range map[string]string{
		"": "not a decimal", ".5": "not a decimal", "5.": "not a decimal", "+5": "not a decimal", "--5": "not a decimal", "1e3": "not a decimal",
		" 1": "not a decimal", "1 ": "not a decimal", "1,5": "not a decimal", "1.2.3": "not a decimal", "NaN": "not a decimal", "Inf": "not a decimal",
		"0x10": "not a decimal", "١": "not a decimal", "1_000": "not a decimal", "-": "not a decimal", "1.-5": "not a decimal", "\x00": "not a decimal",
		"0.0000001": "more than six decimals", "1.0000000": "more than six decimals",
		"9223372036854.775808": "too large", "-9223372036854.775809": "too large", strings.Repeat("9", 1_000_000): "too large",
	} {
		_, err := money.ParseMicros(text)
		f := fault.From(err)
		require.Equal(t, fault.Unprocessable, f.Kind, text)
		require.Equal(t, "amount", f.Fields[0].Name)
		assert.Contains(t, f.Detail, problem, text)
		assert.Less(t, len(f.Detail), 200, "a megabyte is not sent back")
	}
}

func TestParseWantsACurrency(t *testing.T) {
	for _, code := range []string{"", "usd", "US", "USDX", "ZZZ", "U$D", strings.Repeat("A", 1000)} {
		_, err := money.Parse("1", code)
		require.Error(t, err, code)
		assert.Equal(t, "currency", fault.From(err).Fields[0].Name, code)
	}
	m, err := money.Parse("1", "JPY")
	require.NoError(t, err)
	assert.Equal(t, money.Units(1, "JPY"), m)
}

func TestDecimalAndParseAreInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := money.Of(rapid.Int64().Draw(t, "micros"), "USD")
		back, err := money.Parse(m.Decimal(), "USD")
		if err != nil || back != m {
			t.Fatalf("%d became %q became %v, %v", m.Micros, m.Decimal(), back, err)
		}
		if i := strings.IndexByte(m.Decimal(), '.'); len(m.Decimal())-i-1 != 6 {
			t.Fatalf("%q has not six decimals", m.Decimal())
		}
	})
}

func TestParseNeverInventsMoney(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`-?[0-9]{0,22}(\.[0-9]{0,8})?`).Draw(t, "text")
		micros, err := money.ParseMicros(text)
		if err != nil {
			return
		}
		exact, ok := new(big.Rat).SetString(text)
		if !ok || exact.Cmp(big.NewRat(micros, money.Scale)) != 0 {
			t.Fatalf("%q was read as %d micros", text, micros)
		}
	})
}

func TestJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := money.Of(rapid.Int64().Draw(t, "micros"), rapid.SampledFrom([]string{"USD", "EUR", "JPY", "KWD"}).Draw(t, "currency"))
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var back money.Money
		if err := json.Unmarshal(text, &back); err != nil || back != m {
			t.Fatalf("%s: %v, %v", text, back, err)
		}
	})
	for _, text := range []string{`12.34`, `"12.34"`, `{"amount":12.34,"currency":"USD"}`, `{"amount":"x","currency":"USD"}`, `{"amount":"1"}`, `[]`} {
		m := money.Units(7, "USD")
		err := json.Unmarshal([]byte(text), &m)
		assert.Equal(t, fault.Unprocessable, fault.From(err).Kind, text)
		assert.Equal(t, money.Units(7, "USD"), m, "what cannot be read changes nothing")
	}
	text, err := json.Marshal(money.Of(12_340_000, "USD"))
	require.NoError(t, err)
	assert.JSONEq(t, `{"amount":"12.340000","currency":"USD"}`, string(text))
}

// Sums are exact or refused, never wrapped.
func TestAddAndSubAreExactOrRefused(t *testing.T) {
	edge := rapid.SampledFrom([]int64{math.MinInt64, math.MinInt64 + 1, -1, 0, 1, math.MaxInt64 - 1, math.MaxInt64})
	micros := rapid.OneOf(rapid.Int64(), edge)
	check := func(t *rapid.T, name string, got money.Money, err error, exact *big.Int) {
		switch {
		case exact.IsInt64() && (err != nil || got.Micros != exact.Int64()):
			t.Fatalf("%s: %v, %v instead of %v", name, got, err, exact)
		case !exact.IsInt64() && fault.CodeOf(err) != money.ErrOverflow.Code:
			t.Fatalf("%s: %v, %v instead of an overflow", name, got, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := micros.Draw(t, "a"), micros.Draw(t, "b")
		x, y := money.Of(a, "USD"), money.Of(b, "USD")
		sum, err := x.Add(y)
		check(t, "add", sum, err, new(big.Int).Add(big.NewInt(a), big.NewInt(b)))
		diff, err := x.Sub(y)
		check(t, "sub", diff, err, new(big.Int).Sub(big.NewInt(a), big.NewInt(b)))
	})
}

func TestCurrenciesDoNotMix(t *testing.T) {
	_, err := money.Units(1, "USD").Add(money.Units(1, "EUR"))
	require.ErrorIs(t, err, money.ErrCurrency)
	_, err = money.Units(1, "USD").Sub(money.Money{})
	require.ErrorIs(t, err, money.ErrCurrency)
}

func TestSign(t *testing.T) {
	assert.Equal(t, 1, money.Of(1, "USD").Sign())
	assert.Equal(t, -1, money.Of(-1, "USD").Sign())
	assert.Equal(t, 0, money.Money{}.Sign())
	assert.True(t, money.Of(0, "USD").IsZero())
	assert.False(t, money.Of(-1, "USD").IsZero())
	assert.Panics(t, func() { money.Units(math.MaxInt64, "USD") })
	assert.Panics(t, func() { money.Units(math.MinInt64, "USD") })
}

func TestFormatIsForPeopleAndExact(t *testing.T) {
	for _, tc := range []struct {
		amount, currency, locale string
		want                     string
	}{
		{"1234.5", "USD", "en", "$1,234.50"},
		{"0.007254", "USD", "en", "$0.007254"},
		{"1234", "JPY", "en", "¥1,234"},
		{"-3.1", "USD", "en", "-$3.10"},
		{"1234.5", "CNY", "zh-Hans", "¥1,234.50"},
		{"9223372036854.775807", "USD", "en", "$9,223,372,036,854.775807"},
	} {
		m, err := money.Parse(tc.amount, tc.currency)
		require.NoError(t, err)
		assert.Equal(t, tc.want, m.Format(tc.locale))
	}
	assert.Equal(t, "1.000000 XBAD", money.Units(1, "XBAD").Format("en"), "an unknown currency is not hidden")
}
