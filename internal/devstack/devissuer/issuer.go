// Package devissuer is the development program's own issuer of bearer tokens: a random key
// per data folder, demo people with ready tokens, and POST /dev/token for anybody else.
//
// The production program never links it; there an OpenID Connect provider issues tokens.
package devissuer

import (
	"crypto"
	"crypto/ecdsa"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"refunddesk/internal/identity"
)

const (
	// Name is the "iss" of every token.
	Name = "refunddesk-dev"
	// Audience is the "aud" of every token.
	Audience = "refunddesk"
	// Algorithm is how tokens are signed (JWA).
	Algorithm = string(jose.ES256)
	// Lifetime of a token.
	Lifetime = 30 * 24 * time.Hour
	// MinRemaining is what the demo people's tokens have left at least after WriteTokens.
	MinRemaining = 24 * time.Hour
)

// Identity is whom a token is for.
type Identity struct {
	Subject   string // opaque
	Name      string // how the console greets him; not in bearer tokens
	Roles     []identity.Role
	AccountID string // the customer's own account, or one that a member of staff owns
}

// Names are those of the demo people in tokens.json, in the order in which they are shown.
var Names = []string{"customer", "customer2", "reviewer", "reviewer2", "senior", "auditor", "admin", "integrator"}

// Demo are the demo people, by the names they have in tokens.json.
var Demo = map[string]Identity{
	"customer":   {Subject: "user_customer", Name: "Ada Cole", Roles: []identity.Role{identity.Customer}, AccountID: "acct_demo"},
	"customer2":  {Subject: "user_customer2", Name: "林小雨", Roles: []identity.Role{identity.Customer}, AccountID: "acct_demo2"},
	"reviewer":   {Subject: "user_reviewer", Name: "Rene Voss", Roles: []identity.Role{identity.Reviewer}},
	"reviewer2":  {Subject: "user_reviewer2", Name: "Robin Okafor", Roles: []identity.Role{identity.Reviewer}},
	"senior":     {Subject: "user_senior", Name: "Sasha Lind", Roles: []identity.Role{identity.Senior}},
	"auditor":    {Subject: "user_auditor", Name: "Ariel Moreau", Roles: []identity.Role{identity.Auditor}},
	"admin":      {Subject: "user_admin", Name: "Adrian Reyes", Roles: []identity.Role{identity.Admin}},
	"integrator": {Subject: "user_integrator", Name: "Billing program", Roles: []identity.Role{identity.Integrator}},
}

// Issuer issues tokens with the key of one data folder.
type Issuer struct {
	dir    string
	key    *ecdsa.PrivateKey
	keyID  string
	signer jose.Signer
	now    func() time.Time
	log    *slog.Logger
	codes  codes
}

// Options are what tests change; the zero value is right otherwise.
type Options struct {
	Now func() time.Time // time.Now when nil
	Log *slog.Logger     // slog's default when nil
}

// Open takes the key in DIR/issuer.key, or makes one at the first start. The folder must exist.
func Open(dir string, o Options) (*Issuer, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	key, err := loadKey(filepath.Join(dir, "issuer.key"))
	if err != nil {
		return nil, err
	}
	public := jose.JSONWebKey{Key: key.Public()}
	thumb, err := public.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("name the issuer's key: %w", err)
	}
	keyID := fmt.Sprintf("%x", thumb[:8])
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: keyID}},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return nil, fmt.Errorf("sign with the issuer's key: %w", err)
	}
	return &Issuer{dir: dir, key: key, keyID: keyID, signer: signer, now: o.Now, log: o.Log}, nil
}

// PublicKey is what tokens verify with: an *ecdsa.PublicKey on P-256.
func (i *Issuer) PublicKey() crypto.PublicKey { return i.key.Public() }

// claims of a token; the names of the last two are the production program's defaults.
type claims struct {
	jwt.Claims
	Roles     []identity.Role `json:"roles"`
	AccountID string          `json:"account_id,omitempty"`
}

// Token issues a token, valid from now on for Lifetime.
func (i *Issuer) Token(who Identity) (string, error) {
	now := i.now()
	token, err := jwt.Signed(i.signer).Claims(claims{
		Claims: jwt.Claims{
			Issuer:   Name,
			Audience: jwt.Audience{Audience},
			Subject:  who.Subject,
			IssuedAt: jwt.NewNumericDate(now),
			Expiry:   jwt.NewNumericDate(now.Add(Lifetime)),
		},
		Roles:     who.Roles,
		AccountID: who.AccountID,
	}).Serialize()
	if err != nil {
		return "", fmt.Errorf("issue a token: %w", err)
	}
	return token, nil
}
