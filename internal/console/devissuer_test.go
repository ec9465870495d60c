package console

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/auth"
	"refunddesk/internal/devstack/devissuer"
)

func devIssuer(t *testing.T) (*devissuer.Issuer, auth.Verifier) {
	t.Helper()
	issuer, err := devissuer.Open(t.TempDir(), devissuer.Options{})
	require.NoError(t, err)
	return issuer, auth.NewStatic(devissuer.Name, devissuer.Audience, issuer.PublicKey())
}

// fetch follows redirects and keeps the answer's body in a header of its own.
func fetch(t *testing.T, client *http.Client, method, address string, form url.Values, header ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for n := 0; n+1 < len(header); n += 2 {
		r.Header.Set(header[n], header[n+1])
	}
	w, err := client.Do(r)
	require.NoError(t, err)
	defer w.Body.Close()
	body, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	require.Less(t, w.StatusCode, 400, "%s %s: %s", method, address, body)
	if len(body) < 100 {
		w.Header.Set("X-Test-Body", string(body))
	}
	return w
}
