package admin_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/notify"
	"refunddesk/internal/refund"
)

func TestMailsThatFailedAreSentAgain(t *testing.T) {
	o := newOffice(t)
	assert.NotNil(t, o.sound("/mails").Find(".empty-done"))
	o.Buy("p", 100, 100)
	r := o.MustFile("p")
	o.Step(r.ID, refund.VerbScreen, refund.Crediting)
	o.Step(r.ID, refund.VerbCredit, refund.Credited)
	id := notify.NoticeID(r.ID, notify.Credited)
	require.NoError(t, o.MarkNotice(o.Ctx, id, notify.Dead))

	p := o.sound("/mails")
	require.Len(t, p.All("#mails tbody tr"), 1)
	assert.Contains(t, p.Find("#mails tbody").Text(), "Credited")
	assert.Equal(t, "/accounts?text="+r.ID, p.Find("#mails tbody a").Attr("href"))
	assert.Equal(t, "/audit/refunds/"+r.ID, o.otto.Get("/mails").Find("#mails tbody a").Attr("href"))
	assert.NotContains(t, p.Body, "ann@example.com")

	done := o.ada.Send(p, "#mails form")
	require.Equal(t, http.StatusSeeOther, done.Status)
	assert.NotEmpty(t, o.ada.Get(done.Location).Find("#said p").Text())
	assert.NotNil(t, o.sound("/mails").Find(".empty-done"))

	for _, locale := range []string{"zh-Hans", "en"} {
		late := o.ada.In(locale).Send(p, "#mails form")
		assert.Equal(t, http.StatusConflict, late.Status)
		assert.NotNil(t, late.Find(".trouble"))
		assert.Empty(t, late.Flaws())
	}
}
