package admin

import (
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"

	"refunddesk/internal/console/chart"
	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/money"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
)

// accounts finds an account by its id, or by that of anything that belongs to it.
func accounts(c *page.Context) error {
	text := c.Query("text")
	if text != "" {
		id, row, err := accountOf(c, text)
		if err != nil {
			return err
		}
		if id != "" {
			return c.See(page.AccountPath(id)+row, "")
		}
	}
	return c.Show(c.T("admin.accounts.title"), accountsPage(c.View, text))
}

// accountOf is the account that an id leads to: its own, or that of the package, refund, ticket
// or workflow that it is of; "" when there is none. row is where on its page the thing is.
func accountOf(c *page.Context, text string) (id, row string, err error) {
	a, err := c.Desk.Account(c.Ctx(), c.Actor, text)
	if err == nil {
		return a.ID, "", nil
	}
	if fault.From(err).Kind != fault.NotFound {
		return "", "", err
	}
	p, err := c.Desk.Package(c.Ctx(), c.Actor, text)
	if err == nil {
		return p.AccountID, "#package-" + url.PathEscape(p.ID), nil
	}
	if fault.From(err).Kind != fault.NotFound {
		return "", "", err
	}
	found, err := c.Desk.Search(c.Ctx(), c.Actor, desk.RefundSearch{Text: text, Paging: desk.Paging{Limit: 1}})
	switch {
	case err != nil && fault.From(err).Kind == fault.Unprocessable, err == nil && len(found.Items) == 0:
		return "", "", nil // nothing has such an id
	case err != nil:
		return "", "", err
	}
	r := found.Items[0]
	return r.AccountID, "#" + url.PathEscape(refundRow(r.ID)), nil
}

// mostListed is how many packages and refunds the page of an account lists.
const mostListed = 50

// file is what the page of an account shows.
type file struct {
	refund.Account
	Balances []money.Money
	Packages desk.Page[desk.PackageView]
	Refunds  desk.Page[refund.Refund]
	Activity desk.Activity
	Effect   desk.PauseEffect // what is open
	Form     *page.Form       // of the standing
}

func fileOf(c *page.Context) (file, error) {
	ctx, actor := c.Ctx(), c.Actor
	var f file
	var err error
	if f.Account, err = c.Desk.Account(ctx, actor, c.Param("id")); err != nil {
		return f, err
	}
	// The activity comes first: whoever owns the account may not read on.
	if f.Activity, err = c.Desk.Activity(ctx, actor, f.ID, time.Time{}); err != nil {
		return f, err
	}
	if f.Balances, err = c.Desk.Balances(ctx, actor, f.ID); err != nil {
		return f, err
	}
	if f.Packages, err = c.Desk.Packages(ctx, actor, desk.PackageFilter{AccountID: f.ID, Paging: desk.Paging{Limit: mostListed}}); err != nil {
		return f, err
	}
	if f.Refunds, err = c.Desk.Refunds(ctx, actor, desk.RefundFilter{AccountID: f.ID, Paging: desk.Paging{Limit: mostListed}}); err != nil {
		return f, err
	}
	f.Effect, err = c.Desk.PauseEffect(ctx, actor, desk.PauseAccount, f.ID)
	return f, err
}

func account(c *page.Context) error {
	f, err := fileOf(c)
	if err != nil {
		return err
	}
	return c.Show(f.Name, accountPage(c.View, f))
}

func setStanding(c *page.Context) error {
	form, err := c.Form()
	if err != nil {
		return err
	}
	if _, err = c.Desk.SetStanding(c.Ctx(), c.Actor, c.Param("id"), refund.Standing(form.Get("standing")), form.Get("reason")); err == nil {
		return c.See(page.AccountPath(c.Param("id")), "standing-set")
	}
	f, readErr := fileOf(c)
	if readErr != nil {
		return page.Graver(err, readErr)
	}
	return c.Again(err, f.Name, func(form *page.Form) templ.Component {
		f.Form = form
		return accountPage(c.View, f)
	})
}

// standings are the choices, in the order in which they weigh.
var standings = []refund.Standing{refund.Good, refund.Suspended, refund.Terminated}

// standingEffect says what a choice does to the refunds that are open.
func standingEffect(v *page.View, f file, s refund.Standing) string {
	open := int64(0)
	for _, state := range f.Effect.States {
		open += state.Count
	}
	if s == f.Standing {
		return v.T("admin.standing.stays")
	}
	if open == 0 {
		return v.T("admin.standing.alone." + string(s))
	}
	return v.T("admin.standing.effect."+string(s), "Open", open, "Money", openMoney(v, f.Effect))
}

// openMoney is what the open refunds are about, all currencies.
func openMoney(v *page.View, e desk.PauseEffect) string {
	sums := map[string]money.Money{}
	for _, s := range e.States {
		addMoney(sums, s.Money)
	}
	var texts []string
	for _, m := range moneyOf(sums) {
		texts = append(texts, v.Money(m))
	}
	return strings.Join(texts, " + ")
}

// chosen reports whether the form's standing is s; at first the account's own.
func (f file) chosen(s refund.Standing) bool {
	if f.Form != nil {
		return f.Form.Values.Get("standing") == string(s)
	}
	return f.Standing == s
}

// lifeChart draws the account's half year. Its refunds lead to their rows on this page, an
// auditor to their histories.
func lifeChart(v *page.View, f file) templ.Component {
	return chart.Life(v, v.T("admin.life.title"), f.Activity, func(r refund.Refund) (href, note string) {
		if v.Actor.Has(identity.Auditor) {
			return page.HistoryPath(r.ID), ""
		}
		return "#" + refundRow(r.ID), ""
	})
}

// lives reports whether there is anything to draw.
func (f file) lives() bool {
	return len(f.Activity.Purchases)+len(f.Activity.Usage)+len(f.Activity.Refunds) > 0
}

// reviewed reports whether people had to look at the refund: it has a case then.
func reviewed(r refund.Refund) bool {
	return r.Verdict == string(policy.Review) || r.AppealOf != "" || r.State == refund.InReview || r.State == refund.NeedsAttention
}
