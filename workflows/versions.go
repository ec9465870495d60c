package workflows

import "go.temporal.io/sdk/workflow"

// changeRefund is the one change id of Refund. Its versions are named below; a change of
// the workflow's steps adds a name, branches on it with since, and arrives with recorded
// histories in testdata/history/v<N>.
const changeRefund = "refund"

// The versions of Refund, oldest first.
const (
	// FirstRelease screens, holds, reviews, credits and notifies.
	//
	// Reminders, escalation, questions to the customer and pauses came later and need no name
	// of their own: every timer follows from a step's WakeAt, which steps recorded before do not
	// have, and no history from before has their signals and updates.
	FirstRelease workflow.Version = 1

	latest = FirstRelease
)

// changeQuestion is the one change id of Question, with versions of its own.
const changeQuestion = "question"

// The versions of Question, oldest first.
const (
	// FirstQuestion reminds, escalates and delivers what was said until the question is closed.
	FirstQuestion workflow.Version = 1

	latestQuestion = FirstQuestion
)

// changeNotice is the one change id of Notice, with versions of its own.
const changeNotice = "notice"

// The versions of Notice, oldest first.
const (
	// FirstNotice sends a message again for seven days and gives it up then.
	FirstNotice workflow.Version = 1

	latestNotice = FirstNotice
)

// version is what a run was started under; it stays the same for the run's whole life.
type version workflow.Version

// askVersion is the first thing a run does, so that every history carries its marker.
func askVersion(ctx workflow.Context, change string, first, latest workflow.Version) version {
	return version(workflow.GetVersion(ctx, change, first, latest))
}

// since reports whether the run was started under the named version or a later one.
func (v version) since(named workflow.Version) bool { return workflow.Version(v) >= named }
