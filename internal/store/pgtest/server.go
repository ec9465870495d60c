package pgtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// superuser is the role of a private server that tests work as.
const superuser = "postgres"

// server is a private PostgreSQL in a temporary folder.
type server struct {
	binaries string
	folder   string // data, socket, log; owned by whom PostgreSQL runs as
	port     int
	password string
	run      *exec.Cmd
	ended    chan struct{} // closed when run has ended
	keeper   *keeper
}

// startServer makes and starts a private server. Data it loses in a crash of the machine is
// no loss (fsync is off), but it survives being killed itself, as a real one does.
func startServer() (_ *server, err error) {
	s := &server{password: rand.Text()}
	if s.binaries, err = binaries(); err != nil {
		return nil, err
	}
	if s.folder, err = temporaryFolder(); err != nil {
		return nil, err
	}
	if s.keeper, err = startKeeper(s.folder); err != nil {
		_ = os.RemoveAll(s.folder)
		return nil, err
	}
	defer func() {
		if err != nil {
			s.remove()
		}
	}()
	if err := s.initialize(); err != nil {
		return nil, err
	}
	// Between finding a free port and PostgreSQL taking it, another program may have been
	// quicker: then there is a next port.
	for range 5 {
		if s.port, err = freePort(); err != nil {
			return nil, err
		}
		if err = s.start(); err == nil {
			return s, nil
		}
	}
	return nil, err
}

func (s *server) url() string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(superuser, s.password),
		Host:     net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)),
		Path:     "/postgres",
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

func (s *server) data() string    { return filepath.Join(s.folder, "data") }
func (s *server) logFile() string { return filepath.Join(s.folder, "log") }

// command prepares one of PostgreSQL's programs, which refuse to run as root.
func (s *server) command(program string, args ...string) (*exec.Cmd, error) {
	cmd := exec.Command(filepath.Join(s.binaries, program), args...)
	cmd.Dir = s.folder // the test's own folder may be closed to the other user
	// A group of its own keeps an interrupt at the terminal from reaching the server before
	// the tests are through with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() == 0 {
		uid, gid, err := nobody()
		if err != nil {
			return nil, err
		}
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uid, Gid: gid}
	}
	return cmd, nil
}

func (s *server) initialize() error {
	secret := filepath.Join(s.folder, "password")
	if err := os.WriteFile(secret, []byte(s.password+"\n"), 0o600); err != nil {
		return err
	}
	if err := giveAway(secret); err != nil {
		return err
	}
	cmd, err := s.command("initdb", "--pgdata", s.data(), "--username", superuser, "--pwfile", secret,
		"--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions")
	if err != nil {
		return err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return os.Remove(secret)
}

// start starts PostgreSQL and returns when it answers.
func (s *server) start() error {
	cmd, err := s.command("postgres", "-D", s.data(), "-k", s.folder, "-h", "127.0.0.1", "-p", strconv.Itoa(s.port),
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=300", "-c", "jit=off",
		"-c", "timezone=UTC", "-c", "max_wal_size=4GB", "-c", "log_line_prefix=%m [%p] %d ")
	if err != nil {
		return err
	}
	out, err := os.OpenFile(s.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }() // the child has its own handle
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start postgres: %w", err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // how it ended is in its log
	}()
	s.run, s.ended = cmd, ended
	return s.answering()
}

func (s *server) answering() error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, s.url())
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-s.ended:
			return fmt.Errorf("postgres ended at its start:\n%s", s.logTail())
		case <-ctx.Done():
			return fmt.Errorf("postgres does not answer after %v: %w\n%s", startTimeout, err, s.logTail())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// stop ends PostgreSQL at once, without a checkpoint, as a crash does: the next start
// recovers from the write-ahead log.
func (s *server) stop() error {
	if s.run == nil {
		return nil
	}
	if err := s.run.Process.Signal(syscall.SIGQUIT); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop postgres: %w", err)
	}
	<-s.ended
	s.run = nil
	return nil
}

// remove stops the server and takes its folder away.
func (s *server) remove() {
	_ = s.stop()
	s.keeper.end()
}

// logTail gives the last lines PostgreSQL wrote.
func (s *server) logTail() string {
	const most = 4 << 10
	text, err := os.ReadFile(s.logFile())
	if err != nil {
		return err.Error()
	}
	if len(text) > most {
		text = text[len(text)-most:]
	}
	return string(bytes.TrimSpace(text))
}

// keeper is a shell that waits for the end of this process (its standard input ends with
// us, even when we are killed), then stops the server and removes the folder. It makes
// clean-up independent of how tests end: failure, panic, time-out, kill -9.
type keeper struct {
	cmd   *exec.Cmd
	input io.WriteCloser
}

const keeperScript = `
cat >/dev/null
if pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) && [ -n "$pid" ]; then
	kill -QUIT "$pid" 2>/dev/null
	n=0
	while kill -0 "$pid" 2>/dev/null && [ $n -lt 100 ]; do sleep 0.1; n=$((n+1)); done
fi
rm -rf "$1"
`

func startKeeper(folder string) (*keeper, error) {
	cmd := exec.Command("/bin/sh", "-c", keeperScript, "pgtest-keeper", folder)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt at the terminal is not for it
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the keeper of a private PostgreSQL: %w", err)
	}
	return &keeper{cmd: cmd, input: input}, nil
}

func (k *keeper) end() {
	_ = k.input.Close()
	_ = k.cmd.Wait()
}

// temporaryFolder makes a folder that the user PostgreSQL runs as can reach.
func temporaryFolder() (string, error) {
	for _, parent := range []string{os.TempDir(), "/tmp", "/var/tmp"} {
		if os.Geteuid() == 0 && !reachable(parent) {
			continue
		}
		folder, err := os.MkdirTemp(parent, "refunddesk-pg-")
		if err != nil {
			continue
		}
		if err := giveAway(folder); err != nil {
			_ = os.RemoveAll(folder)
			return "", err
		}
		return folder, nil
	}
	return "", errors.New("no temporary folder that PostgreSQL's user can reach; set TMPDIR to one")
}

// reachable reports whether everybody may pass through the folder and all above it.
func reachable(folder string) bool {
	folder, err := filepath.EvalSymlinks(folder)
	if err != nil {
		return false
	}
	for ; ; folder = filepath.Dir(folder) {
		info, err := os.Stat(folder)
		if err != nil || info.Mode().Perm()&0o001 == 0 {
			return false
		}
		if folder == filepath.Dir(folder) {
			return true
		}
	}
}

// giveAway hands a file or folder to the user PostgreSQL runs as.
func giveAway(path string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	uid, gid, err := nobody()
	if err != nil {
		return err
	}
	return os.Chown(path, int(uid), int(gid))
}

// nobody is whom PostgreSQL runs as when we are root.
func nobody() (uid, gid uint32, err error) {
	who, err := user.Lookup("nobody")
	if err != nil {
		return 0, 0, fmt.Errorf("PostgreSQL does not run as root, and there is no user to run it as: %w", err)
	}
	u, err := strconv.ParseUint(who.Uid, 10, 32)
	if err != nil {
		return 0, 0, err
	}
	g, err := strconv.ParseUint(who.Gid, 10, 32)
	if err != nil {
		return 0, 0, err
	}
	return uint32(u), uint32(g), nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}
