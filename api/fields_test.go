package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"
)

// Every field of every body is tried with what it cannot be. The request in order is the
// one of good; one field of it is changed at a time.
func TestEveryFieldOfEveryBody(t *testing.T) {
	tried := 0
	for _, op := range setup(t).ops {
		if op.body == nil {
			continue
		}
		schema := op.body.Content.Get("application/json").Schema.Value
		t.Run(op.id, func(t *testing.T) {
			b, who := setup(t), ableTo(op)
			refused := func(body map[string]any, status int, code, field string) {
				t.Helper()
				text, err := json.Marshal(body)
				require.NoError(t, err)
				b.desk.calls = nil
				w := b.do(good[op.id].by(who).with(string(text)))
				require.Equal(t, status, w.Code, "%.200s: %s", text, w.Body)
				require.Equal(t, code, problem(t, w).Code)
				require.Contains(t, strings.Join(problem(t, w).fields(), " "), field)
				require.Subset(t, []string{"Visible"}, b.desk.calls, "the desk is asked nothing else")
				tried++
			}
			refused(changedField(t, op, "no_such_field", 1), http.StatusBadRequest, "unknown-field", "no_such_field")
			for name, property := range schema.Properties {
				for _, value := range []any{nil, ofAnotherType(property.Value)} {
					refused(changedField(t, op, name, value), http.StatusBadRequest, "wrong-type", name)
				}
				if !property.Value.Type.Is(openapi3.TypeString) {
					continue
				}
				for _, bad := range impossible(property.Value) {
					refused(changedField(t, op, name, bad), http.StatusUnprocessableEntity, "invalid-value", name)
				}
			}
			for _, name := range schema.Required {
				body := changedField(t, op, name, nil)
				delete(body, name)
				refused(body, http.StatusBadRequest, "missing-field", name)
			}
		})
	}
	require.Greater(t, tried, 300)
}

// changedField is the body of the request in order with one field that is another.
func changedField(t *testing.T, op *operation, name string, value any) map[string]any {
	body := map[string]any{}
	if good[op.id].body != "" {
		require.NoError(t, json.Unmarshal([]byte(good[op.id].body), &body))
	}
	body[name] = value
	return body
}

func ofAnotherType(schema *openapi3.Schema) any {
	if schema.Type.Is(openapi3.TypeString) {
		return 7
	}
	return "seven"
}

// impossible are texts that a field cannot hold. A telephone number and who pays may be
// empty, which removes them; a policy is as long as a body may be.
func impossible(schema *openapi3.Schema) []string {
	bad := []string{"a\x00b", "\u202e"}
	if schema.MinLength > 0 || schema.Pattern != "" && schema.Format == "" && !strings.Contains(schema.Pattern, ")?$") || len(schema.Enum) > 0 {
		bad = append(bad, "")
	}
	if schema.Pattern == `\S` {
		bad = append(bad, " \t ")
	}
	if schema.Format != "document" {
		bad = append(bad, long(100_000))
	}
	return bad
}

func TestTextsAreAsLongAsTheyMayBe(t *testing.T) {
	b := setup(t)
	say := func(n int) int {
		return b.do(good["sendMessage"].by("reviewer").with(fmt.Sprintf(`{"body":%q}`, strings.Repeat("语", n)))).Code
	}
	require.Equal(t, http.StatusCreated, say(10_000), "counted in characters, not in bytes")
	require.Equal(t, http.StatusUnprocessableEntity, say(10_001))
}

func TestManyTicketsAtOnce(t *testing.T) {
	b := setup(t)
	assign := func(ids []string) *problemOrNot {
		body, err := json.Marshal(map[string]any{"ticket_ids": ids, "assignee": "r2"})
		require.NoError(t, err)
		w := b.do(good["assignTickets"].by("reviewer").with(string(body)))
		return &problemOrNot{w.Code, problem(t, w), w.Body.String()}
	}
	ids := make([]string, 201)
	for i := range ids {
		ids[i] = fmt.Sprintf("ticket_01kf3e8zq2f6v9x4t7n1c5b%03d", i)
	}
	require.JSONEq(t, `{"assigned":200}`, assign(ids[:200]).body)
	for name, bad := range map[string][]string{"too many": ids, "none": {}, "one twice": {"ticket_1", "ticket_1"}} {
		got := assign(bad)
		require.Equal(t, http.StatusUnprocessableEntity, got.status, name)
		require.Equal(t, []string{"ticket_ids"}, got.problem.fields())
		require.Equal(t, "ticket_ids: has 1 to 200 different ids", *got.problem.Detail)
	}
	got := assign([]string{"ticket_1", "../x"})
	require.Equal(t, []string{"ticket_ids.1"}, got.problem.fields())
}

// problemOrNot is an answer.
type problemOrNot struct {
	status  int
	problem Problem
	body    string
}

// Whose ticket it is the desk knows, and so what is meant when nothing is said.
func TestTheVisibilityOfAMessage(t *testing.T) {
	b := setup(t)
	for body, want := range map[string]string{
		`{"body":"a"}`:                         ": a",
		`{"body":"a","visibility":"public"}`:   "public: a",
		`{"body":"a","visibility":"internal"}`: "internal: a",
	} {
		require.Equal(t, http.StatusCreated, b.do(good["sendMessage"].by("reviewer").with(body)).Code)
		require.Equal(t, want, b.desk.asked)
	}
}

// Who is assigned goes into the audit log: an id, and no text.
func TestAnAssigneeIsAnID(t *testing.T) {
	b := setup(t)
	for _, op := range []string{"assignTicket", "assignTickets"} {
		for _, who := range []string{"r", "demo-reviewer2", "auth0|5f7c.e_2", "lin@example.com", "urn:7:x", long(128)} {
			w := b.do(good[op].by("reviewer").with(string(must(json.Marshal(changedField(t, b.named(op), "assignee", who))))))
			require.Equal(t, http.StatusOK, w.Code, who)
			require.Equal(t, http.StatusOK, b.do(call{as: "auditor", method: "GET", path: "/v1/tickets?assignee=" + url.QueryEscape(who)}).Code, who)
		}
		for _, who := range []string{"", "Lin Wei", "-r", "@r", "the customer lies", "林", "r\n", long(129)} {
			w := b.do(good[op].by("reviewer").with(string(must(json.Marshal(changedField(t, b.named(op), "assignee", who))))))
			require.Equal(t, http.StatusUnprocessableEntity, w.Code, who)
			require.Equal(t, "assignee: is a person's id: 1 to 128 of A-Z a-z 0-9 _ . | : @ - that start with a letter or digit", *problem(t, w).Detail)
		}
	}
}

func must(text []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return text
}

func TestASavedReplyHasWords(t *testing.T) {
	b := setup(t)
	for body, field := range map[string]string{
		`{"title":"a","body":{}}`:                   "body",
		`{"title":"a","body":{"de":"Hallo"}}`:       "body.de",
		`{"title":"a","body":{"en":""}}`:            "body.en",
		`{"title":"a","body":{"zh-Hans":"\u0007"}}`: "body.zh-Hans",
	} {
		w := b.do(good["createSavedReply"].by("admin").with(body))
		require.GreaterOrEqual(t, w.Code, 400)
		require.Equal(t, []string{field}, problem(t, w).fields(), body)
	}
	w := b.do(good["changeSavedReply"].by("admin").with(`{"title":"a","body":{"en":"b"},"version":0}`))
	require.Equal(t, http.StatusUnprocessableEntity, w.Code)
	require.Equal(t, "version: is the version that was read", *problem(t, w).Detail)
}
