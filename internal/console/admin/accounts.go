package admin

import (
	"net/url"
	"slices"
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

// finding is what somebody looked for and found.
type finding struct {
	Text     string
	Accounts []refund.Account
}

const mostFound = 50

// accounts finds an account by its id, or by that of anything that belongs to it.
func accounts(c *page.Context) error {
	f := finding{Text: c.Query("text")}
	if f.Text != "" {
		ids, row, err := accountsOf(c, f.Text)
		if err != nil {
			return err
		}
		if len(ids) == 1 {
			return c.See(accountPath(ids[0])+row, "")
		}
		for _, id := range ids {
			a, err := c.Desk.Account(c.Ctx(), c.Actor, id)
			if err != nil {
				return err
			}
			f.Accounts = append(f.Accounts, a)
		}
	}
	return c.Show(c.T("admin.accounts.title"), accountsPage(c.View, f))
}

// accountsOf are the accounts that an id leads to: its own, or those of the package, refund,
// ticket or workflow that it is of. row is where on its page the refund is.
func accountsOf(c *page.Context, text string) (ids []string, row string, err error) {
	a, err := c.Desk.Account(c.Ctx(), c.Actor, text)
	if err == nil {
		return []string{a.ID}, "", nil
	}
	if fault.From(err).Kind != fault.NotFound {
		return nil, "", err
	}
	p, err := c.Desk.Package(c.Ctx(), c.Actor, text)
	if err == nil {
		return []string{p.AccountID}, "#package-" + url.PathEscape(p.ID), nil
	}
	if fault.From(err).Kind != fault.NotFound {
		return nil, "", err
	}
	found, err := c.Desk.Search(c.Ctx(), c.Actor, desk.RefundSearch{Text: text, Paging: desk.Paging{Limit: mostFound}})
	if err != nil {
		if fault.From(err).Kind == fault.Unprocessable {
			return nil, "", nil // nothing has such an id
		}
		return nil, "", err
	}
	for _, r := range found.Items {
		if !slices.Contains(ids, r.AccountID) {
			ids = append(ids, r.AccountID)
		}
		row = "#" + url.PathEscape(refundRow(r.ID))
	}
	return ids, row, nil
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
		return c.See(accountPath(c.Param("id")), "standing-set")
	}
	f, readErr := fileOf(c)
	if readErr != nil {
		return readErr
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
	if len(texts) == 0 {
		return "0"
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

// lifeChart is what the account bought, used and asked back on one time axis.
func lifeChart(v *page.View, f file) templ.Component {
	bought := chart.Lane{Label: v.T("admin.life.purchases")}
	used := chart.Lane{Label: v.T("admin.life.usage")}
	asked := chart.Lane{Label: v.T("admin.life.refunds")}
	largest := map[string]int64{}
	for _, p := range f.Activity.Purchases {
		largest["paid"+p.Paid.Currency] = max(largest["paid"+p.Paid.Currency], p.Paid.Micros)
	}
	for _, u := range f.Activity.Usage {
		largest["used"+u.Cost.Currency] = max(largest["used"+u.Cost.Currency], u.Cost.Micros)
	}
	for _, r := range f.Activity.Refunds {
		m := worth(r)
		largest["back"+m.Currency] = max(largest["back"+m.Currency], m.Micros)
	}
	// A picture, not money: a float is good enough for a dot.
	size := func(kind string, m money.Money) float64 {
		return float64(m.Micros) / float64(max(1, largest[kind+m.Currency]))
	}
	for _, p := range f.Activity.Purchases {
		bought.Marks = append(bought.Marks, chart.Mark{At: p.At, Size: size("paid", p.Paid), Text: p.Name + " · " + v.Money(p.Paid)})
	}
	for _, u := range f.Activity.Usage {
		used.Marks = append(used.Marks, chart.Mark{At: u.Day, Size: size("used", u.Cost), Class: "plain", Text: v.Money(u.Cost)})
	}
	for _, r := range f.Activity.Refunds {
		href := "#" + refundRow(r.ID)
		if v.Actor.Has(identity.Auditor) {
			href = refundPath(v, r.ID)
		}
		asked.Marks = append(asked.Marks, chart.Mark{
			At: r.CreatedAt, Size: size("back", worth(r)), Class: "state-" + string(r.State), Href: href,
			Text: v.Code("refund.state", string(r.State)) + " · " + v.Money(worth(r)),
		})
	}
	return chart.Axis(v, v.T("admin.life.title"), f.Activity.Since, v.Now, []chart.Lane{bought, used, asked})
}

// lives reports whether there is anything to draw.
func (f file) lives() bool {
	return len(f.Activity.Purchases)+len(f.Activity.Usage)+len(f.Activity.Refunds) > 0
}

// reviewed reports whether people had to look at the refund: it has a case then.
func reviewed(r refund.Refund) bool {
	return r.Verdict == string(policy.Review) || r.AppealOf != "" || r.State == refund.InReview || r.State == refund.NeedsAttention
}
