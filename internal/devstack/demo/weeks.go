package demo

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/money"
	"refunddesk/internal/notify"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// The eight weeks before the program started, so that there is something to search and the
// dashboard has a shape. All of it is over: what was asked for was credited, rejected or
// withdrawn within a day or two. No workflow tells of it, as of refunds whose workflows are
// no longer kept.
const pastDays = 56

// company is a customer of those weeks.
type company struct {
	name    string
	chinese bool
	young   bool // had just registered when it asked for the first time
}

var companies = []company{
	{name: "Alder & Finch"}, {name: "Bluebell Couriers"}, {name: "Copperline Tools"}, {name: "东篱花艺", chinese: true},
	{name: "Dunmore Dental"}, {name: "Evergreen Cinemas", young: true}, {name: "Fairwater Marinas"}, {name: "Greyfriars Books"},
	{name: "海棠物流", chinese: true}, {name: "Ironbridge Gym"}, {name: "Juniper Hostels", young: true}, {name: "Kingfisher Taxis"},
	{name: "Larkspur Nurseries"}, {name: "明川科技", chinese: true}, {name: "Northgate Clinics"}, {name: "Oakhurst Schools"},
	{name: "Partridge Foods", young: true}, {name: "Quillon Games"}, {name: "Redstart Bikes"}, {name: "松间酒坊", chinese: true, young: true},
	{name: "Thistledown Wool"}, {name: "Umber Studios"}, {name: "Vesper Concerts", young: true}, {name: "Wrenfield Farms"},
}

// prices are those of the packages that were refunded, in units, in turn.
var prices = []int64{40, 120, 25, 80, 600, 60, 35, 1400, 90, 150, 50, 320, 20, 75, 2200, 45, 110}

var reasons = []refund.ReasonCode{refund.NoLongerNeeded, refund.BoughtByMistake, refund.NoLongerNeeded, refund.ServiceProblem, refund.SwitchingProvider}

// request is one of the refunds of those weeks, the n-th of them.
type request struct {
	n     int
	asked time.Time
}

// requests are some a working day and hardly any at weekends, oldest first.
func requests(now time.Time) []request {
	var all []request
	for ago := pastDays; ago > 0; ago-- {
		day := now.AddDate(0, 0, -ago).Truncate(24 * time.Hour)
		many := 1 + ago*7%4
		if day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
			many = ago % 2
		}
		for i := range many {
			all = append(all, request{n: len(all), asked: day.Add(8*time.Hour + time.Duration(i*131+ago*17%90)*time.Minute)})
		}
	}
	return all
}

func (r request) company() company  { return companies[r.n%len(companies)] }
func (r request) accountID() string { return fmt.Sprintf("acct_past_%02d", r.n%len(companies)+1) }
func (r request) packageID() string { return fmt.Sprintf("pkg_past_%03d", r.n+1) }

func (r request) owner() identity.Actor {
	return identity.Actor{Subject: "user" + r.accountID()[len("acct"):], Roles: []identity.Role{identity.Customer}, AccountID: r.accountID()}
}

func (r request) account() refund.Account {
	c, age := r.company(), regular
	if c.young {
		age = newcomer
	}
	host := fmt.Sprintf("past-%02d.example.com", r.n%len(companies)+1)
	a := refund.Account{
		ID: r.accountID(), Name: c.name, Email: "billing@" + host, Payer: "payer" + r.accountID()[len("acct"):],
		Locale: refund.English, Standing: refund.Good, RegisteredAt: r.asked.Add(-age),
	}
	if c.chinese {
		a.Locale = refund.SimplifiedChinese
	}
	return a
}

func (r request) purchase(id string, units int64) refund.Package {
	name, currency := "Global SMS", "USD"
	switch {
	case r.company().chinese:
		name, currency, units = "国际短信套餐包", "CNY", units*7
	case r.n%len(companies)%5 == 2:
		currency = "EUR"
	}
	return refund.Package{
		ID: id, AccountID: r.accountID(), Product: refund.GlobalSMS, Name: fmt.Sprintf("%s %d %s", name, units, currency), Currency: currency,
		Paid: units * money.Scale, Face: units * money.Scale, Remaining: units * money.Scale,
		Recorded: refund.Active, Dispute: refund.NoDispute, PurchasedAt: r.asked.Add(-lately),
	}
}

// importCompanies writes those of the customers and of what they bought that are not there:
// what they will ask for, and what they keep.
func importCompanies(ctx context.Context, records Records, all []request) error {
	accounts, packages := map[string]refund.Account{}, map[string]refund.Package{}
	for _, r := range all {
		if r.n < len(companies) {
			accounts[r.accountID()] = r.account()
			kept := r.purchase("pkg_past_kept"+r.accountID()[len("acct_past"):], 900)
			packages[kept.ID] = kept
		}
		packages[r.packageID()] = r.purchase(r.packageID(), prices[r.n%len(prices)])
	}
	known, err := records.KnownAccounts(ctx, slices.Collect(maps.Keys(accounts)))
	if err != nil {
		return err
	}
	sold, err := records.KnownPackages(ctx, slices.Collect(maps.Keys(packages)))
	if err != nil {
		return err
	}
	maps.DeleteFunc(accounts, func(id string, _ refund.Account) bool { return known[id] })
	maps.DeleteFunc(packages, func(id string, _ refund.Package) bool { _, there := sold[id]; return there })
	silent := func(int) {}
	if _, err := records.ImportAccounts(ctx, slices.Collect(maps.Values(accounts)), silent); err != nil {
		return err
	}
	_, err = records.ImportPackages(ctx, slices.Collect(maps.Values(packages)), silent)
	return err
}

// writeWeeks leaves the records of those weeks as the program would have written them then.
// What is there already is left as it is.
func writeWeeks(ctx context.Context, records Records, clock *Timepiece, judge *policy.Policy, now time.Time) error {
	all := requests(now)
	if err := importCompanies(ctx, records, all); err != nil {
		return err
	}
	for _, r := range all {
		clock.at = r.asked
		if err := ended(ctx, records, clock, r, judge); err != nil {
			return err
		}
	}
	return nil
}

// ended takes a request from its filing to its end. What somebody else's policy wants more
// people for stays open, and its workflow takes it from there.
func ended(ctx context.Context, records Records, clock *Timepiece, r request, judge *policy.Policy) error {
	filed, err := records.File(ctx, r.owner(), desk.Filing{PackageID: r.packageID(), ReasonCode: reasons[r.n%len(reasons)], IdempotencyKey: r.packageID()})
	if err != nil {
		return err
	}
	state := filed.Refund.State
	for turn := 1; !state.Final(); turn++ {
		step, err := next(ctx, records, clock, r, judge, refund.Op{RefundID: filed.Refund.ID, Turn: turn}, state)
		if err != nil {
			return err
		}
		for _, notice := range step.Notices {
			if err := records.MarkNotice(ctx, notice, notify.Sent); err != nil {
				return err
			}
		}
		if step.State == state || step.Refused != "" {
			return nil
		}
		state = step.State
	}
	return nil
}

// next is what happened to the request in a state; nothing in one that it was never to be in.
func next(ctx context.Context, records Records, clock *Timepiece, r request, judge *policy.Policy, op refund.Op, state refund.State) (refund.Step, error) {
	switch state {
	case refund.Submitted:
		facts, _, err := records.Facts(ctx, op.RefundID)
		if err != nil {
			return refund.Step{}, err
		}
		op.Verb = refund.VerbScreen
		return records.Screen(ctx, op, facts, judge.Evaluate(facts))
	case refund.Crediting:
		op.Verb = refund.VerbCredit
		return records.Credit(ctx, op)
	case refund.InReview:
		if r.n%9 == 4 {
			clock.at = r.asked.Add(40 * time.Minute)
			op.Verb = refund.VerbWithdraw
			return records.Withdraw(ctx, op, r.owner())
		}
		clock.at = clock.at.Add(time.Duration(1+r.n*5%19) * time.Hour)
		op.Verb = refund.VerbDecide
		return voted(ctx, records, r, op, clock.at)
	}
	return refund.Step{State: state}, nil
}

// voted has a senior reviewer decide; a few he rejects.
func voted(ctx context.Context, records Records, r request, op refund.Op, at time.Time) (refund.Step, error) {
	cases, err := records.Tickets(ctx, desk.TicketFilter{RefundID: op.RefundID, State: review.Open, Sort: desk.SortNewest, Paging: desk.Paging{Limit: 1}})
	if err != nil {
		return refund.Step{}, err
	}
	if len(cases.Items) == 0 {
		return refund.Step{State: refund.InReview}, nil
	}
	shown := cases.Items[0]
	vote, reason := review.Approve, "verified_request"
	switch {
	case r.n%4 == 1:
		vote, reason = review.Reject, "suspected_abuse"
	case r.n%11 == 3:
		reason = review.ReasonProviderFault
	}
	voter, digest := person("senior"), shown.Case.Digest()
	return records.RecordDecision(ctx, op, review.Decision{
		ID: review.DecisionID(shown.Ticket.ID, voter.Subject, vote, reason, digest, ""), TicketID: shown.Ticket.ID, RefundID: op.RefundID,
		Voter: voter, Vote: vote, ReasonCode: reason, Digest: digest, CreatedAt: at,
	}, "")
}
