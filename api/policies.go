package api

import (
	"context"

	"refunddesk/internal/desk"
	"refunddesk/internal/policy"
)

func (s *server) ListPolicies(ctx context.Context, r ListPoliciesRequestObject) (ListPoliciesResponseObject, error) {
	ctx, actor := caller(ctx)
	page, err := s.Desk.Policies(ctx, actor, paging(r.Params.Limit, r.Params.Cursor))
	if err != nil {
		return nil, err
	}
	return ListPolicies200JSONResponse{Items: mapped(page.Items, toPolicy), NextCursor: optional(page.Next)}, nil
}

func (s *server) DraftPolicy(ctx context.Context, r DraftPolicyRequestObject) (DraftPolicyResponseObject, error) {
	ctx, actor := caller(ctx)
	p, err := s.Desk.DraftPolicy(ctx, actor, r.Body.Source)
	if err != nil {
		return nil, err
	}
	return DraftPolicy201JSONResponse{
		Body:    toPolicy(p),
		Headers: DraftPolicy201ResponseHeaders{Location: "/v1/policies/" + p.Version},
	}, nil
}

func (s *server) CheckPolicy(ctx context.Context, r CheckPolicyRequestObject) (CheckPolicyResponseObject, error) {
	ctx, actor := caller(ctx)
	digest, err := s.Desk.CheckPolicy(ctx, actor, r.Body.Source)
	if err != nil {
		return nil, err
	}
	return CheckPolicy200JSONResponse{Digest: digest}, nil
}

func (s *server) GetPolicy(ctx context.Context, r GetPolicyRequestObject) (GetPolicyResponseObject, error) {
	ctx, actor := caller(ctx)
	p, err := s.Desk.Policy(ctx, actor, r.Version)
	if err != nil {
		return nil, err
	}
	return GetPolicy200JSONResponse(toPolicy(p)), nil
}

func (s *server) PublishPolicy(ctx context.Context, r PublishPolicyRequestObject) (PublishPolicyResponseObject, error) {
	ctx, actor := caller(ctx)
	p, err := s.Desk.PublishPolicy(ctx, actor, r.Version)
	if err != nil {
		return nil, err
	}
	return PublishPolicy200JSONResponse(toPolicy(p)), nil
}

func (s *server) BacktestPolicy(ctx context.Context, r BacktestPolicyRequestObject) (BacktestPolicyResponseObject, error) {
	ctx, actor := caller(ctx)
	report, err := s.Desk.Backtest(ctx, actor, r.Version)
	if err != nil {
		return nil, err
	}
	return BacktestPolicy200JSONResponse(toReport(report)), nil
}

func (s *server) DiffPolicy(ctx context.Context, r DiffPolicyRequestObject) (DiffPolicyResponseObject, error) {
	ctx, actor := caller(ctx)
	diff, err := s.Desk.DiffPolicy(ctx, actor, r.Version, given(r.Params.Against, ""))
	if err != nil {
		return nil, err
	}
	rules := mapped(diff.Rules, func(d policy.RuleDiff) PolicyRuleDiff {
		return PolicyRuleDiff{ID: d.ID, Change: PolicyRuleDiffChange(d.Change), Fields: mapped(d.Fields, toFieldDiff)}
	})
	return DiffPolicy200JSONResponse{From: diff.From, To: diff.To, Rules: rules, Settings: mapped(diff.Settings, toFieldDiff)}, nil
}

func toPolicy(p desk.PolicyVersion) Policy {
	return Policy{
		Version:     p.Version,
		State:       PolicyState(p.State),
		Source:      p.Source,
		Digest:      p.Digest,
		CreatedBy:   p.CreatedBy,
		CreatedAt:   p.CreatedAt.UTC(),
		PublishedBy: optional(p.PublishedBy),
		PublishedAt: utc(p.PublishedAt),
	}
}

func toFieldDiff(d policy.FieldDiff) PolicyFieldDiff {
	return PolicyFieldDiff{Field: d.Field, From: d.From, To: d.To}
}

func toReport(r policy.Report) BacktestReport {
	return BacktestReport{
		Version: r.Version,
		Digest:  r.Digest,
		Cases:   r.Cases,
		Changed: r.Changed,
		Changes: mapped(r.Changes, func(c policy.Change) BacktestChange {
			return BacktestChange{
				From: Verdict(c.From), To: Verdict(c.To),
				Count: c.Count, Money: mapped(c.Money, toMoney), Refunds: mapped(c.Refunds, asIs),
				Approved: c.Approved, Rejected: c.Rejected,
			}
		}),
		KnownBad:  r.KnownBad,
		KnownGood: r.KnownGood,
		Missed:    toGroup(r.Missed),
		Disturbed: toGroup(r.Disturbed),
	}
}

func toGroup(g policy.Group) BacktestGroup {
	return BacktestGroup{Count: g.Count, Money: mapped(g.Money, toMoney), Refunds: mapped(g.Refunds, asIs)}
}
