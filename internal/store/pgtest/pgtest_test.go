package pgtest_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/store/pgtest"
)

// migrate makes a table and, tolerating one that is there, a role, as real migrations do.
func migrate(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, `
		CREATE TABLE notes (id int PRIMARY KEY);
		DO $$ BEGIN
			CREATE ROLE pgtest_reader NOLOGIN;
		EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
		END $$;
		GRANT SELECT ON notes TO pgtest_reader;`)
	return err
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func insert(t *testing.T, conn *pgx.Conn, id int) {
	t.Helper()
	_, err := conn.Exec(t.Context(), `INSERT INTO notes VALUES ($1)`, id)
	require.NoError(t, err)
}

func TestEveryTestHasItsOwnDatabase(t *testing.T) {
	var migrations atomic.Int32
	counted := func(ctx context.Context, url string) error {
		migrations.Add(1)
		return migrate(ctx, url)
	}
	hash := rand.Text() // unknown even to a server that earlier runs have used
	urls := make(chan string, 8)
	t.Run("in parallel", func(t *testing.T) {
		for range cap(urls) {
			t.Run("a test", func(t *testing.T) {
				t.Parallel()
				url := pgtest.New(t, counted, hash)
				insert(t, connect(t, url), 1) // a second one in the same database would collide
				urls <- url
			})
		}
	})
	close(urls)
	require.EqualValues(t, 1, migrations.Load(), "migrated once, cloned otherwise")
	different := map[string]bool{}
	for url := range urls {
		different[url] = true
		_, err := pgx.Connect(t.Context(), url)
		require.ErrorContains(t, err, "does not exist", "dropped when its test passed")
	}
	require.Len(t, different, 8)
}

func TestAServerFromTheEnvironmentIsUsed(t *testing.T) {
	own := pgtest.Private(t)
	out := runChild(t, "TestChildUsesTheServer", pgtest.Variable+"="+own.URL())
	require.Contains(t, out, "server "+host(t, own.URL())+"\n")

	cmd := exec.Command(os.Args[0], "-test.run", "^TestChildUsesTheServer$")
	cmd.Env = append(os.Environ(), childVariable+"=1", pgtest.Variable+"=postgres://nobody@127.0.0.1:1/none")
	text, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(text), "named by REFUNDDESK_TEST_POSTGRES does not answer")
}

func TestCommittedRowsOutliveAnImmediateStop(t *testing.T) {
	own := pgtest.Private(t)
	db := own.Database("notes", migrate)
	before := connect(t, db)
	insert(t, before, 7)
	own.RestartImmediate()
	require.Error(t, before.Ping(t.Context()), "old connections are cut")

	var id int
	require.NoError(t, connect(t, db).QueryRow(t.Context(), `SELECT id FROM notes`).Scan(&id))
	require.Equal(t, 7, id)

	own.StopImmediate()
	_, err := pgx.Connect(t.Context(), db)
	require.Error(t, err)
	own.Start()
	insert(t, connect(t, db), 8)
}

// A test process that is killed outright must leave neither server nor folder behind.
func TestAKilledProcessLeavesNothing(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run", "^TestChildWaitsToBeKilled$")
	cmd.Env = append(os.Environ(), childVariable+"=1", pgtest.Variable+"=", "TMPDIR="+openFolder(t))
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Wait() })

	lines := bufio.NewScanner(out)
	var server, folder string
	for folder == "" && lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), "url "); ok {
			server = rest
		}
		if rest, ok := strings.CutPrefix(lines.Text(), "folder "); ok {
			folder = rest
		}
	}
	require.DirExists(t, folder)
	require.NoError(t, connect(t, server).Ping(t.Context()))
	require.NoError(t, cmd.Process.Kill())
	require.Eventually(t, func() bool {
		_, err := os.Stat(folder)
		return os.IsNotExist(err)
	}, 20*time.Second, 20*time.Millisecond)
	_, err = pgx.Connect(t.Context(), server)
	require.Error(t, err)
}

const childVariable = "PGTEST_CHILD"

// TestChildUsesTheServer is run in a process of its own by the tests above.
func TestChildUsesTheServer(t *testing.T) {
	if os.Getenv(childVariable) == "" {
		return
	}
	fmt.Println("server", host(t, pgtest.New(t, migrate, "child")))
}

// TestChildWaitsToBeKilled is run in a process of its own by the tests above.
func TestChildWaitsToBeKilled(t *testing.T) {
	if os.Getenv(childVariable) == "" {
		return
	}
	url := pgtest.Server(t)
	var data string
	require.NoError(t, connect(t, url).QueryRow(t.Context(), `SHOW data_directory`).Scan(&data))
	fmt.Println("url", url)
	fmt.Println("folder", strings.TrimSuffix(data, "/data"))
	select {}
}

func runChild(t *testing.T, test string, env ...string) string {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^"+test+"$")
	cmd.Env = append(append(os.Environ(), childVariable+"=1"), env...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return string(out)
}

func host(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	return u.Host
}

// openFolder is a temporary folder that every user can reach.
func openFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("/tmp", "pgtest-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(folder, 0o755))
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	return folder
}
