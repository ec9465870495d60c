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
	var of func(e ast.Expr) unit
	together := func(e, a, b ast.Expr) unit {
		x, y := of(a), of(b)
		if x != anything && y != anything && x != y {
			where := tree.SourceInfo().GetStartLocation(e.ID())
			line, column := t.at.position(r.lines, where.Line(), where.Column())
			r.at(line, column, t.at.path, "puts money beside a plain number; money is compared with a limit (limits.<name>), which knows the currency")
			return anything
		}
		return max(x, y)
	}
	of = func(e ast.Expr) unit {
		switch e.Kind() {
		case ast.IdentKind:
			name := e.AsIdent()
			if strings.HasPrefix(name, limitPrefix) {
				return sum
			}
			if v, ok := variablesByName[name]; ok && v.kind == cash {
				return sum
			}
			if k := tree.GetType(e.ID()).Kind(); k == types.IntKind || k == types.DoubleKind {
				return number
			}
			return anything
		case ast.LiteralKind:
			if v := e.AsLiteral(); v.Type() == types.IntType || v.Type() == types.DoubleType {
				if v.Equal(types.Int(0)) == types.True {
					return anything
				}
				return number
			}
			return anything
		case ast.CallKind:
			return r.unitOfCall(e, of, together)
		case ast.ComprehensionKind:
			of(e.AsComprehension().IterRange())
			of(e.AsComprehension().LoopStep())
			return anything
		case ast.ListKind:
			elements := e.AsList().Elements()
			largest := anything
			for _, element := range elements {
				largest = max(largest, together(element, elements[0], element))
			}
			return largest
		}
		return anything
	}
	of(tree.Expr())
}

func (r *reader) unitOfCall(e ast.Expr, of func(ast.Expr) unit, together func(e, a, b ast.Expr) unit) unit {
	call := e.AsCall()
	args := call.Args()
	switch call.FunctionName() {
	case operators.Equals, operators.NotEquals, operators.Less, operators.LessEquals, operators.Greater, operators.GreaterEquals, operators.In:
		together(e, args[0], args[1])
		return anything
	case operators.Add, operators.Subtract:
		return together(e, args[0], args[1])
	case operators.Multiply:
		return max(of(args[0]), of(args[1]))
	case operators.Divide, operators.Modulo:
		if whole, part := of(args[0]), of(args[1]); part != sum || call.FunctionName() == operators.Modulo {
			return whole
		}
		return number
	case operators.Conditional:
		of(args[0])
		return together(e, args[1], args[2])
	case operators.Negate, overloads.TypeConvertDouble, overloads.TypeConvertInt:
		return of(args[0])
	case overloads.Size:
		of(args0(call))
		return number
	}
	if call.IsMemberFunction() {
		of(call.Target())
	}
	for _, arg := range args {
		of(arg)
	}
	return anything
}

// args0 is what a function is applied to, written as f(x) or as x.f().
func args0(call ast.CallExpr) ast.Expr {
	if call.IsMemberFunction() {
		return call.Target()
	}
	return call.Args()[0]
}
