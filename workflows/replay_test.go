package workflows_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"refunddesk/workflows"
)

const recorded = "testdata/history"

// Histories of every version replay under the code of today. They are added, never edited:
// one that no longer replays is a workflow in production that would get stuck.
func TestRecordedHistoriesReplay(t *testing.T) {
	files := histories(t)
	found := false
	for _, file := range files {
		found = found || strings.HasPrefix(file, filepath.Join(recorded, "v1")+string(filepath.Separator))
	}
	if !found {
		t.Fatalf("there is no history in %s/v1: run `make record`", recorded)
	}
	for _, file := range files {
		t.Run(strings.TrimPrefix(file, recorded+string(filepath.Separator)), func(t *testing.T) {
			replayer := worker.NewWorkflowReplayer()
			replayer.RegisterWorkflowWithOptions(workflows.Refund, workflow.RegisterOptions{Name: workflows.WorkflowRefund})
			replayer.RegisterWorkflowWithOptions(workflows.Question, workflow.RegisterOptions{Name: workflows.WorkflowQuestion})
			replayer.RegisterWorkflowWithOptions(workflows.Sweep, workflow.RegisterOptions{Name: workflows.WorkflowSweep})
			replayer.RegisterWorkflowWithOptions(workflows.Notice, workflow.RegisterOptions{Name: workflows.WorkflowNotice})
			in, err := os.Open(file)
			require.NoError(t, err)
			defer in.Close()
			history, err := client.HistoryFromJSON(in, client.HistoryJSONOptions{})
			require.NoError(t, err)
			require.NotEmpty(t, history.GetEvents(), "an empty history proves nothing")
			require.NoError(t, replayer.ReplayWorkflowHistory(nil, history))
		})
	}
}

func histories(t *testing.T) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(recorded, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".json") {
			files = append(files, path)
		}
		return err
	})
	if !os.IsNotExist(err) {
		require.NoError(t, err)
	}
	return files
}
