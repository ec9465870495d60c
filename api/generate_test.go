package api

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Generated code is checked in; what the contract says today has to be what is there.
func TestGeneratedCodeIsFresh(t *testing.T) {
	for config, checkedIn := range map[string]string{
		"server.cfg.yaml": "server.gen.go",
		"client.cfg.yaml": "client/client.gen.go",
	} {
		t.Run(config, func(t *testing.T) {
			fresh := filepath.Join(t.TempDir(), "fresh.go")
			generator := exec.CommandContext(t.Context(), "go", "tool", "-modfile=../tools/go.mod", "oapi-codegen", "-config", config, "-o", fresh, "openapi.yaml")
			generator.Env = append(os.Environ(), "GOFLAGS=-mod=readonly")
			output, err := generator.CombinedOutput()
			require.NoError(t, err, "%s", output)
			want, err := os.ReadFile(fresh)
			require.NoError(t, err)
			got, err := os.ReadFile(checkedIn)
			require.NoError(t, err)
			require.True(t, string(want) == string(got), "%s is stale: run go generate ./api/...", checkedIn)
		})
	}
}
