// Package activities does the steps of a refund: one verb each, called by the workflow,
// carried out by the store in one transaction, safe to repeat under the same operation id.
package activities

import (
	"context"

	"refunddesk/internal/identity"
	"refunddesk/internal/notify"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// Refunds is what the activities need of the records. Every method is one transaction
// that also writes its audit entry and is idempotent under op.ID(): a repeat returns the
// first result. A business "no" is a Step with Refused set, never an error. Errors are
// fault Unavailable (the database is away: try again) or fault Internal (the database
// refused, or a defect: somebody has to look).
type Refunds interface {
	// Facts reads what the policy judges on.
	Facts(ctx context.Context, refundID string) (policy.Facts, error)
	// Screen carries out the plan: submitted or screening → crediting, in_review (opens
	// a ticket), rejected, or on_hold when standing or dispute stand in the way.
	Screen(ctx context.Context, op refund.Op, plan policy.Plan) (refund.Step, error)
	// Reassess looks at standing and dispute again: an open refund goes on hold, is
	// released to where it was, is rejected, or stays.
	Reassess(ctx context.Context, op refund.Op) (refund.Step, error)
	// RecordDecision writes the vote and, when the votes decide, moves the refund.
	RecordDecision(ctx context.Context, op refund.Op, d review.Decision) (refund.Step, error)
	// Withdraw takes the request back for its customer; Refused "too-late" once crediting began.
	Withdraw(ctx context.Context, op refund.Op, by identity.Actor) (refund.Step, error)
	// Credit re-checks everything and posts the money: credited, or on_hold, rejected, needs_attention.
	Credit(ctx context.Context, op refund.Op) (refund.Step, error)
	// Park moves a refund that crediting failed for to needs_attention and opens a ticket.
	Park(ctx context.Context, op refund.Op, reasonCode string) (refund.Step, error)
	// Retry moves needs_attention → crediting for an admin.
	Retry(ctx context.Context, op refund.Op, by identity.Actor, noteID string) (refund.Step, error)
}

// Notices is what the activities need of the notices committed with changes of state.
type Notices interface {
	Notice(ctx context.Context, id string) (notify.Notice, error)
	MarkNotice(ctx context.Context, id string, state notify.State) error
}

// Mailer tells a customer. It returns an error when the mail server did not take the
// message; the same notice again has the same Message-ID.
type Mailer interface {
	Send(ctx context.Context, n notify.Notice) error
}

// Policy judges facts.
type Policy interface {
	Evaluate(policy.Facts) policy.Plan
}

// Sweeper delivers engine intents that the fast path left behind.
type Sweeper interface {
	Sweep(ctx context.Context) (delivered int, err error)
}
