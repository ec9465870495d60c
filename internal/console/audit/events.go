package audit

import (
	"cmp"
	"strings"
	"time"

	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
)

// stepEvents are the events that begin something which has a name, by what is said of it.
var stepEvents = map[string]string{
	"ActivityTaskScheduled": "scheduled", "ActivityTaskStarted": "started",
	"WorkflowExecutionSignaled": "told", "WorkflowExecutionUpdateAccepted": "asked",
}

// stepOf is what became of the activity, signal or update that an event is about; "" when it is
// about none.
func stepOf(e desk.Event) string {
	switch e.Type {
	case "ActivityTaskCompleted", "ActivityTaskFailed", "ActivityTaskTimedOut", "WorkflowExecutionUpdateCompleted":
		return cmp.Or(string(e.Failure), "done")
	case "ActivityTaskStarted":
		if e.Attempt > 1 {
			return "again"
		}
	case "MarkerRecorded":
		if e.Marker == desk.MarkerLocalActivity {
			return cmp.Or(string(e.Failure), "done")
		}
	}
	return stepEvents[e.Type]
}

// eventSaid is an event in words, or else as the engine's part of the desk sums it up; "" when
// there is only its type.
func eventSaid(v *page.View, e desk.Event) string { return cmp.Or(eventWords(v, e), e.Summary) }

// eventWords say in the reader's language what an event was; "" for one that has no words.
func eventWords(v *page.View, e desk.Event) string {
	key := "audit.event." + e.Type
	switch step := stepOf(e); {
	case step != "" && e.Subject == "":
		return ""
	case step != "":
		key = "audit.event.step." + step
	case e.Marker == desk.MarkerVersion && e.Subject != "":
		key = "audit.event.version"
	case e.Continued:
		key = "audit.event.continued"
	}
	if !v.Has(key) {
		return ""
	}
	said := v.T(key, "Step", inWords(v, e.Subject, "audit.step."), "Attempt", e.Attempt, "Version", e.Version, "Span", v.Span(e.Wait.Round(time.Second)))
	if e.Type == "UpsertWorkflowSearchAttributes" {
		return strings.Join(append([]string{said}, published(v, e)...), " · ")
	}
	if e.Code != "" {
		said += " · " + e.Code
	}
	if left := cmp.Or(inWords(v, e.State, "refund.state.", "ticket.state."), inWords(v, e.Queue, "ticket.queue.")); left != "" {
		said += " → " + left
	}
	return said
}

// published are the search attributes that hold states and codes.
func published(v *page.View, e desk.Event) []string {
	var all []string
	for _, one := range []struct{ name, value string }{
		{v.T("audit.col.state"), inWords(v, e.State, "refund.state.")},
		{v.T("audit.col.verdict"), inWords(v, e.Verdict, "verdict.")},
		{v.T("audit.event.queue"), inWords(v, e.Queue, "ticket.queue.")},
	} {
		if one.value != "" {
			all = append(all, v.T("audit.event.pair", "Name", one.name, "Value", one.value))
		}
	}
	return all
}

// inWords is a code in the words of the first group that has some, or else to the letter. Groups end
// with their dot.
func inWords(v *page.View, code string, groups ...string) string {
	for _, group := range groups {
		if key := group + code; v.Has(key) {
			return v.T(key)
		}
	}
	return code
}

// engineNames are what the engine itself calls an event and what it is about.
func engineNames(e desk.Event) []string {
	names := []string{e.Type}
	for _, name := range []string{e.Marker, e.Subject} {
		if name != "" {
			names = append(names, name)
		}
	}
	if e.Wait > 0 {
		names = append(names, e.Wait.String())
	}
	return names
}
