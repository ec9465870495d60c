package review_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/console/page"
	"refunddesk/internal/console/pagetest"
	pages "refunddesk/internal/console/review"
	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/internal/store/storetest"
)

var (
	ann  = storetest.Customer("acct")
	rita = storetest.Reviewer
	sam  = storetest.Senior
	ada  = storetest.Admin
	otto = identity.Actor{Subject: "otto", Roles: []identity.Role{identity.Auditor}}
	rob  = identity.Actor{Subject: "rob", Roles: []identity.Role{identity.Reviewer}}
)

// office has the pages of reviewers over a real desk.
type office struct {
	*pagetest.Office
	site  *pagetest.Site
	asked int // accounts that asked something
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{Office: pagetest.NewOffice(t)}
	o.site = o.Site(pagetest.Options{Routes: []func(*page.Kit){pages.Routes}})
	return o
}

// asks has ann ask for a new package of 2,000 USD, for a person to look at, and gives the case.
func (o *office) asks(packageID string) string {
	o.T.Helper()
	o.Buy(packageID, 2000, 2000)
	return o.Step(o.MustFile(packageID).ID, refund.VerbScreen, refund.InReview).TicketID
}

// asksFor is asks with another quorum than one reviewer.
func (o *office) asksFor(packageID string, q review.Quorum) string {
	o.T.Helper()
	o.Buy(packageID, 2000, 2000)
	id := o.MustFile(packageID).ID
	facts := o.Judge(id)
	plan := storetest.Policy.Evaluate(facts)
	plan.Quorum = q
	step, err := o.Screen(o.Ctx, o.Op(id, refund.VerbScreen), facts, plan)
	require.NoError(o.T, err)
	require.Equal(o.T, refund.InReview, step.State)
	return step.TicketID
}

// question is one of ann's.
func (o *office) question(subject string) string {
	o.T.Helper()
	v, err := o.Desk.Ask(o.Ctx, ann, desk.Question{Subject: subject, Body: "I asked a week ago."})
	require.NoError(o.T, err)
	return v.Ticket.ID
}

// read is the case as it is in the records.
func (o *office) read(ticketID string) desk.CaseView {
	o.T.Helper()
	v, err := o.Case(o.Ctx, ticketID)
	require.NoError(o.T, err)
	return v
}

// get reads a page and expects it to be sound.
func (o *office) get(who identity.Actor, path string) *pagetest.Answer {
	o.T.Helper()
	a := o.site.As(who).Get(path)
	require.Equal(o.T, 200, a.Status, "%s: %s", path, a.Text())
	assert.Empty(o.T, a.Flaws(), path)
	return a
}

// links are where the links of the page go, by their selector.
func links(a *pagetest.Answer, selector string) []string {
	var all []string
	for _, e := range a.All(selector) {
		all = append(all, e.Attr("href"))
	}
	return all
}
