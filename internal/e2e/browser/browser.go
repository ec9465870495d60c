// Package browser drives Debian's Chromium over the pages of the console: for the tests
// beside it, and for the screenshots in docs.
package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/chromedp/chromedp"
)

// Browser is a running Chromium.
type Browser struct {
	ctx    context.Context //nolint:containedctx // the process lives as long as it, which is how chromedp works
	cancel []context.CancelFunc
	folder string
}

// Path is where Chromium is: what REFUNDDESK_CHROMIUM names, else what is installed.
func Path() (string, error) {
	if path := os.Getenv("REFUNDDESK_CHROMIUM"); path != "" {
		return path, nil
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("there is no Chromium: run `make chromium`, or name one in REFUNDDESK_CHROMIUM")
}

// Start starts a Chromium that nobody sees, with a profile of its own, which Stop removes.
func Start() (*Browser, error) {
	path, err := Path()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "refunddesk-chromium-")
	if err != nil {
		return nil, err
	}
	b := &Browser{folder: folder}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(folder),
		chromedp.NoSandbox, // as root there is none; the pages are our own
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("lang", "en-GB"),
		chromedp.Flag("font-render-hinting", "none"),
		chromedp.WindowSize(wide, high),
		chromedp.Env("LANGUAGE=en_GB", "TZ=UTC"),
	)
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	b.cancel = append(b.cancel, cancel)
	b.ctx, cancel = chromedp.NewContext(allocator)
	b.cancel = append(b.cancel, cancel)
	if err := chromedp.Do(b.ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", path, err), b.Stop())
	}
	return b, nil
}

// Stop ends the browser and removes its profile.
func (b *Browser) Stop() error {
	var failed error
	if chromedp.FromContext(b.ctx) != nil && chromedp.FromContext(b.ctx).Browser != nil {
		failed = chromedp.Cancel(b.ctx) // gracefully: nothing writes into the profile afterwards
	}
	for i := range b.cancel {
		b.cancel[len(b.cancel)-1-i]()
	}
	return errors.Join(failed, os.RemoveAll(b.folder))
}
