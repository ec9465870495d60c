// Package fault is the one error vocabulary of RefundDesk. Whatever the program
// tells somebody about a failure is a *fault.Error: a stable code for programs, a
// sentence for people and, where input was wrong, the fields and what would be right.
//
// The edges translate it once: api to RFC 9457 problems, the programs to exit messages.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what sort of failure it is, and by that who can mend it.
type Kind int

// The kinds, in the order in which an HTTP call checks for them.
const (
	// Internal is a defect or an unclassified failure of ours. The zero value, so
	// that an error nobody classified is never blamed on the caller.
	Internal Kind = iota
	// Unauthenticated: who is asking is not known.
	Unauthenticated
	// Forbidden: it is known who is asking, and he may not.
	Forbidden
	// NotFound: there is no such thing, or not for this caller.
	NotFound
	// MethodNotAllowed: the path exists, the method does not.
	MethodNotAllowed
	// UnsupportedMedia: the body is not of a type the call takes.
	UnsupportedMedia
	// TooLarge: the body is longer than the limit.
	TooLarge
	// Malformed: the request cannot be read as what the contract says.
	Malformed
	// Unprocessable: the request reads well and its values make no sense.
	Unprocessable
	// Conflict: the request makes sense, and the state of things forbids it.
	Conflict
	// TooMany: the caller asks faster than he may.
	TooMany
	// Unavailable: a neighbour (database, engine, issuer) is away; trying again helps.
	Unavailable
)

// Field names one wrong input and says what would be right.
type Field struct {
	Name    string
	Problem string
	// Line and Column are where in a text (a policy) it is, counted from 1; 0 elsewhere.
	Line, Column int
}

// Error is a failure with a stable code.
type Error struct {
	Kind   Kind
	Code   string // stable, kebab-case, the end of the problem's type
	Detail string // one sentence for people, without personal data
	Fields []Field
	// RetryAfter is how long to wait before trying again; zero when that is not known.
	RetryAfter time.Duration
	cause      error
}

// New makes a fault of the kind with a stable code and a formatted sentence.
func New(kind Kind, code, format string, args ...any) *Error {
	detail := format
	if len(args) > 0 {
		detail = fmt.Sprintf(format, args...)
	}
	return &Error{Kind: kind, Code: code, Detail: detail}
}

// InvalidField is the fault for one value that cannot be: 422 with the field's name.
func InvalidField(name, format string, args ...any) *Error {
	problem := fmt.Sprintf(format, args...)
	return &Error{
		Kind:   Unprocessable,
		Code:   "invalid-value",
		Detail: fmt.Sprintf("%s: %s", name, problem),
		Fields: []Field{{Name: name, Problem: problem}},
	}
}

// With returns a copy that wraps cause, which errors.Is and errors.As then find.
func (e *Error) With(cause error) *Error {
	out := *e
	out.cause = cause
	return &out
}

// After returns a copy that asks the caller to wait for d before trying again.
func (e *Error) After(d time.Duration) *Error {
	out := *e
	out.RetryAfter = d
	return &out
}

// Error gives code and detail; the cause is for logs, through Unwrap.
func (e *Error) Error() string {
	if e.Detail == "" {
		return e.Code
	}
	return e.Code + ": " + e.Detail
}

// Unwrap gives the cause, nil when there is none.
func (e *Error) Unwrap() error { return e.cause }

// Is makes two faults equal when kind and code are.
func (e *Error) Is(target error) bool {
	var t *Error
	return errors.As(target, &t) && t.Code == e.Code && t.Kind == e.Kind
}

// From finds the fault in err's chain. An error that carries none becomes Internal
// with the code "internal" and a detail that gives nothing of the cause away.
func From(err error) *Error {
	if err == nil {
		return nil
	}
	var f *Error
	if errors.As(err, &f) {
		return f
	}
	return New(Internal, "internal", "Something went wrong on our side; the request id finds it in our logs.").With(err)
}

// CodeOf gives the code of the fault in err's chain: "" for nil, also for a nil *Error, and
// "internal" where there is none.
func CodeOf(err error) string {
	if err == nil {
		return ""
	}
	if f := From(err); f != nil {
		return f.Code
	}
	return ""
}

// IsAnswer reports whether err is a business answer (the caller's turn), as opposed to
// a failure of ours or of a neighbour, which may be tried again.
func IsAnswer(err error) bool {
	if err == nil {
		return false
	}
	k := From(err).Kind
	return k != Internal && k != Unavailable
}
