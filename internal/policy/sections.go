package policy

import (
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"refunddesk/internal/fault"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// format is the version of the document's own form that this program reads.
const format = "1"

// document reads all sections. Calendars come before the queues that name them.
func (r *reader) document(root *yaml.Node) document {
	var doc document
	var queues entry
	r.fields(root, "", []string{"policy", "rules", "approval", "budget", "calendars", "queues"}, map[string]func(*yaml.Node, string){
		"policy": func(n *yaml.Node, path string) {
			if n.Kind != yaml.ScalarNode || n.Value != format {
				r.wrong(n, path, "must be %s, the form of the document that this program reads", format)
			}
		},
		"limits":    func(n *yaml.Node, path string) { doc.Limits = r.limits(n, path) },
		"rules":     func(n *yaml.Node, path string) { doc.Rules = r.rules(n, path) },
		"approval":  func(n *yaml.Node, path string) { doc.Approval = r.approval(n, path) },
		"budget":    func(n *yaml.Node, path string) { doc.Budget = r.amounts(n, path) },
		"calendars": func(n *yaml.Node, path string) { doc.Calendars = r.calendars(n, path) },
		"queues":    func(n *yaml.Node, path string) { queues = entry{value: n, path: path} },
	})
	if queues.value != nil {
		doc.Queues = r.queues(queues.value, queues.path, doc.Calendars)
	}
	return doc
}

// named reads a mapping from names that are ours to choose.
func (r *reader) named(n *yaml.Node, path string, each func(name string, e entry)) {
	entries := r.entries(n, path)
	if len(entries) > mostNames {
		r.wrong(n, path, "has %d entries; it can have %d", len(entries), mostNames)
		return
	}
	for _, e := range entries {
		if !namePattern.MatchString(e.key.Value) {
			r.wrong(e.key, e.path, "must be a name of small letters, digits and _, beginning with a letter, of at most 40")
			continue
		}
		each(e.key.Value, e)
	}
}

// reserved are names that expressions could not say after "limits.".
var reserved = []string{"true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package", "namespace", "return", "var", "void", "while"}

func (r *reader) limits(n *yaml.Node, path string) map[string]amounts {
	out := map[string]amounts{}
	r.named(n, path, func(name string, e entry) {
		if slices.Contains(reserved, name) {
			r.wrong(e.key, e.path, "is a word of the language of expressions; choose another name")
			return
		}
		out[name] = r.amounts(e.value, e.path)
	})
	return out
}

func (r *reader) rules(n *yaml.Node, path string) []ruleText {
	var out []ruleText
	seen := map[string]int{}
	if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
		r.wrong(n, path, "must hold a rule; without any everything would be approved")
	}
	r.items(n, path, mostRules, func(n *yaml.Node, path string) {
		rule := r.rule(n, path, seen)
		out = append(out, rule)
	})
	return out
}

func (r *reader) rule(n *yaml.Node, path string, seen map[string]int) ruleText {
	var out ruleText
	r.fields(n, path, []string{"id", "when", "verdict", "reason", "customer"}, map[string]func(*yaml.Node, string){
		"id": func(n *yaml.Node, path string) {
			id, ok := r.scalar(n, path, "the name of the rule")
			if !ok {
				return
			}
			line, before := seen[id]
			switch {
			case before:
				r.wrong(n, path, "%q is the id of another rule, in line %d", fault.Clip(id, 60), line)
				return
			case !idPattern.MatchString(id) || len(id) > 60:
				r.wrong(n, path, "must be of small letters and digits with - between words, of at most 60, such as many-refunds")
				return
			case builtIn(id):
				r.wrong(n, path, "%q is a rule of the program itself; choose another id", id)
				return
			}
			seen[id] = n.Line
			out.ID = id
		},
		"when": func(n *yaml.Node, path string) {
			s, ok := r.scalar(n, path, "an expression over facts")
			switch {
			case !ok:
			case strings.TrimSpace(s) == "":
				r.wrong(n, path, "must be an expression over facts, and is empty")
			case len(s) > mostExpression:
				r.wrong(n, path, "is longer than %d characters", mostExpression)
			default:
				out.When = s
				out.at = &origin{node: n, path: path}
			}
		},
		"verdict": func(n *yaml.Node, path string) {
			s, ok := r.scalar(n, path, "review or reject")
			switch {
			case !ok:
			case Verdict(s) != Review && Verdict(s) != Reject:
				r.wrong(n, path, "must be review or reject; what no rule matches is approved")
			default:
				out.Verdict = Verdict(s)
			}
		},
		"reason": func(n *yaml.Node, path string) { out.Reason = r.words(n, path) },
		"customer": func(n *yaml.Node, path string) {
			out.Customer = map[string]string{}
			locales := map[string]func(*yaml.Node, string){}
			for _, locale := range []string{refund.English, refund.SimplifiedChinese} {
				locales[locale] = func(n *yaml.Node, path string) { out.Customer[locale] = r.words(n, path) }
			}
			r.fields(n, path, []string{refund.English, refund.SimplifiedChinese}, locales)
		},
		"weight":                     func(n *yaml.Node, path string) { out.Weight = r.whole(n, path, 0, 1000) },
		"accept_automatic_rejection": func(n *yaml.Node, path string) { out.Automatic = r.yesNo(n, path) },
	})
	return out
}

// mostTiers and mostReviewers are more than any desk has a use for.
const (
	mostTiers     = 20
	mostReviewers = 10
)

func (r *reader) approval(n *yaml.Node, path string) map[string][]tier {
	out := map[string][]tier{}
	for _, e := range r.entries(n, path) {
		if r.currency(e) {
			out[e.key.Value] = r.tiers(e.value, e.path)
		}
	}
	return out
}

func (r *reader) tiers(n *yaml.Node, path string) []tier {
	if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
		r.wrong(n, path, "must hold a tier; leave the currency out to have two people approve everything in it")
		return nil
	}
	var out []tier
	last := len(n.Content) - 1
	r.items(n, path, mostTiers, func(n *yaml.Node, path string) {
		t := tier{Quorum: review.Quorum{Approvals: 1}}
		r.fields(n, path, []string{"reviewers"}, map[string]func(*yaml.Node, string){
			"up_to": func(n *yaml.Node, path string) {
				micros := r.amount(n, path, 1)
				if before := len(out) - 1; before >= 0 && out[before].UpTo != nil && micros <= *out[before].UpTo {
					r.wrong(n, path, "must be more than the tier before has")
				}
				t.UpTo = &micros
			},
			"reviewers": func(n *yaml.Node, path string) { t.Quorum.Approvals = r.whole(n, path, 1, mostReviewers) },
			"seniors":   func(n *yaml.Node, path string) { t.Quorum.Seniors = r.whole(n, path, 0, mostReviewers) },
		})
		if t.Quorum.Seniors > t.Quorum.Approvals {
			r.wrong(n, join(path, "seniors"), "must not be more than reviewers: seniors are counted among them")
		}
		switch at := len(out); {
		case at < last && t.UpTo == nil:
			r.wrong(n, join(path, "up_to"), "is missing; only the last tier has none")
		case at == last && t.UpTo != nil:
			r.wrong(n, join(path, "up_to"), "must not be in the last tier, which is for everything above the others")
		}
		out = append(out, t)
	})
	return out
}

// mostDates is how many holidays or workdays a calendar can name.
const mostDates = 400

func (r *reader) calendars(n *yaml.Node, path string) map[string]review.Calendar {
	out := map[string]review.Calendar{}
	r.named(n, path, func(name string, e entry) { out[name] = r.calendar(name, e) })
	return out
}

func (r *reader) calendar(name string, e entry) review.Calendar {
	c := review.Calendar{Name: name}
	first := map[review.Date]int{}
	dates := func(into *[]review.Date) func(*yaml.Node, string) {
		return func(n *yaml.Node, path string) {
			r.items(n, path, mostDates, func(n *yaml.Node, path string) {
				date, ok := r.date(n, path)
				if !ok {
					return
				}
				if line, before := first[date]; before {
					r.wrong(n, path, "%s is there already, in line %d", date, line)
					return
				}
				first[date] = n.Line
				*into = append(*into, date)
			})
		}
	}
	r.fields(e.value, e.path, []string{"time_zone", "hours"}, map[string]func(*yaml.Node, string){
		"time_zone": func(n *yaml.Node, path string) {
			zone, ok := r.scalar(n, path, "a time zone such as Asia/Shanghai")
			if !ok {
				return
			}
			if _, err := time.LoadLocation(zone); err != nil || zone == "" || zone == "Local" {
				r.wrong(n, path, "must be a time zone of the IANA database, such as Asia/Shanghai or UTC")
				return
			}
			c.Zone = zone
		},
		"hours": func(n *yaml.Node, path string) { c.Opens, c.Closes = r.hours(n, path) },
		"weekend": func(n *yaml.Node, path string) {
			r.items(n, path, 7, func(n *yaml.Node, path string) {
				wd, ok := r.weekday(n, path)
				if ok && slices.Contains(c.Weekend, wd) {
					r.wrong(n, path, "is there twice")
				} else if ok {
					c.Weekend = append(c.Weekend, wd)
				}
			})
			if len(c.Weekend) == 7 {
				r.wrong(n, path, "leaves no day of the week to work on")
			}
		},
		"holidays": dates(&c.Holidays),
		"workdays": dates(&c.Workdays),
	})
	return c
}

// promising are the queues that a policy promises something for. What is escalated keeps the
// clock that it has.
var promising = []string{review.QueueReview, review.QueueAttention, review.QueueQuestions}

func (r *reader) queues(n *yaml.Node, path string, calendars map[string]review.Calendar) map[string]review.SLA {
	out := map[string]review.SLA{}
	known := map[string]func(*yaml.Node, string){}
	for _, queue := range promising {
		known[queue] = func(n *yaml.Node, path string) { out[queue] = r.sla(n, path, calendars) }
	}
	r.fields(n, path, []string{review.QueueReview}, known)
	return out
}

func (r *reader) sla(n *yaml.Node, path string, calendars map[string]review.Calendar) review.SLA {
	var out review.SLA
	spans := map[string]*time.Duration{
		"first_response": &out.FirstResponse, "decision": &out.Decision, "answer_within": &out.AnswerWithin, "remind_after": &out.RemindAfter,
	}
	found := map[string]entry{}
	known := map[string]func(*yaml.Node, string){
		"calendar": func(n *yaml.Node, path string) {
			name, ok := r.scalar(n, path, "the name of a calendar")
			if !ok {
				return
			}
			if out.Calendar, ok = calendars[name]; !ok {
				r.wrong(n, path, "%q is not among the calendars", fault.Clip(name, 60))
			}
		},
	}
	needed := []string{"calendar"}
	for _, name := range []string{"first_response", "decision", "answer_within", "remind_after"} {
		needed = append(needed, name)
		known[name] = func(n *yaml.Node, path string) { found[name] = entry{value: n, path: path} }
	}
	r.fields(n, path, needed, known)
	// A day is as long as the desk works, which the calendar says, wherever it stands.
	for _, name := range needed[1:] {
		e, ok := found[name]
		if !ok {
			continue
		}
		length := day
		if name == "first_response" || name == "decision" {
			length = out.Calendar.DayLength()
			if length <= 0 {
				length = day // its calendar has a problem of its own
			}
		}
		*spans[name] = r.span(e.value, e.path, length)
	}
	if out.FirstResponse > out.Decision && out.Decision > 0 {
		r.wrong(found["first_response"].value, found["first_response"].path, "must not be longer than decision")
	}
	if out.RemindAfter >= out.AnswerWithin && out.AnswerWithin > 0 {
		r.wrong(found["remind_after"].value, found["remind_after"].path, "must be shorter than answer_within")
	}
	return out
}
