package policy_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/policy"
)

func TestX(t *testing.T) {
	p, err := policy.Parse("1", policy.DefaultSource)
	require.NoError(t, err)
	t.Logf("%+v", p.Evaluate(policy.Facts{}))
}
