package policy_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"refunddesk/internal/policy"
)

// withRules is a document with so many rules of the expression.
func withRules(n int, when string) string {
	var b strings.Builder
	b.WriteString("policy: 1\nlimits: {large: {default: \"1000\"}}\nrules:\n")
	for i := range n {
		fmt.Fprintf(&b, "  - {id: it-%d, verdict: review, reason: r, customer: {en: e, zh-Hans: z}, when: '%s'}\n", i, strings.ReplaceAll(when, "'", "''"))
	}
	return b.String() + rest
}

// ends fails the test when do goes on for far longer than any machine needs. What does not
// end is left behind: nothing can stop it.
func ends(t *testing.T, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); do() }()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("does not end")
	}
}

// Whatever an expression is built of, as deep and as long as one can be: it is read or
// refused, as one rule and as twenty, and what is read can be evaluated, with facts
// that are known and with facts that are not.
func TestDeepAndLongExpressionsEnd(t *testing.T) {
	const most = 2000
	chain := func(unit, end string) string { return strings.Repeat(unit, (most-len(end))/len(unit)) + end }
	expressions := map[string]string{
		"sum": chain("1+", "1 > 0"), "and": chain("appeal && ", "appeal"), "or": chain("appeal||", "appeal"), "and or": chain("appeal||appeal&&", "appeal"),
		"comparisons": chain("amount>0&&", "true"), "texts": chain(`product.startsWith("a")||`, "true"), "ternaries": chain("appeal ? true : ", "false"),
		"negations": chain("!", "appeal"), "calls": "unknown" + strings.Repeat(".size()", 280) + " > 1", "fields": chain("a.", "a"), "unknown names": chain("foo&&", "foo"),
		"mixed units": chain("amount>1&&", "true"), "a list": "1 in [" + chain("1,", "1] || true")[8:], "facts in a list": "amount in [" + chain("amount,", "amount]")[14:],
		"lists in a list": "size([" + chain("[[1]],", "[1]]) > 0")[12:], "empty lists": "[" + chain("[],", "[]] == []")[4:], "loops": chain("[1].all(a,a>0)&&", "true"), "one of": chain("[1].exists_one(a,a>0)&&", "true"),
		"parentheses left open": chain("(", ""), "shut": chain(")", ""), "brackets left open": chain("[", ""), "braces left open": chain("{", ""), "indexes left open": chain("a[", ""),
		"quotes": chain(`"`, ""), "questions": chain("a ? ", ""), "words": chain("a b ", ""), "operators": chain("+ ", ""), "no characters": chain("@ ", ""),
	}
	for _, depth := range []int{15, 26, 30, 55, 300} {
		within := func(name, open, inner, shut, end string) {
			if when := strings.Repeat(open, depth) + inner + strings.Repeat(shut, depth) + end; len(when) <= most {
				expressions[fmt.Sprint(name, " ", depth)] = when
			}
		}
		within("lists", "[", "1", "]", " == []")
		within("empty lists", "[", "", "]", " == []")
		within("lists of facts", "[", "amount", "]", " == []")
		within("lists of two", "[[],", "[]", "]", " == []")
		within("counted lists", "size([", "1", "])", " > 0")
		within("maps", "{1:", "1", "}", " == {}")
		within("parentheses", "(", "appeal", ")", "")
		within("negations", "!(", "appeal", ")", "")
		within("minus", "-(", "amount", ")", " > 0")
		within("conversions", "int(", "amount", ")", " > 0")
		within("comparisons", "(", "appeal", "==true)", "")
		within("ternaries", "(appeal ? true : ", "false", ")", "")
		within("conditions", "(", "appeal", " ? true : false)", "")
		within("ternaries in lists", "[appeal ? [] : ", "[]", "]", " == []")
		within("loops", "[1].all(a, ", "true", ")", "")
		within("loops over loops", "[", "1", "].exists(a, true) && true", "")
	}
	for name, when := range expressions {
		t.Run(name, func(t *testing.T) {
			assert.LessOrEqual(t, len(when), most, "as long as an expression can be")
			ends(t, func() {
				for _, rules := range []int{1, 20} {
					p, err := policy.Parse("1", []byte(withRules(rules, when)))
					if err != nil {
						return
					}
					p.Evaluate(ordinary())
					p.Evaluate(ordinary(func(f *policy.Facts) { f.Unknown = []string{"amount", "appeal", "product"} }))
				}
			})
		})
	}
}

func TestExpressionsAreBoundedInDepthAndTogether(t *testing.T) {
	lists := func(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) + " == []" }
	assert.Empty(t, problems(t, withRule(lists(26))))
	assert.Contains(t, strings.Join(problems(t, withRule(lists(60))), "\n"), "recursion limit")
	loops := strings.Repeat("[1].all(a, ", 20) + "true" + strings.Repeat(")", 20) // more levels than are written, once they are expanded
	assert.Equal(t, []string{"4:79 rules[0].when nests deeper than 32 levels"}, problems(t, withRule(loops)))

	long := "true" + strings.Repeat(" || true", 200)
	fit := 65_536 / len(long)
	assert.Empty(t, problems(t, withRules(fit, long)))
	got := problems(t, withRules(fit+1, long))
	assert.Len(t, got, 1)
	assert.Contains(t, got[0], fmt.Sprintf("rules[%d].when is too much: the expressions of a policy can have 65536 characters together", fit))
}

// A mistake that is made a thousand times over is looked for in the source only as often as
// it is named.
func TestAMistakeManyTimesOver(t *testing.T) {
	escaped := strings.Repeat(`\x61mount>1&&`, 150) + "true" // in the source no a is to be found
	source := strings.Replace(withRule("X"), "'X'", `"`+escaped+`"`, 1)
	source += strings.Repeat("# a comment that goes on\n", (policy.MostSource-len(source))/25)
	_, err := policy.Parse("1", []byte(source))
	assert.ErrorContains(t, err, "The policy has 50 problems,")
}
