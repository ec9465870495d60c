package demo

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// Play has the demo's people do what leaves cases in every state at the desk: it drives the
// running program as they would, one situation after the other. It is for the background,
// once the program is ready, and takes some seconds.
//
// It goes on where an earlier start was cut off and does nothing twice; once its last refund
// is filed it does nothing at all, whatever became of the cases. A situation that fails is
// logged and left for the next start.
func Play(ctx context.Context, d *desk.Desk, records Records, log *slog.Logger) {
	p := &play{Desk: d}
	done, err := isDone(ctx, records)
	if done {
		return
	}
	whole := err == nil
	attempt := func(name string, do func() error) {
		if err := patiently(ctx, do); err != nil {
			whole = false
			if ctx.Err() == nil {
				log.Warn("A part of the demo is missing; the next start tries again.", "part", name, "code", fault.CodeOf(err))
			}
		}
	}
	attempt("saved replies", func() error { return p.saveReplies(ctx) })
	attempt("questions", func() error { return p.questions(ctx) })
	last := len(situations) - 1
	for _, s := range situations[:last] {
		attempt(s.name, func() error { return p.scene(ctx, s) })
	}
	if whole {
		attempt(situations[last].name, func() error { return p.scene(ctx, situations[last]) })
	}
}

// Engine or workers may be away for a moment: nothing is lost by trying again.
const (
	mostTries = 5
	restEach  = 2 * time.Second
)

func patiently(ctx context.Context, do func() error) error {
	for try := 1; ; try++ {
		err := do()
		if err == nil || fault.IsAnswer(err) || try == mostTries {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(restEach):
		}
	}
}

// play drives the desk. What it does is safe to repeat.
type play struct{ *desk.Desk }

// longestStep is how long a refund may take until somebody has to act on it.
const longestStep = 10 * time.Second

// scene has the situation's customer ask for his refund, and then the others act on it.
func (p *play) scene(ctx context.Context, s situation) error {
	if prepare := beforehand[s.name]; prepare != nil {
		if err := prepare(ctx, p, s); err != nil {
			return err
		}
	}
	r, err := p.File(ctx, s.owner(), s.filing(), longestStep)
	if err != nil {
		return err
	}
	if s.impatient != "" {
		return p.wake(ctx, s, r.Refund)
	}
	if then := afterwards[s.name]; then != nil {
		return then(ctx, p, s, r.Refund)
	}
	return nil
}

// wake has the customer of a case that Prepare made ask how it stands.
func (p *play) wake(ctx context.Context, s situation, r refund.Refund) error {
	c, ok, err := p.openCase(ctx, r.ID)
	if err != nil || !ok {
		return err
	}
	return p.say(ctx, s.owner(), c, review.Public, s.impatient)
}

// inReview gives the case of a refund that waits for a decision; ok is false when it waits
// for none, or no more.
func (p *play) inReview(ctx context.Context, r refund.Refund) (c desk.CaseView, ok bool, err error) {
	if r.State != refund.InReview {
		return c, false, nil
	}
	return p.openCase(ctx, r.ID)
}

// openCase gives the open case of a refund as a reviewer sees it; ok is false when there is none.
func (p *play) openCase(ctx context.Context, refundID string) (c desk.CaseView, ok bool, err error) {
	reviewer := person("reviewer")
	page, err := p.Tickets(ctx, reviewer, desk.TicketFilter{RefundID: refundID, State: review.Open, Sort: desk.SortNewest, Paging: desk.Paging{Limit: 1}})
	if err != nil || len(page.Items) == 0 {
		return c, false, err
	}
	c, err = p.Ticket(ctx, reviewer, page.Items[0].Ticket.ID)
	return c, err == nil, err
}

// say says what nobody has said yet.
func (p *play) say(ctx context.Context, by identity.Actor, c desk.CaseView, v review.Visibility, body string) error {
	if said(c, body) {
		return nil
	}
	_, err := p.Say(ctx, by, c.Ticket.ID, v, body)
	return err
}

func said(c desk.CaseView, body string) bool {
	return slices.ContainsFunc(c.Messages, func(m review.Message) bool { return m.Body == body })
}

// vote decides on the case as it is now, unless the voter did before.
func (p *play) vote(ctx context.Context, by identity.Actor, c desk.CaseView, j desk.Judgement) error {
	if slices.ContainsFunc(c.Case.Decisions, func(d review.Decision) bool { return d.Voter.Subject == by.Subject }) {
		return nil
	}
	j.Digest = c.Case.Digest()
	_, err := p.Decide(ctx, by, c.Ticket.ID, j)
	return err
}
