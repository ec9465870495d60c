package sqlite_test

import (
	"flag"
	"testing"

	"refunddesk/internal/store/storetest"
)

// A walk takes SQLite half a second under the race detector; -rapid.checks=1000 walks on.
func init() {
	if err := flag.Set("rapid.steps", "60"); err != nil {
		panic(err)
	}
	if err := flag.Set("rapid.checks", "50"); err != nil {
		panic(err)
	}
}

func TestWhateverHappensInWhateverOrder(t *testing.T) {
	t.Parallel()
	storetest.Walk(t, open)
}
