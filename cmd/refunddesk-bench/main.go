// Program refunddesk-bench measures RefundDesk beside the limits of what it stands on: clean
// refunds, filed over HTTP until they are credited and told, beside an empty workflow and a
// workflow of three regular no-op activities on the same engine, and POST /v1/refunds beside
// a handler that does one committed INSERT in the same database.
//
// It starts the real programs on a private PostgreSQL that waits for its disk. It has no
// threshold: it fails only when a refund was not credited exactly once, a ledger does not
// sum to zero, or something did not work at all.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"golang.org/x/term"
)

type flags struct {
	Rounds     int     `help:"How often everything is measured; what is printed are medians." default:"5"`
	Seconds    float64 `help:"How long one segment of a round lasts." default:"5"`
	Clients    []int   `help:"How many refunds are in flight." default:"1,8,32"`
	Quick      bool    `help:"One short round, to see that it works. Its figures say little."`
	Statements int     `help:"List the N statements of the records that cost most per refund. Measuring them slows them down." placeholder:"N"`
	JSON       string  `name:"json" help:"Write every figure of every round to a file." placeholder:"FILE"`
}

// Validate implements kong's hook.
func (f *flags) Validate() error {
	if f.Quick {
		f.Rounds, f.Seconds, f.Clients = 1, 0.7, []int{1, 8}
	}
	switch {
	case f.Rounds < 1:
		return fmt.Errorf("--rounds must be 1 or more")
	case !(f.Seconds > 0):
		return fmt.Errorf("--seconds must be more than 0")
	case f.Statements < 0:
		return fmt.Errorf("--statements must be 0 or more")
	}
	for _, n := range f.Clients {
		if n < 1 || n > accounts {
			return fmt.Errorf("--clients must be from 1 to %d", accounts)
		}
	}
	return nil
}

func (f *flags) segment() time.Duration { return time.Duration(f.Seconds * float64(time.Second)) }

func main() {
	if len(os.Args) > 1 && os.Args[1] == partArgument {
		os.Exit(runPart(os.Args[2:]))
	}
	var f flags
	kong.Parse(&f, kong.Name("refunddesk-bench"), kong.Description(
		"Measures RefundDesk on a private PostgreSQL beside the limits of engine and database, in the same run."))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, f); err != nil {
		fmt.Fprintf(os.Stderr, "refunddesk-bench: %v\n", err)
		os.Exit(1)
	}
}

// run measures and prints; also the test's way in.
func run(ctx context.Context, f flags) error {
	b, err := start(ctx, f)
	if err != nil {
		return err
	}
	defer b.stop()
	out, err := b.measure(ctx, newProgress(os.Stderr, term.IsTerminal(int(os.Stderr.Fd()))))
	if err != nil {
		return err
	}
	if err := b.verify(ctx); err != nil {
		return fmt.Errorf("WRONG: %w", err)
	}
	out.print(os.Stdout)
	if f.JSON == "" {
		return nil
	}
	return out.write(f.JSON)
}
