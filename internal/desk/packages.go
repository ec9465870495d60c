package desk

import (
	"cmp"
	"context"
	"time"

	"refunddesk/internal/audit"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
)

// BuyPackage records a purchase. An empty id is replaced by a new one; a face balance of
// zero means that nothing was added to the price. Errors: a fault naming the field;
// not-found for an unknown account; package-exists.
func (d *Desk) BuyPackage(ctx context.Context, actor identity.Actor, p refund.Package) (PackageView, error) {
	bought, err := d.buyPackage(ctx, actor, p)
	if err != nil {
		return PackageView{}, d.refused(ctx, actor, audit.PackageRefused, audit.ObjectPackage, cmp.Or(p.ID, audit.NewID), err)
	}
	return bought, nil
}

func (d *Desk) buyPackage(ctx context.Context, actor identity.Actor, p refund.Package) (PackageView, error) {
	if err := need(actor, identity.Integrator); err != nil {
		return PackageView{}, err
	}
	if p.Face == 0 {
		p.Face = p.Paid
	}
	if err := ValidatePackage(p, d.now()); err != nil {
		return PackageView{}, err
	}
	account, err := d.records.Account(ctx, p.AccountID)
	if err != nil {
		return PackageView{}, err
	}
	bought, err := d.records.CreatePackage(ctx, actor, p)
	return PackageView{Package: bought, Standing: account.Standing}, err
}

// ValidatePackage returns a fault naming the field of a purchase that cannot be.
func ValidatePackage(p refund.Package, now time.Time) error {
	switch {
	case p.Product != refund.GlobalSMS:
		return fault.InvalidField("product", "is %s", refund.GlobalSMS)
	case p.Name == "":
		return fault.InvalidField("name", "must not be empty")
	case !money.ValidCurrency(p.Currency):
		return fault.InvalidField("price.currency", "is an ISO 4217 code such as USD")
	case p.Paid < 0:
		return fault.InvalidField("price", "must not be negative")
	case p.Face <= 0:
		return fault.InvalidField("face", "must be more than zero")
	case p.Face < p.Paid:
		return fault.InvalidField("face", "must be at least the price")
	case p.PurchasedAt.After(now.Add(ClockSkew)):
		return fault.InvalidField("purchased_at", "is in the future")
	case p.ExpiresAt != nil && !p.ExpiresAt.After(purchaseTime(p, now)):
		return fault.InvalidField("expires_at", "must be after the purchase")
	}
	return nil
}

func purchaseTime(p refund.Package, now time.Time) time.Time {
	if p.PurchasedAt.IsZero() {
		return now
	}
	return p.PurchasedAt
}

// Package reads a package.
func (d *Desk) Package(ctx context.Context, actor identity.Actor, id string) (PackageView, error) {
	return d.packageFor(ctx, actor, id)
}

// Packages lists packages, newest purchase first.
func (d *Desk) Packages(ctx context.Context, actor identity.Actor, f PackageFilter) (Page[PackageView], error) {
	var err error
	if f.AccountID, err = ownList(actor, f.AccountID); err != nil {
		return Page[PackageView]{}, err
	}
	return d.records.Packages(ctx, f)
}

// Quote works out what the package would return now.
func (d *Desk) Quote(ctx context.Context, actor identity.Actor, packageID string) (refund.Quote, error) {
	v, err := d.packageFor(ctx, actor, packageID)
	return v.Quote(), err
}

// RecordUsage records consumption; the same usage again is the first one. Errors: those of
// refund.Package.TakesUsage, usage-mismatch, a fault naming cost or occurred_at.
func (d *Desk) RecordUsage(ctx context.Context, actor identity.Actor, u UsageRecord) (UsageRecord, error) {
	recorded, err := d.recordUsage(ctx, actor, u)
	if err != nil {
		return UsageRecord{}, d.refused(ctx, actor, audit.UsageRefused, audit.ObjectPackage, u.PackageID, err)
	}
	return recorded, nil
}

func (d *Desk) recordUsage(ctx context.Context, actor identity.Actor, u UsageRecord) (UsageRecord, error) {
	if err := need(actor, identity.Integrator); err != nil {
		return UsageRecord{}, err
	}
	v, err := d.packageFor(ctx, actor, u.PackageID)
	if err != nil {
		return UsageRecord{}, err
	}
	if u.Cost <= 0 {
		return UsageRecord{}, fault.InvalidField("cost", "must be more than zero")
	}
	if u.Currency != v.Currency {
		return UsageRecord{}, fault.InvalidField("cost.currency", "must be the package's, %s", v.Currency)
	}
	return d.records.RecordUsage(ctx, actor, u)
}

// SetDispute records the state of a payment dispute on the package's purchase; an open
// refund hears of it at once.
func (d *Desk) SetDispute(ctx context.Context, actor identity.Actor, packageID string, to refund.Dispute) (PackageView, error) {
	if err := d.setDispute(ctx, actor, packageID, to); err != nil {
		return PackageView{}, d.refused(ctx, actor, audit.DisputeRefused, audit.ObjectPackage, packageID, err)
	}
	return d.records.Package(ctx, packageID)
}

func (d *Desk) setDispute(ctx context.Context, actor identity.Actor, packageID string, to refund.Dispute) error {
	if err := need(actor, identity.Integrator); err != nil {
		return err
	}
	if _, err := d.packageFor(ctx, actor, packageID); err != nil {
		return err
	}
	if !to.Known() {
		return fault.InvalidField("status", "is none, open, lost or won")
	}
	_, intents, err := d.records.SetDispute(ctx, actor, packageID, to)
	d.engine.Hear(intents...)
	return err
}
