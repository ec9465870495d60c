package e2e

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"
)

// patience is how long something may take that nobody should have to wait for: the machine
// may be busy. What the engine needs to find out that a process died is far less.
const patience = 60 * time.Second

// await looks again and again until done, and gives what it saw last.
func await[T any](t testing.TB, what string, look func() T, done func(T) bool) T {
	t.Helper()
	end := time.Now().Add(patience)
	again := time.NewTicker(25 * time.Millisecond)
	defer again.Stop()
	for {
		seen := look()
		if done(seen) {
			return seen
		}
		if time.Now().After(end) {
			t.Fatalf("waited %s for %s; the last look saw %+v", patience, what, seen)
		}
		<-again.C
	}
}

// unique is a part of a name that nobody else has.
func unique() string { return strings.ToLower(rand.Text()[:12]) }
