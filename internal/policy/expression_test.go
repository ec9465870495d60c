package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"refunddesk/internal/policy"
)

// withRule is a document with one rule for review.
func withRule(when string) string {
	return "policy: 1\nlimits: {large: {default: \"1000\"}}\nrules:\n  - {id: it, verdict: review, reason: r, customer: {en: e, zh-Hans: z}, when: '" +
		strings.ReplaceAll(when, "'", "''") + "'}" + rest
}

func TestTheLanguageOfPolicies(t *testing.T) {
	for _, when := range []string{
		`true`, `refunds_30d > 3 && (refunds_24h >= 2 || !appeal)`, `usage_ratio > 5`, `usage_ratio > 5.0`, `consumed_share == 0.0`,
		`amount > limits.large`, `amount > limits.large * 2`, `amount * 3 > refunded_30d`, `refunded_24h + amount > limits.large`, `amount > 0`, `-amount < 0`,
		`refunded_30d / refunds_30d > limits.large`, `double(refunded_24h) / double(refunded_30d) > 0.5`, `amount / limits.large >= 2`, `amount % limits.large == 0`,
		`currency in ["USD", "EUR"]`, `product.startsWith("global") && !product.endsWith("x") && product.contains("sms")`,
		`unknown.exists(u, u == "rejections")`, `unknown.all(u, u.startsWith("usage"))`, `unknown.exists_one(u, u == "x")`, `"rejections" in unknown`, `size(unknown) > 2`, `unknown.size() > 2`,
		`(appeal ? 1 : 2) > refunds_24h`, `(appeal ? amount : refunded_24h) > limits.large`, `amount in [limits.large, limits.large * 2]`, `int(usage_ratio) > 3`,
		`size(product) > 3`, `[1, 2].exists(n, n == refunds_24h)`,
	} {
		assert.Empty(t, problems(t, withRule(when)), when)
	}
	for when, want := range map[string]string{
		`Refunds_30d > 3`:                        `names "Refunds_30d", which is neither a fact nor a function`,
		`refunds_30d > limits.huge`:              `names a limit that the policy does not have`,
		`limits > 3`:                             `names a limit that the policy does not have`,
		`refunds_30d > "3"`:                      `applies > to int, string`,
		`refunds_30d`:                            `must say yes or no, and is of the type int`,
		`refunds_30d > 3 &&`:                     `cannot be read as an expression`,
		`refunds_30d > 3 ; true`:                 `cannot be read as an expression`,
		`amount > 1000`:                          `puts money beside a plain number`,
		`1000.5 < amount`:                        `puts money beside a plain number`,
		`amount > limits.large + 5`:              `puts money beside a plain number`,
		`refunds_30d > limits.large`:             `puts money beside a plain number`,
		`refunds_30d + amount > 0`:               `puts money beside a plain number`,
		`amount in [1, 2]`:                       `puts money beside a plain number`,
		`[amount, 5].exists(a, a == 0)`:          `puts money beside a plain number`,
		`(appeal ? amount : 5) > 0`:              `puts money beside a plain number`,
		`double(amount) > 2.5`:                   `puts money beside a plain number`,
		`size(unknown) > limits.large`:           `puts money beside a plain number`,
		`amount / limits.large > limits.large`:   `puts money beside a plain number`,
		`product + "x" == "y"`:                   `applies + to string, string`,
		`size(unknown + unknown) > 3`:            `applies + to list(string), list(string)`,
		`product.matches("(a+)+$")`:              `names "matches"`,
		`unknown.map(u, u).size() > 1`:           `names "map"`,
		`unknown.filter(u, true).size() > 1`:     `names "filter"`,
		`has(limits.large)`:                      `names "has"`,
		`timestamp("2026-01-01T00:00:00Z") > 3`:  `names "timestamp"`,
		`dyn(amount) > 1000`:                     `names "dyn"`,
		`string(amount) == "1"`:                  `names "string"`,
		`unknown[0] == "x"`:                      `which policies do not have`,
		`size({1: amount > 1000}) > 0`:           `has { } in it`,
		`appeal && size([{}]) > 0`:               `has { } in it`,
		strings.Repeat("(", 100) + "true":        `cannot be read as an expression`,
		"true" + strings.Repeat(" || true", 400): `is longer than 2000 characters`,
		`consumed_share == 0`:                    `applies == to double, int`,
	} {
		assert.Contains(t, strings.Join(problems(t, withRule(when)), "\n"), want, when)
	}
}

// What would run for long is refused when it is read, whatever it is built from.
func TestExpressionsThatWouldRunForeverAreRefused(t *testing.T) {
	numbers := make([]string, 100)
	for i := range numbers {
		numbers[i] = fmt.Sprint(i)
	}
	hundred := "[" + strings.Join(numbers, ",") + "]"
	for name, when := range map[string]string{
		"three loops":             hundred + ".all(a, " + hundred + ".all(b, " + hundred + ".all(c, a + b + c > 0)))",
		"seven short loops":       nested("[0,1,2,3,4,5,6,7,8,9]", 7),
		"loops over the unknown":  nested("unknown", 6),
		"comparing lists in loop": nested("unknown", 3),
		"a loop in a list":        hundred + ".exists(a, " + hundred + ".exists(b, [a, b, a].exists(c, c in " + hundred + ")))",
	} {
		assert.Contains(t, strings.Join(problems(t, withRule(when)), "\n"), "could take too long", name)
	}
	assert.Empty(t, problems(t, withRule(nested("[1,2,3]", 3))), "a short loop in a loop is no harm")
}

// nested are loops over the list, each in the one before.
func nested(list string, depth int) string {
	if depth == 0 {
		return "a1 == a1"
	}
	return fmt.Sprintf("%s.all(a%d, %s)", list, depth, nested(list, depth-1))
}

// Facts larger than any there can be stop a loop, and what is stopped is looked at.
func TestALoopOverMoreThanThereCanBeIsStopped(t *testing.T) {
	p := ruled(t, "loops|reject|1|unknown.all(a, a != \"x\" && a != \"y\")")
	f := ordinary(func(f *policy.Facts) {
		for i := range 3000 {
			f.Unknown = append(f.Unknown, fmt.Sprint("fact ", i))
		}
	})
	plan := p.Evaluate(f)
	assert.Equal(t, policy.Review, plan.Verdict)
	assert.Contains(t, plan.Matches[1].Value, "cost limit exceeded")
	assert.Less(t, len(plan.Matches[0].Value), 600)
}

func TestOnlyHardFactsRejectByThemselves(t *testing.T) {
	source := func(when, more string) string {
		return strings.Replace(withRule(when), "verdict: review", "verdict: reject"+more, 1)
	}
	for _, when := range []string{
		`standing == "terminated"`, `"lost" == dispute`, `amount <= 0`, `0 >= amount`, `amount == 0`,
		`standing == "terminated" || dispute == "lost"`, `standing == "terminated" && refunds_30d > 3`, `appeal && (dispute == "lost" || amount == 0)`,
	} {
		assert.Empty(t, problems(t, source(when, "")), when)
	}
	for _, when := range []string{
		`refunds_30d > 300`, `standing == "suspended"`, `standing != "terminated"`, `dispute == "open"`, `amount > limits.large`, `amount >= 0`, `0 <= amount`, `true`,
		`standing == "terminated" || linked_rejected > 0`, `!(standing == "terminated")`, `appeal ? standing == "terminated" : true`,
		`standing == dispute`, `["terminated"].exists(s, s == standing)`, `contact_changed_72h`,
	} {
		assert.Contains(t, strings.Join(problems(t, source(when, "")), "\n"), "something other than a hard fact", when)
		assert.Empty(t, problems(t, source(when, ", accept_automatic_rejection: true")), when)
		assert.NotEmpty(t, problems(t, source(when, ", accept_automatic_rejection: false")), when)
	}
}
