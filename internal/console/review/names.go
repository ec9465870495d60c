package review

import (
	"sync"

	"refunddesk/internal/console/page"
	"refunddesk/internal/fault"
)

// mostNames is how many names of packages are remembered.
const mostNames = 10_000

// names remembers the names of packages: a package never gets another one, and a queue of 25
// cases would otherwise read 25 packages for them. Only staff see them, and staff may see all.
type names struct {
	mu sync.Mutex
	of map[string]string
}

func newNames() *names { return &names{of: map[string]string{}} }

// Of gives the package's name, or its id when it has none or is not there.
func (n *names) Of(c *page.Context, packageID string) (string, error) {
	if packageID == "" {
		return "", nil
	}
	n.mu.Lock()
	name, known := n.of[packageID]
	n.mu.Unlock()
	if known {
		return name, nil
	}
	p, err := c.Desk.Package(c.Ctx(), c.Actor, packageID)
	switch {
	case err != nil && !fault.IsAnswer(err):
		return "", err
	case err != nil || p.Name == "":
		return packageID, nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.of) >= mostNames {
		clear(n.of)
	}
	n.of[packageID] = p.Name
	return p.Name, nil
}
