package engine

import (
	"slices"

	commonpb "go.temporal.io/api/common/v1"
	failurepb "go.temporal.io/api/failure/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/converter"

	"refunddesk/internal/desk"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// reader finds what an event tells. Of payloads it gives only what a step left behind: states
// and codes.
type reader struct {
	run   string
	named map[int64]string // what a later event of an activity or update refers to, by event id
}

func (r reader) details(e *historypb.HistoryEvent) desk.EventDetails {
	if a := e.GetWorkflowExecutionStartedEventAttributes(); a != nil {
		return desk.EventDetails{Subject: a.GetWorkflowType().GetName(), Continued: a.GetContinuedExecutionRunId() != ""}
	}
	if a := e.GetWorkflowExecutionSignaledEventAttributes(); a != nil {
		return desk.EventDetails{Subject: a.GetSignalName()}
	}
	if a := e.GetMarkerRecordedEventAttributes(); a != nil {
		return noted(a)
	}
	if a := e.GetTimerStartedEventAttributes(); a != nil {
		return desk.EventDetails{Wait: a.GetStartToFireTimeout().AsDuration()}
	}
	if a := e.GetUpsertWorkflowSearchAttributesEventAttributes(); a != nil {
		return published(a.GetSearchAttributes().GetIndexedFields())
	}
	if a := e.GetWorkflowExecutionCompletedEventAttributes(); a != nil {
		return left("", a.GetResult())
	}
	if a := e.GetWorkflowExecutionFailedEventAttributes(); a != nil {
		return failed("", a.GetFailure())
	}
	if a := e.GetWorkflowTaskFailedEventAttributes(); a != nil {
		return desk.EventDetails{Failure: desk.Failed, Code: a.GetCause().String()}
	}
	if d, ok := r.activity(e); ok {
		return d
	}
	return r.update(e)
}

func (r reader) activity(e *historypb.HistoryEvent) (desk.EventDetails, bool) {
	if a := e.GetActivityTaskScheduledEventAttributes(); a != nil {
		r.named[e.GetEventId()] = a.GetActivityType().GetName()
		return desk.EventDetails{Subject: r.named[e.GetEventId()]}, true
	}
	if a := e.GetActivityTaskStartedEventAttributes(); a != nil {
		return desk.EventDetails{Subject: r.named[a.GetScheduledEventId()], Attempt: int(a.GetAttempt())}, true
	}
	if a := e.GetActivityTaskCompletedEventAttributes(); a != nil {
		return left(r.named[a.GetScheduledEventId()], a.GetResult()), true
	}
	if a := e.GetActivityTaskFailedEventAttributes(); a != nil {
		return failed(r.named[a.GetScheduledEventId()], a.GetFailure()), true
	}
	if a := e.GetActivityTaskTimedOutEventAttributes(); a != nil {
		return desk.EventDetails{Subject: r.named[a.GetScheduledEventId()], Failure: desk.TimedOut}, true
	}
	return desk.EventDetails{}, false
}

func (r reader) update(e *historypb.HistoryEvent) desk.EventDetails {
	if a := e.GetWorkflowExecutionUpdateAcceptedEventAttributes(); a != nil {
		r.named[e.GetEventId()] = a.GetAcceptedRequest().GetInput().GetName()
		return desk.EventDetails{Subject: r.named[e.GetEventId()]}
	}
	if a := e.GetWorkflowExecutionUpdateCompletedEventAttributes(); a != nil {
		name, outcome := r.named[a.GetAcceptedEventId()], a.GetOutcome()
		if outcome.GetFailure() != nil {
			return failed(name, outcome.GetFailure())
		}
		return left(name, outcome.GetSuccess())
	}
	return desk.EventDetails{}
}

// noted is what the SDK noted: a local activity and its result, or a version.
func noted(a *historypb.MarkerRecordedEventAttributes) desk.EventDetails {
	d := desk.EventDetails{Marker: a.GetMarkerName()}
	from := converter.GetDefaultDataConverter()
	switch d.Marker {
	case desk.MarkerLocalActivity:
		var data struct{ ActivityType string }
		if from.FromPayloads(a.GetDetails()["data"], &data) != nil {
			return d
		}
		if a.GetFailure() != nil {
			d = failed(data.ActivityType, a.GetFailure())
		} else {
			d = left(data.ActivityType, a.GetDetails()["result"])
		}
		d.Marker = desk.MarkerLocalActivity
	case desk.MarkerVersion:
		var id string
		var version int
		if from.FromPayloads(a.GetDetails()["change-id"], &id) == nil && from.FromPayloads(a.GetDetails()["version"], &version) == nil {
			d.Subject, d.Version = id, version
		}
	}
	return d
}

// left is what a step left behind; of results that are no step there is nothing.
func left(subject string, result *commonpb.Payloads) desk.EventDetails {
	d := desk.EventDetails{Subject: subject}
	var step refund.Step
	switch {
	case !read(result, &step):
	case !step.State.Known():
		d.State, d.Queue = leftOfQuestion(result)
	case step.Refused != "":
		d.Failure, d.Code = desk.Refused, step.Refused
	default:
		d.State = string(step.State)
	}
	return d
}

// leftOfQuestion is what a look at a question's clock left behind.
func leftOfQuestion(result *commonpb.Payloads) (state, queue string) {
	var step review.QuestionStep
	switch {
	case !read(result, &step):
	case step.Closed:
		return string(review.Closed), ""
	case slices.Contains(review.Queues, step.Queue):
		return "", step.Queue
	}
	return "", ""
}

func read(result *commonpb.Payloads, into any) bool {
	return len(result.GetPayloads()) > 0 && converter.GetDefaultDataConverter().FromPayloads(result, into) == nil
}

// failed gives the code of a failure, never its text.
func failed(subject string, f *failurepb.Failure) desk.EventDetails {
	d := desk.EventDetails{Subject: subject, Failure: desk.Failed}
	for ; f != nil; f = f.GetCause() {
		switch {
		case f.GetApplicationFailureInfo() != nil:
			d.Code = f.GetApplicationFailureInfo().GetType()
			return d
		case f.GetTimeoutFailureInfo() != nil:
			d.Failure = desk.TimedOut
			return d
		case f.GetCanceledFailureInfo() != nil:
			d.Failure = desk.Cancelled
			return d
		}
	}
	return d
}

// published are the search attributes that hold states and codes.
func published(fields map[string]*commonpb.Payload) desk.EventDetails {
	text := func(name string) (value string) {
		if payload, ok := fields[name]; !ok || converter.GetDefaultDataConverter().FromPayload(payload, &value) != nil {
			return ""
		}
		return value
	}
	return desk.EventDetails{State: text("RefundState"), Verdict: text("Verdict"), Queue: text("TicketQueue")}
}
