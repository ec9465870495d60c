// Package demo has the demonstration data: a billing export of forty fictional customers,
// loaded the way a real export is, and beside them the customers of some two dozen cases
// that show the desk: Prepare makes them, with clocks that have been running for days, and
// Play has the demo's people work on them.
//
// The export is made by the program in the folder generate from prices.csv, which has
// real list prices of Global SMS per destination, and is committed. Usage is messages
// times the destination's price, in CNY at 7.20 and in EUR at 0.90 for one USD: fixed
// rates of the demo. acct_demo and acct_demo2 own one package for every rule of a refund,
// such as pkg_demo_unused_1, pkg_demo_large_1 (a person decides) and pkg_demo_exhausted_1.
package demo

import (
	"context"
	"embed"
	"io"

	"refunddesk/internal/importer"
)

//go:generate go run ./generate -dir .

//go:embed export/*.csv
var export embed.FS

// Load imports the demo export into the target and tells out how it goes, without a bar.
// Loading it again changes nothing. Errors are those of importer.Run.
func Load(ctx context.Context, target importer.Target, out io.Writer) (importer.Summary, error) {
	return importer.Run(ctx, importer.Options{
		Accounts: "export/accounts.csv", Packages: "export/packages.csv", Usage: "export/usage.csv",
		FS: export, Target: target, Out: out,
	})
}
