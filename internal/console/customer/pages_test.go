package customer_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/console/customer"
	"refunddesk/internal/console/page"
	"refunddesk/internal/console/pagetest"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
	"refunddesk/internal/store"
	"refunddesk/internal/store/storetest"
)

func TestEveryStateIsAWholePage(t *testing.T) {
	o := newOffice(t)
	all := o.EveryState()
	for state, r := range all {
		t.Run(string(state), func(t *testing.T) {
			p := o.sound(o.ann, "/refunds/"+r.ID)
			assert.Equal(t, r.State.Withdrawable(), p.Find("#withdraw-form") != nil, "withdraw")
			assert.Equal(t, !r.State.Final(), p.Find("#stream") != nil, "stream")
			assert.Equal(t, r.State == refund.Credited, p.Find("#receipt") != nil, "receipt")
			assert.Equal(t, r.State == refund.Rejected, p.Find("#appeal-form") != nil, "appeal")
			assert.Equal(t, r.State == refund.InReview || r.State == refund.AwaitingCustomer, p.Find("#reply-form") != nil, "reply")
			assert.Equal(t, string(r.State.MovesNext()), p.Find("#mover").Attr("data-mover"))
			assert.NotEmpty(t, p.Find("#happened").Text())
			assert.GreaterOrEqual(t, len(p.All(".timeline .step")), 1)
			assert.Equal(t, r.State == refund.OnHold, p.Find("#causes") != nil)
			assert.Equal(t, http.StatusNotFound, o.bob.Get("/refunds/"+r.ID).Status, "somebody else's")
			assert.Equal(t, http.StatusNotFound, o.bob.Get("/refunds/"+r.ID+"/events").Status, "somebody else's")
		})
	}
	for _, path := range []string{"/packages/global-sms", "/refunds", "/refunds?state=credited", "/balance", "/tickets", "/tickets?state=open", "/tickets/new"} {
		o.sound(o.ann, path)
	}
	for state := range all {
		o.sound(o.ann, "/packages/p-"+strings.ReplaceAll(string(state), " ", "%20")+"/refund")
	}
}

func TestEmptyListsSayWhatToDo(t *testing.T) {
	o := newOffice(t)
	for path, selector := range map[string]string{
		"/packages/global-sms": ".empty-first a[href=/tickets/new]", "/refunds": ".empty-first a[href=/packages/global-sms]",
		"/refunds?state=credited": ".empty-filtered a[href=/refunds]", "/balance": ".empty-first", "/tickets": ".empty-first", "/tickets?state=closed": ".empty-filtered",
	} {
		assert.NotNil(t, o.sound(o.ann, path).Find(selector), path)
	}
	assert.Nil(t, o.ann.Get("/balance").Find("#download"))
}

func TestOnlyCustomersHaveThesePages(t *testing.T) {
	o := newOffice(t)
	id := o.inReview("p")
	for _, who := range []identity.Actor{storetest.Reviewer, storetest.Admin, storetest.Integrator, {Subject: "nobody"}} {
		b := o.site.As(who)
		for _, path := range []string{"/packages/global-sms", "/packages/p/refund", "/refunds", "/refunds/" + id, "/refunds/" + id + "/events", "/balance", "/balance/statement.csv", "/tickets", "/tickets/new", "/tickets/" + o.OpenTicket(id)} {
			assert.Equal(t, http.StatusForbidden, b.Get(path).Status, "%s of %s", path, who.Subject)
		}
		for _, path := range []string{"/packages/p/refund", "/refunds/" + id + "/withdraw", "/refunds/" + id + "/reply", "/refunds/" + id + "/appeal", "/tickets", "/tickets/x/messages"} {
			assert.Equal(t, http.StatusForbidden, b.Post(path, nil).Status, "%s of %s", path, who.Subject)
		}
	}
	homeless := identity.Actor{Subject: "x", Roles: []identity.Role{identity.Customer}}
	assert.Equal(t, http.StatusForbidden, o.site.As(homeless).Get("/refunds").Status, "a customer of no account")
}

// Whatever is another customer's is as if it were not there, also for somebody who works here.
func TestNothingOfSomebodyElse(t *testing.T) {
	o := newOffice(t)
	id := o.inReview("p")
	ticket := o.OpenTicket(id)
	abroad := insiderOf("other")
	for _, b := range []func(string) int{
		func(path string) int { return o.bob.Get(path).Status },
		func(path string) int { return o.site.As(abroad).Get(path).Status },
	} {
		for _, path := range []string{"/packages/p/refund", "/refunds/" + id, "/refunds/" + id + "/events", "/tickets/" + ticket, "/packages/none/refund", "/refunds/none", "/tickets/none"} {
			assert.Equal(t, http.StatusNotFound, b(path), path)
		}
	}
	for _, path := range []string{"/refunds/" + id + "/withdraw", "/refunds/" + id + "/reply", "/refunds/" + id + "/appeal", "/tickets/" + ticket + "/messages"} {
		fields := o.ann.Get("/tickets/new").Find("#question").Fields("body", "x", "note", "x")
		assert.Equal(t, http.StatusNotFound, o.bob.Post(path, fields).Status, path)
	}
	form := o.ann.Get("/tickets/new").Find("#question").Fields("subject", "s", "body", "b", "package_id", "p")
	assert.Equal(t, http.StatusNotFound, o.bob.Post("/tickets", form).Status)
	for _, path := range []string{"/tickets/new?package_id=p&refund_id=" + id, "/refunds", "/tickets", "/packages/global-sms", "/balance"} {
		p := o.sound(o.site.As(abroad), path)
		assert.NotContains(t, p.Find("#main").Text(), id, path)
		assert.NotContains(t, p.Find("#main").Text(), "Global SMS (", path)
		assert.Nil(t, p.Find("#main table"), path)
	}
}

func insiderOf(account string) identity.Actor {
	who := insider
	who.AccountID = account
	return who
}

func TestTheNavigationSaysWhereOneIs(t *testing.T) {
	o := newOffice(t)
	o.Buy("p", 100, 100)
	for path, section := range map[string]string{
		"/packages/global-sms": "/packages/global-sms", "/packages/p/refund": "/packages/global-sms",
		"/refunds": "/refunds", "/tickets/new": "/tickets", "/balance": "/balance",
	} {
		assert.Equal(t, section, o.ann.Get(path).Find("#top nav a[aria-current=page]").Attr("href"), path)
	}
}

func TestSomebodyWhoWorksHereSeesBothNavigations(t *testing.T) {
	o := newOffice(t)
	p := o.sound(o.site.As(insider), "/packages/global-sms")
	assert.NotNil(t, p.Find("nav a[href=/refunds]"))
	assert.NotNil(t, p.Find("nav a[href=/review]"))
}

func TestAFailureOfTheDatabaseIsAPageThatKeepsWhatWasTyped(t *testing.T) {
	o := newOffice(t)
	o.Buy("p", 100, 100)
	form := o.ann.Get("/packages/p/refund")
	down := desk.New(desk.Options{Records: away{o.Store}, Engine: o.Engine, Watch: o.Store, Now: o.Clock.Now})
	broken := pagetest.NewSite(t, down, pagetest.Options{Now: o.Clock.Now, Routes: []func(*page.Kit){customer.Routes}}).As(ann)
	p := broken.Send(form, "#request", "reason_code", "other", "note", "keep this, please, it took me a long time to write")
	assert.Equal(t, http.StatusServiceUnavailable, p.Status)
	again := p.Find("form[method=post] textarea[name=note]")
	require.NotNil(t, again, p.Body)
	assert.Contains(t, again.Raw(), "keep this, please")
	assert.Equal(t, form.Find("input[name=idempotency_key]").Attr("value"), p.Find("input[name=idempotency_key]").Attr("value"), "it still files once")
	assert.Equal(t, http.StatusServiceUnavailable, broken.Get("/refunds").Status)
}

// away are records whose database is away.
type away struct{ *store.Store }

var errAway = fault.New(fault.Unavailable, store.CodeUnavailable, "The database is away; try again shortly.")

func (away) File(context.Context, identity.Actor, desk.Filing) (desk.Filed, error) {
	return desk.Filed{}, errAway
}

func (away) Package(context.Context, string) (desk.PackageView, error) {
	return desk.PackageView{}, errAway
}

func (away) Refunds(context.Context, desk.RefundFilter) (desk.Page[refund.Refund], error) {
	return desk.Page[refund.Refund]{}, errAway
}

func TestLongListsHavePages(t *testing.T) {
	o := newOffice(t)
	for i := range 23 {
		o.Buy("p"+string(rune('a'+i)), 100, 100)
		o.MustFile("p" + string(rune('a'+i)))
		_, err := o.Desk.Ask(o.Ctx, ann, desk.Question{Subject: "q", Body: "b"})
		if i < desk.MostQuestions {
			require.NoError(t, err)
		}
	}
	for path, rows := range map[string]string{"/packages/global-sms": "#packages tbody tr", "/refunds": "#refunds tbody tr"} {
		first := o.sound(o.ann, path)
		require.Len(t, first.All(rows), 20)
		more := first.Find(".more a")
		require.NotNil(t, more)
		second := o.sound(o.ann, more.Attr("href"))
		assert.Len(t, second.All(rows), 3)
		assert.Nil(t, second.Find(".more a"))
	}
	assert.Equal(t, http.StatusBadRequest, o.ann.Get("/refunds?cursor=nonsense").Status)
}
