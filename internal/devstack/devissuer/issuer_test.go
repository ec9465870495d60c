package devissuer_test

import (
	"crypto"
	"encoding/json"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/devstack/devissuer"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
)

// clock is a time that a test moves.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func open(t *testing.T, dir string, c *clock) *devissuer.Issuer {
	t.Helper()
	issuer, err := devissuer.Open(dir, devissuer.Options{Now: c.Now})
	require.NoError(t, err)
	return issuer
}

type said struct {
	Roles     []identity.Role `json:"roles"`
	AccountID string          `json:"account_id"`
}

// verify checks a token as the production program does, with go-oidc.
func verify(t *testing.T, key crypto.PublicKey, c *clock, token string) (*oidc.IDToken, said, error) {
	t.Helper()
	verifier := oidc.NewVerifier(devissuer.Name, &oidc.StaticKeySet{PublicKeys: []crypto.PublicKey{key}}, &oidc.Config{
		ClientID: devissuer.Audience, SupportedSigningAlgs: []string{devissuer.Algorithm}, Now: c.Now,
	})
	id, err := verifier.Verify(t.Context(), token)
	var s said
	if err == nil {
		require.NoError(t, id.Claims(&s))
	}
	return id, s, err
}

func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	return info.Mode().Perm()
}

func TestTokensOfTheDemoPeople(t *testing.T) {
	dir, c := t.TempDir(), &clock{now: time.Now()}
	issuer := open(t, dir, c)
	tokens, err := issuer.WriteTokens()
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), mode(t, filepath.Join(dir, "issuer.key")))
	require.Equal(t, fs.FileMode(0o600), mode(t, filepath.Join(dir, "tokens.json")))

	var written map[string]string
	text, err := os.ReadFile(filepath.Join(dir, "tokens.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &written))
	require.Equal(t, tokens, written)
	for name, want := range map[string]said{
		"customer":   {[]identity.Role{identity.Customer}, "acct_demo"},
		"customer2":  {[]identity.Role{identity.Customer}, "acct_demo2"},
		"reviewer":   {[]identity.Role{identity.Reviewer}, ""},
		"reviewer2":  {[]identity.Role{identity.Reviewer}, ""},
		"senior":     {[]identity.Role{identity.Senior}, ""},
		"auditor":    {[]identity.Role{identity.Auditor}, ""},
		"admin":      {[]identity.Role{identity.Admin}, ""},
		"integrator": {[]identity.Role{identity.Integrator}, ""},
	} {
		id, got, err := verify(t, issuer.PublicKey(), c, tokens[name])
		require.NoError(t, err, name)
		require.Equal(t, want, got, name)
		require.Equal(t, "user_"+name, id.Subject)
		require.GreaterOrEqual(t, id.Expiry.Sub(c.now), 24*time.Hour)
		require.WithinDuration(t, c.now, id.IssuedAt, time.Second)
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 2, "no temporary files are left")
}

func TestTokensSurviveARestartWhileTheyLast(t *testing.T) {
	dir, c := t.TempDir(), &clock{now: time.Now()}
	first, err := open(t, dir, c).WriteTokens()
	require.NoError(t, err)

	c.now = c.now.Add(devissuer.Lifetime - devissuer.MinRemaining - time.Minute)
	kept, err := open(t, dir, c).WriteTokens()
	require.NoError(t, err)
	require.Equal(t, first, kept)

	c.now = c.now.Add(2 * time.Minute)
	issuer := open(t, dir, c)
	renewed, err := issuer.WriteTokens()
	require.NoError(t, err)
	for name := range devissuer.Demo {
		require.NotEqual(t, first[name], renewed[name], name)
		_, _, err := verify(t, issuer.PublicKey(), c, first[name])
		require.NoError(t, err, "an old token is good to its end")
	}
}

func TestTokensThatAreNotOursAreReplaced(t *testing.T) {
	c := &clock{now: time.Now()}
	foreign, err := open(t, t.TempDir(), c).WriteTokens()
	require.NoError(t, err)
	swapped := map[string]string{}
	dir := t.TempDir()
	issuer := open(t, dir, c)
	own, err := issuer.WriteTokens()
	require.NoError(t, err)
	for name := range own {
		swapped[name] = own["customer"]
	}
	for name, content := range map[string]any{"another key": foreign, "another person": swapped, "no tokens": []int{1}} {
		t.Run(name, func(t *testing.T) {
			text, err := json.Marshal(content)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "tokens.json"), text, 0o600))
			tokens, err := issuer.WriteTokens()
			require.NoError(t, err)
			for name, who := range devissuer.Demo {
				id, _, err := verify(t, issuer.PublicKey(), c, tokens[name])
				require.NoError(t, err)
				require.Equal(t, who.Subject, id.Subject)
			}
		})
	}
}

func TestOneKeyAFolder(t *testing.T) {
	dir, c := t.TempDir(), &clock{now: time.Now()}
	keys := make([]crypto.PublicKey, 8)
	var opened sync.WaitGroup
	for n := range keys {
		opened.Go(func() {
			issuer, err := devissuer.Open(dir, devissuer.Options{})
			if err == nil {
				keys[n] = issuer.PublicKey()
			}
		})
	}
	opened.Wait()
	for _, key := range keys {
		require.Equal(t, keys[0], key, "whoever comes second takes the first one's key")
	}
	require.NotEqual(t, keys[0], open(t, t.TempDir(), c).PublicKey())

	file := filepath.Join(dir, "issuer.key")
	require.NoError(t, os.Chmod(file, 0o644))
	open(t, dir, c)
	require.Equal(t, fs.FileMode(0o600), mode(t, file))

	require.NoError(t, os.WriteFile(file, []byte("half a ke"), 0o600))
	_, err := devissuer.Open(dir, devissuer.Options{})
	require.Equal(t, "issuer-key", fault.CodeOf(err))
	_, err = devissuer.Open(filepath.Join(dir, "missing"), devissuer.Options{})
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func ask(t *testing.T, issuer *devissuer.Issuer, method, media, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, "/dev/token", strings.NewReader(body))
	if media != "" {
		r.Header.Set("Content-Type", media)
	}
	w := httptest.NewRecorder()
	issuer.Handler().ServeHTTP(w, r)
	return w
}

func TestATokenForAnybody(t *testing.T) {
	c := &clock{now: time.Now()}
	issuer := open(t, t.TempDir(), c)
	for body, want := range map[string]said{
		`{"subject":"user_9","roles":["customer"],"account_id":"acct_9"}`:         {[]identity.Role{identity.Customer}, "acct_9"},
		`{"subject":"billing","roles":["integrator"]}`:                            {[]identity.Role{identity.Integrator}, ""},
		`{"subject":"r","roles":["reviewer","customer"],"account_id":"acct_own"}`: {[]identity.Role{identity.Reviewer, identity.Customer}, "acct_own"},
		`{"subject":"s","roles":["senior_reviewer","auditor","admin"]}`:           {[]identity.Role{identity.Senior, identity.Auditor, identity.Admin}, ""},
	} {
		w := ask(t, issuer, http.MethodPost, "application/json; charset=utf-8", body)
		require.Equal(t, http.StatusOK, w.Code, w.Body)
		require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
		var answer map[string]string
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
		require.Len(t, answer, 1)
		_, got, err := verify(t, issuer.PublicKey(), c, answer["access_token"])
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestRefusedRequestsForATokenAreProblems(t *testing.T) {
	issuer := open(t, t.TempDir(), &clock{now: time.Now()})
	const jsonType = "application/json"
	for name, c := range map[string]struct {
		method, media, body string
		status              int
		code, field         string
	}{
		"GET":             {http.MethodGet, "", "", 405, "method-not-allowed", ""},
		"form":            {http.MethodPost, "application/x-www-form-urlencoded", "subject=a", 415, "unsupported-media-type", ""},
		"no type":         {http.MethodPost, "", `{}`, 415, "unsupported-media-type", ""},
		"nothing":         {http.MethodPost, jsonType, ``, 400, "invalid-json", "body"},
		"half":            {http.MethodPost, jsonType, `{"subject":`, 400, "invalid-json", "body"},
		"more":            {http.MethodPost, jsonType, `{"subject":"a","roles":["admin"]} {}`, 400, "invalid-json", "body"},
		"twice":           {http.MethodPost, jsonType, `{"subject":"a","subject":"b","roles":["admin"]}`, 400, "duplicate-key", "body"},
		"list":            {http.MethodPost, jsonType, `["a"]`, 400, "wrong-type", "body"},
		"null":            {http.MethodPost, jsonType, `null`, 400, "wrong-type", "body"},
		"unknown field":   {http.MethodPost, jsonType, `{"subject":"a","roles":["admin"],"sub":"b"}`, 400, "unknown-field", "sub"},
		"other case":      {http.MethodPost, jsonType, `{"Subject":"a","roles":["admin"]}`, 400, "unknown-field", "Subject"},
		"number":          {http.MethodPost, jsonType, `{"subject":1,"roles":["admin"]}`, 400, "wrong-type", "subject"},
		"one role":        {http.MethodPost, jsonType, `{"subject":"a","roles":"admin"}`, 400, "wrong-type", "roles"},
		"long":            {http.MethodPost, jsonType, `{"subject":"` + strings.Repeat("a", 20<<10) + `"}`, 413, "body-too-large", ""},
		"no subject":      {http.MethodPost, jsonType, `{"roles":["admin"]}`, 422, "invalid-value", "subject"},
		"odd subject":     {http.MethodPost, jsonType, `{"subject":"a\nb","roles":["admin"]}`, 422, "invalid-value", "subject"},
		"no roles":        {http.MethodPost, jsonType, `{"subject":"a","roles":[]}`, 422, "invalid-value", "roles"},
		"unknown role":    {http.MethodPost, jsonType, `{"subject":"a","roles":["admin","root"]}`, 422, "invalid-value", "roles[1]"},
		"the desk itself": {http.MethodPost, jsonType, `{"subject":"a","roles":["system"]}`, 422, "invalid-value", "roles[0]"},
		"same role twice": {http.MethodPost, jsonType, `{"subject":"a","roles":["admin","admin"]}`, 422, "invalid-value", "roles[1]"},
		"no account":      {http.MethodPost, jsonType, `{"subject":"a","roles":["customer"]}`, 422, "invalid-value", "account_id"},
		"odd account":     {http.MethodPost, jsonType, `{"subject":"a","roles":["customer"],"account_id":"a b"}`, 422, "invalid-value", "account_id"},
	} {
		t.Run(name, func(t *testing.T) {
			w := ask(t, issuer, c.method, c.media, c.body)
			require.Equal(t, c.status, w.Code, w.Body)
			require.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
			var problem struct {
				Type, Title, Code, Detail string
				Status                    int
				Errors                    []struct{ Field, Problem string }
			}
			require.NoError(t, json.Unmarshal(w.Body.Bytes(), &problem))
			require.Equal(t, "urn:refunddesk:problem:"+c.code, problem.Type)
			require.Equal(t, c.code, problem.Code)
			require.Equal(t, c.status, problem.Status)
			require.NotEmpty(t, problem.Detail)
			if c.field == "" {
				require.Empty(t, problem.Errors)
				return
			}
			require.Len(t, problem.Errors, 1)
			require.Equal(t, c.field, problem.Errors[0].Field)
		})
	}
}
