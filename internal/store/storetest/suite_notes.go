package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// noteTests are of what people write for staff, and of how much they may write.
var noteTests = map[string]func(*testing.T, Opener){
	"notes of what took effect":       notes,
	"notes of an appeal":              appealNotes,
	"notes of a retry":                retryNotes,
	"notes of a question":             questionNotes,
	"how many questions and messages": counts,
}

// written are the notes as about, role, author and words.
func (b *Bundle) written(ticketID string, refundIDs ...string) (out [][]string) {
	b.T.Helper()
	all, err := b.Notes(b.Ctx, ticketID, refundIDs...)
	require.NoError(b.T, err)
	for _, n := range all {
		out = append(out, []string{string(n.About), string(n.Role), n.Author, n.Body})
	}
	return out
}

// explained files for a package with words of the customer, and has it screened into a review.
func (b *Bundle) explained(packageID, words string) (refundID, ticketID string) {
	b.T.Helper()
	b.Buy(packageID, 2000, 2000)
	filed, err := b.File(b.Ctx, Customer("acct"), desk.Filing{PackageID: packageID, ReasonCode: refund.OtherReason, Note: words, IdempotencyKey: "key of " + packageID})
	require.NoError(b.T, err)
	return filed.Refund.ID, b.Step(filed.Refund.ID, refund.VerbScreen, refund.InReview).TicketID
}

// voteWith casts a vote with a note and gives what refused it.
func (b *Bundle) voteWith(refundID string, by identity.Actor, vote review.Vote, noteID string) string {
	b.T.Helper()
	view, err := b.Case(b.Ctx, b.OpenTicket(refundID))
	require.NoError(b.T, err)
	d := Vote(view, by, vote)
	d.NoteID = noteID
	step, err := b.RecordDecision(b.Ctx, b.Op(refundID, refund.VerbDecide), d, b.Note(refundID, by, "told with "+noteID))
	require.NoError(b.T, err)
	return step.Refused
}

func notes(t *testing.T, open Opener) {
	b := New(t, open)
	owner := Customer("acct").Subject
	elsewhere, _ := b.explained("elsewhere", "of another request")
	id, ticket := b.explained("p", "We moved.\nAll of us.")
	request := []string{"request", "customer", owner, "We moved.\nAll of us."}
	assert.Equal(t, [][]string{request}, b.written(ticket, id))

	// What is kept, and then refused or never carried out, is not among them.
	b.Clock.Add(time.Minute)
	insider := identity.Actor{Subject: "kim", Roles: []identity.Role{identity.Reviewer}, AccountID: "acct"}
	require.Equal(t, review.ErrSelfApproval.Code, b.voteWith(id, insider, review.Approve, b.Note(id, insider, "refused")))
	b.Note(id, Reviewer, "the engine was away")
	assert.Equal(t, [][]string{request}, b.written(ticket, id))

	_, err := b.Escalate(b.Ctx, Reviewer, ticket, b.Note(id, Reviewer, "too large for me"))
	require.NoError(t, err)
	_, err = b.Escalate(b.Ctx, Reviewer, ticket, b.Note(id, Reviewer, "it is escalated already"))
	require.NoError(t, err)
	b.Clock.Add(time.Minute)
	b.AskCustomer(id, "Which invoice?")
	b.say(Customer("acct"), ticket, review.Public, "This one.")
	b.Step(id, refund.VerbReassess, refund.InReview)
	b.Clock.Add(time.Minute)
	require.Empty(t, b.voteWith(id, Senior, review.Approve, b.Note(id, Senior, "the invoice is in order")))
	want := [][]string{
		request,
		{"escalation", "reviewer", "rita", "too large for me"},
		{"other", "reviewer", "rita", "Which invoice?"},
		{"decision", "senior_reviewer", "sam", "the invoice is in order"},
	}
	assert.Equal(t, want, b.written(ticket, id), "each once, the oldest first")
	assert.Equal(t, want, b.written("", id))
	assert.Equal(t, want[1:2], b.written(ticket), "what is known by the ticket alone")
	assert.Equal(t, [][]string{{"request", "customer", owner, "of another request"}}, b.written("", elsewhere))
	assert.Empty(t, b.written("none", "none"))

	all, err := b.Notes(b.Ctx, ticket, id)
	require.NoError(t, err)
	assert.Equal(t, id, all[0].RefundID)
	assert.Equal(t, b.Clock.Now(), all[3].CreatedAt)
	assert.NotEmpty(t, all[0].ID)
}

func appealNotes(t *testing.T, open Opener) {
	b := New(t, open)
	owner := Customer("acct").Subject
	first, _ := b.explained("p", "We moved.")
	b.Clock.Add(time.Minute)
	require.Empty(t, b.voteWith(first, Reviewer, review.Reject, b.Note(first, Reviewer, "she did not")))
	b.Clock.Add(time.Minute)
	filed, err := b.File(b.Ctx, Customer("acct"), desk.Filing{PackageID: "p", ReasonCode: refund.OtherReason, Note: "We did.", AppealOf: first})
	require.NoError(t, err)
	step := b.Step(filed.Refund.ID, refund.VerbScreen, refund.InReview)
	appealed := []string{"appeal", "customer", owner, "We did."}
	assert.Equal(t, [][]string{appealed}, b.written(step.TicketID, filed.Refund.ID))
	assert.Equal(t, [][]string{
		{"request", "customer", owner, "We moved."}, {"decision", "reviewer", "rita", "she did not"}, appealed,
	}, b.written(step.TicketID, filed.Refund.ID, first))
}

func retryNotes(t *testing.T, open Opener) {
	b := NewWith(t, open, 0)
	b.Buy("p", 10, 10)
	r := b.MustFile("p")
	b.Step(r.ID, refund.VerbScreen, refund.Crediting)
	_, err := b.Park(b.Ctx, b.Op(r.ID, refund.VerbPark), "above-approved")
	require.NoError(t, err)
	step, err := b.Retry(b.Ctx, b.Op(r.ID, refund.VerbRetry), Admin, b.Note(r.ID, Admin, "the ledger is mended"))
	require.NoError(t, err)
	require.Equal(t, refund.Crediting, step.State)
	_, err = b.Retry(b.Ctx, b.Op(r.ID, refund.VerbRetry), Admin, b.Note(r.ID, Admin, "once more"))
	require.NoError(t, err)
	assert.Equal(t, [][]string{{"retry", "admin", "ada", "the ledger is mended"}}, b.written("", r.ID))
}

func questionNotes(t *testing.T, open Opener) {
	b := New(t, open)
	q, other := b.question("When?"), b.question("And why?")
	_, err := b.Escalate(b.Ctx, Reviewer, q.ID, b.Note("", Reviewer, "legal has to answer"))
	require.NoError(t, err)
	assert.Equal(t, [][]string{{"escalation", "reviewer", "rita", "legal has to answer"}}, b.written(q.ID))
	assert.Empty(t, b.written(other.ID), "what belongs to no refund belongs to its ticket")
	assert.Empty(t, b.written(other.ID, ""))
}

func counts(t *testing.T, open Opener) {
	b := New(t, open)
	b.Account("other")
	count := func(accountID, ticketID string) []int {
		t.Helper()
		open, err := b.CountOpenQuestions(b.Ctx, accountID)
		require.NoError(t, err)
		said, err := b.CountMessages(b.Ctx, ticketID)
		require.NoError(t, err)
		return []int{open, said}
	}
	assert.Equal(t, []int{0, 0}, count("acct", "none"))
	b.explained("p", "a case is no question")
	q, over := b.question("When?"), b.question("Why?")
	assert.Equal(t, []int{2, 1}, count("acct", q.ID))
	b.say(Reviewer, q.ID, review.Internal, "Known to us.")
	b.say(Customer("acct"), q.ID, review.Public, "Hello?")
	_, err := b.Resolve(b.Ctx, Reviewer, over.ID)
	require.NoError(t, err)
	assert.Equal(t, []int{1, 3}, count("acct", q.ID))
	assert.Equal(t, []int{0, 1}, count("other", over.ID))
}
