package browser_test

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"refunddesk/internal/e2e/browser"
	"refunddesk/internal/e2e/stack"
)

// What all tests share: one program with its demo data, and one browser.
var (
	running  *stack.Stack
	chromium *browser.Browser
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	var err error
	if running, err = stack.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if chromium, err = browser.Start(); err != nil {
		fmt.Fprintln(os.Stderr, errors.Join(err, running.Stop()))
		return 1
	}
	code := m.Run()
	if code != 0 {
		fmt.Fprintf(os.Stderr, "The program said:\n%s\n", running.Output())
	}
	if err := errors.Join(chromium.Stop(), running.Stop()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// open opens a tab of a stranger. The test fails of whatever goes wrong in it.
func open(t *testing.T, o browser.Options) *browser.Tab {
	t.Helper()
	o.URL, o.Fail = running.URL, func(format string, args ...any) { t.Helper(); t.Fatalf(format, args...) }
	tab := chromium.Open(o)
	t.Cleanup(func() {
		for _, trouble := range tab.Troubles() {
			t.Errorf("in the browser: %s", trouble)
		}
		tab.Close()
	})
	return tab
}

// signedIn opens a tab of one of the demo people.
func signedIn(t *testing.T, person string) *browser.Tab {
	t.Helper()
	tab := open(t, browser.Options{})
	tab.SignIn(person)
	return tab
}

// both runs a test where pages run scripts and where they do not.
func both(t *testing.T, test func(t *testing.T, o browser.Options)) {
	t.Helper()
	for name, o := range map[string]browser.Options{"script": {}, "no script": {NoScript: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, o)
		})
	}
}
