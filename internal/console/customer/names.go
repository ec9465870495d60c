package customer

import (
	"cmp"

	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
)

// names are the customer's names for packages, by id.
type names map[string]string

// of is the package's name, or its id when it has none.
func (n names) of(id string) string { return cmp.Or(n[id], id) }

// mostAtOnce is how long a list that is read for its names may be: most accounts fit.
const mostAtOnce = 200

// namesOf reads the names of the packages: those of most accounts at once, what is left one
// by one.
func namesOf(c *page.Context, who identity.Actor, ids []string) (names, error) {
	known := names{}
	if len(ids) == 0 {
		return known, nil
	}
	if len(ids) > 1 {
		list, err := c.Desk.Packages(c.Ctx(), who, desk.PackageFilter{AccountID: who.AccountID, Paging: desk.Paging{Limit: mostAtOnce}})
		if err != nil {
			return nil, err
		}
		for _, p := range list.Items {
			known[p.ID] = p.Name
		}
	}
	for _, id := range ids {
		if _, ok := known[id]; ok || id == "" {
			continue
		}
		p, err := c.Desk.Package(c.Ctx(), who, id)
		if err != nil && fault.From(err).Kind != fault.NotFound {
			return nil, err
		}
		known[id] = p.Name
	}
	return known, nil
}

// newestRefunds finds for each package the refund that froze or ended it.
func newestRefunds(c *page.Context, who identity.Actor, packages []desk.PackageView) (map[string]string, error) {
	found, wanted := map[string]string{}, map[string]bool{}
	for _, p := range packages {
		if p.Recorded == refund.Frozen || p.Recorded == refund.Refunded {
			wanted[p.ID] = true
		}
	}
	if len(wanted) == 0 {
		return found, nil
	}
	f := desk.RefundFilter{AccountID: who.AccountID, Paging: desk.Paging{Limit: mostAtOnce}}
	if len(wanted) == 1 {
		f.Limit = 1
		for id := range wanted {
			f.PackageID = id
		}
	}
	list, err := c.Desk.Refunds(c.Ctx(), who, f)
	if err != nil {
		return nil, err
	}
	for _, r := range list.Items { // the newest first
		if wanted[r.PackageID] && found[r.PackageID] == "" {
			found[r.PackageID] = r.ID
		}
	}
	for id := range wanted {
		if found[id] != "" {
			continue
		}
		one, err := c.Desk.Refunds(c.Ctx(), who, desk.RefundFilter{AccountID: who.AccountID, PackageID: id, Paging: desk.Paging{Limit: 1}})
		if err != nil {
			return nil, err
		}
		if len(one.Items) > 0 {
			found[id] = one.Items[0].ID
		}
	}
	return found, nil
}
