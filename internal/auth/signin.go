package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
)

// SignInConfig says with which issuer people sign in to the console, and as which client of it.
type SignInConfig struct {
	Issuer       string // URL, exactly as the tokens' iss claim has it
	ClientID     string
	ClientSecret string // "" for a public client
	// Access verifies the access tokens: the one place that knows where roles and account are.
	Access Verifier
	// Client asks the issuer; one with a timeout of 5 s when nil.
	Client *http.Client
	// Now is the clock; time.Now when nil.
	Now func() time.Time
}

// SignIn signs people in with OpenID Connect: the authorization code flow with PKCE, state
// and nonce.
type SignIn struct {
	c        SignInConfig
	tokens   *oidc.IDTokenVerifier
	provider *provider
	exchange *http.Client
}

// Begun is a sign-in that starts: where to send the browser, and what to keep until it is
// back.
type Begun struct {
	URL      string
	State    string // comes back with the browser
	Verifier string // of PKCE
	Nonce    string // that the id token has to repeat
}

// Answer is what the browser brought back from the issuer, and what was kept.
type Answer struct {
	Code     string
	Issuer   string // the callback's iss parameter (RFC 9207), "" when it has none
	Verifier string
	Nonce    string
}

// Person is somebody who signed in.
type Person struct {
	Actor   identity.Actor
	Name    string // how to greet him; may be empty
	Locale  string // a language tag, or empty
	IDToken string // the hint for signing out with the issuer
}

// The refusals of a sign-in. What exactly was wrong is their cause: for the log, not for
// whoever tries.
var (
	errRefused       = fault.New(fault.Unauthenticated, "sign-in-refused", "What the issuer answered does not add up, so nobody was signed in; try again.")
	errMisconfigured = fault.New(fault.Internal, "sign-in-misconfigured", "The issuer does not know this program as it is set up, so nobody can sign in.")
)

// What was wrong.
var (
	errOtherIssuer  = errors.New("auth: another issuer than ours answered")
	errNoCode       = errors.New("auth: the issuer gave no code")
	errNoIDToken    = errors.New("auth: the issuer gave no id token")
	errNonce        = errors.New("auth: the id token is for another sign-in: its nonce is not ours")
	errOtherParty   = errors.New("auth: the id token was issued to another client")
	errOtherSubject = errors.New("auth: id token and access token speak for two people")
	errAccessHash   = errors.New("auth: the id token was not issued with this access token")
)

// NewSignIn prepares signing in. Discovery is lazy, as with New. The error names the setting
// that cannot be.
func NewSignIn(c SignInConfig) (*SignIn, error) {
	if err := checkIssuer(c.Issuer); err != nil {
		return nil, err
	}
	switch {
	case c.ClientID == "":
		return nil, errors.New("auth: the client id is missing")
	case c.Access == nil:
		return nil, errors.New("auth: the verifier of access tokens is missing")
	}
	c.Client, c.Now = clientOr(c.Client), clockOr(c.Now)
	s := &SignIn{c: c, provider: newProvider(c.Issuer, c.Client, c.Now)}
	s.tokens = oidc.NewVerifier(c.Issuer, newKeys(c.Issuer, c.Client, c.Now), &oidc.Config{
		ClientID:             c.ClientID,
		SupportedSigningAlgs: algorithms,
		Now:                  func() time.Time { return c.Now().Add(-leeway) },
	})
	// A code goes to the endpoint that the issuer names and nowhere else.
	exchange := *c.Client
	exchange.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	s.exchange = &exchange
	return s, nil
}

// Begin starts a sign-in that comes back to redirectURL. Errors: issuer-unavailable.
func (s *SignIn) Begin(ctx context.Context, redirectURL string) (Begun, error) {
	d, err := s.provider.get(ctx)
	if err != nil {
		return Begun{}, err
	}
	// GenerateVerifier makes 256 random bits for an address: what state and nonce want, too.
	b := Begun{State: oauth2.GenerateVerifier(), Verifier: oauth2.GenerateVerifier(), Nonce: oauth2.GenerateVerifier()}
	b.URL = s.client(d, redirectURL).AuthCodeURL(b.State, oauth2.S256ChallengeOption(b.Verifier), oidc.Nonce(b.Nonce))
	return b, nil
}

// client is the OAuth 2 client of the document.
func (s *SignIn) client(d *document, redirectURL string) *oauth2.Config {
	endpoint := oauth2.Endpoint{AuthURL: d.Authorize, TokenURL: d.Token, AuthStyle: oauth2.AuthStyleInHeader}
	if s.c.ClientSecret == "" || d.secretInBody() {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return &oauth2.Config{
		ClientID: s.c.ClientID, ClientSecret: s.c.ClientSecret, Endpoint: endpoint, RedirectURL: redirectURL,
		Scopes: []string{oidc.ScopeOpenID, "profile"},
	}
}

// Finish exchanges the code of a sign-in that is back for who it was. Errors:
// sign-in-refused when anything of it is not what was begun, issuer-unavailable, and
// sign-in-misconfigured when the issuer does not take our client.
func (s *SignIn) Finish(ctx context.Context, redirectURL string, a Answer) (Person, error) {
	d, err := s.provider.get(ctx)
	if err != nil {
		return Person{}, err
	}
	switch {
	case a.Issuer != "" && a.Issuer != s.c.Issuer, a.Issuer == "" && d.NamesItself:
		return Person{}, errRefused.With(errOtherIssuer)
	case a.Code == "":
		return Person{}, errRefused.With(errNoCode)
	}
	got, err := s.client(d, redirectURL).Exchange(oidc.ClientContext(ctx, s.exchange), a.Code, oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return Person{}, exchangeFault(err)
	}
	raw, _ := got.Extra("id_token").(string)
	if raw == "" {
		return Person{}, errRefused.With(errNoIDToken)
	}
	id, claims, err := s.identify(ctx, raw, a.Nonce)
	if err != nil {
		return Person{}, err
	}
	if id.AccessTokenHash != "" && id.VerifyAccessToken(got.AccessToken) != nil {
		return Person{}, errRefused.With(errAccessHash)
	}
	actor, err := s.c.Access.Verify(ctx, got.AccessToken)
	switch f := fault.From(err); {
	case err != nil && f.Kind == fault.Unavailable:
		return Person{}, err
	case err != nil:
		return Person{}, errRefused.With(fmt.Errorf("auth: the access token: %w", err))
	case actor.Subject != id.Subject:
		return Person{}, errRefused.With(errOtherSubject)
	}
	return Person{Actor: actor, Name: claims.name(), Locale: claims.locale(), IDToken: raw}, nil
}

// identify verifies the id token: signature, issuer, audience, times, nonce and party.
func (s *SignIn) identify(ctx context.Context, raw, nonce string) (*oidc.IDToken, idClaims, error) {
	ctx, failure := withFailure(ctx)
	id, err := s.tokens.Verify(ctx, raw)
	var claims idClaims
	switch {
	case err != nil && *failure != nil:
		return nil, claims, *failure
	case err != nil:
		return nil, claims, errRefused.With(fmt.Errorf("auth: the id token: %w", err))
	case nonce == "" || id.Nonce != nonce:
		return nil, claims, errRefused.With(errNonce)
	}
	if err := id.Claims(&claims); err != nil {
		return nil, claims, errRefused.With(errors.New("auth: the id token's claims cannot be read"))
	}
	if claims.Party != "" && claims.Party != s.c.ClientID {
		return nil, claims, errRefused.With(errOtherParty)
	}
	return id, claims, nil
}

// exchangeFault is what went wrong with the exchange, without what the issuer wrote: that
// may hold anything.
func exchangeFault(err error) error {
	var answered *oauth2.RetrieveError
	if !errors.As(err, &answered) {
		var away *url.Error
		if errors.As(err, &away) {
			return errKeys.With(fmt.Errorf("auth: the exchange of the code: %w", away.Err))
		}
		return errRefused.With(errors.New("auth: the issuer's answer to the code cannot be read"))
	}
	status := answered.Response.StatusCode
	cause := fmt.Errorf("auth: the issuer refused the code with status %d, error %.40q", status, answered.ErrorCode)
	switch {
	case status >= http.StatusInternalServerError || status == http.StatusTooManyRequests:
		return errKeys.With(cause)
	case answered.ErrorCode == "invalid_grant":
		return errRefused.With(cause)
	}
	return errMisconfigured.With(cause)
}

// EndURL is where the browser signs out with the issuer too, to come back to returnURL; ""
// when the issuer has no such page or is away.
func (s *SignIn) EndURL(ctx context.Context, idToken, returnURL string) string {
	d, err := s.provider.get(ctx)
	if err != nil || d.End == "" {
		return ""
	}
	u, err := url.Parse(d.End)
	if err != nil {
		return ""
	}
	q := u.Query()
	q.Set("client_id", s.c.ClientID)
	q.Set("post_logout_redirect_uri", returnURL)
	if idToken != "" {
		q.Set("id_token_hint", idToken)
	}
	u.RawQuery = q.Encode()
	return u.String()
}
