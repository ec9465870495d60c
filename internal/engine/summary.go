package engine

import (
	"slices"
	"strconv"
	"strings"

	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/converter"

	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// reader says in a few words what an event was. Of payloads it gives only what a step
// left behind: states and codes.
type reader struct {
	run   string
	named map[int64]string // what a later event of an activity or update refers to, by event id
}

// The markers that the SDK records.
const (
	markerLocalActivity = "LocalActivity"
	markerVersion       = "Version"
)

func (r reader) summary(e *historypb.HistoryEvent) string {
	if a := e.GetWorkflowExecutionStartedEventAttributes(); a != nil {
		if a.GetContinuedExecutionRunId() != "" {
			return words(a.GetWorkflowType().GetName(), "continued from an earlier run")
		}
		return a.GetWorkflowType().GetName()
	}
	if a := e.GetWorkflowExecutionSignaledEventAttributes(); a != nil {
		return a.GetSignalName()
	}
	if a := e.GetMarkerRecordedEventAttributes(); a != nil {
		return marker(a)
	}
	if a := e.GetTimerStartedEventAttributes(); a != nil {
		return words("for", a.GetStartToFireTimeout().AsDuration().String())
	}
	if a := e.GetUpsertWorkflowSearchAttributesEventAttributes(); a != nil {
		return published(a.GetSearchAttributes().GetIndexedFields())
	}
	if a := e.GetWorkflowExecutionCompletedEventAttributes(); a != nil {
		return left(a.GetResult())
	}
	if a := e.GetWorkflowExecutionFailedEventAttributes(); a != nil {
		return failed(a.GetFailure())
	}
	if a := e.GetWorkflowTaskFailedEventAttributes(); a != nil {
		return a.GetCause().String()
	}
	if text, ok := r.activity(e); ok {
		return text
	}
	return r.update(e)
}

func (r reader) activity(e *historypb.HistoryEvent) (string, bool) {
	if a := e.GetActivityTaskScheduledEventAttributes(); a != nil {
		r.named[e.GetEventId()] = a.GetActivityType().GetName()
		return r.named[e.GetEventId()], true
	}
	if a := e.GetActivityTaskStartedEventAttributes(); a != nil {
		text := r.named[a.GetScheduledEventId()]
		if a.GetAttempt() > 1 {
			text = words(text, "attempt", strconv.Itoa(int(a.GetAttempt())))
		}
		return text, true
	}
	if a := e.GetActivityTaskCompletedEventAttributes(); a != nil {
		return words(r.named[a.GetScheduledEventId()], left(a.GetResult())), true
	}
	if a := e.GetActivityTaskFailedEventAttributes(); a != nil {
		return words(r.named[a.GetScheduledEventId()], failed(a.GetFailure())), true
	}
	if a := e.GetActivityTaskTimedOutEventAttributes(); a != nil {
		return words(r.named[a.GetScheduledEventId()], "timed out"), true
	}
	return "", false
}

func (r reader) update(e *historypb.HistoryEvent) string {
	if a := e.GetWorkflowExecutionUpdateAcceptedEventAttributes(); a != nil {
		r.named[e.GetEventId()] = a.GetAcceptedRequest().GetInput().GetName()
		return r.named[e.GetEventId()]
	}
	if a := e.GetWorkflowExecutionUpdateCompletedEventAttributes(); a != nil {
		name, outcome := r.named[a.GetAcceptedEventId()], a.GetOutcome()
		if outcome.GetFailure() != nil {
			return words(name, failed(outcome.GetFailure()))
		}
		return words(name, left(outcome.GetSuccess()))
	}
	return ""
}

// marker reads what the SDK noted: a local activity and its result, or a version.
func marker(a *historypb.MarkerRecordedEventAttributes) string {
	from := converter.GetDefaultDataConverter()
	switch a.GetMarkerName() {
	case markerLocalActivity:
		var data struct{ ActivityType string }
		if from.FromPayloads(a.GetDetails()["data"], &data) != nil {
			return markerLocalActivity
		}
		if a.GetFailure() != nil {
			return words("local activity", data.ActivityType, failed(a.GetFailure()))
		}
		return words("local activity", data.ActivityType, left(a.GetDetails()["result"]))
	case markerVersion:
		var id string
		var version int
		if from.FromPayloads(a.GetDetails()["change-id"], &id) != nil || from.FromPayloads(a.GetDetails()["version"], &version) != nil {
			return markerVersion
		}
		return words(markerVersion, strconv.Itoa(version), "of", id)
	}
	return a.GetMarkerName()
}

// left is what a step left behind, "" for results that are no step.
func left(result *commonpb.Payloads) string {
	var step refund.Step
	switch {
	case !read(result, &step):
		return ""
	case !step.State.Known():
		return leftOfQuestion(result)
	case step.Refused != "":
		return words("refused", step.Refused)
	}
	return words("→", string(step.State))
}

// leftOfQuestion is what a look at a question's clock left behind.
func leftOfQuestion(result *commonpb.Payloads) string {
	var step review.QuestionStep
	switch {
	case !read(result, &step):
		return ""
	case step.Closed:
		return words("→", string(review.Closed))
	case slices.Contains(review.Queues, step.Queue):
		return words("→", step.Queue)
	}
	return ""
}

func read(result *commonpb.Payloads, into any) bool {
	return len(result.GetPayloads()) > 0 && converter.GetDefaultDataConverter().FromPayloads(result, into) == nil
}

// failed gives the code of a failure, never its text.
func failed(f *failurepb.Failure) string {
	for ; f != nil; f = f.GetCause() {
		switch {
		case f.GetApplicationFailureInfo() != nil:
			return words("failed", f.GetApplicationFailureInfo().GetType())
		case f.GetTimeoutFailureInfo() != nil:
			return "timed out"
		case f.GetCanceledFailureInfo() != nil:
			return "cancelled"
		}
	}
	return "failed"
}

// published lists search attributes that hold states and codes.
func published(fields map[string]*commonpb.Payload) string {
	var parts []string
	for _, name := range []string{"RefundState", "Verdict", "TicketQueue"} {
		payload, ok := fields[name]
		if !ok {
			continue
		}
		var value string
		if converter.GetDefaultDataConverter().FromPayload(payload, &value) == nil && value != "" {
			parts = append(parts, name+"="+value)
		}
	}
	return strings.Join(parts, " ")
}

func words(parts ...string) string {
	kept := parts[:0:0]
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, " ")
}
