package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/audit"
	"refunddesk/internal/fault"
)

// changes are the operations that can change something, by id.
func changes() map[string]*operation {
	out := map[string]*operation{}
	for key, op := range contract() {
		if !strings.HasPrefix(key, http.MethodGet+" ") {
			out[op.id] = op
		}
	}
	return out
}

// named is the object that the path of a call in order names.
func named(op *operation) string {
	template, path := strings.Split(op.route.Path, "/"), strings.Split(good[op.id].path, "/")
	return path[slices.Index(template, "{"+op.param+"}")]
}

// Whoever may not make a call that could change something is in the audit log, once, under
// a name that says what he tried; and who is not known is not.
func TestEveryRefusedCallIsWrittenDownOnce(t *testing.T) {
	everybody := []string{"customer", "stranger", "homeless", "reviewer", "senior", "auditor", "admin", "integrator", "roleless", "both", "owner", "staffer"}
	for id, op := range changes() {
		t.Run(id, func(t *testing.T) {
			b, turnedAway := setup(t), 0
			for _, who := range everybody {
				*b.desk = fakeDesk{}
				c := good[id].by(who)
				c.headers = map[string]string{"Idempotency-Key": "k", "X-Request-Id": "req_" + who}
				w := b.do(c)
				if op.allows(people[who]) && w.Code != http.StatusForbidden {
					require.Empty(t, b.desk.refused, "%s: what the desk hears of it writes down itself", who)
					require.NotEmpty(t, b.desk.calls)
					continue
				}
				turnedAway++
				require.Equal(t, http.StatusForbidden, w.Code, who)
				require.Empty(t, b.desk.calls, who)
				want := audit.Entry{Actor: people[who].Subject, Action: op.refusal, ReasonCode: problem(t, w).Code, RequestID: "req_" + who}
				if op.object != "" {
					want.Object, want.ObjectID = op.object, named(op)
				}
				require.Equal(t, []audit.Entry{want}, b.desk.refused, who)
			}
			require.Positive(t, turnedAway)
			*b.desk = fakeDesk{}
			require.Equal(t, http.StatusUnauthorized, b.do(good[id]).Code)
			require.Equal(t, http.StatusUnauthorized, b.do(good[id].by("mallory")).Code)
			require.Empty(t, b.desk.refused)
		})
	}
}

// What somebody asks for in the wrong shape, of what is not his, is a refused attempt as well.
func TestWhatIsHiddenIsWrittenDownOnce(t *testing.T) {
	text := map[string]string{"Content-Type": "text/plain", "Idempotency-Key": "k"}
	for id, op := range changes() {
		if op.object == "" {
			continue
		}
		t.Run(id, func(t *testing.T) {
			b := setup(t)
			elsewhere := good[id].by(ableTo(op)).at(replaceObject(op, good[id].path))
			none := good[id].by(ableTo(op)).at(strings.Replace(replaceObject(op, good[id].path), "99", "-", 1))
			bad := elsewhere
			if bad.body = `{"reason"`; op.body != nil {
				bad.headers = text
			} else {
				bad.path += "?no-such=1"
			}
			for name, c := range map[string]struct {
				call
				id string
			}{"another media": {bad, "99"}, "an id that is none": {none, "-"}} {
				*b.desk = fakeDesk{}
				require.Equal(t, http.StatusNotFound, b.do(c.call).Code, name)
				require.Len(t, b.desk.refused, 1, name)
				entry := b.desk.refused[0]
				entry.RequestID = ""
				require.Equal(t, audit.Entry{Actor: people[c.as].Subject, Action: op.refusal, Object: op.object, ObjectID: c.id, ReasonCode: "not-found"}, entry, name)
			}
			*b.desk = fakeDesk{}
			require.Equal(t, http.StatusNotFound, b.do(elsewhere).Code)
			require.Empty(t, b.desk.refused, "the desk said so")

			for _, err := range []*fault.Error{fault.New(fault.Conflict, "c", "C."), fault.New(fault.Unprocessable, "u", "U."), fault.New(fault.Forbidden, "f", "F.")} {
				*b.desk = fakeDesk{fails: err}
				require.GreaterOrEqual(t, b.do(good[id].by(ableTo(op))).Code, 400)
				require.Empty(t, b.desk.refused, "what the desk refuses it writes down itself")
			}
		})
	}
}

func TestARefusedLookIsNotWrittenDown(t *testing.T) {
	b := setup(t)
	for key, op := range b.ops {
		if strings.HasPrefix(key, http.MethodGet+" ") && !op.public {
			for _, who := range []string{"roleless", "homeless", "stranger", "integrator"} {
				b.do(good[op.id].by(who))
				b.do(good[op.id].by(who).at(replaceObject(op, good[op.id].path)))
			}
		}
	}
	require.Equal(t, http.StatusForbidden, b.do(call{as: "customer", method: "GET", path: "/v1/tickets?assignee=r1"}).Code)
	require.Empty(t, b.desk.refused)
}
