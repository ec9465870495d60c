package session_test

import (
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/identity"
	"refunddesk/internal/session"
)

func TestATokenIs256BitsAndNobodyElses(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 100 {
		token, hash := session.NewToken()
		secret, err := base64.RawURLEncoding.DecodeString(token)
		require.NoError(t, err)
		assert.Len(t, secret, 32)
		assert.Equal(t, session.HashOf(token), hash)
		assert.NotContains(t, string(hash[:]), string(secret))
		assert.False(t, seen[token])
		seen[token] = true
	}
	assert.NotEqual(t, session.HashOf("a"), session.HashOf("b"))
}

func TestTheActorOfASession(t *testing.T) {
	t.Parallel()
	s := session.Session{Subject: "rita", Roles: []identity.Role{identity.Reviewer}, AccountID: "acct", Name: "Rita"}
	assert.Equal(t, identity.Actor{Subject: "rita", Roles: []identity.Role{identity.Reviewer}, AccountID: "acct"}, s.Actor())
}
