package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net"
	"net/http"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"refunddesk/internal/identity"
)

const (
	audience = "refunddesk"
	keyID    = "bench"
	// tokenLifetime is longer than any run.
	tokenLifetime = 24 * time.Hour
)

// issuer is an OpenID Connect issuer with just what `refunddesk serve` asks one for: the
// discovery document and the keys.
type issuer struct {
	url    string
	signer jose.Signer
	server *http.Server
}

func startIssuer() (*issuer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: keyID}}, nil)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	i := &issuer{url: "http://" + listener.Addr().String(), signer: signer}
	mux := http.NewServeMux()
	serve := func(path string, document any) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(document) // an asker that went away asks again
		})
	}
	serve("/.well-known/openid-configuration", map[string]any{
		"issuer": i.url, "jwks_uri": i.url + "/keys", "authorization_endpoint": i.url + "/none", "token_endpoint": i.url + "/none",
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported": []string{"ES256"},
	})
	serve("/keys", jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: keyID, Algorithm: string(jose.ES256), Use: "sig"}}})
	i.server = &http.Server{Handler: mux} //nolint:gosec // its one client is `refunddesk serve`
	go func() { _ = i.server.Serve(listener) }()
	return i, nil
}

func (i *issuer) stop() {
	if i != nil {
		_ = i.server.Close()
	}
}

// customer is a token of the account's owner.
func (i *issuer) customer(accountID string) (string, error) {
	now := time.Now()
	return jwt.Signed(i.signer).Claims(struct {
		jwt.Claims
		Roles     []identity.Role `json:"roles"`
		AccountID string          `json:"account_id"`
	}{
		jwt.Claims{
			Issuer: i.url, Audience: jwt.Audience{audience}, Subject: "owner_of_" + accountID,
			IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(tokenLifetime)),
		},
		[]identity.Role{identity.Customer}, accountID,
	}).Serialize()
}
