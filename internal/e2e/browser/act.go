package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Click clicks what a selector finds, as a mouse does.
func (t *Tab) Click(selector string) {
	t.do("click "+selector, chromedp.Click(chromedp.CSS(selector)))
}

// DoubleClick clicks twice, faster than a page can answer.
func (t *Tab) DoubleClick(selector string) {
	t.do("double click "+selector, chromedp.DoubleClick(chromedp.CSS(selector)))
}

// Fill puts a text into a field in place of what it has, as pasting does.
func (t *Tab) Fill(selector, text string) {
	t.do("fill "+selector,
		chromedp.WaitVisible(chromedp.CSS(selector)),
		run(fmt.Sprintf(`(() => { const e = document.querySelector(%s); e.focus(); e.select(); return true })()`, quoted(selector))),
		call(input.InsertText, input.InsertTextParams{Text: text}),
	)
}

// Choose chooses an option of a select, or a date of a date field, by its value.
func (t *Tab) Choose(selector, value string) {
	t.do("choose "+value+" of "+selector, chromedp.WaitVisible(chromedp.CSS(selector)), run(fmt.Sprintf(`(() => {
		const e = document.querySelector(%s);
		e.value = %s;
		e.dispatchEvent(new Event("input", {bubbles: true}));
		e.dispatchEvent(new Event("change", {bubbles: true}));
		return e.value === %[2]s || undefined.noSuchOption;
	})()`, quoted(selector), quoted(value))))
}

// Press presses a key: "j", "?", kb.Enter. As on a keyboard, its letter is typed where the page
// does nothing else with it.
func (t *Tab) Press(key string) {
	for _, r := range key {
		k, known := kb.Keys[r]
		if !known {
			t.fail("there is no key %q", r)
		}
		press := input.DispatchKeyEventParams{
			Type: input.DispatchKeyEventTypeKeyDown, Code: k.Code, Key: k.Key,
			WindowsVirtualKeyCode: k.Windows, NativeVirtualKeyCode: k.Native,
		}
		release := press
		release.Type = input.DispatchKeyEventTypeKeyUp
		if k.Print {
			press.Text, press.UnmodifiedText = k.Text, k.Unmodified
		}
		t.do("press "+key, call(input.DispatchKeyEvent, press), call(input.DispatchKeyEvent, release))
	}
}

// Await waits until an expression is true. Between two pages it is not, nor before the scripts
// of a page have run: a key that is pressed sooner is heard by nobody.
func (t *Tab) Await(what, expression string) {
	end := time.Now().Add(patience)
	again := time.NewTicker(15 * time.Millisecond)
	defer again.Stop()
	for !t.True(`document.readyState === "complete" && (` + expression + ")") {
		if time.Now().After(end) {
			t.fail("waited %s for %s: %s\n%s", patience, what, expression, t.Where())
			return
		}
		<-again.C
	}
}

// Sees waits until a selector finds something that is shown.
func (t *Tab) Sees(selector string) {
	t.Await("something to be shown", fmt.Sprintf(`[...document.querySelectorAll(%s)].some(e => e.getClientRects().length)`, quoted(selector)))
}

// SeesText waits until a selector finds something with a text in it.
func (t *Tab) SeesText(selector, text string) {
	t.Await("a text", fmt.Sprintf(`[...document.querySelectorAll(%s)].some(e => e.textContent.includes(%s))`, quoted(selector), quoted(text)))
}

// Arrives waits until the browser is at a path and has all of its page.
func (t *Tab) Arrives(path string) {
	t.Await("a page", fmt.Sprintf(`location.pathname === %s && document.readyState === "complete"`, quoted(path)))
}

// True is whether an expression is true now.
func (t *Tab) True(expression string) bool {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	// A page that goes away while it is asked is an error, which says no.
	is, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
	return err == nil && is
}

// Has is whether a selector finds something now.
func (t *Tab) Has(selector string) bool {
	return t.True(fmt.Sprintf(`document.querySelector(%s)`, quoted(selector)))
}

// Count is how much a selector finds now.
func (t *Tab) Count(selector string) int {
	return Eval[int](t, fmt.Sprintf(`document.querySelectorAll(%s).length`, quoted(selector)))
}

// Text is that of the first that a selector finds; it waits for it.
func (t *Tab) Text(selector string) string {
	t.Await("an element", fmt.Sprintf(`document.querySelector(%s)`, quoted(selector)))
	return Eval[string](t, fmt.Sprintf(`document.querySelector(%s).innerText.trim()`, quoted(selector)))
}

// Value is that of the first field that a selector finds; it waits for it.
func (t *Tab) Value(selector string) string {
	t.Await("a field", fmt.Sprintf(`document.querySelector(%s)`, quoted(selector)))
	return Eval[string](t, fmt.Sprintf(`document.querySelector(%s).value`, quoted(selector)))
}

// Attribute is an attribute of the first that a selector finds; it waits for it.
func (t *Tab) Attribute(selector, name string) string {
	t.Await("an element", fmt.Sprintf(`document.querySelector(%s)`, quoted(selector)))
	return Eval[string](t, fmt.Sprintf(`document.querySelector(%s).getAttribute(%s) ?? ""`, quoted(selector), quoted(name)))
}

// Path is that of the page.
func (t *Tab) Path() string { return Eval[string](t, `location.pathname`) }

// Query is that of the page's address.
func (t *Tab) Query() url.Values {
	values, err := url.ParseQuery(Eval[string](t, `location.search.slice(1)`))
	if err != nil {
		t.fail("%v", err)
	}
	return values
}

// Where says in words what the tab shows, for a failure.
func (t *Tab) Where() string {
	ctx, cancel := context.WithTimeout(t.ctx, 5*time.Second)
	defer cancel()
	where, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText.slice(0, 3000)`))
	if err != nil {
		return err.Error()
	}
	return where
}

// Eval gives the value of an expression; a promise is waited for. When the page goes away while
// it is asked, the next one is asked: what leads elsewhere is for Start.
func Eval[T any](t *Tab, expression string) T {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	for left(err) && ctx.Err() == nil {
		value, err = chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	}
	if err != nil {
		if len(expression) > 200 {
			expression = expression[:200] + "…"
		}
		t.fail("evaluate %s: %v\n%s", expression, err, t.Where())
	}
	return value
}

// Start has the page do, once, what may lead it elsewhere: the answer of a page that is gone
// does not come, which is no failure here. No timer helps, as a tab without scripts has none.
func (t *Tab) Start(expression string) {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	_, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("(() => { "+expression+"; return true })()"))
	if err != nil && !left(err) {
		t.fail("start %s: %v\n%s", expression, err, t.Where())
	}
}

// left is whether a page went away while it was asked.
func left(err error) bool {
	return err != nil && strings.Contains(err.Error(), "navigated or closed")
}

// Back goes back as the browser's button does.
func (t *Tab) Back() { t.Start("history.back()") }

// run evaluates an expression that has to work.
func run(expression string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := chromedp.Evaluate[bool](expression)(ctx, target)
		return err
	})
}

// quoted writes a text as JavaScript does.
func quoted(text string) string {
	q, err := json.Marshal(text)
	if err != nil {
		panic(err) // no text is no JSON
	}
	return string(q)
}
