package admin_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/console/admin"
	"refunddesk/internal/console/page"
	"refunddesk/internal/console/pagetest"
	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/store/storetest"
)

var (
	ada   = storetest.Admin
	otto  = identity.Actor{Subject: "otto", Roles: []identity.Role{identity.Auditor}}
	both  = identity.Actor{Subject: "both", Roles: []identity.Role{identity.Admin, identity.Auditor}}
	owner = identity.Actor{Subject: "owner", Roles: []identity.Role{identity.Admin}, AccountID: "acct"}
)

// office is an office with the admin's pages.
type office struct {
	*pagetest.Office
	site *pagetest.Site
	ada  *pagetest.Browser
	otto *pagetest.Browser
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{Office: pagetest.NewOffice(t)}
	o.site = o.Site(pagetest.Options{Routes: []func(*page.Kit){admin.Routes}})
	o.ada, o.otto = o.site.As(ada), o.site.As(otto)
	return o
}

// sound gets a page as admin and as auditor, in both languages, and expects nothing to be
// wrong with it, and nothing that the auditor could do.
func (o *office) sound(path string) *pagetest.Answer {
	o.T.Helper()
	for _, locale := range []string{"zh-Hans", "en"} {
		for _, b := range []*pagetest.Browser{o.ada, o.otto, o.site.As(both)} {
			p := b.In(locale).Get(path)
			require.Equal(o.T, http.StatusOK, p.Status, path)
			assert.Empty(o.T, p.Flaws(), "%s in %s", path, locale)
			if b != o.ada {
				assert.Empty(o.T, posts(p), "an auditor acts on nothing at %s", path)
			}
		}
	}
	return o.ada.Get(path)
}

// posts are the actions of the page's own forms that change something.
func posts(p *pagetest.Answer) []string {
	var all []string
	for _, form := range p.All("main form[method=post]") {
		all = append(all, form.Attr("action"))
	}
	return all
}

// judged files for a new package of so many units and has the policy in force judge it.
func (o *office) judged(packageID string, units int64, want refund.State) refund.Refund {
	o.T.Helper()
	o.Buy(packageID, units, units)
	id := o.MustFile(packageID).ID
	facts, version, err := o.Facts(o.Ctx, id)
	require.NoError(o.T, err)
	p, err := policy.NewShelf(o.PolicySource).Policy(o.Ctx, version)
	require.NoError(o.T, err)
	step, err := o.Screen(o.Ctx, o.Op(id, refund.VerbScreen), facts, p.Evaluate(facts))
	require.NoError(o.T, err)
	require.Equal(o.T, want, step.State)
	r, err := o.Refund(o.Ctx, id)
	require.NoError(o.T, err)
	return r
}

// parked is a refund that was approved and could not be credited.
func (o *office) parked(packageID string) string {
	o.T.Helper()
	o.Buy(packageID, 100, 100)
	id := o.MustFile(packageID).ID
	o.Step(id, refund.VerbScreen, refund.Crediting)
	o.Step(id, refund.VerbPark, refund.NeedsAttention)
	return id
}

// inForce is the version in force.
func (o *office) inForce() desk.PolicyVersion {
	o.T.Helper()
	p, err := o.PolicyVersion(o.Ctx, "")
	require.NoError(o.T, err)
	return p
}

// texts are the texts of what the selector finds.
func texts(e *pagetest.Answer, selector string) []string {
	var all []string
	for _, one := range e.All(selector) {
		all = append(all, one.Text())
	}
	return all
}

const day = 24 * time.Hour

func count(n int) string { return strconv.Itoa(n) }
