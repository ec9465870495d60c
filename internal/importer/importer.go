package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"refunddesk/internal/fault"
)

// Options say what is imported, and where to.
type Options struct {
	// The paths of the three files. An empty one leaves that file out; packages may then
	// belong to accounts, and usage to packages, that the target has already.
	Accounts, Packages, Usage string
	// FS is where the paths lead; nil means the machine's files.
	FS fs.FS
	// Target takes the rows.
	Target Target
	// Out is told how it goes; nil means nobody is. Every problem is written to it.
	Out io.Writer
	// Progress draws a bar on Out, which must be a terminal then.
	Progress bool
}

// Summary says what an import changed.
type Summary struct {
	Accounts, Packages, Usage Result
}

// Run reads and checks all files, and when nothing is wrong with any of them writes
// accounts, then packages, then usage, each file in one transaction.
//
// Errors: fault Unprocessable "import-refused" when a line is wrong or a row was refused
// by the target (errors.As finds the *Problems, which have been written to Out as well);
// "import-unreadable" when a file cannot be read; the target's own faults; ctx's error.
// A row refused while writing leaves its file and the later ones unwritten; earlier files
// stay, and importing them again does no harm.
func Run(ctx context.Context, o Options) (Summary, error) {
	if o.Out == nil {
		o.Out = io.Discard
	}
	r := &run{Options: o, report: reporter{out: o.Out, bars: o.Progress}, problems: &Problems{}}
	r.accounts = newAccounts(filepath.Base(o.Accounts), r.problems)
	r.packages = newPackages(filepath.Base(o.Packages), r.problems)
	r.usage = newUsage(filepath.Base(o.Usage), r.problems)
	if err := r.read(ctx); err != nil {
		return Summary{}, err
	}
	if r.problems.Total > 0 {
		return Summary{}, r.refuse("nothing was written")
	}
	return r.write(ctx)
}

type run struct {
	Options
	report   reporter
	problems *Problems
	accounts *accounts
	packages *packages
	usage    *usage
}

func (r *run) read(ctx context.Context) error {
	if err := r.readFile(ctx, r.Accounts, &r.accounts.table, r.accounts.row); err != nil {
		return err
	}
	if err := r.readFile(ctx, r.Packages, &r.packages.table, r.packages.row); err != nil {
		return err
	}
	// What refers to a file that could not be made out is not held against its lines.
	if r.Accounts == "" || r.accounts.readable {
		if err := r.packages.checkOwners(ctx, r.Target, r.accounts); err != nil {
			return err
		}
	}
	if err := r.readFile(ctx, r.Usage, &r.usage.table, r.usage.row); err != nil {
		return err
	}
	if r.Packages == "" || r.packages.readable {
		return r.usage.checkPackages(ctx, r.Target, r.packages)
	}
	return nil
}

func (r *run) readFile(ctx context.Context, path string, t *table, row func()) error {
	if path == "" {
		return nil
	}
	file, size, err := r.open(path)
	if err != nil {
		return unreadable(t.file, err)
	}
	defer file.Close()
	at, end := r.report.step("reading "+t.file, size)
	err = t.read(ctx, file, at, row)
	end("")
	if err != nil && ctx.Err() == nil {
		return unreadable(t.file, err)
	}
	return err
}

func (r *run) open(path string) (io.ReadCloser, int64, error) {
	open := func() (fs.File, error) { return os.Open(path) }
	if r.FS != nil {
		open = func() (fs.File, error) { return r.FS.Open(path) }
	}
	file, err := open()
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err == nil && info.IsDir() {
		err = errors.New("it is a folder")
	}
	if err != nil {
		_ = file.Close() // nothing was read from it
		return nil, 0, err
	}
	return file, info.Size(), nil
}

func unreadable(file string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err // without the path, which is in the sentence already
	}
	return fault.New(fault.Unprocessable, "import-unreadable", "%s cannot be read: %v.", file, err).With(err)
}

func (r *run) write(ctx context.Context) (Summary, error) {
	var s Summary
	err := writeFile(ctx, r, &r.accounts.table, r.Accounts, r.accounts.rows, r.Target.ImportAccounts, &s.Accounts, func(i int) int32 { return r.accounts.lines[i] })
	if err != nil {
		return s, err
	}
	err = writeFile(ctx, r, &r.packages.table, r.Packages, r.packages.rows, r.Target.ImportPackages, &s.Packages, func(i int) int32 { return r.packages.owners[i].line })
	if err != nil {
		return s, err
	}
	err = writeFile(ctx, r, &r.usage.table, r.Usage, r.usage.rows, r.Target.ImportUsage, &s.Usage, func(i int) int32 { return r.usage.places[i].line })
	return s, err
}

// writeFile hands the rows of one file to the target and turns refused rows into problems
// with the lines they came from.
func writeFile[T any](ctx context.Context, r *run, t *table, path string, rows []T,
	write func(context.Context, []T, func(int)) (Result, error), result *Result, lineOf func(int) int32) error {
	if path == "" {
		return nil
	}
	at, end := r.report.step("writing "+t.file, int64(len(rows)))
	done, err := write(ctx, rows, func(n int) { at(int64(n)) })
	if err == nil {
		end("%s: %d new, %d already there", t.file, done.New, done.Same)
		*result = done
		return nil
	}
	end("")
	refused := rowErrors(err)
	if len(refused) == 0 {
		return err
	}
	for _, one := range refused {
		if one.Index < 0 || one.Index >= len(rows) {
			return fmt.Errorf("importer: the target refused row %d of %d: %w", one.Index, len(rows), err)
		}
		p := Problem{File: t.file, Line: int(lineOf(one.Index)), Reason: one.Err.Error()}
		if len(one.Err.Fields) > 0 {
			p.Column = one.Err.Fields[0].Name
		}
		r.problems.add(p)
	}
	return r.refuse("nothing of " + t.file + " was written")
}

func (r *run) refuse(written string) error {
	fmt.Fprintln(r.Out, r.problems.Error())
	return r.problems.refused(written)
}
