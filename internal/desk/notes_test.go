package desk_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// notes are what the case file of a ticket has of what people wrote.
func (o *office) notes(ticketID string) (out []string) {
	o.T.Helper()
	file, err := o.desk.CaseFile(o.Ctx, rita, ticketID)
	require.NoError(o.T, err)
	for _, n := range file.Notes {
		out = append(out, string(n.About)+" "+n.Author+": "+n.Body)
	}
	return out
}

// Whoever decides an appeal reads what was written with the first request and its decision.
func TestTheNotesOfACase(t *testing.T) {
	o := newOffice(t)
	o.Buy("p", 2000, 2000)
	f := filing("p", "k")
	f.Note = "We moved."
	filed, err := o.desk.File(o.Ctx, ann, f, 0)
	require.NoError(t, err)
	first := o.Step(filed.ID, refund.VerbScreen, refund.InReview).TicketID
	v, err := o.Case(o.Ctx, first)
	require.NoError(t, err)
	o.Clock.Add(time.Minute)
	linked := identity.Actor{Subject: "lea", Roles: []identity.Role{identity.Reviewer}, AccountID: "other"}
	reject := desk.Judgement{Vote: review.Reject, ReasonCode: "unverified", Note: "Nobody moved.", Digest: v.Case.Digest()}
	require.ErrorIs(t, does(o.desk.Decide(o.Ctx, linked, first, reject)), review.ErrSelfApproval)
	require.NoError(t, does(o.desk.Decide(o.Ctx, rita, first, reject)))
	written := []string{"request " + ann.Subject + ": We moved.", "decision rita: Nobody moved."}
	assert.Equal(t, written, o.notes(first))

	o.Clock.Add(time.Minute)
	appeal, err := o.desk.Appeal(o.Ctx, ann, filed.ID, "We did.", 0)
	require.NoError(t, err)
	second := o.Step(appeal.ID, refund.VerbScreen, refund.InReview).TicketID
	o.Clock.Add(time.Minute)
	require.NoError(t, does(o.desk.Escalate(o.Ctx, rob, second, "too large for me")))
	assert.Equal(t, append(written, "appeal "+ann.Subject+": We did.", "escalation rob: too large for me"), o.notes(second))
	assert.Equal(t, written, o.notes(first), "what came later is beside the appeal")

	q := o.question()
	assert.Empty(t, o.notes(q.Ticket.ID))
	require.NoError(t, does(o.desk.Escalate(o.Ctx, rob, q.Ticket.ID, "legal has to answer")))
	assert.Equal(t, []string{"escalation rob: legal has to answer"}, o.notes(q.Ticket.ID))
}

// A decision that the workflow refuses after its note was kept leaves none in the case.
func TestWhatIsRefusedLeavesNoNote(t *testing.T) {
	o := newOffice(t)
	_, v := o.inReview("p")
	o.engine.instead = fault.New(fault.Conflict, review.ErrStale.Code, "The case has changed.")
	j := approve(v.Case.Digest())
	require.Error(t, does(o.desk.Decide(o.Ctx, rita, v.Ticket.ID, j)))
	require.Equal(t, 1, o.texts("notes", j.Note))
	assert.Empty(t, o.notes(v.Ticket.ID))
}

// "Nothing was recorded" is true of the words as well: they are not kept while the engine is away.
func TestNothingIsKeptWhileTheEngineIsAway(t *testing.T) {
	o := newOffice(t)
	_, v := o.inReview("p")
	o.Buy("q", 10, 10)
	r := o.MustFile("q")
	o.Step(r.ID, refund.VerbScreen, refund.Crediting)
	o.Step(r.ID, refund.VerbPark, refund.NeedsAttention)
	j := approve(v.Case.Digest())
	j.Message = "You will have it today."
	told := j
	told.Note = ""
	commands := []func() error{
		func() error { return does(o.desk.Decide(o.Ctx, rita, v.Ticket.ID, j)) },
		func() error { return does(o.desk.Decide(o.Ctx, rita, v.Ticket.ID, told)) },
		func() error { return does(o.desk.RequestInformation(o.Ctx, rita, v.Ticket.ID, invoice)) },
		func() error { return does(o.desk.Retry(o.Ctx, ada, r.ID, "mended")) },
	}
	before := o.entries()
	o.engine.down = away
	for _, command := range commands {
		require.ErrorIs(t, command(), away)
	}
	for _, text := range []string{j.Note, j.Message, invoice, "mended"} {
		assert.Zero(t, o.texts("notes", text), text)
	}
	assert.Equal(t, before, o.entries())
	assert.Empty(t, o.engine.decided)
	assert.Empty(t, o.engine.asked)
	o.engine.down = nil
	require.NoError(t, commands[3]())
	require.NoError(t, commands[0]())
}
