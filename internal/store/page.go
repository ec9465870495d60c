package store

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
	"unicode"

	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
)

// cursor is the key of the last row of a page; callers see it as an opaque string.
type cursor struct {
	Priority int32     `json:"p,omitempty"` // of a list by priority
	At       time.Time `json:"t,omitzero"`
	ID       string    `json:"i"`
}

func (c cursor) String() string {
	b, err := json.Marshal(c)
	if err != nil {
		panic(err) // a number, a time and a string
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// parseCursor returns a Malformed fault naming cursor for what String did not make.
func parseCursor(s string) (cursor, error) {
	var c cursor
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err == nil {
		err = json.Unmarshal(b, &c)
	}
	if err != nil || c.ID == "" || strings.ContainsFunc(c.ID, unicode.IsControl) || c.At.Year() > 9999 {
		return cursor{}, errCursor()
	}
	return c, nil
}

func errCursor() *fault.Error {
	f := fault.New(fault.Malformed, "invalid-parameter", "cursor: give the next_cursor of the page before, unchanged.")
	f.Fields = []fault.Field{{Name: "cursor", Problem: "is not a cursor that a list returned"}}
	return f
}

const (
	defaultLimit = 50
	mostLimit    = 200
)

func limitOf(p desk.Paging) int {
	if p.Limit <= 0 {
		return defaultLimit
	}
	return min(p.Limit, mostLimit)
}

// pageOf turns limit+1 rows into a page: the extra row only says that there is a next one.
func pageOf[Row, T any](rows []Row, limit int, item func(Row) T, key func(Row) cursor) desk.Page[T] {
	var page desk.Page[T]
	if len(rows) > limit {
		rows = rows[:limit]
		page.Next = key(rows[limit-1]).String()
	}
	page.Items = make([]T, 0, len(rows))
	for _, r := range rows {
		page.Items = append(page.Items, item(r))
	}
	return page
}
