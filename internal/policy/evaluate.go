package policy

import (
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/interpreter"

	"refunddesk/internal/fault"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// OutcomeRule is the reason code of a rejection by a rule of the policy, as opposed to one
// of the program's own. Which rule it was is for staff; the customer is told its words.
const OutcomeRule = "policy-rule"

// notKnown is the value that a match shows when a fact that it needs is unknown.
const notKnown = "unknown"

// judgement is a match with its verdict, while a plan is being made.
type judgement struct {
	verdict Verdict
	match   review.Match
}

var strictness = map[Verdict]int{Approve: 0, Review: 1, Reject: 2}

// Evaluate judges the facts. The strictest matching rule wins. A hold (suspension, open
// dispute) is not a verdict: it makes the refund wait and be judged again. With an unknown
// fact the plan is never to approve, and a rule that needs the fact matches for review. The
// words in Match.Told are the policy's own: read them only.
func (p *Policy) Evaluate(f Facts) Plan {
	plan := Plan{
		Verdict: Approve, Quorum: p.doc.quorum(f.Amount.Currency, f.Amount.Micros), Queue: review.QueueReview,
		SLA: p.SLA(review.QueueReview), Attention: p.SLA(review.QueueAttention), Version: p.version, Digest: p.digest,
	}
	found := p.builtIns(&f, &plan)
	found = p.ruleMatches(&f, found)
	for _, j := range found {
		if strictness[j.verdict] > strictness[plan.Verdict] {
			plan.Verdict = j.verdict
		}
		plan.Weight += j.match.Weight
	}
	if plan.Verdict == Reject && plan.Outcome == "" {
		plan.Outcome = OutcomeRule
	}
	slices.SortStableFunc(found, func(a, b judgement) int {
		if a.match.Weight != b.match.Weight {
			return b.match.Weight - a.match.Weight
		}
		return strings.Compare(a.match.Rule, b.match.Rule)
	})
	for _, j := range found {
		plan.Matches = append(plan.Matches, j.match)
	}
	return plan
}

// builtIns are the rules that no document can switch off. They set the outcome of a rejection.
func (p *Policy) builtIns(f *Facts, plan *Plan) []judgement {
	var out []judgement
	add := func(id string, verdict Verdict, value, threshold string) {
		b := programRules[id]
		out = append(out, judgement{verdict, review.Match{Rule: id, Value: value, Threshold: threshold, Reason: b.reason, Weight: b.weight, Told: b.told}})
		if verdict == Reject && plan.Outcome == "" {
			plan.Outcome = b.outcome
		}
	}
	known := func(fact string) bool { return !slices.Contains(f.Unknown, fact) }
	if f.Standing == refund.Terminated && known("standing") {
		add(RuleTerminated, Reject, string(f.Standing), string(refund.Terminated))
	}
	if f.Dispute == refund.DisputeLost && known("dispute") {
		add(RuleDisputeLost, Reject, string(f.Dispute), string(refund.DisputeLost))
	}
	if f.Amount.Micros <= 0 && known("amount") {
		add(RuleNothingToRefund, Reject, text(f.Amount), "0")
	}
	if p.broken {
		add(RuleBrokenPolicy, Review, p.version, "")
	}
	if len(f.Unknown) > 0 {
		add(RuleUnknownFact, Review, fault.Clip(strings.Join(f.Unknown, ", "), mostWords), "")
	}
	if f.Appeal {
		add(RuleAppeal, Review, "true", "")
	}
	if !p.broken && known("refunded_365d") && known("amount") {
		if budget := p.doc.Budget.of(f.Amount.Currency); f.Refunded365d > budget {
			add(RuleRollingBudget, Review, text(money.Of(f.Refunded365d, f.Amount.Currency)), text(money.Of(budget, f.Amount.Currency)))
		}
	}
	return out
}

// ruleMatches adds the rules of the document that match.
func (p *Policy) ruleMatches(f *Facts, out []judgement) []judgement {
	facts := &activation{facts: f, limits: p.limits}
	var vars any = facts
	partial := len(f.Unknown) > 0
	if partial {
		patterns := unknownPatterns(f.Unknown)
		if slices.Contains(f.Unknown, "amount") { // nor is its currency known, which chooses the limits
			for name := range p.limits {
				patterns = append(patterns, cel.AttributePattern(name))
			}
		}
		some, err := interpreter.NewPartialActivation(facts, patterns...)
		if err != nil {
			some = nil // never: facts is an activation; its rules then err, and match
		}
		vars = some
	}
	for i := range p.rules {
		r := &p.rules[i]
		program := r.whole
		if partial {
			program = r.partial
		}
		value, _, err := program.Eval(vars)
		verdict := r.text.Verdict
		var shown, threshold string
		switch {
		case err != nil:
			verdict, shown = Review, "error: "+fault.Clip(err.Error(), 100)
		case types.IsUnknown(value):
			verdict, shown = Review, notKnown
		case value == types.True:
			shown, threshold = show(r.shown, f, p.limits)
		default:
			continue
		}
		if f.Appeal && verdict == Reject {
			verdict = Review // an appeal is decided by a person
		}
		out = append(out, judgement{verdict, review.Match{
			Rule: r.text.ID, Value: shown, Threshold: threshold, Reason: r.text.Reason, Weight: r.text.Weight, Told: r.text.Customer,
		}})
	}
	return out
}
