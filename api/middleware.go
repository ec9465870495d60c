package api

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"refunddesk/internal/audit"
	"refunddesk/internal/fault"
)

// The keys under which a request's gin context keeps what the checks found out.
const (
	requestIDKey = "refunddesk/request-id"
	operationKey = "refunddesk/operation"
	actorKey     = "refunddesk/actor"
)

const requestIDHeader = "X-Request-Id"

var requestIDs = regexp.MustCompile(`^[A-Za-z0-9._~-]{1,128}$`)

// requestID takes the caller's request id when it is harmless in logs, else makes one.
// Audit entries and the answer carry it.
func requestID(c *gin.Context) {
	id := c.GetHeader(requestIDHeader)
	if !requestIDs.MatchString(id) {
		id = rand.Text()
	}
	c.Set(requestIDKey, id)
	c.Header(requestIDHeader, id)
	c.Request = c.Request.WithContext(audit.WithRequest(c.Request.Context(), id))
}

// logAccess writes one line a request: no path, query or body, which can hold personal
// data, but the route. Failures of ours come with their cause.
func (s *server) logAccess(c *gin.Context) {
	start := time.Now()
	c.Next()
	route := c.FullPath()
	level := slog.LevelInfo
	switch {
	case route == "":
		route = "unmatched"
	case !strings.HasPrefix(route, "/v1/"):
		level = slog.LevelDebug
	}
	status := c.Writer.Status()
	attrs := []slog.Attr{
		slog.String("method", knownMethod(c.Request.Method)),
		slog.String("route", route),
		slog.Int("status", status),
		slog.Duration("duration", time.Since(start)),
		slog.String("request_id", c.GetString(requestIDKey)),
	}
	if answered, ok := c.Get(faultKey); ok {
		f := answered.(*fault.Error)
		attrs = append(attrs, slog.String("code", f.Code))
		if f.Kind == fault.Internal || f.Kind == fault.Unavailable {
			level = levelOf(f, c.FullPath())
			if cause := errors.Unwrap(f); cause != nil {
				attrs = append(attrs, slog.String("cause", cause.Error()))
			}
		}
	}
	s.Logger.LogAttrs(c.Request.Context(), level, "request", attrs...)
}

// levelOf says how loud a failure is: a defect of ours is an error, a neighbour that is
// away a warning, and a probe that asks for just that is told in its answer.
func levelOf(f *fault.Error, path string) slog.Level {
	switch {
	case f.Kind == fault.Internal:
		return slog.LevelError
	case path == "/readyz":
		return slog.LevelInfo
	}
	return slog.LevelWarn
}

// knownMethod keeps a made-up method out of the log.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// recoverPanic turns a panic into a 500 problem and puts its stack into the log.
func (s *server) recoverPanic(c *gin.Context) {
	defer func() {
		recovered := recover()
		if recovered == nil {
			return
		}
		if recovered == http.ErrAbortHandler { //nolint:errorlint // net/http compares it the same way
			panic(recovered)
		}
		s.Logger.ErrorContext(c.Request.Context(), "panic",
			slog.String("request_id", c.GetString(requestIDKey)),
			slog.String("route", c.FullPath()),
			slog.String("stack", string(debug.Stack())))
		answer(c, errors.New("panic")) // its value may hold anything; the stack says where
	}()
	c.Next()
}

// patience is how long an answer may take beside the time that the caller asked to wait,
// unless the contract gives the call more (x-patience, in seconds).
const patience = 15 * time.Second

// toWrite is how much longer than the call's patience its connection stays open for the answer.
const toWrite = 10 * time.Second

// limitTime gives every request a deadline: a neighbour that hangs without saying so must
// not hang our callers. What is not answered by then is answered 503.
func (s *server) limitTime(c *gin.Context) {
	wait, _, _ := parseWait(strings.Join(c.Request.Header.Values("Prefer"), ", ")) // a bad one is refused later
	asked := c.Request
	allowed := operationOf(c).patience
	if allowed > patience {
		// The server's own timeout is made for the others. Where there is no connection, as in a
		// test, there is nothing to extend.
		_ = http.NewResponseController(c.Writer).SetWriteDeadline(time.Now().Add(allowed + toWrite))
	}
	ctx, cancel := context.WithTimeout(asked.Context(), allowed+wait)
	defer func() {
		cancel()
		c.Request = asked // what comes after, a panic's answer say, is not late
	}()
	c.Request = asked.WithContext(ctx)
	c.Next()
}

// securityHeaders keeps browsers from guessing types, and everybody from keeping answers
// that are about people and money.
func securityHeaders(c *gin.Context) {
	c.Header("X-Content-Type-Options", "nosniff")
	if strings.HasPrefix(c.Request.URL.Path, "/v1/") {
		c.Header("Cache-Control", "no-store")
	}
}

// findOperation finds what the contract says of the route.
func (s *server) findOperation(c *gin.Context) {
	op := s.operations[c.Request.Method+" "+c.FullPath()]
	if op == nil {
		answer(c, notFound("path"))
		return
	}
	c.Set(operationKey, op)
}

// operationOf is the operation that findOperation found.
func operationOf(c *gin.Context) *operation {
	op, _ := c.MustGet(operationKey).(*operation)
	return op
}
