package policy

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"refunddesk/internal/money"
	"refunddesk/internal/review"
)

// Diff is what differs between two policies.
type Diff struct {
	From     string      `json:"from"` // digest
	To       string      `json:"to"`   // digest
	Rules    []RuleDiff  `json:"rules"`
	Settings []FieldDiff `json:"settings"` // limits, approval tiers, budget, calendars, queues
}

// Same reports whether both policies judge alike: at most comments, the order of rules and
// the way of writing differ.
func (d Diff) Same() bool { return len(d.Rules) == 0 && len(d.Settings) == 0 }

// The ways in which a rule differs.
const (
	RuleAdded   = "added"
	RuleRemoved = "removed"
	RuleChanged = "changed"
)

// RuleDiff is a rule that was added, removed or changed.
type RuleDiff struct {
	ID     string      `json:"id"`
	Change string      `json:"change"` // RuleAdded, RuleRemoved or RuleChanged
	Fields []FieldDiff `json:"fields"`
}

// FieldDiff is one value before and after; what is not there is empty.
type FieldDiff struct {
	Field string `json:"field"`
	From  string `json:"from"`
	To    string `json:"to"`
}

// DiffOf compares two policies by what they say, not by how it is written.
func DiffOf(from, to *Policy) Diff {
	out := Diff{From: from.Digest(), To: to.Digest(), Rules: []RuleDiff{}, Settings: fieldsOf(from.doc.settings(), to.doc.settings())}
	before, after := from.doc.ruleFields(), to.doc.ruleFields()
	for _, id := range union(before, after) {
		change := RuleChanged
		switch {
		case before[id] == nil:
			change = RuleAdded
		case after[id] == nil:
			change = RuleRemoved
		}
		if fields := fieldsOf(before[id], after[id]); len(fields) > 0 {
			out.Rules = append(out.Rules, RuleDiff{ID: id, Change: change, Fields: fields})
		}
	}
	return out
}

func fieldsOf(from, to map[string]string) []FieldDiff {
	out := []FieldDiff{}
	for _, name := range union(from, to) {
		if from[name] != to[name] {
			out = append(out, FieldDiff{Field: name, From: from[name], To: to[name]})
		}
	}
	return out
}

// union are the keys of both, sorted.
func union[V any](a, b map[string]V) []string {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]V{}
	}
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}

// ruleFields are the rules by id, each as what it says by key.
func (d document) ruleFields() map[string]map[string]string {
	out := map[string]map[string]string{}
	for _, r := range d.Rules {
		fields := map[string]string{
			"when": strings.TrimSpace(r.When), "verdict": string(r.Verdict), "reason": r.Reason, "weight": strconv.Itoa(r.Weight),
			"accept_automatic_rejection": strconv.FormatBool(r.Automatic),
		}
		for locale, words := range r.Customer {
			fields["customer."+locale] = words
		}
		out[r.ID] = fields
	}
	return out
}

// settings are all that a document says beside its rules, by path.
func (d document) settings() map[string]string {
	out := map[string]string{}
	amountsAt := func(path string, a amounts) {
		for code, micros := range a.By {
			out[path+"."+code] = text(money.Of(micros, ""))
		}
		if a.Default != nil {
			out[path+".default"] = text(money.Of(*a.Default, ""))
		}
	}
	amountsAt("budget", d.Budget)
	for name, a := range d.Limits {
		amountsAt("limits."+name, a)
	}
	for code, tiers := range d.Approval {
		for i, t := range tiers {
			upTo := "above"
			if t.UpTo != nil {
				upTo = "up to " + text(money.Of(*t.UpTo, ""))
			}
			out[fmt.Sprintf("approval.%s[%d]", code, i)] = fmt.Sprintf("%s: %d reviewers, %d of them senior", upTo, t.Quorum.Approvals, t.Quorum.Seniors)
		}
	}
	for name, c := range d.Calendars {
		path := "calendars." + name
		out[path+".time_zone"] = c.Zone
		out[path+".hours"] = c.Opens.String() + "-" + c.Closes.String()
		out[path+".weekend"] = weekendText(c.Weekend)
		out[path+".holidays"] = datesText(c.Holidays)
		out[path+".workdays"] = datesText(c.Workdays)
	}
	for name, sla := range d.Queues {
		path := "queues." + name
		out[path+".calendar"] = sla.Calendar.Name
		for key, span := range map[string]time.Duration{
			"first_response": sla.FirstResponse, "decision": sla.Decision, "answer_within": sla.AnswerWithin, "remind_after": sla.RemindAfter,
		} {
			out[path+"."+key] = spanText(span)
		}
	}
	return out
}

func weekendText(days []time.Weekday) string {
	var names []string
	for name, day := range weekdays {
		if slices.Contains(days, day) {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return int(weekdays[a]) - int(weekdays[b]) })
	return strings.Join(names, ", ")
}

func datesText(dates []review.Date) string {
	var out []string
	for _, d := range slices.Sorted(slices.Values(dates)) {
		out = append(out, string(d))
	}
	return strings.Join(out, ", ")
}

// spanText writes a time in hours and minutes, such as 18h or 90m.
func spanText(d time.Duration) string {
	if d%time.Hour == 0 {
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dm", d/time.Minute)
}
