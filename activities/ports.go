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
	// Facts reads what the policy judges on, and the version of the policy in force. A
	// source of facts that fails makes them unknown; only a refund that cannot be read at
	// all is an error.
	Facts(ctx context.Context, refundID string) (facts policy.Facts, policyVersion string, err error)
	// Screen carries out the plan: submitted or screening → crediting, in_review (opens
	// a ticket), rejected, or on_hold when standing or dispute stand in the way. It keeps the
	// facts with the verdict.
	Screen(ctx context.Context, op refund.Op, facts policy.Facts, plan policy.Plan) (refund.Step, error)
	// Reassess looks at all that may have changed while a refund waits: standing, dispute,
	// pause, an answer of the customer, the clock (reminders, escalation, an answer that did
	// not come, a pause that expired). The refund goes on hold, is released to where it was,
	// goes back to review, is rejected, or stays. Step.Notices are all that are not delivered.
	Reassess(ctx context.Context, op refund.Op) (refund.Step, error)
	// RequestInformation asks the customer what the note says: in_review → awaiting_customer.
	RequestInformation(ctx context.Context, op refund.Op, ask review.Asking) (refund.Step, error)
	// RecordDecision writes the vote and, when the votes decide, moves the refund.
	// messageNoteID is a note with words to the customer, or empty.
	RecordDecision(ctx context.Context, op refund.Op, d review.Decision, messageNoteID string) (refund.Step, error)
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

// Questions is what the activities need of the records for tickets without a flagged refund.
type Questions interface {
	// TickQuestion looks at a question's clock: reminders, escalation. A repeat of a turn
	// returns what there is now.
	TickQuestion(ctx context.Context, ticketID string) (review.QuestionStep, error)
}

// Policies gives policies that were published, ready to be evaluated. It never fails for
// good: a policy that cannot be evaluated is one that has everything reviewed.
type Policies interface {
	Policy(ctx context.Context, version string) (*policy.Policy, error)
}

// Sweeper delivers engine intents that the fast path left behind.
type Sweeper interface {
	Sweep(ctx context.Context) (delivered int, err error)
}
