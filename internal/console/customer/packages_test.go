package customer_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/money"
	"refunddesk/internal/refund"
	"refunddesk/internal/store/storetest"
)

func TestPackagesListsWhatWasBought(t *testing.T) {
	o := newOffice(t)
	o.named("p_1", "Starter & 100", func(p *refund.Package) { p.Face = 120 * money.Scale })
	require.NoError(t, o.Use("u", "p_1", 30))
	p := o.sound(o.ann, "/packages/global-sms")

	assert.Equal(t, []string{"Package Management", "Global SMS"}, texts(p.Element, ".breadcrumb li"))
	row := p.Find("#package-p_1")
	require.NotNil(t, row)
	assert.Equal(t, "Starter & 100 p_1", row.Find("th").Text())
	assert.Equal(t, "100.000000 USD", row.Find("td data.money").Attr("value"))
	assert.Equal(t, "0.7500", row.Find("meter").Attr("value"))
	assert.Contains(t, row.Text(), "$90.00 of $120.00 left")
	assert.Equal(t, "2026-03-01T11:00:00Z", row.Find("time").Attr("datetime"))
	assert.Equal(t, "Active", row.Find(".state-active").Text())
	assert.Equal(t, "Refund", row.Find("a.refund[href=/packages/p_1/refund]").Text())
	assert.Equal(t, "Can be refunded: 1 of the 1 shown.", p.Find("#refundable").Text())
	assert.NotNil(t, p.Find("#policy a[href=/tickets/new]"))

	for _, td := range row.All("td") {
		assert.NotEmpty(t, td.Attr("data-label"))
	}
	zh := o.ann.In("zh-Hans").Get("/packages/global-sms")
	assert.Equal(t, []string{"套餐包管理", "国际短信"}, texts(zh.Element, ".breadcrumb li"))
	assert.Equal(t, "退款", zh.Find("#package-p_1 a.refund").Text())
}

// What can't be refunded says why, beside a button that is off.
func TestRefundIsOffWithItsReason(t *testing.T) {
	o := newOffice(t)
	soon := o.Clock.Now().Add(time.Minute)
	o.named("expired", "x", func(p *refund.Package) { p.ExpiresAt = &soon })
	o.named("disputed", "x", nil)
	o.named("used", "x", nil)
	require.NoError(t, o.Use("u", "used", 100))
	_, _, err := o.SetDispute(o.Ctx, storetest.Integrator, "disputed", refund.DisputeLost)
	require.NoError(t, err)
	open, done := o.inReview("frozen"), o.credited("refunded")
	o.Clock.Add(time.Hour)

	p := o.sound(o.ann, "/packages/global-sms")
	for id, want := range map[string]struct{ reason, status, refund string }{
		"expired":  {"This package has expired; an expired package refunds nothing.", "Expired", ""},
		"disputed": {"The payment was charged back; its price has gone back by another way.", "Active", ""},
		"used":     {"Nothing of what was paid is left.", "Used up", ""},
		"frozen":   {"A refund of this package is open already.", "Frozen by a refund", open},
		"refunded": {"This package has been refunded.", "Refunded", done},
	} {
		row := p.Find("#package-" + id)
		require.NotNil(t, row, id)
		button := row.Find("button.refund[disabled]")
		require.NotNil(t, button, id)
		assert.Nil(t, row.Find("a.refund"), id)
		assert.Equal(t, want.reason, p.Find("#"+button.Attr("aria-describedby")).Text(), id)
		assert.Equal(t, want.status, row.Find(".state").Text(), id)
		if want.refund != "" {
			assert.Equal(t, "/refunds/"+want.refund, row.Find("a.see").Attr("href"), id)
		}
		request := o.sound(o.ann, "/packages/"+id+"/refund")
		assert.Nil(t, request.Find("#request"), id)
		assert.Contains(t, request.Find("#ineligible").Text(), want.reason, id)
	}
	assert.Equal(t, "Can be refunded: 0 of the 5 shown.", p.Find("#refundable").Text())
	assert.Equal(t, "Charged back", p.Find("#package-disputed .badge").Text())
}

func TestASuspendedAccountIsToldSo(t *testing.T) {
	o := newOffice(t)
	o.Buy("p", 100, 100)
	for _, tc := range []struct {
		standing refund.Standing
		want     string
	}{
		{refund.Suspended, "The account is suspended; no refund is granted while it is."},
		{refund.Terminated, "The account was terminated; no refund is granted."},
	} {
		form := o.ann.Get("/packages/p/refund")
		_, _, err := o.SetStanding(o.Ctx, storetest.Admin, "acct", tc.standing, "canary")
		require.NoError(t, err)
		p := o.sound(o.ann, "/packages/global-sms")
		assert.Equal(t, tc.want, p.Find("#package-p .reason").Text())
		assert.NotContains(t, p.Body, "canary")
		if form.Find("#request") == nil {
			continue // not from a form of before: there is none any more
		}
		late := o.ann.Send(form, "#request", "reason_code", "other", "note", "typed <b>before</b>")
		assert.Equal(t, 409, late.Status)
		assert.Contains(t, late.Find(".trouble").Text(), "suspended")
		assert.Equal(t, "typed <b>before</b>", late.Find("#kept").Raw(), "what was typed is not lost")
		assert.Empty(t, late.Flaws())
	}
}
