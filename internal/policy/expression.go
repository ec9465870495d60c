package policy

import (
	"math"
	"regexp"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/env"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"

	"refunddesk/internal/fault"
)

// The bounds of an expression. The cost is worked out when the policy is read, for the
// largest facts there can be: what could take longer is refused, so that nothing has to be
// stopped while a request waits.
const (
	mostExpression = 2000   // bytes
	mostInAll      = 65_536 // bytes of the expressions of a policy
	mostNodes      = 2000   // of the syntax tree, macros expanded
	mostDepth      = 32     // of the syntax tree, macros expanded
	mostCost       = 10_000 // CEL's units; one comparison is about one
	mostUnknown    = 64     // names in Facts.Unknown
	mostWordSize   = 256    // bytes of a fact that is a word
)

// rule is a compiled rule.
type rule struct {
	text    ruleText
	whole   cel.Program // of facts that are all known
	partial cel.Program // of facts of which some are not
	shown   []comparison
}

// language is the part of CEL that policies have: comparing, counting and logic. What
// could build something large (joining text and lists, map and filter) is not in it.
var language = sync.OnceValues(func() (*cel.Env, error) {
	subset := env.NewLibrarySubset().AddIncludedMacros(operators.All, operators.Exists, operators.ExistsOne)
	for _, name := range []string{
		operators.Conditional, operators.LogicalAnd, operators.LogicalOr, operators.LogicalNot, operators.NotStrictlyFalse,
		operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals, operators.In,
		operators.Subtract, operators.Multiply, operators.Divide, operators.Modulo, operators.Negate,
		overloads.Size, overloads.Contains, overloads.StartsWith, overloads.EndsWith, overloads.TypeConvertDouble, overloads.TypeConvertInt,
	} {
		subset.AddIncludedFunctions(env.NewFunction(name))
	}
	subset.AddIncludedFunctions(env.NewFunction(operators.Add, env.NewOverload(overloads.AddInt64, nil, nil), env.NewOverload(overloads.AddDouble, nil, nil)))
	options := []cel.EnvOption{
		cel.StdLib(cel.StdLibSubset(subset)),
		cel.CrossTypeNumericComparisons(true),
		cel.ParserExpressionSizeLimit(mostExpression), cel.ParserRecursionLimit(mostDepth), cel.ExpressionNodeLimit(mostNodes),
	}
	for _, v := range variables {
		options = append(options, cel.Variable(v.name, v.typ))
	}
	return cel.NewCustomEnv(options...)
})

// compile compiles the rules of a document whose other parts may have problems: all are named.
func (r *reader) compile(doc document) []rule {
	base, err := language()
	if err != nil {
		r.at(1, 1, "", "the language of expressions cannot be set up: %v", err)
		return nil
	}
	limits := make([]cel.EnvOption, 0, len(doc.Limits))
	for name := range doc.Limits {
		limits = append(limits, cel.Variable(limitPrefix+name, cel.IntType))
	}
	compiler, err := base.Extend(limits...)
	if err != nil {
		r.at(1, 1, "limits", "cannot be used in expressions: %v", err)
		return nil
	}
	out := make([]rule, 0, len(doc.Rules))
	inAll := 0
	for _, t := range doc.Rules {
		if r.full() {
			return nil
		}
		if t.at == nil {
			continue // its problem is named already
		}
		if inAll += len(t.When); inAll > mostInAll {
			r.wrong(t.at.node, t.at.path, "is too much: the expressions of a policy can have %d characters together", mostInAll)
			return nil
		}
		if compiled, ok := r.rulePrograms(compiler, t); ok {
			out = append(out, compiled)
		}
	}
	return out
}

func (r *reader) rulePrograms(compiler *cel.Env, t ruleText) (rule, bool) {
	checked, issues := compiler.Compile(t.When)
	if issues.Err() != nil {
		for i, e := range issues.Errors() {
			if i == 3 || (i > 0 && strings.Contains(e.Message, types.ErrorType.TypeName())) {
				break // what follows a first mistake is mostly its echo
			}
			line, column := t.at.position(r.lines, e.Location.Line(), e.Location.Column())
			r.at(line, column, t.at.path, "%s", inPlainWords(e.Message))
		}
		return rule{}, false
	}
	before := len(r.problems) + r.more
	if checked.OutputType() != cel.BoolType {
		r.wrong(t.at.node, t.at.path, "must say yes or no, and is of the type %s; compare it with something", checked.OutputType())
	}
	tree := checked.NativeRep()
	// Depth and cost come first: what looks further goes over trees that are bounded.
	switch {
	case ast.ExceedsDepth(tree, mostDepth):
		r.wrong(t.at.node, t.at.path, "nests deeper than %d levels", mostDepth)
		return rule{}, false
	case foreign(tree.Expr()):
		r.wrong(t.at.node, t.at.path, "has { } in it, which policies do not have; a list is written as [a, b]")
		return rule{}, false
	}
	if estimate, err := compiler.EstimateCost(checked, sizes{}); err != nil {
		r.wrong(t.at.node, t.at.path, "cannot be bounded in cost: %v", err)
		return rule{}, false
	} else if estimate.Max > mostCost {
		r.wrong(t.at.node, t.at.path, "could take too long to work out (cost %s, and %d is allowed)", costText(estimate.Max), mostCost)
		return rule{}, false
	}
	r.units(t, tree)
	if t.Verdict == Reject && !t.Automatic && !hard(tree.Expr()) {
		r.wrong(t.at.node, t.at.path, "rejects on something other than a hard fact (standing == \"terminated\", dispute == \"lost\", amount <= 0): make the verdict review, or write accept_automatic_rejection: true beside it")
	}
	if len(r.problems)+r.more > before {
		return rule{}, false
	}
	var options []cel.ProgramOption
	if loops(tree.Expr()) {
		options = append(options, cel.CostLimit(mostCost)) // facts larger than foreseen stop it
	}
	whole, err := compiler.Program(checked, append(options, cel.EvalOptions(cel.OptOptimize))...)
	if err != nil {
		r.wrong(t.at.node, t.at.path, "cannot be evaluated: %v", err)
		return rule{}, false
	}
	partial, err := compiler.Program(checked, append(options, cel.EvalOptions(cel.OptPartialEval))...)
	if err != nil {
		r.wrong(t.at.node, t.at.path, "cannot be evaluated: %v", err)
		return rule{}, false
	}
	return rule{text: t, whole: whole, partial: partial, shown: explain(tree)}, true
}

func costText(n uint64) string {
	if n == math.MaxUint64 {
		return "without bound"
	}
	return types.Uint(n).ConvertToType(types.StringType).Value().(string)
}

// sizes tells the estimate how large facts can be.
type sizes struct{}

// EstimateSize implements cost.Estimator.
func (sizes) EstimateSize(n cost.AstNode) *cost.SizeEstimate {
	size := cost.RangedSizeEstimate(0, mostWordSize)
	switch path := n.Path(); {
	case len(path) == 1 && path[0] == "unknown":
		size = cost.ListSizeEstimate(cost.RangedSizeEstimate(0, mostUnknown), size)
	case n.Type() == nil || n.Type().Kind() != types.StringKind || len(path) == 0:
		return nil
	}
	return &size
}

// EstimateCallCost implements cost.Estimator: all functions are the library's own.
func (sizes) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}

// foreign finds a map or a message, which policies have no use for and whose parts nothing
// here looks into.
func foreign(e ast.Expr) bool {
	found := false
	ast.PreOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) { found = found || e.Kind() == ast.MapKind || e.Kind() == ast.StructKind }))
	return found
}

// loops reports whether the expression does something once for each of a list.
func loops(e ast.Expr) bool {
	found := false
	ast.PostOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) { found = found || e.Kind() == ast.ComprehensionKind }))
	return found
}

// hard reports whether the expression can only be true on a fact that rejects by itself:
// the account terminated, the dispute lost, nothing left to refund.
func hard(e ast.Expr) bool {
	if e.Kind() != ast.CallKind {
		return false
	}
	call := e.AsCall()
	args := call.Args()
	switch call.FunctionName() {
	case operators.LogicalOr:
		return hard(args[0]) && hard(args[1])
	case operators.LogicalAnd:
		return hard(args[0]) || hard(args[1])
	case operators.Equals:
		return hardEqual(args[0], args[1]) || hardEqual(args[1], args[0])
	case operators.LessEquals:
		return isFact(args[0], "amount") && isLiteral(args[1], types.Int(0))
	case operators.GreaterEquals:
		return isFact(args[1], "amount") && isLiteral(args[0], types.Int(0))
	}
	return false
}

func hardEqual(fact, value ast.Expr) bool {
	return isFact(fact, "standing") && isLiteral(value, types.String("terminated")) ||
		isFact(fact, "dispute") && isLiteral(value, types.String("lost")) ||
		isFact(fact, "amount") && isLiteral(value, types.Int(0))
}

func isFact(e ast.Expr, name string) bool { return e.Kind() == ast.IdentKind && e.AsIdent() == name }

func isLiteral(e ast.Expr, v any) bool { return e.Kind() == ast.LiteralKind && e.AsLiteral() == v }

var (
	undeclared = regexp.MustCompile(`^undeclared reference to '([^']*)'`)
	noOverload = regexp.MustCompile(`^found no matching overload for '([^']*)' applied to '\((.*)\)'`)
)

// inPlainWords says what CEL found in the words of policies.
func inPlainWords(message string) string {
	if m := undeclared.FindStringSubmatch(message); m != nil {
		name := m[1]
		_, isOperator := operators.FindReverse(name)
		switch {
		case name+"." == limitPrefix, strings.HasPrefix(name, limitPrefix):
			return "names a limit that the policy does not have; limits are written as limits.<name>"
		case isOperator, name == operators.Index:
			return "uses " + symbol(name) + ", which policies do not have"
		}
		return "names \"" + fault.Clip(name, 60) + "\", which is neither a fact nor a function that policies have"
	}
	if m := noOverload.FindStringSubmatch(message); m != nil {
		return "applies " + symbol(m[1]) + " to " + fault.Clip(m[2], 100) + ", which does not go together"
	}
	message = strings.TrimPrefix(message, "Syntax error: ")
	message, _, _ = strings.Cut(message, " expecting ") // twenty tokens that help nobody
	message = strings.ReplaceAll(message, "'<EOF>'", "the end")
	return "cannot be read as an expression: " + fault.Clip(message, 200)
}

// symbol is an operator as it is written: "_>_" is >.
func symbol(function string) string {
	if s, ok := operators.FindReverse(function); ok && s != "" {
		return s
	}
	return strings.Trim(function, "_@")
}
