package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"refunddesk/internal/refund"
)

// The search attributes of Refund; Question has AttrTicketQueue and AttrDueAt. AttrAccountID, AttrPackageID and AttrRefundState are
// given when a workflow is started; the workflow sets the others, and the state again,
// when they change.
var (
	AttrRefundState = temporal.NewSearchAttributeKeyKeyword("RefundState")
	AttrAccountID   = temporal.NewSearchAttributeKeyKeyword("AccountId")
	AttrPackageID   = temporal.NewSearchAttributeKeyKeyword("PackageId")
	AttrTicketQueue = temporal.NewSearchAttributeKeyKeyword("TicketQueue")
	AttrDueAt       = temporal.NewSearchAttributeKeyTime("DueAt")
	AttrVerdict     = temporal.NewSearchAttributeKeyKeyword("Verdict")
)

// StartAttributes are the search attributes that a new workflow is started with.
func StartAttributes(in RefundInput) temporal.SearchAttributes {
	return temporal.NewSearchAttributes(
		AttrRefundState.ValueSet(string(refund.Submitted)),
		AttrAccountID.ValueSet(in.AccountID),
		AttrPackageID.ValueSet(in.PackageID),
	)
}

// attributes are the values that the engine's visibility shows for a run.
type attributes struct {
	state   refund.State
	verdict string
	queue   string
	dueAt   time.Time
}

// publish brings the search attributes up to date. It is called before anything that can
// take long, not after every step: a clean refund, over in one task, costs one upsert.
func (r *process) publish(ctx workflow.Context) {
	now := attributes{state: r.state, verdict: r.verdict}
	if r.state.Waits() {
		now.queue, now.dueAt = r.queue, r.dueAt
	}
	r.published.become(ctx, now)
}

// become has the engine's visibility show the values of now where they differ.
func (a *attributes) become(ctx workflow.Context, now attributes) {
	var changed []temporal.SearchAttributeUpdate
	if now.state != a.state {
		changed = append(changed, AttrRefundState.ValueSet(string(now.state)))
	}
	if now.verdict != a.verdict {
		changed = append(changed, AttrVerdict.ValueSet(now.verdict))
	}
	switch now.queue {
	case a.queue:
	case "":
		changed = append(changed, AttrTicketQueue.ValueUnset())
	default:
		changed = append(changed, AttrTicketQueue.ValueSet(now.queue))
	}
	switch {
	case now.dueAt.Equal(a.dueAt):
	case now.dueAt.IsZero():
		changed = append(changed, AttrDueAt.ValueUnset())
	default:
		changed = append(changed, AttrDueAt.ValueSet(now.dueAt))
	}
	if len(changed) == 0 {
		return
	}
	if err := workflow.UpsertTypedSearchAttributes(ctx, changed...); err != nil {
		workflow.GetLogger(ctx).Warn("Search attributes were not set.", "error", err)
		return
	}
	*a = now
}
