package page

import (
	"net/url"
	"strconv"
	"strings"
	"time"
)

// dueClass is how near a due time is: past, soon (within four hours) or later.
func dueClass(v *View, t time.Time) string {
	switch left := t.Sub(v.Now); {
	case left <= 0:
		return "due-past"
	case left < 4*time.Hour:
		return "due-soon"
	}
	return "due-later"
}

func share(part, whole int64) string {
	if whole <= 0 || part <= 0 {
		return "0"
	}
	// A picture, not money: a float is good enough for a bar.
	return strconv.FormatFloat(min(1, float64(part)/float64(whole)), 'f', 4, 64)
}

func rowsOf(n int) string { return strconv.Itoa(n) }

func valueOf(f *Form, name string) string {
	if f == nil {
		return ""
	}
	return f.Values.Get(name)
}

func invalid(f *Form, name string) string {
	if f.Problem(name) != "" {
		return "true"
	}
	return "false"
}

func describedBy(f *Form, name, hint string) string {
	var ids []string
	if hint != "" {
		ids = append(ids, name+"-hint")
	}
	if f.Problem(name) != "" {
		ids = append(ids, name+"-problem")
	}
	return strings.Join(ids, " ")
}

// WithQuery is the URL with one of its parameters changed; an empty value takes it away.
func WithQuery(raw, name, value string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return raw
	}
	q := u.Query()
	q.Del("done")
	if value == "" {
		q.Del(name)
	} else {
		q.Set(name, value)
	}
	u.RawQuery = q.Encode()
	return u.RequestURI()
}
