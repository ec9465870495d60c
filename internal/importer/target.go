// Package importer loads a billing export: accounts, packages and usage as CSV files.
//
// It reads and checks all files first and reports every bad line with file, line, column
// and reason; only when there is none does it write, one transaction a file. The same
// files again change nothing.
package importer

import (
	"context"
	"fmt"
	"time"

	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/refund"
)

// Target is where an export is written to.
//
// Each Import… method is one transaction: either every row is there when it returns nil,
// or none. Rows come in the order of the file and are written in it, in batches as the
// target likes. A row is
//   - New when its id is not there: it is written as the API would, with its journal
//     (accounts: none; packages: the purchase; usage: the consumption) and its audit entry;
//   - Same when its id is there with the same content. What RefundDesk itself has changed
//     since does not make it another: standing, contact data, locale, dispute, auto-renewal,
//     an expiry that moved with a freeze, what remains of a package, its refund. Nothing is
//     written, so that a file imported again neither undoes a suspension nor thaws a package;
//   - an error otherwise: *RowError with the row's index and a Conflict fault, such as
//     "account-mismatch", "package-mismatch", "usage-mismatch" (that id with other content).
//     A new usage row that the package cannot take is one too: "insufficient-balance",
//     "package-frozen", "package-closed" (refunded). Expired is no reason: an export tells
//     the past, and the importer has checked that the usage is from before the expiry.
//
// Several RowErrors of one call may be joined (errors.Join); one is enough to refuse the
// file. Other errors are fault Unavailable or Internal and are about no row.
//
// progress is called now and then with the number of rows dealt with so far, from the
// calling goroutine; it is never nil.
type Target interface {
	ImportAccounts(ctx context.Context, rows []refund.Account, progress func(done int)) (Result, error)
	// ImportPackages gets rows with Recorded active and Remaining equal to Face.
	ImportPackages(ctx context.Context, rows []refund.Package, progress func(done int)) (Result, error)
	// ImportUsage gets rows with the package's currency and a zero RecordedAt: when it was
	// recorded is now, which the target knows best.
	ImportUsage(ctx context.Context, rows []desk.UsageRecord, progress func(done int)) (Result, error)

	// KnownAccounts tells which of the ids (at most 500) are accounts that are there.
	KnownAccounts(ctx context.Context, ids []string) (map[string]bool, error)
	// KnownPackages gives what usage is checked against for those of the ids (at most 500)
	// that are there.
	KnownPackages(ctx context.Context, ids []string) (map[string]PackageFacts, error)
}

// askAtOnce is how many ids one Known… call gets at most: below every database's limit of
// parameters.
const askAtOnce = 500

// PackageFacts are what usage of a package is checked against.
type PackageFacts struct {
	Currency    string
	Face        int64 // micros: no usage in all can cost more
	PurchasedAt time.Time
	ExpiresAt   *time.Time
}

// Result counts what became of the rows of one file.
type Result struct {
	New  int // written
	Same int // there already with the same content
}

// RowError refuses one row.
type RowError struct {
	Index int // in the slice given to Import…, from 0
	Err   *fault.Error
}

func (e *RowError) Error() string { return fmt.Sprintf("row %d: %v", e.Index, e.Err) }

// Unwrap gives the fault.
func (e *RowError) Unwrap() error { return e.Err }

// rowErrors finds the RowErrors in err, also joined ones.
func rowErrors(err error) []*RowError {
	switch e := err.(type) { //nolint:errorlint // this walks the tree of wrapped errors itself, to find all of them
	case nil:
		return nil
	case *RowError:
		return []*RowError{e}
	case interface{ Unwrap() []error }:
		var all []*RowError
		for _, one := range e.Unwrap() {
			all = append(all, rowErrors(one)...)
		}
		return all
	case interface{ Unwrap() error }:
		return rowErrors(e.Unwrap())
	}
	return nil
}
