package importer

import (
	"context"

	"refunddesk/internal/refund"
)

// The columns of packages.csv.
const (
	packageID = iota
	packageAccountID
	packageProduct
	packageName
	packageCurrency
	packagePaid
	packageFace
	packagePurchasedAt
	packageExpiresAt
	packageAutoRenew
	packageDispute
)

var packageColumns = []column{
	packageID:          {name: "id"},
	packageAccountID:   {name: "account_id"},
	packageProduct:     {name: "product"},
	packageName:        {name: "name"},
	packageCurrency:    {name: "currency"},
	packagePaid:        {name: "paid"},
	packageFace:        {name: "face"},
	packagePurchasedAt: {name: "purchased_at"},
	packageExpiresAt:   {name: "expires_at"},
	packageAutoRenew:   {name: "auto_renew"},
	packageDispute:     {name: "dispute"},
}

// packages is packages.csv, read.
type packages struct {
	table
	rows      []refund.Package
	owners    []place          // of each row's account_id
	mentioned map[string]int32 // id → first line, also of lines that are wrong otherwise
}

// place is where a cell stands.
type place struct{ line, char int32 }

func newPackages(file string, problems *Problems) *packages {
	return &packages{table: table{file: file, columns: packageColumns, problems: problems}, mentioned: map[string]int32{}}
}

func (p *packages) row() {
	row := refund.Package{
		ID:          p.id(packageID),
		AccountID:   p.id(packageAccountID),
		Product:     p.oneOf(packageProduct, refund.GlobalSMS),
		Name:        p.words(packageName, longestName, true),
		Currency:    p.currency(packageCurrency),
		Paid:        p.amount(packagePaid),
		Face:        p.amount(packageFace),
		Recorded:    refund.Active,
		PurchasedAt: p.moment(packagePurchasedAt),
		ExpiresAt:   p.optionalMoment(packageExpiresAt),
		AutoRenew:   p.truth(packageAutoRenew),
		Dispute:     refund.Dispute(p.oneOf(packageDispute, string(refund.NoDispute), string(refund.DisputeOpen), string(refund.DisputeLost), string(refund.DisputeWon))),
	}
	row.Remaining = row.Face
	p.once(p.mentioned, packageID, row.ID)
	if !p.sound {
		return // the rules below would only repeat what is known
	}
	switch {
	case row.Face == 0:
		p.fail(packageFace, "is zero; a package has a balance")
	case row.Face < row.Paid:
		p.fail(packageFace, "is below the price paid; a package's balance is at least its price")
	case row.ExpiresAt != nil && !row.ExpiresAt.After(row.PurchasedAt):
		p.fail(packageExpiresAt, "is not after purchased_at")
	}
	if p.sound {
		p.rows = append(p.rows, row)
		p.owners = append(p.owners, place{int32(p.line), p.char(packageAccountID)})
	}
}

// checkOwners reports packages of accounts that are neither in the file nor there already.
func (p *packages) checkOwners(ctx context.Context, target Target, a *accounts) error {
	known, err := ask(ctx, target.KnownAccounts, len(p.rows), func(i int) (string, bool) {
		_, inFile := a.mentioned[p.rows[i].AccountID]
		return p.rows[i].AccountID, !inFile
	})
	if err != nil {
		return err
	}
	for i, row := range p.rows {
		if _, inFile := a.mentioned[row.AccountID]; !inFile && !known[row.AccountID] {
			at := p.owners[i]
			p.failAt(int(at.line), int(at.char), packageAccountID, "%s is no account, neither of this export nor known already", quoted(row.AccountID))
		}
	}
	return nil
}

// facts gives what usage is checked against, by package id.
func (p *packages) facts() map[string]PackageFacts {
	facts := make(map[string]PackageFacts, len(p.rows))
	for _, row := range p.rows {
		facts[row.ID] = PackageFacts{Currency: row.Currency, Face: row.Face, PurchasedAt: row.PurchasedAt, ExpiresAt: row.ExpiresAt}
	}
	return facts
}
