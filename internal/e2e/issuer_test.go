package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/require"
)

const (
	issuerAudience = "refunddesk"
	issuerClient   = "refunddesk-console"
)

// issuer is an OpenID Connect provider, as far as a resource server and the console need one.
type issuer struct {
	url    string
	signer jose.Signer

	mu    sync.Mutex
	next  signedIn            // who signs in next
	codes map[string]signedIn // by code, until it is exchanged
}

// signedIn is somebody on the way through the issuer's page.
type signedIn struct {
	subject, nonce string
	roles          []string
}

func startIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	private := jose.JSONWebKey{Key: key, KeyID: "e2e", Algorithm: string(jose.ES256), Use: "sig"}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: private}, nil)
	require.NoError(t, err)

	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	i := &issuer{url: server.URL, signer: signer, codes: map[string]signedIn{}}
	say := func(document any) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, document) }
	}
	mux.HandleFunc("GET /.well-known/openid-configuration", say(map[string]any{
		"issuer": server.URL, "jwks_uri": server.URL + "/keys", "authorization_endpoint": server.URL + "/auth",
		"token_endpoint": server.URL + "/token", "id_token_signing_alg_values_supported": []string{"ES256"},
	}))
	mux.HandleFunc("GET /keys", say(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{private.Public()}}))
	mux.HandleFunc("GET /auth", i.authorize)
	mux.HandleFunc("POST /token", i.exchange)
	return i
}

func answerJSON(w http.ResponseWriter, document any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(document)
}

// authorize is the page where people sign in: whoever is next is let through unasked.
func (i *issuer) authorize(w http.ResponseWriter, r *http.Request) {
	back, err := url.Parse(r.FormValue("redirect_uri"))
	if err != nil {
		http.Error(w, "redirect_uri", http.StatusBadRequest)
		return
	}
	code := rand.Text()
	i.mu.Lock()
	who := i.next
	who.nonce = r.FormValue("nonce")
	i.codes[code] = who
	i.mu.Unlock()
	back.RawQuery = url.Values{"code": {code}, "state": {r.FormValue("state")}}.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

// exchange gives the tokens for a code, once.
func (i *issuer) exchange(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	who, ok := i.codes[r.FormValue("code")]
	delete(i.codes, r.FormValue("code"))
	i.mu.Unlock()
	access, accessErr := i.sign(who.subject, issuerAudience, map[string]any{"realm_access": map[string]any{"roles": who.roles}})
	id, idErr := i.sign(who.subject, issuerClient, map[string]any{"nonce": who.nonce, "name": who.subject})
	if !ok || accessErr != nil || idErr != nil {
		http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
		return
	}
	answerJSON(w, map[string]any{"access_token": access, "id_token": id, "token_type": "Bearer", "expires_in": 3600})
}

func (i *issuer) sign(subject, audience string, claims map[string]any) (string, error) {
	claims["iss"], claims["sub"], claims["aud"] = i.url, subject, audience
	claims["iat"], claims["exp"] = time.Now().Unix(), time.Now().Add(time.Hour).Unix()
	return jwt.Signed(i.signer).Claims(claims).Serialize()
}

// token is for roles in a nested claim, as Keycloak has them.
func (i *issuer) token(t *testing.T, subject, account string, roles ...string) string {
	t.Helper()
	claims := map[string]any{"realm_access": map[string]any{"roles": roles}}
	if account != "" {
		claims["account_id"] = account
	}
	token, err := i.sign(subject, issuerAudience, claims)
	require.NoError(t, err)
	return token
}
