package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
)

const recorded = "../../../workflows/testdata/history"

func TestEveryPathIsRecorded(t *testing.T) {
	for _, s := range scenes {
		there, err := files(filepath.Join(recorded, "v1"), s.name)
		require.NoError(t, err)
		require.NotEmpty(t, there, "%s: run `make record`", s.name)
	}
}

func TestRecordedHistoriesSayNothingAboutPeople(t *testing.T) {
	all, err := filepath.Glob(filepath.Join(recorded, "*", "*.json"))
	require.NoError(t, err)
	require.NotEmpty(t, all)
	for _, file := range all {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, harmless(text, (&studio{}).secrets()), file)
	}
}

func TestARecordingContinuesAsNew(t *testing.T) {
	for _, name := range []string{"renewed", "clock-renewed", "question-renewed"} {
		there, err := files(filepath.Join(recorded, "v1"), name)
		require.NoError(t, err)
		require.Greater(t, len(there), 1, name)
		for _, file := range there[:len(there)-1] {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			require.True(t, strings.Contains(string(text), "CONTINUED_AS_NEW"), file)
		}
	}
}

func TestHarmlessLooksInsidePayloads(t *testing.T) {
	history := func(data, identity string) []byte {
		text, err := temporalproto.CustomJSONMarshalOptions{}.Marshal(&historypb.History{Events: []*historypb.HistoryEvent{{
			EventId: 1, EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
			Attributes: &historypb.HistoryEvent_WorkflowExecutionStartedEventAttributes{
				WorkflowExecutionStartedEventAttributes: &historypb.WorkflowExecutionStartedEventAttributes{
					Identity: identity,
					Input:    &commonpb.Payloads{Payloads: []*commonpb.Payload{{Data: []byte(data)}}},
				},
			},
		}}})
		require.NoError(t, err)
		return text
	}
	require.NoError(t, harmless(history(`{"refund_id":"r"}`, "recorder"), []string{"Wilhelmina"}))
	require.ErrorContains(t, harmless(history(`{"name":"Wilhelmina"}`, "recorder"), []string{"Wilhelmina"}), "Wilhelmina")
	require.ErrorContains(t, harmless(history(`{"to":"ann@example.com"}`, "recorder"), nil), "address")
	require.ErrorContains(t, harmless(history(`{}`, "4711@machine@"), nil), "address")

	renamed, err := anonymous(history(`{}`, "4711@machine@"))
	require.NoError(t, err)
	require.NoError(t, harmless(renamed, []string{"machine"}))
	require.Contains(t, string(renamed), recorder)
}

func TestRecordedHistoriesAreNotReplaced(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "clean.json"), []byte("old"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "renewed-1.json"), []byte("old"), 0o600))
	due, err := choose(folder, flags{})
	require.NoError(t, err)
	for _, s := range slices.Concat(due[standard], due[renewing]) {
		require.NotContains(t, []string{"clean", "renewed"}, s.name)
	}
	due, err = choose(folder, flags{Force: true, Only: "clean"})
	require.NoError(t, err)
	require.Len(t, due[standard], 1)
	_, err = choose(folder, flags{Only: "unheard-of"})
	require.ErrorContains(t, err, "--list")
}
