package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"

	"github.com/gin-gonic/gin"
	"github.com/jackc/pgx/v5/pgxpool"

	"refunddesk/internal/devstack/devengine"
)

// The engine and the handler of one INSERT run in processes of their own, so that their CPU
// time can be told from the load generator's. Both are this program, started with
// partArgument and the part's name; they print where they listen and end with their
// standard input.
const (
	partArgument = "-part"
	partEngine   = "engine"
	partInsert   = "insert"

	// partDatabase names their database; an argument would show in the list of processes.
	partDatabase = "REFUNDDESK_BENCH_DATABASE"
)

// part starts a part of the benchmark and gives the address it listens at.
func part(ctx context.Context, name, dir, database string) (*process, string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, "", err
	}
	cmd := exec.Command(self, partArgument, name)
	cmd.Env = append(os.Environ(), partDatabase+"="+database)
	out, input, err := os.Pipe()
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = input.Close() }() // the part has its own handle
	cmd.Stdout = input
	p, err := launch(name, dir, cmd)
	if err != nil {
		return nil, "", err
	}
	address, err := p.firstLine(ctx, out)
	if err != nil {
		p.stop()
		return nil, "", err
	}
	return p, address, nil
}

// runPart is the main function of a part. Its end is a signal: see launch.
func runPart(args []string) int {
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	parts := map[string]func(context.Context, string) (string, error){partEngine: runEngine, partInsert: runInsert}
	if len(args) != 1 || parts[args[0]] == nil {
		fmt.Fprintf(os.Stderr, "refunddesk-bench: %s is for the benchmark itself\n", partArgument)
		return 2
	}
	address, err := parts[args[0]](context.Background(), os.Getenv(partDatabase))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(address)
	select {} // until SIGTERM
}

func runEngine(ctx context.Context, database string) (string, error) {
	e, err := devengine.Start(ctx, devengine.Options{PostgresURL: database, Address: "127.0.0.1:0"})
	if err != nil {
		return "", err
	}
	return e.Address(), nil
}

// runInsert serves what POST /v1/refunds is compared with: the least that a handler which
// keeps what it is given can do.
func runInsert(ctx context.Context, database string) (string, error) {
	conf, err := pgxpool.ParseConfig(database)
	if err != nil {
		return "", err
	}
	conf.MaxConns = 32 // as many as `refunddesk serve` has
	pool, err := pgxpool.NewWithConfig(ctx, conf)
	if err != nil {
		return "", err
	}
	if _, err := pool.Exec(ctx, `CREATE TABLE IF NOT EXISTS bench_inserts (id text PRIMARY KEY, body bytea NOT NULL, at timestamptz NOT NULL DEFAULT now())`); err != nil {
		return "", err
	}
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.POST("/", func(c *gin.Context) {
		body, err := io.ReadAll(c.Request.Body)
		if err == nil {
			_, err = pool.Exec(c, "INSERT INTO bench_inserts (id, body) VALUES ($1, $2)", rand.Text(), body)
		}
		if err != nil {
			c.String(http.StatusInternalServerError, err.Error())
			return
		}
		c.Data(http.StatusAccepted, "application/json", body)
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: engine} //nolint:gosec // its one client is the benchmark
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			slog.Error("the insert handler ended", "error", err)
			os.Exit(1)
		}
	}()
	return listener.Addr().String(), nil
}
