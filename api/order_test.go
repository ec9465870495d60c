package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/fault"
	"refunddesk/internal/refund"
)

// Each call has every fault of the ones below it as well; what is said is the first of
// 401, 403, 404, 415, 400 or 422, 409.
func TestTheOrderOfChecks(t *testing.T) {
	b := setup(t)
	b.desk.fails = refund.ErrTooLate
	const bad, malformed = `{"reason":""}`, `{"reason"`
	retry := good["retryRefund"]
	text := map[string]string{"Content-Type": "text/plain"}
	for _, tc := range []struct {
		name   string
		call   call
		status int
	}{
		{"nobody", call{as: "", method: "POST", path: "/v1/refunds/refund_9/retry", body: malformed, headers: text}, 401},
		{"a bad token", call{as: "mallory", method: "POST", path: "/v1/refunds/refund_9/retry", body: malformed, headers: text}, 401},
		{"not his to call", call{as: "customer", method: "POST", path: "/v1/refunds/refund_9/retry", body: malformed, headers: text}, 403},
		{"an id that is none", call{as: "admin", method: "POST", path: "/v1/refunds/-/retry", body: malformed, headers: text}, 404},
		{"not there, another media", call{as: "admin", method: "POST", path: "/v1/refunds/refund_9/retry", body: malformed, headers: text}, 404},
		{"not there, malformed", call{as: "admin", method: "POST", path: "/v1/refunds/refund_9/retry", body: malformed}, 404},
		{"not there, bad value", call{as: "admin", method: "POST", path: "/v1/refunds/refund_9/retry", body: bad}, 404},
		{"not there", call{as: "admin", method: "POST", path: "/v1/refunds/refund_9/retry", body: retry.body}, 404},
		{"another media", call{as: "admin", method: "POST", path: retry.path, body: malformed, headers: text}, 415},
		{"malformed", call{as: "admin", method: "POST", path: retry.path, body: malformed}, 400},
		{"bad value", call{as: "admin", method: "POST", path: retry.path, body: bad}, 422},
		{"in order", retry.by("admin"), 409},

		{"another's, malformed", call{as: "stranger", method: "POST", path: "/v1/refunds/refund_1/withdraw", body: `{"x":1}`}, 404},
		{"another's", call{as: "stranger", method: "POST", path: "/v1/refunds/refund_1/withdraw"}, 404},
		{"another's, bad parameter", call{as: "stranger", method: "GET", path: "/v1/accounts/acct_1/ledger?limit=0"}, 404},
		{"his own, bad parameter", call{as: "customer", method: "GET", path: "/v1/accounts/acct_1/ledger?limit=0"}, 400},
		{"not there, no such reason", call{as: "reviewer", method: "POST", path: "/v1/tickets/ticket_9/decision", body: `{"decision":"approve","reason_code":"unverified","digest":"x"}`}, 404},
		{"another's package in the body", good["fileRefund"].by("stranger"), 404},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := *b
			b.T = t
			require.Equal(t, tc.status, b.do(tc.call).Code)
		})
	}
}

// Every call with an object in its path answers in that order, whatever it does.
func TestTheOrderOfChecksOfEveryCall(t *testing.T) {
	text := map[string]string{"Content-Type": "text/plain", "Idempotency-Key": "k"}
	asks := 0
	for key, op := range setup(t).ops {
		if op.public {
			continue
		}
		who, stranger := ableTo(op), unableTo(op)
		in := good[op.id]
		elsewhere := in.at(replaceObject(op, in.path))
		t.Run(op.id, func(t *testing.T) {
			b := setup(t)
			b.desk.fails = refund.ErrTooLate
			status := func(c call) int { return b.do(c).Code }
			wrong := func(c call) call { // it is wrong in whatever it can be
				if op.body != nil {
					c.body, c.headers = `{"reason"`, text
					return c
				}
				c.path += map[bool]string{true: "&", false: "?"}[strings.Contains(c.path, "?")] + "no-such=1"
				return c
			}
			require.Equal(t, 401, status(wrong(in)), key)
			require.Equal(t, 401, status(wrong(in).by("mallory")), key)
			if stranger != "" {
				require.Equal(t, 403, status(wrong(in).by(stranger)), "%s by %s", key, stranger)
			}
			if op.object != "" {
				require.Equal(t, 404, status(wrong(elsewhere).by(who)), key)
				require.Equal(t, 404, status(elsewhere.by(who)), key)
			}
			require.Contains(t, []int{400, 415}, status(wrong(in).by(who)), key)
			if op.body != nil && op.body.Required {
				require.Equal(t, 400, status(in.by(who).with(`{"reason"`)), key)
				require.Equal(t, 400, status(in.by(who).with(`{"no-such":1}`)), key)
			}
			require.Equal(t, 409, status(in.by(who)), key)
		})
		asks++
	}
	require.Equal(t, len(good)-3, asks, "all but those that are open to anyone")
}

// ableTo is somebody who may make the call, on what is of acct_1.
func ableTo(op *operation) string {
	for _, who := range []string{"customer", "senior", "auditor", "admin", "integrator"} {
		if op.allows(people[who]) {
			return who
		}
	}
	return ""
}

// unableTo is somebody who may not, and "" when everybody may.
func unableTo(op *operation) string {
	for _, who := range []string{"integrator", "customer", "auditor", "roleless"} {
		if !op.allows(people[who]) {
			return who
		}
	}
	return ""
}

// replaceObject gives the path of an object that is not there.
func replaceObject(op *operation, path string) string {
	template := strings.Split(op.route.Path, "/")
	path, query, _ := strings.Cut(path, "?")
	parts := strings.Split(path, "/")
	for i, part := range template {
		if strings.HasPrefix(part, "{") {
			parts[i] = "99"
		}
	}
	return strings.TrimSuffix(strings.Join(parts, "/")+"?"+query, "?")
}

// Whoever asks for what is another's hears what he hears of what does not exist.
func TestWhatIsHiddenLooksLikeWhatIsNotThere(t *testing.T) {
	b := setup(t)
	var bodies []string
	for _, c := range []call{
		{as: "stranger", method: "GET", path: "/v1/refunds/refund_1"},
		{as: "stranger", method: "GET", path: "/v1/refunds/refund_9"},
		{as: "stranger", method: "GET", path: "/v1/refunds/%20"},
		{as: "stranger", method: "GET", path: "/v1/refunds/refund_1?x=1"},
		{as: "stranger", method: "POST", path: "/v1/refunds/refund_1/withdraw"},
	} {
		c.headers = map[string]string{"X-Request-Id": "same"}
		bodies = append(bodies, b.do(c).Body.String())
	}
	for _, body := range bodies {
		require.Equal(t, bodies[0], body)
	}
}

func TestTokens(t *testing.T) {
	b := setup(t)
	get := good["listRefunds"]
	for header, code := range map[string]string{
		"":               "unauthenticated",
		"Bearer":         "unauthenticated",
		"Bearer  ":       "unauthenticated",
		"Basic auditor":  "unauthenticated",
		"Bearer mallory": "invalid-token",
		"bearer mallory": "invalid-token",
	} {
		get.headers = map[string]string{"Authorization": header}
		w := b.do(get)
		require.Equal(t, http.StatusUnauthorized, w.Code, header)
		require.Equal(t, code, problem(t, w).Code, header)
	}
	get.headers = map[string]string{"Authorization": "bearer auditor"}
	require.Equal(t, http.StatusOK, b.do(get).Code)

	w := b.do(good["listRefunds"].by("mallory"))
	require.Equal(t, `Bearer realm="refunddesk", error="invalid_token", error_description="The bearer token is not valid here."`, w.Header().Get("WWW-Authenticate"))

	w = b.do(good["listRefunds"].by("no-issuer"))
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Equal(t, "2", w.Header().Get("Retry-After"))
}

func TestMedia(t *testing.T) {
	for media, status := range map[string]int{
		"application/json":                  201,
		"application/json; charset=UTF-8":   201,
		"Application/JSON":                  201,
		"application/json; charset=latin-1": 415,
		"application/merge-patch+json":      415,
		"text/json":                         415,
		"application/x-www-form-urlencoded": 415,
		"nonsense/":                         415,
		"":                                  415,
	} {
		b := setup(t)
		c := good["createAccount"].by("admin")
		c.headers = map[string]string{"Content-Type": media}
		require.Equal(t, status, b.do(c).Code, media)
	}
	b := setup(t)
	c := good["createAccount"].by("admin")
	c.headers = map[string]string{"Content-Encoding": "gzip"}
	require.Equal(t, 415, b.do(c).Code)
	require.Equal(t, 200, b.do(good["withdrawRefund"].by("customer").with("{}")).Code, "no fields is as good as no body")
}

// The one translation of kinds to statuses, and nothing of a cause in the answer.
func TestFaultsOfTheDesk(t *testing.T) {
	for kind, status := range map[fault.Kind]int{
		fault.Internal: 500, fault.Unauthenticated: 401, fault.Forbidden: 403, fault.NotFound: 404,
		fault.MethodNotAllowed: 405, fault.UnsupportedMedia: 415, fault.TooLarge: 413, fault.Malformed: 400,
		fault.Unprocessable: 422, fault.Conflict: 409, fault.TooMany: 429, fault.Unavailable: 503,
	} {
		b := setup(t)
		b.desk.fails = fault.New(kind, "some-code", "Some sentence.").With(errSecret)
		w := b.do(good["getRefund"].by("customer"))
		require.Equal(t, status, w.Code)
		require.Equal(t, "some-code", problem(t, w).Code)
		require.Equal(t, "Some sentence.", *problem(t, w).Detail)
		require.NotContains(t, w.Body.String(), "password")
		require.Empty(t, w.Header().Get("Retry-After"))
	}
	b := setup(t)
	b.desk.fails = errSecret
	w := b.do(good["getRefund"].by("customer"))
	require.Equal(t, 500, w.Code)
	require.Equal(t, "internal", problem(t, w).Code)
	require.NotContains(t, w.Body.String(), "password")
}
