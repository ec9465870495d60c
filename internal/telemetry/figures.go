package telemetry

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"refunddesk/internal/desk"
)

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("refunddesk_"+name, help, labels, nil)
}

// What is told. All are gauges: the figures are of a moment, or of a window that moves on.
var (
	figuresUp      = describe("figures_up", "Whether the desk's figures could be read: 1, or 0 when the records are away.")
	figuresSeconds = describe("figures_read_seconds", "How long it took to read the desk's figures.")
	figuresSince   = describe("figures_since_timestamp_seconds", "The start of the window that response, decision, rule and appeal figures are of.")

	ticketsOpen       = describe("tickets_open", "Tickets that wait in the queue.", "queue")
	ticketsUnassigned = describe("tickets_unassigned", "Tickets that wait in the queue and that nobody has claimed.", "queue")
	ticketsOverdue    = describe("tickets_overdue", "Tickets that wait in the queue and are past their due time.", "queue")
	ticketOldest      = describe("ticket_oldest_age_seconds", "How long the oldest ticket of the queue has waited.", "queue")
	ticketMedian      = describe("ticket_median_age_seconds", "How long the ticket in the middle of the queue has waited.", "queue")

	firstResponse  = describe("first_response_seconds", "Time until the first word to the customer, of tickets of the window.", "quantile")
	firstResponses = describe("first_responses", "Tickets of the window that had a first word to the customer.")
	decision       = describe("decision_seconds", "Time until the decision or answer, of tickets of the window.", "quantile")
	decisions      = describe("decisions", "Tickets of the window that were decided or answered.")

	ruleMatched  = describe("rule_matched", "Refunds of the window that the rule matched.", "rule")
	ruleApproved = describe("rule_approved", "Refunds of the window that the rule matched and people approved.", "rule")
	ruleRejected = describe("rule_rejected", "Refunds of the window that the rule matched and people rejected.", "rule")

	appealsFiled = describe("appeals_filed", "Appeals of the window.")
	appeals      = describe("appeals", "Appeals of the window by how they stand: open, reversed (the first decision fell) or upheld.", "outcome")
)

var all = []*prometheus.Desc{
	figuresUp, figuresSeconds, figuresSince,
	ticketsOpen, ticketsUnassigned, ticketsOverdue, ticketOldest, ticketMedian,
	firstResponse, firstResponses, decision, decisions,
	ruleMatched, ruleApproved, ruleRejected, appealsFiled, appeals,
}

// A collector reads the figures at most once in the time that they are good for, however
// many ask. A failure is remembered as long: records that are away are not asked more often
// than records that are there.
type collector struct {
	source Source
	now    func() time.Time

	mu      sync.Mutex // held while the source is read: whoever comes meanwhile waits for the same
	figures desk.Figures
	err     error
	took    time.Duration
	read    time.Time // zero: never
}

func newCollector(source Source, now func() time.Time) *collector {
	return &collector{source: source, now: now}
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range all {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	f, took, err := c.current()
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		m, err := prometheus.NewConstMetric(d, prometheus.GaugeValue, value, labels...)
		if err != nil {
			m = prometheus.NewInvalidMetric(d, err)
		}
		to <- m
	}
	gauge(figuresSeconds, took.Seconds())
	if err != nil {
		gauge(figuresUp, 0)
		return
	}
	gauge(figuresUp, 1)
	gauge(figuresSince, float64(f.Since.Unix()))
	for _, q := range f.Queues {
		gauge(ticketsOpen, float64(q.Open), q.Queue)
		gauge(ticketsUnassigned, float64(q.Unassigned), q.Queue)
		gauge(ticketsOverdue, float64(q.Overdue), q.Queue)
		gauge(ticketOldest, q.Oldest.Seconds(), q.Queue)
		gauge(ticketMedian, q.Median.Seconds(), q.Queue)
	}
	spread := func(quantiles, count *prometheus.Desc, s desk.Spread) {
		gauge(count, float64(s.Count))
		if s.Count > 0 { // of nothing there is no median
			gauge(quantiles, s.Median.Seconds(), "0.5")
			gauge(quantiles, s.P90.Seconds(), "0.9")
		}
	}
	spread(firstResponse, firstResponses, f.FirstResponse)
	spread(decision, decisions, f.Decision)
	for _, r := range f.Rules {
		gauge(ruleMatched, float64(r.Matched), r.Rule)
		gauge(ruleApproved, float64(r.Approved), r.Rule)
		gauge(ruleRejected, float64(r.Rejected), r.Rule)
	}
	gauge(appealsFiled, float64(f.Appeals.Filed))
	gauge(appeals, float64(f.Appeals.Open), "open")
	gauge(appeals, float64(f.Appeals.Reversed), "reversed")
	gauge(appeals, float64(f.Appeals.Upheld), "upheld")
}

// current gives the figures and how long it took to read them. They are read under a time
// limit of their own: a scraper that hangs up must not cost the others their answer.
func (c *collector) current() (desk.Figures, time.Duration, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	began := c.now()
	if !c.read.IsZero() && began.Sub(c.read) < fresh {
		return c.figures, c.took, c.err
	}
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	c.figures, c.err = c.source(ctx)
	c.read = c.now()
	c.took = c.read.Sub(began)
	return c.figures, c.took, c.err
}
