package customer_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/refund"
)

func TestTheBalanceAndItsStatement(t *testing.T) {
	o := newOffice(t)
	o.named("p", "Starter", nil)
	id := o.MustFile("p").ID
	o.Step(id, refund.VerbScreen, refund.Crediting)
	o.Step(id, refund.VerbCredit, refund.Credited)
	o.BuyIn("yen", "JPY", 5000, 5000)
	o.Buy("kept", 100, 100)
	require.NoError(t, o.Use("u", "kept", 1))

	p := o.sound(o.ann, "/balance")
	assert.Equal(t, "100.000000 USD", p.Find("#balance-USD data").Attr("value"))
	rows := p.All("#movements tbody tr")
	require.Len(t, rows, 1, "purchases and usage move no balance")
	assert.Equal(t, "Refund of Starter", rows[0].Find("a[href=/refunds/"+id+"]").Text())
	assert.Equal(t, "+$100.00", rows[0].Find("data.amount-in").Text())
	assert.Equal(t, "/balance/statement.csv", p.Find("#download").Attr("href"))
	assert.Equal(t, "Starter 的退款", o.ann.In("zh-Hans").Get("/balance").Find("#movements a").Text())
	assert.Nil(t, o.bob.Get("/balance").Find("#movements"))
}

// However much its packages are used, each page of the statement has its rows, and the file
// has them all.
func TestAPageOfTheStatementIsBounded(t *testing.T) {
	o := newOffice(t)
	var want []string
	for i := range 45 {
		id := fmt.Sprintf("p%d", i)
		o.Buy(id, 100, 100)
		for u := range 6 {
			require.NoError(t, o.Use(fmt.Sprintf("u-%s-%d", id, u), id, 1))
		}
		r := o.MustFile(id).ID
		o.Step(r, refund.VerbScreen, refund.Crediting)
		o.Step(r, refund.VerbCredit, refund.Credited)
		want = append([]string{r}, want...)
	}
	var got []string
	for _, rows := range []int{20, 20, 5} {
		path := "/balance"
		if len(got) > 0 {
			path = o.ann.Get(path).Find(".more a").Attr("href")
			if len(got) > 20 {
				path = o.ann.Get(path).Find(".more a").Attr("href")
			}
		}
		p := o.sound(o.ann, path)
		links := p.All("#movements tbody a")
		assert.Len(t, links, rows)
		for _, a := range links {
			got = append(got, strings.TrimPrefix(a.Attr("href"), "/refunds/"))
		}
		assert.Equal(t, rows == 20, p.Find(".more a") != nil)
	}
	assert.Equal(t, want, got)
	lines := strings.Split(strings.TrimSpace(o.ann.Get("/balance/statement.csv").Body), "\r\n")
	require.Len(t, lines, 46)
	for i, line := range lines[1:] {
		assert.Contains(t, line, want[i])
	}
}

func TestTheStatementIsAFileForSpreadsheets(t *testing.T) {
	o := newOffice(t)
	for id, name := range map[string]string{"evil": `=HYPERLINK("http://evil","x")`, "tab": "\tx", "quote": "a \"b\", c", "plain": "套餐 100", "at": " @SUM(1)"} {
		o.named(id, name, nil)
		r := o.MustFile(id).ID
		o.Step(r, refund.VerbScreen, refund.Crediting)
		o.Step(r, refund.VerbCredit, refund.Credited)
	}
	a := o.ann.Get("/balance/statement.csv")
	assert.Equal(t, "text/csv; charset=utf-8", a.Header.Get("Content-Type"))
	assert.Equal(t, "attachment; filename=refunddesk-statement-2026-03-01.csv", a.Header.Get("Content-Disposition"))
	body, marked := strings.CutPrefix(a.Body, "\ufeff")
	assert.True(t, marked, "Excel reads UTF-8 only with its mark")
	lines, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	require.NoError(t, err)
	require.Len(t, lines, 6)
	assert.Equal(t, []string{"Time (UTC)", "What", "Package", "Package ID", "Refund number", "Amount", "Currency", "Entry"}, lines[0])
	names := map[string]string{}
	for _, l := range lines[1:] {
		names[l[3]] = l[2]
		assert.Equal(t, []string{"100.000000", "USD"}, l[5:7])
		_, err := time.Parse(time.RFC3339, l[0])
		require.NoError(t, err)
	}
	assert.Equal(t, map[string]string{"evil": `'=HYPERLINK("http://evil","x")`, "tab": "'\tx", "quote": `a "b", c`, "plain": "套餐 100", "at": "' @SUM(1)"}, names)
	assert.Equal(t, "时间（UTC）", strings.Split(strings.TrimPrefix(o.ann.In("zh-Hans").Get("/balance/statement.csv").Body, "\ufeff"), ",")[0])
	assert.Len(t, strings.Split(strings.TrimSpace(o.bob.Get("/balance/statement.csv").Body), "\r\n"), 1, "nothing of somebody else's")
}

// leaving ends the request when the answer begins, as when its reader's session ends.
type leaving struct {
	*httptest.ResponseRecorder
	leave context.CancelFunc
}

func (l *leaving) WriteHeader(status int) {
	l.leave()
	l.ResponseRecorder.WriteHeader(status)
}

// A statement that cannot be finished is cut: one that ends early would be taken for the whole.
func TestAStatementThatBreaksOffIsCut(t *testing.T) {
	o := newOffice(t)
	o.credited("p")
	ctx, leave := context.WithCancel(t.Context())
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/balance/statement.csv", nil)
	assert.PanicsWithValue(t, http.ErrAbortHandler, func() {
		o.site.Kit.Router.ServeHTTP(&leaving{httptest.NewRecorder(), leave}, o.ann.Name(r))
	})
}
