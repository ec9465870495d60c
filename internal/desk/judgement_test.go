package desk_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// The note is for staff and the message for the customer, each its own text.
func TestNoteAndMessageOfADecision(t *testing.T) {
	o := newOffice(t)
	_, v := o.inReview("p")
	j := approve(v.Case.Digest())
	j.Message = "You will have your money today."
	got, err := o.desk.Decide(o.Ctx, rita, v.Ticket.ID, j)
	require.NoError(t, err)
	require.Len(t, got.Messages, 1)
	assert.Equal(t, j.Message, got.Messages[0].Body)
	assert.Equal(t, review.Public, got.Messages[0].Visibility)
	c := o.engine.decided[0]
	assert.NotEqual(t, c.NoteID, c.MessageID)
	assert.Equal(t, 1, o.texts("notes", j.Note))
	assert.Equal(t, 1, o.texts("notes", j.Message))
	for _, said := range []string{c.DecisionID, c.NoteID, c.NoteDigest, c.MessageID, c.Digest, c.ReasonCode} {
		assert.NotContains(t, said, " ", "ids, codes and digests only: nothing in words goes through the engine")
	}

	again, err := o.desk.Decide(o.Ctx, rita, v.Ticket.ID, j)
	require.NoError(t, err)
	assert.Equal(t, got, again)
	assert.Equal(t, 1, o.texts("messages", j.Message))
	other := j
	other.Message = "You will have it tomorrow."
	require.ErrorIs(t, does(o.desk.Decide(o.Ctx, rita, v.Ticket.ID, other)), review.ErrAlreadyVoted, "other words are another decision")
}

// Without words to the customer a decision has the id that it had before there were any, so
// that one which was repeated across an upgrade is the same.
func TestADecisionWithoutMessageKeepsItsID(t *testing.T) {
	o := newOffice(t)
	_, v := o.inReview("p")
	j := approve(v.Case.Digest())
	require.NoError(t, does(o.desk.Decide(o.Ctx, rita, v.Ticket.ID, j)))
	c := o.engine.decided[0]
	assert.Equal(t, review.DecisionID(v.Ticket.ID, "rita", j.Vote, j.ReasonCode, j.Digest, c.NoteDigest), c.DecisionID)
	assert.Equal(t, "note_"+c.DecisionID, c.NoteID)
	assert.Empty(t, c.MessageID)
}

func TestADecisionIsChecked(t *testing.T) {
	o := newOffice(t)
	_, v := o.inReview("p")
	good := approve(v.Case.Digest())
	for name, c := range map[string]struct {
		change     func(*desk.Judgement)
		code, name string
	}{
		"unknown vote":      {func(j *desk.Judgement) { j.Vote = "perhaps" }, "invalid-value", "decision"},
		"unknown reason":    {func(j *desk.Judgement) { j.ReasonCode = "because" }, "invalid-value", "reason_code"},
		"no reason":         {func(j *desk.Judgement) { j.ReasonCode = "" }, "invalid-value", "reason_code"},
		"reason of another": {func(j *desk.Judgement) { j.ReasonCode = "suspected_abuse" }, "invalid-value", "reason_code"},
		"an essay":          {func(j *desk.Judgement) { j.Note = strings.Repeat("x", 100_000) }, "invalid-value", "note"},
		"a long letter":     {func(j *desk.Judgement) { j.Message = strings.Repeat("宽", review.MostText+1) }, "invalid-value", "message"},
		"an empty letter":   {func(j *desk.Judgement) { j.Message = " \n" }, "invalid-value", "message"},
		"a bell":            {func(j *desk.Judgement) { j.Message = "\a" }, "invalid-value", "message"},
		"wrong digest":      {func(j *desk.Judgement) { j.Digest = "sha256:old" }, "stale-decision", ""},
		"no digest":         {func(j *desk.Judgement) { j.Digest = "" }, "stale-decision", ""},
	} {
		before := len(o.refusals(audit.DecisionRefused))
		j := good
		c.change(&j)
		_, err := o.desk.Decide(o.Ctx, rita, v.Ticket.ID, j)
		assert.Equal(t, c.code, codeOf(err), name)
		assert.Equal(t, c.name, fieldOf(err), name)
		refusals := o.refusals(audit.DecisionRefused)
		require.Len(t, refusals, before+1, name)
		assert.Equal(t, c.code, refusals[before].ReasonCode, name)
	}
	assert.Empty(t, o.engine.decided)
	after, err := o.Case(o.Ctx, v.Ticket.ID)
	require.NoError(t, err)
	assert.Equal(t, v, after)
}

// With the engine away nothing of a decision with words is recorded that anybody would see.
func TestADecisionWithWordsWhileTheEngineIsAway(t *testing.T) {
	o := newOffice(t)
	r, v := o.inReview("p")
	j := approve(v.Case.Digest())
	j.Message = "You will have your money today."
	before := o.entries()
	o.engine.instead = away
	for range 2 {
		err := does(o.desk.Decide(o.Ctx, rita, v.Ticket.ID, j))
		require.ErrorIs(t, err, away)
	}
	assert.Equal(t, before, o.entries())
	hers, err := o.desk.Ticket(o.Ctx, ann, v.Ticket.ID)
	require.NoError(t, err)
	assert.Empty(t, hers.Messages)
	after, err := o.Refund(o.Ctx, r.ID)
	require.NoError(t, err)
	assert.Equal(t, refund.InReview, after.State)
	o.engine.instead = nil
	require.NoError(t, does(o.desk.Decide(o.Ctx, rita, v.Ticket.ID, j)))
	assert.Equal(t, 1, o.texts("messages", j.Message))
}

// Of two reviewers who decide at once on what one may decide, one does.
func TestDecisionsThatRace(t *testing.T) {
	o := newOffice(t)
	r, v := o.inReview("p")
	var race sync.WaitGroup
	reject := desk.Judgement{Vote: review.Reject, ReasonCode: "unverified", Digest: v.Case.Digest()}
	errs := make([]error, 2)
	race.Go(func() { errs[0] = does(o.desk.Decide(o.Ctx, rita, v.Ticket.ID, approve(v.Case.Digest()))) })
	race.Go(func() { errs[1] = does(o.desk.Decide(o.Ctx, rob, v.Ticket.ID, reject)) })
	race.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		assert.Equal(t, fault.Conflict, fault.From(err).Kind)
	}
	assert.Equal(t, 1, won)
	decisions, err := o.Decisions(o.Ctx, r.ID)
	require.NoError(t, err)
	assert.Len(t, decisions, 1)
	assert.Len(t, o.refusals(audit.DecisionRefused), 1)
}

// rejected is a refund of ann's that rita rejected.
func (o *office) rejected(packageID string) refund.Refund {
	o.T.Helper()
	r, v := o.inReview(packageID)
	require.NoError(o.T, does(o.desk.Decide(o.Ctx, rita, v.Ticket.ID, desk.Judgement{Vote: review.Reject, ReasonCode: "unverified", Digest: v.Case.Digest()})))
	r, err := o.Refund(o.Ctx, r.ID)
	require.NoError(o.T, err)
	require.Equal(o.T, refund.Rejected, r.State)
	return r
}

func TestAnAppeal(t *testing.T) {
	o := newOffice(t)
	first := o.rejected("p")
	o.engine.heard = nil
	view, err := o.desk.Appeal(o.Ctx, ann, first.ID, "I have found the invoice.", 0)
	require.NoError(t, err)
	assert.NotEqual(t, first.ID, view.ID)
	assert.Equal(t, first.ID, view.AppealOf)
	assert.Equal(t, first.ReasonCode, view.ReasonCode)
	assert.Equal(t, "p", view.PackageID)
	require.Len(t, o.engine.heard, 1)
	assert.Equal(t, desk.IntentStart, o.engine.heard[0].Kind)
	assert.Equal(t, view.ID, o.engine.heard[0].RefundID)

	for _, note := range []string{"I have found the invoice.", "Really."} {
		_, err = o.desk.Appeal(o.Ctx, ann, first.ID, note, 0)
		require.ErrorIs(t, err, refund.ErrAlreadyAppealed)
	}
	facts, version, err := o.Facts(o.Ctx, view.ID)
	require.NoError(t, err)
	p, err := o.shelf.Policy(o.Ctx, version)
	require.NoError(t, err)
	step, err := o.Screen(o.Ctx, o.Op(view.ID, refund.VerbScreen), facts, p.Evaluate(facts))
	require.NoError(t, err)
	require.Equal(t, refund.InReview, step.State, "an appeal is always reviewed")
	v, err := o.desk.Ticket(o.Ctx, rita, step.TicketID)
	require.NoError(t, err)
	require.ErrorIs(t, does(o.desk.Decide(o.Ctx, rita, step.TicketID, approve(v.Case.Digest()))), review.ErrFirstDecider)
	require.NoError(t, does(o.desk.Decide(o.Ctx, sam, step.TicketID, desk.Judgement{Vote: review.Reject, ReasonCode: "other", Digest: v.Case.Digest()})))
	_, err = o.desk.Appeal(o.Ctx, ann, view.ID, "Once more.", 0)
	require.ErrorIs(t, err, refund.ErrAlreadyAppealed, "an appeal is decided once")
	assert.Len(t, o.refusals(audit.AppealRefused), 3)
	assert.Empty(t, o.refusals(audit.FilingRefused))
}

func TestAnAppealIsChecked(t *testing.T) {
	o := newOffice(t)
	first := o.rejected("p")
	open, _ := o.inReview("q")
	for name, c := range map[string]struct {
		who      identity.Actor
		id, note string
		code     string
	}{
		"a stranger's":   {bob, first.ID, "x", "not-found"},
		"none":           {ann, "none", "x", "not-found"},
		"by staff":       {rita, first.ID, "x", "forbidden"},
		"by a program":   {billing, first.ID, "x", "not-found"},
		"without words":  {ann, first.ID, " ", "invalid-value"},
		"with too many":  {ann, first.ID, strings.Repeat("x", 100_000), "invalid-value"},
		"of what's open": {ann, open.ID, "x", "not-rejected"},
	} {
		_, err := o.desk.Appeal(o.Ctx, c.who, c.id, c.note, 0)
		assert.Equal(t, c.code, codeOf(err), name)
	}
	refusals := o.refusals(audit.AppealRefused)
	require.Len(t, refusals, 7, "each attempt is on the record")
	require.NoError(t, does(o.desk.SetStanding(o.Ctx, ada, "acct", refund.Suspended, "section 4")))
	_, err := o.desk.Appeal(o.Ctx, ann, first.ID, "x", 0)
	require.ErrorIs(t, err, refund.ErrSuspended, "what filing refuses, an appeal is refused")
}

// An appeal waits like a filing, and a filing is no appeal whatever it says.
func TestAnAppealWaitsAndAFilingIsNone(t *testing.T) {
	o := newOffice(t)
	first := o.rejected("p")
	o.engine.onHear = func(i desk.Intent) { go o.Step(i.RefundID, refund.VerbScreen, refund.InReview) }
	view, err := o.desk.Appeal(o.Ctx, ann, first.ID, "Please look again.", long)
	require.NoError(t, err)
	assert.Equal(t, refund.InReview, view.State)

	o.engine.onHear = nil
	second := o.rejected("q")
	f := filing("q", "k")
	f.AppealOf = second.ID
	got, err := o.desk.File(o.Ctx, ann, f, 0)
	require.NoError(t, err)
	assert.Empty(t, got.AppealOf)
}
