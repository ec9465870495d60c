package auth

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"golang.org/x/time/rate"
)

// Config says whose tokens are accepted and where the claims are in them.
type Config struct {
	Issuer       string // URL, exactly as the tokens' iss claim has it
	Audience     string // has to be among the tokens' aud
	RolesClaim   string // dotted path; DefaultRolesClaim when empty
	AccountClaim string // dotted path; DefaultAccountClaim when empty
	// Client fetches discovery document and keys; one with a timeout of 5 s when nil.
	Client *http.Client
	// Now is the clock; time.Now when nil.
	Now func() time.Time
}

// New verifies tokens of the configured issuer. Discovery is lazy: the issuer may come up
// after this program, and may go away once its keys are known. The error names the
// setting that cannot be.
func New(c Config) (Verifier, error) {
	if err := checkIssuer(c.Issuer); err != nil {
		return nil, err
	}
	if c.Audience == "" {
		return nil, errors.New("auth: the audience is missing")
	}
	if c.RolesClaim == "" {
		c.RolesClaim = DefaultRolesClaim
	}
	if c.AccountClaim == "" {
		c.AccountClaim = DefaultAccountClaim
	}
	c.Client, c.Now = clientOr(c.Client), clockOr(c.Now)
	return newVerifier(c.Issuer, c.Audience, newKeys(c.Issuer, c.Client, c.Now), c.RolesClaim, c.AccountClaim, c.Now), nil
}

func checkIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return fmt.Errorf("auth: the issuer is an http or https URL, not %q", issuer)
	}
	return nil
}

func clientOr(c *http.Client) *http.Client {
	if c != nil {
		return c
	}
	return &http.Client{
		Timeout:   5 * time.Second,
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}},
	}
}

func clockOr(now func() time.Time) func() time.Time {
	if now != nil {
		return now
	}
	return time.Now
}

func newKeys(issuer string, client *http.Client, now func() time.Time) *issuerKeys {
	return &issuerKeys{issuer: issuer, client: client, now: now, turn: make(chan struct{}, 1), refreshes: rate.NewLimiter(rate.Every(refreshEvery), refreshBurst)}
}

const (
	// A token of an unknown key makes us ask the issuer whether it has new ones. Made-up
	// tokens must not make us hammer it.
	refreshEvery = 10 * time.Second
	refreshBurst = 5
	// failureKept is how long a failed attempt answers for those that come after it.
	failureKept = time.Second
	maxDocument = 1 << 20
)

// issuerKeys are the keys of an issuer, fetched when first needed and again when a token
// names one that is not among them.
type issuerKeys struct {
	issuer    string
	client    *http.Client
	now       func() time.Time
	refreshes *rate.Limiter
	turn      chan struct{} // one fetch at a time

	mu       sync.RWMutex
	keys     []jose.JSONWebKey
	fetched  int // counts fetches, to see whether somebody else just did one
	failed   error
	failedAt time.Time
}

// VerifySignature returns the payload when a key of the issuer signed it. It is called by
// go-oidc after the algorithm was checked.
func (k *issuerKeys) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	allowed := make([]jose.SignatureAlgorithm, 0, len(algorithms))
	for _, a := range algorithms {
		allowed = append(allowed, jose.SignatureAlgorithm(a))
	}
	jws, err := jose.ParseSignedCompact(jwt, allowed)
	if err != nil || len(jws.Signatures) != 1 {
		return nil, errors.New("auth: not a token with one signature")
	}
	kid := jws.Signatures[0].Header.KeyID
	keys, fetched := k.known()
	payload, named := verifyWith(keys, kid, jws)
	if payload != nil || named || (keys != nil && !k.refreshes.AllowN(k.now(), 1)) {
		return payload, signatureError(payload)
	}
	if keys, err = k.fetch(ctx, fetched); err != nil {
		fail(ctx, err)
		return nil, err
	}
	payload, _ = verifyWith(keys, kid, jws)
	return payload, signatureError(payload)
}

func signatureError(payload []byte) error {
	if payload == nil {
		return errors.New("auth: no key of the issuer made this signature")
	}
	return nil
}

// verifyWith tries the keys that the token may mean. Named says that the token's key id
// was among them, so that asking for newer keys would not help.
func verifyWith(keys []jose.JSONWebKey, kid string, jws *jose.JSONWebSignature) (payload []byte, named bool) {
	for i := range keys {
		if kid != "" && keys[i].KeyID != kid {
			continue
		}
		named = named || kid != ""
		if payload, err := jws.Verify(&keys[i]); err == nil {
			return payload, named
		}
	}
	return nil, named
}

func (k *issuerKeys) known() ([]jose.JSONWebKey, int) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.keys, k.fetched
}

// fetch asks the issuer for its keys, unless somebody did since the caller looked (seen),
// or failed to a moment ago. Errors are errKeys.
func (k *issuerKeys) fetch(ctx context.Context, seen int) ([]jose.JSONWebKey, error) {
	select {
	case k.turn <- struct{}{}:
		defer func() { <-k.turn }()
	case <-ctx.Done():
		return nil, errKeys.With(ctx.Err())
	}
	k.mu.RLock()
	keys, fetched, failed, failedAt := k.keys, k.fetched, k.failed, k.failedAt
	k.mu.RUnlock()
	if fetched != seen && keys != nil {
		return keys, nil
	}
	if failed != nil && k.now().Sub(failedAt) < failureKept {
		return nil, failed
	}
	// Whoever asked first may hang up; those who wait behind still want the keys.
	keys, err := k.download(context.WithoutCancel(ctx))
	k.mu.Lock()
	defer k.mu.Unlock()
	if err != nil {
		k.failed, k.failedAt = errKeys.With(err), k.now()
		return nil, k.failed
	}
	k.keys, k.failed = keys, nil
	k.fetched++
	return keys, nil
}

// download goes through discovery every time: it is rare, and an issuer may move its keys.
func (k *issuerKeys) download(ctx context.Context) ([]jose.JSONWebKey, error) {
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, k.client), k.issuer)
	if err != nil {
		return nil, fmt.Errorf("auth: discovery at %s: %w", k.issuer, err)
	}
	var document struct {
		Keys string `json:"jwks_uri"`
	}
	if err := provider.Claims(&document); err != nil {
		return nil, fmt.Errorf("auth: discovery at %s: %w", k.issuer, err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, document.Keys, nil)
	if err != nil {
		return nil, fmt.Errorf("auth: keys of %s: %w", k.issuer, err)
	}
	response, err := k.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("auth: keys of %s: %w", k.issuer, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("auth: keys of %s: status %d", k.issuer, response.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxDocument))
	if err != nil {
		return nil, fmt.Errorf("auth: keys of %s: %w", k.issuer, err)
	}
	return readKeys(body)
}

// readKeys reads a JSON Web Key Set and keeps what can verify signatures. Keys of a kind
// that is not understood are ignored (RFC 7517 section 5), symmetric ones always.
func readKeys(body []byte) ([]jose.JSONWebKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil {
		return nil, fmt.Errorf("auth: the issuer's keys cannot be read: %w", err)
	}
	keys := make([]jose.JSONWebKey, 0, len(set.Keys))
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if json.Unmarshal(raw, &key) == nil && key.IsPublic() && key.Valid() && (key.Use == "" || key.Use == "sig") {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("auth: the issuer publishes no key that can verify signatures")
	}
	return keys, nil
}

type failureKey struct{}

// withFailure gives a place for the error that go-oidc would flatten to text.
func withFailure(ctx context.Context) (context.Context, *error) {
	place := new(error)
	return context.WithValue(ctx, failureKey{}, place), place
}

func fail(ctx context.Context, err error) {
	if place, ok := ctx.Value(failureKey{}).(*error); ok {
		*place = err
	}
}
