package audit_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/audit"
	"refunddesk/internal/console/pagetest"
	"refunddesk/internal/desk"
	"refunddesk/internal/review"
	"refunddesk/internal/store/storetest"
)

// exports counts the copies that were taken of searches.
func (o *office) exports() (n int) {
	o.T.Helper()
	pool, err := o.SQL()
	require.NoError(o.T, err)
	require.NoError(o.T, pool.QueryRowContext(o.Ctx, "SELECT count(*) FROM audit_entries WHERE action = 'exported' AND object = 'export' AND object_id = 'refunds'").Scan(&n))
	return n
}

// csvOf reads a copy as a program does.
func csvOf(t *testing.T, a *pagetest.Answer) [][]string {
	t.Helper()
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	assert.Equal(t, "text/csv; charset=utf-8", a.Header.Get("Content-Type"))
	assert.True(t, strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment; filename="))
	assert.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	text, marked := strings.CutPrefix(a.Body, "\uFEFF")
	assert.True(t, marked, "spreadsheets read UTF-8")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	return rows
}

// columns joins the named columns of each row.
func columns(rows [][]string, names ...string) []string {
	var out []string
	for _, row := range rows[1:] {
		var cells []string
		for _, name := range names {
			cells = append(cells, row[slices.Index(rows[0], name)])
		}
		out = append(out, strings.Join(cells, " "))
	}
	return out
}

func TestCopyOfASearch(t *testing.T) {
	o := open(t)
	paid := o.credited("p1")
	o.Clock.Add(time.Hour)
	refused := o.rejected("p2")
	rows := csvOf(t, o.otto.Get("/audit/export?format=csv"))
	assert.Equal(t, 1, o.exports(), "that it was taken is on the record")
	assert.Equal(t, []string{refused.ID + " rejected 2000.000000 ", paid.ID + " credited 70.000000 70.000000"}, columns(rows, "refund_id", "state", "quoted", "credited"))
	assert.Len(t, csvOf(t, o.otto.Get("/audit/export?format=csv&state=credited")), 2, "a copy is of what was searched for")
	assert.Len(t, csvOf(t, o.otto.In("zh-Hans").Get("/audit/export?format=csv&account_id=other")), 1, "of nothing there is a header")
	assert.Equal(t, 3, o.exports())

	a := o.otto.Get("/audit/export?format=ndjson&text=p1")
	assert.Equal(t, "application/x-ndjson; charset=utf-8", a.Header.Get("Content-Type"))
	lines := ndjsonOf(t, a)
	require.Len(t, lines, 1)
	assert.Equal(t, paid.ID, lines[0]["refund_id"])
	assert.Equal(t, map[string]any{"amount": "70.000000", "currency": "USD"}, lines[0]["credited"])
}

// A copy is read and sent on in parts; none is lost between them, and none comes twice.
func TestALongCopyIsWhole(t *testing.T) {
	o := open(t)
	var want []string
	for i := range 405 {
		id := fmt.Sprintf("p%d", i)
		o.Buy(id, 100, 100)
		if i%3 == 0 {
			o.Clock.Add(time.Second) // many at the same time
		}
		want = append(want, o.MustFile(id).ID)
	}
	ids := columns(csvOf(t, o.otto.Get("/audit/export?format=csv&account_id=acct")), "refund_id")
	assert.ElementsMatch(t, want, ids)
	lines := ndjsonOf(t, o.otto.Get("/audit/export?format=ndjson"))
	require.Len(t, lines, len(ids))
	for i, l := range lines {
		assert.Equal(t, ids[i], l["refund_id"])
	}
}

func ndjsonOf(t *testing.T, a *pagetest.Answer) (lines []map[string]any) {
	t.Helper()
	require.Equal(t, http.StatusOK, a.Status, a.Body)
	for line := range bytes.Lines([]byte(a.Body)) {
		var one map[string]any
		require.NoError(t, json.Unmarshal(line, &one))
		lines = append(lines, one)
	}
	return lines
}

func TestCopyOfAHistory(t *testing.T) {
	o := open(t)
	r := o.rejected("p")
	asked, err := o.Desk.Ask(o.Ctx, storetest.Customer("acct"), desk.Question{Subject: "Why?", Body: "We paid for it.", RefundID: r.ID})
	require.NoError(t, err)
	_, err = o.Desk.Say(o.Ctx, storetest.Reviewer, asked.Ticket.ID, review.Internal, `=HYPERLINK("x")`)
	require.NoError(t, err)
	o.Engine.Events = []desk.Event{o.event(r, 1, 0, "WorkflowExecutionStarted", "=Refund")}
	rows := csvOf(t, o.otto.Get("/audit/refunds/"+r.ID+"/export?format=csv"))
	got := columns(rows, "source", "action")
	assert.Equal(t, "refund ", got[0])
	for _, want := range []string{"audit filed", "audit screened", "audit decided", "engine WorkflowExecutionStarted", "screening review", "vote reject", "mail rejected", "mail message"} {
		assert.Contains(t, got, want)
	}
	assert.Contains(t, columns(rows, "source", "action", "summary"), "fact refunds_30d 1", "as the record has it, in every language")
	for _, want := range []string{"fact amount", "fact refunds_30d", "rule large-amount", "policy source", "message public", "message internal"} {
		assert.Contains(t, got, want)
	}
	said := columns(rows, "source", "actor", "summary")
	assert.Contains(t, said, "message rita We look at it.")
	assert.Contains(t, said, "message rita '=HYPERLINK(\"x\")", "nothing is a formula")
	assert.Contains(t, strings.Join(said, "\n"), "threshold: 1000.00 USD")
	source, err := o.PolicySource(o.Ctx, r.PolicyVersion)
	require.NoError(t, err)
	assert.Contains(t, strings.Join(said, "\n"), strings.SplitN(source, "\n", 2)[0], "the policy as it was")
	assert.NotContains(t, got, "audit exported", "a copy is as things were before it")
	assert.Contains(t, columns(rows, "source", "summary"), "engine '=Refund", "nothing is a formula")
	assert.Equal(t, audit.Exported, o.actions(r.ID)[len(o.actions(r.ID))-1])
	entries, err := o.Entries(o.Ctx, r.ID)
	require.NoError(t, err)
	assert.Equal(t, "otto", entries[len(entries)-1].Actor)

	lines := ndjsonOf(t, o.otto.Get("/audit/refunds/"+r.ID+"/export?format=ndjson"))
	assert.Len(t, lines, len(rows), "as many lines as rows without the header, and the first copy is now on the record")
	kinds := map[string]bool{}
	for _, l := range lines {
		kinds[fmt.Sprint(l["source"])] = true
		if l["source"] == "screening" {
			detail, _ := l["detail"].(map[string]any)
			assert.Equal(t, true, detail["same"])
			assert.NotEmpty(t, detail["facts"])
			assert.NotEmpty(t, detail["matches"])
		}
	}
	assert.Equal(t, map[string]bool{"refund": true, "audit": true, "engine": true, "screening": true, "vote": true, "mail": true, "fact": true, "rule": true, "policy": true, "message": true}, kinds)

	appeal, err := o.Desk.Appeal(o.Ctx, storetest.Customer("acct"), r.ID, "Look again, please.", 0)
	require.NoError(t, err)
	assert.Equal(t, "/audit/refunds/"+appeal.ID, o.otto.Get("/audit/refunds/"+r.ID).Find("#appealed").Attr("href"))
	assert.Contains(t, columns(csvOf(t, o.otto.Get("/audit/refunds/"+appeal.ID+"/export?format=csv")), "source", "action", "summary"), "note appeal Look again, please.")

	o.Engine.Events = nil
	paid := o.credited("q")
	rows = csvOf(t, o.otto.Get("/audit/refunds/"+paid.ID+"/export?format=csv"))
	var sum []string
	for _, row := range columns(rows, "source", "object_id", "amount", "currency") {
		if strings.HasPrefix(row, "journal ") {
			sum = append(sum, row)
		}
	}
	assert.Equal(t, []string{"journal customer/acct/USD 70.000000 USD", "journal package/q -90.000000 USD", "journal promotion/USD 20.000000 USD"}, sum)
}
