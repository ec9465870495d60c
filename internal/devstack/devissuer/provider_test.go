package devissuer_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/devstack/devissuer"
)

const (
	origin   = "http://127.0.0.1:8080"
	callback = origin + "/sign-in/callback"
	pkce     = "a-verifier-of-pkce-that-is-forty-three-chars"
)

func challengeOf(verifier string) string {
	hash := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(hash[:])
}

// at serves the provider.
func at(t *testing.T, issuer *devissuer.Issuer, method, path string, query, form url.Values, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	h, ok := issuer.Provider()[path]
	require.True(t, ok, path)
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r := httptest.NewRequest(method, origin+path+"?"+query.Encode(), body)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for n := 0; n < len(header); n += 2 {
		r.Header.Set(header[n], header[n+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const authorize = devissuer.Path + "/authorize"

func asking(change map[string]string) url.Values {
	q := url.Values{
		"response_type": {"code"}, "client_id": {devissuer.ClientID}, "redirect_uri": {callback}, "scope": {"openid profile"},
		"state": {"st"}, "nonce": {"no"}, "code_challenge": {challengeOf(pkce)}, "code_challenge_method": {"S256"},
	}
	for name, value := range change {
		q.Set(name, value)
	}
	return q
}

// signIn presses somebody's button and gives the code.
func signIn(t *testing.T, issuer *devissuer.Issuer, name string) string {
	t.Helper()
	w := at(t, issuer, http.MethodPost, authorize, asking(nil), url.Values{"person": {name}})
	require.Equal(t, http.StatusSeeOther, w.Code, w.Body)
	u, err := url.Parse(w.Header().Get("Location"))
	require.NoError(t, err)
	require.Equal(t, callback, u.Scheme+"://"+u.Host+u.Path)
	require.Equal(t, "st", u.Query().Get("state"))
	require.Equal(t, origin+devissuer.Path, u.Query().Get("iss"))
	require.NotEmpty(t, u.Query().Get("code"))
	return u.Query().Get("code")
}

func exchanging(code string, change map[string]string) url.Values {
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}, "client_id": {devissuer.ClientID}, "code_verifier": {pkce},
	}
	for name, value := range change {
		form.Set(name, value)
	}
	return form
}

func exchange(t *testing.T, issuer *devissuer.Issuer, form url.Values) (int, map[string]any) {
	t.Helper()
	w := at(t, issuer, http.MethodPost, devissuer.Path+"/token", nil, form)
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	var answer map[string]any
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer), w.Body)
	return w.Code, answer
}

func TestThePageOffersEverybodyByNameAndRole(t *testing.T) {
	issuer := open(t, t.TempDir(), &clock{now: time.Now()})
	require.Len(t, devissuer.Names, len(devissuer.Demo))
	for language, says := range map[string][]string{
		"":               {`<html lang="en">`, "Senior reviewer", "Auditor", "Administrator", "acct_demo2"},
		"zh-CN,zh;q=0.9": {`<html lang="zh-Hans">`, "高级审核员", "审计员", "管理员", "acct_demo2"},
	} {
		w := at(t, issuer, http.MethodGet, authorize, asking(nil), nil, "Accept-Language", language)
		require.Equal(t, http.StatusOK, w.Code, w.Body)
		for _, words := range says {
			require.Contains(t, w.Body.String(), words)
		}
		for _, name := range devissuer.Names {
			require.Equal(t, 1, strings.Count(w.Body.String(), `<button name="person" value="`+name+`">`), name)
			require.NotEmpty(t, devissuer.Demo[name].Name)
			require.Contains(t, w.Body.String(), devissuer.Demo[name].Name)
		}
		require.Equal(t, 1, strings.Count(w.Body.String(), "<form"))
		require.NotContains(t, w.Body.String(), "style=")
		require.NotContains(t, w.Body.String(), "<script")
		require.Equal(t, "default-src 'none'; style-src 'self'; form-action 'self' "+origin+"; base-uri 'none'; frame-ancestors 'none'", w.Header().Get("Content-Security-Policy"))
		require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
	}
	w := at(t, issuer, http.MethodGet, devissuer.Path+"/people.css", nil, nil)
	require.Equal(t, "text/css; charset=utf-8", w.Header().Get("Content-Type"))
	w = at(t, issuer, http.MethodGet, authorize, asking(nil), nil, "Accept-Language", "en", "Cookie", "refunddesk-locale=zh-Hans")
	require.Contains(t, w.Body.String(), `<html lang="zh-Hans"`, "what somebody chose in the console")
}

func TestWhatACodeGives(t *testing.T) {
	c := &clock{now: time.Now()}
	issuer := open(t, t.TempDir(), c)
	status, answer := exchange(t, issuer, exchanging(signIn(t, issuer, "reviewer"), nil))
	require.Equal(t, http.StatusOK, status, answer)
	require.Equal(t, "Bearer", answer["token_type"])
	access, _ := answer["access_token"].(string)
	id, _, err := verify(t, issuer.PublicKey(), c, access)
	require.NoError(t, err, "an ordinary bearer token, good on any port")
	require.Equal(t, "user_reviewer", id.Subject)
	raw, _ := answer["id_token"].(string)
	_, _, err = verify(t, issuer.PublicKey(), c, raw)
	require.Error(t, err, "an id token is no bearer token")
}

func TestACodeIsGoodOnceForAMinuteAndForWhoAskedForIt(t *testing.T) {
	c := &clock{now: time.Now()}
	issuer := open(t, t.TempDir(), c)
	for name, change := range map[string]map[string]string{
		"another verifier":  {"code_verifier": strings.Repeat("x", 43)},
		"no verifier":       {"code_verifier": ""},
		"another address":   {"redirect_uri": "http://localhost:8080/sign-in/callback"},
		"another code":      {"code": "made-up"},
		"the challenge":     {"code_verifier": challengeOf(pkce)},
		"no code":           {"code": ""},
		"no address at all": {"redirect_uri": ""},
	} {
		code := signIn(t, issuer, "customer")
		status, answer := exchange(t, issuer, exchanging(code, change))
		require.Equal(t, http.StatusBadRequest, status, name)
		require.Equal(t, "invalid_grant", answer["error"], name)
		if change["code"] != "" || name == "no code" {
			continue
		}
		status, _ = exchange(t, issuer, exchanging(code, nil))
		require.Equal(t, http.StatusBadRequest, status, "%s: it was shown, and is worth nothing any more", name)
	}
	code := signIn(t, issuer, "customer")
	status, _ := exchange(t, issuer, exchanging(code, nil))
	require.Equal(t, http.StatusOK, status)
	status, _ = exchange(t, issuer, exchanging(code, nil))
	require.Equal(t, http.StatusBadRequest, status, "used")

	code = signIn(t, issuer, "customer")
	c.now = c.now.Add(time.Minute)
	status, _ = exchange(t, issuer, exchanging(code, nil))
	require.Equal(t, http.StatusBadRequest, status, "over")

	for want, change := range map[string]map[string]string{
		"unsupported_grant_type": {"grant_type": "password"}, "invalid_client": {"client_id": "somebody"},
	} {
		_, answer := exchange(t, issuer, exchanging("x", change))
		require.Equal(t, want, answer["error"])
	}
}

func TestWhereACodeIsSent(t *testing.T) {
	issuer := open(t, t.TempDir(), &clock{now: time.Now()})
	for _, good := range []string{"http://localhost:3000/sign-in/callback", "http://[::1]:8080/sign-in/callback", "http://127.0.0.2/sign-in/callback"} {
		w := at(t, issuer, http.MethodGet, authorize, asking(map[string]string{"redirect_uri": good}), nil)
		require.Equal(t, http.StatusOK, w.Code, good)
	}
	for _, bad := range []string{
		"", "https://evil.example/sign-in/callback", "http://127.0.0.1.evil.example/sign-in/callback", "http://localhost@evil.example/sign-in/callback",
		"http://evil.example#@localhost/sign-in/callback", "http://localhost:8080/other", "http://localhost:8080/sign-in/callback?x=1",
		"http://localhost:8080/sign-in/callback/", "//localhost/sign-in/callback", "javascript:alert(1)", "http://user@localhost/sign-in/callback",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			w := at(t, issuer, method, authorize, asking(map[string]string{"redirect_uri": bad}), url.Values{"person": {"admin"}})
			require.Equal(t, http.StatusBadRequest, w.Code, "%s %s", method, bad)
			require.Empty(t, w.Header().Get("Location"))
		}
	}
	for want, change := range map[string]map[string]string{
		"unsupported_response_type": {"response_type": "token"}, "invalid_scope": {"scope": "profile"}, "login_required": {"prompt": "none"},
	} {
		w := at(t, issuer, http.MethodGet, authorize, asking(change), nil)
		require.Equal(t, http.StatusSeeOther, w.Code)
		require.Contains(t, w.Header().Get("Location"), "error="+want)
		require.Contains(t, w.Header().Get("Location"), "state=st")
	}
	for _, change := range []map[string]string{{"code_challenge": ""}, {"code_challenge_method": "plain"}, {"code_challenge": "short"}} {
		w := at(t, issuer, http.MethodPost, authorize, asking(change), url.Values{"person": {"admin"}})
		require.Contains(t, w.Header().Get("Location"), "error=invalid_request", "nothing without PKCE")
	}
	w := at(t, issuer, http.MethodGet, authorize, asking(map[string]string{"client_id": "else"}), nil)
	require.Equal(t, http.StatusBadRequest, w.Code)
	w = at(t, issuer, http.MethodPost, authorize, asking(nil), url.Values{"cancel": {"yes"}})
	require.Contains(t, w.Header().Get("Location"), "error=access_denied")
	w = at(t, issuer, http.MethodPost, authorize, asking(nil), url.Values{"person": {"nobody"}})
	require.Equal(t, http.StatusUnprocessableEntity, w.Code)
	w = at(t, issuer, http.MethodPost, authorize, asking(nil), url.Values{"person": {"admin"}}, "Origin", "https://evil.example")
	require.Equal(t, http.StatusForbidden, w.Code)
	for path := range maps.Keys(issuer.Provider()) {
		require.Equal(t, http.StatusMethodNotAllowed, at(t, issuer, http.MethodDelete, path, nil, nil).Code, path)
	}
}

func TestSigningOutGoesBackToTheConsoleOnly(t *testing.T) {
	issuer := open(t, t.TempDir(), &clock{now: time.Now()})
	end := devissuer.Path + "/end-session"
	w := at(t, issuer, http.MethodGet, end, url.Values{"post_logout_redirect_uri": {origin + "/signed-out"}, "state": {"s"}}, nil)
	require.Equal(t, http.StatusSeeOther, w.Code)
	require.Equal(t, origin+"/signed-out?state=s", w.Header().Get("Location"))
	for _, bad := range []string{"", "https://evil.example/signed-out", origin + "/else"} {
		w := at(t, issuer, http.MethodGet, end, url.Values{"post_logout_redirect_uri": {bad}}, nil)
		require.Equal(t, http.StatusBadRequest, w.Code, bad)
	}
}
