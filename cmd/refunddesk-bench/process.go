package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a program that the benchmark started and measures apart from itself.
type process struct {
	name   string
	cmd    *exec.Cmd
	log    string
	ended  chan struct{}
	keeper *exec.Cmd
	input  io.Closer // of the keeper
}

// launch starts a program that logs into dir and ends with this process, however that ends.
func launch(name, dir string, cmd *exec.Cmd) (*process, error) {
	p := &process{name: name, cmd: cmd, log: filepath.Join(dir, name+".log"), ended: make(chan struct{})}
	log, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // the program has its own handle
	cmd.Stderr = log
	if cmd.Stdout == nil {
		cmd.Stdout = log
	}
	// Interrupts at the terminal are for the benchmark, which stops everything in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		defer close(p.ended)
		_ = cmd.Wait() // how it ended is in its log
	}()
	if err := p.keep(); err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

// keep starts a shell whose standard input ends with this process, even when it is killed,
// and which then ends the program.
func (p *process) keep() error {
	p.keeper = exec.Command("/bin/sh", "-c", `cat >/dev/null; kill "$1" 2>/dev/null`, "keeper", strconv.Itoa(p.cmd.Process.Pid))
	p.keeper.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	input, err := p.keeper.StdinPipe()
	if err != nil {
		return err
	}
	if err := p.keeper.Start(); err != nil {
		return err
	}
	p.input = input
	return nil
}

// stopLimit is how long a program may take to stop before it is killed.
const stopLimit = 20 * time.Second

func (p *process) stop() {
	if p == nil {
		return
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
	select {
	case <-p.ended:
	case <-time.After(stopLimit):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
	if p.input != nil {
		_ = p.keeper.Process.Kill() // before its input ends: the id may be another's by now
		_ = p.keeper.Wait()
		_ = p.input.Close()
	}
}

// trouble is why a program that should run does not, with the end of its log.
func (p *process) trouble(err error) error {
	const most = 2 << 10
	text, readErr := os.ReadFile(p.log)
	if readErr != nil {
		return errors.Join(err, readErr)
	}
	return fmt.Errorf("%s: %w; its log ends with:\n%s", p.name, err, text[max(0, len(text)-most):])
}

// firstLine reads the first line that the program prints.
func (p *process) firstLine(ctx context.Context, out io.Reader) (string, error) {
	line := make(chan string, 1)
	go func() {
		text, _ := bufio.NewReader(out).ReadString('\n') // "" when it ended
		line <- strings.TrimSpace(text)
	}()
	select {
	case text := <-line:
		if text == "" {
			<-p.ended
			return "", p.trouble(errors.New("ended at its start"))
		}
		return text, nil
	case <-ctx.Done():
		return "", p.trouble(ctx.Err())
	}
}

// ready waits until the URL answers 200.
func (p *process) ready(ctx context.Context, url string) error {
	for {
		resp, err := http.Get(url)
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
			err = fmt.Errorf("%s answers %s", url, resp.Status)
		}
		select {
		case <-p.ended:
			return p.trouble(errors.New("ended at its start"))
		case <-ctx.Done():
			return p.trouble(err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
