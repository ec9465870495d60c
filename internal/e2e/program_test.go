package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Options of a development program.
type Options struct {
	Data     string // its folder; a new one when empty
	Database string // PostgreSQL for the records; a file in the folder when empty
	Engine   string // the engine's address; a free one when empty
	Demo     bool   // load the demo data
}

// Program is a built program that runs as a process of its own.
type Program struct {
	URL     string
	Metrics string            // where the production program serves its metrics
	Data    string            // the folder of a development program
	Engine  string            // where its engine listens
	Tokens  map[string]string // of the demo people; nil for the production program

	path  string
	args  []string
	env   []string
	log   string
	cmd   *exec.Cmd
	ended chan struct{} // closed when the process is gone
}

// Start starts refunddesk-dev for one test and returns when it is ready. It is killed when
// the test ends, unless it has ended before.
func Start(t *testing.T, o Options) *Program {
	t.Helper()
	p, err := launch(o)
	if err != nil {
		t.Fatal(err)
	}
	p.cleanUp(t)
	return p
}

func (p *Program) cleanUp(t *testing.T) {
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // an error means that it is gone
		<-p.ended
		if t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(p.path), p.Output())
		}
	})
}

// launch is Start without a test to belong to.
func launch(o Options) (*Program, error) {
	p, err := prepare(o)
	if err != nil {
		return nil, err
	}
	return p, p.begin()
}

// prepare chooses folder, ports and flags.
func prepare(o Options) (*Program, error) {
	p := &Program{Data: o.Data, Engine: o.Engine}
	var err error
	if p.path, err = binaries["refunddesk-dev"](); err != nil {
		return nil, err
	}
	if p.Data == "" {
		p.Data = filepath.Join(temporary, "data-"+unique())
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	if p.Engine == "" {
		if p.Engine, err = freeAddress(); err != nil {
			return nil, err
		}
	}
	p.URL, p.log = "http://"+address, filepath.Join(temporary, "log-"+unique())
	p.args = []string{"--data", p.Data, "--http", address, "--engine", p.Engine, "--engine-ui", ""}
	if o.Database != "" {
		p.args = append(p.args, "--database", o.Database)
	}
	if !o.Demo {
		p.args = append(p.args, "--no-demo")
	}
	return p, nil
}

// begin starts the process and waits until it is ready.
func (p *Program) begin() error {
	if err := p.spawn(); err != nil {
		return err
	}
	end := time.Now().Add(patience)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		if resp, err := http.Get(p.URL + "/readyz"); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				break
			}
		}
		select {
		case <-p.ended:
			return fmt.Errorf("%s ended before it was ready:\n%s", filepath.Base(p.path), p.Output())
		case <-again.C:
		}
		if time.Now().After(end) {
			_ = p.cmd.Process.Kill()
			return fmt.Errorf("%s is not ready after %s:\n%s", filepath.Base(p.path), patience, p.Output())
		}
	}
	// They are there before readiness.
	text, err := os.ReadFile(filepath.Join(p.Data, "tokens.json"))
	if err != nil {
		return err
	}
	return json.Unmarshal(text, &p.Tokens)
}

// spawn starts the process and does not wait. What it says is added to its log.
func (p *Program) spawn() error {
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	p.cmd = exec.Command(p.path, p.args...)
	p.cmd.Env = append(os.Environ(), p.env...)
	p.cmd.Stdout, p.cmd.Stderr = out, out
	// A test process that is killed takes its programs with it.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	err = p.cmd.Start()
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	cmd, ended := p.cmd, make(chan struct{})
	p.ended = ended
	go func() {
		_ = cmd.Wait() // how it ended is in its state
		close(ended)
	}()
	return nil
}

// Kill ends the process as kill -9 does.
func (p *Program) Kill(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatalf("kill: %v", err)
	}
	<-p.ended
}

// Restart starts the program again, with the same folder and ports.
func (p *Program) Restart(t *testing.T) {
	t.Helper()
	if err := p.begin(); err != nil {
		t.Fatal(err)
	}
}

// Stop ends the program gracefully; it has to end well.
func (p *Program) Stop(t *testing.T) {
	t.Helper()
	if code, err := p.stop(); err != nil || code != 0 {
		t.Fatalf("%s ended with %d (%v):\n%s", filepath.Base(p.path), code, err, p.Output())
	}
}

// stop asks the process to end and gives its exit code.
func (p *Program) stop() (int, error) {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return -1, err
	}
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode(), nil
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		return -1, fmt.Errorf("it did not stop within %s", patience)
	}
}

// refuses runs the program with these flags changed and expects it to end by itself with
// exit code 1; it gives what the program said.
func refuses(t *testing.T, p *Program) string {
	t.Helper()
	if err := p.spawn(); err != nil {
		t.Fatal(err)
	}
	p.cleanUp(t)
	select {
	case <-p.ended:
	case <-time.After(patience):
		t.Fatalf("it goes on running:\n%s", p.Output())
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 1 {
		t.Fatalf("it ended with %d:\n%s", code, p.Output())
	}
	return p.Output()
}

// Output is all that the program has said, over all its starts.
func (p *Program) Output() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	const most = 20_000
	if len(text) > most {
		text = append([]byte("…\n"), text[len(text)-most:]...)
	}
	return string(text)
}

// withDatabase names another database of the server.
func withDatabase(server, name string) (string, error) {
	u, err := url.Parse(server)
	if err != nil {
		return "", err
	}
	u.Path = "/" + name
	return u.String(), nil
}
