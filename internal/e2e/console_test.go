package e2e

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// visitor is somebody who is signed in to the console, with a browser that runs no script.
type visitor struct {
	t    *testing.T
	p    *Program
	http *http.Client
}

// visited is a page as it came, or where a form led.
type visited struct {
	status         int
	location, body string
}

// enter signs somebody in at the issuer.
func (p *Program) enter(t *testing.T, i *issuer, subject string, roles ...string) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	i.mu.Lock()
	i.next = signedIn{subject: subject, roles: roles}
	i.mu.Unlock()
	v := &visitor{t, p, &http.Client{Jar: jar}}
	page := v.get("/sign-in")
	require.Equal(t, http.StatusOK, page.status, page.body)
	v.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	require.Equal(t, http.StatusOK, v.get("/mails").status, "signed in")
	return v
}

func (v *visitor) get(path string) visited {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.p.URL+path, http.NoBody)
	require.NoError(v.t, err)
	return v.do(req)
}

// post sends a form, as a browser does from a page of the console.
func (v *visitor) post(path string, form url.Values) visited {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.p.URL+path, strings.NewReader(form.Encode()))
	require.NoError(v.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", v.p.URL)
	return v.do(req)
}

func (v *visitor) do(req *http.Request) visited {
	v.t.Helper()
	resp, err := v.http.Do(req)
	require.NoError(v.t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(v.t, err)
	return visited{resp.StatusCode, resp.Header.Get("Location"), string(body)}
}
