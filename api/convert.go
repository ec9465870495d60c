package api

import (
	"time"

	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/money"
)

// optional is nil for the zero value: what is not there is left out of the answer.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// given is the value p points at, or fallback when the caller left it out.
func given[T any](p *T, fallback T) T {
	if p == nil {
		return fallback
	}
	return *p
}

// text is given for the string types of the contract.
func text[T ~string](p *T) string {
	if p == nil {
		return ""
	}
	return string(*p)
}

// moment is a time as the records keep it: UTC, to the microsecond.
func moment(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

func momentOr(p *time.Time, fallback time.Time) time.Time { return moment(given(p, fallback)) }

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

func toMoney(m money.Money) Money { return Money{Amount: m.Decimal(), Currency: m.Currency} }

func toMoneyOrNil(m *money.Money) *Money {
	if m == nil {
		return nil
	}
	out := toMoney(*m)
	return &out
}

// fromMoney reads an amount; a fault names the field below the one given.
func fromMoney(field string, in MoneyInput) (money.Money, error) {
	m, err := money.Parse(in.Amount, in.Currency)
	if err == nil {
		return m, nil
	}
	f := *fault.From(err)
	fields := make([]fault.Field, 0, len(f.Fields))
	for _, inner := range f.Fields {
		fields = append(fields, fault.Field{Name: field + "." + inner.Name, Problem: inner.Problem})
	}
	f.Fields = fields
	return money.Money{}, &f
}

const defaultLimit = 50

func paging(limit *Limit, cursor *Cursor) desk.Paging {
	return desk.Paging{Limit: given(limit, defaultLimit), Cursor: given(cursor, "")}
}

// mapped converts every item; an empty list is [] and not null.
func mapped[In, Out any](items []In, convert func(In) Out) []Out {
	out := make([]Out, 0, len(items))
	for _, item := range items {
		out = append(out, convert(item))
	}
	return out
}

func asIs[T any](v T) T { return v }
