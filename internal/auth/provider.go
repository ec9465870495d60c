package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/coreos/go-oidc/v3/oidc"
)

// document is what a sign-in needs of the issuer's discovery document.
type document struct {
	Authorize   string   `json:"authorization_endpoint"`
	Token       string   `json:"token_endpoint"`
	End         string   `json:"end_session_endpoint"`
	Secrets     []string `json:"token_endpoint_auth_methods_supported"`
	NamesItself bool     `json:"authorization_response_iss_parameter_supported"`
}

// secretInBody reports whether the issuer takes a client's secret in the body only; the
// header is the default.
func (d *document) secretInBody() bool {
	return slices.Contains(d.Secrets, "client_secret_post") && !slices.Contains(d.Secrets, "client_secret_basic")
}

// documentKept is how long a discovery document is good for. After that an issuer that is
// away is taken at its old word.
const documentKept = time.Hour

// provider knows the issuer's discovery document, from when it is first needed.
type provider struct {
	issuer string
	client *http.Client
	now    func() time.Time
	turn   chan struct{} // one fetch at a time

	mu       sync.RWMutex
	document *document
	fetched  time.Time
	failed   error
	failedAt time.Time
}

func newProvider(issuer string, client *http.Client, now func() time.Time) *provider {
	return &provider{issuer: issuer, client: client, now: now, turn: make(chan struct{}, 1)}
}

// get gives the document. Errors are errKeys: a failure answers for those that come right
// after it, too.
func (p *provider) get(ctx context.Context) (*document, error) {
	if d, err, known := p.known(); known {
		return d, err
	}
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return nil, errKeys.With(ctx.Err())
	}
	if d, err, known := p.known(); known {
		return d, err // somebody else was quicker
	}
	d, err := p.discover(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case err == nil:
		p.document, p.fetched, p.failed = d, p.now(), nil
	case p.document != nil:
		p.fetched = p.now() // at its old word, for another while
	case ctx.Err() != nil:
		return nil, errKeys.With(err) // whoever asked went away: that says nothing of the issuer
	default:
		p.failed, p.failedAt = errKeys.With(err), p.now()
		return nil, p.failed
	}
	return p.document, nil
}

func (p *provider) known() (d *document, failure error, known bool) { //nolint:revive // what is known may be a failure
	p.mu.RLock()
	defer p.mu.RUnlock()
	now := p.now()
	switch {
	case p.document != nil && now.Sub(p.fetched) < documentKept:
		return p.document, nil, true
	case p.document == nil && p.failed != nil && now.Sub(p.failedAt) < failureKept:
		return nil, p.failed, true
	}
	return nil, nil, false
}

func (p *provider) discover(ctx context.Context) (*document, error) {
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.issuer)
	if err != nil {
		return nil, fmt.Errorf("auth: discovery at %s: %w", p.issuer, err)
	}
	var d document
	if err := found.Claims(&d); err != nil {
		return nil, fmt.Errorf("auth: discovery at %s: %w", p.issuer, err)
	}
	if !usableEndpoint(d.Authorize) || !usableEndpoint(d.Token) || (d.End != "" && !usableEndpoint(d.End)) {
		return nil, fmt.Errorf("auth: discovery at %s: %w", p.issuer, errors.New("an endpoint is missing or is no URL"))
	}
	return &d, nil
}

func usableEndpoint(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// idClaims are what is read from an id token besides who it is about.
type idClaims struct {
	Party     string `json:"azp"`
	FullName  string `json:"name"`
	LoginName string `json:"preferred_username"`
	Language  string `json:"locale"`
}

// The longest name and language tag that are kept.
const (
	mostName   = 80
	mostLocale = 35
)

// name is how to greet somebody: one line that is not too long.
func (c idClaims) name() string {
	for _, name := range []string{c.FullName, c.LoginName} {
		clean := strings.Map(func(r rune) rune {
			if !unicode.IsPrint(r) {
				return -1
			}
			return r
		}, strings.TrimSpace(name))
		if runes := []rune(clean); len(runes) > mostName {
			clean = string(runes[:mostName])
		}
		if clean != "" {
			return clean
		}
	}
	return ""
}

func (c idClaims) locale() string {
	if len(c.Language) > mostLocale || strings.ContainsFunc(c.Language, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsPrint(r) }) {
		return ""
	}
	return c.Language
}
