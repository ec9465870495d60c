// Package importertest has an import target that keeps everything in memory: for tests,
// and as the shortest telling of what a target does.
package importertest

import (
	"context"
	"errors"
	"maps"
	"reflect"

	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/importer"
	"refunddesk/internal/refund"
)

// Memory is an importer.Target. Its maps can be looked at, and changed between imports.
type Memory struct {
	Accounts map[string]refund.Account
	Packages map[string]refund.Package // Remaining is what usage left
	Usage    map[string]desk.UsageRecord
	// Asked counts the look-ups, Wrote the import calls that changed something.
	Asked, Wrote int
	// Fail, when set, is what every call returns.
	Fail error
}

// New makes an empty target.
func New() *Memory {
	return &Memory{Accounts: map[string]refund.Account{}, Packages: map[string]refund.Package{}, Usage: map[string]desk.UsageRecord{}}
}

var _ importer.Target = (*Memory)(nil)

// ImportAccounts keeps accounts.
func (m *Memory) ImportAccounts(ctx context.Context, rows []refund.Account, progress func(int)) (importer.Result, error) {
	return all(ctx, m, &m.Accounts, rows, progress, func(next map[string]refund.Account, row refund.Account) (bool, *fault.Error) {
		if there, ok := next[row.ID]; ok {
			return false, mismatch(there.RegisteredAt.Equal(row.RegisteredAt), "account-mismatch")
		}
		next[row.ID] = row
		return true, nil
	})
}

// ImportPackages keeps packages.
func (m *Memory) ImportPackages(ctx context.Context, rows []refund.Package, progress func(int)) (importer.Result, error) {
	return all(ctx, m, &m.Packages, rows, progress, func(next map[string]refund.Package, row refund.Package) (bool, *fault.Error) {
		if there, ok := next[row.ID]; ok {
			same := there.AccountID == row.AccountID && there.Name == row.Name && there.Currency == row.Currency &&
				there.Paid == row.Paid && there.Face == row.Face && there.PurchasedAt.Equal(row.PurchasedAt)
			return false, mismatch(same, "package-mismatch")
		}
		next[row.ID] = row
		return true, nil
	})
}

// ImportUsage keeps usage and takes its cost from the packages.
func (m *Memory) ImportUsage(ctx context.Context, rows []desk.UsageRecord, progress func(int)) (importer.Result, error) {
	packages := maps.Clone(m.Packages)
	result, err := all(ctx, m, &m.Usage, rows, progress, func(next map[string]desk.UsageRecord, row desk.UsageRecord) (bool, *fault.Error) {
		if there, ok := next[row.ID]; ok {
			return false, mismatch(reflect.DeepEqual(there, row), "usage-mismatch")
		}
		p := packages[row.PackageID]
		switch {
		case p.Recorded == refund.Frozen:
			return false, refund.ErrPackageFrozen
		case p.Recorded == refund.Refunded:
			return false, refund.ErrPackageClosed
		case row.Cost > p.Remaining:
			return false, refund.ErrInsufficientBalance
		}
		p.Remaining -= row.Cost
		packages[row.PackageID], next[row.ID] = p, row
		return true, nil
	})
	if err == nil {
		m.Packages = packages
	}
	return result, err
}

// KnownAccounts tells which accounts are there.
func (m *Memory) KnownAccounts(_ context.Context, ids []string) (map[string]bool, error) {
	m.Asked++
	known := map[string]bool{}
	for _, id := range ids {
		if _, ok := m.Accounts[id]; ok {
			known[id] = true
		}
	}
	return known, m.Fail
}

// KnownPackages gives the facts of the packages that are there.
func (m *Memory) KnownPackages(_ context.Context, ids []string) (map[string]importer.PackageFacts, error) {
	m.Asked++
	known := map[string]importer.PackageFacts{}
	for _, id := range ids {
		if p, ok := m.Packages[id]; ok {
			known[id] = importer.PackageFacts{Currency: p.Currency, Face: p.Face, PurchasedAt: p.PurchasedAt, ExpiresAt: p.ExpiresAt}
		}
	}
	return known, m.Fail
}

// all is the transaction: what keep writes replaces the table when no row was refused.
func all[T any](ctx context.Context, m *Memory, table *map[string]T, rows []T, progress func(int), keep func(map[string]T, T) (bool, *fault.Error)) (importer.Result, error) {
	if m.Fail != nil {
		return importer.Result{}, m.Fail
	}
	if ctx.Err() != nil {
		return importer.Result{}, ctx.Err()
	}
	next := maps.Clone(*table)
	var result importer.Result
	var refused []error
	for i, row := range rows {
		written, err := keep(next, row)
		switch {
		case err != nil:
			refused = append(refused, &importer.RowError{Index: i, Err: err})
		case written:
			result.New++
		default:
			result.Same++
		}
		progress(i + 1)
	}
	if len(refused) > 0 {
		return importer.Result{}, errors.Join(refused...)
	}
	if result.New > 0 {
		m.Wrote++
	}
	*table = next
	return result, nil
}

func mismatch(same bool, code string) *fault.Error {
	if same {
		return nil
	}
	return fault.New(fault.Conflict, code, "This id is there already with other content.")
}
