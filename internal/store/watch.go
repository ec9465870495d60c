package store

import "sync"

// watchers wakes who waits for a refund in this process. Missing a value is harmless:
// whoever waits reads the record, and reads it again from time to time.
type watchers struct {
	mu   sync.Mutex
	subs map[string]map[chan struct{}]struct{}
}

func newWatchers() *watchers {
	return &watchers{subs: map[string]map[chan struct{}]struct{}{}}
}

// Changes implements desk.Watch.
func (s *Store) Changes(refundID string) (<-chan struct{}, func()) {
	w, c := s.watch, make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.subs[refundID] == nil {
		w.subs[refundID] = map[chan struct{}]struct{}{}
	}
	w.subs[refundID][c] = struct{}{}
	return c, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.subs[refundID], c)
		if len(w.subs[refundID]) == 0 {
			delete(w.subs, refundID)
		}
	}
}

// changed is called after a commit, never before.
func (w *watchers) changed(refundID string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.subs[refundID] {
		select {
		case c <- struct{}{}:
		default: // it has one waiting already
		}
	}
}
