package audit_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/audit"
	"refunddesk/internal/console/pagetest"
	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
	"refunddesk/internal/store/storetest"
)

// acted are the acts that a page shows, as their actions and what they were about.
func acted(a *pagetest.Answer) []string {
	rows := []string{}
	for _, row := range a.All("#acts tbody tr") {
		rows = append(rows, row.Attr("data-action")+" "+row.All("td")[1].Find("code").Text())
	}
	return rows
}

// What an admin did is found by his name, though it belongs to no refund.
func TestOtherActsOfAnActor(t *testing.T) {
	o := open(t)
	refused := o.rejected("p")
	ada := storetest.Admin
	_, err := o.Desk.SetStanding(o.Ctx, ada, "acct", refund.Suspended, "as agreed")
	require.NoError(t, err)
	p, err := o.Desk.Pause(o.Ctx, ada, desk.Pause{Scope: desk.PauseAll, Reason: "odd", ExpiresAt: o.Clock.Now().Add(time.Hour)})
	require.NoError(t, err)
	inForce, err := o.Desk.PolicyInForce(o.Ctx, ada)
	require.NoError(t, err)
	draft, err := o.Desk.DraftPolicy(o.Ctx, ada, inForce.Source+"\n# Again.\n")
	require.NoError(t, err)
	_, err = o.Desk.PublishPolicy(o.Ctx, ada, draft.Version)
	require.NoError(t, err)
	_, err = o.Desk.PublishPolicy(o.Ctx, ada, "77")
	require.Error(t, err)
	require.Error(t, o.Desk.RecordExport(o.Ctx, ada, desk.ExportRefunds, ""))
	q, err := o.Desk.Ask(o.Ctx, storetest.Customer("acct"), desk.Question{Subject: "Hello", Body: "When?"})
	require.NoError(t, err)

	for locale, a := range o.sound("/audit?actor=ada", http.StatusOK) {
		assert.Equal(t, []string{
			"export-refused refunds", "policy-refused 77", "policy-published " + draft.Version, "policy-drafted " + draft.Version,
			"pause-begun " + p.ID, "standing-changed acct",
		}, acted(a), "%s: newest first", locale)
		assert.NotNil(t, a.Find(`#acts a[href="/accounts/acct"]`), locale)
		assert.NotNil(t, a.Find(`#acts a[href="/pauses"]`), locale)
		assert.NotNil(t, a.Find(`#acts a[href="/policies/`+draft.Version+`"]`), locale)
		assert.Nil(t, a.Find(`#acts a[href="/policies/77"]`), "%s: it was not there", locale)
		var states []string
		for _, code := range a.Find("#acts tr[data-action=standing-changed]").Find(".from-to").All("code") {
			states = append(states, code.Text())
		}
		assert.Equal(t, []string{"good", "suspended"}, states, "%s: as the record has them", locale)
		assert.Equal(t, "not-found", a.Find("#acts tr[data-action=policy-refused]").All("td")[2].Find("code").Text(), locale)
		assert.Nil(t, a.Find("#acts-more"), locale)
		assert.NotNil(t, a.Find("#results .empty-filtered"), "%s: he did nothing to a refund", locale)
	}
	assert.Contains(t, o.otto.Get("/audit?actor=ada").Find("#acts").Text(), "Standing changed")
	assert.Contains(t, o.otto.In("zh-Hans").Get("/audit?actor=ada").Find("#acts").Text(), "变更账户状态")

	for _, a := range o.sound("/audit?actor=owner-of-acct", http.StatusOK) {
		assert.Equal(t, []string{refused.ID}, found(a), "beside the refunds")
		assert.NotNil(t, a.Find(`#acts a[href="/review/`+q.Ticket.ID+`"]`), "a question is about no refund")
	}
	for _, a := range o.sound("/audit?actor=rita", http.StatusOK) {
		assert.Empty(t, acted(a), "what she did to a refund is with it")
		assert.NotNil(t, a.Find("#acts .empty-filtered"))
	}
	for _, path := range []string{"/audit", "/audit?text=acct", "/audit?actor=a%00b"} {
		assert.Nil(t, o.otto.Get(path).Find("#acts"), "%s names no actor", path)
	}
}

// The dates of the search are those of the acts, too: whole days in UTC.
func TestOtherActsBetweenDates(t *testing.T) {
	o := open(t)
	require.Error(t, o.Desk.RecordExport(o.Ctx, storetest.Admin, desk.ExportRefunds, ""))
	page, err := o.Acts(o.Ctx, desk.ActSearch{Actor: "ada"})
	require.NoError(t, err)
	at := page.Items[0].At // by the database's clock
	day := func(later int) string { return at.AddDate(0, 0, later).Format(time.DateOnly) }
	for query, want := range map[string]int{
		"":                                    1,
		"&from=" + day(0) + "&to=" + day(0):   1,
		"&from=" + day(1):                     0,
		"&to=" + day(-1):                      0,
		"&from=" + day(-1) + "&to=" + day(+1): 1,
	} {
		assert.Len(t, acted(o.otto.Get("/audit?actor=ada"+query)), want, query)
	}
}

// Many acts are shown by pages of their own; the refunds above stay where they are.
func TestOtherActsPage(t *testing.T) {
	o := open(t)
	var want []string
	for n := range 53 {
		require.NoError(t, o.Store.Note(o.Ctx, audit.Entry{
			Actor: "ada", Role: identity.Admin, Action: audit.PolicyBacktested, Object: audit.ObjectPolicy, ObjectID: fmt.Sprint(n),
		}))
		want = append([]string{fmt.Sprint("policy-backtested ", n)}, want...)
	}
	first := o.otto.Get("/audit?actor=ada")
	assert.Equal(t, want[:50], acted(first))
	assert.Nil(t, first.Find("#acts-first"))
	more, leads := strings.CutSuffix(first.Find("#acts-more").Attr("href"), "#acts")
	assert.True(t, leads, "to the acts, not to the top")
	values, err := url.ParseQuery(strings.TrimPrefix(more, "/audit?"))
	require.NoError(t, err)
	assert.Equal(t, "ada", values.Get("actor"), "of the same actor")
	assert.False(t, values.Has("cursor"), "and the refunds stay")
	for _, last := range o.sound(more, http.StatusOK) {
		assert.Equal(t, want[50:], acted(last))
		assert.Nil(t, last.Find("#acts-more"))
		assert.Equal(t, "/audit?actor=ada#acts", last.Find("#acts-first").Attr("href"))
	}
	assert.Equal(t, http.StatusBadRequest, o.otto.Get("/audit?actor=ada&acts_cursor=nonsense").Status)
}

// The key that leads to the search on the other lists leads to it here.
func TestTheKeyOfTheSearch(t *testing.T) {
	o := open(t)
	for locale, a := range o.sound("/audit", http.StatusOK) {
		field := a.Find(`#text[data-key="/"]`)
		require.NotNil(t, field, locale)
		assert.NotEmpty(t, field.Attr("data-key-label"), locale)
		assert.Len(t, a.All("[data-key]"), 1, "%s: one key, one field", locale)
	}
}
