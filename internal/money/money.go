// Package money keeps amounts as int64 micros (10⁻⁶ of the currency's unit, because one
// SMS costs fractions of a cent) with an ISO 4217 code. There is no float in it, and an
// overflow is an error, never a wrapped number.
package money

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/bojanz/currency"

	"refunddesk/internal/fault"
)

// Scale is how many micros make one unit of a currency.
const Scale = 1_000_000

const decimals = 6

// mostShown is how many characters of what somebody sent as an amount a message repeats.
const mostShown = 32

// Errors of arithmetic. Both are Unprocessable: amounts come from requests.
var (
	ErrOverflow = fault.New(fault.Unprocessable, "amount-overflow", "The amount is larger than can be kept.")
	ErrCurrency = fault.New(fault.Unprocessable, "currency-mismatch", "Amounts of different currencies cannot be combined.")
)

// Money is an amount in micros of one currency. The zero value has no currency.
type Money struct {
	Micros   int64
	Currency string
}

// Of makes money from micros.
func Of(micros int64, code string) Money { return Money{Micros: micros, Currency: code} }

// Units makes money from whole units; it panics on overflow and is for constants and tests.
func Units(n int64, code string) Money {
	if n > math.MaxInt64/Scale || n < math.MinInt64/Scale {
		panic("money: Units out of range")
	}
	return Money{Micros: n * Scale, Currency: code}
}

// ValidCurrency reports whether code is an ISO 4217 code that can be used.
func ValidCurrency(code string) bool {
	return code != "" && currency.IsValid(code) // to the library none at all is valid too
}

// Parse reads a decimal string of at most six decimals, like "12.34" or "-0.000001".
// Returns an Unprocessable fault naming what is wrong: not a decimal, too many decimals,
// too large, unknown currency.
func Parse(amount, code string) (Money, error) {
	if !ValidCurrency(code) {
		return Money{}, fault.InvalidField("currency", "%q is not an ISO 4217 currency code such as USD", fault.Clip(code, mostShown))
	}
	micros, err := ParseMicros(amount)
	if err != nil {
		return Money{}, err
	}
	return Money{Micros: micros, Currency: code}, nil
}

// ParseMicros reads the decimal string of Parse without a currency.
func ParseMicros(amount string) (int64, error) {
	bad := func(why string) (int64, error) {
		return 0, fault.InvalidField("amount", "%q %s; write a decimal like \"12.340000\"", fault.Clip(amount, mostShown), why)
	}
	digits, negative := strings.CutPrefix(amount, "-")
	whole, fraction, point := strings.Cut(digits, ".")
	if whole == "" || (point && fraction == "") || !allDigits(whole) || !allDigits(fraction) {
		return bad("is not a decimal number")
	}
	if len(fraction) > decimals {
		return bad("has more than six decimals")
	}
	fraction += strings.Repeat("0", decimals-len(fraction))
	// Accumulating below zero reaches MinInt64, which has no positive twin.
	var micros int64
	for _, d := range whole + fraction {
		digit := int64(d - '0')
		if micros < (math.MinInt64+digit)/10 {
			return bad("is too large")
		}
		micros = micros*10 - digit
	}
	if negative {
		return micros, nil
	}
	if micros == math.MinInt64 {
		return bad("is too large")
	}
	return -micros, nil
}

// Decimal gives the amount as a decimal string of exactly six decimals, without currency.
func (m Money) Decimal() string {
	u := uint64(m.Micros)
	sign := ""
	if m.Micros < 0 {
		u, sign = -u, "-"
	}
	return fmt.Sprintf("%s%d.%06d", sign, u/Scale, u%Scale)
}

// String gives amount and currency, for logs and messages to programmers.
func (m Money) String() string { return m.Decimal() + " " + m.Currency }

// Add returns m + o, or ErrCurrency, or ErrOverflow.
func (m Money) Add(o Money) (Money, error) {
	if m.Currency != o.Currency {
		return Money{}, ErrCurrency
	}
	sum := m.Micros + o.Micros
	if (o.Micros > 0 && sum < m.Micros) || (o.Micros < 0 && sum > m.Micros) {
		return Money{}, ErrOverflow
	}
	return Money{Micros: sum, Currency: m.Currency}, nil
}

// Sub returns m - o, or ErrCurrency, or ErrOverflow.
func (m Money) Sub(o Money) (Money, error) {
	if m.Currency != o.Currency {
		return Money{}, ErrCurrency
	}
	diff := m.Micros - o.Micros
	if (o.Micros > 0 && diff > m.Micros) || (o.Micros < 0 && diff < m.Micros) {
		return Money{}, ErrOverflow
	}
	return Money{Micros: diff, Currency: m.Currency}, nil
}

// Sign is -1, 0 or 1.
func (m Money) Sign() int {
	switch {
	case m.Micros < 0:
		return -1
	case m.Micros > 0:
		return 1
	}
	return 0
}

// IsZero reports whether the amount is zero, in whatever currency.
func (m Money) IsZero() bool { return m.Micros == 0 }

type wire struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

// MarshalJSON writes {"amount":"12.340000","currency":"USD"}.
func (m Money) MarshalJSON() ([]byte, error) {
	return json.Marshal(wire{Amount: m.Decimal(), Currency: m.Currency})
}

// UnmarshalJSON reads what MarshalJSON writes; errors as Parse.
func (m *Money) UnmarshalJSON(b []byte) error {
	var w wire
	if err := json.Unmarshal(b, &w); err != nil {
		return fault.InvalidField("amount", "money is an object of two strings, amount and currency").With(err)
	}
	parsed, err := Parse(w.Amount, w.Currency)
	if err != nil {
		return err
	}
	*m = parsed
	return nil
}

// Format writes the amount for people of the locale ("en", "zh-Hans"), with the
// currency's own digits and as many more as the amount needs to be exact.
func (m Money) Format(locale string) string {
	amount, err := currency.NewAmount(m.Decimal(), m.Currency)
	if err != nil {
		return m.String() // a currency we no longer know: still exact, never hidden
	}
	formatter := currency.NewFormatter(currency.NewLocale(locale))
	formatter.MaxDigits = decimals
	return formatter.Format(amount)
}

func allDigits(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return true
}
