package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"refunddesk/internal/store"
	"refunddesk/internal/store/pgtest/pgserver"
	"refunddesk/internal/store/postgres"
)

// The databases of a run.
const (
	recordsDatabase = "refunddesk"
	engineDatabase  = "engine"
)

// programVariable names a built refunddesk to measure; without it one is built.
const programVariable = "REFUNDDESK_BIN"

// startPatience is how long everything together may take to start, building included.
const startPatience = 5 * time.Minute

// bench is everything that a run needs: the real programs and their neighbours.
type bench struct {
	flags    flags
	folder   string
	postgres *pgserver.Server
	records  *store.Store // the benchmark's own way into the records, to make packages
	admin    *pgx.Conn    // to the records as superuser, to look at them
	issuer   *issuer
	mailbox  *mailbox
	engine   *process
	insert   *process
	serve    *process
	baseline *baseline
	stock    *stock

	address       string // of refunddesk
	engineAddress string
	insertURL     string
	machine       machine

	mu    sync.Mutex
	filed []string // refunds that were acknowledged
}

// start starts everything. What it has started when it fails is stopped again.
func start(ctx context.Context, f flags) (_ *bench, err error) {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	b := &bench{flags: f}
	defer func() {
		if err != nil {
			b.stop()
		}
	}()
	if b.folder, err = os.MkdirTemp("", "refunddesk-bench-"); err != nil {
		return nil, err
	}
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"start PostgreSQL", b.startPostgres},
		{"start the engine", b.startEngine},
		{"start issuer and mail server", b.startNeighbours},
		{"start refunddesk", b.startServe},
		{"look around", b.startStock},
	} {
		if err := step.do(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return b, nil
}

// stop stops everything in the opposite order.
func (b *bench) stop() {
	b.baseline.stop()
	b.serve.stop()
	b.insert.stop()
	b.engine.stop()
	b.issuer.stop()
	b.mailbox.stop()
	if b.records != nil {
		_ = b.records.Close()
	}
	if b.admin != nil {
		_ = b.admin.Close(context.Background())
	}
	if b.postgres != nil {
		b.postgres.Remove()
	}
	_ = os.RemoveAll(b.folder)
}

func (b *bench) startPostgres(ctx context.Context) error {
	o := pgserver.Options{Durable: true}
	if b.flags.Statements > 0 {
		o.Settings = append(o.Settings, "shared_preload_libraries=pg_stat_statements")
	}
	var err error
	if b.postgres, err = pgserver.Start(o); err != nil {
		return err
	}
	root, err := pgx.Connect(ctx, b.postgres.URL())
	if err != nil {
		return err
	}
	defer func() { _ = root.Close(ctx) }()
	for _, name := range []string{recordsDatabase, engineDatabase} {
		if _, err := root.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()); err != nil {
			return err
		}
	}
	if b.admin, err = pgx.Connect(ctx, b.database(recordsDatabase)); err != nil {
		return err
	}
	b.records, err = postgres.Open(postgres.Config{URL: b.database(recordsDatabase), MaxConnections: 2})
	return err
}

// database is the URL of one of the databases.
func (b *bench) database(name string) string {
	u, err := url.Parse(b.postgres.URL())
	if err != nil {
		panic(err) // pgserver made it of parts
	}
	u.Path = "/" + name
	return u.String()
}

func (b *bench) startEngine(ctx context.Context) error {
	err := startAgain(func() (err error) {
		b.engine, b.engineAddress, err = part(ctx, partEngine, b.folder, b.database(engineDatabase))
		return err
	})
	if err != nil {
		return err
	}
	b.baseline, err = startBaseline(b.engineAddress)
	return err
}

// startAgain starts a program that looks for a free port and then takes it: in between
// another program of the machine may have been quicker.
func startAgain(start func() error) error {
	var err error
	for range 3 {
		if err = start(); err == nil {
			return nil
		}
	}
	return err
}

func (b *bench) startNeighbours(ctx context.Context) error {
	var err error
	if b.issuer, err = startIssuer(); err != nil {
		return err
	}
	if b.mailbox, err = startMailbox(); err != nil {
		return err
	}
	p, address, err := part(ctx, partInsert, b.folder, b.database(recordsDatabase))
	b.insert, b.insertURL = p, "http://"+address+"/"
	return err
}

// startServe migrates the records and starts `refunddesk serve` as a user would.
func (b *bench) startServe(ctx context.Context) error {
	program, err := b.program(ctx)
	if err != nil {
		return err
	}
	migrate := exec.CommandContext(ctx, program, "migrate", "up")
	migrate.Env = append(os.Environ(), "REFUNDDESK_DATABASE="+b.database(recordsDatabase))
	if out, err := migrate.CombinedOutput(); err != nil {
		return fmt.Errorf("migrate: %w\n%s", err, out)
	}
	return startAgain(func() error {
		if b.address, err = freeAddress(); err != nil {
			return err
		}
		cmd := exec.Command(program, "serve", "--rate-limit", "0", "--http", b.address, "--engine", b.engineAddress,
			"--issuer", b.issuer.url, "--audience", audience, "--smtp", "smtp://"+b.mailbox.address, "--mail-from", "Refunds <refunds@bench.invalid>")
		// What an older program does not know is ignored in a variable: REFUNDDESK_BIN compares versions.
		cmd.Env = append(os.Environ(), "REFUNDDESK_DATABASE="+b.database(recordsDatabase), "REFUNDDESK_SHUTDOWN_DELAY=0s")
		b.serve, err = launch("refunddesk", b.folder, cmd)
		if err == nil {
			err = b.serve.ready(ctx, "http://"+b.address+"/readyz")
		}
		if err != nil {
			b.serve.stop()
		}
		return err
	})
}

// program is the refunddesk to measure.
func (b *bench) program(ctx context.Context) (string, error) {
	if named := os.Getenv(programVariable); named != "" {
		return named, nil
	}
	built := filepath.Join(b.folder, "bin", "refunddesk")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", built, "refunddesk/cmd/refunddesk").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w (run the benchmark in the project's folder, or name a built program in %s)\n%s", err, programVariable, out)
	}
	return built, nil
}

func (b *bench) startStock(ctx context.Context) error {
	b.stock = newStock(b.records, "http://"+b.address, b.issuer)
	var err error
	b.machine, err = b.lookAround(ctx)
	return err
}
