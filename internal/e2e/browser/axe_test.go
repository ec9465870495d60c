package browser_test

import (
	_ "embed"
	"fmt"
	"strings"

	"refunddesk/internal/e2e/browser"
)

// axe is Deque's axe-core, which knows what makes pages hard to use for some. It is given to
// the browser for the tests only; the product does not have it.
//
//go:embed testdata/axe.min.js
var axe string

// violation is a rule of axe's that some part of a page breaks.
type violation struct {
	ID    string `json:"id"`
	Nodes []struct {
		Target  []any  `json:"target"`
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

func (v violation) String() string {
	var b strings.Builder
	for _, n := range v.Nodes {
		fmt.Fprintf(&b, "%s: %v %s — %s\n", v.ID, n.Target, n.HTML, strings.Join(strings.Fields(n.Summary), " "))
	}
	return strings.TrimSpace(b.String())
}

// audit has axe, which the tab carries, look at the page as it is shown now: by all its rules or, of a page that it
// has looked at in other colours, by those about colours.
func audit(tab *browser.Tab, colours bool) []violation {
	only := ""
	if colours {
		only = `runOnly: ["color-contrast", "link-in-text-block"],`
	}
	return browser.Eval[[]violation](tab, `axe.run(document, {`+only+`
		resultTypes: ["violations"],
		rules: {"target-size": {enabled: true}},
	}).then(r => r.violations.map(v => ({id: v.id, nodes: v.nodes.map(n => ({target: n.target, html: n.html.slice(0, 300), failureSummary: n.failureSummary}))})))`)
}
