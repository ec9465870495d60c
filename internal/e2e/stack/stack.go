// Package stack runs the development program as a process of its own, for what looks at it
// from outside: the browser tests and the screenshots.
package stack

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	random "math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Patience is how long something may take that nobody should have to wait for: the machine
// may be busy.
const Patience = 60 * time.Second

// Stack is refunddesk-dev with its demo data, ready to serve.
type Stack struct {
	URL    string
	Tokens map[string]string // of the demo people

	folder string // of all that it writes
	cmd    *exec.Cmd
	ended  chan struct{} // closed when the process is gone
}

// Start starts the program that REFUNDDESK_DEV_BIN names, else builds it, and returns when it
// is ready. What it keeps is in a new folder, which Stop removes.
func Start() (*Stack, error) {
	folder, err := os.MkdirTemp("", "refunddesk-stack-")
	if err != nil {
		return nil, err
	}
	s := &Stack{folder: folder}
	if err := s.start(); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Stack) start() error {
	program, err := s.program()
	if err != nil {
		return err
	}
	address, err := free()
	if err != nil {
		return err
	}
	s.URL = "http://" + address
	out, err := os.Create(s.log())
	if err != nil {
		return err
	}
	s.cmd = exec.Command(program, "--data", s.data(), "--http", address, "--engine", "127.0.0.1:0", "--engine-ui", "")
	s.cmd.Stdout, s.cmd.Stderr = out, out
	// Whoever starts it takes it with him, however he ends.
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := errors.Join(s.cmd.Start(), out.Close()); err != nil {
		return err
	}
	s.ended = make(chan struct{})
	go func() {
		_ = s.cmd.Wait() // how it ended is in its state
		close(s.ended)
	}()
	return s.await()
}

// await waits until the program is ready and reads the tokens of the demo people.
func (s *Stack) await() error {
	end := time.Now().Add(Patience)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		if resp, err := http.Get(s.URL + "/readyz"); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				break
			}
		}
		select {
		case <-s.ended:
			return fmt.Errorf("refunddesk-dev ended before it was ready:\n%s", s.Output())
		case <-again.C:
		}
		if time.Now().After(end) {
			return fmt.Errorf("refunddesk-dev is not ready after %s:\n%s", Patience, s.Output())
		}
	}
	text, err := os.ReadFile(filepath.Join(s.data(), "tokens.json"))
	if err != nil {
		return err
	}
	return json.Unmarshal(text, &s.Tokens)
}

// program is the path of refunddesk-dev.
func (s *Stack) program() (string, error) {
	if path := os.Getenv("REFUNDDESK_DEV_BIN"); path != "" {
		return path, nil
	}
	path := filepath.Join(s.folder, "refunddesk-dev")
	if out, err := exec.Command("go", "build", "-o", path, "refunddesk/cmd/refunddesk-dev").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build refunddesk-dev: %w\n%s", err, out)
	}
	return path, nil
}

// Stop ends the program, which has to end well, and removes what it kept.
func (s *Stack) Stop() error {
	var failed error
	if s.ended != nil {
		failed = s.end()
	}
	return errors.Join(failed, os.RemoveAll(s.folder))
}

func (s *Stack) end() error {
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // an error means that it is gone
	select {
	case <-s.ended:
	case <-time.After(Patience):
		_ = s.cmd.Process.Kill()
		return fmt.Errorf("refunddesk-dev did not stop within %s", Patience)
	}
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("refunddesk-dev ended with %d:\n%s", code, s.Output())
	}
	return nil
}

// Output is the end of all that the program has said.
func (s *Stack) Output() string {
	text, err := os.ReadFile(s.log())
	if err != nil {
		return err.Error()
	}
	const most = 20_000
	return string(text[max(0, len(text)-most):])
}

// Records is the file of the records, for what breaks them behind the program's back.
func (s *Stack) Records() string { return filepath.Join(s.data(), "records.db") }

func (s *Stack) data() string { return filepath.Join(s.folder, "data") }
func (s *Stack) log() string  { return filepath.Join(s.folder, "log") }

// free gives an address where nothing listens. It is below the ports that systems give to
// outgoing connections, one of which could take it before the program does.
func free() (string, error) {
	const lowest, many = 10_000, 10_000
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", lowest+random.IntN(many)) //nolint:gosec // no secret
		if l, err := net.Listen("tcp", address); err == nil {
			return address, l.Close()
		}
	}
	return "", errors.New("there is no free port")
}

// Unique is a part of a name that nobody else has.
func Unique() string { return strings.ToLower(rand.Text()[:12]) }
