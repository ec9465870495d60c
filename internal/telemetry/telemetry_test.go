package telemetry

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
)

var figures = desk.Figures{
	Since: time.Unix(1_795_000_000, 0), At: time.Unix(1_797_592_000, 0),
	Queues: []desk.QueueFigures{
		{Queue: "review", Open: 7, Unassigned: 4, Overdue: 1, Oldest: 26 * time.Hour, Median: 90 * time.Minute},
		{Queue: "questions", Open: 2, Unassigned: 2, Oldest: 30 * time.Second, Median: 15 * time.Second},
	},
	Rules: []desk.RuleFigures{
		{Rule: "refunds-30d", Matched: 12, Approved: 8, Rejected: 3},
		{Rule: "contact-changed", Matched: 5, Approved: 5},
	},
	FirstResponse: desk.Spread{Count: 3, Median: time.Hour, P90: 5 * time.Hour},
	Decision:      desk.Spread{Count: 11, Median: 3 * time.Hour, P90: 30 * time.Hour},
	Appeals:       desk.AppealFigures{Filed: 6, Reversed: 2, Upheld: 3, Open: 1},
}

// scrape reads what the handler says as Prometheus would, and gives the families by name.
func scrape(t *testing.T, h http.Handler) map[string]*dto.MetricFamily {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	require.Equal(t, http.StatusOK, w.Code, w.Body.String())
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(w.Body)
	require.NoError(t, err)
	return families
}

// value is that of the one metric of the family with the label's value; "" is without labels.
func value(t *testing.T, families map[string]*dto.MetricFamily, name, label string) float64 {
	t.Helper()
	require.Contains(t, families, name)
	for _, m := range families[name].GetMetric() {
		if (label == "" && len(m.GetLabel()) == 0) || (len(m.GetLabel()) == 1 && m.GetLabel()[0].GetValue() == label) {
			return m.GetGauge().GetValue()
		}
	}
	require.Fail(t, "not told", "%s of %q", name, label)
	return 0
}

func TestAScrapeTellsTheFigures(t *testing.T) {
	got := scrape(t, Handler(func(ctx context.Context) (desk.Figures, error) {
		_, limited := ctx.Deadline()
		require.True(t, limited, "reading must end some time")
		return figures, nil
	}))
	for _, want := range []struct {
		name, label string
		value       float64
	}{
		{"refunddesk_figures_up", "", 1},
		{"refunddesk_figures_since_timestamp_seconds", "", 1_795_000_000},
		{"refunddesk_tickets_open", "review", 7},
		{"refunddesk_tickets_open", "questions", 2},
		{"refunddesk_tickets_unassigned", "review", 4},
		{"refunddesk_tickets_overdue", "review", 1},
		{"refunddesk_tickets_overdue", "questions", 0},
		{"refunddesk_ticket_oldest_age_seconds", "review", 93_600},
		{"refunddesk_ticket_median_age_seconds", "questions", 15},
		{"refunddesk_first_response_seconds", "0.5", 3_600},
		{"refunddesk_first_response_seconds", "0.9", 18_000},
		{"refunddesk_first_responses", "", 3},
		{"refunddesk_decision_seconds", "0.9", 108_000},
		{"refunddesk_decisions", "", 11},
		{"refunddesk_rule_matched", "refunds-30d", 12},
		{"refunddesk_rule_approved", "contact-changed", 5},
		{"refunddesk_rule_rejected", "refunds-30d", 3},
		{"refunddesk_rule_rejected", "contact-changed", 0},
		{"refunddesk_appeals_filed", "", 6},
		{"refunddesk_appeals", "open", 1},
		{"refunddesk_appeals", "reversed", 2},
		{"refunddesk_appeals", "upheld", 3},
	} {
		require.InDelta(t, want.value, value(t, got, want.name, want.label), 1e-9, "%s %s", want.name, want.label)
	}
	require.Contains(t, got, "go_goroutines")
	require.Contains(t, got, "process_start_time_seconds")
}

func TestNothingToTellIsTold(t *testing.T) {
	got := scrape(t, Handler(func(context.Context) (desk.Figures, error) { return desk.Figures{}, nil }))
	require.InDelta(t, 1, value(t, got, "refunddesk_figures_up", ""), 0)
	require.InDelta(t, 0, value(t, got, "refunddesk_decisions", ""), 0)
	require.NotContains(t, got, "refunddesk_decision_seconds", "of no decisions there is no median")
}

func TestRecordsThatAreAway(t *testing.T) {
	got := scrape(t, Handler(func(context.Context) (desk.Figures, error) {
		return figures, errors.New("no route to host")
	}))
	require.InDelta(t, 0, value(t, got, "refunddesk_figures_up", ""), 0)
	require.Contains(t, got, "go_goroutines")
	for name := range got {
		if strings.HasPrefix(name, "refunddesk_") {
			require.Contains(t, []string{"refunddesk_figures_up", "refunddesk_figures_read_seconds"}, name, "figures of a failed reading are nobody's")
		}
	}
}

func TestAStormOfScrapesReadsOnce(t *testing.T) {
	var reads atomic.Int32
	release := make(chan struct{})
	h := Handler(func(context.Context) (desk.Figures, error) {
		reads.Add(1)
		<-release
		return figures, nil
	})
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
			if !strings.Contains(w.Body.String(), `refunddesk_tickets_open{queue="review"} 7`) {
				t.Error("a scrape of the storm was told nothing")
			}
		})
	}
	close(release)
	all.Wait()
	require.EqualValues(t, 1, reads.Load())
}

func TestFiguresAreReadAnewWhenTheyAreOld(t *testing.T) {
	now, reads := time.Unix(0, 0), 0
	var err error
	c := newCollector(func(context.Context) (desk.Figures, error) {
		reads++
		return desk.Figures{Decision: desk.Spread{Count: int64(reads)}}, err
	}, func() time.Time { return now })
	told := func(metric, want string) {
		t.Helper()
		require.NoError(t, testutil.CollectAndCompare(c, strings.NewReader(want), metric))
	}
	of := func(metric string, help string, v string) string {
		return "# HELP " + metric + " " + help + "\n# TYPE " + metric + " gauge\n" + metric + " " + v + "\n"
	}
	const count, up = "refunddesk_decisions", "refunddesk_figures_up"
	countHelp := "Tickets of the window that were decided or answered."
	upHelp := "Whether the desk's figures could be read: 1, or 0 when the records are away."

	told(count, of(count, countHelp, "1"))
	now = now.Add(fresh - 1)
	told(count, of(count, countHelp, "1"))
	now = now.Add(1)
	told(count, of(count, countHelp, "2"))

	now, err = now.Add(fresh), errors.New("away")
	told(up, of(up, upHelp, "0"))
	now = now.Add(fresh - 1)
	told(up, of(up, upHelp, "0"))
	require.Equal(t, 3, reads, "records that are away are not asked more often")
	now, err = now.Add(1), nil
	told(up, of(up, upHelp, "1"))
}

// What the linter of Prometheus says of names and help texts.
func TestTheNamesAreGood(t *testing.T) {
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(newCollector(func(context.Context) (desk.Figures, error) { return figures, nil }, time.Now))
	problems, err := testutil.GatherAndLint(r)
	require.NoError(t, err)
	for _, p := range problems {
		// The window moves on, so that these are gauges; a summary would promise counters.
		require.Contains(t, p.Text, `non-summary metrics should not have "quantile" label`, p.Metric)
	}
}
