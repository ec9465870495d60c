package page

import (
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"refunddesk/internal/fault"
)

// mostForm is how many bytes a form may have: the longest text in the longest encoding, and
// a policy.
const mostForm = 1 << 20

// mostKey is how long a form's key may be, as the API's.
const mostKey = 255

// Form is what was typed, and what is wrong with it.
type Form struct {
	url.Values
	// Fault is why it was refused; nil when it was not. Problems that belong to a field are
	// under its name, the others stand above the form.
	Fault *fault.Error
}

// Get gives a field with the line breaks that we keep, without spaces around it. Browsers
// send CRLF for the line breaks of a text area.
func (f *Form) Get(name string) string {
	return strings.TrimSpace(strings.ReplaceAll(f.Values.Get(name), "\r\n", "\n"))
}

// Problem is what is wrong with the field; "" when nothing is.
func (f *Form) Problem(name string) string {
	if f == nil || f.Fault == nil {
		return ""
	}
	for _, field := range f.Fault.Fields {
		if field.Name == name {
			return field.Problem
		}
	}
	return ""
}

// Key is for a form that does once what it asks, however often it is sent: the one that it was
// sent with, unless that did something else already, or a new one.
func (f *Form) Key() string {
	if key := f.SentKey(); key != "" && fault.CodeOf(f.Fault) != "idempotency-mismatch" {
		return key
	}
	return rand.Text()
}

// SentKey is the key that the form was sent with, "" for none: printable, and not long.
func (f *Form) SentKey() string {
	if f == nil {
		return ""
	}
	key := f.Values.Get("idempotency_key")
	if len(key) > mostKey || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return ""
	}
	return key
}

// Trouble is what is wrong beside the fields, as a fault; nil when every problem stands at
// one of the fields named.
func (f *Form) Trouble(fields ...string) *fault.Error {
	if f == nil || f.Fault == nil {
		return nil
	}
	for _, field := range f.Fault.Fields {
		for _, name := range fields {
			if name == field.Name {
				return nil
			}
		}
	}
	return f.Fault
}

// Form reads what was sent, once. Errors: malformed-form, body-too-large.
func (c *Context) Form() (*Form, error) {
	if c.form != nil {
		return c.form, nil
	}
	r := c.gin.Request
	r.Body = http.MaxBytesReader(c.gin.Writer, r.Body, mostForm)
	if err := r.ParseForm(); err != nil {
		var tooLong *http.MaxBytesError
		if errors.As(err, &tooLong) {
			return nil, fault.New(fault.TooLarge, "body-too-large", "The form is longer than %d bytes.", mostForm).With(err)
		}
		return nil, fault.New(fault.Malformed, "malformed-form", "The form cannot be read.").With(err)
	}
	c.form = &Form{Values: r.PostForm}
	return c.form, nil
}

// Again shows a form again with what was typed and why it was refused, in words, when err is
// the reader's turn; other failures are returned.
func (c *Context) Again(err error, title string, body func(f *Form) templ.Component) error {
	f := fault.From(err)
	switch f.Kind {
	case fault.Malformed, fault.Unprocessable, fault.Conflict, fault.Forbidden, fault.TooMany:
	default:
		return err
	}
	form, readErr := c.Form()
	if readErr != nil {
		return readErr
	}
	form.Fault = InWords(c.View, f)
	c.WhenAgain(f)
	return c.ShowAs(StatusOf(f.Kind), title, body(form))
}
