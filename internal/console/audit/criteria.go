package audit

import (
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"

	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
)

// criteria are the parameters of a search, in the order of its form. The first is always in
// sight, the others when somebody asks for them or uses one.
var criteria = []string{
	"text", "account_id", "refund_id", "workflow_id", "actor", "rule", "state", "verdict", "currency", "amount_from", "amount_to", "from", "to",
}

// asked is a search as its URL has it.
type asked struct {
	Form   *page.Form // what was typed, and what is wrong with it
	Search desk.RefundSearch
	// ActsCursor pages what the actor did elsewhere.
	ActsCursor string
}

// askedIn reads a search from the parameters of a URL. What is wrong is in its form, each at
// its field.
func askedIn(v *page.View, query url.Values) asked {
	a := asked{Form: &page.Form{Values: url.Values{}}, ActsCursor: query.Get(actsCursor)}
	for _, name := range criteria {
		if value := strings.TrimSpace(query.Get(name)); value != "" {
			a.Form.Values.Set(name, value)
		}
	}
	get := a.Form.Values.Get
	a.Search = desk.RefundSearch{
		Text: get("text"), AccountID: get("account_id"), RefundID: get("refund_id"), WorkflowID: get("workflow_id"), Actor: get("actor"), Rule: get("rule"),
		State: refund.State(get("state")), Verdict: get("verdict"), Currency: strings.ToUpper(get("currency")),
		Paging: desk.Paging{Cursor: query.Get("cursor")},
	}
	bad := map[string]*fault.Error{} // by field
	if a.Search.Currency != "" && !money.ValidCurrency(a.Search.Currency) {
		bad["currency"] = fault.InvalidField("currency", "is a currency's three letters, such as USD")
	}
	a.Search.AmountFrom = amountIn(get("amount_from"), "amount_from", bad)
	a.Search.AmountTo = amountIn(get("amount_to"), "amount_to", bad)
	a.Search.From = dayIn(get("from"), 0, "from", bad)
	a.Search.To = dayIn(get("to"), 1, "to", bad) // the last day is whole
	if err := a.Search.Check(); err != nil {
		f := fault.From(err)
		if name := f.Fields[0].Name; bad[name] == nil {
			bad[name] = f
		}
	}
	for _, name := range criteria {
		if bad[name] == nil {
			continue
		}
		if a.Form.Fault == nil {
			a.Form.Fault = fault.New(fault.Unprocessable, "invalid-value", "Something in the search cannot be.")
		}
		a.Form.Fault.Fields = append(a.Form.Fault.Fields, bad[name].Fields...)
	}
	a.Form.Fault = page.InWords(v, a.Form.Fault)
	return a
}

func amountIn(text, name string, bad map[string]*fault.Error) *int64 {
	if text == "" {
		return nil
	}
	micros, err := money.ParseMicros(text)
	if err != nil {
		bad[name] = fault.InvalidField(name, "is an amount, such as 12.50")
		return nil
	}
	return &micros
}

// dayIn is the beginning of a day, in UTC, so many days later.
func dayIn(text string, later int, name string, bad map[string]*fault.Error) *time.Time {
	if text == "" {
		return nil
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		bad[name] = fault.InvalidField(name, "is a day, such as 2026-03-31")
		return nil
	}
	day = day.AddDate(0, 0, later)
	return &day
}

// narrowed reports whether the search has any criterion.
func (a asked) narrowed() bool { return len(a.Form.Values) > 0 }

// more reports whether it has one beside the first, so that they are in sight.
func (a asked) more() bool {
	return len(a.Form.Values) > 1 || a.Form.Values.Get("text") == "" && a.narrowed()
}

// exportURL is where a copy of what the search finds is.
func (a asked) exportURL(format string) string {
	q := url.Values{"format": {format}}
	for name, values := range a.Form.Values {
		q[name] = values
	}
	return "/audit/export?" + q.Encode()
}

// firstURL is the search's first page.
func (a asked) firstURL() string {
	if !a.narrowed() {
		return "/audit"
	}
	return "/audit?" + a.Form.Values.Encode()
}

// described are the attributes that tie a field to its hint and to what is wrong with it.
func (a asked) described(name, hint string) templ.Attributes {
	var by []string
	if hint != "" {
		by = append(by, name+"-hint")
	}
	attributes := templ.Attributes{}
	if a.Form.Problem(name) != "" {
		by = append(by, name+"-problem")
		attributes["aria-invalid"] = "true"
	}
	if len(by) > 0 {
		attributes["aria-describedby"] = strings.Join(by, " ")
	}
	return attributes
}
