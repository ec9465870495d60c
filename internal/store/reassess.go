package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/notify"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// Reassess implements activities.Refunds. It follows from what is: whatever changed, and in
// whatever order it was heard of, the refund ends where the records say it belongs.
func (s *Store) Reassess(ctx context.Context, op refund.Op) (refund.Step, error) {
	step, _, err := s.stepPast(ctx, s.heedPauses, op, identity.Desk, reassessable, func(t *turn) error {
		if err := t.heedObstacles(); err != nil {
			return err
		}
		if err := t.heedAnswer(); err != nil {
			return err
		}
		t.heedClock()
		return t.repeatNotices()
	})
	return step, err
}

// reassessable: who waits for somebody, and who waits for the drain window to close.
func reassessable(s refund.State) bool { return s.Waits() || s == refund.Crediting }

// heedObstacles rejects, holds or releases for standing, dispute and pause.
func (t *turn) heedObstacles() error {
	obstacle := t.obstacle()
	switch {
	case obstacle.Reject != "":
		return t.reject(obstacle.Reject)
	case t.state() == refund.OnHold && obstacle.Clear():
		return t.release()
	case t.state() == refund.OnHold && joinList(obstacle.Causes) != t.row.HoldCauses:
		t.row.HoldCauses = joinList(obstacle.Causes)
		t.change(audit.Held, t.row.HoldCauses, refund.OnHold)
	case t.state().CanBecome(refund.OnHold) && !obstacle.Clear():
		return t.hold(obstacle.Causes)
	}
	return nil
}

// obstacle is what stands in the refund's way. A pause stops only what is to be credited.
func (t *turn) obstacle() refund.Obstacle {
	o := refund.Obstacles(t.standing, t.pkg.Dispute)
	if t.paused != nil && t.paused.After(t.now) && t.toBeCredited() {
		return o.Paused()
	}
	return o
}

func (t *turn) toBeCredited() bool {
	return t.state() == refund.Crediting || (t.state() == refund.OnHold && t.row.HeldFrom == string(refund.Crediting))
}

// heedAnswer takes a refund whose customer answered back to review, rejects one whose
// customer did not answer in time, and reminds him once before that.
func (t *turn) heedAnswer() error {
	switch {
	case t.state() != refund.AwaitingCustomer || t.ticket == nil:
		return nil
	case t.ticket.AskedAt == nil: // the record of it is lost: he is asked again, if need be
		return t.goOn()
	}
	remindAt := t.ticket.remindAt()
	switch {
	case t.ticket.AnsweredAt != nil: // Say wrote it down under the ticket's lock
		return t.goOn()
	case !t.now.Before(*t.ticket.AnswerBy):
		return t.reject(refund.OutcomeUnanswered)
	case !remindAt.IsZero() && !t.now.Before(remindAt):
		return t.remind()
	}
	return nil
}

// goOn ends the wait for the customer.
func (t *turn) goOn() error {
	var asked time.Duration
	if t.ticket.AskedAt != nil {
		asked = t.now.Sub(*t.ticket.AskedAt)
	}
	t.resumeClock(asked)
	t.ticket.AskedAt, t.ticket.AnswerBy, t.ticket.AnswerReminded, t.ticket.AnsweredAt = nil, nil, false, nil
	return t.become(refund.InReview, audit.CustomerReplied, "")
}

// remind has the customer told once more of what he was asked.
func (t *turn) remind() error {
	var asked []string
	err := t.tx.reads.Raw("SELECT message_id FROM notices WHERE ticket_id = ? AND event = ? ORDER BY created_at DESC, id DESC LIMIT 1",
		t.ticket.ID, string(notify.Asked)).Scan(&asked).Error
	if err != nil {
		return err
	}
	t.ticket.AnswerReminded = true
	t.entries = append(t.entries, t.ticketEntry(audit.CustomerReminded))
	for _, id := range asked {
		t.words = append(t.words, wording{id, notify.Reminded})
	}
	return nil
}

// RequestInformation implements activities.Refunds. Refused: review.ErrMayNotDecide,
// ErrAwaiting, ErrTicketClosed. The same question of the same person while the refund waits
// for its answer is the first one.
func (s *Store) RequestInformation(ctx context.Context, op refund.Op, ask review.Asking) (refund.Step, error) {
	step, done, err := s.step(ctx, op, ask.By, in(refund.InReview, refund.AwaitingCustomer), func(t *turn) error {
		switch {
		case t.ticket == nil || t.ticket.ID != ask.TicketID:
			t.step.Refused = review.ErrTicketClosed.Code
			return nil
		case !ask.By.Decides():
			t.step.Refused = review.ErrMayNotDecide.Code
			return nil
		}
		text, err := t.note(ask.NoteID)
		if err != nil {
			return err
		}
		if t.state() == refund.AwaitingCustomer {
			same, err := t.asked(ask.By.Subject, text)
			if err == nil && !same {
				t.step.Refused = review.ErrAwaiting.Code
				return nil
			}
			return errors.Join(err, t.repeatNotices())
		}
		within, _ := t.ticket.answerTimes()
		by := t.now.Add(within)
		t.stopClock()
		t.ticket.AskedAt, t.ticket.AnswerBy, t.ticket.AnswerReminded, t.ticket.AnsweredAt = &t.now, &by, false, nil
		t.publish(derivedID("message", op.ID()), text, notify.Asked)
		if err := t.become(refund.AwaitingCustomer, audit.InfoRequested, ""); err != nil {
			return err
		}
		t.entries[len(t.entries)-1].DecisionDigest = ask.NoteID // what was asked; the id is over the text
		return nil
	})
	if err == nil && !done {
		step.Refused = review.ErrTicketClosed.Code
	}
	return step, err
}

// asked reports whether what the customer is being asked is this question of this person.
func (t *turn) asked(author, text string) (bool, error) {
	if t.ticket.AskedAt == nil {
		return false, nil
	}
	var n int
	err := t.tx.reads.Raw("SELECT count(*) FROM messages WHERE ticket_id = ? AND by_staff AND visibility = 'public' AND author = ? AND body = ? AND created_at >= ?",
		t.ticket.ID, author, text, t.ticket.AskedAt.UTC()).Scan(&n).Error
	return n > 0, err
}

// repeatNotices has the workflow deliver whatever was not: it may have lost a result.
func (t *turn) repeatNotices() (err error) {
	t.step.Notices, err = t.pending()
	return err
}

// note reads what somebody wrote about the refund; not-found when he did not.
func (t *turn) note(id string) (string, error) {
	var bodies []string
	err := t.tx.reads.Raw("SELECT body FROM notes WHERE id = ? AND refund_id = ?", id, t.row.ID).Scan(&bodies).Error
	if err == nil && len(bodies) == 0 {
		err = desk.Missing("note", id)
	}
	if err != nil {
		return "", err
	}
	return bodies[0], nil
}

// noEvent publishes what the customer is told of otherwise.
const noEvent notify.Event = ""

// publish says something to the customer on the open ticket, in the name of who acts, and
// has him told of it as event. The message is written while the ticket is open still.
func (t *turn) publish(id, text string, event notify.Event) {
	t.before = append(t.before, messageOf(review.Message{
		ID: id, TicketID: t.ticket.ID, Author: t.by.Subject, ByStaff: true, Visibility: review.Public, Body: text, CreatedAt: t.now,
	}, ""))
	if event != noEvent {
		t.words = append(t.words, wording{id, event})
	}
	t.responded()
	entry := t.ticketEntry(audit.MessageSent)
	entry.ReasonCode, entry.DecisionDigest = string(review.Public), id
	t.entries = append(t.entries, entry)
}

// responded notes the first word to the customer.
func (t *turn) responded() {
	if t.ticket.RespondedAt == nil {
		t.ticket.RespondedAt = &t.now
	}
}

// derivedID makes an id of an identity: of the same one always the same.
func derivedID(prefix, identity string) string {
	sum := sha256.Sum256([]byte(identity))
	return prefix + "_" + hex.EncodeToString(sum[:16])
}
