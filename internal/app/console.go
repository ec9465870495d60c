package app

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"refunddesk/internal/auth"
	"refunddesk/internal/config"
	"refunddesk/internal/console"
	"refunddesk/internal/fault"
	"refunddesk/internal/session"
)

// Console is what the web console is made of, beside the desk.
type Console struct {
	Issuer    console.Issuer
	PublicURL string         // see console.Options
	Limits    session.Limits // the defaults when zero
	Dev       bool
	// Guard, when not nil, stands before every page.
	Guard func(http.Handler) http.Handler
}

// consoleOf is the console that the settings ask for; nil when they ask for none.
func consoleOf(c config.Serve, access auth.Verifier, log *slog.Logger) (*Console, error) {
	if c.Role == config.RoleWorker {
		return nil, nil //nolint:nilnil // none is asked for
	}
	if c.ClientID == "" {
		log.Info("no console is served: --client-id is not given")
		return nil, nil //nolint:nilnil // none is asked for
	}
	issuer, err := auth.NewSignIn(auth.SignInConfig{
		Issuer: c.Issuer, ClientID: c.ClientID, ClientSecret: c.ClientSecret, Access: access,
	})
	if err != nil {
		return nil, err
	}
	return &Console{
		Issuer: issuer, PublicURL: c.PublicURL, Limits: session.Limits{Idle: c.SessionIdle, Absolute: c.SessionAbsolute},
	}, nil
}

// openConsole makes the console, if there is to be one.
func (a *App) openConsole() error {
	o := a.o.Console
	if o == nil {
		return nil
	}
	made, err := console.New(console.Options{
		Desk: a.desk, Sessions: a.o.Store, Viewers: a.o.Store, Issuer: o.Issuer, RateLimit: a.o.RateLimit,
		PublicURL: o.PublicURL, Limits: o.Limits, Dev: o.Dev, Stopping: a.draining, Log: a.o.Log,
	})
	if err != nil {
		return err
	}
	a.console, a.pages = made, made
	if o.Guard != nil {
		a.pages = o.Guard(made)
	}
	return nil
}

// programs are the first segments of the paths that are for programs: whatever is there or
// is not there is said in problems.
var programs = map[string]bool{"v1": true, "healthz": true, "readyz": true, "metrics": true, "openapi.yaml": true, "docs": true, "dev": true}

// forConsole reports whether the console answers: its own paths, and people who look for
// what there is not.
func (a *App) forConsole(r *http.Request) bool {
	if a.console == nil {
		return false
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if programs[first] {
		return false
	}
	return a.console.Owns(r.URL.Path) || strings.Contains(r.Header.Get("Accept"), "text/html")
}

// sweepEvery is how often sessions that are over are deleted. They are worth nothing before.
const sweepEvery = 10 * time.Minute

// sweepSessions deletes what is over, until the program stops.
func (a *App) sweepSessions() {
	idle := a.o.Console.Limits.Idle
	if idle == 0 {
		idle = session.DefaultIdle
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		<-a.draining
		cancel()
	}()
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-a.draining:
			return
		case <-tick.C:
		}
		if err := a.o.Store.SweepSessions(ctx, idle); err != nil && ctx.Err() == nil {
			a.o.Log.Warn("the sessions that are over were not swept", "code", fault.CodeOf(err))
		}
	}
}
