package store

import (
	"context"
	"encoding/json"
	"time"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// What a refund was judged on is written once, with the verdict, and never again.

const screeningColumns = "refund_id policy_version policy_digest verdict outcome facts matches attention created_at"

type screeningRow struct {
	RefundID      string
	PolicyVersion string
	PolicyDigest  string
	Verdict       string
	Outcome       string
	Facts         string
	Matches       string
	CreatedAt     time.Time
}

// domain returns fault Internal when the facts are not readable: nothing can be explained without them.
func (r screeningRow) domain() (desk.Screening, error) {
	s := desk.Screening{
		RefundID: r.RefundID, PolicyVersion: r.PolicyVersion, PolicyDigest: r.PolicyDigest,
		Verdict: policy.Verdict(r.Verdict), Outcome: r.Outcome, At: r.CreatedAt.UTC(),
	}
	if err := json.Unmarshal([]byte(r.Facts), &s.Facts); err != nil {
		return s, unreadable(r.RefundID, err)
	}
	if err := json.Unmarshal([]byte(r.Matches), &s.Matches); err != nil {
		return s, unreadable(r.RefundID, err)
	}
	return s, nil
}

func unreadable(refundID string, err error) error {
	return fault.New(fault.Internal, "screening-unreadable", "What refund %s was screened on cannot be read.", refundID).With(err)
}

// screeningStatements keep what a refund was judged on: the facts, the rules that matched
// and the policy, with its verdict.
func screeningStatements(refundID string, facts policy.Facts, plan policy.Plan, now time.Time) ([]*statement, error) {
	judgedOn, err := json.Marshal(facts)
	if err != nil {
		return nil, err
	}
	matches := plan.Matches
	if matches == nil {
		matches = []review.Match{}
	}
	matched, err := json.Marshal(matches)
	if err != nil {
		return nil, err
	}
	out := []*statement{insert("screenings", screeningColumns,
		refundID, plan.Version, plan.Digest, string(plan.Verdict), plan.Outcome, string(judgedOn), string(matched), textOf(plan.Attention), now)}
	var rules []any
	seen := map[string]bool{}
	for _, m := range matches {
		if !seen[m.Rule] {
			seen[m.Rule] = true
			rules = append(rules, refundID, m.Rule)
		}
	}
	if len(rules) > 0 {
		out = append(out, insert("screening_matches", "refund_id rule", rules...))
	}
	return out, nil
}

// Screening implements desk.PolicyRecords.
func (s *Store) Screening(ctx context.Context, refundID string) (desk.Screening, error) {
	var row screeningRow
	if err := s.read(ctx).Raw("SELECT * FROM screenings WHERE refund_id = ?", refundID).Scan(&row).Error; err != nil {
		return desk.Screening{}, classify(err)
	}
	if row.RefundID == "" {
		return desk.Screening{}, desk.Missing(audit.ObjectRefund, refundID)
	}
	return row.domain()
}

// screeningsAtOnce is how many screenings are read at a time: no connection is held while
// the caller works on them, and SQLite has only one.
const screeningsAtOnce = 100

// caseRow is a screening with how its refund stands and what people decided: a rejection is
// one person's, an approval is one once the amount is fixed. What an appeal reversed was
// approved in the end.
type caseRow struct {
	RefundID      string
	Verdict       string
	Facts         string
	State         string
	ProviderFault bool
	Rejected      bool
	Approved      bool
}

func (r caseRow) domain() (policy.Case, error) {
	c := policy.Case{
		RefundID: r.RefundID, Verdict: policy.Verdict(r.Verdict), State: refund.State(r.State), ProviderFault: r.ProviderFault,
	}
	switch {
	case r.Rejected:
		c.Decided = review.Reject
	case r.Approved:
		c.Decided = review.Approve
	}
	if err := json.Unmarshal([]byte(r.Facts), &c.Facts); err != nil {
		return c, unreadable(r.RefundID, err)
	}
	return c, nil
}

// casesQuery reads the screenings that where picks, the newest first: ids of refunds grow
// with time. The others are joined to those few only.
func casesQuery(where conditions) string {
	return `SELECT s.refund_id, s.verdict, s.facts, r.state, r.provider_fault, ` + voted(review.Reject) + ` AND NOT ` + reversed + ` AS rejected,
       (r.approved IS NOT NULL AND ` + voted(review.Approve) + `) OR (` + voted(review.Reject) + ` AND ` + reversed + `) AS approved
  FROM (SELECT refund_id, verdict, facts FROM screenings` + where.sql() + ` ORDER BY refund_id DESC LIMIT ?) s
  JOIN refunds r ON r.id = s.refund_id
 ORDER BY s.refund_id DESC`
}

// Screenings implements desk.PolicyRecords. It gives no more than it told, also when more
// are screened meanwhile.
func (s *Store) Screenings(ctx context.Context, limit int, total func(int), each func(policy.Case) error) error {
	var left int
	if err := s.read(ctx).Raw("SELECT count(*) FROM screenings").Scan(&left).Error; err != nil {
		return classify(err)
	}
	if limit > 0 {
		left = min(left, limit)
	}
	total(left)
	var where conditions
	for left > 0 {
		var rows []caseRow
		if err := s.read(ctx).Raw(casesQuery(where), append(where.args, min(left, screeningsAtOnce))...).Scan(&rows).Error; err != nil {
			return classify(err)
		}
		for _, row := range rows {
			c, err := row.domain()
			if err != nil {
				return err
			}
			if err := each(c); err != nil {
				return err
			}
		}
		if len(rows) == 0 {
			return nil
		}
		left -= len(rows)
		where = conditions{}
		where.add("refund_id < ?", rows[len(rows)-1].RefundID)
	}
	return nil
}
