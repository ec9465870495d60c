package console

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The same limit as for programs.
func TestNobodyIsFasterThanHeMay(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *Options) { o.RateLimit = 2 })
	rita, other := h.browser(t), h.browser(t)
	rita.signIn(h.gate, "/")
	h.gate.person.Actor.Subject = "ron"
	other.signIn(h.gate, "/")
	for range 4 {
		require.Equal(t, "rita", rita.who(), "twice as many at once")
	}
	w := rita.post("/test/act", url.Values{"note": {"What I typed"}})
	require.Equal(t, http.StatusTooManyRequests, w.Code)
	require.Equal(t, "1", w.Header().Get("Retry-After"))
	require.Contains(t, w.Body.String(), "too-many-requests")
	require.Contains(t, w.Body.String(), "What I typed", "and it can be sent again")
	require.Contains(t, w.Body.String(), "Send again")
	require.Equal(t, "ron", other.who(), "each has his own")
	nobody := h.browser(t)
	for range 10 {
		require.Equal(t, http.StatusSeeOther, nobody.get("/sign-in").Code, "and whoever is nobody yet has none")
		require.Equal(t, http.StatusOK, rita.get(h.kit.Assets.URL("app.css")).Code)
	}
	for range 4 {
		require.Equal(t, http.StatusOK, rita.get("/test/by-self").Code, "what a page asks for takes none of it")
	}
	w = rita.get("/test/by-self")
	require.Equal(t, http.StatusTooManyRequests, w.Code, "but has a limit, too")
	require.Equal(t, "1", w.Header().Get("Retry-After"))
	require.Empty(t, w.Body.String(), "there is nobody to read a page, and it would be put into one")

	h.clock.Advance(time.Second)
	require.Equal(t, "rita", rita.who())
	require.Equal(t, "rita", rita.who())
	require.Equal(t, http.StatusTooManyRequests, rita.get("/test/who").Code)
	require.Equal(t, http.StatusOK, rita.post("/sign-out", url.Values{}).Code, "leaving is never too fast")
}
