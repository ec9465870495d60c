package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/ledger"
	"refunddesk/internal/refund"
)

// CreatePackage implements desk.Records: the package and its purchase journal. The same
// package again is the first one; another one under the same id is ErrPackageExists.
func (s *Store) CreatePackage(ctx context.Context, by identity.Actor, p refund.Package) (refund.Package, error) {
	if p.ID == "" {
		p.ID = newID("pkg")
	}
	now := s.now()
	p.Recorded, p.Dispute, p.Version, p.CreatedAt, p.Remaining = refund.Active, refund.NoDispute, 1, now, p.Face
	if p.PurchasedAt.IsZero() {
		p.PurchasedAt = now
	}
	err := s.write(ctx, func(tx *gorm.DB) error {
		var account accountRow
		if err := s.lockAccount(tx, p.AccountID, &account); err != nil {
			return err
		}
		if err := s.insertPackage(tx, p, now); err != nil {
			return err
		}
		return writeEntries(tx, s.boughtEntry(ctx, by, p))
	})
	if errors.Is(err, ErrPackageExists) {
		if first, readErr := s.Package(ctx, p.ID); readErr == nil && samePackage(first.Package, p) {
			return first.Package, nil
		}
	}
	return p, err
}

func (s *Store) boughtEntry(ctx context.Context, by identity.Actor, p refund.Package) audit.Entry {
	face := amountOf(&p.Face, p.Currency)
	return audit.Entry{
		Actor: by.Subject, Role: by.MainRole(), Action: audit.PackageBought, Object: audit.ObjectPackage, ObjectID: p.ID,
		ObjectVersion: 1, NewState: string(refund.Active), Amount: face, RequestID: audit.RequestOf(ctx),
	}
}

// insertPackage writes package, ledger accounts and purchase journal. ErrPackageExists when the id is taken.
func (s *Store) insertPackage(tx *gorm.DB, p refund.Package, now time.Time) error {
	row := packageRowOf(p)
	bought := insert("packages", packageColumns, row.fields()...)
	res := tx.Exec(bought.sql+" ON CONFLICT (id) DO NOTHING", bought.args...)
	if res.Error != nil {
		return res.Error
	}
	if res.RowsAffected == 0 {
		return ErrPackageExists
	}
	// The customer's balance is opened with the purchase, so that crediting never has to.
	var accounts []any
	for _, id := range []string{
		ledger.ClearingAccount(p.Currency), ledger.CustomerAccount(p.AccountID, p.Currency), ledger.PackageAccount(p.ID),
		ledger.PromotionAccount(p.Currency), ledger.RevenueAccount(p.Currency),
	} {
		accounts = append(accounts, id, p.Currency)
	}
	opened := insert("ledger_accounts", "id currency", accounts...)
	if err := tx.Exec(opened.sql+" ON CONFLICT (id) DO NOTHING", opened.args...).Error; err != nil {
		return err
	}
	return post(tx, ledger.ForPurchase(p.ID, p.AccountID, p.Currency, p.Paid, p.Face), now)
}

// samePackage reports whether creating b found what creating a had left.
func samePackage(a, b refund.Package) bool {
	sameTime := func(x, y *time.Time) bool { return (x == nil) == (y == nil) && (x == nil || x.Equal(*y)) }
	return a.AccountID == b.AccountID && a.Product == b.Product && a.Name == b.Name && a.Currency == b.Currency &&
		a.Paid == b.Paid && a.Face == b.Face && sameTime(a.ExpiresAt, b.ExpiresAt) &&
		(a.PurchasedAt.Equal(b.PurchasedAt) || b.PurchasedAt.Equal(b.CreatedAt))
}

type packageView struct {
	Package  packageRow `gorm:"embedded;embeddedPrefix:p_"`
	Balance  int64
	Standing string
}

func (v *packageView) fields() fields { return append(v.Package.fields(), &v.Balance, &v.Standing) }

func (v packageView) domain() desk.PackageView {
	return desk.PackageView{Package: v.Package.domain(v.Balance), Standing: refund.Standing(v.Standing)}
}

var packageQuery = "SELECT " + prefixed("p", packageColumns) + `, l.balance AS balance, a.standing AS standing
  FROM packages p
  JOIN accounts a ON a.id = p.account_id
  JOIN ledger_accounts l ON l.id = 'package/' || p.id`

func (s *Store) packageFor(tx *gorm.DB, id, locking string) (desk.PackageView, error) {
	var v packageView
	if err := tx.Raw(packageQuery+" WHERE p.id = ?"+locking, id).Scan(&v).Error; err != nil {
		return desk.PackageView{}, err
	}
	if v.Package.ID == "" {
		return desk.PackageView{}, desk.Missing(audit.ObjectPackage, id)
	}
	return v.domain(), nil
}

// Package implements desk.Records.
func (s *Store) Package(ctx context.Context, id string) (desk.PackageView, error) {
	v, err := s.packageFor(s.read(ctx), id, "")
	return v, classify(err)
}

// Packages implements desk.Records: newest purchase first.
func (s *Store) Packages(ctx context.Context, f desk.PackageFilter) (desk.Page[desk.PackageView], error) {
	var where conditions
	where.equal("p.account_id", f.AccountID)
	where.equal("p.product", f.Product)
	where.among("p.id", f.IDs)
	if f.Cursor != "" {
		c, err := parseCursor(f.Cursor)
		if err != nil {
			return desk.Page[desk.PackageView]{}, err
		}
		where.add("(p.purchased_at, p.id) < (?, ?)", c.At, c.ID)
	}
	limit := limitOf(f.Paging)
	var rows []packageView
	query := packageQuery + where.sql() + " ORDER BY p.purchased_at DESC, p.id DESC LIMIT ?"
	if err := s.read(ctx).Raw(query, append(where.args, limit+1)...).Scan(&rows).Error; err != nil {
		return desk.Page[desk.PackageView]{}, classify(err)
	}
	return pageOf(rows, limit, packageView.domain, func(v packageView) cursor {
		return cursor{At: v.Package.PurchasedAt.UTC(), ID: v.Package.ID}
	}), nil
}

// ErrUsageMismatch refuses a usage id that was recorded with another cost or package.
var ErrUsageMismatch = fault.New(fault.Conflict, "usage-mismatch", "Usage with this id was recorded before with another cost or package.")

// RecordUsage implements desk.Records: idempotent on the usage's own id.
func (s *Store) RecordUsage(ctx context.Context, by identity.Actor, u desk.UsageRecord) (desk.UsageRecord, error) {
	var out desk.UsageRecord
	err := s.write(ctx, func(tx *gorm.DB) error {
		pkg, err := s.packageFor(tx, u.PackageID, s.lock("FOR NO KEY UPDATE OF p, l"))
		if err != nil {
			return err
		}
		u.Currency = pkg.Currency
		if first, found, err := usageOf(tx, u.ID); err != nil {
			return err
		} else if found {
			if first.Cost != u.Cost || first.PackageID != u.PackageID {
				return ErrUsageMismatch
			}
			out = first
			out.Currency = pkg.Currency
			return nil
		}
		now := s.now()
		if u.OccurredAt.IsZero() {
			u.OccurredAt = now
		}
		if u.OccurredAt.After(now.Add(desk.ClockSkew)) {
			return fault.InvalidField("occurred_at", "is in the future")
		}
		if u.OccurredAt.Before(pkg.PurchasedAt) {
			return fault.InvalidField("occurred_at", "is before the package was bought")
		}
		if refusal := pkg.TakesUsage(u.Cost, u.OccurredAt, now, s.drain); refusal != nil {
			return refusal
		}
		u.RecordedAt = now
		if err := s.insertUsage(tx, u, pkg.AccountID, now); err != nil {
			return err
		}
		out = u
		return writeEntries(tx, audit.Entry{
			Actor: by.Subject, Role: by.MainRole(), Action: audit.UsageRecorded, Object: audit.ObjectPackage, ObjectID: u.PackageID,
			ObjectVersion: pkg.Version + 1, Amount: amountOf(&u.Cost, u.Currency), OperationID: "usage/" + u.ID, RequestID: audit.RequestOf(ctx),
		})
	})
	return out, err
}

func (s *Store) insertUsage(tx *gorm.DB, u desk.UsageRecord, accountID string, now time.Time) error {
	res := tx.Exec("INSERT INTO usage_records (id, package_id, cost, occurred_at, recorded_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
		u.ID, u.PackageID, u.Cost, u.OccurredAt.UTC(), now)
	if res.Error != nil {
		return res.Error
	}
	if res.RowsAffected == 0 {
		return ErrUsageMismatch // somebody recorded it a moment ago, for another package
	}
	// The package is another one now: a decision that was shown the old one is stale.
	if err := tx.Exec("UPDATE packages SET version = version + 1 WHERE id = ?", u.PackageID).Error; err != nil {
		return err
	}
	return post(tx, ledger.ForUsage(u.ID, u.PackageID, accountID, u.Currency, u.Cost), now)
}

func usageOf(tx *gorm.DB, id string) (desk.UsageRecord, bool, error) {
	var row struct {
		ID         string
		PackageID  string
		Cost       int64
		OccurredAt time.Time
		RecordedAt time.Time
	}
	err := tx.Raw("SELECT * FROM usage_records WHERE id = ?", id).Scan(&row).Error
	return desk.UsageRecord{
		ID: row.ID, PackageID: row.PackageID, Cost: row.Cost, OccurredAt: row.OccurredAt.UTC(), RecordedAt: row.RecordedAt.UTC(),
	}, row.ID != "", err
}

// SetDispute implements desk.Records. The open refund of the package gets an intent in the
// same transaction.
func (s *Store) SetDispute(ctx context.Context, by identity.Actor, packageID string, to refund.Dispute) (refund.Package, []desk.Intent, error) {
	var out refund.Package
	var intents []desk.Intent
	err := s.write(ctx, func(tx *gorm.DB) error {
		intents = nil
		v, err := s.packageFor(tx, packageID, s.lock("FOR NO KEY UPDATE OF p, l"))
		if err != nil {
			return err
		}
		out = v.Package
		if out.Dispute == to {
			return nil
		}
		old := out.Dispute
		out.Dispute, out.Version = to, out.Version+1
		if err := tx.Exec("UPDATE packages SET dispute = ?, version = ? WHERE id = ?", string(to), out.Version, packageID).Error; err != nil {
			return err
		}
		if err := writeEntries(tx, audit.Entry{
			Actor: by.Subject, Role: by.MainRole(), Action: audit.DisputeChanged, Object: audit.ObjectPackage, ObjectID: packageID,
			ObjectVersion: out.Version, OldState: string(old), NewState: string(to), RequestID: audit.RequestOf(ctx),
		}); err != nil {
			return err
		}
		intents, err = s.tellOpenRefunds(tx, desk.IntentDispute, "package_id = ?", packageID)
		return err
	})
	return out, intents, err
}

// conditions collects a WHERE clause. Column names and operators are constants of ours.
type conditions struct {
	parts []string
	args  []any
}

func (c *conditions) add(part string, args ...any) {
	c.parts = append(c.parts, part)
	c.args = append(c.args, args...)
}

func (c *conditions) equal(column, value string) {
	if value != "" {
		c.add(column+" = ?", value)
	}
}

func (c *conditions) among(column string, values []string) {
	if len(values) > 0 {
		c.add(column+" IN ?", values)
	}
}

func (c *conditions) sql() string {
	if len(c.parts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.parts, " AND ")
}
