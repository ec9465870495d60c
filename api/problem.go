package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"refunddesk/internal/fault"
)

// ProblemType is what comes before the code in the type of a problem.
const ProblemType = "urn:refunddesk:problem:"

const problemMedia = "application/problem+json"

// faultKey is where the access log finds the fault that was answered.
const faultKey = "refunddesk/fault"

// StatusOf is the one translation of a fault's kind to HTTP.
func StatusOf(k fault.Kind) int {
	switch k {
	case fault.Unauthenticated:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.MethodNotAllowed:
		return http.StatusMethodNotAllowed
	case fault.UnsupportedMedia:
		return http.StatusUnsupportedMediaType
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.Malformed:
		return http.StatusBadRequest
	case fault.Unprocessable:
		return http.StatusUnprocessableEntity
	case fault.Conflict:
		return http.StatusConflict
	case fault.TooMany:
		return http.StatusTooManyRequests
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	case fault.Internal:
	}
	return http.StatusInternalServerError
}

// problemOf is the fault as RFC 9457 has it; the cause stays inside.
func problemOf(f *fault.Error, requestID string) Problem {
	status := StatusOf(f.Kind)
	p := Problem{
		Type:     ProblemType + f.Code,
		Title:    http.StatusText(status),
		Status:   status,
		Code:     f.Code,
		Instance: requestID,
		Detail:   optional(f.Detail),
	}
	if len(f.Fields) > 0 {
		fields := make([]FieldProblem, 0, len(f.Fields))
		for _, field := range f.Fields {
			fields = append(fields, FieldProblem{
				Field: field.Name, Problem: field.Problem, Line: optional(field.Line), Column: optional(field.Column),
			})
		}
		p.Errors = &fields
	}
	return p
}

// answer ends the request with the problem that err is. Once a body has begun there is
// nothing left to say; the log still hears of it.
func answer(c *gin.Context, err error) {
	f := fault.From(err)
	if errors.Is(c.Request.Context().Err(), context.Canceled) && !fault.IsAnswer(f) {
		// Nobody waits for it any more, and it is no defect of ours.
		f = fault.New(fault.Unavailable, "request-canceled", "The caller went away before the answer.").With(err)
	}
	c.Set(faultKey, f)
	c.Abort()
	if c.Writer.Written() {
		return
	}
	h := c.Writer.Header()
	if f.Kind == fault.Unauthenticated {
		h.Set("WWW-Authenticate", challenge(f))
	}
	if f.RetryAfter > 0 {
		h.Set("Retry-After", retryAfter(f.RetryAfter))
	}
	problem := problemOf(f, c.GetString(requestIDKey))
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(problem); err != nil {
		c.Status(http.StatusInternalServerError)
		return
	}
	c.Data(problem.Status, problemMedia, body.Bytes())
}

// challenge is the WWW-Authenticate header of RFC 6750: a request without a token hears
// only of the scheme, a refused token also why.
func challenge(f *fault.Error) string {
	const scheme = `Bearer realm="refunddesk"`
	if f.Code == codeNoToken {
		return scheme
	}
	return scheme + `, error="invalid_token", error_description=` + strconv.Quote(f.Detail)
}

// retryAfter is in whole seconds, rounded up, at least one.
func retryAfter(d time.Duration) string {
	return strconv.Itoa(max(1, int(math.Ceil(d.Seconds()))))
}

const codeNotFound = "not-found"

func notFound(what string) *fault.Error {
	return fault.New(fault.NotFound, codeNotFound, "There is no such %s.", what)
}

// malformed is a 400 about one field, parameter or header.
func malformed(code, field, problem string) *fault.Error {
	f := fault.New(fault.Malformed, code, "%s: %s", field, problem)
	f.Fields = []fault.Field{{Name: field, Problem: problem}}
	return f
}
