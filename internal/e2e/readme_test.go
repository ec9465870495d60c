package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/api/client"
)

// readmeBlock gives the shell commands between <!-- NAME:begin … --> and <!-- NAME:end -->.
func readmeBlock(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	block := regexp.MustCompile(`(?s)<!-- ` + name + `:begin[^>]*-->\n` + "```sh\n(.*?)```\n" + `<!-- ` + name + `:end -->`)
	found := block.FindSubmatch(text)
	require.NotNil(t, found, "the README has no block %q", name)
	return string(found[1])
}

// The README's walk works word for word; only the port is another one, so that the test
// does not need 8080 to be free.
func TestReadmeWalk(t *testing.T) {
	t.Parallel()
	for _, database := range []string{onSQLite, onPostgres} {
		t.Run(database, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			o := Options{Demo: true, Data: filepath.Join(folder, "data")}
			if database == onPostgres {
				o.Database = emptyDatabase(t)
			}
			readmeWalk(t, Start(t, o), folder)
		})
	}
}

func readmeWalk(t *testing.T, p *Program, folder string) {
	owner := &customer{person: p.as(t, "customer"), account: "acct_demo"}
	before := owner.balance()
	script := readmeBlock(t, "walk") + readmeBlock(t, "review")
	require.Equal(t, 1, strings.Count(script, "http://127.0.0.1:8080"))
	script = strings.Replace(script, "http://127.0.0.1:8080", p.URL, 1)

	shell := exec.CommandContext(t.Context(), "sh", "-c", script+"echo $id\necho $big\n")
	shell.Dir = folder
	var out, complaints bytes.Buffer
	shell.Stdout, shell.Stderr = &out, &complaints
	err := shell.Run()
	t.Logf("the walk printed:\n%s", out.String())
	require.NoError(t, err, complaints.String())
	require.Empty(t, complaints.String())

	lines := strings.FieldsFunc(out.String(), func(r rune) bool { return r == '\n' }) // blank lines are only for people
	bodies, id, big := lines[:len(lines)-2], lines[len(lines)-2], lines[len(lines)-1]
	require.Len(t, bodies, 13, "one line for each call that prints")
	for _, body := range bodies {
		var answer map[string]any
		require.NoError(t, json.Unmarshal([]byte(body), &answer), body)
		require.NotContains(t, answer, "code", "a problem")
	}
	var filed client.Refund
	require.NoError(t, json.Unmarshal([]byte(bodies[3]), &filed))
	require.Equal(t, client.RefundStateCredited, filed.State)
	require.Equal(t, "87.500000", filed.Amount.Amount)
	var flagged client.Refund
	require.NoError(t, json.Unmarshal([]byte(bodies[8]), &flagged))
	require.Equal(t, client.RefundStateInReview, flagged.State)

	owner.sees(flagged.ID, client.RefundStateCredited)
	require.Equal(t, before+micros(t, "5087.5"), owner.balance())
	times, _ := owner.credits() // which holds every journal to balance
	require.Equal(t, 1, times[id])
	require.Equal(t, 1, times[big])
	p.Stop(t)
}
