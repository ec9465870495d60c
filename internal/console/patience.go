package console

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"refunddesk/internal/console/page"
	"refunddesk/internal/fault"
	"refunddesk/internal/session"
)

// sessionPatience is how long finding out who looks may take, before the page's own time begins.
const sessionPatience = 5 * time.Second

// longer are the routes that may take more, as their calls of the API: a backtest reads all that
// was ever screened.
var longer = map[string]time.Duration{"/policies/:version/backtest": 180 * time.Second}

// toWrite is how much longer than its patience a connection stays open for the answer.
const toWrite = 10 * time.Second

// streams are the routes that last: server-sent events, and downloads of whatever length.
var streams = map[string]bool{"/refunds/:id/events": true, "/audit/export": true, "/balance/statement.csv": true, "/audit/refunds/:id/export": true}

// bySelf are the routes that a page asks for by itself. Somebody who has it open and went
// away is not kept signed in by that.
var bySelf = map[string]bool{"/refunds/:id/events": true, "/review/:ticket/viewers": true}

// limitTime gives every request a deadline, but for streams: they last as long as the
// session does, and mind the end of the program and their connection themselves.
func (c *Console) limitTime(g *gin.Context) {
	asked := g.Request
	allowed := page.Patience
	if more := longer[g.FullPath()]; more > 0 {
		allowed = more
		_ = http.NewResponseController(g.Writer).SetWriteDeadline(time.Now().Add(more + toWrite))
	}
	ctx, cancel := context.WithTimeout(asked.Context(), allowed)
	if streams[g.FullPath()] {
		cancel()
		ctx, cancel = context.WithCancel(asked.Context())
		token := cookieOf(asked, c.cookieName(sessionCookie))
		go c.endWithSession(ctx, cancel, token)
		pageOf(g).Holds(func() bool { return c.sessionHolds(ctx, token) })
		// The server's time-outs are made for the others, and for a body, which no stream has:
		// one that never comes would hold its connection for good. Where there is no
		// connection, as in a test, there is nothing to extend.
		if asked.ContentLength == 0 {
			connection := http.NewResponseController(g.Writer)
			_ = connection.SetReadDeadline(time.Time{})
			_ = connection.SetWriteDeadline(time.Time{})
		}
	}
	defer func() {
		cancel()
		g.Request = asked // what comes after, a panic's page say, is not late
	}()
	g.Request = asked.WithContext(ctx)
	g.Next()
}

// endWithSession cancels a stream when its session is over: signed out in another tab, by
// another process, or for its limits.
func (c *Console) endWithSession(ctx context.Context, cancel context.CancelFunc, token string) {
	tick := time.NewTicker(c.glance)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if !c.sessionHolds(ctx, token) {
			cancel()
			return
		}
	}
}

// sessionHolds reports whether the session is not over. While it cannot be looked up it holds.
func (c *Console) sessionHolds(ctx context.Context, token string) bool {
	ctx, cancel := context.WithTimeout(ctx, sessionPatience)
	defer cancel()
	_, err := c.o.Sessions.PeekSession(ctx, session.HashOf(token), c.o.Limits.Idle)
	return fault.CodeOf(err) != session.ErrNone.Code
}
