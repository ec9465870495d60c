package review

import (
	"cmp"
	"slices"
	"sync"

	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
)

// mostAtOnce is how many packages a list has at most.
const mostAtOnce = 200

// mostNames is how many names of packages are remembered.
const mostNames = 10_000

// names remembers the names of packages: a package never gets another one, and every view of
// the queue would otherwise read its packages for them. Only staff see them, and staff may see all.
type names struct {
	mu sync.Mutex
	of map[string]string
}

func newNames() *names { return &names{of: map[string]string{}} }

// Of gives the packages' names by their ids; one that has none, or is not there, has its id
// for a name. Those not yet known are read together.
func (n *names) Of(c *page.Context, packageIDs ...string) (map[string]string, error) {
	named := make(map[string]string, len(packageIDs))
	var unknown []string
	n.mu.Lock()
	for _, id := range packageIDs {
		if name, known := n.of[id]; known {
			named[id] = name
		} else if _, asked := named[id]; !asked && id != "" {
			named[id] = id
			unknown = append(unknown, id)
		}
	}
	n.mu.Unlock()
	for some := range slices.Chunk(unknown, mostAtOnce) {
		found, err := c.Desk.Packages(c.Ctx(), c.Actor, desk.PackageFilter{IDs: some, Paging: desk.Paging{Limit: mostAtOnce}})
		if err != nil {
			return nil, err
		}
		n.learn(found.Items)
		for _, p := range found.Items {
			named[p.ID] = cmp.Or(p.Name, p.ID)
		}
	}
	return named, nil
}

func (n *names) learn(packages []desk.PackageView) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.of)+len(packages) > mostNames {
		clear(n.of)
	}
	for _, p := range packages {
		if p.Name != "" {
			n.of[p.ID] = p.Name
		}
	}
}
