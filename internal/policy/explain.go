package policy

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/parser"

	"refunddesk/internal/money"
)

// comparison is a part of an expression that a match shows: facts and what they are held
// against. It is found when the policy is read, so that showing costs no evaluation.
type comparison struct {
	facts     []*variable
	operator  string                                       // as it is written; empty when nothing is compared
	threshold func(limits func(name string) string) string // nil when the facts are compared with one another
}

// explain finds the comparisons of an expression, in its order. It goes down what joins
// them, and asks for the facts of each comparison once, so that no part is walked again for
// every level that it is below.
func explain(tree *ast.AST) []comparison {
	var out []comparison
	add := func(c comparison) {
		if len(c.facts) > 0 {
			out = append(out, c)
		}
	}
	var walk func(e ast.Expr, negated bool)
	walk = func(e ast.Expr, negated bool) {
		if e.Kind() == ast.IdentKind {
			word := strconv.FormatBool(!negated)
			add(comparison{facts: factsIn(e), operator: "==", threshold: func(func(string) string) string { return word }})
			return
		}
		if e.Kind() != ast.CallKind {
			add(comparison{facts: factsIn(e)})
			return
		}
		call := e.AsCall()
		args := call.Args()
		switch name := call.FunctionName(); name {
		case operators.LogicalAnd, operators.LogicalOr:
			walk(args[0], negated)
			walk(args[1], negated)
		case operators.LogicalNot:
			walk(args[0], !negated)
		case operators.Conditional:
			for _, arg := range args {
				walk(arg, negated)
			}
		case operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals, operators.In:
			add(compared(tree, symbol(name), args[0], args[1], negated))
		default:
			add(comparison{facts: factsIn(e)})
		}
	}
	walk(tree.Expr(), false)
	return out
}

// turned are the comparisons as they read from the other side.
var turned = map[string]string{"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}

// opposite are the comparisons as they read under a "not".
var opposite = map[string]string{"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "==", "in": "not in"}

func compared(tree *ast.AST, operator string, left, right ast.Expr, negated bool) comparison {
	lefts, rights := factsIn(left), factsIn(right)
	c := comparison{facts: lefts, operator: operator}
	other := right
	switch {
	case len(lefts) > 0 && len(rights) > 0:
		all := slices.Clone(lefts)
		for _, f := range rights {
			if !slices.Contains(all, f) {
				all = append(all, f)
			}
		}
		return comparison{facts: all}
	case len(lefts) == 0:
		if turned[operator] == "" {
			return comparison{facts: rights}
		}
		c, other = comparison{facts: rights, operator: turned[operator]}, left
	}
	if negated {
		c.operator = opposite[c.operator]
	}
	c.threshold = threshold(tree, other, slices.ContainsFunc(c.facts, func(v *variable) bool { return v.kind == cash }))
	return c
}

// threshold writes what a fact is held against: a constant, a limit in the request's
// currency, or the expression as it stands in the policy.
func threshold(tree *ast.AST, e ast.Expr, isCash bool) func(func(string) string) string {
	switch {
	case e.Kind() == ast.LiteralKind && !isCash:
		word := valueText(e.AsLiteral())
		return func(func(string) string) string { return word }
	case e.Kind() == ast.IdentKind && strings.HasPrefix(e.AsIdent(), limitPrefix):
		name := e.AsIdent()
		return func(limit func(string) string) string { return limit(name) }
	}
	words, err := parser.Unparse(e, tree.SourceInfo())
	if err != nil {
		words = "…" // never for what was parsed
	}
	return func(func(string) string) string { return words }
}

// factsIn are the facts that an expression names, each once, in its order.
func factsIn(e ast.Expr) []*variable {
	var out []*variable
	ast.PreOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.IdentKind {
			return
		}
		if v, ok := variablesByName[e.AsIdent()]; ok && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}))
	return out
}

// show writes the value and the threshold of a match: bare when there is one of each,
// with their names when there are more.
func show(shown []comparison, f *Facts, limits map[string]amounts) (value, limit string) {
	limitText := func(name string) string {
		return text(money.Of(limits[name].of(f.Amount.Currency), f.Amount.Currency))
	}
	if len(shown) == 1 && len(shown[0].facts) == 1 && shown[0].threshold != nil {
		return factText(shown[0].facts[0], f), shown[0].threshold(limitText)
	}
	var values, thresholds []string
	seen := map[string]bool{}
	for _, c := range shown {
		names := make([]string, 0, len(c.facts))
		for _, v := range c.facts {
			names = append(names, v.name)
			if !seen[v.name] {
				seen[v.name] = true
				values = append(values, v.name+" = "+factText(v, f))
			}
		}
		if c.threshold != nil {
			thresholds = append(thresholds, strings.Join(names, ", ")+" "+c.operator+" "+c.threshold(limitText))
		}
	}
	return strings.Join(values, ", "), strings.Join(thresholds, ", ")
}

func factText(v *variable, f *Facts) string {
	value := v.get(f)
	if n, ok := value.(types.Int); ok && v.kind == cash {
		return text(money.Of(int64(n), f.Amount.Currency))
	}
	return valueText(value)
}

// valueText writes a value; shares with at most six decimals.
func valueText(v ref.Val) string {
	switch v := v.(type) {
	case types.Double:
		return strconv.FormatFloat(math.Round(float64(v)*1e6)/1e6, 'f', -1, 64)
	case types.String:
		return string(v)
	case types.Int:
		return strconv.FormatInt(int64(v), 10)
	case types.Bool:
		return strconv.FormatBool(bool(v))
	}
	if list, ok := v.Value().([]string); ok {
		return strings.Join(list, ", ")
	}
	return v.Type().TypeName()
}
