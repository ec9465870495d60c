package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/identity"
)

// inside are words and fields that are for staff only.
var inside = []string{
	canary, "987654", `"matches"`, `"votes"`, `"digest"`, `"assignee"`, `"priority"`, `"urgency"`, `"snoozed_until"`, `"author"`,
	`"approvals_needed"`, `"seniors_needed"`, `"responded_at"`, `"decided_by"`, `"standing_reason"`, `"contact_changed_at"`, `"internal"`,
}

// The fake desk gives customers all that is internal; no answer of a call that a customer
// can make has any of it.
func TestNothingInternalReachesACustomer(t *testing.T) {
	b := setup(t)
	asked := 0
	for key, op := range b.ops {
		for who, actor := range map[string]identity.Actor{"customer": people["customer"], "owner": people["owner"]} {
			customers := op.allows(actor) && op.allows(people["customer"])
			if !customers {
				continue
			}
			w := b.do(good[op.id].by(who))
			require.Less(t, w.Code, 300, "%s: %s", key, w.Body)
			for _, word := range inside {
				if strings.HasPrefix(word, `"standing`) || strings.HasPrefix(word, `"contact`) {
					if who == "owner" {
						continue // of the account as such, which is no case
					}
				}
				require.NotContains(t, w.Body.String(), word, "%s by %s", key, who)
			}
			asked++
		}
	}
	require.Greater(t, asked, 25)
	require.Contains(t, b.do(good["getTicket"].by("reviewer")).Body.String(), canary, "or this test looks at nothing")
}

// What is beside a case, the notes of people above all, is for staff who do not own the
// account, even where the desk hands it out.
func TestACaseFileIsNotForItsOwner(t *testing.T) {
	b := setup(t)
	for _, who := range []string{"customer", "stranger", "owner", "integrator"} {
		w := b.do(good["getCaseFile"].by(who))
		require.GreaterOrEqual(t, w.Code, 403, who)
		require.NotContains(t, w.Body.String(), canary, who)
	}
	require.Equal(t, http.StatusForbidden, b.do(good["getCaseFile"].by("owner")).Code)
	for _, who := range []string{"reviewer", "senior", "auditor", "admin", "both"} {
		require.Contains(t, b.do(good["getCaseFile"].by(who)).Body.String(), canary+" too large for me", who)
	}
}

// What staff may filter and sort by would tell a customer what is internal as well.
func TestCustomersDoNotFilterByWhatIsInternal(t *testing.T) {
	b := setup(t)
	for _, query := range []string{"assignee=r1", "unassigned=true", "overdue=false", "snoozed=true", "rule=linked-rejected", "sort=priority", "rule=%20bad"} {
		c := call{method: "GET", path: "/v1/tickets?" + query}
		w := b.do(c.by("customer"))
		require.Equal(t, http.StatusForbidden, w.Code, query)
		require.Equal(t, "forbidden", problem(t, w).Code)
		if !strings.Contains(query, "bad") {
			require.Equal(t, http.StatusOK, b.do(c.by("auditor")).Code, query)
		}
	}
	b.desk.calls = nil
	require.Equal(t, http.StatusOK, b.do(call{as: "customer", method: "GET", path: "/v1/tickets?assignee=&rule="}).Code, "no value is as good as absent")
	require.Equal(t, []string{"Tickets"}, b.desk.calls)
}

func TestTheLanguageOfAnExplanation(t *testing.T) {
	const english, chinese = "You asked often.", "您的申请较多。"
	b := setup(t)
	for header, want := range map[string]string{
		"":                               english, // the account's own
		"zh":                             chinese,
		"zh-CN,zh;q=0.9,en;q=0.8":        chinese,
		"zh-Hans":                        chinese,
		"zh-TW":                          chinese,
		"en-GB, zh;q=0.5":                english,
		"de, zh;q=0.3":                   chinese,
		"de":                             english,
		"*":                              english,
		";;;q=":                          english,
		strings.Repeat("zh-", 300) + "x": english,
	} {
		for _, op := range []string{"getRefund", "fileRefund", "appealRefund", "withdrawRefund"} {
			c := good[op].by("customer")
			c.headers = map[string]string{"Idempotency-Key": "k", "Accept-Language": header}
			require.Equal(t, want, object(b, c)["explanation"], "%s %q", op, header)
		}
	}
	require.NotContains(t, object(b, good["listRefunds"].by("customer"))["items"].([]any)[0], "explanation")
}
