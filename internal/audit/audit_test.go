package audit_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"

	"refunddesk/internal/audit"
)

func TestARequestTravelsInItsContext(t *testing.T) {
	ctx := audit.WithRequest(t.Context(), "req_1")
	assert.Equal(t, "req_1", audit.RequestOf(ctx))
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	assert.Equal(t, "req_1", audit.RequestOf(inner))
	assert.Equal(t, "req_2", audit.RequestOf(audit.WithRequest(inner, "req_2")), "the nearest one")
	assert.Empty(t, audit.RequestOf(t.Context()), "a timer's work has none")
}

func TestWhatARefusalIsOf(t *testing.T) {
	object, ok := audit.DecisionRefused.Refuses()
	assert.True(t, ok)
	assert.Equal(t, audit.ObjectTicket, object)
	object, ok = audit.Decided.Refuses()
	assert.False(t, ok, "what was done is no refusal")
	assert.Empty(t, object)
}
