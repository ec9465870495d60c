package e2e

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"refunddesk/internal/store/pgtest"
)

// binaries are the built programs by name.
var binaries = map[string]func() (string, error){
	"refunddesk":     sync.OnceValues(func() (string, error) { return binary("refunddesk", "REFUNDDESK_BIN") }),
	"refunddesk-dev": sync.OnceValues(func() (string, error) { return binary("refunddesk-dev", "REFUNDDESK_DEV_BIN") }),
}

// binary gives the program that the variable names, else builds it.
func binary(name, variable string) (string, error) {
	if path := os.Getenv(variable); path != "" {
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("%s: %w", variable, err)
		}
		return path, nil
	}
	path := filepath.Join(temporary, name)
	build := exec.Command("go", "build", "-o", path, "refunddesk/cmd/"+name)
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", name, err, out)
	}
	return path, nil
}

// ports hands out loopback ports that stay ours over a restart: below the range from which
// the kernel picks ports for outgoing connections, and none twice.
var ports struct {
	sync.Mutex
	next int
}

const (
	firstPort = 20000
	lastPort  = 32000
)

// freeAddress gives an address where nothing listens, with some room above it: the engine
// takes the ports after its own.
func freeAddress() (string, error) {
	const room = 4
	ports.Lock()
	defer ports.Unlock()
	if ports.next == 0 {
		ports.next = firstPort + rand.IntN(lastPort-firstPort)
	}
	for range lastPort - firstPort {
		from := ports.next
		ports.next += room
		if ports.next+room > lastPort {
			ports.next = firstPort
		}
		if allFree(from, room) {
			return net.JoinHostPort("127.0.0.1", strconv.Itoa(from)), nil
		}
	}
	return "", errors.New("there is no free port")
}

func allFree(from, count int) bool {
	for port := from; port < from+count; port++ {
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			return false
		}
		_ = l.Close()
	}
	return true
}

// emptyDatabase gives a fresh PostgreSQL database to one test. The program migrates it.
func emptyDatabase(t *testing.T) string {
	t.Helper()
	return pgtest.New(t, func(context.Context, string) error { return nil }, "e2e-empty")
}

// lastingDatabase gives one that outlives the test that asks, and the way to drop it.
func lastingDatabase(t *testing.T) (url string, drop func() error, err error) {
	server := pgtest.Server(t)
	conf, err := pgx.ParseConfig(server)
	if err != nil {
		return "", nil, err
	}
	name := "testdb_e2e_" + unique()
	do := func(query string) error {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		conn, err := pgx.ConnectConfig(ctx, conf)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close(ctx) }()
		_, err = conn.Exec(ctx, query)
		return err
	}
	quoted := pgx.Identifier{name}.Sanitize()
	if err := do("CREATE DATABASE " + quoted); err != nil {
		return "", nil, err
	}
	url, err = withDatabase(server, name)
	return url, func() error { return do("DROP DATABASE " + quoted + " WITH (FORCE)") }, err
}
