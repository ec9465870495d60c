package desk_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/money"
	"refunddesk/internal/refund"
)

func filing(packageID, key string) desk.Filing {
	return desk.Filing{PackageID: packageID, ReasonCode: refund.NoLongerNeeded, IdempotencyKey: key}
}

// long is longer than any test takes: whoever waits it out has missed something.
const long = time.Minute

func TestFilingDoesNotWaitUnlessAsked(t *testing.T) {
	o := newOffice(t)
	o.Buy("p", 10, 10)
	v, err := o.desk.File(o.Ctx, ann, filing("p", "k"), 0)
	require.NoError(t, err)
	assert.Equal(t, refund.Submitted, v.State)
	assert.Equal(t, []desk.TimelineItem{{At: v.CreatedAt, State: refund.Submitted, Role: "customer"}}, v.Timeline(ann))
	require.Len(t, o.engine.heard, 1)
	assert.Equal(t, desk.IntentStart, o.engine.heard[0].Kind)
	assert.Equal(t, v.ID, o.engine.heard[0].RefundID)
}

func TestAwaitReturnsWhenTheRefundEnds(t *testing.T) {
	o := newOffice(t)
	o.Buy("p", 10, 10)
	o.engine.onHear = func(i desk.Intent) { // the workflow is quicker than the caller
		o.Step(i.RefundID, refund.VerbScreen, refund.Crediting)
		o.Step(i.RefundID, refund.VerbCredit, refund.Credited)
	}
	v, err := o.desk.File(o.Ctx, ann, filing("p", "k"), long)
	require.NoError(t, err)
	assert.Equal(t, refund.Credited, v.State)
	assert.Equal(t, money.Units(10, "USD"), *v.Amount)
	var states []refund.State
	for _, item := range v.Timeline(ann) {
		states = append(states, item.State)
	}
	assert.Equal(t, []refund.State{refund.Submitted, refund.Screening, refund.Crediting, refund.Credited}, states)
}

func TestAwaitReturnsWhenSomebodyMustAct(t *testing.T) {
	o := newOffice(t)
	o.Buy("p", 2000, 2000)
	o.engine.onHear = func(i desk.Intent) {
		go o.Step(i.RefundID, refund.VerbScreen, refund.InReview) // the workflow is slower than the caller
	}
	v, err := o.desk.File(o.Ctx, ann, filing("p", "k"), long)
	require.NoError(t, err)
	assert.Equal(t, refund.InReview, v.State)
}

// deaf hears of no change, as a process that another one works beside.
type deaf struct{ desk.Watch }

func (d deaf) Changes(string) (<-chan refund.State, func()) { return nil, func() {} }

func TestAwaitSeesWhatAnotherProcessDid(t *testing.T) {
	o := newOffice(t)
	d := desk.New(desk.Options{Records: o.Store, Engine: o.engine, Watch: deaf{}, Now: o.Clock.Now})
	o.Buy("p", 2000, 2000)
	o.engine.onHear = func(i desk.Intent) { go o.Step(i.RefundID, refund.VerbScreen, refund.InReview) }
	v, err := d.File(o.Ctx, ann, filing("p", "k"), long)
	require.NoError(t, err)
	assert.Equal(t, refund.InReview, v.State)
}

func TestAwaitGivesUpWhenTimeIsUpOrTheCallerLeaves(t *testing.T) {
	o := newOffice(t)
	o.Buy("p", 10, 10)
	v, err := o.desk.File(o.Ctx, ann, filing("p", "k"), 20*time.Millisecond)
	require.NoError(t, err, "what was filed is filed")
	assert.Equal(t, refund.Submitted, v.State)

	o.Buy("q", 10, 10)
	ctx, leave := context.WithCancel(o.Ctx)
	o.engine.onHear = func(desk.Intent) { leave() }
	_, err = o.desk.File(ctx, ann, filing("q", "k2"), long)
	if err != nil { // reading the refund for an answer nobody waits for may fail
		assert.Equal(t, fault.Unavailable, fault.From(err).Kind)
	}
	page, err := o.Refunds(o.Ctx, desk.RefundFilter{PackageID: "q"})
	require.NoError(t, err)
	require.Len(t, page.Items, 1)
}

func TestAKeyIsReplayed(t *testing.T) {
	o := newOffice(t)
	o.Buy("p", 10, 10)
	o.Buy("q", 10, 10)
	first, err := o.desk.File(o.Ctx, ann, filing("p", "k"), 0)
	require.NoError(t, err)
	again, err := o.desk.File(o.Ctx, ann, filing("p", "k"), 0)
	require.NoError(t, err)
	assert.Equal(t, first.ID, again.ID)
	require.Len(t, o.engine.heard, 1, "its workflow is started once")

	_, err = o.desk.File(o.Ctx, ann, filing("q", "k"), 0)
	require.ErrorIs(t, err, desk.ErrIdempotencyMismatch)
	withNote := filing("p", "k")
	withNote.Note = "please"
	_, err = o.desk.File(o.Ctx, ann, withNote, 0)
	require.ErrorIs(t, err, desk.ErrIdempotencyMismatch)

	o.Step(first.ID, refund.VerbScreen, refund.Crediting)
	o.Step(first.ID, refund.VerbCredit, refund.Credited)
	again, err = o.desk.File(o.Ctx, ann, filing("p", "k"), long)
	require.NoError(t, err, "the key is looked up before the package is")
	assert.Equal(t, refund.Credited, again.State)
	_, err = o.desk.File(o.Ctx, ann, filing("p", "other"), 0)
	require.ErrorIs(t, err, refund.ErrPackageRefunded)
}

// Keys are an account's own: another's is neither found nor in the way.
func TestAKeyOfAnotherAccountIsAnotherKey(t *testing.T) {
	o := newOffice(t)
	o.Buy("p", 10, 10)
	first, err := o.desk.File(o.Ctx, ann, filing("p", "k"), 0)
	require.NoError(t, err)
	_, err = o.desk.File(o.Ctx, bob, filing("p", "k"), 0)
	assert.Equal(t, fault.NotFound, fault.From(err).Kind, "not the refund of another")
	assert.NotContains(t, err.Error(), first.ID)
}

func TestAFilingIsChecked(t *testing.T) {
	o := newOffice(t)
	o.Buy("p", 10, 10)
	bad := filing("p", "k")
	bad.ReasonCode = "because"
	_, err := o.desk.File(o.Ctx, ann, bad, 0)
	assert.Equal(t, "reason_code", fault.From(err).Fields[0].Name)
	lost := ann
	lost.AccountID = ""
	_, err = o.desk.File(o.Ctx, lost, filing("p", "k"), 0)
	require.ErrorIs(t, err, desk.ErrNoAccount)
	_, err = o.desk.SetStanding(o.Ctx, ada, "acct", refund.Suspended, "section 4")
	require.NoError(t, err)
	_, err = o.desk.File(o.Ctx, ann, filing("p", "k"), 0)
	require.ErrorIs(t, err, refund.ErrSuspended)
}

// What the engine noted and what was committed are told in one order; an engine that is away
// is said, and the entries come alone.
func TestHistory(t *testing.T) {
	o := newOffice(t)
	r, _ := o.inReview("p")
	o.engine.events = []desk.Event{{ID: 1, At: o.Clock.Now().AddDate(-1, 0, 0), Type: "WorkflowExecutionStarted"}}
	v, err := o.desk.History(o.Ctx, auditor, r.ID)
	require.NoError(t, err)
	assert.True(t, v.EngineAvailable)
	require.NotNil(t, v.Items[0].Event)
	total := len(v.Items)
	o.engine.instead, o.engine.events = errors.New("connection refused"), nil
	v, err = o.desk.History(o.Ctx, auditor, r.ID)
	require.NoError(t, err)
	assert.False(t, v.EngineAvailable)
	assert.Len(t, v.Items, total-1)
	_, err = o.desk.History(o.Ctx, auditor, "none")
	assert.Equal(t, fault.NotFound, fault.From(err).Kind)
}

func TestABlankContactIsNone(t *testing.T) {
	o := newOffice(t)
	for _, blank := range []string{" ", "\t", "\u200b", "\u3164"} {
		for field, change := range map[string]desk.AccountChange{"phone": {Phone: &blank}, "payer": {Payer: &blank}} {
			assert.Equal(t, field, fieldOf(does(o.desk.ChangeAccount(o.Ctx, ada, "acct", change))), "%q", blank)
		}
	}
	none := ""
	require.NoError(t, does(o.desk.ChangeAccount(o.Ctx, ada, "acct", desk.AccountChange{Phone: &none, Payer: &none})))
}
