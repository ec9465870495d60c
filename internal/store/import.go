package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/importer"
	"refunddesk/internal/refund"
)

var _ importer.Target = (*Store)(nil)

// importing is who appears in the audit log for an imported row.
var importing = identity.Actor{Subject: "import", Roles: []identity.Role{identity.Integrator}}

// The refusals of rows whose id is taken by something else.
var (
	errAccountMismatch = fault.New(fault.Conflict, "account-mismatch", "An account with this id is there already, with other content.")
	errPackageMismatch = fault.New(fault.Conflict, "package-mismatch", "A package with this id is there already, with other content.")
)

// progressEvery is after how many rows progress is told.
const progressEvery = 100

// importRows runs one row after another in one transaction. write reports whether the row
// is new; a fault of the caller's kind is the row's, any other error ends the import.
func importRows[T any](ctx context.Context, s *Store, rows []T, progress func(int), write func(*gorm.DB, T) (bool, error)) (importer.Result, error) {
	var result importer.Result
	err := s.write(ctx, func(tx *gorm.DB) error {
		result = importer.Result{} // the transaction may be tried again
		for i, row := range rows {
			isNew, err := write(tx, row)
			if err != nil {
				if fault.IsAnswer(err) {
					return &importer.RowError{Index: i, Err: fault.From(err)}
				}
				return err
			}
			if isNew {
				result.New++
			} else {
				result.Same++
			}
			if (i+1)%progressEvery == 0 || i+1 == len(rows) {
				progress(i + 1)
			}
		}
		return nil
	})
	if err != nil {
		return importer.Result{}, err
	}
	return result, nil
}

// ImportAccounts implements importer.Target.
func (s *Store) ImportAccounts(ctx context.Context, rows []refund.Account, progress func(int)) (importer.Result, error) {
	return importRows(ctx, s, rows, progress, func(tx *gorm.DB, a refund.Account) (bool, error) {
		now := s.now()
		a.CreatedAt, a.UpdatedAt, a.Version = now, now, 1
		row := accountRowOf(a)
		res := tx.Exec(`INSERT INTO accounts (id, name, email, phone, payer, locale, standing, standing_reason, registered_at, created_at, updated_at, version)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
			row.ID, row.Name, row.Email, row.Phone, row.Payer, row.Locale, row.Standing, row.StandingReason, row.RegisteredAt, now, now, 1)
		if res.Error != nil {
			return false, res.Error
		}
		if res.RowsAffected == 0 {
			var first accountRow
			if err := tx.Raw(selectAccount, a.ID).Scan(&first).Error; err != nil {
				return false, err
			}
			// What can be changed since (contact, payer, locale, standing) does not make it another.
			if !first.RegisteredAt.Equal(a.RegisteredAt) {
				return false, errAccountMismatch
			}
			return false, nil
		}
		return true, writeEntries(tx, audit.Entry{
			Actor: importing.Subject, Role: importing.MainRole(), Action: audit.AccountCreated, Object: audit.ObjectAccount, ObjectID: a.ID,
			ObjectVersion: 1, NewState: row.Standing,
		})
	})
}

// ImportPackages implements importer.Target.
func (s *Store) ImportPackages(ctx context.Context, rows []refund.Package, progress func(int)) (importer.Result, error) {
	return importRows(ctx, s, rows, progress, func(tx *gorm.DB, p refund.Package) (bool, error) {
		now := s.now()
		p.Version, p.CreatedAt = 1, now
		err := s.insertPackage(tx, p, now)
		if err == nil {
			return true, writeEntries(tx, s.boughtEntry(ctx, importing, p))
		}
		if fault.CodeOf(err) != ErrPackageExists.Code {
			return false, err
		}
		first, err := s.packageFor(tx, p.ID, "")
		if err != nil {
			return false, err
		}
		same := first.AccountID == p.AccountID && first.Product == p.Product && first.Name == p.Name && first.Currency == p.Currency &&
			first.Paid == p.Paid && first.Face == p.Face && first.PurchasedAt.Equal(p.PurchasedAt) && (first.ExpiresAt == nil) == (p.ExpiresAt == nil)
		if !same {
			return false, errPackageMismatch
		}
		return false, nil
	})
}

// ImportUsage implements importer.Target. An export tells the past: usage from before an
// expiry or a freeze is not refused for when it arrives, only for what the package has left
// and for a refund that ended or froze it.
func (s *Store) ImportUsage(ctx context.Context, rows []desk.UsageRecord, progress func(int)) (importer.Result, error) {
	return importRows(ctx, s, rows, progress, func(tx *gorm.DB, u desk.UsageRecord) (bool, error) {
		first, found, err := usageOf(tx, u.ID)
		if err != nil {
			return false, err
		}
		if found {
			if first.PackageID != u.PackageID || first.Cost != u.Cost || !first.OccurredAt.Equal(u.OccurredAt) {
				return false, ErrUsageMismatch
			}
			return false, nil
		}
		v, err := s.packageFor(tx, u.PackageID, s.lock("FOR NO KEY UPDATE OF p, l"))
		if err != nil {
			return false, err
		}
		now := s.now()
		past := v.Package
		past.ExpiresAt = nil
		if refusal := past.TakesUsage(u.Cost, u.OccurredAt, now, s.drain); refusal != nil {
			return false, refusal
		}
		u.Currency = v.Currency
		if err := s.insertUsage(tx, u, v.AccountID, now); err != nil {
			return false, err
		}
		return true, writeEntries(tx, audit.Entry{
			Actor: importing.Subject, Role: importing.MainRole(), Action: audit.UsageRecorded, Object: audit.ObjectPackage, ObjectID: u.PackageID,
			ObjectVersion: v.Version + 1, Amount: amountOf(&u.Cost, u.Currency), OperationID: "usage/" + u.ID,
		})
	})
}

// KnownAccounts implements importer.Target.
func (s *Store) KnownAccounts(ctx context.Context, ids []string) (map[string]bool, error) {
	var found []string
	if err := s.read(ctx).Raw("SELECT id FROM accounts WHERE id IN ?", ids).Scan(&found).Error; err != nil {
		return nil, classify(err)
	}
	known := make(map[string]bool, len(found))
	for _, id := range found {
		known[id] = true
	}
	return known, nil
}

// KnownPackages implements importer.Target.
func (s *Store) KnownPackages(ctx context.Context, ids []string) (map[string]importer.PackageFacts, error) {
	var rows []struct {
		ID          string
		Currency    string
		Face        int64
		PurchasedAt time.Time
		ExpiresAt   *time.Time
	}
	if err := s.read(ctx).Raw("SELECT id, currency, face, purchased_at, expires_at FROM packages WHERE id IN ?", ids).Scan(&rows).Error; err != nil {
		return nil, classify(err)
	}
	known := make(map[string]importer.PackageFacts, len(rows))
	for _, r := range rows {
		known[r.ID] = importer.PackageFacts{Currency: r.Currency, Face: r.Face, PurchasedAt: r.PurchasedAt.UTC(), ExpiresAt: utc(r.ExpiresAt)}
	}
	return known, nil
}
