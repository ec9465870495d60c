package customer_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/console/customer"
	"refunddesk/internal/console/page"
	"refunddesk/internal/console/pagetest"
	"refunddesk/internal/identity"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/internal/store/storetest"
)

var (
	ann = storetest.Customer("acct")
	bob = storetest.Customer("other")
	// rita works here and is a customer too, of Ann's account.
	insider = identity.Actor{Subject: "insider", Roles: []identity.Role{identity.Customer, identity.Reviewer, identity.Auditor, identity.Admin}, AccountID: "acct"}
)

// office is an office with the customer's pages.
type office struct {
	*pagetest.Office
	site *pagetest.Site
	ann  *pagetest.Browser
	bob  *pagetest.Browser
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{Office: pagetest.NewOffice(t)}
	o.site = o.Site(pagetest.Options{Routes: []func(*page.Kit){customer.Routes}})
	o.ann, o.bob = o.site.As(ann), o.site.As(bob)
	return o
}

// sound gets a page and expects nothing to be wrong with it, in both languages.
func (o *office) sound(b *pagetest.Browser, path string) *pagetest.Answer {
	o.T.Helper()
	for _, locale := range []string{"zh-Hans", "en"} {
		p := b.In(locale).Get(path)
		require.Equal(o.T, http.StatusOK, p.Status, path)
		assert.Empty(o.T, p.Flaws(), "%s in %s", path, locale)
		assert.Equal(o.T, locale, p.Find("html").Attr("lang"))
	}
	return b.Get(path)
}

// inReview files for a package of 2,000 and screens it into a review.
func (o *office) inReview(packageID string) string {
	o.T.Helper()
	o.Buy(packageID, 2000, 2000)
	id := o.MustFile(packageID).ID
	o.Step(id, refund.VerbScreen, refund.InReview)
	return id
}

// credited files for a package of 50 and credits it.
func (o *office) credited(packageID string) string {
	o.T.Helper()
	o.Buy(packageID, 50, 60)
	id := o.MustFile(packageID).ID
	o.Step(id, refund.VerbScreen, refund.Crediting)
	o.Step(id, refund.VerbCredit, refund.Credited)
	return id
}

// rejected is a refund that a reviewer rejected.
func (o *office) rejected(packageID string) string {
	o.T.Helper()
	id := o.inReview(packageID)
	o.Decide(id, storetest.Reviewer, review.Reject)
	return id
}

// named gives the account another package, with a name of its own.
func (o *office) named(id, name string, change func(*refund.Package)) {
	o.T.Helper()
	p := refund.Package{
		ID: id, AccountID: "acct", Product: refund.GlobalSMS, Name: name, Currency: "USD", Paid: 100 * money.Scale, Face: 100 * money.Scale,
		PurchasedAt: o.Clock.Now().Add(-time.Hour),
	}
	if change != nil {
		change(&p)
	}
	_, err := o.CreatePackage(o.Ctx, storetest.Integrator, p)
	require.NoError(o.T, err)
}

// texts are the texts of what the selector finds.
func texts(e *pagetest.Element, selector string) []string {
	var all []string
	for _, one := range e.All(selector) {
		all = append(all, one.Text())
	}
	return all
}

func contains(all []string, one string) bool { return slices.Contains(all, one) }
