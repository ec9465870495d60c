package console

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/console/pagetest"
)

// The pages around a sign-in lead on: to another try, back in, to the tab that waits, or out at the issuer.
func TestThePagesAroundASignIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := h.browser(t)
	w := b.get("/sign-in/callback?code=c&state=lost")
	require.Equal(t, http.StatusBadRequest, w.Code)
	refused := pagetest.Parse(t, w.Body.String())
	require.Equal(t, "sign-in-lost", refused.Find("#sign-in-refused .code").Text())
	require.Equal(t, "/sign-in", refused.Find("#try-again").Attr("href"))
	require.Equal(t, "/sign-in", pagetest.Parse(t, b.get("/signed-out").Body.String()).Find("#signed-out a.button").Attr("href"))
	b.signIn(h.gate, "/")
	in := pagetest.Parse(t, b.get("/signed-in").Body.String())
	require.NotEmpty(t, in.Find("#signed-in h1").Text())
	require.Empty(t, in.Flaws())
	w = b.post("/sign-out", url.Values{})
	require.Equal(t, http.StatusOK, w.Code)
	out := pagetest.Parse(t, w.Body.String())
	require.Empty(t, out.Flaws())
	require.Contains(t, out.Find("#signing-out #go-on").Attr("href"), "https://id.example/end")
}
