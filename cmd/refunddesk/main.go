// Program refunddesk is RefundDesk for production: the API and the workers over
// PostgreSQL and a Temporal engine.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"golang.org/x/term"

	"refunddesk/internal/app"
	"refunddesk/internal/config"
	"refunddesk/internal/fault"
	"refunddesk/internal/importer"
	"refunddesk/internal/store"
	"refunddesk/internal/store/postgres"
)

func main() {
	var p config.Program
	parser, err := config.Parser(&p)
	if err != nil {
		fail(err)
	}
	parsed, err := parser.Parse(os.Args[1:])
	if err != nil {
		misused(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, parsed.Command(), p); err != nil {
		fail(err)
	}
}

// misused ends the program for a command line that cannot be: exit code 2.
func misused(err error) {
	fmt.Fprintf(os.Stderr, "refunddesk: %s\nTry \"refunddesk --help\".\n", sentence(err))
	os.Exit(2)
}

// fail ends the program for what went wrong while running: exit code 1.
func fail(err error) {
	fmt.Fprintf(os.Stderr, "refunddesk: %s\n", sentence(err))
	os.Exit(1)
}

// sentence is what a fault says to people, or the error as it is.
func sentence(err error) string {
	var f *fault.Error
	if errors.As(err, &f) && f.Detail != "" {
		return f.Detail
	}
	return err.Error()
}

func run(ctx context.Context, command string, p config.Program) error {
	switch command {
	case "serve":
		log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: p.Serve.Level()}))
		slog.SetDefault(log)
		return app.Serve(ctx, p.Serve, log)
	case "migrate up":
		return migrate(ctx, p.Migrate.Up.Database, up)
	case "migrate status":
		return migrate(ctx, p.Migrate.Status.Database, status)
	case "migrate down":
		return migrate(ctx, p.Migrate.Down.Database, down)
	case "health":
		return health(ctx, p.Health)
	case "version":
		fmt.Println(version())
		return nil
	case "policy check <file>", "policy diff <file>", "policy backtest <file>":
		return policies(ctx, command, p.Policy)
	}
	return load(ctx, p.Import)
}

func migrate(ctx context.Context, url string, do func(context.Context, *store.Store) error) error {
	s, err := postgres.Open(postgres.Config{URL: url, MaxConnections: 2})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	return do(ctx, s)
}

func up(ctx context.Context, s *store.Store) error {
	done, err := s.Migrate(ctx)
	for _, m := range done {
		fmt.Printf("applied %s\n", m.Name)
	}
	if err == nil && len(done) == 0 {
		fmt.Println("nothing to do: the database has this program's schema")
	}
	return err
}

func status(ctx context.Context, s *store.Store) error {
	steps, err := s.MigrationStatus(ctx)
	for _, m := range steps {
		when := "not applied"
		if !m.AppliedAt.IsZero() {
			when = m.AppliedAt.UTC().Format("2006-01-02 15:04:05Z")
		}
		fmt.Printf("%-30s %s\n", m.Name, when)
	}
	return err
}

func down(ctx context.Context, s *store.Store) error {
	m, err := s.MigrateDown(ctx)
	switch {
	case err != nil:
		return err
	case m == nil:
		fmt.Println("nothing to do: no step is applied")
	default:
		fmt.Printf("undid %s\n", m.Name)
	}
	return nil
}

func health(ctx context.Context, h config.Health) error {
	ctx, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.URL, http.NoBody)
	if err != nil {
		return fault.InvalidField("--url", "is not a URL")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fault.New(fault.Unavailable, "unreachable", "%s does not answer.", h.URL).With(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fault.New(fault.Unavailable, "not-ready", "%s answers %s.", h.URL, resp.Status)
	}
	return nil
}

func load(ctx context.Context, c config.Import) error {
	s, err := postgres.Open(postgres.Config{URL: c.Database.Database, Role: postgres.AppRole, MaxConnections: 2})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	if err := s.Ready(ctx); err != nil {
		return err
	}
	_, err = importer.Run(ctx, importer.Options{
		Accounts: c.Accounts, Packages: c.Packages, Usage: c.Usage, Target: s, Out: os.Stdout, Progress: term.IsTerminal(int(os.Stdout.Fd())),
	})
	return err
}

// number is the version; a release sets it with -ldflags "-X main.number=…".
var number = "0.1.0-dev"

func version() string {
	revision := "unknown revision"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value
			}
		}
		return fmt.Sprintf("refunddesk %s (%s, %s)", number, revision, info.GoVersion)
	}
	return "refunddesk " + number
}
