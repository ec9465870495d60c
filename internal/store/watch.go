package store

import (
	"sync"

	"refunddesk/internal/refund"
)

// watchers tells who waits for a refund in this process where it stands. Missing a value is
// harmless: whoever waits reads the record from time to time.
type watchers struct {
	mu   sync.Mutex
	subs map[string]map[chan refund.State]struct{}
}

func newWatchers() *watchers {
	return &watchers{subs: map[string]map[chan refund.State]struct{}{}}
}

// Changes implements desk.Watch.
func (s *Store) Changes(refundID string) (<-chan refund.State, func()) {
	w, c := s.watch, make(chan refund.State, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.subs[refundID] == nil {
		w.subs[refundID] = map[chan refund.State]struct{}{}
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
func (w *watchers) changed(refundID string, to refund.State) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.subs[refundID] {
		select {
		case <-c: // nobody took it, and it is old
		default:
		}
		c <- to // there is room: only we send, one at a time
	}
}
