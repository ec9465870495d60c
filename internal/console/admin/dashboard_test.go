package admin_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/console/pagetest"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/internal/store/storetest"
)

func TestADashboardOfNothingSaysSo(t *testing.T) {
	o := newOffice(t)
	for _, days := range []string{"", "?days=7", "?days=30", "?days=90", "?days=365"} {
		p := o.sound("/dashboard" + days)
		assert.NotNil(t, p.Find(".empty-first"), days)
		assert.NotNil(t, p.Find("#queues .empty-done"), days)
		assert.NotNil(t, p.Find("#rules .none"))
		assert.NotNil(t, p.Find("#appeals .none"))
		assert.NotNil(t, p.Find("#decision-time .none"))
		assert.Nil(t, p.Find("figure"), "no picture of nothing")
		assert.Equal(t, "0", p.Find("#figure-filed dd").Text())
		assert.Equal(t, "–", p.Find("#figure-money dd").Text())
		assert.Equal(t, "–", p.Find("#figure-decision dd").Text())
		assert.Nil(t, p.Find("#attention"))
	}
}

func TestTheDashboardDrawsWhatHappened(t *testing.T) {
	o := newOffice(t)
	all := o.EveryState()
	o.Clock.Add(2 * day)
	for _, query := range []string{"", "?days=7&zone=Asia%2FShanghai", "?days=90&zone=America%2FNew_York", "?days=365"} {
		p := o.sound("/dashboard" + query)
		assert.Equal(t, count(len(all)), p.Find("#figure-filed dd").Text(), query)
		assert.Equal(t, "1", p.Find("#figure-credited dd").Text())
		assert.Equal(t, "1", p.Find("#figure-rejected dd").Text())
		assert.Contains(t, p.Find("#figure-money dd data.money").Text(), "50")
		assert.Len(t, p.All("section[aria-labelledby=refunds-heading] figure"), 3, "outcomes, filed, and money of one currency")
		for _, figure := range p.All("figure") {
			assert.NotNil(t, figure.Find("svg title"))
			assert.NotNil(t, figure.Find("details table"), "the numbers stand beneath")
		}
		assert.NotNil(t, p.Find("#decision-time figure"))
		assert.NotNil(t, p.Find("#queues figure"))
		assert.NotNil(t, p.Find("#queue-review"))
	}
	p := o.ada.Get("/dashboard")
	assert.Len(t, p.All("section[aria-labelledby=refunds-heading] figure")[0].All("tbody tr"), 30, "a day a row")
	ended := p.All("section[aria-labelledby=refunds-heading] figure")[2]
	assert.Len(t, ended.All("rect.series-credited"), 2, "in the legend and in the picture")
	assert.Len(t, ended.All("rect.series-rejected"), 2)
	assert.Len(t, ended.All("rect.series-withdrawn"), 2)
	var amounts []string
	for _, cell := range ended.All("tbody tr")[27].All("td") {
		amounts = append(amounts, cell.Text())
	}
	assert.Equal(t, []string{"$50.00", "$2,000.00", "$100.00"}, amounts, "two days ago: credited, rejected, withdrawn")
	p = o.ada.Get("/dashboard?days=365")
	assert.Len(t, p.All("section[aria-labelledby=refunds-heading] figure")[0].All("tbody tr"), 53, "a week a row")
}

func TestMoneyOfEachCurrencyHasAChart(t *testing.T) {
	o := newOffice(t)
	for _, code := range []string{"USD", "CNY"} {
		o.BuyIn("p-"+code, code, 50, 50)
		id := o.MustFile("p-" + code).ID
		o.Step(id, refund.VerbScreen, refund.Crediting)
		o.Step(id, refund.VerbCredit, refund.Credited)
	}
	o.Clock.Add(time.Hour)
	p := o.sound("/dashboard")
	assert.Len(t, p.All("#figure-money dd"), 2)
	assert.Len(t, p.All("section[aria-labelledby=refunds-heading] figure"), 4)

	o.BuyIn("p-EUR", "EUR", 50, 50)
	o.Step(o.MustFile("p-EUR").ID, refund.VerbWithdraw, refund.Withdrawn)
	o.Clock.Add(time.Hour)
	for _, days := range []string{"30", "365"} {
		p = o.sound("/dashboard?days=" + days)
		assert.Len(t, p.All("#figure-money dd"), 2, "of what was credited")
		assert.Len(t, p.All("section[aria-labelledby=refunds-heading] figure"), 5, "also of a currency in which nothing was credited")
	}
}

func TestRulesAndAppealsAreShown(t *testing.T) {
	o := newOffice(t)
	first := o.judged("large", 2000, refund.InReview)
	o.Decide(first.ID, storetest.Reviewer, review.Reject)
	_, err := o.Desk.Appeal(o.Ctx, storetest.Customer("acct"), first.ID, "Please look again.", 0)
	require.NoError(t, err)
	p := o.sound("/dashboard")
	assert.Contains(t, texts(p, "#rules tbody th code"), "large-amount")
	assert.NotNil(t, p.Find("#appeals figure"))
}

func TestAZoneThatThereIsNoneOfIsSaid(t *testing.T) {
	o := newOffice(t)
	for _, zone := range []string{"Mars/Phobos", "Local", "../../etc/passwd", "<script>"} {
		p := o.ada.Get("/dashboard?zone=" + url.QueryEscape(zone))
		assert.Equal(t, http.StatusUnprocessableEntity, p.Status)
		assert.Contains(t, p.Find("#zone-problem").Text(), "time zone")
		assert.Equal(t, zone, p.Find("#zone").Attr("value"), "what was typed is kept")
		assert.Empty(t, p.Flaws())
	}
	assert.Equal(t, http.StatusOK, o.ada.Get("/dashboard?days=12&zone=").Status)
}

func TestWhatNeedsAttentionIsRetried(t *testing.T) {
	o := newOffice(t)
	one, two := o.parked("p"), o.parked("q")
	p := o.sound("/dashboard")
	require.Len(t, p.All("#attention tbody tr"), 2)

	form := "#attention-" + one + " form"
	for _, reason := range []string{"", "  ", "a\x01b"} {
		p = o.ada.Send(p, form, "reason", reason)
		require.Equal(t, http.StatusUnprocessableEntity, p.Status)
		assert.Empty(t, p.Flaws())
		assert.NotEmpty(t, p.Find("#reason-"+one+"-problem").Text())
		assert.Nil(t, p.Find("#reason-"+two+"-problem"), "only at the one that was sent")
	}
	assert.Contains(t, p.Find(form+" textarea").Raw(), "a\x01b")
	sent := o.ada.Send(p, form, "reason", "The ledger is back.")
	assert.Equal(t, http.StatusSeeOther, sent.Status)
	r, err := o.Refund(o.Ctx, one)
	require.NoError(t, err)
	assert.Equal(t, refund.Crediting, r.State)

	late := o.ada.Post("/attention/"+one+"/retry", url.Values{"reason": {"again"}})
	assert.Equal(t, http.StatusConflict, late.Status)
	assert.NotNil(t, late.Find("#attention .trouble"), "said although the row is gone")
	assert.NotEmpty(t, o.ada.Get(sent.Location).Find("#said p").Text())

	o.Engine.Instead = pagetest.Away
	away := o.ada.Send(o.ada.Get("/dashboard"), "#attention-"+two+" form", "reason", "The ledger is back.")
	assert.Equal(t, http.StatusServiceUnavailable, away.Status)
	assert.Contains(t, away.Body, "The ledger is back.", "what was typed is kept")
}
