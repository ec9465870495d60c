package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/types/known/durationpb"

	"refunddesk/internal/desk"
)

// Of the recorded workflows: what an event of each type tells, and the sentence that is made of it.
func TestWhatAnEventTells(t *testing.T) {
	for name, one := range map[string]struct {
		file    string
		kind    string
		summary string
		want    desk.EventDetails
	}{
		"started":             {"testdata/parked.json", "WorkflowExecutionStarted", "Refund", desk.EventDetails{Subject: "Refund"}},
		"started again":       {played + "clock-renewed-3.json", "WorkflowExecutionStarted", "Refund continued from an earlier run", desk.EventDetails{Subject: "Refund", Continued: true}},
		"version":             {"testdata/parked.json", "MarkerRecorded", "Version 1 of refund", desk.EventDetails{Marker: desk.MarkerVersion, Subject: "refund", Version: 1}},
		"local step":          {"testdata/parked.json", "MarkerRecorded", "local activity Screen → crediting", desk.EventDetails{Marker: desk.MarkerLocalActivity, Subject: "Screen", State: "crediting"}},
		"local step failed":   {"testdata/parked.json", "MarkerRecorded", "local activity Credit failed internal", desk.EventDetails{Marker: desk.MarkerLocalActivity, Subject: "Credit", Failure: desk.Failed, Code: "internal"}},
		"published":           {"testdata/parked.json", "UpsertWorkflowSearchAttributes", "RefundState=needs_attention Verdict=approve TicketQueue=attention", desk.EventDetails{State: "needs_attention", Verdict: "approve", Queue: "attention"}},
		"update accepted":     {"testdata/parked.json", "WorkflowExecutionUpdateAccepted", "Retry", desk.EventDetails{Subject: "Retry"}},
		"update completed":    {"testdata/parked.json", "WorkflowExecutionUpdateCompleted", "Retry → crediting", desk.EventDetails{Subject: "Retry", State: "crediting"}},
		"activity scheduled":  {"testdata/fallback.json", "ActivityTaskScheduled", "Screen", desk.EventDetails{Subject: "Screen"}},
		"activity started":    {"testdata/fallback.json", "ActivityTaskStarted", "Screen attempt 2", desk.EventDetails{Subject: "Screen", Attempt: 2}},
		"activity completed":  {"testdata/fallback.json", "ActivityTaskCompleted", "Screen → crediting", desk.EventDetails{Subject: "Screen", State: "crediting"}},
		"nothing left behind": {"testdata/fallback.json", "ActivityTaskCompleted", "Notify", desk.EventDetails{Subject: "Notify"}},
		"completed":           {"testdata/fallback.json", "WorkflowExecutionCompleted", "→ credited", desk.EventDetails{State: "credited"}},
		"signal":              {played + "asked-answered.json", "WorkflowExecutionSignaled", "TicketChanged", desk.EventDetails{Subject: "TicketChanged"}},
		"a question's queue":  {played + "question-escalated.json", "MarkerRecorded", "local activity TickQuestion → escalation", desk.EventDetails{Marker: desk.MarkerLocalActivity, Subject: "TickQuestion", Queue: "escalation"}},
		"a question's end":    {played + "question-escalated.json", "MarkerRecorded", "local activity TickQuestion → closed", desk.EventDetails{Marker: desk.MarkerLocalActivity, Subject: "TickQuestion", State: "closed"}},
		"timer fired":         {played + "question-escalated.json", "TimerFired", "", desk.EventDetails{}},
		"timer cancelled":     {played + "asked-answered.json", "TimerCanceled", "", desk.EventDetails{}},
		"continued":           {played + "clock-renewed-1.json", "WorkflowExecutionContinuedAsNew", "", desk.EventDetails{}},
		"task":                {"testdata/parked.json", "WorkflowTaskCompleted", "", desk.EventDetails{}},
	} {
		_, events := recordedEvents(t, one.file)
		var told []desk.EventDetails
		for _, e := range events {
			if e.Type == one.kind && e.Summary == one.summary {
				told = append(told, e.EventDetails)
			}
		}
		assert.Contains(t, told, one.want, name)
	}
}

// What no workflow of the recordings came to.
func TestWhatARareEventTells(t *testing.T) {
	refusedStep, err := converter.GetDefaultDataConverter().ToPayloads(map[string]string{"state": "in_review", "refused": "stale-decision"})
	assert.NoError(t, err)
	scheduled := &historypb.HistoryEvent{
		EventId: 1, EventType: enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
		Attributes: &historypb.HistoryEvent_ActivityTaskScheduledEventAttributes{
			ActivityTaskScheduledEventAttributes: &historypb.ActivityTaskScheduledEventAttributes{ActivityType: &commonpb.ActivityType{Name: "Credit"}},
		},
	}
	broken := &failurepb.Failure{
		Message:     "not to be told",
		FailureInfo: &failurepb.Failure_ApplicationFailureInfo{ApplicationFailureInfo: &failurepb.ApplicationFailureInfo{Type: "unavailable"}},
	}
	for _, one := range []struct {
		event   *historypb.HistoryEvent
		summary string
		want    desk.EventDetails
	}{
		{&historypb.HistoryEvent{
			EventType: enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED,
			Attributes: &historypb.HistoryEvent_ActivityTaskCompletedEventAttributes{
				ActivityTaskCompletedEventAttributes: &historypb.ActivityTaskCompletedEventAttributes{ScheduledEventId: 1, Result: refusedStep},
			},
		}, "Credit refused stale-decision", desk.EventDetails{Subject: "Credit", Failure: desk.Refused, Code: "stale-decision"}},
		{&historypb.HistoryEvent{
			EventType: enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED,
			Attributes: &historypb.HistoryEvent_ActivityTaskFailedEventAttributes{
				ActivityTaskFailedEventAttributes: &historypb.ActivityTaskFailedEventAttributes{ScheduledEventId: 1, Failure: broken},
			},
		}, "Credit failed unavailable", desk.EventDetails{Subject: "Credit", Failure: desk.Failed, Code: "unavailable"}},
		{&historypb.HistoryEvent{
			EventType: enumspb.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT,
			Attributes: &historypb.HistoryEvent_ActivityTaskTimedOutEventAttributes{
				ActivityTaskTimedOutEventAttributes: &historypb.ActivityTaskTimedOutEventAttributes{ScheduledEventId: 1},
			},
		}, "Credit timed out", desk.EventDetails{Subject: "Credit", Failure: desk.TimedOut}},
		{&historypb.HistoryEvent{
			EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_FAILED,
			Attributes: &historypb.HistoryEvent_WorkflowExecutionFailedEventAttributes{
				WorkflowExecutionFailedEventAttributes: &historypb.WorkflowExecutionFailedEventAttributes{Failure: broken},
			},
		}, "failed unavailable", desk.EventDetails{Failure: desk.Failed, Code: "unavailable"}},
		{&historypb.HistoryEvent{
			EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED,
			Attributes: &historypb.HistoryEvent_WorkflowTaskFailedEventAttributes{
				WorkflowTaskFailedEventAttributes: &historypb.WorkflowTaskFailedEventAttributes{Cause: enumspb.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR},
			},
		}, "NonDeterministicError", desk.EventDetails{Failure: desk.Failed, Code: "NonDeterministicError"}},
		{&historypb.HistoryEvent{
			EventType: enumspb.EVENT_TYPE_TIMER_STARTED,
			Attributes: &historypb.HistoryEvent_TimerStartedEventAttributes{
				TimerStartedEventAttributes: &historypb.TimerStartedEventAttributes{StartToFireTimeout: durationpb.New(90 * time.Minute)},
			},
		}, "for 1h30m0s", desk.EventDetails{Wait: 90 * time.Minute}},
		{&historypb.HistoryEvent{
			EventType: enumspb.EVENT_TYPE_MARKER_RECORDED,
			Attributes: &historypb.HistoryEvent_MarkerRecordedEventAttributes{
				MarkerRecordedEventAttributes: &historypb.MarkerRecordedEventAttributes{MarkerName: "SideEffect"},
			},
		}, "SideEffect", desk.EventDetails{Marker: "SideEffect"}},
		{&historypb.HistoryEvent{EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TERMINATED}, "", desk.EventDetails{}},
	} {
		told := readable([]*historypb.HistoryEvent{scheduled, one.event})[1]
		assert.Equal(t, one.want, told.EventDetails, told.Type)
		assert.Equal(t, one.summary, told.Summary, told.Type)
	}
}
