// Program refunddesk-dev is all of RefundDesk in one process for development and
// evaluation: nothing to install, everything kept in one folder. It is not for production:
// it gives everybody a token, and binds loopback only.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"refunddesk/internal/devstack"
	"refunddesk/internal/fault"
)

type flags struct {
	Data     string `help:"The folder that keeps everything." default:"./data" placeholder:"DIR"`
	HTTP     string `name:"http" help:"Where to listen, loopback only." default:"127.0.0.1:8080" placeholder:"ADDR"`
	Engine   string `help:"Where the embedded engine listens, loopback only." default:"127.0.0.1:7233" placeholder:"ADDR"`
	EngineUI string `name:"engine-ui" help:"Where the engine's own web page is, loopback only; empty: off." default:"127.0.0.1:8233" placeholder:"ADDR"`
	NoDemo   bool   `help:"Start without demo data."`
	Database string `help:"Keep the application's records in PostgreSQL instead of a file in the folder." placeholder:"URL"`
	LogLevel string `help:"What to log: debug, info, warn or error." default:"warn" enum:"debug,info,warn,error" placeholder:"LEVEL"`
}

func main() {
	var f flags
	parser := kong.Must(&f, kong.Name("refunddesk-dev"), kong.Description("RefundDesk for development: engine, records, API, worker, inbox and demo data in one process."))
	if _, err := parser.Parse(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "refunddesk-dev: %v\nTry \"refunddesk-dev --help\".\n", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, f); err != nil {
		var known *fault.Error
		if errors.As(err, &known) && known.Kind != fault.Internal {
			fmt.Fprintf(os.Stderr, "refunddesk-dev: %s\n", known.Detail)
		} else {
			fmt.Fprintf(os.Stderr, "refunddesk-dev: %v\n", err)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, f flags) error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.LogLevel)); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	slog.SetDefault(log)
	o := devstack.Options{
		Data: f.Data, HTTP: f.HTTP, Engine: f.Engine, EngineUI: f.EngineUI, NoDemo: f.NoDemo, Database: f.Database,
		Out: os.Stdout, Log: log,
	}
	stack, err := devstack.Start(ctx, o)
	if err != nil {
		return err
	}
	stack.Describe(o, os.Stdout)
	select {
	case err = <-stack.App.Failed():
	case <-ctx.Done():
	}
	return errors.Join(err, stack.Stop())
}
