package refund

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"refunddesk/internal/money"
)

func TestWorth(t *testing.T) {
	quoted, approved, credited := money.Of(7, "USD"), money.Of(6, "USD"), money.Of(5, "USD")
	r := Refund{Quote: Quote{Amount: quoted}}
	assert.Equal(t, quoted, r.Worth())
	r.Approved = &approved
	assert.Equal(t, approved, r.Worth())
	r.Amount = &credited
	assert.Equal(t, credited, r.Worth())
}
