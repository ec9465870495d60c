package policy

import (
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
)

// unit is what a number stands for. To CEL money and counts are both int; comparing one
// with the other is always a mistake, and mostly one of a million times.
type unit int

const (
	anything unit = iota // text, yes or no, the number 0
	number
	sum // micros
)

// units refuses expressions that put money beside plain numbers: amount > 1000 would mean a
// thousandth of a cent.
func (r *reader) units(t ruleText, tree *ast.AST) {
	u := unitCheck{tree: tree, mixed: func(e ast.Expr) {
		where := tree.SourceInfo().GetStartLocation(e.ID())
		line, column := t.at.position(r.lines, where.Line(), where.Column())
		r.at(line, column, t.at.path, "puts money beside a plain number; money is compared with a limit (limits.<name>), which knows the currency")
	}, enough: r.full}
	u.of(tree.Expr())
}

// unitCheck works the units of an expression out from the leaves up. Every node is visited
// once: its effort grows with the nodes alone, however they nest.
type unitCheck struct {
	tree   *ast.AST
	mixed  func(ast.Expr) // is told of each expression that mixes units
	enough func() bool    // whether mixed need not be told of more
	visits int            // nodes visited so far
}

// join is the unit of two things that stand beside one another in e.
func (u *unitCheck) join(e ast.Expr, a, b unit) unit {
	if a != anything && b != anything && a != b {
		if !u.enough() {
			u.mixed(e)
		}
		return anything
	}
	return max(a, b)
}

func (u *unitCheck) of(e ast.Expr) unit {
	u.visits++
	switch e.Kind() {
	case ast.IdentKind:
		return u.ofName(e)
	case ast.LiteralKind:
		v := e.AsLiteral()
		if (v.Type() == types.IntType || v.Type() == types.DoubleType) && v.Equal(types.Int(0)) != types.True {
			return number
		}
		return anything
	case ast.CallKind:
		return u.ofCall(e)
	case ast.ComprehensionKind:
		u.of(e.AsComprehension().IterRange())
		u.of(e.AsComprehension().LoopStep())
		return anything
	case ast.ListKind:
		all := anything
		for _, element := range e.AsList().Elements() {
			all = u.join(element, all, u.of(element))
		}
		return all
	}
	return anything
}

func (u *unitCheck) ofName(e ast.Expr) unit {
	name := e.AsIdent()
	if v, ok := variablesByName[name]; ok && v.kind == cash || strings.HasPrefix(name, limitPrefix) {
		return sum
	}
	if k := u.tree.GetType(e.ID()).Kind(); k == types.IntKind || k == types.DoubleKind {
		return number
	}
	return anything
}

func (u *unitCheck) ofCall(e ast.Expr) unit {
	call := e.AsCall()
	of := make([]unit, 0, 3)
	if call.IsMemberFunction() {
		of = append(of, u.of(call.Target()))
	}
	for _, arg := range call.Args() {
		of = append(of, u.of(arg))
	}
	switch call.FunctionName() {
	case operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals, operators.In:
		u.join(e, of[0], of[1])
		return anything
	case operators.Add, operators.Subtract:
		return u.join(e, of[0], of[1])
	case operators.Multiply:
		return max(of[0], of[1])
	case operators.Divide:
		if of[1] == sum {
			return number
		}
		return of[0]
	case operators.Modulo, operators.Negate, overloads.TypeConvertDouble, overloads.TypeConvertInt:
		return of[0]
	case operators.Conditional:
		return u.join(e, of[1], of[2])
	case overloads.Size:
		return number
	}
	return anything
}
