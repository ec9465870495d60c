package workflows

import "go.temporal.io/sdk/workflow"

// changeRefund is the one change id of Refund. Its versions are named below; a change of
// the workflow's steps adds a name, branches on it with since, and arrives with recorded
// histories in testdata/history/v<N>.
const changeRefund = "refund"

// The versions of Refund, oldest first.
const (
	// FirstRelease screens by fixed rules, holds, reviews, credits and notifies.
	FirstRelease workflow.Version = 1

	latest = FirstRelease
)

// version is what a run was started under; it stays the same for the run's whole life.
type version workflow.Version

// askVersion is the first thing a run does, so that every history carries its marker.
func askVersion(ctx workflow.Context) version {
	return version(workflow.GetVersion(ctx, changeRefund, FirstRelease, latest))
}

// since reports whether the run was started under the named version or a later one.
func (v version) since(named workflow.Version) bool { return workflow.Version(v) >= named }
