package demo

import (
	"fmt"
	"time"

	"refunddesk/internal/desk"
	"refunddesk/internal/devstack/devissuer"
	"refunddesk/internal/identity"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// A situation is a customer with one package, made so that the policy the program ships with
// says about its refund what the demo is to show. Its names are made of its own: account
// acct_case_NAME, package pkg_case_NAME, person user_case_NAME.
type situation struct {
	name     string
	customer string // a fictional company
	chinese  bool
	phone    string
	payer    string // empty: one of its own

	registered time.Duration // how old the account is when the refund is asked for
	bought     time.Duration // how old the package is then
	currency   string        // empty: USD
	paid       int64         // units
	burst      int64         // units that were used an hour before

	reason refund.ReasonCode
	note   string // the customer's own words
	// ran is the share of the time to decide that has run when the program starts for the
	// first time, in percent, or ago the plain time; neither: the refund is asked for then.
	ran int
	ago time.Duration
	// impatient is what the customer writes on his case when the program is there again: by
	// that the engine hears of a case that it knows nothing of yet.
	impatient string
}

const (
	newcomer = 3 * 24 * time.Hour // younger than the default policy trusts with more than 100
	lately   = 2 * 24 * time.Hour
	regular  = 600 * 24 * time.Hour
	longAgo  = 200 * 24 * time.Hour
)

func (s situation) accountID() string { return "acct_case_" + s.name }
func (s situation) packageID() string { return "pkg_case_" + s.name }

// owner is who asks for the refund.
func (s situation) owner() identity.Actor {
	return identity.Actor{Subject: "user_case_" + s.name, Roles: []identity.Role{identity.Customer}, AccountID: s.accountID()}
}

// earlier reports whether the refund was asked for before the program started.
func (s situation) earlier() bool { return s.ran > 0 || s.ago > 0 }

// asked is when the refund was or is asked for.
func (s situation) asked(sla review.SLA, now time.Time) time.Time {
	if s.ran > 0 {
		return before(sla, now, s.ran)
	}
	return now.Add(-s.ago)
}

func (s situation) filing() desk.Filing {
	return desk.Filing{PackageID: s.packageID(), ReasonCode: s.reason, Note: s.note, IdempotencyKey: "demo"}
}

func (s situation) account(asked time.Time) refund.Account {
	a := refund.Account{
		ID: s.accountID(), Name: s.customer, Email: "billing@" + s.name + ".example.com", Phone: s.phone, Payer: s.payer,
		Locale: refund.English, Standing: refund.Good, RegisteredAt: asked.Add(-s.registered),
	}
	if s.chinese {
		a.Email, a.Locale = "caiwu@"+s.name+".example.cn", refund.SimplifiedChinese
	}
	if a.Payer == "" {
		a.Payer = "payer_case_" + s.name
	}
	return a
}

func (s situation) purchase(asked time.Time) refund.Package {
	currency := s.currency
	if currency == "" {
		currency = "USD"
	}
	name := "Global SMS"
	if s.chinese {
		name = "国际短信套餐包"
	}
	name = fmt.Sprintf("%s %d %s", name, s.paid, currency)
	return refund.Package{
		ID: s.packageID(), AccountID: s.accountID(), Product: refund.GlobalSMS, Name: name, Currency: currency,
		Paid: s.paid * money.Scale, Face: s.paid * money.Scale, Remaining: s.paid * money.Scale,
		Recorded: refund.Active, Dispute: refund.NoDispute, PurchasedAt: asked.Add(-s.bought),
	}
}

// person is one of the demo people.
func person(name string) identity.Actor {
	who := devissuer.Demo[name]
	return identity.Actor{Subject: who.Subject, Roles: who.Roles, AccountID: who.AccountID}
}

func situationOf(name string) situation {
	for _, s := range situations {
		if s.name == name {
			return s
		}
	}
	panic("demo: no situation " + name) // a name of ours
}

// situations are the customers of the demo's cases.
var situations = []situation{
	// Their clocks have been running for a while when the program starts for the first time.
	{name: "half", customer: "Lanternfish Travel", registered: newcomer, bought: lately, paid: 320, ran: 60,
		reason: refund.SwitchingProvider, note: "We move our messages to the group's own gateway.",
		impatient: "Do you need anything from us?"},
	{name: "late", customer: "桂影乐器", chinese: true, registered: newcomer, bought: lately, currency: "CNY", paid: 2600, ran: 88,
		reason: refund.NoLongerNeeded, note: "活动取消了，短信用不上了。",
		impatient: "请问审核进展如何？"},
	{name: "overdue", customer: "Marshgate Auctions", registered: newcomer, bought: lately, paid: 410, ran: 140,
		reason: refund.ServiceProblem, note: "Nothing was delivered to Chile, three evenings in a row.",
		impatient: "This was to take two working days. When do we hear from you?"},
	{name: "parked", customer: "Gullwing Rentals", registered: regular, bought: longAgo, paid: 75, ago: 90 * time.Minute,
		reason: refund.NoLongerNeeded, note: "The season is over.",
		impatient: "You approved it more than an hour ago, and our balance is what it was."},

	// These ask when it starts.
	{name: "plain", customer: "溪山茶业", chinese: true, registered: newcomer, bought: lately, currency: "CNY", paid: 1900,
		reason: refund.BoughtByMistake, note: "同事重复购买了套餐包。"},
	{name: "claimed", customer: "Foxglove Florists", registered: newcomer, bought: lately, paid: 180,
		reason: refund.BoughtByMistake, note: "We meant to buy the package for the other account."},
	{name: "snoozed", customer: "Hollybrook Vets", registered: newcomer, bought: lately, paid: 260,
		reason: refund.OtherReason, note: "Our accountant will call you about it."},
	{name: "senior", customer: "Kestrel Airways", registered: newcomer, bought: lately, paid: 4200,
		reason: refund.SwitchingProvider, note: "The contract with our new provider starts on Monday."},
	{name: "two", customer: "Tallow & Wick", registered: newcomer, bought: lately, paid: 12000,
		reason: refund.NoLongerNeeded, note: "The campaign was called off."},
	{name: "onevote", customer: "Ostrava Paper", registered: newcomer, bought: lately, currency: "EUR", paid: 15000,
		reason: refund.NoLongerNeeded, note: "We bought for the whole group, and the group was sold."},
	{name: "asked", customer: "Pinewarbler Radio", registered: newcomer, bought: lately, paid: 230,
		reason: refund.OtherReason, note: "Please pay it back to the old card."},
	{name: "answered", customer: "听泉书店", chinese: true, registered: newcomer, bought: lately, currency: "CNY", paid: 1500,
		reason: refund.NoLongerNeeded, note: "门店停业。"},
	{name: "suspended", customer: "Quarrystone Casino", registered: newcomer, bought: lately, paid: 900,
		reason: refund.OtherReason, note: "Return it all."},
	{name: "disputed", customer: "Rowanberry Toys", registered: regular, bought: longAgo, paid: 140,
		reason: refund.ServiceProblem, note: "Our bank is looking into it as well."},
	{name: "paused", customer: "Sandpiper Surf", registered: regular, bought: longAgo, paid: 65,
		reason: refund.NoLongerNeeded, note: "Winter."},
	{name: "rejected", customer: "Undertow Deals", registered: newcomer, bought: lately, paid: 700, payer: "payer_case_undertow",
		reason: refund.OtherReason, note: "Quickly, please."},
	{name: "linked", customer: "Undertow Outlet", registered: regular, bought: longAgo, paid: 90, payer: "payer_case_undertow",
		reason: refund.OtherReason, note: "Quickly, please."},
	{name: "appealed", customer: "Wicklow Ceramics", registered: newcomer, bought: lately, paid: 350,
		reason: refund.NoLongerNeeded, note: "We close the workshop."},
	{name: "approved", customer: "月湾酒店", chinese: true, registered: newcomer, bought: lately, currency: "CNY", paid: 3000,
		reason: refund.ServiceProblem, note: "验证码短信大面积延迟。"},
	{name: "withdrawn", customer: "Yellowhammer Print", registered: newcomer, bought: lately, paid: 150,
		reason: refund.BoughtByMistake, note: "Sorry, we do need it."},
	{name: "contact", customer: "Zinnia Gardens", registered: regular, bought: longAgo, paid: 85,
		reason: refund.NoLongerNeeded, note: "Please write to our new address."},
	{name: "burst", customer: "Driftwood Events", registered: regular, bought: longAgo, paid: 500, burst: 300,
		reason: refund.NoLongerNeeded, note: "The fair was yesterday, the rest is not needed."},
	{name: "escalated", customer: "Emberfield Press", registered: newcomer, bought: lately, paid: 640,
		reason: refund.ServiceProblem, note: "Your own status page says that you were down."},
	// The last: once its refund is there, nothing of the demo is left to do.
	{name: "clean", customer: "Whitethorn Yoga", registered: regular, bought: longAgo, paid: 40,
		reason: refund.NoLongerNeeded, note: "Thank you, it was good."},
}
