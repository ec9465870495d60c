package policy

import (
	"context"

	"refunddesk/internal/review"
)

// Policy is a compiled policy document: it is immutable and safe for use by many at once.
type Policy struct {
	version string
	digest  string
}

// Version is the version that the policy was read as; empty for one that is only checked.
func (p *Policy) Version() string { return p.version }

// Digest is over the source, "sha256:…".
func (p *Policy) Digest() string { return p.digest }

// Parse reads and compiles a policy document (YAML). What is wrong is one *fault.Error of
// the code invalid-policy whose fields have line and column.
func Parse(version string, source []byte) (*Policy, error) { panic("written by the policy helper") }

// SLA is what the policy promises for a queue; the review queue's for one it does not name.
func (p *Policy) SLA(queue string) review.SLA { panic("written by the policy helper") }

// Evaluate judges the facts. The strictest matching rule wins. A hold (suspension, open
// dispute) is not a verdict: it makes the refund wait and be judged again.
func (p *Policy) Evaluate(f Facts) Plan { panic("written by the policy helper") }

// DefaultSource is the policy that the program ships with; a new database starts with it.
var DefaultSource []byte

// Shelf keeps compiled policies by version: they are immutable.
type Shelf struct{}

// NewShelf makes a shelf over load, which reads the source of a version.
func NewShelf(load func(ctx context.Context, version string) (source string, err error)) *Shelf {
	panic("written by the policy helper")
}

// Policy gives a version. One that does not compile (another program wrote it) is a policy
// under which everything is reviewed by two people; only a load that fails is an error.
func (s *Shelf) Policy(ctx context.Context, version string) (*Policy, error) {
	panic("written by the policy helper")
}
