package policy

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/singleflight"
)

// Shelf keeps compiled policies by version: they are immutable. It is safe for use by many
// at once, and a version that many ask for at once is loaded once.
type Shelf struct {
	load    func(ctx context.Context, version string) (string, error)
	flights singleflight.Group
	mu      sync.RWMutex
	kept    map[string]*Policy
}

// mostKept bounds the shelf. Refunds are screened with the policy in force and replayed
// with few others.
const mostKept = 256

// NewShelf makes a shelf over load, which reads the source of a version.
func NewShelf(load func(ctx context.Context, version string) (source string, err error)) *Shelf {
	return &Shelf{load: load, kept: map[string]*Policy{}}
}

// Policy gives a version. One that does not compile (another program wrote it) is a policy
// under which everything is reviewed by two people; only a load that fails is an error.
func (s *Shelf) Policy(ctx context.Context, version string) (*Policy, error) {
	s.mu.RLock()
	p := s.kept[version]
	s.mu.RUnlock()
	if p != nil {
		return p, nil
	}
	// The load serves all who wait for it: it goes on when the first of them goes away.
	flight := s.flights.DoChan(version, func() (any, error) { return s.fetch(context.WithoutCancel(ctx), version) })
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("policy %s: %w", version, context.Cause(ctx))
	case result := <-flight:
		if result.Err != nil {
			return nil, result.Err
		}
		return result.Val.(*Policy), nil
	}
}

func (s *Shelf) fetch(ctx context.Context, version string) (*Policy, error) {
	// Another flight may have landed since the caller looked.
	s.mu.RLock()
	landed := s.kept[version]
	s.mu.RUnlock()
	if landed != nil {
		return landed, nil
	}
	source, err := s.load(ctx, version)
	if err != nil {
		return nil, fmt.Errorf("policy %s: %w", version, err)
	}
	p, err := Parse(version, []byte(source))
	if err != nil {
		p = unreadable(version, []byte(source))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.kept) >= mostKept {
		for other := range s.kept { // whichever: it is read again when it is asked for
			delete(s.kept, other)
			break
		}
	}
	s.kept[version] = p
	return p, nil
}
