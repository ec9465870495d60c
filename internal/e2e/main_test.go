package e2e

import (
	"fmt"
	"os"
	"sync"
	"testing"
)

// temporary is the folder of everything this test process writes; it goes away with it.
var temporary string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	if temporary, err = os.MkdirTemp("", "refunddesk-e2e-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(temporary) }()
	code := m.Run()
	if err := stopShared(code != 0); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// The databases that the records can be in.
const (
	onSQLite   = "sqlite"
	onPostgres = "postgres"
)

// shared are the programs that all tests use which neither kill nor stop theirs, one for
// each database.
var shared = map[string]*sharedProgram{onSQLite: {}, onPostgres: {}}

type sharedProgram struct {
	once    sync.Once
	program *Program
	drop    func() error // drops the database
	err     error
}

// program gives the shared program on SQLite.
func program(t *testing.T) *Program { return sharedOn(t, onSQLite) }

func sharedOn(t *testing.T, database string) *Program {
	t.Helper()
	s := shared[database]
	s.once.Do(func() {
		o := Options{Demo: true}
		if database == onPostgres {
			if o.Database, s.drop, s.err = lastingDatabase(t); s.err != nil {
				return
			}
		}
		s.program, s.err = launch(o)
	})
	if s.err != nil {
		t.Fatal(s.err)
	}
	return s.program
}

// stopShared stops what was started and drops what was created; a program that does not
// end well is an error.
func stopShared(failed bool) error {
	for name, s := range shared {
		if s.program != nil {
			if failed {
				fmt.Fprintf(os.Stderr, "The shared program on %s said:\n%s\n", name, s.program.Output())
			}
			if code, err := s.program.stop(); err != nil || code != 0 {
				return fmt.Errorf("the shared program on %s ended with %d (%w):\n%s", name, code, err, s.program.Output())
			}
		}
		if s.drop != nil {
			if err := s.drop(); err != nil {
				return err
			}
		}
	}
	return nil
}

// onBoth runs a test on the shared programs of both databases.
func onBoth(t *testing.T, test func(t *testing.T, p *Program)) {
	t.Helper()
	t.Parallel()
	for _, database := range []string{onSQLite, onPostgres} {
		t.Run(database, func(t *testing.T) {
			t.Parallel()
			test(t, sharedOn(t, database))
		})
	}
}

// onOwn runs a test on a program of its own, once for each database.
func onOwn(t *testing.T, test func(t *testing.T, p *Program)) {
	t.Helper()
	t.Parallel()
	for _, database := range []string{onSQLite, onPostgres} {
		t.Run(database, func(t *testing.T) {
			t.Parallel()
			var o Options
			if database == onPostgres {
				o.Database = emptyDatabase(t)
			}
			test(t, Start(t, o))
		})
	}
}
