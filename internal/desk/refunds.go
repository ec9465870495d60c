package desk

import (
	"context"
	"strconv"
	"time"

	"refunddesk/internal/audit"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// File files a request and waits up to wait until the refund is final or somebody has to
// act; with 0 it returns once the filing is committed. The workflow starts by itself, also
// when the engine is away now.
func (d *Desk) File(ctx context.Context, actor identity.Actor, f Filing, wait time.Duration) (RefundView, error) {
	filed, err := d.file(ctx, actor, f)
	if err != nil {
		return RefundView{}, d.refused(ctx, actor, audit.FilingRefused, audit.ObjectPackage, f.PackageID, err)
	}
	return d.follow(ctx, actor, filed, wait)
}

func (d *Desk) file(ctx context.Context, actor identity.Actor, f Filing) (Filed, error) {
	if err := needAccount(actor); err != nil {
		return Filed{}, err
	}
	if !f.ReasonCode.Known() {
		return Filed{}, fault.InvalidField("reason_code", "is not one of the reasons")
	}
	if err := checkText("note", f.Note); err != nil {
		return Filed{}, err
	}
	f.AppealOf = "" // that is Appeal's
	return d.records.File(ctx, actor, f)
}

// follow has the workflow of what was filed started and waits up to wait until the refund
// is final or somebody has to act.
func (d *Desk) follow(ctx context.Context, actor identity.Actor, filed Filed, wait time.Duration) (RefundView, error) {
	id := filed.Refund.ID
	// Before the workflow starts, or its quick end goes unseen.
	changes, stop := d.watch.Changes(id)
	defer stop()
	if !filed.Replayed {
		d.engine.Hear(Intent{ID: id + "/start", Kind: IntentStart, RefundID: id, Start: &StartInput{
			AccountID: filed.Refund.AccountID, PackageID: filed.Refund.PackageID, RequestedBy: filed.Refund.RequestedBy,
		}})
	}
	if wait == 0 && !filed.Replayed {
		return showRefund(actor, RefundView{Refund: filed.Refund}), nil
	}
	if err := d.await(ctx, id, filed.Refund.State, wait, changes); err != nil {
		return RefundView{}, err
	}
	return d.view(ctx, actor, id)
}

// pollEvery is how often a waiting call reads the record when it hears nothing: another
// process may have changed it.
const pollEvery = 250 * time.Millisecond

// await returns once the refund is final or waits for somebody, or the time is up. Waiting
// is for the record, never for the workflow's result.
func (d *Desk) await(ctx context.Context, id string, state refund.State, wait time.Duration, changes <-chan refund.State) error {
	deadline := time.NewTimer(wait)
	defer deadline.Stop()
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for !state.Final() && !state.Waits() {
		select {
		case <-ctx.Done():
			return nil // the caller went away; what was filed is filed
		case <-deadline.C:
			return nil
		case state = <-changes:
		case <-poll.C:
			r, err := d.records.Refund(ctx, id)
			if err != nil {
				return err
			}
			state = r.State
		}
	}
	return nil
}

func (d *Desk) view(ctx context.Context, actor identity.Actor, id string) (RefundView, error) {
	r, err := d.records.Refund(ctx, id)
	if err != nil {
		return RefundView{}, err
	}
	return d.viewOf(ctx, actor, r)
}

// viewOf reads what belongs to the refund and gives it as the actor may see it.
func (d *Desk) viewOf(ctx context.Context, actor identity.Actor, r refund.Refund) (RefundView, error) {
	moves, err := d.records.Moves(ctx, r.ID)
	if err != nil {
		return RefundView{}, err
	}
	v := RefundView{Refund: r, Entries: moves}
	if r.Verdict == string(policy.Review) || r.State == refund.NeedsAttention || r.Outcome != "" {
		if v.Decisions, err = d.records.Decisions(ctx, r.ID); err != nil {
			return RefundView{}, err
		}
	}
	if err := d.explain(ctx, actor, &v); err != nil {
		return RefundView{}, err
	}
	if err := d.findCase(ctx, &v); err != nil {
		return RefundView{}, err
	}
	return showRefund(actor, v), nil
}

// explain adds why screening said what it said: the rules for staff, and what their
// customer may be told of it.
func (d *Desk) explain(ctx context.Context, actor identity.Actor, v *RefundView) error {
	told := v.explained()
	if v.Verdict == "" || !told && !seesInside(actor, v.AccountID) {
		return nil
	}
	s, err := d.screeningOf(ctx, v.ID)
	if err != nil || s == nil {
		return err
	}
	v.Matches = s.Matches
	if !told {
		return nil
	}
	if v.Told = heaviestTold(s.Matches); v.Told == nil {
		return nil
	}
	account, err := d.records.Account(ctx, v.AccountID)
	v.Locale = account.Locale
	return err
}

// findCase adds the ticket that people and customer talk on, and until when he can answer.
func (d *Desk) findCase(ctx context.Context, v *RefundView) error {
	if v.State != refund.InReview && v.State != refund.AwaitingCustomer {
		return nil
	}
	open, err := d.records.Tickets(ctx, TicketFilter{RefundID: v.ID, Kind: review.KindRefund, State: review.Open, Paging: Paging{Limit: 1}})
	if err == nil && len(open.Items) > 0 {
		v.TicketID, v.AnswerBy = open.Items[0].Ticket.ID, open.Items[0].Ticket.AnswerBy
	}
	return err
}

// Refund reads a refund with what happened to it.
func (d *Desk) Refund(ctx context.Context, actor identity.Actor, id string) (RefundView, error) {
	r, err := d.refundFor(ctx, actor, id)
	if err != nil {
		return RefundView{}, err
	}
	return d.viewOf(ctx, actor, r)
}

// Refunds lists refunds, newest first.
func (d *Desk) Refunds(ctx context.Context, actor identity.Actor, f RefundFilter) (Page[refund.Refund], error) {
	var err error
	if f.AccountID, err = ownList(actor, f.AccountID); err != nil {
		return Page[refund.Refund]{}, err
	}
	if f.State != "" && !f.State.Known() {
		return Page[refund.Refund]{}, fault.InvalidField("state", "is not a state of a refund")
	}
	page, err := d.records.Refunds(ctx, f)
	return showRefunds(actor, page), err
}

// Withdraw takes a request back for its customer. A request that is withdrawn already
// stays so. Errors: too-late; Unavailable when the engine is away, with nothing recorded.
func (d *Desk) Withdraw(ctx context.Context, actor identity.Actor, id string) (RefundView, error) {
	if err := d.withdraw(ctx, actor, id); err != nil {
		return RefundView{}, d.refused(ctx, actor, audit.WithdrawRefused, audit.ObjectRefund, id, err)
	}
	return d.view(ctx, actor, id)
}

func (d *Desk) withdraw(ctx context.Context, actor identity.Actor, id string) error {
	r, err := d.ownRefund(ctx, actor, id)
	switch {
	case err != nil:
		return err
	case r.State == refund.Withdrawn:
		return nil
	case !r.State.Withdrawable():
		return refund.ErrTooLate
	}
	_, err = d.engine.Withdraw(ctx, WithdrawCommand{RefundID: r.ID, By: actor, NotAfter: d.now().Add(commandPatience)})
	if fault.CodeOf(err) == CodeClosed {
		return d.afterClosed(ctx, r.ID, refund.Withdrawn, refund.ErrTooLate)
	}
	return err
}

// CodeClosed is the engine's answer for a workflow that has ended: the records answer instead.
const CodeClosed = "refund-closed"

// afterClosed returns nil when the refund ended as wanted, else the refusal.
func (d *Desk) afterClosed(ctx context.Context, id string, want refund.State, refusal error) error {
	r, err := d.records.Refund(ctx, id)
	if err != nil {
		return err
	}
	if r.State == want {
		return nil
	}
	return refusal
}

// ErrNotRetryable refuses a retry of what does not need attention.
var ErrNotRetryable = fault.New(fault.Conflict, "not-retryable", "Only a refund that needs attention can be retried.")

// Retry tries again to credit what was approved. Errors: not-retryable.
func (d *Desk) Retry(ctx context.Context, actor identity.Actor, id, reason string) (RefundView, error) {
	if err := d.retry(ctx, actor, id, reason); err != nil {
		return RefundView{}, d.refused(ctx, actor, audit.RetryRefused, audit.ObjectRefund, id, err)
	}
	return d.view(ctx, actor, id)
}

func (d *Desk) retry(ctx context.Context, actor identity.Actor, id, reason string) error {
	if err := needWriter(actor, identity.Admin); err != nil {
		return err
	}
	r, err := d.refundFor(ctx, actor, id)
	if err != nil {
		return err
	}
	if err := notHisOwn(actor, r.AccountID); err != nil {
		return err
	}
	if r.State != refund.NeedsAttention {
		return ErrNotRetryable
	}
	if err := needText("reason", reason); err != nil {
		return err
	}
	if err := d.engine.Ready(ctx); err != nil { // before the reason is kept
		return err
	}
	noteID := noteIDOf("retry", r.ID, strconv.FormatInt(r.Version, 10), actor.Subject, reason)
	if err := d.records.KeepNote(ctx, noteID, actor, r.ID, reason); err != nil {
		return err
	}
	_, err = d.engine.Retry(ctx, RetryCommand{RefundID: r.ID, By: actor, NoteID: noteID, NotAfter: d.now().Add(commandPatience)})
	if fault.CodeOf(err) == CodeClosed {
		return ErrNotRetryable
	}
	return err
}

// History gives the audit entries of a refund and the events of its workflow in one order.
// An engine that is away, or has forgotten the workflow, is said and not an error.
func (d *Desk) History(ctx context.Context, actor identity.Actor, refundID string) (HistoryView, error) {
	if err := need(actor, identity.Auditor); err != nil {
		return HistoryView{}, err
	}
	r, err := d.refundFor(ctx, actor, refundID)
	if err != nil {
		return HistoryView{}, err
	}
	entries, err := d.records.Entries(ctx, refundID)
	if err != nil {
		return HistoryView{}, err
	}
	events, engineErr := d.engine.History(ctx, r.WorkflowID)
	if engineErr != nil {
		d.log.WarnContext(ctx, "the workflow's events cannot be read", "refund", refundID, "error", fault.CodeOf(engineErr))
	}
	return NewHistory(refundID, entries, events, engineErr == nil), nil
}
