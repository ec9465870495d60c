package policy_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/policy"
	"refunddesk/internal/review"
)

func guide(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/policy.md")
	require.NoError(t, err)
	return string(text)
}

// The guide's table of facts is the program's: same names, types, words and order.
func TestGuideHasEveryFact(t *testing.T) {
	_, rest, found := strings.Cut(guide(t), "<!-- facts:begin")
	require.True(t, found)
	table, _, found := strings.Cut(rest, "<!-- facts:end")
	require.True(t, found)
	var got, want []string
	for line := range strings.Lines(table) {
		if strings.HasPrefix(line, "| `") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	for _, f := range policy.FactTable() {
		kind := f.Type
		if f.Money {
			kind = "money"
		}
		want = append(want, fmt.Sprintf("| `%s` | %s | %s |", f.Name, kind, f.Doc))
	}
	assert.Equal(t, want, got)
}

// Whoever copies the guide's policy has one that works.
func TestGuidesPolicyWorks(t *testing.T) {
	blocks := regexp.MustCompile("(?s)```yaml\n(policy: 1.*?)```").FindStringSubmatch(guide(t))
	require.Len(t, blocks, 2)
	p, err := policy.Parse("", []byte(blocks[1]))
	require.NoError(t, err)
	assert.Equal(t, policy.Approve, p.Evaluate(ordinary()).Verdict)
}

// So does the rule of its example, put into the shipped policy.
func TestGuidesExampleOfARuleWorks(t *testing.T) {
	blocks := regexp.MustCompile("(?s)```yaml\n(  - id: .*?)```").FindStringSubmatch(guide(t))
	require.Len(t, blocks, 2)
	p, err := policy.Parse("", []byte(strings.Replace(string(policy.DefaultSource), "\nrules:\n", "\nrules:\n"+blocks[1], 1)))
	require.NoError(t, err)
	once, twice := ordinary(func(f *policy.Facts) { f.Rejections = 1 }), ordinary(func(f *policy.Facts) { f.Rejections = 2 })
	assert.Equal(t, policy.Approve, p.Evaluate(once).Verdict)
	assert.Equal(t, policy.Review, p.Evaluate(twice).Verdict)
	assert.Equal(t, []string{"rejected-before"}, rulesOf(p.Evaluate(twice)))
	assert.Equal(t, policy.Approve, shipped(t).Evaluate(twice).Verdict, "the shipped policy has no such rule")
}

func TestGuideNamesEveryRuleOfTheProgramAndEveryKey(t *testing.T) {
	text := guide(t)
	for _, name := range append([]string{
		policy.RuleTerminated, policy.RuleDisputeLost, policy.RuleNothingToRefund, policy.RuleUnknownFact, policy.RuleAppeal, policy.RuleRollingBudget, policy.RuleBrokenPolicy,
		policy.OutcomeRule, "policy", "limits", "rules", "approval", "budget", "calendars", "queues", "default",
		"id", "when", "verdict", "reason", "customer", "weight", "accept_automatic_rejection", "up_to", "reviewers", "seniors",
		"time_zone", "hours", "weekend", "holidays", "workdays", "calendar", "first_response", "decision", "answer_within", "remind_after",
	}, review.Queues...) {
		assert.Contains(t, text, "`"+name+"`")
	}
}
