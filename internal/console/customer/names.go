package customer

import (
	"cmp"

	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
)

// names are the customer's names for packages, by id.
type names map[string]string

// of is the package's name, or its id when it has none.
func (n names) of(id string) string { return cmp.Or(n[id], id) }

// mostAtOnce is as long as a list can be.
const mostAtOnce = 200

// namesOf reads the names of the packages.
func namesOf(c *page.Context, who identity.Actor, ids []string) (names, error) {
	known := names{}
	if len(ids) == 0 {
		return known, nil
	}
	list, err := c.Desk.Packages(c.Ctx(), who, desk.PackageFilter{AccountID: who.AccountID, IDs: ids, Paging: desk.Paging{Limit: mostAtOnce}})
	if err != nil {
		return nil, err
	}
	for _, p := range list.Items {
		known[p.ID] = p.Name
	}
	return known, nil
}

// newestRefunds finds for each package the refund that froze or ended it.
func newestRefunds(c *page.Context, who identity.Actor, packages []desk.PackageView) (map[string]string, error) {
	found := map[string]string{}
	var ended []string
	for _, p := range packages {
		if p.Recorded == refund.Frozen || p.Recorded == refund.Refunded {
			ended = append(ended, p.ID)
		}
	}
	if len(ended) == 0 {
		return found, nil
	}
	list, err := c.Desk.Refunds(c.Ctx(), who, desk.RefundFilter{AccountID: who.AccountID, PackageIDs: ended, Paging: desk.Paging{Limit: mostAtOnce}})
	if err != nil {
		return nil, err
	}
	for _, r := range list.Items { // the newest first
		if found[r.PackageID] == "" {
			found[r.PackageID] = r.ID
		}
	}
	return found, nil
}
