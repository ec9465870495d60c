// Package auth finds out who calls: it verifies bearer tokens (JWT) against an OpenID
// Connect issuer and reads subject, roles and account from their claims.
package auth

import (
	"context"
	"crypto"
	"errors"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
)

// Verifier turns a bearer token into who it speaks for. Errors are faults:
// Unauthenticated "invalid-token" or "token-expired", and Unavailable
// "issuer-unavailable" when the issuer's keys cannot be had.
//
// A valid token without a role that RefundDesk knows is somebody who may do nothing: an
// Actor without roles and no error.
type Verifier interface {
	Verify(ctx context.Context, bearer string) (identity.Actor, error)
}

// The claims that are read when a configuration names no others.
const (
	DefaultRolesClaim   = "roles"
	DefaultAccountClaim = "account_id"
)

// leeway is by how much the issuer's clock may be off.
const leeway = 10 * time.Second

// algorithms are the signatures that are accepted. They are all asymmetric: a verifier
// that also took HS256 could be fed tokens signed with its issuer's public key.
var algorithms = []string{oidc.RS256, oidc.ES256, oidc.EdDSA}

var (
	errInvalid = fault.New(fault.Unauthenticated, "invalid-token", "The bearer token is not valid here.")
	errExpired = fault.New(fault.Unauthenticated, "token-expired", "The bearer token has expired.")
)

// errKeys marks a failure to get the issuer's keys, as opposed to a bad signature.
var errKeys = fault.New(fault.Unavailable, "issuer-unavailable", "The issuer of tokens does not answer, so nobody can sign in.").After(2 * time.Second)

// verifier is a Verifier over any set of keys.
type verifier struct {
	tokens  *oidc.IDTokenVerifier
	roles   claimPath
	account claimPath
	now     func() time.Time
}

func newVerifier(issuer, audience string, keys oidc.KeySet, roles, account string, now func() time.Time) *verifier {
	return &verifier{
		tokens: oidc.NewVerifier(issuer, keys, &oidc.Config{
			ClientID:             audience,
			SupportedSigningAlgs: algorithms,
			Now:                  func() time.Time { return now().Add(-leeway) },
		}),
		roles:   claimPath(roles),
		account: claimPath(account),
		now:     now,
	}
}

// Verify checks signature, issuer, audience and times, and reads the claims.
func (v *verifier) Verify(ctx context.Context, bearer string) (identity.Actor, error) {
	ctx, failure := withFailure(ctx)
	token, err := v.tokens.Verify(ctx, bearer)
	if err != nil {
		var expired *oidc.TokenExpiredError
		switch {
		case *failure != nil:
			return identity.Actor{}, *failure
		case errors.As(err, &expired):
			return identity.Actor{}, errExpired.With(err)
		}
		return identity.Actor{}, errInvalid.With(err)
	}
	claims := map[string]any{}
	if err := token.Claims(&claims); err != nil {
		return identity.Actor{}, errInvalid.With(err)
	}
	// go-oidc lets a token be five minutes ahead of its time.
	if nbf, ok := claims["nbf"].(float64); ok && time.Unix(int64(nbf), 0).After(v.now().Add(leeway)) {
		return identity.Actor{}, errInvalid.With(errors.New("auth: the token is not valid yet"))
	}
	if !usableSubject(token.Subject) {
		return identity.Actor{}, errInvalid.With(errors.New("auth: the token's subject cannot be used as an id"))
	}
	return identity.Actor{
		Subject:   token.Subject,
		Roles:     knownRoles(v.roles.strings(claims)),
		AccountID: v.account.id(claims),
	}, nil
}

// NewStatic verifies tokens of an issuer whose keys are known, such as one in the same
// process: *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey. It reads the default
// claims.
func NewStatic(issuer, audience string, keys ...crypto.PublicKey) Verifier {
	set := &oidc.StaticKeySet{PublicKeys: keys}
	return newVerifier(issuer, audience, set, DefaultRolesClaim, DefaultAccountClaim, time.Now)
}
