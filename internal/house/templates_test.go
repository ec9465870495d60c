package house_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Pages are generated and checked in; what their templates say today has to be what is there.
func TestGeneratedPagesAreFresh(t *testing.T) {
	const console = "../console"
	fresh := t.TempDir()
	var templates []string
	require.NoError(t, filepath.WalkDir(console, func(path string, d os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".templ") {
			templates = append(templates, path)
		}
		return err
	}))
	require.NotEmpty(t, templates)
	for _, path := range templates {
		source, err := os.ReadFile(path)
		require.NoError(t, err)
		copied := filepath.Join(fresh, strings.TrimPrefix(path, console))
		require.NoError(t, os.MkdirAll(filepath.Dir(copied), 0o700))
		require.NoError(t, os.WriteFile(copied, source, 0o600))
	}
	generator := exec.CommandContext(t.Context(), "go", "tool", "-modfile=../../tools/go.mod", "templ", "generate", "-path", fresh)
	generator.Env = append(os.Environ(), "GOFLAGS=-mod=readonly")
	output, err := generator.CombinedOutput()
	require.NoError(t, err, "%s", output)
	for _, path := range templates {
		name := strings.TrimSuffix(strings.TrimPrefix(path, console), ".templ") + "_templ.go"
		want, err := os.ReadFile(filepath.Join(fresh, name))
		require.NoError(t, err)
		got, err := os.ReadFile(filepath.Join(console, name))
		require.NoError(t, err)
		require.Equal(t, withoutFileNames(want), withoutFileNames(got), "%s is stale: run make gen", name)
	}
}

// withoutFileNames drops where the template was when its page was generated.
func withoutFileNames(source []byte) string {
	var kept []string
	for line := range strings.Lines(string(source)) {
		if !strings.Contains(line, "FileName: `") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}
