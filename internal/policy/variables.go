package policy

import (
	"slices"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"refunddesk/internal/money"
)

// limitPrefix begins the names of a document's limits in expressions.
const limitPrefix = "limits."

// kind is what the value of a fact is, for people and for checks that types do not make.
type kind int

const (
	plain kind = iota // a count, a share, a word, a yes or no
	cash              // micros of the request's currency
)

// variable is a fact as an expression sees it.
type variable struct {
	name string
	typ  *cel.Type
	kind kind
	doc  string
	get  func(*Facts) ref.Val
	// from are the recorded facts that it is worked out from, by their JSON names, where
	// those are called otherwise: any of them unknown makes it unknown.
	from []string
}

const day = 24 * time.Hour

func integer(n int64) ref.Val { return types.Int(n) }

// variables is the one table of facts: expressions are checked against it, evaluated with
// it, and docs/policy.md is held against it by a test.
var variables = []variable{
	{name: "amount", typ: cel.IntType, kind: cash, doc: "What would be refunded now.",
		get: func(f *Facts) ref.Val { return integer(f.Amount.Micros) }},
	{name: "currency", typ: cel.StringType, doc: "The currency of the package, an ISO 4217 code such as \"USD\".", from: []string{"amount"},
		get: func(f *Facts) ref.Val { return types.String(f.Amount.Currency) }},
	{name: "product", typ: cel.StringType, doc: "The product that the package is of, such as \"global-sms\".",
		get: func(f *Facts) ref.Val { return types.String(f.Product) }},
	{name: "reason", typ: cel.StringType, doc: "The reason code that the customer gave: \"no_longer_needed\", \"bought_by_mistake\", \"service_problem\", \"switching_provider\" or \"other\".",
		get: func(f *Facts) ref.Val { return types.String(f.Reason) }},
	{name: "standing", typ: cel.StringType, doc: "How the account stands to the service agreement: \"good\", \"suspended\" or \"terminated\".",
		get: func(f *Facts) ref.Val { return types.String(f.Standing) }},
	{name: "dispute", typ: cel.StringType, doc: "The payment dispute on the purchase: \"none\", \"open\", \"lost\" or \"won\".",
		get: func(f *Facts) ref.Val { return types.String(f.Dispute) }},
	{name: "appeal", typ: cel.BoolType, doc: "Whether the request appeals a rejected one.",
		get: func(f *Facts) ref.Val { return types.Bool(f.Appeal) }},

	{name: "refunds_24h", typ: cel.IntType, doc: "How many refunds the account asked for in the last 24 hours, this one among them.",
		get: func(f *Facts) ref.Val { return integer(f.Refunds24h) }},
	{name: "refunds_30d", typ: cel.IntType, doc: "The same in the last 30 days.",
		get: func(f *Facts) ref.Val { return integer(f.Refunds30d) }},
	{name: "refunds_365d", typ: cel.IntType, doc: "The same in the last 365 days.",
		get: func(f *Facts) ref.Val { return integer(f.Refunds365d) }},
	{name: "refunded_24h", typ: cel.IntType, kind: cash, doc: "The value of those refunds of the last 24 hours that are in this request's currency, this one among them.",
		get: func(f *Facts) ref.Val { return integer(f.Refunded24h) }},
	{name: "refunded_30d", typ: cel.IntType, kind: cash, doc: "The same in the last 30 days.",
		get: func(f *Facts) ref.Val { return integer(f.Refunded30d) }},
	{name: "refunded_365d", typ: cel.IntType, kind: cash, doc: "The same in the last 365 days; the rolling budget is held against it.",
		get: func(f *Facts) ref.Val { return integer(f.Refunded365d) }},

	{name: "purchases_90d", typ: cel.IntType, doc: "How many packages in this request's currency the account bought in the last 90 days.",
		get: func(f *Facts) ref.Val { return integer(f.Purchases90d) }},
	{name: "refunded_share_90d", typ: cel.DoubleType, doc: "The share of what was paid for those packages that was or is to be refunded; 0.5 is half.", from: []string{"purchased_90d", "returned_of_90d"},
		get: func(f *Facts) ref.Val { return types.Double(f.RefundedShare90d()) }},

	{name: "account_age_days", typ: cel.IntType, doc: "Whole days since the account was registered.", from: []string{"account_age"},
		get: func(f *Facts) ref.Val { return integer(int64(f.AccountAge / day)) }},
	{name: "purchase_age_days", typ: cel.IntType, doc: "Whole days since the package was bought.", from: []string{"purchase_age"},
		get: func(f *Facts) ref.Val { return integer(int64(f.PurchaseAge / day)) }},

	{name: "consumed_share", typ: cel.DoubleType, doc: "The share of the package that was used; 0.5 is half.", from: []string{"face", "consumed"},
		get: func(f *Facts) ref.Val { return types.Double(f.ConsumedShare()) }},
	{name: "usage_24h", typ: cel.IntType, kind: cash, doc: "How much of the package was used in the last 24 hours.",
		get: func(f *Facts) ref.Val { return integer(f.Usage24h) }},
	{name: "usage_ratio", typ: cel.DoubleType, doc: "The usage of the last 24 hours against the daily mean of the last 14 days: 1 is as always, 14 is all of it in one day.", from: []string{"usage_24h", "usage_14d"},
		get: func(f *Facts) ref.Val { return types.Double(f.UsageRatio()) }},

	{name: "rebuy_cycles_30d", typ: cel.IntType, doc: "How many refunds of the product in the last 30 days were followed by buying it again.",
		get: func(f *Facts) ref.Val { return integer(f.RebuyCycles30d) }},
	{name: "rejections", typ: cel.IntType, doc: "How many refunds of the account were ever rejected, without those that had nothing left to refund and those whose rejection was reversed on appeal.",
		get: func(f *Facts) ref.Val { return integer(f.Rejections) }},
	{name: "linked_rejected", typ: cel.IntType, doc: "How many other accounts with the same e-mail, phone or payer were terminated or had a refund rejected, where rejections count as above.",
		get: func(f *Facts) ref.Val { return integer(f.LinkedRejected) }},
	{name: "contact_changed_72h", typ: cel.BoolType, doc: "Whether e-mail or phone changed in the last 72 hours.",
		get: func(f *Facts) ref.Val { return types.Bool(f.ContactChanged72h) }},
	{name: "unknown", typ: cel.ListType(cel.StringType), doc: "The names of the facts whose source failed; empty when all are known.",
		get: func(f *Facts) ref.Val { return types.NewStringList(types.DefaultTypeAdapter, f.Unknown) }},
}

var variablesByName = func() map[string]*variable {
	out := make(map[string]*variable, len(variables))
	for i := range variables {
		out[variables[i].name] = &variables[i]
	}
	return out
}()

// Fact is a fact that rules can be written over, for lists that people read.
type Fact struct {
	Name  string
	Type  string
	Money bool
	Doc   string
}

// FactTable lists the facts that rules can be written over.
func FactTable() []Fact {
	out := make([]Fact, 0, len(variables))
	for _, v := range variables {
		out = append(out, Fact{Name: v.name, Type: v.typ.String(), Money: v.kind == cash, Doc: v.doc})
	}
	return out
}

// Lacks reports whether the fact was not known: its source failed, or that of one which it is
// worked out from. name is that of a recorded fact or of one that rules are written over.
func (f Facts) Lacks(name string) bool {
	v := variablesByName[name]
	return slices.Contains(f.Unknown, name) || v != nil && slices.ContainsFunc(v.from, func(from string) bool { return slices.Contains(f.Unknown, from) })
}

// dependsOn reports whether the variable is worked out from the named fact.
func (v *variable) dependsOn(fact string) bool {
	return v.name == fact || slices.Contains(v.from, fact)
}

// activation gives expressions their facts without copying them into a map.
type activation struct {
	facts  *Facts
	limits map[string]amounts
}

// ResolveName implements cel.Activation.
func (a *activation) ResolveName(name string) (any, bool) {
	if v, ok := variablesByName[name]; ok {
		return v.get(a.facts), true
	}
	if limit, ok := a.limits[name]; ok {
		return types.Int(limit.of(a.facts.Amount.Currency)), true
	}
	return nil, false
}

// Parent implements cel.Activation.
func (*activation) Parent() cel.Activation { return nil }

// unknownPatterns are the variables that cannot be known when the named facts are not.
func unknownPatterns(names []string) []*cel.AttributePatternType {
	var out []*cel.AttributePatternType
	for i := range variables {
		if slices.ContainsFunc(names, variables[i].dependsOn) {
			out = append(out, cel.AttributePattern(variables[i].name))
		}
	}
	return out
}

// text writes a micros amount for people: at least two decimals, as many more as it has.
func text(m money.Money) string {
	s := m.Decimal()
	for len(s) > 0 && s[len(s)-1] == '0' && s[len(s)-3] != '.' {
		s = s[:len(s)-1]
	}
	if m.Currency == "" {
		return s
	}
	return s + " " + m.Currency
}
