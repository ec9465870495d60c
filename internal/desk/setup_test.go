package desk_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/policy"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/internal/store"
	"refunddesk/internal/store/sqlite"
	"refunddesk/internal/store/storetest"
)

// office is a desk over real records, with an engine that the test plays.
type office struct {
	*storetest.Bundle
	desk   *desk.Desk
	engine *engine
	shelf  *policy.Shelf
}

var (
	ann     = storetest.Customer("acct")
	bob     = storetest.Customer("other")
	rita    = storetest.Reviewer
	sam     = storetest.Senior
	ada     = storetest.Admin
	billing = storetest.Integrator
	auditor = identity.Actor{Subject: "otto", Roles: []identity.Role{identity.Auditor}}
	nobody  = identity.Actor{Subject: "nobody"}
)

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{Bundle: storetest.New(t, func(t *testing.T, options store.Options) *store.Store {
		s, err := sqlite.Open(filepath.Join(t.TempDir(), "records.db"), options)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		_, err = s.Migrate(t.Context())
		require.NoError(t, err)
		return s
	})}
	o.Account("other")
	o.engine = &engine{records: o.Bundle}
	o.shelf = policy.NewShelf(o.PolicySource)
	o.desk = desk.New(desk.Options{Records: o.Store, Engine: o.engine, Watch: o.Store, Policies: o.shelf, Now: o.Clock.Now})
	return o
}

// engine plays the workflow engine: commands run the store's steps, as the workflow does,
// unless the test says what comes instead.
type engine struct {
	records *storetest.Bundle
	// instead answers every command, when not nil: the engine is there, and its workers are
	// not, or refuse.
	instead error
	// down is what a look at the engine itself gives.
	down error
	// before happens on the way of the next decision to the workflow, when not nil.
	before func()
	// lost has commands carried out and their answers lost on the way.
	lost bool

	mu      sync.Mutex
	heard   []desk.Intent
	decided []desk.DecideCommand
	asked   []desk.AskCommand
	onHear  func(desk.Intent)
	events  []desk.Event
}

var away = fault.New(fault.Unavailable, "engine-unavailable", "The workflow engine is away; try again shortly.")

func (e *engine) Hear(intents ...desk.Intent) {
	e.mu.Lock()
	e.heard = append(e.heard, intents...)
	onHear := e.onHear
	e.mu.Unlock()
	for _, i := range intents {
		if onHear != nil {
			onHear(i)
		}
	}
}

func (e *engine) answer(run func() (refund.Step, error)) (refund.Step, error) {
	if e.instead != nil {
		return refund.Step{}, e.instead
	}
	step, err := run()
	switch {
	case err != nil:
		return step, err
	case e.lost:
		return refund.Step{}, away
	case step.Refused != "":
		return step, fault.New(fault.Conflict, step.Refused, "The workflow refused.")
	}
	return step, nil
}

// op is the next operation; commands may come at once.
func (e *engine) op(refundID string, verb refund.Verb) refund.Op {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.records.Op(refundID, verb)
}

func (e *engine) Decide(ctx context.Context, c desk.DecideCommand) (refund.Step, error) {
	e.mu.Lock()
	e.decided = append(e.decided, c)
	before := e.before
	e.before = nil
	e.mu.Unlock()
	if before != nil {
		before()
	}
	return e.answer(func() (refund.Step, error) {
		return e.records.RecordDecision(ctx, e.op(c.RefundID, refund.VerbDecide), review.Decision{
			ID: c.DecisionID, TicketID: c.TicketID, RefundID: c.RefundID, Voter: c.Voter, Vote: c.Vote, ReasonCode: c.ReasonCode,
			NoteID: c.NoteID, Digest: c.Digest,
		}, c.MessageID)
	})
}

func (e *engine) RequestInformation(ctx context.Context, c desk.AskCommand) (refund.Step, error) {
	e.mu.Lock()
	e.asked = append(e.asked, c)
	e.mu.Unlock()
	return e.answer(func() (refund.Step, error) {
		return e.records.RequestInformation(ctx, e.op(c.RefundID, refund.VerbAsk), review.Asking{TicketID: c.TicketID, NoteID: c.NoteID, By: c.By})
	})
}

func (e *engine) Withdraw(ctx context.Context, c desk.WithdrawCommand) (refund.Step, error) {
	return e.answer(func() (refund.Step, error) {
		return e.records.Withdraw(ctx, e.op(c.RefundID, refund.VerbWithdraw), c.By)
	})
}

func (e *engine) Retry(ctx context.Context, c desk.RetryCommand) (refund.Step, error) {
	return e.answer(func() (refund.Step, error) {
		return e.records.Retry(ctx, e.op(c.RefundID, refund.VerbRetry), c.By, c.NoteID)
	})
}

func (e *engine) History(context.Context, string) ([]desk.Event, error) { return e.events, e.instead }
func (e *engine) Ready(context.Context) error                           { return e.down }

// inReview files for a package of 2,000 and screens it into a review.
func (o *office) inReview(packageID string) (refund.Refund, desk.CaseView) {
	o.T.Helper()
	o.Buy(packageID, 2000, 2000)
	r := o.MustFile(packageID)
	step := o.Step(r.ID, refund.VerbScreen, refund.InReview)
	v, err := o.Case(o.Ctx, step.TicketID)
	require.NoError(o.T, err)
	return r, v
}

// screened files for a new package of so many units and has the policy in force judge it.
func (o *office) screened(packageID string, units int64, want refund.State) refund.Refund {
	o.T.Helper()
	o.Buy(packageID, units, units)
	return o.judged(o.MustFile(packageID).ID, want)
}

// judged has the policy in force judge a refund.
func (o *office) judged(id string, want refund.State) refund.Refund {
	o.T.Helper()
	facts, version, err := o.Facts(o.Ctx, id)
	require.NoError(o.T, err)
	p, err := o.shelf.Policy(o.Ctx, version)
	require.NoError(o.T, err)
	step, err := o.Screen(o.Ctx, o.Op(id, refund.VerbScreen), facts, p.Evaluate(facts))
	require.NoError(o.T, err)
	require.Equal(o.T, want, step.State)
	r, err := o.Refund(o.Ctx, id)
	require.NoError(o.T, err)
	return r
}

// question is a ticket of ann's.
func (o *office) question() desk.CaseView {
	o.T.Helper()
	v, err := o.desk.Ask(o.Ctx, ann, desk.Question{Subject: "Where is my money?", Body: "I asked a week ago."})
	require.NoError(o.T, err)
	return v
}

// texts is how many rows of the table hold the text.
func (o *office) texts(table, text string) int {
	o.T.Helper()
	pool, err := o.SQL()
	require.NoError(o.T, err)
	var n int
	require.NoError(o.T, pool.QueryRowContext(o.Ctx, "SELECT count(*) FROM "+table+" WHERE body = ?", text).Scan(&n))
	return n
}

// fieldOf is the field that the fault names.
func fieldOf(err error) string {
	if f := fault.From(err); err != nil && len(f.Fields) > 0 {
		return f.Fields[0].Name
	}
	return ""
}

// refusals are the entries that tell of refused attempts at the object.
func (o *office) refusals(action audit.Action) []audit.Entry {
	o.T.Helper()
	pool, err := o.SQL()
	require.NoError(o.T, err)
	rows, err := pool.QueryContext(o.Ctx, "SELECT actor, role, object, object_id, refund_id, reason_code, request_id FROM audit_entries WHERE action = ? ORDER BY seq", string(action))
	require.NoError(o.T, err)
	defer func() { require.NoError(o.T, rows.Close()) }()
	var out []audit.Entry
	for rows.Next() {
		e := audit.Entry{Action: action}
		require.NoError(o.T, rows.Scan(&e.Actor, &e.Role, &e.Object, &e.ObjectID, &e.RefundID, &e.ReasonCode, &e.RequestID))
		out = append(out, e)
	}
	require.NoError(o.T, rows.Err())
	return out
}

// entries counts the audit log.
func (o *office) entries() int {
	o.T.Helper()
	pool, err := o.SQL()
	require.NoError(o.T, err)
	var n int
	require.NoError(o.T, pool.QueryRowContext(o.Ctx, "SELECT count(*) FROM audit_entries").Scan(&n))
	return n
}

// codeOf is the code of the fault, also of one that errors.Join hides.
func codeOf(err error) string {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Code
	}
	return ""
}
