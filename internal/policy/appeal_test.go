package policy_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/money"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
)

// An appeal is decided by a person, also under a policy that rejects by itself; what is hard
// fact stays so.
func TestAnAppealIsNeverRejectedByARule(t *testing.T) {
	source := strings.Replace(string(policy.DefaultSource), "    verdict: review\n", "    verdict: reject\n    accept_automatic_rejection: true\n", 1)
	p, err := policy.Parse("1", []byte(source))
	require.NoError(t, err)
	facts := policy.Facts{Amount: money.Units(2000, "USD"), Standing: refund.Good, Dispute: refund.NoDispute}
	require.Equal(t, policy.Reject, p.Evaluate(facts).Verdict)
	facts.Appeal = true
	plan := p.Evaluate(facts)
	assert.Equal(t, policy.Review, plan.Verdict)
	assert.Empty(t, plan.Outcome)
	facts.Standing = refund.Terminated
	assert.Equal(t, policy.Reject, p.Evaluate(facts).Verdict)
}
