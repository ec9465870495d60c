package policy

import (
	"fmt"
	"strings"
	"testing"

	"cel.dev/cel-go/common/ast"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The units of an expression cost one visit of each of its nodes, however they nest: a list
// in a list in a list once cost twice as much with every level.
func TestUnitsVisitEveryNodeOnce(t *testing.T) {
	env, err := language()
	require.NoError(t, err)
	for _, depth := range []int{1, 10, 19, 26} {
		within := func(open, inner, shut string) string {
			return strings.Repeat(open, depth) + inner + strings.Repeat(shut, depth)
		}
		for name, when := range map[string]string{
			"lists":         "size(" + within("[", "1", "]") + ") > 0",
			"lists of two":  "size(" + within("[[],", "[]", "]") + ") > 0",
			"parentheses":   within("(", "appeal", ")"),
			"negations":     within("!(", "appeal", ")"),
			"minus":         within("-(", "amount", ")") + " > 0",
			"conversions":   within("int(", "amount", ")") + " > 0",
			"ternaries":     "(" + within("appeal ? amount : ", "refunded_24h", "") + ") > 0",
			"sums":          "amount" + strings.Repeat(" + amount", depth) + " > 0",
			"conjunctions":  "appeal" + strings.Repeat(" && amount > 0", depth),
			"comparisons":   within("(", "appeal", " == true)"),
			"long lists":    "amount in [amount" + strings.Repeat(", amount", depth) + "]",
			"loops (a few)": strings.Repeat("[1].all(a, ", min(depth, 10)) + "true" + strings.Repeat(")", min(depth, 10)),
		} {
			t.Run(fmt.Sprint(name, " ", depth), func(t *testing.T) {
				checked, issues := env.Compile(when)
				require.NoError(t, issues.Err())
				tree := checked.NativeRep()
				nodes := ast.NodeCount(tree)
				u := unitCheck{tree: tree, mixed: func(ast.Expr) { t.Error("units are mixed") }, enough: func() bool { return false }}
				u.of(tree.Expr())
				assert.Positive(t, u.visits)
				assert.LessOrEqual(t, u.visits, nodes)
			})
		}
	}
}
