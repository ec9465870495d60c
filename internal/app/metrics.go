package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/telemetry"
)

const metricsPath = "/metrics"

func listen(flag, address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "address-in-use", "%s: cannot listen on %s.", flag, address).With(err)
	}
	return l, nil
}

// serveMetrics gives /metrics a listener of its own, where nobody has to sign in and which
// the outside therefore does not reach.
func (a *App) serveMetrics() error {
	if a.o.Metrics == "" || a.o.Metrics == MetricsBeside {
		return nil
	}
	l, err := listen("--metrics", a.o.Metrics)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("GET "+metricsPath, a.metrics())
	a.metricsServer = &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 30 * time.Second, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(a.o.Log.Handler(), slog.LevelDebug),
	}
	go func() {
		if err := a.metricsServer.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			a.o.Log.Error("the metrics server ended by itself", "error", err)
		}
	}()
	return nil
}

// figuresOf is how far back the figures of /metrics look.
const figuresOf = 30 * 24 * time.Hour

// metrics shows the desk's figures.
func (a *App) metrics() http.Handler {
	return telemetry.Handler(func(ctx context.Context) (desk.Figures, error) {
		return a.o.Store.Figures(ctx, time.Now().Add(-figuresOf))
	})
}
