package admin_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/refund"
)

// What was looked for stays in the field.
func TestTheSearchForAnAccount(t *testing.T) {
	o := newOffice(t)
	assert.Empty(t, o.sound("/accounts").Find("#find-account input").Attr("value"))
	assert.Equal(t, "nobody", o.sound("/accounts?text=nobody").Find("#find-account input").Attr("value"))
}

// A version is compared with the one in force, or with any other that is chosen.
func TestAVersionIsComparedWithAnyOther(t *testing.T) {
	o := newOffice(t)
	assert.Nil(t, o.sound("/policies/1").Find("#against-form"), "there is no other")
	assert.NotNil(t, o.sound("/policies/1").Find("#diff .none"), "it is the same as itself")
	version, path := o.drafted(stricter(t))
	p := o.sound(path)
	assert.Equal(t, path, p.Find("#against-form").Attr("action"))
	assert.Equal(t, "1", p.Find("#against option[selected]").Attr("value"))
	assert.NotNil(t, p.Find("#diff #line-diff"))
	p = o.sound("/policies/1?against=" + version)
	assert.Equal(t, version, p.Find("#against option[selected]").Attr("value"))
}

// A backtest names the refunds that would have gone another way, each with the way to it.
func TestABacktestLeadsToItsRefunds(t *testing.T) {
	o := newOffice(t)
	r := o.judged("p", 50, refund.Crediting)
	_, path := o.drafted(stricter(t))
	p := o.backtested(o.ada, path)
	require.Equal(t, http.StatusOK, p.Status)
	link := p.Find("#report .ids a")
	assert.Equal(t, r.ID, link.Text())
	assert.Equal(t, "/accounts?text="+r.ID, link.Attr("href"))
	assert.Equal(t, "/accounts/acct#refund-"+r.ID, o.ada.Get(link.Attr("href")).Location)
}

// The dashboard names the rules that fired.
func TestTheRulesThatFired(t *testing.T) {
	o := newOffice(t)
	assert.NotNil(t, o.sound("/dashboard").Find("#rules .none"))
	o.judged("p", 2000, refund.InReview)
	assert.Contains(t, texts(o.sound("/dashboard"), "#rules code.name"), "large-amount")
}

// Why something was done is shown in its writer's own lines.
func TestAReasonKeepsItsLines(t *testing.T) {
	o := newOffice(t)
	o.ada.Send(o.previewed(), "#begin-pause")
	assert.Equal(t, "A wrong price list\nwas used.", o.sound("/pauses").Find("#in-force blockquote.text").Raw())
}
