package page

import (
	"time"

	"refunddesk/internal/console/static"
	"refunddesk/internal/console/words"
	"refunddesk/internal/identity"
	"refunddesk/internal/money"
)

// View is what every template knows.
type View struct {
	*words.Words
	Actor    identity.Actor
	Name     string // of who is signed in; never logged
	SignedIn bool
	Nav      []NavItem
	Now      time.Time // UTC
	Path     string
	URL      string // path and query, without what the last form did
	Theme    string // light, dark or "" for the system's
	Assets   *static.Assets
	Dev      bool
	Done     string // word key of what was just done; "" for nothing
}

// Money writes an amount for people.
func (v *View) Money(m money.Money) string { return m.Format(v.Locale) }

// Amount writes micros of a currency for people.
func (v *View) Amount(micros int64, code string) string {
	return money.Of(micros, code).Format(v.Locale)
}

// Moment writes a moment, in UTC; the page's script turns it into the reader's own time.
func (v *View) Moment(t time.Time) string {
	if v.Locale == "zh-Hans" {
		return t.UTC().Format("2006年1月2日 15:04")
	}
	return t.UTC().Format("2 Jan 2006, 15:04")
}

// Day writes a day.
func (v *View) Day(t time.Time) string {
	if v.Locale == "zh-Hans" {
		return t.UTC().Format("2006年1月2日")
	}
	return t.UTC().Format("2 Jan 2006")
}

// Span writes a duration in its two largest units: "3 d 4 h", "12 min".
func (v *View) Span(d time.Duration) string {
	if d < 0 {
		d = -d
	}
	switch {
	case d >= 48*time.Hour:
		return v.T("span.days", "Days", int(d/(24*time.Hour)), "Hours", int(d%(24*time.Hour)/time.Hour))
	case d >= time.Hour:
		return v.T("span.hours", "Hours", int(d/time.Hour), "Minutes", int(d%time.Hour/time.Minute))
	case d >= time.Minute:
		return v.T("span.minutes", "Minutes", int(d/time.Minute))
	}
	return v.T("span.moment")
}

// Relative writes when something is, from now on: "in 3 h 5 min", "2 d 4 h ago".
func (v *View) Relative(t time.Time) string {
	if t.After(v.Now) {
		return v.T("span.in", "Span", v.Span(t.Sub(v.Now)))
	}
	return v.T("span.ago", "Span", v.Span(v.Now.Sub(t)))
}
