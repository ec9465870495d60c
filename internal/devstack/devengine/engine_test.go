//go:build !race

// The race detector would build the whole engine a second time, which takes five minutes;
// what is ours here is start, stop and files, and the engine's own tests cover the rest.

package devengine_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	_ "modernc.org/sqlite"

	"refunddesk/internal/devstack/devengine"
	"refunddesk/internal/fault"
	"refunddesk/internal/store/pgtest"
)

// engineFileVariable makes the test binary serve an engine on the named file until killed.
const engineFileVariable = "DEVENGINE_TEST_FILE"

func TestMain(m *testing.M) {
	if file := os.Getenv(engineFileVariable); file != "" {
		e, err := devengine.Start(context.Background(), devengine.Options{File: file, Address: "127.0.0.1:0"})
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		fmt.Println("address", e.Address())
		select {}
	}
	os.Exit(m.Run())
}

var refundState = temporal.NewSearchAttributeKeyKeyword("RefundState")

// door waits for a signal, so that it can be left open across a restart.
func door(ctx workflow.Context) (string, error) {
	if err := workflow.UpsertTypedSearchAttributes(ctx, refundState.ValueSet("in_review")); err != nil {
		return "", err
	}
	var said string
	workflow.GetSignalChannel(ctx, "open").Receive(ctx, &said)
	return said, nil
}

// counter runs local activities until it is told to continue as new, and gives their number.
func counter(ctx workflow.Context) (int, error) {
	n := 0
	for !workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
		if err := workflow.Sleep(ctx, time.Millisecond); err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

func start(t *testing.T, o devengine.Options) *devengine.Engine {
	t.Helper()
	e, err := devengine.Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(e.Stop)
	return e
}

func dial(t *testing.T, address string) client.Client {
	t.Helper()
	c, err := client.DialContext(t.Context(), client.Options{HostPort: address, Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func work(t *testing.T, c client.Client) {
	t.Helper()
	w := worker.New(c, "doors", worker.Options{})
	w.RegisterWorkflow(door)
	w.RegisterWorkflow(counter)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
}

func TestAWorkflowOutlivesARestartOnAnotherPort(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "a folder with 100% odd #name?", "engine.db")
	require.NoError(t, os.Mkdir(filepath.Dir(file), 0o700))
	e := start(t, devengine.Options{File: file, Address: "localhost:0", UIAddress: "127.0.0.1:0"})
	c := dial(t, e.Address())
	_, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: "door-1", TaskQueue: "doors", TypedSearchAttributes: temporal.NewSearchAttributes(refundState.ValueSet("submitted")),
	}, door)
	require.NoError(t, err)

	var page string
	require.Eventually(t, func() bool {
		page = get("http://" + e.UIAddress() + "/api/v1/namespaces/default")
		return page != ""
	}, 10*time.Second, 20*time.Millisecond, "the page listens a moment later")
	require.Contains(t, page, `"604800s"`, "seven days of retention by default")
	c.Close()
	e.Stop()
	e.Stop()

	second := start(t, devengine.Options{File: file, Address: "127.0.0.1:0"})
	require.Equal(t, e.Address(), second.Address(), "port 0 takes the same port again")
	second.Stop()
	third := start(t, devengine.Options{File: file, Address: freeAddress(t)})
	require.NotEqual(t, e.Address(), third.Address())
	c = dial(t, third.Address())
	work(t, c)
	require.Eventually(t, func() bool { return count(t, c, `RefundState = "in_review"`) == 1 }, 20*time.Second, 20*time.Millisecond)
	require.NoError(t, c.SignalWorkflow(t.Context(), "door-1", "", "open", "sesame"))
	var said string
	require.NoError(t, c.GetWorkflow(t.Context(), "door-1", "").Get(t.Context(), &said))
	require.Equal(t, "sesame", said)
}

func TestAWorkflowOutlivesAKilledEngine(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "engine.db")
	first, address := process(t, file)
	c := dial(t, address)
	_, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "door-1", TaskQueue: "doors"}, door)
	require.NoError(t, err)

	_, err = devengine.Start(t.Context(), devengine.Options{File: file, Address: freeAddress(t)})
	require.Equal(t, "data-in-use", fault.CodeOf(err), "two engines on one file")

	require.NoError(t, first.Process.Kill())
	e := start(t, devengine.Options{File: file, Address: address})
	require.Equal(t, address, e.Address())
	work(t, c)
	require.Eventually(t, func() bool {
		return c.SignalWorkflow(t.Context(), "door-1", "", "open", "sesame") == nil
	}, 20*time.Second, 50*time.Millisecond)
	var said string
	require.NoError(t, c.GetWorkflow(t.Context(), "door-1", "").Get(t.Context(), &said))
	require.Equal(t, "sesame", said)
}

func TestPostgreSQLKeepsTheRecordsWhereAsked(t *testing.T) {
	t.Parallel()
	server := pgtest.Private(t)
	o := devengine.Options{PostgresURL: server.Database("temporal-bench", nil), Address: "127.0.0.1:0"}
	e := start(t, o)
	c := dial(t, e.Address())
	_, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "door-1", TaskQueue: "doors"}, door)
	require.NoError(t, err)
	c.Close()
	e.Stop()

	e = start(t, o) // both schemas are there already
	c = dial(t, e.Address())
	work(t, c)
	require.Eventually(t, func() bool { return count(t, c, `RefundState = "in_review"`) == 1 }, 20*time.Second, 20*time.Millisecond)
	server.RestartImmediate()
	require.Eventually(t, func() bool {
		return c.SignalWorkflow(t.Context(), "door-1", "", "open", "sesame") == nil
	}, 30*time.Second, 50*time.Millisecond)
	var said string
	require.NoError(t, c.GetWorkflow(t.Context(), "door-1", "").Get(t.Context(), &said))
	require.Equal(t, "sesame", said)
}

func TestContinueAsNewIsSuggestedWhereAsked(t *testing.T) {
	t.Parallel()
	e := start(t, devengine.Options{
		File: filepath.Join(t.TempDir(), "engine.db"), Address: "127.0.0.1:0", SuggestContinueAsNewAfter: 20,
	})
	c := dial(t, e.Address())
	work(t, c)
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: "doors"}, counter)
	require.NoError(t, err)
	var n int
	require.NoError(t, run.Get(t.Context(), &n))
	require.Positive(t, n)
	require.Less(t, n, 20)
}

func TestAnOlderFileIsBroughtUpToDate(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "engine.db")
	few := map[string]enumspb.IndexedValueType{"RefundState": enumspb.INDEXED_VALUE_TYPE_KEYWORD}
	e := start(t, devengine.Options{File: file, Address: "127.0.0.1:0", Retention: 2 * time.Hour, SearchAttributes: few})
	e.Stop()
	inFile(t, file,
		`DROP TABLE current_chasm_executions`, // the step from schema 0.10 to 0.11 makes it
		`UPDATE schema_version SET curr_version = '0.10'`)

	e = start(t, devengine.Options{File: file, Address: "127.0.0.1:0", Retention: 48 * time.Hour})
	c := dial(t, e.Address())
	now, err := c.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: e.Namespace()})
	require.NoError(t, err)
	require.Equal(t, 48*time.Hour, now.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration())
	require.Zero(t, count(t, c, `TicketQueue = "standard" AND DueAt > "2026-01-01T00:00:00Z"`))
	e.Stop()

	_, err = devengine.Start(t.Context(), devengine.Options{File: file, Address: "127.0.0.1:0",
		SearchAttributes: map[string]enumspb.IndexedValueType{"RefundState": enumspb.INDEXED_VALUE_TYPE_INT}})
	require.Equal(t, "engine-file", fault.CodeOf(err), "an attribute of another type")

	inFile(t, file, `UPDATE schema_version SET curr_version = '99.0'`)
	_, err = devengine.Start(t.Context(), devengine.Options{File: file, Address: "127.0.0.1:0"})
	require.Equal(t, "engine-file", fault.CodeOf(err))
	require.ErrorContains(t, err, "newer version")
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = taken.Close() })
	foreign := filepath.Join(folder, "foreign.db")
	inFile(t, foreign, `CREATE TABLE people (name TEXT)`)
	noise := filepath.Join(folder, "noise.db")
	require.NoError(t, os.WriteFile(noise, []byte(strings.Repeat("no database ", 1000)), 0o600))
	n := 0
	file := func() string {
		n++
		return filepath.Join(folder, fmt.Sprintf("engine-%d.db", n))
	}

	for name, c := range map[string]struct {
		options devengine.Options
		code    string
		says    string
	}{
		"no place for records": {devengine.Options{Address: "127.0.0.1:0"}, "invalid-value", "either a file or"},
		"two places":           {devengine.Options{File: file(), PostgresURL: "postgres://a@b/c", Address: "127.0.0.1:0"}, "invalid-value", "either a file or"},
		"every address":        {devengine.Options{File: file(), Address: "0.0.0.0:7233"}, "invalid-value", "--engine: "},
		"another machine":      {devengine.Options{File: file(), Address: "192.0.2.1:7233"}, "invalid-value", "loopback"},
		"a name":               {devengine.Options{File: file(), Address: "engine.example:7233"}, "invalid-value", "loopback"},
		"no port":              {devengine.Options{File: file(), Address: "127.0.0.1"}, "invalid-value", "--engine: "},
		"a wild port":          {devengine.Options{File: file(), Address: "127.0.0.1:99999"}, "invalid-value", "65535"},
		"the page everywhere":  {devengine.Options{File: file(), Address: "127.0.0.1:0", UIAddress: ":8233"}, "invalid-value", "--engine-ui: "},
		"too short retention":  {devengine.Options{File: file(), Address: "127.0.0.1:0", Retention: time.Minute}, "invalid-value", "retention"},
		"address taken":        {devengine.Options{File: file(), Address: taken.Addr().String()}, "address-in-use", "with --engine"},
		"page's address taken": {devengine.Options{File: file(), Address: "127.0.0.1:0", UIAddress: taken.Addr().String()}, "address-in-use", "with --engine-ui"},
		"somebody's file":      {devengine.Options{File: foreign, Address: "127.0.0.1:0"}, "engine-file", "--data"},
		"not a database":       {devengine.Options{File: noise, Address: "127.0.0.1:0"}, "engine-file", "--data"},
		"not PostgreSQL":       {devengine.Options{PostgresURL: "mysql://a@b/c", Address: "127.0.0.1:0"}, "invalid-value", "postgres://"},
		"PostgreSQL away":      {devengine.Options{PostgresURL: "postgres://a:secret@127.0.0.1:1/c", Address: "127.0.0.1:0"}, "engine-database", "does not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := devengine.Start(t.Context(), c.options)
			require.Equal(t, c.code, fault.CodeOf(err), "%v", err)
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), "secret")
		})
	}
}

// process starts an engine in a process of its own and gives its address.
func process(t *testing.T, file string) (*exec.Cmd, string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), engineFileVariable+"="+file)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "address ")
	require.True(t, ok, line)
	return cmd, address
}

// get gives the body of a good answer, else "".
func get(url string) string {
	answer, err := http.Get(url)
	if err != nil {
		return ""
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		return ""
	}
	return string(text)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func count(t *testing.T, c client.Client, query string) int64 {
	t.Helper()
	got, err := c.CountWorkflow(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{Query: query})
	require.NoError(t, err)
	return got.GetCount()
}

func inFile(t *testing.T, file string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	for _, statement := range statements {
		_, err := db.Exec(statement)
		require.NoError(t, err)
	}
}
