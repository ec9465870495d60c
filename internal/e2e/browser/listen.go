package browser

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
)

// hear listens to what happens in the tab. It is called on the goroutine that reads from the
// browser and must not wait.
func (t *Tab) hear(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if thrown := e.ExceptionDetails.Exception; thrown != nil {
			text += " " + thrown.Description
		}
		t.trouble("exception: %s", text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeAssert || e.Type == runtime.ConsoleAPICalledTypeWarning {
			var said []string
			for _, arg := range e.Args {
				said = append(said, string(arg.Value)+arg.Description)
			}
			t.trouble("console: %s", strings.Join(said, " "))
		}
	case *log.EventEntryAdded:
		// That an answer was 4xx is what some tests are about; what was refused is trouble.
		answered := e.Entry.Source == log.EntrySourceNetwork && strings.Contains(e.Entry.Text, "responded with a status of")
		if e.Entry.Level == log.EntryLevelError && !answered {
			t.trouble("log: %s %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		t.ask(e.Request.URL)
	case *network.EventLoadingFinished:
		t.weigh(e.RequestID, e.EncodedDataLength)
	case *network.EventLoadingFailed:
		if e.BlockedReason != "" {
			t.trouble("blocked: %s %s", e.BlockedReason, e.ErrorText)
		}
	}
}

func (t *Tab) trouble(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.troubles = append(t.troubles, fmt.Sprintf(format, args...))
}

// ask notes a request; one to another host is trouble.
func (t *Tab) ask(address string) {
	u, err := url.Parse(address)
	if err != nil || (u.Host != t.origin.Host && u.Scheme != "data" && u.Scheme != "about") {
		t.trouble("a request to another host: %s", address)
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asked = append(t.asked, address)
}

func (t *Tab) weigh(id network.RequestID, bytes float64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.weight[id] += bytes
}

// Troubles gives what went wrong in the tab since it was last asked: exceptions, errors in
// the console, violations of the content security policy, requests to another host.
func (t *Tab) Troubles() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	troubles := t.troubles
	t.troubles = nil
	return troubles
}

// Asked gives the addresses that were asked for since Go.
func (t *Tab) Asked() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.asked)
}
