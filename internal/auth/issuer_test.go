package auth_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/auth"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
)

const audience = "refunddesk"

var start = time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC)

// clock is a time that only the test moves.
type clock struct{ nanos atomic.Int64 }

func newClock() *clock { c := &clock{}; c.nanos.Store(start.UnixNano()); return c }

func (c *clock) Now() time.Time          { return time.Unix(0, c.nanos.Load()) }
func (c *clock) Advance(d time.Duration) { c.nanos.Add(int64(d)) }

// issuer is an OpenID provider as far as a resource server sees one.
type issuer struct {
	*httptest.Server
	mu      sync.Mutex
	keys    []jose.JSONWebKey
	broken  bool
	fetches int
}

func newIssuer(t *testing.T, keys ...jose.JSONWebKey) *issuer {
	t.Helper()
	i := &issuer{keys: keys}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		if i.count() {
			http.Error(w, "gone fishing", http.StatusBadGateway)
			return
		}
		write(w, map[string]any{"issuer": i.URL, "jwks_uri": i.URL + "/keys"})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		i.mu.Lock()
		defer i.mu.Unlock()
		set := []any{map[string]any{"kty": "OKP", "crv": "Ed448", "x": "AAAA", "kid": "odd"}}
		for _, k := range i.keys {
			set = append(set, k.Public())
		}
		write(w, map[string]any{"keys": set})
	})
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

// count notes one discovery and says whether the issuer is broken.
func (i *issuer) count() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.fetches++
	return i.broken
}

func (i *issuer) set(change func(*issuer)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	change(i)
}

func write(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func (i *issuer) claims(change map[string]any) map[string]any {
	claims := map[string]any{
		"iss": i.URL, "aud": []string{audience, "account"}, "sub": "user-1", "exp": start.Add(time.Hour).Unix(),
		"iat": start.Unix(), "roles": []any{"customer", "offline_access", "customer", 7}, "account_id": "acct_1",
	}
	for k, v := range change {
		if v == nil {
			delete(claims, k)
			continue
		}
		claims[k] = v
	}
	return claims
}

func rsaKey(t *testing.T, kid string) jose.JSONWebKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	return jose.JSONWebKey{Key: key, KeyID: kid, Algorithm: string(jose.RS256), Use: "sig"}
}

func ecKey(t *testing.T, kid string) jose.JSONWebKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return jose.JSONWebKey{Key: key, KeyID: kid, Algorithm: string(jose.ES256)}
}

func edKey(t *testing.T, kid string) jose.JSONWebKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	return jose.JSONWebKey{Key: key, KeyID: kid, Algorithm: string(jose.EdDSA)}
}

func sign(t *testing.T, key jose.JSONWebKey, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(key.Algorithm), Key: key}, nil)
	require.NoError(t, err)
	payload, err := json.Marshal(claims)
	require.NoError(t, err)
	signed, err := signer.Sign(payload)
	require.NoError(t, err)
	compact, err := signed.CompactSerialize()
	require.NoError(t, err)
	return compact
}

func newVerifier(t *testing.T, i *issuer, c *clock) auth.Verifier {
	t.Helper()
	v, err := auth.New(auth.Config{Issuer: i.URL, Audience: audience, Now: c.Now})
	require.NoError(t, err)
	return v
}

func TestGoodTokensOfEveryAlgorithm(t *testing.T) {
	keys := []jose.JSONWebKey{rsaKey(t, "rsa"), ecKey(t, "ec"), edKey(t, "ed")}
	i := newIssuer(t, keys...)
	v := newVerifier(t, i, newClock())
	for _, key := range keys {
		actor, err := v.Verify(t.Context(), sign(t, key, i.claims(nil)))
		require.NoError(t, err, key.Algorithm)
		require.Equal(t, identity.Actor{Subject: "user-1", Roles: []identity.Role{identity.Customer}, AccountID: "acct_1"}, actor)
	}
	require.Equal(t, 1, i.fetches, "the keys are kept")
}

func TestClaims(t *testing.T) {
	key := ecKey(t, "ec")
	i := newIssuer(t, key)
	for name, tc := range map[string]struct {
		rolesClaim string
		claims     map[string]any
		want       identity.Actor
	}{
		"roles through objects":       {"realm_access.roles", map[string]any{"realm_access": map[string]any{"roles": []string{"senior_reviewer", "auditor"}}}, identity.Actor{Subject: "user-1", Roles: []identity.Role{identity.Senior, identity.Auditor}, AccountID: "acct_1"}},
		"a claim with dots in itself": {"https://example.com/roles", map[string]any{"https://example.com/roles": []string{"admin"}}, identity.Actor{Subject: "user-1", Roles: []identity.Role{identity.Admin}, AccountID: "acct_1"}},
		"no known role":               {"", map[string]any{"roles": []string{"superuser"}}, identity.Actor{Subject: "user-1", AccountID: "acct_1"}},
		"nobody is the system":        {"", map[string]any{"roles": []string{"system"}}, identity.Actor{Subject: "user-1", AccountID: "acct_1"}},
		"roles that are no array":     {"", map[string]any{"roles": "admin"}, identity.Actor{Subject: "user-1", AccountID: "acct_1"}},
		"no account":                  {"", map[string]any{"roles": []string{"customer"}, "account_id": nil}, identity.Actor{Subject: "user-1", Roles: []identity.Role{identity.Customer}}},
		"an account that is no id":    {"", map[string]any{"roles": []string{"customer"}, "account_id": "../x"}, identity.Actor{Subject: "user-1", Roles: []identity.Role{identity.Customer}}},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := auth.New(auth.Config{Issuer: i.URL, Audience: audience, RolesClaim: tc.rolesClaim, Now: newClock().Now})
			require.NoError(t, err)
			actor, err := v.Verify(t.Context(), sign(t, key, i.claims(tc.claims)))
			require.NoError(t, err)
			require.Equal(t, tc.want, actor)
		})
	}
}

func TestRefusedTokens(t *testing.T) {
	key, stranger := rsaKey(t, "rsa"), rsaKey(t, "rsa")
	i := newIssuer(t, key)
	segment := func(v any) string {
		text, err := json.Marshal(v)
		require.NoError(t, err)
		return base64.RawURLEncoding.EncodeToString(text)
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public().Key)
	require.NoError(t, err)
	confused := jose.JSONWebKey{Key: public, KeyID: "rsa", Algorithm: string(jose.HS256)}
	good := sign(t, key, i.claims(nil))
	for name, tc := range map[string]struct{ token, code string }{
		"expired":                    {sign(t, key, i.claims(map[string]any{"exp": start.Add(-11 * time.Second).Unix()})), "token-expired"},
		"never expires":              {sign(t, key, i.claims(map[string]any{"exp": nil})), "token-expired"},
		"not valid yet":              {sign(t, key, i.claims(map[string]any{"nbf": start.Add(11 * time.Second).Unix()})), "invalid-token"},
		"for somebody else":          {sign(t, key, i.claims(map[string]any{"aud": "another"})), "invalid-token"},
		"for nobody":                 {sign(t, key, i.claims(map[string]any{"aud": nil})), "invalid-token"},
		"from another issuer":        {sign(t, key, i.claims(map[string]any{"iss": "https://elsewhere.example"})), "invalid-token"},
		"signed with another key":    {sign(t, stranger, i.claims(nil)), "invalid-token"},
		"of an unknown key":          {sign(t, rsaKey(t, "unheard-of"), i.claims(nil)), "invalid-token"},
		"HS256 with the public key":  {sign(t, confused, i.claims(nil)), "invalid-token"},
		"RS512, which nobody needs":  {sign(t, jose.JSONWebKey{Key: key.Key, KeyID: "rsa", Algorithm: string(jose.RS512)}, i.claims(nil)), "invalid-token"},
		"alg none":                   {segment(map[string]any{"alg": "none"}) + "." + segment(i.claims(nil)) + ".", "invalid-token"},
		"a signature cut off":        {good[:len(good)-8], "invalid-token"},
		"claims exchanged":           {good[:10] + segment(i.claims(nil)) + good[len(good)-20:], "invalid-token"},
		"no subject":                 {sign(t, key, i.claims(map[string]any{"sub": nil})), "invalid-token"},
		"a subject with line breaks": {sign(t, key, i.claims(map[string]any{"sub": "a\nb"})), "invalid-token"},
		"the desk's own name":        {sign(t, key, i.claims(map[string]any{"sub": "refunddesk"})), "invalid-token"},
		"no token at all":            {"rubbish", "invalid-token"},
		"empty":                      {"", "invalid-token"},
	} {
		t.Run(name, func(t *testing.T) {
			actor, err := newVerifier(t, i, newClock()).Verify(t.Context(), tc.token)
			require.Equal(t, tc.code, fault.CodeOf(err))
			require.Equal(t, fault.Unauthenticated, fault.From(err).Kind)
			require.Zero(t, actor)
		})
	}
	t.Run("the clocks may differ a little", func(t *testing.T) {
		token := sign(t, key, i.claims(map[string]any{"exp": start.Add(-5 * time.Second).Unix(), "nbf": start.Add(5 * time.Second).Unix()}))
		_, err := newVerifier(t, i, newClock()).Verify(t.Context(), token)
		require.NoError(t, err)
	})
}

func TestRotatedKeysAreFetched(t *testing.T) {
	old, next := ecKey(t, "2025"), ecKey(t, "2026")
	i := newIssuer(t, old)
	v := newVerifier(t, i, newClock())
	_, err := v.Verify(t.Context(), sign(t, old, i.claims(nil)))
	require.NoError(t, err)

	i.set(func(i *issuer) { i.keys = []jose.JSONWebKey{next} })
	_, err = v.Verify(t.Context(), sign(t, next, i.claims(nil)))
	require.NoError(t, err, "an unknown key id makes us ask for the new keys")
	_, err = v.Verify(t.Context(), sign(t, old, i.claims(nil)))
	require.Equal(t, "invalid-token", fault.CodeOf(err), "a key that was withdrawn is worth nothing")
}

func TestMadeUpKeysDoNotHammerTheIssuer(t *testing.T) {
	key := ecKey(t, "real")
	i := newIssuer(t, key)
	c := newClock()
	v := newVerifier(t, i, c)
	forged := sign(t, ecKey(t, "made-up"), i.claims(nil))
	for range 50 {
		_, err := v.Verify(t.Context(), forged)
		require.Equal(t, "invalid-token", fault.CodeOf(err))
	}
	require.Equal(t, 1+5, i.fetches, "the first fetch and the burst of refreshes")
	_, err := v.Verify(t.Context(), sign(t, key, i.claims(nil)))
	require.NoError(t, err)
	c.Advance(10 * time.Second)
	_, err = v.Verify(t.Context(), forged)
	require.Equal(t, "invalid-token", fault.CodeOf(err))
	require.Equal(t, 1+5+1, i.fetches)
}

func TestAnIssuerThatIsAway(t *testing.T) {
	key := ecKey(t, "ec")
	i := newIssuer(t, key)
	c := newClock()
	v := newVerifier(t, i, c)
	token := sign(t, key, i.claims(nil))

	i.set(func(i *issuer) { i.broken = true })
	_, err := v.Verify(t.Context(), "rubbish")
	require.Equal(t, "invalid-token", fault.CodeOf(err), "rubbish is refused without asking anybody")
	for range 3 {
		_, err = v.Verify(t.Context(), token)
		require.Equal(t, "issuer-unavailable", fault.CodeOf(err))
		require.Equal(t, fault.Unavailable, fault.From(err).Kind)
		require.Positive(t, fault.From(err).RetryAfter)
	}
	require.Equal(t, 1, i.fetches, "one failure answers for those that come right after")

	i.set(func(i *issuer) { i.broken = false })
	c.Advance(time.Second)
	_, err = v.Verify(t.Context(), token)
	require.NoError(t, err, "the failure is not kept")

	i.Close()
	_, err = v.Verify(t.Context(), token)
	require.NoError(t, err, "known keys do without their issuer")
	_, err = v.Verify(t.Context(), sign(t, ecKey(t, "new"), i.claims(nil)))
	require.Equal(t, "issuer-unavailable", fault.CodeOf(err), "whether an unknown key is good cannot be said now")
}

func TestManyAtOnceShareOneFetch(t *testing.T) {
	key := ecKey(t, "ec")
	i := newIssuer(t, key)
	v := newVerifier(t, i, newClock())
	token := sign(t, key, i.claims(nil))
	var callers sync.WaitGroup
	for range 20 {
		callers.Go(func() {
			_, err := v.Verify(context.Background(), token)
			if err != nil {
				t.Error(err)
			}
		})
	}
	callers.Wait()
	require.Equal(t, 1, i.fetches)
}

func TestStaticKeys(t *testing.T) {
	ed, rs := edKey(t, ""), rsaKey(t, "")
	claims := map[string]any{"iss": "http://dev.local", "aud": audience, "sub": "r1", "exp": time.Now().Add(time.Hour).Unix(), "roles": []string{"reviewer"}}
	v := auth.NewStatic("http://dev.local", audience, crypto.PublicKey(ed.Public().Key), crypto.PublicKey(rs.Public().Key))
	for _, key := range []jose.JSONWebKey{ed, rs} {
		actor, err := v.Verify(t.Context(), sign(t, key, claims))
		require.NoError(t, err)
		require.Equal(t, identity.Actor{Subject: "r1", Roles: []identity.Role{identity.Reviewer}}, actor)
	}
	_, err := v.Verify(t.Context(), sign(t, ecKey(t, ""), claims))
	require.Equal(t, "invalid-token", fault.CodeOf(err))
}

func TestNewNamesTheSettingThatCannotBe(t *testing.T) {
	_, err := auth.New(auth.Config{Issuer: "keycloak", Audience: "a"})
	require.ErrorContains(t, err, "issuer")
	_, err = auth.New(auth.Config{Issuer: "https://issuer.example"})
	require.ErrorContains(t, err, "audience")
}
