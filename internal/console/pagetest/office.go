package pagetest

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/internal/store"
	"refunddesk/internal/store/sqlite"
	"refunddesk/internal/store/storetest"
)

// Office is a desk over real records in a database of its own, with an engine that the test
// plays. It has the account "acct" in good standing, and "other".
type Office struct {
	*storetest.Bundle
	Desk   *desk.Desk
	Engine *Engine
}

// NewOffice opens an office that is closed with the test.
func NewOffice(t *testing.T) *Office {
	t.Helper()
	var drain time.Duration
	o := &Office{Bundle: storetest.New(t, func(t *testing.T, options store.Options) *store.Store {
		t.Helper()
		drain = options.Drain
		s, err := sqlite.Open(filepath.Join(t.TempDir(), "records.db"), options)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		if _, err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		return s
	})}
	o.Account("other")
	o.Engine = &Engine{records: o.Bundle}
	o.Desk = desk.New(desk.Options{Records: o.Store, Engine: o.Engine, Watch: o.Store, Policies: policy.NewShelf(o.PolicySource), Now: o.Clock.Now, Drain: drain})
	return o
}

// Site serves pages of the office.
func (o *Office) Site(options Options) *Site {
	o.T.Helper()
	if options.Now == nil {
		options.Now = o.Clock.Now
	}
	if options.Viewers == nil {
		options.Viewers = o.Store
	}
	return NewSite(o.T, o.Desk, options)
}

// Refusals are the entries of the audit log that tell of refused attempts of the kind, as
// "who: what id, code", oldest first.
func (o *Office) Refusals(action audit.Action) []string {
	o.T.Helper()
	pool, err := o.SQL()
	if err != nil {
		o.T.Fatal(err)
	}
	rows, err := pool.QueryContext(o.Ctx, "SELECT actor || ': ' || object || ' ' || object_id || ', ' || reason_code FROM audit_entries WHERE action = ? ORDER BY seq", string(action))
	if err != nil {
		o.T.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	var all []string
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			o.T.Fatal(err)
		}
		all = append(all, one)
	}
	if err := rows.Err(); err != nil {
		o.T.Fatal(err)
	}
	return all
}

// Engine plays the workflow engine: commands run the store's steps, as the workflow does.
// Nothing else happens by itself: a test takes the steps.
type Engine struct {
	// Instead answers every command, when not nil: the engine or its workers are away.
	Instead error
	// Events are what History gives.
	Events []desk.Event

	records *storetest.Bundle
	mu      sync.Mutex
	heard   []desk.Intent
}

// Away is what an engine says that is away.
var Away = fault.New(fault.Unavailable, "engine-unavailable", "The workflow engine is away; nothing was recorded. Try again shortly.")

// Heard are the intents that the engine was told of.
func (e *Engine) Heard() []desk.Intent {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]desk.Intent(nil), e.heard...)
}

// Hear implements desk.Engine.
func (e *Engine) Hear(intents ...desk.Intent) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heard = append(e.heard, intents...)
}

func (e *Engine) run(refundID string, verb refund.Verb, step func(refund.Op) (refund.Step, error)) (refund.Step, error) {
	if e.Instead != nil {
		return refund.Step{}, e.Instead
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	done, err := step(e.records.Op(refundID, verb))
	if err == nil && done.Refused != "" {
		err = fault.New(fault.Conflict, done.Refused, "The workflow refused.")
	}
	return done, err
}

// Decide implements desk.Engine.
func (e *Engine) Decide(ctx context.Context, c desk.DecideCommand) (refund.Step, error) {
	return e.run(c.RefundID, refund.VerbDecide, func(op refund.Op) (refund.Step, error) {
		return e.records.RecordDecision(ctx, op, review.Decision{
			ID: c.DecisionID, TicketID: c.TicketID, RefundID: c.RefundID, Voter: c.Voter, Vote: c.Vote, ReasonCode: c.ReasonCode,
			NoteID: c.NoteID, Digest: c.Digest,
		}, c.MessageID)
	})
}

// RequestInformation implements desk.Engine.
func (e *Engine) RequestInformation(ctx context.Context, c desk.AskCommand) (refund.Step, error) {
	return e.run(c.RefundID, refund.VerbAsk, func(op refund.Op) (refund.Step, error) {
		return e.records.RequestInformation(ctx, op, review.Asking{TicketID: c.TicketID, NoteID: c.NoteID, By: c.By})
	})
}

// Withdraw implements desk.Engine.
func (e *Engine) Withdraw(ctx context.Context, c desk.WithdrawCommand) (refund.Step, error) {
	return e.run(c.RefundID, refund.VerbWithdraw, func(op refund.Op) (refund.Step, error) {
		return e.records.Withdraw(ctx, op, c.By)
	})
}

// Retry implements desk.Engine.
func (e *Engine) Retry(ctx context.Context, c desk.RetryCommand) (refund.Step, error) {
	return e.run(c.RefundID, refund.VerbRetry, func(op refund.Op) (refund.Step, error) {
		return e.records.Retry(ctx, op, c.By, c.NoteID)
	})
}

// History implements desk.Engine.
func (e *Engine) History(context.Context, string) ([]desk.Event, error) { return e.Events, e.Instead }

// Ready implements desk.Engine.
func (e *Engine) Ready(context.Context) error { return e.Instead }
