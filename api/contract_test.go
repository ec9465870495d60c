package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/review"
)

func TestEveryOperationSaysWhoMayCallIt(t *testing.T) {
	ops, err := readContract(contractYAML)
	require.NoError(t, err)
	require.Len(t, ops, len(good), "every operation has a request in order among the tests")
	for key, op := range ops {
		if strings.Contains(key, "/v1/") {
			require.NotEmpty(t, op.roles, key)
		} else {
			require.True(t, op.public, key)
		}
		require.Contains(t, good, op.id)
	}
}

// The matrix follows from x-roles: who is listed gets through to the desk, who is not gets
// 403 and the desk hears nothing.
func TestRolesAndOperations(t *testing.T) {
	b := setup(t)
	for key, op := range b.ops {
		for _, who := range []string{"customer", "reviewer", "senior", "auditor", "admin", "integrator", "roleless", "both"} {
			t.Run(op.id+" by "+who, func(t *testing.T) {
				b := *b
				b.T, b.desk.calls = t, nil
				w := b.do(good[op.id].by(who))
				if op.public || (people[who].Has(op.roles...) && !people[who].Has(op.excluded...)) {
					require.Less(t, w.Code, 300, "%s: %s", key, w.Body)
					return
				}
				require.Equal(t, http.StatusForbidden, w.Code)
				require.Equal(t, "forbidden", problem(t, w).Code)
				require.Empty(t, b.desk.calls)
			})
		}
		t.Run(op.id+" by nobody", func(t *testing.T) {
			b := *b
			b.T = t
			w := b.do(good[op.id])
			if op.public {
				require.Equal(t, http.StatusOK, w.Code)
				return
			}
			require.Equal(t, http.StatusUnauthorized, w.Code)
			require.Equal(t, `Bearer realm="refunddesk"`, w.Header().Get("WWW-Authenticate"))
		})
	}
}

// What nobody thought of is closed, and the program says so when it starts.
func TestAContractThatLeavesACallOpenDoesNotStart(t *testing.T) {
	for name, tc := range map[string]struct{ old, new, says string }{
		"no x-roles":              {"      x-roles: [admin]\n      x-refusal: standing-refused\n", "      x-refusal: standing-refused\n", "PUT /v1/accounts/{id}/standing: says neither who may call it"},
		"no roles in x-roles":     {"      x-roles: [auditor]\n", "      x-roles: []\n", "GET /v1/audit/refunds/{id}/history: says neither"},
		"a role that nobody has":  {"x-roles: [auditor]", "x-roles: [system]", `the role "system"`},
		"x-roles of another type": {"x-roles: [auditor]", "x-roles: auditor", "x-roles cannot be read"},
		"no x-object":             {"      x-roles: [auditor]\n      x-object: refund\n", "      x-roles: [auditor]\n", "names an object in its path"},
		"an unknown x-object":     {"      x-roles: [auditor]\n      x-object: refund\n", "      x-roles: [auditor]\n      x-object: history\n", `not "history"`},
		"open and closed":         {"      security: []\n", "      security: []\n      x-roles: [admin]\n", "is open to anyone"},
		"an unknown patience":     {"x-patience: 180", "x-patience: long", "x-patience cannot be read"},
		"an unknown x-staff":      {"x-staff: true", "x-staff: maybe", "x-staff cannot be read"},
		"no x-refusal":            {"      x-refusal: decision-refused\n", "", "POST /v1/tickets/{id}/decision: can change something"},
		"an unknown x-refusal":    {"x-refusal: decision-refused", "x-refusal: decided", `not "decided"`},
		"another's x-refusal":     {"x-refusal: decision-refused", "x-refusal: pause-refused", `of a pause, and x-object "ticket"`},
		"x-refusal of what reads": {"      x-roles: [auditor]\n", "      x-roles: [auditor]\n      x-refusal: retry-refused\n", "reads, and yet has x-refusal"},
		"not OpenAPI":             {"openapi: 3.0.3", "openapi: [", "reading the contract"},
		"a call served but gone":  {"/v1/audit/refunds/{id}/history", "/v1/audit/refunds/{id}/story", "served and is not in the contract"},
	} {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(string(contractYAML), tc.old, tc.new, 1)
			require.NotEqual(t, string(contractYAML), changed)
			_, err := newServer(Options{Desk: &fakeDesk{}, Verifier: fakeVerifier{}, Ready: nobodyIsAway}, []byte(changed))
			require.ErrorContains(t, err, tc.says)
		})
	}
}

func TestOptionsThatAreMissingAreNamed(t *testing.T) {
	for name, o := range map[string]Options{
		"Desk":      {Verifier: fakeVerifier{}, Ready: nobodyIsAway},
		"Verifier":  {Desk: &fakeDesk{}, Ready: nobodyIsAway},
		"Ready":     {Desk: &fakeDesk{}, Verifier: fakeVerifier{}},
		"RateLimit": {Desk: &fakeDesk{}, Verifier: fakeVerifier{}, Ready: nobodyIsAway, RateLimit: -1},
	} {
		_, err := New(o)
		require.ErrorContains(t, err, name)
	}
}

func TestEnumerationsAreTheDomains(t *testing.T) {
	ops, err := readContract(contractYAML)
	require.NoError(t, err)
	schemas := ops["GET /healthz"].route.Spec.Components.Schemas
	for name, want := range domainEnums() {
		require.ElementsMatch(t, want, schemas[name].Value.Enum, name)
	}
	require.EqualValues(t, review.MostText, *schemas["LongText"].Value.MaxLength)
	require.EqualValues(t, desk.MostAssigned, *schemas["BulkAssignment"].Value.Properties["ticket_ids"].Value.MaxItems)
}

func TestACustomerWithoutAnAccount(t *testing.T) {
	b := setup(t)
	for _, op := range []string{"fileRefund", "getAccount", "listRefunds", "withdrawRefund"} {
		w := b.do(good[op].by("homeless"))
		require.Equal(t, http.StatusForbidden, w.Code)
		require.Equal(t, "no-account", problem(t, w).Code)
	}
	require.Empty(t, b.desk.calls)
	require.Equal(t, http.StatusOK, b.do(good["listRefunds"].by("staffer")).Code, "staff needs none")
	require.Equal(t, "no-account", problem(t, b.do(good["fileRefund"].by("staffer"))).Code)
	require.True(t, people["senior"].Has(identity.Reviewer))
}
