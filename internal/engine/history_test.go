package engine

import (
	"bytes"
	"context"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
)

// kept are the runs that the fake engine still has; "" is the latest.
type kept struct {
	temporalFake
	runs map[string][]*historypb.HistoryEvent
}

func (k *kept) GetWorkflowHistory(_ context.Context, _, runID string, _ bool, _ enumspb.HistoryEventFilterType) client.HistoryEventIterator {
	return &pages{events: k.runs[runID]}
}

type pages struct {
	events []*historypb.HistoryEvent
	read   int
}

func (p *pages) HasNext() bool { return p.read == 0 || p.read < len(p.events) }

func (p *pages) Next() (*historypb.HistoryEvent, error) {
	if len(p.events) == 0 {
		return nil, serviceerror.NewNotFound("no such run")
	}
	p.read++
	return p.events[p.read-1], nil
}

func startedRun(run, before string) []*historypb.HistoryEvent {
	return []*historypb.HistoryEvent{{
		EventId: 1, EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
		Attributes: &historypb.HistoryEvent_WorkflowExecutionStartedEventAttributes{
			WorkflowExecutionStartedEventAttributes: &historypb.WorkflowExecutionStartedEventAttributes{
				OriginalExecutionRunId: run, ContinuedExecutionRunId: before,
			},
		},
	}}
}

func TestHistoryIsOfEveryRunOldestFirst(t *testing.T) {
	k := &kept{runs: map[string][]*historypb.HistoryEvent{
		"": startedRun("run_3", "run_2"), "run_2": startedRun("run_2", "run_1"), "run_1": startedRun("run_1", ""),
	}}
	c := newClient(k, Options{})
	require.Equal(t, []string{"run_1", "run_2", "run_3"}, runsIn(t, c))
	ids, err := Runs(t.Context(), k, "refund/refund_1")
	require.NoError(t, err)
	require.Equal(t, []string{"run_1", "run_2", "run_3"}, ids)

	delete(k.runs, "run_1") // its retention is over
	require.Equal(t, []string{"run_2", "run_3"}, runsIn(t, c))

	clear(k.runs)
	require.Empty(t, runsIn(t, c), "a workflow that was never started has no events")
	_, err = ExportHistory(t.Context(), k, "refund/refund_1", "")
	require.Error(t, err)

	k.down = true
	_, err = c.History(t.Context(), "refund/refund_1")
	require.ErrorIs(t, err, ErrUnavailable)
	require.Equal(t, fault.Unavailable, fault.From(err).Kind)
}

func runsIn(t *testing.T, c *Client) []string {
	t.Helper()
	events, err := c.History(t.Context(), "refund/refund_1")
	require.NoError(t, err)
	var runs []string
	for _, e := range events {
		runs = append(runs, e.RunID)
	}
	return runs
}

// recordedEvents are of the real engine: what an auditor reads, and nothing of what is in payloads.
func recordedEvents(t *testing.T, file string) ([]*historypb.HistoryEvent, []desk.Event) {
	t.Helper()
	source, err := os.ReadFile(file)
	require.NoError(t, err)
	history, err := client.HistoryFromJSON(bytes.NewReader(source), client.HistoryJSONOptions{})
	require.NoError(t, err)
	return history.GetEvents(), readable(history.GetEvents())
}

func lines(events []desk.Event) string {
	var b strings.Builder
	for _, e := range events {
		if strings.HasPrefix(e.Type, "WorkflowTask") {
			continue
		}
		b.WriteString(strings.TrimSpace(e.Type+": "+e.Summary) + "\n")
	}
	return b.String()
}

func TestFallbackReadsWell(t *testing.T) {
	_, events := recordedEvents(t, "testdata/fallback.json")
	require.Equal(t, `WorkflowExecutionStarted: Refund
MarkerRecorded: Version 1 of refund
UpsertWorkflowSearchAttributes:
MarkerRecorded: local activity Screen failed unavailable
ActivityTaskScheduled: Screen
ActivityTaskStarted: Screen attempt 2
ActivityTaskCompleted: Screen → crediting
MarkerRecorded: local activity Credit → credited
UpsertWorkflowSearchAttributes: RefundState=credited Verdict=approve
MarkerRecorded: local activity Notify failed unavailable
ActivityTaskScheduled: Notify
ActivityTaskStarted: Notify attempt 2
ActivityTaskCompleted: Notify
WorkflowExecutionCompleted: → credited
`, lines(events))
}

func TestParkedAndRetriedReadsWell(t *testing.T) {
	_, events := recordedEvents(t, "testdata/parked.json")
	require.Equal(t, `WorkflowExecutionStarted: Refund
MarkerRecorded: Version 1 of refund
UpsertWorkflowSearchAttributes:
MarkerRecorded: local activity Screen → crediting
MarkerRecorded: local activity Credit failed internal
MarkerRecorded: local activity Park → needs_attention
UpsertWorkflowSearchAttributes: RefundState=needs_attention Verdict=approve TicketQueue=attention
WorkflowExecutionUpdateAccepted: Retry
MarkerRecorded: local activity Retry → crediting
WorkflowExecutionUpdateCompleted: Retry → crediting
MarkerRecorded: local activity Credit → credited
UpsertWorkflowSearchAttributes: RefundState=credited
MarkerRecorded: local activity Notify
WorkflowExecutionCompleted: → credited
`, lines(events))
}

const played = "../../workflows/testdata/history/v1/"

func TestAnswerOfACustomerReadsWell(t *testing.T) {
	_, events := recordedEvents(t, played+"asked-answered.json")
	require.Contains(t, timeless(lines(events)), `WorkflowExecutionUpdateAccepted: RequestInformation
ActivityTaskScheduled: RequestInformation
ActivityTaskStarted: RequestInformation
ActivityTaskCompleted: RequestInformation → awaiting_customer
WorkflowExecutionUpdateCompleted: RequestInformation → awaiting_customer
TimerCanceled:
UpsertWorkflowSearchAttributes: RefundState=awaiting_customer
TimerStarted: for some time
MarkerRecorded: local activity Notify
WorkflowExecutionSignaled: TicketChanged
TimerCanceled:
MarkerRecorded: local activity Reassess → in_review
`)
}

func TestQuestionReadsWell(t *testing.T) {
	_, events := recordedEvents(t, played+"question-escalated.json")
	require.Equal(t, `WorkflowExecutionStarted: Question
WorkflowExecutionSignaled: TicketChanged
MarkerRecorded: Version 1 of question
UpsertWorkflowSearchAttributes:
MarkerRecorded: local activity TickQuestion → questions
UpsertWorkflowSearchAttributes: TicketQueue=questions
TimerStarted: for some time
TimerFired:
MarkerRecorded: local activity TickQuestion → questions
TimerStarted: for some time
TimerFired:
MarkerRecorded: local activity TickQuestion → questions
TimerStarted: for some time
TimerFired:
MarkerRecorded: local activity TickQuestion → escalation
UpsertWorkflowSearchAttributes: TicketQueue=escalation
WorkflowExecutionSignaled: TicketChanged
MarkerRecorded: local activity TickQuestion → escalation
MarkerRecorded: local activity Notify
WorkflowExecutionSignaled: TicketChanged
MarkerRecorded: local activity TickQuestion → closed
UpsertWorkflowSearchAttributes:
WorkflowExecutionCompleted:
`, timeless(lines(events)))
}

// timeless leaves out how long the timers of a recording were set for.
func timeless(lines string) string {
	return regexp.MustCompile(`for [0-9hms.µn]+\n`).ReplaceAllString(lines, "for some time\n")
}

func TestExportIsWhatTheReplayerReads(t *testing.T) {
	source, _ := recordedEvents(t, "testdata/parked.json")
	k := &kept{runs: map[string][]*historypb.HistoryEvent{"": source}}
	exported, err := ExportHistory(t.Context(), k, "refund/refund_1", "")
	require.NoError(t, err)
	again, err := client.HistoryFromJSON(bytes.NewReader(exported), client.HistoryJSONOptions{})
	require.NoError(t, err)
	require.Len(t, again.GetEvents(), len(source))
	for i, e := range again.GetEvents() {
		require.Equal(t, source[i].GetEventId(), e.GetEventId())
		require.Equal(t, source[i].GetEventType(), e.GetEventType())
	}
}
