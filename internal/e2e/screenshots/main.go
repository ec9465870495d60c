// Command screenshots takes the pictures in docs/screenshots, of the development program with
// its demo data: make screenshots.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"refunddesk/internal/e2e/browser"
	"refunddesk/internal/e2e/stack"
)

// picture is a page as somebody has it before him.
type picture struct {
	name          string // of the file
	who, path     string
	open          string             // a link on that page that is followed, by its selector
	do            func(*browser.Tab) // what he does there first
	width, height int64
	dark          bool
	locale        string
}

var pictures = []picture{
	{name: "packages", who: "customer", path: "/packages/global-sms"},
	{name: "packages-zh", who: "customer", path: "/packages/global-sms", locale: "zh-Hans"},
	{name: "request", who: "customer", path: "/packages/pkg_demo_discount_1/refund"},
	{name: "refund-phone", who: "customer", path: "/packages/pkg_demo_large_1/refund", do: file, width: 390, height: 844},
	{name: "queue", who: "reviewer", path: "/review?view=all"},
	{name: "case", who: "reviewer", path: "/review?view=all&rule=large-amount", open: "#queue a[href^='/review/ticket_']", height: 1100},
	{name: "case-dark", who: "reviewer", path: "/review?view=all&rule=large-amount", open: "#queue a[href^='/review/ticket_']", height: 1100, dark: true},
	{name: "history", who: "auditor", path: "/audit?state=credited", open: "#refunds a[href^='/audit/refunds/refund_']", height: 1100},
	{name: "dashboard", who: "admin", path: "/dashboard", height: 1100},
	{name: "policy", who: "admin", path: "/policies/1", height: 1100},
}

// file asks for the refund of the package that the page is about, which somebody will look at.
func file(tab *browser.Tab) {
	tab.Click(`#reason_code input[value="no_longer_needed"]`)
	tab.Fill("#note", "We send by another way now.")
	tab.Click("#confirm")
	tab.Sees("#now .state-in_review")
}

func main() {
	folder := flag.String("out", "docs/screenshots", "where the pictures go")
	flag.Parse()
	if err := run(*folder); err != nil {
		fmt.Fprintln(os.Stderr, "screenshots:", err)
		os.Exit(1)
	}
}

func run(folder string) (failed error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	fmt.Println("starting refunddesk-dev with its demo data")
	program, err := stack.Start()
	if err != nil {
		return err
	}
	defer func() { failed = errors.Join(failed, program.Stop()) }()
	chromium, err := browser.Start()
	if err != nil {
		return err
	}
	defer func() { failed = errors.Join(failed, chromium.Stop()) }()
	for i, p := range pictures {
		fmt.Printf("%2d of %d  %s\n", i+1, len(pictures), p.name)
		if err := take(chromium, program.URL, filepath.Join(folder, p.name+".png"), p); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

// cannot is what a tab says that it could not do.
type cannot struct{ error }

func take(chromium *browser.Browser, url, file string, p picture) (failed error) {
	defer func() {
		if r := recover(); r != nil {
			said, ok := r.(cannot)
			if !ok {
				panic(r)
			}
			failed = said.error
		}
	}()
	tab := chromium.Open(browser.Options{URL: url, Locale: p.locale, Fail: func(format string, args ...any) {
		panic(cannot{fmt.Errorf(format, args...)})
	}})
	defer tab.Close()
	if p.width == 0 {
		p.width = 1280
	}
	if p.height == 0 {
		p.height = 860
	}
	tab.Size(p.width, p.height)
	tab.Dark(p.dark)
	tab.SignIn(p.who)
	tab.Go(p.path)
	if p.open != "" {
		tab.Go(tab.Attribute(p.open, "href"))
	}
	if p.do != nil {
		p.do(tab)
	}
	// The focus of a page that was just opened is on its heading; in a picture it is a frame.
	browser.Eval[bool](tab, `document.activeElement.blur() || document.fonts.ready.then(() => true)`)
	return os.WriteFile(file, tab.Picture(), 0o644)
}
