package api

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// long is a text of n characters.
func long(n int) string { return strings.Repeat("x", n) }

func TestBadRequests(t *testing.T) {
	const (
		account = `"name":"Lin","email":"lin@example.com"`
		bought  = `"account_id":"acct_1","product":"global-sms","name":"SMS"`
		price   = `"price":{"amount":"10","currency":"USD"}`
	)
	for name, tc := range map[string]struct {
		op     string
		by     string
		body   string
		status int
		code   string
		fields []string
	}{
		// what cannot be read
		"no JSON":            {"createAccount", "admin", `nonsense`, 400, "invalid-json", []string{"body"}},
		"half a JSON":        {"createAccount", "admin", `{"name":"Lin"`, 400, "invalid-json", []string{"body"}},
		"trailing value":     {"createAccount", "admin", `{` + account + `} {}`, 400, "invalid-json", []string{"body"}},
		"trailing brace":     {"createAccount", "admin", `{` + account + `}}`, 400, "invalid-json", []string{"body"}},
		"duplicate key":      {"createAccount", "admin", `{` + account + `,"name":"Wei"}`, 400, "duplicate-key", []string{"name"}},
		"duplicate deep":     {"createPackage", "integrator", `{` + bought + `,"price":{"amount":"1","amount":"2","currency":"USD"}}`, 400, "duplicate-key", []string{"price.amount"}},
		"duplicate escaped":  {"createAccount", "admin", `{` + account + `,"n\u0061me":"Wei"}`, 400, "duplicate-key", []string{"name"}},
		"invalid UTF-8":      {"createAccount", "admin", "{\"name\":\"\xff\",\"email\":\"lin@example.com\"}", 400, "invalid-json", []string{"body"}},
		"lone surrogate":     {"createAccount", "admin", `{"name":"\ud800","email":"lin@example.com"}`, 400, "invalid-json", []string{"body"}},
		"an array":           {"createAccount", "admin", `[]`, 400, "wrong-type", []string{"body"}},
		"null":               {"createAccount", "admin", `null`, 400, "wrong-type", []string{"body"}},
		"no body":            {"createAccount", "admin", ``, 400, "missing-body", []string{"body"}},
		"unknown field":      {"createAccount", "admin", `{` + account + `,"nickname":"L"}`, 400, "unknown-field", []string{"nickname"}},
		"two unknown fields": {"createAccount", "admin", `{` + account + `,"b":1,"a":2}`, 400, "unknown-field", []string{"a", "b"}},
		"other case":         {"createAccount", "admin", `{"Name":"Lin","email":"lin@example.com"}`, 400, "unknown-field", []string{"Name", "name"}},
		"unknown deep":       {"createPackage", "integrator", `{` + bought + `,"price":{"amount":"1","currency":"USD","micros":1}}`, 400, "unknown-field", []string{"price.micros"}},
		"missing field":      {"createAccount", "admin", `{"name":"Lin"}`, 400, "missing-field", []string{"email"}},
		"two missing fields": {"fileRefund", "customer", `{}`, 400, "missing-field", []string{"package_id", "reason_code"}},
		"missing deep":       {"createPackage", "integrator", `{` + bought + `,"price":{"amount":"1"}}`, 400, "missing-field", []string{"price.currency"}},
		"wrong type":         {"createAccount", "admin", `{"name":7,"email":"lin@example.com"}`, 400, "wrong-type", []string{"name"}},
		"null field":         {"createAccount", "admin", `{` + account + `,"phone":null}`, 400, "wrong-type", []string{"phone"}},
		"money as a number":  {"createPackage", "integrator", `{` + bought + `,"price":10}`, 400, "wrong-type", []string{"price"}},
		"amount as a number": {"createPackage", "integrator", `{` + bought + `,"price":{"amount":10,"currency":"USD"}}`, 400, "wrong-type", []string{"price.amount"}},
		"enum as a number":   {"setDispute", "integrator", `{"status":1}`, 400, "wrong-type", []string{"status"}},
		"boolean as text":    {"createPackage", "integrator", `{` + bought + `,` + price + `,"auto_renew":"yes"}`, 400, "wrong-type", []string{"auto_renew"}},
		"shape before value": {"createAccount", "admin", `{"name":"Lin","email":"nobody","x":1}`, 400, "unknown-field", []string{"x"}},
		"a body too many":    {"withdrawRefund", "customer", `{"really":true}`, 400, "unknown-field", []string{"really"}},

		// what cannot be
		"not an e-mail":         {"createAccount", "admin", `{"name":"Lin","email":"nobody"}`, 422, "invalid-value", []string{"email"}},
		"e-mail with a name":    {"createAccount", "admin", `{"name":"Lin","email":"Lin <lin@example.com>"}`, 422, "invalid-value", []string{"email"}},
		"e-mail with a header":  {"createAccount", "admin", `{"name":"Lin","email":"lin@example.com\r\nBcc: x@example.com"}`, 422, "invalid-value", []string{"email"}},
		"blank name":            {"createAccount", "admin", `{"name":"  ","email":"lin@example.com"}`, 422, "invalid-value", []string{"name"}},
		"empty name":            {"createAccount", "admin", `{"name":"","email":"lin@example.com"}`, 422, "invalid-value", []string{"name"}},
		"long name":             {"createAccount", "admin", `{"name":"` + long(201) + `","email":"lin@example.com"}`, 422, "invalid-value", []string{"name"}},
		"line break in a name":  {"createAccount", "admin", `{"name":"Lin\nWei","email":"lin@example.com"}`, 422, "invalid-value", []string{"name"}},
		"NUL in a name":         {"createAccount", "admin", `{"name":"Lin\u0000","email":"lin@example.com"}`, 422, "invalid-value", []string{"name"}},
		"reordered text":        {"createAccount", "admin", `{"name":"Lin\u202eieW","email":"lin@example.com"}`, 422, "invalid-value", []string{"name"}},
		"escape in a note":      {"fileRefund", "customer", `{"package_id":"pkg_1","reason_code":"other","note":"\u001b[2J"}`, 422, "invalid-value", []string{"note"}},
		"long note":             {"fileRefund", "customer", `{"package_id":"pkg_1","reason_code":"other","note":"` + long(4001) + `"}`, 422, "invalid-value", []string{"note"}},
		"no such reason":        {"fileRefund", "customer", `{"package_id":"pkg_1","reason_code":"bored"}`, 422, "invalid-value", []string{"reason_code"}},
		"no id":                 {"fileRefund", "customer", `{"package_id":"../x","reason_code":"other"}`, 422, "invalid-value", []string{"package_id"}},
		"an id too long":        {"createAccount", "admin", `{` + account + `,"id":"` + long(65) + `"}`, 422, "invalid-value", []string{"id"}},
		"no telephone":          {"createAccount", "admin", `{` + account + `,"phone":"call me"}`, 422, "invalid-value", []string{"phone"}},
		"no locale of ours":     {"createAccount", "admin", `{` + account + `,"locale":"de"}`, 422, "invalid-value", []string{"locale"}},
		"no time":               {"createAccount", "admin", `{` + account + `,"registered_at":"yesterday"}`, 422, "invalid-value", []string{"registered_at"}},
		"no such day":           {"createAccount", "admin", `{` + account + `,"registered_at":"2026-02-30T00:00:00Z"}`, 422, "invalid-value", []string{"registered_at"}},
		"a time without a zone": {"createAccount", "admin", `{` + account + `,"registered_at":"2026-02-03T00:00:00"}`, 422, "invalid-value", []string{"registered_at"}},
		"before all times":      {"createAccount", "admin", `{` + account + `,"registered_at":"0001-01-01T00:00:00Z"}`, 422, "invalid-value", []string{"registered_at"}},
		"nothing to change":     {"changeAccount", "admin", `{}`, 422, "invalid-value", []string{"body"}},
		"no such standing":      {"setStanding", "admin", `{"standing":"fine","reason":"x"}`, 422, "invalid-value", []string{"standing"}},
		"a negative price":      {"createPackage", "integrator", `{` + bought + `,"price":{"amount":"-1","currency":"USD"}}`, 422, "invalid-value", []string{"price.amount"}},
		"a price in words":      {"createPackage", "integrator", `{` + bought + `,"price":{"amount":"ten","currency":"USD"}}`, 422, "invalid-value", []string{"price.amount"}},
		"a price of 1e3":        {"createPackage", "integrator", `{` + bought + `,"price":{"amount":"1e3","currency":"USD"}}`, 422, "invalid-value", []string{"price.amount"}},
		"seven decimals":        {"createPackage", "integrator", `{` + bought + `,"price":{"amount":"1.0000001","currency":"USD"}}`, 422, "invalid-value", []string{"price.amount"}},
		"thirteen digits":       {"createPackage", "integrator", `{` + bought + `,"price":{"amount":"1000000000000","currency":"USD"}}`, 422, "invalid-value", []string{"price.amount"}},
		"no such currency":      {"createPackage", "integrator", `{` + bought + `,"price":{"amount":"1","currency":"XYZ"}}`, 422, "invalid-value", []string{"price.currency"}},
		"small currency":        {"createPackage", "integrator", `{` + bought + `,"price":{"amount":"1","currency":"usd"}}`, 422, "invalid-value", []string{"price.currency"}},
		"no such product":       {"createPackage", "integrator", `{"account_id":"acct_1","product":"voice","name":"V",` + price + `}`, 422, "invalid-value", []string{"product"}},
		"face of another kind":  {"createPackage", "integrator", `{` + bought + `,` + price + `,"face":{"amount":"20","currency":"EUR"}}`, 422, "invalid-value", []string{"face.currency"}},
		"face below the price":  {"createPackage", "integrator", `{` + bought + `,` + price + `,"face":{"amount":"9.999999","currency":"USD"}}`, 422, "invalid-value", []string{"face.amount"}},
		"a package of nothing":  {"createPackage", "integrator", `{` + bought + `,"price":{"amount":"0","currency":"USD"}}`, 422, "invalid-value", []string{"price.amount"}},
		"a face of nothing":     {"createPackage", "integrator", `{` + bought + `,"price":{"amount":"0","currency":"USD"},"face":{"amount":"0","currency":"USD"}}`, 422, "invalid-value", []string{"face.amount"}},
		"expired when bought":   {"createPackage", "integrator", `{` + bought + `,` + price + `,"purchased_at":"2026-11-02T09:00:00Z","expires_at":"2026-11-02T09:00:00Z"}`, 422, "invalid-value", []string{"expires_at"}},
		"usage of nothing":      {"recordUsage", "integrator", `{"id":"use_1","cost":{"amount":"0.000000","currency":"USD"}}`, 422, "invalid-value", []string{"cost.amount"}},
		"no such dispute":       {"setDispute", "integrator", `{"status":"maybe"}`, 422, "invalid-value", []string{"status"}},
		"no reason":             {"retryRefund", "admin", `{"reason":""}`, 422, "invalid-value", []string{"reason"}},
		"no such decision":      {"decideTicket", "reviewer", `{"decision":"maybe","reason_code":"other","digest":"x"}`, 422, "invalid-value", []string{"decision"}},
		"two values at once":    {"createAccount", "admin", `{"name":"","email":"nobody"}`, 422, "invalid-value", []string{"email", "name"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			w := b.do(good[tc.op].by(tc.by).with(tc.body))
			require.Equal(t, tc.status, w.Code, w.Body)
			p := problem(t, w)
			require.Equal(t, tc.code, p.Code, w.Body)
			require.Equal(t, tc.fields, p.fields())
			for _, f := range *p.Errors {
				require.NotEmpty(t, f.Problem)
			}
			require.NotContains(t, w.Body.String(), "Schema")
			for _, secret := range []string{"nobody", "bored", "call me", "yesterday", "Bcc"} {
				require.NotContains(t, w.Body.String(), secret, "values do not come back")
				require.NotContains(t, b.log.String(), secret, "nor go to the log")
			}
			require.Subset(t, []string{"Visible"}, append([]string{"Visible"}, b.desk.calls...), "the desk was asked nothing else")
		})
	}
}

func TestBadParametersAndHeaders(t *testing.T) {
	for name, tc := range map[string]struct {
		call  call
		code  string
		field string
	}{
		"limit 0":           {good["listRefunds"].at("/v1/refunds?limit=0"), "invalid-parameter", "limit"},
		"limit 201":         {good["listRefunds"].at("/v1/refunds?limit=201"), "invalid-parameter", "limit"},
		"limit in words":    {good["listRefunds"].at("/v1/refunds?limit=ten"), "invalid-parameter", "limit"},
		"limit 1.5":         {good["listRefunds"].at("/v1/refunds?limit=1.5"), "invalid-parameter", "limit"},
		"limit too big":     {good["listRefunds"].at("/v1/refunds?limit=99999999999999999999"), "invalid-parameter", "limit"},
		"limit twice":       {good["listRefunds"].at("/v1/refunds?limit=1&limit=2"), "invalid-parameter", "limit"},
		"unknown state":     {good["listRefunds"].at("/v1/refunds?state=lost"), "invalid-parameter", "state"},
		"unknown parameter": {good["listRefunds"].at("/v1/refunds?status=open"), "invalid-parameter", "status"},
		"none at all":       {good["getRefund"].at("/v1/refunds/refund_1?verbose=1"), "invalid-parameter", "verbose"},
		"no id":             {good["listRefunds"].at("/v1/refunds?account_id=a%20b"), "invalid-parameter", "account_id"},
		"bad encoding":      {good["listRefunds"].at("/v1/refunds?state=%zz"), "invalid-parameter", "query"},
		"endless cursor":    {good["listRefunds"].at("/v1/refunds?cursor=" + long(1025)), "invalid-parameter", "cursor"},
		"unknown sort":      {good["listTickets"].at("/v1/tickets?sort=oldest"), "invalid-parameter", "sort"},
		"no key":            {call{method: "POST", path: "/v1/refunds", body: good["fileRefund"].body}, "missing-header", "Idempotency-Key"},
		"key too long":      {filing("Idempotency-Key", long(256)), "invalid-header", "Idempotency-Key"},
		"key not printable": {filing("Idempotency-Key", "kéy"), "invalid-header", "Idempotency-Key"},
		"a long wait":       {filing("Prefer", "wait=31"), "invalid-header", "Prefer"},
		"an endless wait":   {filing("Prefer", "wait=99999999999999999999999"), "invalid-header", "Prefer"},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			w := b.do(tc.call.by("customer"))
			require.Equal(t, http.StatusBadRequest, w.Code, w.Body)
			require.Equal(t, tc.code, problem(t, w).Code)
			require.Equal(t, []string{tc.field}, problem(t, w).fields())
		})
	}
}

func filing(header, value string) call {
	c := good["fileRefund"]
	c.headers = map[string]string{"Idempotency-Key": "key", header: value}
	return c
}

func TestPreferWait(t *testing.T) {
	for prefer, tc := range map[string]struct {
		wait    time.Duration
		applied string
	}{
		"":                                 {0, ""},
		"wait=10":                          {10 * time.Second, "wait=10"},
		"wait=30":                          {30 * time.Second, "wait=30"},
		"wait=0":                           {0, "wait=0"},
		`respond-async, WAIT = "5" ; x=1`:  {5 * time.Second, "wait=5"},
		"wait=3, wait=31":                  {3 * time.Second, "wait=3"},
		`foo="a, wait=31", wait=4`:         {4 * time.Second, "wait=4"},
		"wait=soon":                        {0, ""},
		"wait":                             {0, ""},
		"wait=-1":                          {0, ""},
		"return=minimal; wait=9, handling": {0, ""},
		`"`:                                {0, ""},
	} {
		t.Run(prefer, func(t *testing.T) {
			b := setup(t)
			w := b.do(filing("Prefer", prefer).by("customer"))
			require.Equal(t, http.StatusAccepted, w.Code, w.Body)
			require.Equal(t, tc.wait, b.desk.waited)
			require.Equal(t, tc.applied, w.Header().Get("Preference-Applied"))
			require.Equal(t, "/v1/refunds/refund_1", w.Header().Get("Location"))
		})
	}
}

func TestWhatTheDeskIsAsked(t *testing.T) {
	morning := time.Date(2025, 3, 1, 0, 0, 0, 0, time.UTC)
	email, none, yes := "lin.wei@example.com", "", true
	for op, tc := range map[string]struct {
		by   string
		want any
	}{
		"createAccount": {"integrator", refund.Account{ID: "acct_1", Name: "Lin Wei", Email: "lin@example.com", Phone: "+8613800000000", Locale: "zh-Hans", Standing: refund.Good, RegisteredAt: morning}},
		"changeAccount": {"admin", desk.AccountChange{Email: &email, Phone: &none}},
		"setStanding":   {"admin", "suspended: Two carriers\n\tcomplained."},
		"listLedger":    {"customer", desk.Paging{Limit: 200, Cursor: "abc"}},
		"createPackage": {"integrator", refund.Package{AccountID: "acct_1", Product: "global-sms", Name: "Global SMS 100", Currency: "USD", Paid: 100 * money.Scale, Face: 120_500_000, Remaining: 120_500_000, Recorded: refund.Active, Dispute: refund.NoDispute}},
		"listPackages":  {"auditor", desk.PackageFilter{AccountID: "acct_1", Product: "global-sms", Paging: desk.Paging{Limit: 50}}},
		"recordUsage":   {"integrator", desk.UsageRecord{ID: "use_1", PackageID: "pkg_1", Cost: 41_200, Currency: "USD", OccurredAt: noon}},
		"setDispute":    {"integrator", refund.DisputeOpen},
		"fileRefund":    {"customer", desk.Filing{PackageID: "pkg_1", ReasonCode: refund.OtherReason, Note: "We moved.\nThanks.", IdempotencyKey: "k 1"}},
		"listRefunds":   {"reviewer", desk.RefundFilter{AccountID: "acct_1", PackageID: "pkg_1", State: refund.Credited, Paging: desk.Paging{Limit: 50}}},
		"retryRefund":   {"admin", "Corrected."},
		"listTickets":   {"senior", desk.TicketFilter{AccountID: "acct_1", RefundID: "refund_1", Kind: "refund", Queue: "review", State: "open", Waiting: &yes, Sort: "newest", Paging: desk.Paging{Limit: 50}}},
		"decideTicket":  {"reviewer", desk.Judgement{Vote: "approve", ReasonCode: "verified_request", Note: "Called.", Message: "Thank you.", Digest: "sha256:00ff"}},
		"appealRefund":  {"customer", "They are ours.\nAll of them."},

		"askQuestion":        {"customer", desk.Question{Subject: "When?", Body: "I asked on\nMonday.", PackageID: "pkg_1", RefundID: "refund_1"}},
		"assignTickets":      {"senior", []string{"ticket_1", "ticket_2", "r2"}},
		"sendMessage":        {"reviewer", ": Which are\nyours?"},
		"assignTicket":       {"reviewer", "r2"},
		"snoozeTicket":       {"reviewer", time.Date(2026, 11, 3, 9, 0, 0, 0, time.UTC)},
		"requestInformation": {"reviewer", "Which are yours?"},
		"escalateTicket":     {"reviewer", "The carrier first."},
		"createSavedReply":   {"admin", review.SavedReply{Title: "Invoice", Body: map[string]string{"en": "Send it.", "zh-Hans": "请提供。"}}},
		"changeSavedReply":   {"senior", review.SavedReply{ID: "reply_1", Title: "Invoice", Body: map[string]string{"en": "Send it."}, Version: 3}},
		"getFigures":         {"auditor", time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)},
		"listPolicies":       {"auditor", desk.Paging{Limit: 2, Cursor: "abc"}},
		"draftPolicy":        {"admin", "# ours\r\nrules:\n\t- id: a\n"},
		"checkPolicy":        {"auditor", "rules: []\n"},
		"diffPolicy":         {"auditor", "2"},
		"listPauses":         {"reviewer", true},
		"pauseCrediting":     {"admin", desk.Pause{Scope: desk.PauseAccount, Target: "acct_1", Reason: "Being checked.", ExpiresAt: noon.Add(time.Hour)}},
		"previewPause":       {"auditor", "all "},
	} {
		t.Run(op, func(t *testing.T) {
			b := setup(t)
			w := b.do(good[op].by(tc.by))
			require.Less(t, w.Code, 300, w.Body)
			require.Equal(t, tc.want, b.desk.asked)
			require.Len(t, b.desk.calls, 1, "a request in order costs one question")
		})
	}
	t.Run("empty parameters count as absent", func(t *testing.T) {
		b := setup(t)
		b.do(call{as: "auditor", method: "GET", path: "/v1/refunds?state=&account_id=&limit=&cursor="})
		require.Equal(t, desk.RefundFilter{Paging: desk.Paging{Limit: 50}}, b.desk.asked)
	})
}
