package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"refunddesk/internal/auth"
	"refunddesk/internal/fault"
	"refunddesk/internal/pace"
)

// Options are what a server is made of. Desk, Verifier and Ready are required.
type Options struct {
	Desk     Desk
	Verifier auth.Verifier
	// RateLimit is how many requests a second one subject may make; 0 is without limit.
	// Twice as many may come at once.
	RateLimit float64
	// Ready returns nil when the program can serve, else faults (errors.Join'ed when
	// several) that name what is away.
	Ready  func(context.Context) error
	Logger *slog.Logger     // slog.Default() when nil
	Now    func() time.Time // time.Now when nil
}

// MaxWait is the longest that POST /v1/refunds waits for an answer; a server's write
// timeout has to be longer.
const MaxWait = 30 * time.Second

// server answers the calls of the contract.
type server struct {
	Options
	operations operations
	limits     *pace.Limits
}

func init() {
	// Gin's debug mode prints every route to standard output; the switch is the process's.
	gin.SetMode(gin.ReleaseMode)
}

// New makes the handler of every path in the contract; any other path is a 404 problem.
// It returns an error when an option is missing or when the contract leaves open who may
// make a call.
func New(o Options) (http.Handler, error) { return newServer(o, contractYAML) }

func newServer(o Options, contract []byte) (http.Handler, error) {
	ops, err := readContract(contract)
	if err != nil {
		return nil, err
	}
	return serve(o, ops)
}

func serve(o Options, ops operations) (http.Handler, error) {
	switch {
	case o.Desk == nil:
		return nil, errors.New("api: Options.Desk is missing")
	case o.Verifier == nil:
		return nil, errors.New("api: Options.Verifier is missing")
	case o.Ready == nil:
		return nil, errors.New("api: Options.Ready is missing")
	case o.RateLimit < 0:
		return nil, fmt.Errorf("api: Options.RateLimit is %v; it is requests per second, 0 for no limit", o.RateLimit)
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &server{Options: o, operations: ops, limits: pace.New(o.RateLimit, o.Now)}
	engine, err := s.router()
	if err != nil {
		return nil, err
	}
	return withHead(engine), nil
}

// router puts the checks in the order in which they answer: whatever a caller may not
// know is decided before anything about the shape of his request is said.
func (s *server) router() (*gin.Engine, error) {
	engine := gin.New()
	engine.RedirectTrailingSlash = false
	engine.HandleMethodNotAllowed = true
	engine.UseRawPath = true // %2F is part of an id, not of the path
	engine.ContextWithFallback = true
	if err := engine.SetTrustedProxies(nil); err != nil {
		return nil, err
	}
	engine.Use(requestID, s.logAccess, s.recoverPanic, securityHeaders)
	engine.NoRoute(func(c *gin.Context) { answer(c, notFound("path")) })
	engine.NoMethod(methodNotAllowed)
	calls := engine.Group("", s.findOperation, s.limitTime, s.authenticate, s.limitRate, limitBody, s.checkRoles, s.checkPath, s.readBody, s.validate)
	handlers := NewStrictHandlerWithOptions(s, nil, StrictGinServerOptions{
		RequestErrorHandlerFunc: func(c *gin.Context, err error) { s.refuse(c, unreadable(err)) },
		HandlerErrorFunc:        s.refuse,
		ResponseErrorHandlerFunc: func(c *gin.Context, err error) {
			answer(c, fmt.Errorf("api: writing the answer: %w", err))
		},
	})
	RegisterHandlersWithOptions(calls, handlers, GinServerOptions{
		ErrorHandler: func(c *gin.Context, err error, _ int) { s.refuse(c, unreadable(err)) },
	})
	for _, route := range engine.Routes() {
		if s.operations[route.Method+" "+route.Path] == nil {
			return nil, fmt.Errorf("api: %s %s is served and is not in the contract", route.Method, route.Path)
		}
	}
	return engine, nil
}

// unreadable is for what the validator let through and the generated code then refused.
func unreadable(err error) error {
	return fault.New(fault.Malformed, "malformed", "The request cannot be read as what the contract says.").With(err)
}

// methodNotAllowed answers 405 with the methods the path has, and OPTIONS with them alone.
func methodNotAllowed(c *gin.Context) {
	allowed := strings.Split(c.Writer.Header().Get("Allow"), ", ")
	if slices.Contains(allowed, http.MethodGet) {
		allowed = append(allowed, http.MethodHead)
	}
	allowed = append(allowed, http.MethodOptions)
	slices.Sort(allowed)
	c.Header("Allow", strings.Join(allowed, ", "))
	if c.Request.Method == http.MethodOptions {
		c.Status(http.StatusNoContent)
		c.Abort()
		return
	}
	answer(c, fault.New(fault.MethodNotAllowed, "method-not-allowed", "This path takes %s.", strings.Join(allowed, ", ")))
}

// withHead answers HEAD as GET; net/http, which knows what was really asked, leaves the
// body out and keeps its length.
func withHead(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			r = r.WithContext(r.Context())
			r.Method = http.MethodGet
		}
		next.ServeHTTP(w, r)
	})
}
