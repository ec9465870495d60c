package page

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strconv"

	"refunddesk/internal/fault"
	"refunddesk/internal/review"
)

var statuses = map[fault.Kind]int{
	fault.Internal:         http.StatusInternalServerError,
	fault.Unauthenticated:  http.StatusUnauthorized,
	fault.Forbidden:        http.StatusForbidden,
	fault.NotFound:         http.StatusNotFound,
	fault.MethodNotAllowed: http.StatusMethodNotAllowed,
	fault.UnsupportedMedia: http.StatusUnsupportedMediaType,
	fault.TooLarge:         http.StatusRequestEntityTooLarge,
	fault.Malformed:        http.StatusBadRequest,
	fault.Unprocessable:    http.StatusUnprocessableEntity,
	fault.Conflict:         http.StatusConflict,
	fault.TooMany:          http.StatusTooManyRequests,
	fault.Unavailable:      http.StatusServiceUnavailable,
}

// StatusOf is the HTTP status of a fault's kind.
func StatusOf(k fault.Kind) int { return statuses[k] }

// Fail answers with a page that says what went wrong and keeps what was typed, to be sent
// again.
func (c *Context) Fail(err error) {
	f := fault.From(err)
	if f.Kind == fault.Internal || f.Kind == fault.Unavailable {
		c.logFailure(f)
	}
	if c.gin.Writer.Written() {
		return // a stream or a download broke off; there is nobody to tell
	}
	c.WhenAgain(f)
	if shown := c.ShowAs(StatusOf(f.Kind), c.T("failure.title"), failure(c.View, f, c.unsentOf(f))); shown != nil {
		c.logFailure(fault.From(shown))
		http.Error(c.gin.Writer, f.Detail, StatusOf(f.Kind))
	}
	c.gin.Abort()
}

// WhenAgain tells programs and proxies when to try again, if that is known.
func (c *Context) WhenAgain(f *fault.Error) {
	if f.RetryAfter > 0 {
		c.gin.Header("Retry-After", strconv.Itoa(int(math.Ceil(f.RetryAfter.Seconds()))))
	}
}

func (c *Context) logFailure(f *fault.Error) {
	attrs := []slog.Attr{slog.String("route", c.gin.FullPath()), slog.String("code", f.Code)}
	if cause := errors.Unwrap(f); cause != nil {
		attrs = append(attrs, slog.String("cause", cause.Error()))
	}
	level := slog.LevelError
	switch {
	case errors.Is(c.Ctx().Err(), context.Canceled):
		// The reader went away, or his session ended, and what was done for him broke off.
		level = slog.LevelInfo
	case f.Kind == fault.Unavailable:
		level = slog.LevelWarn
	}
	c.kit.Log.LogAttrs(c.Ctx(), level, "page", attrs...)
}

// unsentField is one field of a form that did not arrive.
type unsentField struct{ Name, Value string }

// unsent is a form that could not be taken; nil when none was sent.
type unsent struct {
	Fields []unsentField
	// Again says that sending the same form again may help. If not, what was typed can be copied.
	Again bool
}

// unsentOf is what a form had that was refused with f. Of what somebody else's page sent
// nothing is repeated.
func (c *Context) unsentOf(f *fault.Error) *unsent {
	if c.gin.Request.Method != http.MethodPost || f.Code == CodeForeign {
		return nil
	}
	form, err := c.Form()
	if err != nil {
		return nil
	}
	var fields []unsentField
	for name, values := range form.Values {
		for _, value := range values {
			fields = append(fields, unsentField{name, value})
		}
	}
	slices.SortStableFunc(fields, func(a, b unsentField) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return &unsent{Fields: fields, Again: canSendAgain(f)}
}

// typed are the fields with what somebody wrote.
func (u *unsent) typed() []unsentField {
	return slices.DeleteFunc(slices.Clone(u.Fields), func(f unsentField) bool { return !f.typed() })
}

func keptID(i int) string { return "kept-" + strconv.Itoa(i) }

// labelOf is what a field that somebody wrote into is called. A reviewer's words to his
// colleagues must never be taken for those to the customer.
func (u *unsent) labelOf(v *View, field unsentField) string {
	if field.Name == "body" && slices.Contains(u.Fields, unsentField{"visibility", string(review.Internal)}) {
		return v.T("failure.field.internal")
	}
	if key := "failure.field." + field.Name; v.Has(key) {
		return v.T(key)
	}
	return field.Name
}

// CodeForeign is of what was sent by a page of somebody else's.
const CodeForeign = "cross-origin"

// Graver is what is said of a form that was refused when the page that it stands on cannot be
// read again: that nothing can be read now, for the page of a failure keeps what was typed to
// be sent again; else why it was refused. A form that failed says how: what became of it may
// not be known, and must not be called nothing.
func Graver(refused, unread error) error {
	if fault.IsAnswer(unread) || !fault.IsAnswer(refused) {
		return refused
	}
	return unread
}

// canSendAgain reports whether sending the same form again may help.
func canSendAgain(f *fault.Error) bool {
	return f.Kind == fault.Unavailable || f.Kind == fault.Unauthenticated || f.Kind == fault.Internal || f.Kind == fault.TooMany
}
