// Package app wires the program: store, desk, engine, worker and HTTP. The production
// program, the development program and the benchmark are this package with other settings.
package app

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"refunddesk/activities"
	"refunddesk/api"
	"refunddesk/internal/auth"
	"refunddesk/internal/config"
	"refunddesk/internal/console"
	"refunddesk/internal/desk"
	"refunddesk/internal/engine"
	"refunddesk/internal/fault"
	"refunddesk/internal/policy"
	"refunddesk/internal/store"
)

// Options are what an App is made of.
type Options struct {
	Role            string // config.RoleAll, RoleAPI or RoleWorker
	HTTP            string // where to listen
	Store           *store.Store
	Engine          engine.Options // Outbox and Log are filled in
	Verifier        auth.Verifier  // may be nil for a worker
	Mailer          activities.Mailer
	Metrics         string // where to serve /metrics, MetricsBeside, or "" for nowhere
	RateLimit       float64
	Drain           time.Duration // of Store: how long usage from before a request is still taken
	ShutdownDelay   time.Duration // unready for so long before the listener closes
	ShutdownTimeout time.Duration
	Log             *slog.Logger
	// Routes are served beside the API, by their exact path: the development pages.
	Routes map[string]http.Handler
	// Console, when not nil, is served beside the API.
	Console *Console
	// Gate, when not nil, must return nil before the program is ready: first data is loaded.
	Gate func(context.Context) error
}

// MetricsBeside serves /metrics beside the API, on its listener: for development.
const MetricsBeside = "beside"

// App is a running program.
type App struct {
	o             Options
	desk          *desk.Desk
	engine        *engine.Client
	worker        *engine.Worker
	server        *http.Server
	metricsServer *http.Server // nil: none of its own
	listener      net.Listener
	console       *console.Console // nil: none
	pages         http.Handler     // the console behind its guard
	stopping      atomic.Bool
	draining      chan struct{} // closed when what lasts has to end
	failed        chan error
}

// Start listens and runs. Neighbours that are away are waited for in the background:
// readiness tells. Returns a fault naming the setting when it cannot listen.
func Start(o Options) (*App, error) {
	a := &App{o: o, draining: make(chan struct{}), failed: make(chan error, 1)}
	o.Engine.Outbox, o.Engine.Log = o.Store, o.Log
	var err error
	if a.engine, err = engine.Open(o.Engine); err != nil {
		return nil, err
	}
	shelf := policy.NewShelf(o.Store.PolicySource)
	a.desk = desk.New(desk.Options{Records: o.Store, Engine: a.engine, Watch: o.Store, Policies: shelf, Drain: o.Drain, Log: o.Log})
	if err := a.openConsole(); err != nil {
		return nil, err
	}
	handler, err := a.handler()
	if err != nil {
		return nil, err
	}
	if a.listener, err = listen("--http", o.HTTP); err != nil {
		return nil, err
	}
	if err := a.serveMetrics(); err != nil {
		return nil, errors.Join(err, a.listener.Close())
	}
	a.server = &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      api.MaxWait + 20*time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
	}
	a.engine.Start()
	if o.Role != config.RoleAPI {
		a.worker = engine.NewWorker(a.engine, engine.WorkerOptions{}, activities.Ports{
			Refunds: o.Store, Questions: o.Store, Policies: shelf,
			Notices: o.Store, Mailer: o.Mailer, Sweeper: a.engine,
		})
		a.worker.Start()
	}
	if a.console != nil {
		go a.sweepSessions()
	}
	go func() {
		if err := a.server.Serve(a.listener); !errors.Is(err, http.ErrServerClosed) {
			a.failed <- err
		}
	}()
	return a, nil
}

// Address is where the program listens.
func (a *App) Address() string { return a.listener.Addr().String() }

// Desk is what people and programs may do here.
func (a *App) Desk() *desk.Desk { return a.desk }

// Failed gives the error when serving ended by itself.
func (a *App) Failed() <-chan error { return a.failed }

func (a *App) handler() (http.Handler, error) {
	var served http.Handler
	var err error
	if a.o.Role == config.RoleWorker {
		served = a.healthOnly()
	} else {
		served, err = api.New(api.Options{
			Desk: a.desk, Verifier: a.o.Verifier, RateLimit: a.o.RateLimit, Ready: a.Ready, Logger: a.o.Log,
		})
		if err != nil {
			return nil, err
		}
	}
	if a.o.Metrics == MetricsBeside {
		routes := map[string]http.Handler{metricsPath: a.metrics()}
		maps.Copy(routes, a.o.Routes)
		a.o.Routes = routes
	}
	// By the exact path: a ServeMux would redirect what it finds unclean, in HTML.
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h, ok := a.o.Routes[r.URL.Path]; ok {
			h.ServeHTTP(w, r)
			return
		}
		if a.forConsole(r) {
			a.pages.ServeHTTP(w, r)
			return
		}
		served.ServeHTTP(w, r)
	}), nil
}

// healthOnly is what a worker serves.
func (a *App) healthOnly() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := a.Ready(r.Context()); err != nil {
			http.Error(w, fault.CodeOf(err), http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusOK)
	})
	return mux
}

// The faults of a program that is up and cannot serve.
var (
	errStopping  = fault.New(fault.Unavailable, "stopping", "The program is stopping.")
	errNoWorker  = fault.New(fault.Unavailable, "worker-starting", "The worker is not taking work yet.")
	errPreparing = fault.New(fault.Unavailable, "preparing", "The first data is being loaded.")
)

// Ready returns nil when the program can serve, else the faults that say why not.
func (a *App) Ready(ctx context.Context) error {
	if a.stopping.Load() {
		return errStopping
	}
	err := errors.Join(a.o.Store.Ready(ctx), a.engine.Ready(ctx))
	if err != nil {
		return err
	}
	if a.worker != nil && !a.worker.Ready() {
		return errNoWorker
	}
	if a.o.Gate != nil && a.o.Gate(ctx) != nil {
		return errPreparing
	}
	return nil
}

// Stop ends gracefully: unready first, and for ShutdownDelay nothing else, so that whoever
// balances the load notices; then HTTP is drained, then the worker stops, then the
// connections close. What is still under way after ShutdownTimeout is cut off, and
// done again at the next start.
func (a *App) Stop() error {
	a.stopping.Store(true)
	if a.o.ShutdownDelay > 0 {
		<-time.After(a.o.ShutdownDelay)
	}
	close(a.draining)
	ctx, cancel := context.WithTimeout(context.Background(), a.o.ShutdownTimeout)
	defer cancel()
	err := a.server.Shutdown(ctx)
	if a.metricsServer != nil {
		err = errors.Join(err, a.metricsServer.Close())
	}
	if a.worker != nil {
		a.worker.Stop()
	}
	a.engine.Close()
	if closer, ok := a.o.Mailer.(interface{ Close() error }); ok {
		err = errors.Join(err, closer.Close())
	}
	return errors.Join(err, a.o.Store.Close())
}
