package customer_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
)

func TestTheQuoteIsWorkedOutLineByLine(t *testing.T) {
	o := newOffice(t)
	o.named("p", "Starter", func(p *refund.Package) { p.Paid, p.Face, p.AutoRenew = 80*money.Scale, 100*money.Scale, true })
	require.NoError(t, o.Use("u", "p", 10))
	p := o.sound(o.ann, "/packages/p/refund")
	for line, want := range map[string]string{"paid": "80", "face": "100", "consumed": "10", "remaining": "90", "gift": "20", "amount": "70"} {
		assert.Equal(t, want+".000000 USD", p.Find("#line-"+line+" data").Attr("value"), line)
	}
	assert.Equal(t, "Refund $70.00 to my balance", p.Find("#request button.primary").Text())
	assert.Len(t, p.All("#request input[type=radio][name=reason_code]"), 5)
	assert.Contains(t, p.Find("#next").Text(), "two working days")
	assert.Contains(t, p.Find("#next").Text(), "automatic renewal")
	assert.Contains(t, p.Find("#quote").Text(), "without the part that was a discount or gift")
	key, other := p.Find("input[name=idempotency_key]").Attr("value"), o.ann.Get("/packages/p/refund").Find("input[name=idempotency_key]").Attr("value")
	assert.GreaterOrEqual(t, len(key), 26)
	assert.NotEqual(t, key, other, "each form files once")

	o.named("plain", "Plain", nil)
	p = o.sound(o.ann, "/packages/plain/refund")
	assert.Nil(t, p.Find("#line-face"))
	assert.Nil(t, p.Find("#line-gift"))
	assert.NotContains(t, p.Find("#next").Text(), "automatic renewal")
	assert.Contains(t, p.Find("#quote").Text(), "unused")
}

func TestFilingTwiceFilesOnce(t *testing.T) {
	o := newOffice(t)
	o.Buy("p", 100, 100)
	form := o.ann.Get("/packages/p/refund")
	var clicks sync.WaitGroup
	went := make([]string, 4)
	for i := range went {
		clicks.Go(func() {
			a := o.ann.Send(form, "#request", "reason_code", "no_longer_needed", "note", "two\r\nlines")
			if a.Status == http.StatusSeeOther {
				went[i] = a.Location
			}
		})
	}
	clicks.Wait()
	for _, to := range went {
		assert.Equal(t, went[0], to)
		assert.Regexp(t, `^/refunds/refund_[0-9a-z]+\?done=filed$`, to)
	}
	all, err := o.Refunds(o.Ctx, desk.RefundFilter{AccountID: "acct"})
	require.NoError(t, err)
	assert.Len(t, all.Items, 1)
	p := o.sound(o.ann, went[0])
	assert.Equal(t, "Your request has been filed.", p.Find("#said").Text())
	assert.Equal(t, 1, o.texts("two\nlines"), "a line break is one character")

	// The same form, changed and sent again: what was filed stands, and is a link away.
	again := o.ann.Send(form, "#request", "reason_code", "other")
	assert.Equal(t, http.StatusUnprocessableEntity, again.Status)
	assert.Equal(t, "/refunds/"+all.Items[0].ID, again.Find("#ineligible a.primary").Attr("href"))
}

func TestAFormThatIsRefusedKeepsWhatWasTyped(t *testing.T) {
	o := newOffice(t)
	o.Buy("p", 100, 100)
	form := o.ann.Get("/packages/p/refund")
	key := form.Find("input[name=idempotency_key]").Attr("value")
	for name, tc := range map[string]struct {
		reason, note, field, en, zh string
	}{
		"no reason":      {"", "my note", "reason_code", "Please choose one.", "请选择一项。"},
		"another reason": {"because", "my note", "reason_code", "Please choose one.", "请选择一项。"},
		"a long note":    {"other", strings.Repeat("字", 10_001), "note", "Please shorten it to 10000 characters.", "请缩短至 10000 个字符以内。"},
		"a strange note": {"other", "a\x07b", "note", "It has characters that cannot be kept; please remove them.", "包含无法保存的字符，请删除后再试。"},
	} {
		t.Run(name, func(t *testing.T) {
			for locale, words := range map[string]string{"en": tc.en, "zh-Hans": tc.zh} {
				p := o.ann.In(locale).Send(form, "#request", "reason_code", tc.reason, "note", tc.note)
				assert.Equal(t, http.StatusUnprocessableEntity, p.Status)
				assert.Equal(t, words, p.Find("#"+tc.field+"-problem").Text())
				assert.Equal(t, tc.note, p.Find("#note").Raw())
				assert.Equal(t, key, p.Find("input[name=idempotency_key]").Attr("value"), "nothing was filed under it")
				if tc.reason == "other" {
					assert.True(t, p.Find("input[value=other]").Has("checked"))
				}
				assert.Empty(t, p.Flaws())
			}
		})
	}
	for _, bad := range []string{"", strings.Repeat("k", 256), "a b", "ключ"} {
		p := o.ann.Send(form, "#request", "reason_code", "other", "note", "kept", "idempotency_key", bad)
		assert.Equal(t, http.StatusUnprocessableEntity, p.Status)
		assert.Contains(t, p.Find(".trouble").Text(), "incomplete")
		assert.Equal(t, "kept", p.Find("#note").Raw())
		fresh := p.Find("input[name=idempotency_key]").Attr("value")
		assert.NotEqual(t, bad, fresh)
		assert.NotEmpty(t, fresh)
	}
	all, err := o.Refunds(o.Ctx, desk.RefundFilter{AccountID: "acct"})
	require.NoError(t, err)
	assert.Empty(t, all.Items)
}

func TestAPackageThatWasFiledMeanwhileLinksToItsRefund(t *testing.T) {
	o := newOffice(t)
	o.Buy("p", 100, 100)
	form := o.ann.Get("/packages/p/refund")
	open := o.MustFile("p").ID
	p := o.ann.Send(form, "#request", "reason_code", "other", "note", "typed")
	assert.Equal(t, http.StatusConflict, p.Status)
	assert.Contains(t, p.Find(".trouble").Text(), "open already")
	assert.Equal(t, "/refunds/"+open, p.Find("#ineligible a.primary").Attr("href"))
	assert.Equal(t, "typed", p.Find("#kept").Raw())
	assert.Contains(t, o.ann.In("zh-Hans").Send(form, "#request", "reason_code", "other").Find(".trouble").Text(), "已有进行中的退款")
}

// texts counts the notes with the text.
func (o *office) texts(text string) int {
	o.T.Helper()
	pool, err := o.SQL()
	require.NoError(o.T, err)
	var n int
	require.NoError(o.T, pool.QueryRowContext(o.Ctx, "SELECT count(*) FROM notes WHERE body = ?", text).Scan(&n))
	return n
}
