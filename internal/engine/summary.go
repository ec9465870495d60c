package engine

import (
	"strconv"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"

	"refunddesk/internal/desk"
)

// summary says in a few words of English what an event was.
func summary(of enumspb.EventType, d desk.EventDetails) string {
	switch of {
	case enumspb.EVENT_TYPE_MARKER_RECORDED:
		return marker(d)
	case enumspb.EVENT_TYPE_TIMER_STARTED:
		return words("for", d.Wait.String())
	case enumspb.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
		return words(pair("RefundState", d.State), pair("Verdict", d.Verdict), pair("TicketQueue", d.Queue))
	case enumspb.EVENT_TYPE_WORKFLOW_TASK_FAILED:
		return d.Code
	}
	return words(d.Subject, continued(d), attempt(d), outcome(d))
}

func marker(d desk.EventDetails) string {
	switch {
	case d.Subject == "":
		return d.Marker
	case d.Marker == desk.MarkerVersion:
		return words(d.Marker, strconv.Itoa(d.Version), "of", d.Subject)
	}
	return words("local activity", d.Subject, outcome(d))
}

func continued(d desk.EventDetails) string {
	if d.Continued {
		return "continued from an earlier run"
	}
	return ""
}

// attempt is said from the second on.
func attempt(d desk.EventDetails) string {
	if d.Attempt > 1 {
		return words("attempt", strconv.Itoa(d.Attempt))
	}
	return ""
}

// outcome is how it failed, or else what it left behind.
func outcome(d desk.EventDetails) string {
	switch d.Failure {
	case desk.Failed, desk.Refused:
		return words(string(d.Failure), d.Code)
	case desk.TimedOut:
		return "timed out"
	case desk.Cancelled:
		return "cancelled"
	}
	switch {
	case d.State != "":
		return words("→", d.State)
	case d.Queue != "":
		return words("→", d.Queue)
	}
	return ""
}

func pair(name, value string) string {
	if value == "" {
		return ""
	}
	return name + "=" + value
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
