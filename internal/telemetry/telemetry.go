// Package telemetry shows the desk's figures to Prometheus, beside those of the process.
// They are read when they are asked for, so that nothing has to be counted twice and every
// program of a deployment that shares the records tells the same. Nothing personal is in
// them: the only labels are queues, outcomes and the ids of the operator's own rules.
package telemetry

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"refunddesk/internal/desk"
)

// Source reads the desk's figures.
type Source func(context.Context) (desk.Figures, error)

// How long figures are good for, and how long reading them may take. A scrape asks about
// every 15 s; whoever asks more often, or from several places, is told the same again.
const (
	fresh   = 10 * time.Second
	longest = 5 * time.Second
)

// Handler answers a scrape. A source that is away is told by refunddesk_figures_up 0: the
// figures are left out then, never told from before, and the process's own metrics are there.
func Handler(figures func(context.Context) (desk.Figures, error)) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		newCollector(figures, time.Now),
	)
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
}
