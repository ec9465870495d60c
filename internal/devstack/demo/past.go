package demo

import (
	"context"
	"time"

	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/importer"
	"refunddesk/internal/money"
	"refunddesk/internal/notify"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/internal/store"
)

// Records is what the demo needs of the store, beside what the desk does for it.
type Records interface {
	importer.Target
	File(ctx context.Context, by identity.Actor, f desk.Filing) (desk.Filed, error)
	Refunds(ctx context.Context, f desk.RefundFilter) (desk.Page[refund.Refund], error)
	Facts(ctx context.Context, refundID string) (policy.Facts, string, error)
	Screen(ctx context.Context, op refund.Op, facts policy.Facts, plan policy.Plan) (refund.Step, error)
	Park(ctx context.Context, op refund.Op, reasonCode string) (refund.Step, error)
	Credit(ctx context.Context, op refund.Op) (refund.Step, error)
	Withdraw(ctx context.Context, op refund.Op, by identity.Actor) (refund.Step, error)
	RecordDecision(ctx context.Context, op refund.Op, d review.Decision, messageNoteID string) (refund.Step, error)
	MarkNotice(ctx context.Context, id string, state notify.State) error
	Tickets(ctx context.Context, f desk.TicketFilter) (desk.Page[desk.CaseView], error)
	PolicyVersion(ctx context.Context, version string) (desk.PolicyVersion, error)
	PolicySource(ctx context.Context, version string) (string, error)
}

// A Timepiece is the clock of the records that Prepare writes: it stands wherever it is put.
type Timepiece struct{ at time.Time }

// Now is for store.Options.
func (t *Timepiece) Now() time.Time {
	if t.at.IsZero() {
		return time.Now()
	}
	return t.at
}

// Prepare makes the weeks before the program started, the customers of the demo's cases, and
// those cases whose clocks have been running for a while. It has to be done before the engine's worker starts: it leaves the
// records as a program does that took requests, screened them and was then killed for some
// working days, so that reminders and escalation are what the workflows make of it. Only the
// audit log, whose clock is the database's own, tells when it was really written.
//
// records work by the clock. Doing it again changes nothing. Errors are the store's.
func Prepare(ctx context.Context, records Records, clock *Timepiece) error {
	defer func() { clock.at = time.Time{} }()
	if done, err := isDone(ctx, records); done || err != nil {
		return err
	}
	now := time.Now().UTC().Truncate(time.Second)
	inForce, err := records.PolicyVersion(ctx, "")
	if err != nil {
		return err
	}
	judge, err := policy.NewShelf(records.PolicySource).Policy(ctx, inForce.Version)
	if err != nil {
		return err
	}
	if err := writeWeeks(ctx, records, clock, judge, now); err != nil {
		return err
	}
	clock.at = time.Time{}
	sla := judge.SLA(review.QueueReview)
	asked := func(s situation) time.Time { return s.asked(sla, now) }
	if err := importCustomers(ctx, records, asked); err != nil {
		return err
	}
	for _, s := range situations {
		if !s.earlier() {
			continue
		}
		clock.at = asked(s)
		if err := judged(ctx, records, s, judge); err != nil {
			return err
		}
	}
	return nil
}

// isDone reports whether the last of the demo's refunds is there.
func isDone(ctx context.Context, records Records) (bool, error) {
	last := situations[len(situations)-1]
	page, err := records.Refunds(ctx, desk.RefundFilter{AccountID: last.accountID(), Paging: desk.Paging{Limit: 1}})
	return len(page.Items) > 0, err
}

// furthestBack is how far back a case is put at most: somebody else's policy may promise
// decisions in no time that a demo can have waited.
const furthestBack = 60 * 24 * time.Hour

// before is the last full quarter of an hour from which on the desk has worked for the
// percentage of its time to decide.
func before(sla review.SLA, now time.Time, percent int) time.Time {
	worked := sla.Decision * time.Duration(percent) / 100
	at := now.Truncate(15 * time.Minute)
	for sla.Calendar.Between(at, now) < worked && now.Sub(at) < furthestBack {
		at = at.Add(-15 * time.Minute)
	}
	return at
}

// usage is what was used an hour before the refund is asked for.
func (s situation) usage(p refund.Package) desk.UsageRecord {
	return desk.UsageRecord{
		ID: "use_case_" + s.name, PackageID: p.ID, Cost: s.burst * money.Scale, Currency: p.Currency,
		OccurredAt: p.PurchasedAt.Add(s.bought - time.Hour),
	}
}

// importCustomers writes what is not there yet.
func importCustomers(ctx context.Context, records Records, asked func(situation) time.Time) error {
	var accountIDs, packageIDs []string
	for _, s := range situations {
		accountIDs, packageIDs = append(accountIDs, s.accountID()), append(packageIDs, s.packageID())
	}
	known, err := records.KnownAccounts(ctx, accountIDs)
	if err != nil {
		return err
	}
	sold, err := records.KnownPackages(ctx, packageIDs)
	if err != nil {
		return err
	}
	var accounts []refund.Account
	var packages []refund.Package
	var usage []desk.UsageRecord
	for _, s := range situations {
		at := asked(s)
		if !known[s.accountID()] {
			accounts = append(accounts, s.account(at))
		}
		p := s.purchase(at)
		if first, there := sold[p.ID]; there {
			p.PurchasedAt = first.PurchasedAt
		} else {
			packages = append(packages, p)
		}
		if s.burst > 0 {
			usage = append(usage, s.usage(p))
		}
	}
	silent := func(int) {}
	if _, err := records.ImportAccounts(ctx, accounts, silent); err != nil {
		return err
	}
	if _, err := records.ImportPackages(ctx, packages, silent); err != nil {
		return err
	}
	_, err = records.ImportUsage(ctx, usage, silent)
	return err
}

// judged files the refund and has it screened, as the program would have then. The workflow
// finds the result of its own first step when it starts.
func judged(ctx context.Context, records Records, s situation, judge *policy.Policy) error {
	filed, err := records.File(ctx, s.owner(), s.filing())
	if err != nil || filed.Refund.State != refund.Submitted {
		return err
	}
	facts, _, err := records.Facts(ctx, filed.Refund.ID)
	if err != nil {
		return err
	}
	step, err := records.Screen(ctx, refund.Op{RefundID: filed.Refund.ID, Verb: refund.VerbScreen, Turn: 1}, facts, judge.Evaluate(facts))
	if err != nil || step.State != refund.Crediting {
		return err
	}
	// As if the database had refused to post the money: the step after the one that failed.
	_, err = records.Park(ctx, refund.Op{RefundID: filed.Refund.ID, Verb: refund.VerbPark, Turn: 3}, store.CodeRefused)
	return err
}
