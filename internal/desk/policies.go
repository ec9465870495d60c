package desk

import (
	"context"
	"time"

	"refunddesk/internal/audit"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/policy"
)

// ErrBacktestRunning refuses a second backtest beside one that runs: it would take the
// processors from those who wait for their refunds.
var ErrBacktestRunning = fault.New(fault.TooMany, "backtest-running", "A backtest is running; try again when it is done.").After(15 * time.Second)

// Policies lists the versions of the policy, newest first. For admins and auditors.
func (d *Desk) Policies(ctx context.Context, actor identity.Actor, p Paging) (Page[PolicyVersion], error) {
	if err := need(actor, identity.Admin, identity.Auditor); err != nil {
		return Page[PolicyVersion]{}, err
	}
	return d.records.Policies(ctx, p)
}

// PolicyVersions lists the versions of the policy without their sources, newest first. For
// admins and auditors.
func (d *Desk) PolicyVersions(ctx context.Context, actor identity.Actor, p Paging) (Page[PolicyVersion], error) {
	if err := need(actor, identity.Admin, identity.Auditor); err != nil {
		return Page[PolicyVersion]{}, err
	}
	return d.records.PolicyVersions(ctx, p)
}

// PolicyInForce reads the version in force. For admins and auditors.
func (d *Desk) PolicyInForce(ctx context.Context, actor identity.Actor) (PolicyVersion, error) {
	if err := need(actor, identity.Admin, identity.Auditor); err != nil {
		return PolicyVersion{}, err
	}
	return d.records.PolicyVersion(ctx, "")
}

// Policy reads a version. For admins and auditors.
func (d *Desk) Policy(ctx context.Context, actor identity.Actor, version string) (PolicyVersion, error) {
	if err := need(actor, identity.Admin, identity.Auditor); err != nil {
		return PolicyVersion{}, err
	}
	return d.policyVersion(ctx, version)
}

func (d *Desk) policyVersion(ctx context.Context, version string) (PolicyVersion, error) {
	if version == "" { // to the records, the one in force
		return PolicyVersion{}, Missing(audit.ObjectPolicy, version)
	}
	return d.records.PolicyVersion(ctx, version)
}

// CheckPolicy compiles a policy and gives its digest; nothing is kept. For admins and
// auditors. Errors: invalid-policy, with lines and columns: who may ask and hears that was
// refused nothing.
func (d *Desk) CheckPolicy(ctx context.Context, actor identity.Actor, source string) (string, error) {
	if err := need(actor, identity.Admin, identity.Auditor); err != nil {
		return "", d.refused(ctx, actor, audit.PolicyRefused, audit.ObjectPolicy, audit.NewID, err)
	}
	p, err := policy.Parse("", []byte(source))
	if err != nil {
		return "", err
	}
	return p.Digest(), nil
}

// DraftPolicy keeps a policy that compiles as a new version. For admins. Errors: invalid-policy.
func (d *Desk) DraftPolicy(ctx context.Context, actor identity.Actor, source string) (PolicyVersion, error) {
	v, err := d.draftPolicy(ctx, actor, source)
	if err != nil {
		return PolicyVersion{}, d.refused(ctx, actor, audit.PolicyRefused, audit.ObjectPolicy, audit.NewID, err)
	}
	return v, nil
}

func (d *Desk) draftPolicy(ctx context.Context, actor identity.Actor, source string) (PolicyVersion, error) {
	if err := needWriter(actor, identity.Admin); err != nil {
		return PolicyVersion{}, err
	}
	p, err := policy.Parse("", []byte(source))
	if err != nil {
		return PolicyVersion{}, err
	}
	return d.records.DraftPolicy(ctx, actor, source, p.Digest())
}

// PublishPolicy puts a version in force; an earlier one, too: that rolls back. It compiles
// what it publishes first. For admins. Errors: not-found, invalid-policy.
func (d *Desk) PublishPolicy(ctx context.Context, actor identity.Actor, version string) (PolicyVersion, error) {
	return d.ReplacePolicy(ctx, actor, version, "")
}

// ErrPolicyChanged refuses to replace a version that is in force no more.
var ErrPolicyChanged = fault.New(fault.Conflict, "policy-changed", "Another version was put in force meanwhile; look again at what would change.")

// ReplacePolicy is PublishPolicy in place of the version that somebody compared with, "" for
// whichever is in force. Errors beside its own: ErrPolicyChanged.
func (d *Desk) ReplacePolicy(ctx context.Context, actor identity.Actor, version, over string) (PolicyVersion, error) {
	v, err := d.publishPolicy(ctx, actor, version, over)
	if err != nil {
		return PolicyVersion{}, d.refused(ctx, actor, audit.PolicyRefused, audit.ObjectPolicy, version, err)
	}
	return v, nil
}

func (d *Desk) publishPolicy(ctx context.Context, actor identity.Actor, version, over string) (PolicyVersion, error) {
	if err := needWriter(actor, identity.Admin); err != nil {
		return PolicyVersion{}, err
	}
	if _, err := d.compiled(ctx, version); err != nil {
		return PolicyVersion{}, err
	}
	return d.records.PublishPolicy(ctx, actor, version, over)
}

// compiled compiles a version from its source, not from what was compiled before: a version
// is worth publishing as it is written.
func (d *Desk) compiled(ctx context.Context, version string) (*policy.Policy, error) {
	v, err := d.policyVersion(ctx, version)
	if err != nil {
		return nil, err
	}
	return policy.Parse(v.Version, []byte(v.Source))
}

// DiffPolicy says what differs from one version to another; against may be empty for the
// one in force. For admins and auditors. Errors: not-found, invalid-policy.
func (d *Desk) DiffPolicy(ctx context.Context, actor identity.Actor, version, against string) (policy.Diff, error) {
	if err := need(actor, identity.Admin, identity.Auditor); err != nil {
		return policy.Diff{}, err
	}
	to, err := d.compiled(ctx, version)
	if err != nil {
		return policy.Diff{}, err
	}
	if against == "" {
		inForce, err := d.records.PolicyVersion(ctx, "")
		if err != nil {
			return policy.Diff{}, err
		}
		against = inForce.Version
	}
	from, err := d.compiled(ctx, against)
	if err != nil {
		return policy.Diff{}, err
	}
	return policy.DiffOf(from, to), nil
}

// MostBacktested is how many of the newest screenings a backtest replays.
const MostBacktested = 100_000

// Backtest replays a version over the newest recorded screenings, one backtest at a time in
// this process, and notes that it was done. For admins. Errors: not-found, invalid-policy,
// backtest-running.
func (d *Desk) Backtest(ctx context.Context, actor identity.Actor, version string) (policy.Report, error) {
	report, err := d.backtest(ctx, actor, version)
	if err != nil {
		return policy.Report{}, d.refused(ctx, actor, audit.PolicyRefused, audit.ObjectPolicy, version, err)
	}
	err = d.records.Note(ctx, audit.Entry{
		Actor: actor.Subject, Role: actor.MainRole(), Action: audit.PolicyBacktested, Object: audit.ObjectPolicy, ObjectID: version,
		PolicyVersion: version, DecisionDigest: report.Digest, RequestID: audit.RequestOf(ctx),
	})
	return report, err
}

func (d *Desk) backtest(ctx context.Context, actor identity.Actor, version string) (policy.Report, error) {
	if err := needWriter(actor, identity.Admin); err != nil {
		return policy.Report{}, err
	}
	p, err := d.compiled(ctx, version)
	if err != nil {
		return policy.Report{}, err
	}
	if !d.backtesting.TryLock() {
		return policy.Report{}, ErrBacktestRunning
	}
	defer d.backtesting.Unlock()
	test := policy.NewBacktest(p)
	err = d.records.Screenings(ctx, MostBacktested, func(int) {}, func(c policy.Case) error {
		test.Add(c)
		return ctx.Err() // nobody waits for it any more
	})
	if err != nil {
		return policy.Report{}, err
	}
	return test.Report(), nil
}
