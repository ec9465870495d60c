package api

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"refunddesk/internal/audit"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
)

const codeNoToken = "unauthenticated"

var (
	errNoToken   = fault.New(fault.Unauthenticated, codeNoToken, "This call needs an Authorization header with a bearer token.")
	errForbidden = fault.New(fault.Forbidden, "forbidden", "None of your roles may make this call.")
	errStaffOnly = fault.New(fault.Forbidden, "forbidden", "Only staff may ask for tickets by what only staff may know of them.")
	errNoAccount = fault.New(fault.Forbidden, "no-account", "Your token names no account, and a customer sees only his own.")
)

// authenticate finds out who calls.
func (s *server) authenticate(c *gin.Context) {
	if operationOf(c).public {
		return
	}
	header := c.Request.Header.Values("Authorization")
	if len(header) != 1 {
		answer(c, errNoToken)
		return
	}
	scheme, token, _ := strings.Cut(header[0], " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		answer(c, errNoToken)
		return
	}
	actor, err := s.Verifier.Verify(c.Request.Context(), token)
	if err != nil {
		answer(c, err)
		return
	}
	c.Set(actorKey, actor)
}

// limitRate holds each subject to the rate limit.
func (s *server) limitRate(c *gin.Context) {
	if operationOf(c).public {
		return
	}
	if wait := s.limits.Take(actorOf(c).Subject); wait > 0 {
		answer(c, fault.New(fault.TooMany, "too-many-requests", "You are asking faster than you may.").After(wait))
	}
}

// checkRoles lets those pass whom the contract lists for the call.
func (s *server) checkRoles(c *gin.Context) {
	op := operationOf(c)
	if op.public {
		return
	}
	actor := actorOf(c)
	switch {
	case !op.allows(actor):
		s.turnAway(c, errForbidden)
	case actor.AccountID == "" && op.asCustomer(actor):
		s.turnAway(c, errNoAccount)
	case !actor.IsStaff() && asksInside(c.Request, op):
		s.turnAway(c, errStaffOnly)
	}
}

// turnAway answers a call that does not get to the desk because of who makes it or what it
// is about.
func (s *server) turnAway(c *gin.Context, err error) {
	s.note(c, err)
	answer(c, err)
}

// note has a refused attempt to change something written down. The desk writes down what it
// refuses itself, so this is for what it is never asked.
func (s *server) note(c *gin.Context, err error) {
	if op := operationOf(c); op.refusal != "" {
		s.Desk.NoteRefusal(c.Request.Context(), actorOf(c), op.refusal, op.object, c.Param(op.param), err)
	}
}

// asksInside reports whether the request has a query parameter that only staff may use.
func asksInside(r *http.Request, op *operation) bool {
	if len(op.internal) == 0 {
		return false
	}
	query := r.URL.Query()
	return slices.ContainsFunc(op.internal, func(name string) bool { return query.Get(name) != "" })
}

var objectIDs = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)

// checkPath answers an id that cannot be one like an id that is not there.
func (s *server) checkPath(c *gin.Context) {
	if op := operationOf(c); op.object != "" && !objectIDs.MatchString(c.Param(op.param)) {
		s.turnAway(c, missing(op.object))
	}
}

// refuse answers a request with err. Before anything is said about the request's shape or
// values, the caller must be one who may know of the object at all. Asking only now saves
// the look-up for every request that is in order: there the desk's own check comes first.
func (s *server) refuse(c *gin.Context, err error) {
	op := operationOf(c)
	aboutRequest := false
	switch fault.From(err).Kind {
	case fault.Malformed, fault.Unprocessable, fault.UnsupportedMedia, fault.TooLarge:
		aboutRequest = true
	}
	if op.object == "" {
		answer(c, err)
		return
	}
	if aboutRequest {
		if hidden := s.Desk.Visible(c.Request.Context(), actorOf(c), op.object, c.Param(op.param)); hidden != nil {
			s.note(c, hidden)
			err = hidden
		}
	}
	if f := fault.From(err); f.Kind == fault.NotFound && f.Code == codeNotFound {
		// Not there, not his and not an id: in these very words each time.
		err = missing(op.object).With(f)
	}
	answer(c, err)
}

// missing is the answer for an object that is not there, or not for this caller.
func missing(object audit.Object) *fault.Error {
	return notFound(strings.ReplaceAll(string(object), "-", " "))
}

func actorOf(c *gin.Context) identity.Actor {
	v, _ := c.Get(actorKey)
	actor, _ := v.(identity.Actor)
	return actor
}

// caller gives a handler the request's own context, which outlives gin's reused one, and
// who calls.
func caller(ctx context.Context) (context.Context, identity.Actor) {
	c, ok := ctx.(*gin.Context)
	if !ok {
		return ctx, identity.Actor{}
	}
	return c.Request.Context(), actorOf(c)
}
