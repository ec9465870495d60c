package importer

import (
	"context"
	"regexp"
	"strings"

	"refunddesk/internal/desk"
	"refunddesk/internal/money"
)

// The columns of usage.csv. Country and messages say what a cost was made of; they are
// for people, are checked for their form and not kept: the ledger knows amounts.
const (
	usageID = iota
	usagePackageID
	usageCost
	usageOccurredAt
	usageCountry
	usageMessages
)

var usageColumns = []column{
	usageID:         {name: "id"},
	usagePackageID:  {name: "package_id"},
	usageCost:       {name: "cost"},
	usageOccurredAt: {name: "occurred_at"},
	usageCountry:    {name: "country", optional: true},
	usageMessages:   {name: "messages", optional: true},
}

var (
	countryForm = regexp.MustCompile(`^[A-Z]{2}$`)
	countForm   = regexp.MustCompile(`^[1-9][0-9]{0,11}$`)
)

// usage is usage.csv, read.
type usage struct {
	table
	rows      []desk.UsageRecord
	places    []usagePlace
	mentioned map[string]int32
	packages  map[string]string // one copy of each package id, however many rows name it
}

// usagePlace is where the cells of a row stand that are judged when all is read.
type usagePlace struct{ line, packageID, cost, occurredAt int32 }

func newUsage(file string, problems *Problems) *usage {
	return &usage{
		table:     table{file: file, columns: usageColumns, problems: problems},
		mentioned: map[string]int32{}, packages: map[string]string{},
	}
}

func (u *usage) row() {
	row := desk.UsageRecord{
		ID:         strings.Clone(u.id(usageID)), // the rest of the line can be let go
		PackageID:  u.shared(u.id(usagePackageID)),
		Cost:       u.amount(usageCost),
		OccurredAt: u.moment(usageOccurredAt),
	}
	if u.sound && row.Cost == 0 {
		u.fail(usageCost, "is zero; usage costs something")
	}
	if c, there := u.cell(usageCountry); there && c.text != "" && !countryForm.MatchString(c.text) {
		u.fail(usageCountry, "%s is not an ISO 3166 country code such as CA", quoted(c.text))
	}
	if c, there := u.cell(usageMessages); there && c.text != "" && !countForm.MatchString(c.text) {
		u.fail(usageMessages, "%s is not a number of messages", quoted(c.text))
	}
	u.once(u.mentioned, usageID, row.ID)
	if u.sound {
		u.rows = append(u.rows, row)
		u.places = append(u.places, usagePlace{int32(u.line), u.char(usagePackageID), u.char(usageCost), u.char(usageOccurredAt)})
	}
}

func (u *usage) shared(id string) string {
	if one, ok := u.packages[id]; ok {
		return one
	}
	id = strings.Clone(id)
	u.packages[id] = id
	return id
}

// checkPackages reports usage of packages that nobody knows, usage from outside a
// package's time, and usage beyond what the package ever held, and gives each row its
// package's currency. What other usage has left of the balance only the target knows.
func (u *usage) checkPackages(ctx context.Context, target Target, p *packages) error {
	facts := p.facts()
	known, err := ask(ctx, target.KnownPackages, len(u.rows), func(i int) (string, bool) {
		_, inFile := p.mentioned[u.rows[i].PackageID]
		return u.rows[i].PackageID, !inFile
	})
	if err != nil {
		return err
	}
	for id, one := range known {
		facts[id] = one
	}
	used := make(map[string]int64, len(facts))
	for i := range u.rows {
		row, at := &u.rows[i], u.places[i]
		pkg, ok := facts[row.PackageID]
		if !ok {
			if _, inFile := p.mentioned[row.PackageID]; !inFile { // otherwise its own line has been reported
				u.failAt(int(at.line), int(at.packageID), usagePackageID, "%s is no package, neither of this export nor known already", quoted(row.PackageID))
			}
			continue
		}
		row.Currency = pkg.Currency
		switch {
		case row.OccurredAt.Before(pkg.PurchasedAt):
			u.failAt(int(at.line), int(at.occurredAt), usageOccurredAt, "is before the purchase of the package at %s", pkg.PurchasedAt.Format("2006-01-02T15:04:05Z"))
		case pkg.ExpiresAt != nil && !row.OccurredAt.Before(*pkg.ExpiresAt):
			u.failAt(int(at.line), int(at.occurredAt), usageOccurredAt, "is not before the package expired at %s", pkg.ExpiresAt.Format("2006-01-02T15:04:05Z"))
		}
		left := pkg.Face - used[row.PackageID]
		if row.Cost > left {
			u.failAt(int(at.line), int(at.cost), usageCost, "is more than the %s left of the package by the lines before; it held %s",
				money.Of(left, pkg.Currency), money.Of(pkg.Face, pkg.Currency))
			continue
		}
		used[row.PackageID] += row.Cost
	}
	return nil
}
