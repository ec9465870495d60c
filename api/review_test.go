package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

func usd(amount string) map[string]any { return map[string]any{"amount": amount, "currency": "USD"} }

func TestAScreening(t *testing.T) {
	s := object(setup(t), good["getScreening"].by("auditor"))
	require.Equal(t, map[string]any{"verdict": "review", "same": true}, s["replayed"])
	require.Equal(t, "2", s["policy_version"])
	require.Len(t, s["matches"], 1)
	require.NotContains(t, s, "outcome")
	facts := s["facts"].(map[string]any)
	require.Equal(t, map[string]any{
		"at": "2026-11-02T12:00:00Z", "amount": usd("50.000000"), "product": "global-sms", "reason": "other", "standing": "good", "dispute": "none",
		"appeal": false, "refunds_24h": 0.0, "refunds_30d": 4.0, "refunds_365d": 0.0,
		"refunded_24h": usd("0.000000"), "refunded_30d": usd("5200.500000"), "refunded_365d": usd("0.000000"),
		"purchases_90d": 0.0, "purchased_90d": usd("400.000000"), "returned_of_90d": usd("100.000000"), "refunded_share_90d": 0.25,
		"account_age": "129600s", "purchase_age": "1.5s", "face": usd("100.000000"), "consumed": usd("50.000000"), "consumed_share": 0.5,
		"usage_24h": usd("2.000000"), "usage_14d": usd("14.000000"), "usage_ratio": 2.0, "rebuy_cycles_30d": 0.0, "rejections": 0.0,
		"linked_rejected": 0.0, "contact_changed_72h": true, "unknown": []any{"linked_rejected"},
	}, facts)
}

func TestACaseFile(t *testing.T) {
	file := object(setup(t), good["getCaseFile"].by("reviewer"))
	require.Equal(t, "ticket_1", file["ticket"].(map[string]any)["id"])
	require.Equal(t, "refund_1", file["refunds"].([]any)[0].(map[string]any)["id"])
	require.Equal(t, []any{map[string]any{
		"account_id": "acct_2", "shares": []any{"email", "payer"}, "standing": "terminated", "refunds": 3.0, "rejected": 2.0,
	}}, file["linked"])
	require.Equal(t, "sha256:00ff", file["screening"].(map[string]any)["policy_digest"])
	require.NotContains(t, file["screening"], "replayed")
	require.Equal(t, []any{
		map[string]any{
			"id": "note_1", "refund_id": "refund_1", "author": "c1", "role": "customer", "about": "request",
			"body": "canary we moved.\nAll of us.", "created_at": "2026-11-02T12:00:00Z",
		},
		map[string]any{"id": "note_2", "author": "r1", "about": "escalation", "body": "canary too large for me", "created_at": "2026-11-02T12:01:00Z"},
	}, file["notes"])
}

func TestFigures(t *testing.T) {
	b := setup(t)
	f := object(b, good["getFigures"].by("reviewer"))
	require.Equal(t, "2026-10-01T00:00:00Z", f["since"])
	require.Equal(t, []any{map[string]any{
		"queue": "review", "open": 5.0, "unassigned": 4.0, "overdue": 3.0, "oldest_seconds": 5400.0, "median_seconds": 60.0,
	}}, f["queues"])
	require.Equal(t, map[string]any{"count": 7.0, "median_seconds": 3600.0, "p90_seconds": 7200.0}, f["first_response"])
	require.Equal(t, map[string]any{"count": 4.0, "median_seconds": 10800.0, "p90_seconds": 14400.0}, f["decision"])
	require.Equal(t, []any{
		map[string]any{"rule": "a", "matched": 9.0, "approved": 3.0, "rejected": 1.0, "approval_rate": 0.75},
		map[string]any{"rule": "b", "matched": 2.0, "approved": 0.0, "rejected": 0.0},
	}, f["rules"])
	require.Equal(t, map[string]any{"filed": 4.0, "reversed": 1.0, "upheld": 2.0, "open": 1.0}, f["appeals"])

	b.do(call{as: "auditor", method: "GET", path: "/v1/review/figures"})
	require.Equal(t, time.Time{}, b.desk.asked, "since when is the desk's to say")
}

func TestPolicies(t *testing.T) {
	b := setup(t)
	page := object(b, good["listPolicies"].by("auditor"))
	require.Equal(t, "more", page["next_cursor"])
	require.Equal(t, []any{
		map[string]any{"version": "2", "state": "draft", "source": "rules: []\n", "digest": "sha256:0001", "created_by": "m1", "created_at": "2026-11-02T12:00:00Z"},
		map[string]any{"version": "1", "state": "published", "source": "rules:\n", "digest": "sha256:00ff", "created_by": "m1", "created_at": "2026-11-02T12:00:00Z", "published_by": "m2", "published_at": "2026-11-02T12:00:00Z"},
	}, page["items"])
	w := b.do(good["draftPolicy"].by("admin"))
	require.Equal(t, http.StatusCreated, w.Code)
	require.Equal(t, "/v1/policies/1", w.Header().Get("Location"))
	require.Equal(t, map[string]any{"digest": "sha256:00ff"}, object(b, good["checkPolicy"].by("admin")))
	require.Equal(t, "published", object(b, good["publishPolicy"].by("admin"))["state"])
	require.Equal(t, map[string]any{
		"from": "sha256:0001", "to": "sha256:0002",
		"rules": []any{
			map[string]any{"id": "a", "change": "changed", "fields": []any{map[string]any{"field": "when", "from": "x > 1", "to": "x > 2"}}},
			map[string]any{"id": "b", "change": "added", "fields": []any{}},
		},
		"settings": []any{map[string]any{"field": "limits.weekly.USD", "from": "", "to": "100"}},
	}, object(b, good["diffPolicy"].by("auditor")))
	for _, version := range []string{"2", "0x1", "-1", "1%2F2", "check", "%E4%B8%80"} {
		for _, c := range []call{{method: "GET"}, {method: "POST", path: "/publish"}, {method: "POST", path: "/backtest"}, {method: "GET", path: "/diff"}} {
			w := b.do(c.at("/v1/policies/" + version + c.path).by("admin"))
			require.Equal(t, http.StatusNotFound, w.Code, version)
			require.Equal(t, "There is no such policy.", *problem(t, w).Detail)
		}
	}
}

func TestABacktest(t *testing.T) {
	none := map[string]any{"count": 0.0, "money": []any{}, "refunds": []any{}}
	one := map[string]any{"count": 1.0, "money": []any{usd("50.000000")}, "refunds": []any{"refund_1"}}
	require.Equal(t, map[string]any{
		"version": "1", "digest": "sha256:00ff", "cases": 10.0, "changed": 1.0, "known_bad": 3.0, "known_good": 4.0,
		"changes": []any{map[string]any{
			"from": "approve", "to": "review", "count": 1.0, "money": []any{usd("50.000000")}, "refunds": []any{"refund_1"}, "approved": 0.0, "rejected": 1.0,
		}},
		"missed": one, "disturbed": none,
	}, object(setup(t), good["backtestPolicy"].by("admin")))
}

func TestWhatIsWrongInAPolicyHasItsPlace(t *testing.T) {
	b := setup(t)
	wrong := fault.New(fault.Unprocessable, "invalid-policy", "The policy cannot be used.")
	wrong.Fields = []fault.Field{{Name: "rules[0].when", Problem: "refunds_31d is no fact", Line: 12, Column: 9}, {Name: "tiers", Problem: "is required"}}
	b.desk.fails = wrong
	for _, op := range []string{"draftPolicy", "checkPolicy", "publishPolicy"} {
		w := b.do(good[op].by("admin"))
		require.Equal(t, http.StatusUnprocessableEntity, w.Code)
		p := problem(t, w)
		require.Equal(t, "invalid-policy", p.Code)
		require.Equal(t, []FieldProblem{
			{Field: "rules[0].when", Problem: "refunds_31d is no fact", Line: optional(12), Column: optional(9)},
			{Field: "tiers", Problem: "is required"},
		}, *p.Errors)
	}
}

// A policy of 10 MB ends at the door; one that fills a body is the desk's to judge.
func TestLongPolicies(t *testing.T) {
	b := setup(t)
	const around = len(`{"source":""}`)
	for _, op := range []string{"draftPolicy", "checkPolicy"} {
		require.Less(t, b.do(good[op].by("admin").with(`{"source":"`+long(MaxBody-around)+`"}`)).Code, 300)
		b.desk.calls = nil
		w := b.do(good[op].by("admin").with(`{"source":"` + long(10<<20) + `"}`))
		require.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
		require.Equal(t, "body-too-large", problem(t, w).Code)
		require.Empty(t, b.desk.calls)
	}
	// With a real connection the answer has to arrive although the request did not.
	server := httptest.NewServer(b.handler)
	defer server.Close()
	r, err := http.NewRequest("POST", server.URL+"/v1/policies", strings.NewReader(`{"source":"`+long(10<<20)+`"}`))
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer admin")
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.Equal(t, http.StatusRequestEntityTooLarge, answer.StatusCode)
	require.NoError(t, answer.Body.Close())
}

// A backtest takes longer than the server gives to other calls.
func TestABacktestHasTime(t *testing.T) {
	b := setup(t)
	b.do(good["backtestPolicy"].by("admin"))
	require.WithinDuration(t, time.Now().Add(180*time.Second), b.desk.deadline, 5*time.Second)

	server := httptest.NewUnstartedServer(b.handler)
	server.Config.WriteTimeout = time.Nanosecond
	server.Start()
	defer server.Close()
	ask := func(path string) error {
		r, err := http.NewRequest("POST", server.URL+path, strings.NewReader("{}"))
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer admin")
		r.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			return err
		}
		require.Equal(t, http.StatusOK, answer.StatusCode)
		return answer.Body.Close()
	}
	require.Error(t, ask("/v1/policies/1/publish"), "or the server has no timeout")
	require.NoError(t, ask("/v1/policies/1/backtest"))
}

func TestPauses(t *testing.T) {
	b := setup(t)
	pause := map[string]any{
		"id": "pause_1", "scope": "account", "target": "acct_1", "reason": "Being checked.", "by": "m1", "in_force": true,
		"expires_at": "2026-11-02T13:00:00Z", "created_at": "2026-11-02T12:00:00Z",
	}
	require.Equal(t, []any{pause}, object(b, good["listPauses"].by("auditor"))["items"])
	require.Equal(t, pause, object(b, good["pauseCrediting"].by("admin")))
	pause["in_force"], pause["ended_at"], pause["ended_by"] = false, "2026-11-02T12:00:00Z", "m1"
	require.Equal(t, pause, object(b, good["endPause"].by("admin")))
	require.Equal(t, map[string]any{"held": 2.0, "states": []any{
		map[string]any{"state": "crediting", "count": 2.0, "money": []any{usd("70.000000")}},
		map[string]any{"state": "in_review", "count": 1.0, "money": []any{}},
	}}, object(b, good["previewPause"].by("reviewer")))
	b.do(call{as: "auditor", method: "GET", path: "/v1/pauses"})
	require.Equal(t, false, b.desk.asked, "all of them")
}

func TestSavedReplies(t *testing.T) {
	b := setup(t)
	reply := map[string]any{
		"id": "reply_1", "title": "Invoice", "body": map[string]any{"en": "Send it.", "zh-Hans": "请提供。"}, "version": 3.0,
		"updated_by": "s1", "updated_at": "2026-11-02T12:00:00Z",
	}
	require.Equal(t, map[string]any{"items": []any{reply}}, object(b, good["listSavedReplies"].by("auditor")))
	require.Equal(t, reply, object(b, good["createSavedReply"].by("senior")))
	require.Equal(t, reply, object(b, good["changeSavedReply"].by("admin")))
	w := b.do(good["deleteSavedReply"].by("admin"))
	require.Equal(t, http.StatusNoContent, w.Code)
	require.Empty(t, w.Body.String())
	w = b.do(call{as: "admin", method: "DELETE", path: "/v1/saved-replies/reply_2"})
	require.Equal(t, "There is no such saved reply.", *problem(t, w).Detail)
}

func TestAnAppeal(t *testing.T) {
	b := setup(t)
	w := b.do(good["appealRefund"].by("customer"))
	require.Equal(t, http.StatusAccepted, w.Code)
	require.Equal(t, 2*time.Second, b.desk.waited)
	require.Equal(t, "wait=2", w.Header().Get("Preference-Applied"))
	require.Equal(t, "/v1/refunds/refund_1", w.Header().Get("Location"))
	c := good["appealRefund"].by("customer")
	c.headers = nil
	w = b.do(c)
	require.Equal(t, http.StatusAccepted, w.Code)
	require.Empty(t, w.Header().Get("Preference-Applied"))
	c.headers = map[string]string{"Prefer": "wait=31"}
	require.Equal(t, "invalid-header", problem(t, b.do(c)).Code)
	require.Equal(t, http.StatusNotFound, b.do(good["appealRefund"].by("stranger")).Code)
}

// What the desk refuses is answered with its own code, by every call that it can befall.
func TestRefusalsOfTheDesk(t *testing.T) {
	away := fault.New(fault.Unavailable, "engine-unavailable", "The engine is away.").After(1500 * time.Millisecond)
	busy := fault.New(fault.TooMany, "backtest-running", "A backtest is running.").After(15 * time.Second)
	cursor := fault.New(fault.Malformed, "invalid-parameter", "cursor: is not one of ours")
	cursor.Fields = []fault.Field{{Name: "cursor", Problem: "is not one of ours"}}
	for _, tc := range []struct {
		err    *fault.Error
		status int
		retry  string
		ops    []string
	}{
		{refund.ErrAlreadyAppealed, 409, "", []string{"appealRefund"}},
		{refund.ErrNotRejected, 409, "", []string{"appealRefund"}},
		{desk.ErrTooManyQuestions, 409, "", []string{"askQuestion"}},
		{desk.ErrConversationFull, 409, "", []string{"sendMessage"}},
		{review.ErrTicketClosed, 409, "", []string{"sendMessage", "claimTicket", "releaseTicket", "assignTicket", "assignTickets", "snoozeTicket", "requestInformation", "escalateTicket", "resolveTicket", "decideTicket"}},
		{desk.ErrOnHold, 409, "", []string{"decideTicket"}},
		{desk.ErrNotScreened, 404, "", []string{"getScreening"}},
		{review.ErrClaimed, 409, "", []string{"claimTicket"}},
		{review.ErrAwaiting, 409, "", []string{"requestInformation", "decideTicket"}},
		{review.ErrStale, 409, "", []string{"decideTicket"}},
		{review.ErrSelfApproval, 403, "", []string{"decideTicket"}},
		{review.ErrFirstDecider, 403, "", []string{"decideTicket"}},
		{review.ErrAlreadyVoted, 403, "", []string{"decideTicket"}},
		{review.ErrSeniorOnly, 403, "", []string{"decideTicket"}},
		{away, 503, "2", []string{"decideTicket", "requestInformation", "withdrawRefund"}},
		{busy, 429, "15", []string{"backtestPolicy"}},
		{cursor, 400, "", []string{"listTickets", "listPolicies", "listPauses", "listRefunds", "listPackages", "listLedger"}},
	} {
		for _, op := range tc.ops {
			b := setup(t)
			b.desk.fails = tc.err
			w := b.do(good[op].by(ableTo(b.named(op))))
			require.Equal(t, tc.status, w.Code, "%s %s", op, tc.err.Code)
			require.Equal(t, tc.err.Code, problem(t, w).Code)
			require.Equal(t, tc.retry, w.Header().Get("Retry-After"))
		}
	}
}

// named is the operation of an id.
func (b *bundle) named(id string) *operation {
	for _, op := range b.ops {
		if op.id == id {
			return op
		}
	}
	b.Fatalf("there is no operation %q", id)
	return nil
}

func TestParametersOfLists(t *testing.T) {
	b := setup(t)
	for path, field := range map[string]string{
		"/v1/tickets?unassigned=yes":                 "unassigned",
		"/v1/tickets?overdue=1":                      "overdue",
		"/v1/tickets?waiting=":                       "",
		"/v1/tickets?rule=no%20rule":                 "rule",
		"/v1/tickets?kind=complaint":                 "kind",
		"/v1/tickets?queue=../x":                     "queue",
		"/v1/tickets?sort=oldest":                    "sort",
		"/v1/tickets?sort=due&sort=newest":           "sort",
		"/v1/tickets?account_id=a%20b":               "account_id",
		"/v1/tickets?assignee=" + long(129):          "assignee",
		"/v1/tickets?assignee=the%20one":             "assignee",
		"/v1/tickets?cursor=" + long(1025):           "cursor",
		"/v1/pauses?in_force=no":                     "in_force",
		"/v1/pauses?limit=0":                         "limit",
		"/v1/policies?limit=201":                     "limit",
		"/v1/policies?state=draft":                   "state",
		"/v1/policies/1/diff?against=a%2Fb":          "against",
		"/v1/review/figures?since=yesterday":         "since",
		"/v1/review/figures?since=2026-02-30T00:00Z": "since",
		"/v1/saved-replies?limit=1":                  "limit",
	} {
		w := b.do(call{as: "admin", method: "GET", path: path})
		if field == "" {
			require.Equal(t, http.StatusOK, w.Code, path)
			continue
		}
		require.Equal(t, http.StatusBadRequest, w.Code, path)
		require.Equal(t, "invalid-parameter", problem(t, w).Code)
		require.Equal(t, []string{field}, problem(t, w).fields())
	}
}
