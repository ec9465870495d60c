package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"refunddesk/internal/config"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/money"
	"refunddesk/internal/policy"
	"refunddesk/internal/store/postgres"
)

// policyRecords is what the policy commands read.
type policyRecords interface {
	PolicyVersion(ctx context.Context, version string) (desk.PolicyVersion, error)
	Screenings(ctx context.Context, limit int, total func(int), each func(policy.Case) error) error
}

// policyOut is where the policy commands write: results, and what is only for a person who
// watches.
type policyOut struct {
	results, remarks io.Writer
	bars             bool
}

func policies(ctx context.Context, command string, p config.Policy) error {
	out := policyOut{results: os.Stdout, remarks: os.Stderr, bars: term.IsTerminal(int(os.Stderr.Fd()))}
	switch command {
	case "policy check <file>":
		return checkPolicy(p.Check, out)
	case "policy diff <file>":
		return overRecords(ctx, p.Diff.Database, func(records policyRecords) error { return diffPolicy(ctx, records, p.Diff, out) })
	}
	return overRecords(ctx, p.Backtest.Database, func(records policyRecords) error { return backtestPolicy(ctx, records, p.Backtest, out) })
}

func overRecords(ctx context.Context, d config.Database, do func(policyRecords) error) error {
	s, err := postgres.Open(postgres.Config{URL: d.Database, Role: postgres.AppRole, MaxConnections: 2})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	if err := s.Ready(ctx); err != nil {
		return err
	}
	return do(s)
}

// readPolicy compiles a file. Problems are written to the remarks, one a line as
// file:line:column, so that editors find them; the error says how many there are.
func readPolicy(file string, out policyOut) (*policy.Policy, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	// A little more than a policy may have is read of whatever it is: that it is too large
	// is then said by who knows how large it may be.
	source, err := io.ReadAll(io.LimitReader(f, policy.MostSource+1))
	if err != nil {
		return nil, err
	}
	p, err := policy.Parse("", source)
	var problems *fault.Error
	if !errors.As(err, &problems) || problems.Code != policy.CodeInvalid {
		return p, err
	}
	for _, field := range problems.Fields {
		name := field.Name
		if name != "" {
			name += " "
		}
		fmt.Fprintf(out.remarks, "%s:%d:%d: %s%s\n", file, field.Line, field.Column, name, field.Problem)
	}
	return nil, fault.New(fault.Unprocessable, policy.CodeInvalid, "%s is no policy: %d problem(s)", file, len(problems.Fields)).With(err)
}

func checkPolicy(c config.PolicyCheck, out policyOut) error {
	p, err := readPolicy(c.File, out)
	if err != nil {
		return err
	}
	fmt.Fprintf(out.results, "OK %s\n\n", p.Digest())
	return table(out.results, "RULE\tVERDICT\tWEIGHT\tWHEN", func(row func(...any)) {
		for _, r := range p.Rules() {
			row(r.ID, r.Verdict, r.Weight, strings.Join(strings.Fields(r.When), " "))
		}
	})
}

func diffPolicy(ctx context.Context, records policyRecords, c config.PolicyDiff, out policyOut) error {
	to, err := readPolicy(c.File, out)
	if err != nil {
		return err
	}
	other, err := records.PolicyVersion(ctx, c.Against)
	if err != nil {
		return err
	}
	from, err := policy.Parse(other.Version, []byte(other.Source))
	if err != nil {
		return err
	}
	diff := policy.DiffOf(from, to)
	if c.JSON {
		return writeJSON(out.results, diff)
	}
	fmt.Fprintf(out.results, "version %s (%s) %s\n%s %s\n", other.Version, other.State, diff.From, c.File, diff.To)
	if diff.Same() {
		fmt.Fprintln(out.results, "\nThey judge alike.")
		return nil
	}
	field := func(row func(...any), of string, d policy.FieldDiff) {
		row(of, d.Field, orNothing(d.From), orNothing(d.To))
	}
	fmt.Fprintln(out.results)
	return table(out.results, "WHERE\tWHAT\tBEFORE\tAFTER", func(row func(...any)) {
		for _, r := range diff.Rules {
			for _, d := range r.Fields {
				field(row, r.Change+" rule "+r.ID, d)
			}
		}
		for _, d := range diff.Settings {
			field(row, "setting", d)
		}
	})
}

func backtestPolicy(ctx context.Context, records policyRecords, c config.PolicyBacktest, out policyOut) error {
	p, err := readPolicy(c.File, out)
	if err != nil {
		return err
	}
	test := policy.NewBacktest(p)
	bar := progressbar.NewOptions(-1, progressbar.OptionSetVisibility(false))
	begin := func(total int) {
		if !out.bars || total == 0 {
			return
		}
		bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(out.remarks), progressbar.OptionSetDescription("replaying"), progressbar.OptionSetWidth(30),
			progressbar.OptionShowCount(), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
	}
	err = records.Screenings(ctx, c.Limit, begin, func(past policy.Case) error {
		test.Add(past)
		_ = bar.Add(1) // a terminal that goes away is no reason to stop
		return ctx.Err()
	})
	_ = bar.Finish()
	if err != nil {
		return err
	}
	report := test.Report()
	if c.JSON {
		return writeJSON(out.results, report)
	}
	return writeReport(out.results, c.File, report)
}

// idsShown is how many refunds of a group a person is shown; --json has more.
const idsShown = 20

func writeReport(w io.Writer, file string, r policy.Report) error {
	fmt.Fprintf(w, "%s %s\n%d past requests, %d verdicts would change\n", file, r.Digest, r.Cases, r.Changed)
	if len(r.Changes) > 0 {
		fmt.Fprintln(w)
		err := table(w, "VERDICT\tWOULD BE\tREFUNDS\tMONEY\tPEOPLE APPROVED\tPEOPLE REJECTED", func(row func(...any)) {
			for _, c := range r.Changes {
				row(c.From, c.To, c.Count, sums(c.Money), c.Approved, c.Rejected)
			}
		})
		if err != nil {
			return err
		}
	}
	fmt.Fprintf(w, "\npeople rejected %d; the policy would approve %d of them by itself%s\n", r.KnownBad, r.Missed.Count, inMoney(r.Missed))
	fmt.Fprintf(w, "people approved %d; the policy would have %d of them reviewed or rejected%s\n", r.KnownGood, r.Disturbed.Count, inMoney(r.Disturbed))
	for _, c := range r.Changes {
		writeIDs(w, fmt.Sprintf("%s, would be %s", c.From, c.To), c.Group)
	}
	writeIDs(w, "rejected by people, would be approved", r.Missed)
	return nil
}

func writeIDs(w io.Writer, title string, g policy.Group) {
	if g.Count == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s:\n", title)
	shown := min(idsShown, len(g.Refunds))
	for _, id := range g.Refunds[:shown] {
		fmt.Fprintf(w, "  %s\n", id)
	}
	if more := g.Count - shown; more > 0 {
		fmt.Fprintf(w, "  and %d more; --json names the newest %d\n", more, policy.MostIDs)
	}
}

func inMoney(g policy.Group) string {
	if g.Count == 0 {
		return ""
	}
	return ": " + sums(g.Money)
}

func sums(of []money.Money) string {
	parts := make([]string, 0, len(of))
	for _, m := range of {
		parts = append(parts, m.Format("en"))
	}
	return strings.Join(parts, ", ")
}

func orNothing(s string) string {
	if s == "" {
		return "-"
	}
	return strings.Join(strings.Fields(s), " ")
}

// table writes aligned columns.
func table(w io.Writer, head string, rows func(row func(...any))) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, head)
	rows(func(cells ...any) {
		words := make([]string, 0, len(cells))
		for _, c := range cells {
			words = append(words, fmt.Sprint(c))
		}
		fmt.Fprintln(t, strings.Join(words, "\t"))
	})
	return t.Flush()
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
