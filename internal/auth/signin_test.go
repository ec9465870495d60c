package auth_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
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

const (
	clientID = "console"
	back     = "https://desk.example/sign-in/callback"
)

// party is an OpenID provider as far as a client sees one. What it says can be changed.
type party struct {
	*httptest.Server
	key jose.JSONWebKey

	mu        sync.Mutex
	document  map[string]any
	discovery int // how often it was asked for
	away      bool
	token     func(w http.ResponseWriter, form url.Values, r *http.Request)
}

func newParty(t *testing.T) *party {
	t.Helper()
	p := &party{key: ecKey(t, "op")}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.discovery++
		if p.away {
			http.Error(w, "gone fishing", http.StatusBadGateway)
			return
		}
		write(w, p.document)
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		write(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{p.key.Public()}})
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		p.mu.Lock()
		token := p.token
		p.mu.Unlock()
		token(w, r.PostForm, r)
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	p.document = map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize?realm=a", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
		"end_session_endpoint": p.URL + "/end", "authorization_response_iss_parameter_supported": true,
	}
	return p
}

func (p *party) change(f func(*party)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(p)
}

// says answers the exchange with tokens of these claims.
func (p *party) says(t *testing.T, key jose.JSONWebKey, id, access map[string]any, extra map[string]any) {
	t.Helper()
	answer := map[string]any{"token_type": "Bearer", "expires_in": 300, "access_token": sign(t, p.key, access)}
	if id != nil {
		answer["id_token"] = sign(t, key, id)
	}
	for k, v := range extra {
		answer[k] = v
	}
	p.change(func(p *party) {
		p.token = func(w http.ResponseWriter, _ url.Values, _ *http.Request) { write(w, answer) }
	})
}

func (p *party) id(nonce string, change map[string]any) map[string]any {
	claims := map[string]any{
		"iss": p.URL, "aud": clientID, "sub": "user-1", "exp": start.Add(time.Hour).Unix(), "iat": start.Unix(),
		"nonce": nonce, "name": " Ada\n Lovelace ", "locale": "zh-CN",
	}
	return changed(claims, change)
}

func (p *party) access(change map[string]any) map[string]any {
	claims := map[string]any{
		"iss": p.URL, "aud": audience, "sub": "user-1", "exp": start.Add(time.Hour).Unix(), "roles": []string{"customer"}, "account_id": "acct_1",
	}
	return changed(claims, change)
}

func changed(claims, change map[string]any) map[string]any {
	for k, v := range change {
		if v == nil {
			delete(claims, k)
			continue
		}
		claims[k] = v
	}
	return claims
}

func newSignIn(t *testing.T, p *party, secret string, c *clock) *auth.SignIn {
	t.Helper()
	access, err := auth.New(auth.Config{Issuer: p.URL, Audience: audience, Now: c.Now})
	require.NoError(t, err)
	s, err := auth.NewSignIn(auth.SignInConfig{Issuer: p.URL, ClientID: clientID, ClientSecret: secret, Access: access, Now: c.Now})
	require.NoError(t, err)
	return s
}

func TestTheWholeFlow(t *testing.T) {
	p := newParty(t)
	s := newSignIn(t, p, "se:cret", newClock())
	begun, err := s.Begin(t.Context(), back)
	require.NoError(t, err)
	u, err := url.Parse(begun.URL)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(begun.URL, p.URL+"/authorize?"))
	q := u.Query()
	hash := sha256.Sum256([]byte(begun.Verifier))
	require.Equal(t, base64.RawURLEncoding.EncodeToString(hash[:]), q.Get("code_challenge"))
	for name, want := range map[string]string{
		"realm": "a", "response_type": "code", "client_id": clientID, "redirect_uri": back, "scope": "openid profile",
		"state": begun.State, "nonce": begun.Nonce, "code_challenge_method": "S256",
	} {
		require.Equal(t, want, q.Get(name), name)
	}
	another, err := s.Begin(t.Context(), back)
	require.NoError(t, err)
	for _, secret := range [][2]string{{begun.State, another.State}, {begun.Nonce, another.Nonce}, {begun.Verifier, another.Verifier}} {
		require.Len(t, secret[0], 43, "256 bits")
		require.NotEqual(t, secret[0], secret[1])
	}

	var form url.Values
	var user, password string
	p.says(t, p.key, p.id(begun.Nonce, nil), p.access(nil), nil)
	p.change(func(p *party) {
		answer := p.token
		p.token = func(w http.ResponseWriter, f url.Values, r *http.Request) {
			form = f
			user, password, _ = r.BasicAuth()
			answer(w, f, r)
		}
	})
	who, err := s.Finish(t.Context(), back, auth.Answer{Code: "c0de", Issuer: p.URL, Verifier: begun.Verifier, Nonce: begun.Nonce})
	require.NoError(t, err)
	require.Equal(t, identity.Actor{Subject: "user-1", Roles: []identity.Role{identity.Customer}, AccountID: "acct_1"}, who.Actor)
	require.Equal(t, "Ada Lovelace", who.Name)
	require.Equal(t, "zh-CN", who.Locale)
	require.NotEmpty(t, who.IDToken)
	require.Equal(t, url.Values{"grant_type": {"authorization_code"}, "code": {"c0de"}, "redirect_uri": {back}, "code_verifier": {begun.Verifier}}, form)
	require.Equal(t, clientID, user)
	require.Equal(t, url.QueryEscape("se:cret"), password)
	require.Equal(t, 3, p.discovery, "once for the endpoints and once for each set of keys")

	end, err := url.Parse(s.EndURL(t.Context(), who.IDToken, "https://desk.example/signed-out"))
	require.NoError(t, err)
	require.Equal(t, "/end", end.Path)
	require.Equal(t, url.Values{"client_id": {clientID}, "id_token_hint": {who.IDToken}, "post_logout_redirect_uri": {"https://desk.example/signed-out"}}, end.Query())
}

func TestAPublicClientShowsNoSecret(t *testing.T) {
	p := newParty(t)
	s := newSignIn(t, p, "", newClock())
	var asked []url.Values
	p.change(func(p *party) {
		p.token = func(w http.ResponseWriter, f url.Values, r *http.Request) {
			require.Empty(t, r.Header.Get("Authorization"))
			asked = append(asked, f)
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"error":"invalid_grant","error_description":"tok3n"}`))
		}
	})
	_, err := s.Finish(t.Context(), back, auth.Answer{Code: "c", Issuer: p.URL, Verifier: "v", Nonce: "n"})
	require.Equal(t, "sign-in-refused", fault.CodeOf(err))
	require.Len(t, asked, 1, "a code is shown once: there is no second try with another way to name the client")
	require.Equal(t, clientID, asked[0].Get("client_id"))
	require.NotContains(t, asked[0], "client_secret")
}

// A code and the secret of the client go to the endpoint that the issuer names and nowhere else.
func TestACodeIsNotSentOn(t *testing.T) {
	p := newParty(t)
	s := newSignIn(t, p, "secret", newClock())
	var told atomic.Bool
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { told.Store(true) }))
	t.Cleanup(elsewhere.Close)
	for _, status := range []int{http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		p.change(func(p *party) {
			p.token = func(w http.ResponseWriter, _ url.Values, r *http.Request) { http.Redirect(w, r, elsewhere.URL, status) }
		})
		_, err := s.Finish(t.Context(), back, auth.Answer{Code: "c0de", Issuer: p.URL, Verifier: "v", Nonce: "n"})
		require.Error(t, err, status)
		require.False(t, told.Load(), status)
	}
}

func TestRefusedSignIns(t *testing.T) {
	const nonce = "the-nonce-of-this-sign-in"
	stranger := ecKey(t, "op")
	otherHash := sha256.Sum256([]byte("another token"))
	for name, tc := range map[string]struct {
		id, access map[string]any // changes
		noID       bool
		key        *jose.JSONWebKey
		issuer     string // "" the right one, "-" none
		cause      string
	}{
		"nonce of another sign-in":          {id: map[string]any{"nonce": "another"}, cause: "nonce"},
		"no nonce":                          {id: map[string]any{"nonce": nil}, cause: "nonce"},
		"for another client":                {id: map[string]any{"aud": "somebody-else"}, cause: "audience"},
		"for the API":                       {id: map[string]any{"aud": audience}, cause: "audience"},
		"issued to another client":          {id: map[string]any{"aud": []string{clientID, "x"}, "azp": "x"}, cause: "another client"},
		"of another issuer":                 {id: map[string]any{"iss": "https://elsewhere.example"}, cause: "different provider"},
		"expired":                           {id: map[string]any{"exp": start.Add(-time.Minute).Unix()}, cause: "expired"},
		"signed by a stranger":              {key: &stranger, cause: "id token"},
		"another access token":              {id: map[string]any{"at_hash": base64.RawURLEncoding.EncodeToString(otherHash[:16])}, cause: "access token"},
		"no id token":                       {noID: true, cause: "no id token"},
		"two people":                        {access: map[string]any{"sub": "user-2"}, cause: "two people"},
		"access for another program":        {access: map[string]any{"aud": "elsewhere"}, cause: "access token"},
		"access expired":                    {access: map[string]any{"exp": start.Add(-time.Minute).Unix()}, cause: "access token"},
		"access of another issuer":          {access: map[string]any{"iss": "https://elsewhere.example"}, cause: "access token"},
		"an answer of another issuer":       {issuer: "https://elsewhere.example", cause: "another issuer"},
		"an answer of nobody in particular": {issuer: "-", cause: "another issuer"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newParty(t)
			s := newSignIn(t, p, "secret", newClock())
			key := p.key
			if tc.key != nil {
				key = *tc.key
			}
			id := p.id(nonce, tc.id)
			if tc.noID {
				id = nil
			}
			p.says(t, key, id, p.access(tc.access), nil)
			issuer := p.URL
			switch tc.issuer {
			case "":
			case "-":
				issuer = ""
			default:
				issuer = tc.issuer
			}
			who, err := s.Finish(t.Context(), back, auth.Answer{Code: "c", Issuer: issuer, Verifier: "v", Nonce: nonce})
			require.Equal(t, "sign-in-refused", fault.CodeOf(err))
			require.Equal(t, fault.Unauthenticated, fault.From(err).Kind)
			require.ErrorContains(t, fault.From(err).Unwrap(), tc.cause)
			require.NotContains(t, fault.From(err).Unwrap().Error(), "eyJ", "no token in an error")
			require.Zero(t, who)
		})
	}
	t.Run("no nonce was asked for", func(t *testing.T) {
		p := newParty(t)
		s := newSignIn(t, p, "", newClock())
		p.says(t, p.key, p.id("", nil), p.access(nil), nil)
		_, err := s.Finish(t.Context(), back, auth.Answer{Code: "c", Issuer: p.URL, Verifier: "v"})
		require.Equal(t, "sign-in-refused", fault.CodeOf(err))
	})
	t.Run("no code", func(t *testing.T) {
		p := newParty(t)
		_, err := newSignIn(t, p, "", newClock()).Finish(t.Context(), back, auth.Answer{Issuer: p.URL, Verifier: "v", Nonce: nonce})
		require.Equal(t, "sign-in-refused", fault.CodeOf(err))
	})
}

// What the issuer answers to the code decides who can help.
func TestAnswersToTheCode(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		body   string
		code   string
	}{
		"used":              {400, `{"error":"invalid_grant","error_description":"s3cret words"}`, "sign-in-refused"},
		"our client":        {401, `{"error":"invalid_client"}`, "sign-in-misconfigured"},
		"our grant":         {400, `{"error":"unauthorized_client"}`, "sign-in-misconfigured"},
		"broken":            {500, `s3cret words`, "issuer-unavailable"},
		"overrun":           {429, ``, "issuer-unavailable"},
		"moved":             {307, ``, "sign-in-misconfigured"},
		"rubbish":           {200, `s3cret words`, "sign-in-refused"},
		"no token":          {200, `{"id_token":"x"}`, "sign-in-refused"},
		"an error with 200": {200, `{"error":"invalid_grant"}`, "sign-in-refused"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newParty(t)
			s := newSignIn(t, p, "", newClock())
			p.change(func(p *party) {
				p.token = func(w http.ResponseWriter, _ url.Values, _ *http.Request) {
					w.Header().Set("Content-Type", "application/json")
					w.Header().Set("Location", p.URL+"/elsewhere")
					w.WriteHeader(tc.status)
					_, _ = w.Write([]byte(tc.body))
				}
			})
			_, err := s.Finish(t.Context(), back, auth.Answer{Code: "c0de-of-mine", Issuer: p.URL, Verifier: "v", Nonce: "n"})
			require.Equal(t, tc.code, fault.CodeOf(err))
			for _, secret := range []string{"s3cret", "c0de-of-mine"} {
				require.NotContains(t, fault.From(err).Unwrap().Error(), secret)
			}
		})
	}
}

func TestSigningInWithAnIssuerThatIsAway(t *testing.T) {
	p := newParty(t)
	c := newClock()
	s := newSignIn(t, p, "", c)
	p.change(func(p *party) { p.away = true })
	for range 3 {
		_, err := s.Begin(t.Context(), back)
		require.Equal(t, "issuer-unavailable", fault.CodeOf(err))
		require.Equal(t, fault.Unavailable, fault.From(err).Kind)
	}
	require.Equal(t, 1, p.discovery, "one failure answers for those that come right after")
	require.Empty(t, s.EndURL(t.Context(), "x", back))

	p.change(func(p *party) { p.away = false })
	c.Advance(time.Second)
	_, err := s.Begin(t.Context(), back)
	require.NoError(t, err, "the failure is not kept")

	p.change(func(p *party) { p.away = true })
	c.Advance(2 * time.Hour)
	_, err = s.Begin(t.Context(), back)
	require.NoError(t, err, "known endpoints do without discovery")

	p.says(t, p.key, p.id("n", nil), p.access(nil), nil)
	p.Close()
	_, err = s.Finish(t.Context(), back, auth.Answer{Code: "c", Issuer: p.URL, Verifier: "v", Nonce: "n"})
	require.Equal(t, "issuer-unavailable", fault.CodeOf(err))
}

func TestDiscoveryThatCannotBe(t *testing.T) {
	for name, change := range map[string]map[string]any{
		"another issuer":      {"issuer": "https://elsewhere.example"},
		"no token endpoint":   {"token_endpoint": nil},
		"script":              {"authorization_endpoint": "javascript:alert(1)"},
		"a page of no scheme": {"end_session_endpoint": "/end"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newParty(t)
			changed(p.document, change)
			_, err := newSignIn(t, p, "", newClock()).Begin(t.Context(), back)
			require.Equal(t, "issuer-unavailable", fault.CodeOf(err))
		})
	}
}

func TestNewSignInNamesTheSettingThatCannotBe(t *testing.T) {
	access := auth.NewStatic("a", "b")
	for want, c := range map[string]auth.SignInConfig{
		"issuer":    {Issuer: "keycloak", ClientID: "c", Access: access},
		"client id": {Issuer: "https://id.example", Access: access},
		"verifier":  {Issuer: "https://id.example", ClientID: "c"},
	} {
		_, err := auth.NewSignIn(c)
		require.ErrorContains(t, err, want)
	}
}
