//go:build !race

// Under the race detector the embedded engine would be built a second time, for minutes.

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMain lets the parts that the benchmark starts of itself be started of the tests.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == partArgument {
		os.Exit(runPart(os.Args[2:]))
	}
	os.Exit(m.Run())
}

// The whole of it in its shortest: every program starts, every workload runs, every refund
// is credited once, and nothing is left behind. What it measures is not looked at.
func TestQuick(t *testing.T) {
	f := flags{Quick: true, Statements: 5, JSON: filepath.Join(t.TempDir(), "figures.json")}
	t.Setenv("TMPDIR", openFolder(t))
	require.NoError(t, f.Validate())
	require.NoError(t, run(t.Context(), f))

	text, err := os.ReadFile(f.JSON)
	require.NoError(t, err)
	var figures report
	require.NoError(t, json.Unmarshal(text, &figures))
	require.Len(t, figures.Samples, 5*len(f.Clients))
	for _, s := range figures.Samples {
		assert.Positive(t, s.Rate, s.Workload)
		assert.LessOrEqual(t, s.P50, s.P99, s.Workload)
	}
	assert.NotEmpty(t, figures.Statements)
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	require.NoError(t, err)
	assert.Empty(t, left)
}

// A benchmark of a program that pays wrongly has to say so.
func TestWrongRecordsAreSeen(t *testing.T) {
	t.Setenv("TMPDIR", openFolder(t))
	b, err := start(t.Context(), flags{Rounds: 1, Seconds: 1, Clients: []int{1}})
	require.NoError(t, err)
	defer b.stop()
	require.NoError(t, b.stock.fill(t.Context(), 2))
	_, err = b.refundOnce(t.Context())
	require.NoError(t, err)
	require.NoError(t, b.mailbox.await(t.Context(), 1))
	require.NoError(t, b.baseline.quiet(t.Context()))
	require.NoError(t, b.verify(t.Context()))

	b.acknowledged("refund_that_was_lost")
	_, err = b.admin.Exec(t.Context(), "SET session_replication_role = replica; UPDATE ledger_accounts SET balance = balance + 1 WHERE id LIKE 'customer/%'")
	require.NoError(t, err)
	err = b.verify(t.Context())
	require.ErrorContains(t, err, "1 acknowledged refunds are not credited")
	require.ErrorContains(t, err, "accounts of the ledger have another balance than their postings")
	require.ErrorContains(t, err, "customers have another balance than their credited refunds")
}

// openFolder is a temporary folder that every user can reach: PostgreSQL does not run as root.
func openFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("/tmp", "bench-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(folder, 0o755))
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	return folder
}
