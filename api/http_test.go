package api

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/fault"
)

var errSecret = errors.New("dial postgres://app:password@db: refused")

func TestPathsThatAreNotThere(t *testing.T) {
	b := setup(t)
	for _, path := range []string{"/", "/v1", "/v1/", "/v1/refund", "/v1/refunds/", "/v1/refunds/refund_1/", "//v1/refunds", "/v2/refunds", "/metrics"} {
		w := b.do(call{method: "GET", path: path})
		require.Equal(t, http.StatusNotFound, w.Code, path)
		require.Equal(t, "not-found", problem(t, w).Code)
	}
	for _, id := range []string{"%00", "a%20b", "a%2Fb", "refund_1%2Fwithdraw", "-x", long(65), "%F0%9F%92%A9", "..."} {
		w := b.do(call{as: "auditor", method: "GET", path: "/v1/refunds/" + id})
		require.Equal(t, http.StatusNotFound, w.Code, id)
	}
	require.Empty(t, b.desk.calls)
}

func TestMethods(t *testing.T) {
	b := setup(t)
	for _, tc := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"DELETE", "/v1/refunds", 405, "GET, HEAD, OPTIONS, POST"},
		{"PUT", "/v1/accounts/acct_1", 405, "GET, HEAD, OPTIONS, PATCH"},
		{"GET", "/v1/refunds/refund_1/withdraw", 405, "OPTIONS, POST"},
		{"HEAD", "/v1/refunds/refund_1/withdraw", 405, "OPTIONS, POST"},
		{"BREW", "/v1/refunds", 405, "GET, HEAD, OPTIONS, POST"},
		{"POST", "/healthz", 405, "GET, HEAD, OPTIONS"},
		{"OPTIONS", "/v1/refunds", 204, "GET, HEAD, OPTIONS, POST"},
		{"OPTIONS", "/v1/nothing", 404, ""},
	} {
		w := b.do(call{method: tc.method, path: tc.path})
		require.Equal(t, tc.status, w.Code, tc.method+" "+tc.path)
		require.Equal(t, tc.allow, w.Header().Get("Allow"))
		if tc.status == 405 && tc.method != "HEAD" {
			require.Equal(t, "method-not-allowed", problem(t, w).Code)
		}
	}
	require.NotContains(t, b.log.String(), "BREW")
}

func TestHeadIsGetWithoutTheBody(t *testing.T) {
	b := setup(t)
	server := httptest.NewServer(b.handler)
	defer server.Close()
	get, err := http.Get(server.URL + "/healthz")
	require.NoError(t, err)
	defer get.Body.Close()
	head, err := http.Head(server.URL + "/healthz")
	require.NoError(t, err)
	defer head.Body.Close()
	body, err := io.ReadAll(head.Body)
	require.NoError(t, err)
	require.Empty(t, body)
	require.Equal(t, get.StatusCode, head.StatusCode)
	require.Equal(t, get.ContentLength, head.ContentLength)
	require.Equal(t, get.Header.Get("Content-Type"), head.Header.Get("Content-Type"))
}

func TestAPanicIsAProblem(t *testing.T) {
	b := setup(t)
	b.desk.panics = true
	w := b.do(good["getRefund"].by("customer"))
	require.Equal(t, http.StatusInternalServerError, w.Code)
	require.Equal(t, "internal", problem(t, w).Code)
	require.NotContains(t, w.Body.String(), "fell over")
	require.Contains(t, b.log.String(), "fake_test.go", "the stack is in the log")
	b.desk.panics = false
	require.Equal(t, http.StatusOK, b.do(good["getRefund"].by("customer")).Code, "and life goes on")
}

func TestBodiesThatAreTooLong(t *testing.T) {
	b := setup(t)
	c := good["createAccount"].by("admin")
	fits := `{"name":"Lin","email":"lin@example.com"` + strings.Repeat(" ", MaxBody-41) + `}`
	require.Len(t, fits, MaxBody-1)
	require.Equal(t, 201, b.do(c.with(fits)).Code)
	w := b.do(c.with(fits + "  "))
	require.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
	require.Equal(t, "body-too-large", problem(t, w).Code)

	// Over a real connection, with and without a length said beforehand.
	server := httptest.NewServer(b.handler)
	defer server.Close()
	for _, body := range []io.Reader{strings.NewReader(fits + fits), io.MultiReader(strings.NewReader(fits), strings.NewReader(fits))} {
		r, err := http.NewRequest("POST", server.URL+"/v1/accounts", body)
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer admin")
		r.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.Equal(t, http.StatusRequestEntityTooLarge, answer.StatusCode)
		require.NoError(t, answer.Body.Close())
	}
}

func TestABodyThatBreaksOff(t *testing.T) {
	b := setup(t)
	server := httptest.NewServer(b.handler)
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "POST /v1/accounts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer admin\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"name\"")
	require.NoError(t, err)
	require.NoError(t, conn.(*net.TCPConn).CloseWrite())
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Contains(t, []int{400, 503}, answer.StatusCode)
	require.Empty(t, b.desk.calls)
}

func TestRequestIDs(t *testing.T) {
	b := setup(t)
	c := good["getRefund"].by("customer")
	c.headers = map[string]string{"X-Request-Id": "trace-1.a_b~c"}
	require.Equal(t, "trace-1.a_b~c", b.do(c).Header().Get("X-Request-Id"))
	require.Equal(t, "trace-1.a_b~c", b.desk.reqID, "audit entries name the request")
	for _, bad := range []string{"a b", "a\"b", long(129), "<script>"} {
		c.headers["X-Request-Id"] = bad
		id := b.do(c).Header().Get("X-Request-Id")
		require.NotEqual(t, bad, id)
		require.Regexp(t, requestIDs, id)
	}
}

func TestTheLogHasNoPersonalData(t *testing.T) {
	b := setup(t)
	b.do(good["createAccount"].by("admin"))
	b.do(call{as: "auditor", method: "GET", path: "/v1/tickets?assignee=somebody"})
	b.do(call{method: "GET", path: "/lin@example.com"})
	for _, private := range []string{"Lin", "lin@example.com", "somebody", "Bearer", "8613800000000"} {
		require.NotContains(t, b.log.String(), private)
	}
	var line map[string]any
	require.NoError(t, json.Unmarshal([]byte(strings.SplitN(b.log.String(), "\n", 2)[0]), &line))
	require.Equal(t, "POST", line["method"])
	require.Equal(t, "/v1/accounts", line["route"])
	require.EqualValues(t, 201, line["status"])
	require.Contains(t, line, "duration")
	require.Contains(t, line, "request_id")
}

func TestFailuresOfOursAreLoggedWithTheirCause(t *testing.T) {
	b := setup(t)
	b.desk.fails = fault.New(fault.Unavailable, "database-unavailable", "The database is away.").With(errors.New("connection refused")).After(1500 * time.Millisecond)
	w := b.do(good["getRefund"].by("customer"))
	require.Equal(t, "2", w.Header().Get("Retry-After"))
	require.Contains(t, b.log.String(), "connection refused")
	require.Contains(t, b.log.String(), `"level":"WARN"`)
	require.Contains(t, b.log.String(), "/v1/refunds/:id")
}

func TestHeaders(t *testing.T) {
	b := setup(t)
	require.Equal(t, "no-store", b.do(good["getRefund"].by("customer")).Header().Get("Cache-Control"))
	require.Equal(t, "no-store", b.do(good["getRefund"]).Header().Get("Cache-Control"))
	require.Empty(t, b.do(good["getContract"]).Header().Get("Cache-Control"))
}

func TestReadiness(t *testing.T) {
	b := setup(t)
	require.JSONEq(t, `{"status":"ready"}`, b.do(good["getReadiness"]).Body.String())
	b.ready = errors.Join(
		fault.New(fault.Unavailable, "engine-unavailable", "The engine does not answer."),
		fault.New(fault.Unavailable, "database-unavailable", "The database is not migrated.").With(errSecret).After(time.Second),
	)
	w := b.do(good["getReadiness"])
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Equal(t, "1", w.Header().Get("Retry-After"))
	require.Equal(t, []string{"database-unavailable", "engine-unavailable"}, problem(t, w).fields())
	require.NotContains(t, w.Body.String(), "password")
	require.JSONEq(t, `{"status":"ok"}`, b.do(good["getHealth"]).Body.String())

	b.ready = errSecret
	w = b.do(good["getReadiness"])
	require.Equal(t, "not-ready", problem(t, w).Code)
	require.NotContains(t, w.Body.String(), "password")
}

func TestTheContractIsServed(t *testing.T) {
	w := setup(t).do(good["getContract"])
	require.Equal(t, "application/yaml", w.Header().Get("Content-Type"))
	require.Equal(t, string(Contract()), w.Body.String())
}

func TestRateLimit(t *testing.T) {
	now := noon
	b := setup(t, func(o *Options) { o.RateLimit, o.Now = 2, func() time.Time { return now } })
	c := good["listRefunds"]
	for range 4 {
		require.Equal(t, http.StatusOK, b.do(c.by("auditor")).Code)
	}
	w := b.do(c.by("auditor"))
	require.Equal(t, http.StatusTooManyRequests, w.Code)
	require.Equal(t, "too-many-requests", problem(t, w).Code)
	require.Equal(t, "1", w.Header().Get("Retry-After"))
	require.Equal(t, http.StatusOK, b.do(c.by("admin")).Code, "each subject has his own")
	require.Equal(t, http.StatusOK, b.do(good["getHealth"]).Code, "and whoever has no subject has none")
	now = now.Add(500 * time.Millisecond)
	require.Equal(t, http.StatusOK, b.do(c.by("auditor")).Code, "refused requests do not count")
	require.Equal(t, http.StatusTooManyRequests, b.do(c.by("auditor")).Code)
}

// A small body of many fields must not cost more than it weighs.
func TestBodiesOfManyFieldsAreRefusedBeforeTheyAreJudged(t *testing.T) {
	b := setup(t)
	many := func(n int) string {
		fields := []string{`"name":"Lin"`, `"email":"lin@example.com"`}
		for i := range n {
			fields = append(fields, fmt.Sprintf(`"k%d":1`, i))
		}
		return "{" + strings.Join(fields, ",") + "}"
	}
	w := b.do(call{as: "admin", method: "POST", path: "/v1/accounts", body: many(60_000)})
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Equal(t, "too-many-fields", problem(t, w).Code)
	w = b.do(call{as: "admin", method: "POST", path: "/v1/accounts", body: many(50)})
	require.Equal(t, "unknown-field", problem(t, w).Code)
	require.Less(t, w.Body.Len(), 16<<10)
	w = b.do(call{as: "admin", method: "POST", path: "/v1/accounts", body: `{"name":` + strings.Repeat(`{"a":`, 20) + "1" + strings.Repeat("}", 21)})
	require.Equal(t, "invalid-json", problem(t, w).Code)
	require.Empty(t, b.desk.calls)
}

func TestQueryParametersAreText(t *testing.T) {
	b := setup(t)
	for _, path := range []string{"/v1/tickets?assignee=%ff", "/v1/tickets?assignee=a%00", "/v1/refunds?cursor=%0a"} {
		w := b.do(call{as: "auditor", method: "GET", path: path})
		require.Equal(t, http.StatusBadRequest, w.Code, path)
		require.Equal(t, "invalid-parameter", problem(t, w).Code)
	}
}

// A database that hangs is answered for in time.
func TestARequestHasADeadline(t *testing.T) {
	b := setup(t)
	b.do(good["getRefund"].by("customer"))
	require.WithinDuration(t, time.Now().Add(patience), b.desk.deadline, 5*time.Second)
	b.do(filing("Prefer", "wait=30").by("customer"))
	require.WithinDuration(t, time.Now().Add(patience+30*time.Second), b.desk.deadline, 5*time.Second)
}
