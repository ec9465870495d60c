package engine

import (
	"context"
	"fmt"
	"slices"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/client"

	"refunddesk/internal/desk"
)

// History returns the events of every run of the workflow, oldest first; none when the
// engine does not know the workflow (it was never started, or its retention is over). It
// returns ErrUnavailable when the engine is away.
func (c *Client) History(ctx context.Context, workflowID string) ([]desk.Event, error) {
	if err := c.Ready(ctx); err != nil {
		return nil, err
	}
	var runs [][]desk.Event
	for run, more := "", true; more; {
		events, err := fetch(ctx, c.temporal, workflowID, run)
		if isNotFound(err) {
			break // runs older than this one are no longer kept
		}
		if err != nil {
			return nil, faultOf(err)
		}
		runs = append(runs, readable(events))
		run = previousRun(events)
		more = run != ""
	}
	slices.Reverse(runs)
	return slices.Concat(runs...), nil
}

// ExportHistory returns the complete history of one run, "" for the latest, as JSON that
// the SDK's replayer and the engine's own tools read.
func ExportHistory(ctx context.Context, from client.Client, workflowID, runID string) ([]byte, error) {
	events, err := fetch(ctx, from, workflowID, runID)
	if err != nil {
		return nil, fmt.Errorf("export the history of %s (run %q): %w", workflowID, runID, err)
	}
	return temporalproto.CustomJSONMarshalOptions{Indent: "  "}.Marshal(&historypb.History{Events: events})
}

// Runs returns the ids of every run of the workflow that the engine keeps, oldest first.
func Runs(ctx context.Context, from client.Client, workflowID string) ([]string, error) {
	var runs []string
	for run, more := "", true; more; {
		events, err := fetch(ctx, from, workflowID, run)
		if isNotFound(err) && len(runs) > 0 {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("list the runs of %s: %w", workflowID, err)
		}
		runs = append(runs, runOf(events))
		run = previousRun(events)
		more = run != ""
	}
	slices.Reverse(runs)
	return runs, nil
}

func fetch(ctx context.Context, from client.Client, workflowID, runID string) ([]*historypb.HistoryEvent, error) {
	var events []*historypb.HistoryEvent
	pages := from.GetWorkflowHistory(ctx, workflowID, runID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for pages.HasNext() {
		event, err := pages.Next()
		if err != nil {
			return nil, err
		}
		events = append(events, event)
	}
	return events, nil
}

func started(events []*historypb.HistoryEvent) *historypb.WorkflowExecutionStartedEventAttributes {
	if len(events) == 0 {
		return nil
	}
	return events[0].GetWorkflowExecutionStartedEventAttributes()
}

func previousRun(events []*historypb.HistoryEvent) string {
	return started(events).GetContinuedExecutionRunId()
}

func runOf(events []*historypb.HistoryEvent) string {
	return started(events).GetOriginalExecutionRunId()
}

// readable makes the events of one run readable.
func readable(events []*historypb.HistoryEvent) []desk.Event {
	r := reader{run: runOf(events), named: map[int64]string{}}
	out := make([]desk.Event, 0, len(events))
	for _, e := range events {
		d := r.details(e)
		out = append(out, desk.Event{
			ID: e.GetEventId(), At: e.GetEventTime().AsTime(), RunID: r.run,
			Type: e.GetEventType().String(), Summary: summary(e.GetEventType(), d), EventDetails: d,
		})
	}
	return out
}
