package customer_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// The calculation ends in what comes back.
func TestTheCalculationEndsInItsSum(t *testing.T) {
	o := newOffice(t)
	o.Buy("p", 100, 100)
	p := o.sound(o.ann, "/packages/p/refund")
	assert.Equal(t, "$100.00", p.Find(".calculation tfoot #line-amount .money").Text())
}

// Without a reason a request is refused, beside the reasons.
func TestAReasonIsNeeded(t *testing.T) {
	o := newOffice(t)
	o.Buy("p", 100, 100)
	form := o.ann.Get("/packages/p/refund")
	assert.Nil(t, form.Find("#reason_code-problem"))
	p := o.ann.Send(form, "#request", "note", "Bought twice.")
	assert.Empty(t, p.Flaws())
	assert.NotEmpty(t, p.Find("#reason_code #reason_code-problem").Text())
	assert.Equal(t, "reason_code-problem", p.Find("#reason_code").Attr("aria-describedby"))
}

// What happened stands beside the money and what can be done.
func TestARefundHasTwoColumns(t *testing.T) {
	o := newOffice(t)
	p := o.sound(o.ann, "/refunds/"+o.inReview("p"))
	for _, part := range []string{"#left #timeline", "#left #reply-form", "#right #amounts", "#right #withdraw"} {
		assert.NotNil(t, p.Find("#parts "+part), part)
	}
}

// What is said is a log, which is there before anything was said.
func TestTheConversationIsALog(t *testing.T) {
	o := newOffice(t)
	id := o.inReview("p")
	log := o.sound(o.ann, "/refunds/"+id).Find("#talk")
	assert.Equal(t, "log", log.Attr("role"))
	assert.NotEmpty(t, log.Attr("aria-label"))
	assert.Empty(t, log.Text())
	o.ann.Send(o.ann.Get("/refunds/"+id), "#reply-form", "body", "We are waiting.")
	assert.Contains(t, o.sound(o.ann, "/refunds/"+id).Find("#talk #conversation").Text(), "We are waiting.")
}
