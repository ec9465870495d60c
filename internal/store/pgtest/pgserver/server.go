// Package pgserver starts a private PostgreSQL from local binaries: for tests, through
// package pgtest, and for the benchmark. It goes away with the process that started it,
// however that ends.
package pgserver

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

// superuser is the role of a private server that everybody works as.
const superuser = "postgres"

// startTimeout is how long a server may take to answer after its start.
const startTimeout = 60 * time.Second

// Options change what suits tests.
type Options struct {
	// Durable makes commits wait for the disk, as a real server's do. Without it a crash of
	// the machine may lose data; being killed itself loses nothing either way.
	Durable bool
	// Settings are further lines of postgresql.conf, like "shared_buffers=1GB".
	Settings []string
}

// Server is a private PostgreSQL in a temporary folder.
type Server struct {
	options  Options
	binaries string
	folder   string // data, socket, log; owned by whom PostgreSQL runs as
	port     int
	password string
	run      *exec.Cmd
	ended    chan struct{} // closed when run has ended
	keeper   *keeper
}

// Start makes and starts a private server and returns when it answers, after about a second.
func Start(o Options) (_ *Server, err error) {
	s := &Server{options: o, password: rand.Text()}
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
			s.Remove()
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
		if err = s.Start(); err == nil {
			return s, nil
		}
	}
	return nil, err
}

// URL connects as the superuser to the database postgres. It stays the same over restarts.
func (s *Server) URL() string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword(superuser, s.password),
		Host:     net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)),
		Path:     "/postgres",
		RawQuery: "sslmode=disable",
	}
	return u.String()
}

func (s *Server) data() string    { return filepath.Join(s.folder, "data") }
func (s *Server) logFile() string { return filepath.Join(s.folder, "log") }

// command prepares one of PostgreSQL's programs, which refuse to run as root.
func (s *Server) command(program string, args ...string) (*exec.Cmd, error) {
	cmd := exec.Command(filepath.Join(s.binaries, program), args...)
	cmd.Dir = s.folder // our own folder may be closed to the other user
	// A group of its own keeps an interrupt at the terminal from reaching the server before
	// its users are through with it.
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

func (s *Server) initialize() error {
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

// settings are the server's own, before those of the options.
func (s *Server) settings() []string {
	out := []string{"max_connections=300", "jit=off", "timezone=UTC", "max_wal_size=4GB", "log_line_prefix=%m [%p] %d "}
	if !s.options.Durable {
		out = append(out, "fsync=off", "full_page_writes=off")
	}
	return append(out, s.options.Settings...)
}

// Start starts a stopped server at the same address and returns when it answers. One that
// runs is left alone.
func (s *Server) Start() error {
	if s.run != nil {
		return nil
	}
	args := []string{"-D", s.data(), "-k", s.folder, "-h", "127.0.0.1", "-p", strconv.Itoa(s.port)}
	for _, setting := range s.settings() {
		args = append(args, "-c", setting)
	}
	cmd, err := s.command("postgres", args...)
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
	if err := s.answering(); err != nil {
		_ = s.Stop() // the first error says more
		return err
	}
	return nil
}

func (s *Server) answering() error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, s.URL())
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-s.ended:
			return fmt.Errorf("postgres ended at its start:\n%s", s.LogTail())
		case <-ctx.Done():
			return fmt.Errorf("postgres does not answer after %v: %w\n%s", startTimeout, err, s.LogTail())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Stop ends PostgreSQL at once, without a checkpoint, as a crash does: the next start
// recovers from the write-ahead log.
func (s *Server) Stop() error {
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

// Process is the id of PostgreSQL's first process, the parent of the others; 0 when stopped.
func (s *Server) Process() int {
	if s.run == nil {
		return 0
	}
	return s.run.Process.Pid
}

// Remove stops the server and takes its folder away.
func (s *Server) Remove() {
	_ = s.Stop()
	s.keeper.end()
}

// LogTail gives the last lines PostgreSQL wrote.
func (s *Server) LogTail() string {
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
// clean-up independent of how we end: failure, panic, time-out, kill -9.
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
	cmd := exec.Command("/bin/sh", "-c", keeperScript, "postgres-keeper", folder)
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
