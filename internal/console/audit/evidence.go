package audit

import (
	"strconv"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
)

// pair is an id or a digest with its name, which is also the name of its column in a copy.
type pair struct{ Name, Value string }

// given leaves out what is empty.
func given(all ...pair) []pair {
	var kept []pair
	for _, p := range all {
		if p.Value != "" {
			kept = append(kept, p)
		}
	}
	return kept
}

func entryEvidence(e audit.Entry) []pair {
	version := ""
	if e.ObjectVersion > 0 {
		version = strconv.FormatInt(e.ObjectVersion, 10)
	}
	return given(
		pair{"entry", e.ID}, pair{"object", e.ObjectID}, pair{"object_version", version}, pair{"digest", e.DecisionDigest}, pair{"request", e.RequestID},
		pair{"workflow", e.WorkflowID}, pair{"run", e.RunID}, pair{"operation", e.OperationID},
	)
}

func eventEvidence(e desk.Event) []pair {
	return given(pair{"event", strconv.FormatInt(e.ID, 10)}, pair{"run", e.RunID})
}
