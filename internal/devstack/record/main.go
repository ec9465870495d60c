// Program record plays every path of the workflows on a real engine and keeps the
// histories, so that a later program can be held against what an earlier one left behind:
//
//	go run ./internal/devstack/record            # record what is not there yet
//	go run ./internal/devstack/record --list     # name the paths
//	go run ./internal/devstack/record --only clean
//
// A recorded history is never edited: one that no longer replays is a workflow that would
// get stuck in production. --force replaces files all the same, for a version that was
// never released.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"refunddesk/internal/devstack"
)

// version is the newest version of the Refund workflow. A new one records into a folder of
// its own; playing refuses to go on while the workflow says another number.
const version = 1

// questionVersion is the newest version of the Question workflow.
const questionVersion = 1

type flags struct {
	Out   string `help:"The folder with a folder of histories for each version." default:"workflows/testdata/history" placeholder:"DIR"`
	Only  string `help:"Play this path alone." placeholder:"PATH"`
	Force bool   `help:"Replace histories that are there."`
	List  bool   `help:"Name the paths and end."`
}

func main() {
	var f flags
	kong.Parse(&f, kong.Name("record"), kong.Description("Records the histories that replay tests hold the workflows against."))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, f); err != nil {
		fmt.Fprintf(os.Stderr, "record: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, f flags) error {
	if f.List {
		for _, s := range scenes {
			fmt.Printf("%-28s %s\n", s.name, s.about)
		}
		return nil
	}
	if _, err := os.Stat(f.Out); err != nil {
		return fmt.Errorf("--out: run this in the project's folder, or name the folder of histories: %w", err)
	}
	folder := filepath.Join(f.Out, fmt.Sprintf("v%d", version))
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	due, err := choose(folder, f)
	if err != nil {
		return err
	}
	// Scenes that want the same engine settings share one.
	for _, set := range []stage{standard, drained, renewing, hurried} {
		if err := playAll(ctx, folder, set, due[set]); err != nil {
			return err
		}
	}
	return nil
}

// choose says which scenes are to be played on which stage.
func choose(folder string, f flags) (map[stage][]scene, error) {
	due, known := map[stage][]scene{}, false
	for _, s := range scenes {
		if f.Only != "" && f.Only != s.name {
			continue
		}
		known = true
		there, err := files(folder, s.name)
		if err != nil {
			return nil, err
		}
		if len(there) > 0 && !f.Force {
			fmt.Printf("%-28s is there\n", s.name)
			continue
		}
		due[s.stage] = append(due[s.stage], s)
	}
	if !known {
		return nil, fmt.Errorf("--only: there is no path %q; --list names them", f.Only)
	}
	return due, nil
}

// sceneLimit is how long one path may take.
const sceneLimit = time.Minute

func playAll(ctx context.Context, folder string, set stage, due []scene) (err error) {
	if len(due) == 0 {
		return nil
	}
	data, err := os.MkdirTemp("", "refunddesk-record-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(data)) }()
	st, err := open(ctx, data, set)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.close()) }()
	for _, s := range due {
		if err := play(ctx, folder, st, s); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

func play(ctx context.Context, folder string, st *studio, s scene) error {
	ctx, cancel := context.WithTimeout(ctx, s.stage.limit())
	defer cancel()
	t := newTake(ctx, st, s.name)
	s.play(t)
	if t.err != nil {
		return t.err
	}
	written, err := keep(ctx, folder, s.name, st.engine(), t.workflow, st.secrets())
	if err != nil {
		return err
	}
	for _, name := range written {
		fmt.Printf("%-28s recorded: %s\n", s.name, name)
	}
	return nil
}

// stage is how the engine and the program are set for a scene.
type stage int

const (
	standard stage = iota
	drained        // crediting waits for the drain window
	renewing       // workflows continue as new early
	hurried        // the policy promises a decision within a minute
)

const (
	// drainWindow leaves time to suspend an account while crediting waits.
	drainWindow = 3 * time.Second
	// renewAfter is a number of events that a refund in review reaches with a few changes.
	renewAfter = 24
)

// limit is how long one path may take: policies promise nothing in less than a minute.
func (s stage) limit() time.Duration {
	if s == hurried {
		return 4 * sceneLimit
	}
	return sceneLimit
}

func (s stage) options(data string) devstack.Options {
	o := devstack.Options{Data: data, HTTP: "127.0.0.1:0", Engine: "127.0.0.1:0", NoDemo: true}
	switch s {
	case drained:
		o.Drain = drainWindow
	case renewing:
		o.SuggestContinueAsNewAfter = renewAfter
	}
	return o
}
