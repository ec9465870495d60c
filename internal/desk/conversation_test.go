package desk_test

import (
	"maps"
	"slices"
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

func TestACustomerAsks(t *testing.T) {
	o := newOffice(t)
	r, _ := o.inReview("p")
	for name, q := range map[string]desk.Question{
		"about nothing":                {},
		"about a package":              {PackageID: "p"},
		"about a refund":               {RefundID: r.ID},
		"about a refund and a package": {PackageID: "p", RefundID: r.ID},
	} {
		t.Run(name, func(t *testing.T) {
			heard := len(o.engine.heard)
			q.Subject, q.Body, q.AccountID = "When?", "I wait.\nSince\tMonday.", "other" // whose it is he does not say
			v, err := o.desk.Ask(o.Ctx, ann, q)
			require.NoError(t, err)
			assert.Equal(t, review.KindQuestion, v.Ticket.Kind)
			assert.Equal(t, "acct", v.Ticket.AccountID)
			assert.Equal(t, q.RefundID, v.Ticket.RefundID)
			if q.RefundID != "" {
				assert.Equal(t, "p", v.Ticket.PackageID, "a refund is of a package")
			}
			require.Len(t, v.Messages, 1)
			assert.Equal(t, q.Body, v.Messages[0].Body)
			require.Len(t, o.engine.heard, heard+1)
			assert.Equal(t, desk.IntentTicket, o.engine.heard[heard].Kind)
			assert.Empty(t, o.engine.heard[heard].RefundID, "it is the question's own workflow that hears")
			inside, err := o.desk.Ticket(o.Ctx, rita, v.Ticket.ID)
			require.NoError(t, err)
			p, err := o.shelf.Policy(o.Ctx, "1")
			require.NoError(t, err)
			assert.Equal(t, p.SLA(review.QueueQuestions), inside.Ticket.SLA, "of the policy in force")
		})
	}
}

func TestAQuestionIsChecked(t *testing.T) {
	o := newOffice(t)
	r, _ := o.inReview("p")
	o.Buy("q", 10, 10)
	staff := identity.Actor{Subject: "kim", Roles: []identity.Role{identity.Customer, identity.Reviewer}, AccountID: "other"}
	good := desk.Question{Subject: "s", Body: "b"}
	with := func(change func(*desk.Question)) desk.Question {
		q := good
		change(&q)
		return q
	}
	for name, c := range map[string]struct {
		who  identity.Actor
		q    desk.Question
		code string
		name string
	}{
		"no subject":         {ann, with(func(q *desk.Question) { q.Subject = " " }), "invalid-value", "subject"},
		"a long subject":     {ann, with(func(q *desk.Question) { q.Subject = strings.Repeat("é", 201) }), "invalid-value", "subject"},
		"two lines":          {ann, with(func(q *desk.Question) { q.Subject = "a\nb" }), "invalid-value", "subject"},
		"no body":            {ann, with(func(q *desk.Question) { q.Body = "\n\t " }), "invalid-value", "body"},
		"a long body":        {ann, with(func(q *desk.Question) { q.Body = strings.Repeat("é", review.MostText+1) }), "invalid-value", "body"},
		"control characters": {ann, with(func(q *desk.Question) { q.Body = "a\x1b[31m" }), "invalid-value", "body"},
		"no text":            {ann, with(func(q *desk.Question) { q.Body = "\xff" }), "invalid-value", "body"},
		"another package":    {ann, with(func(q *desk.Question) { q.PackageID, q.RefundID = "q", r.ID }), "invalid-value", "package_id"},
		"no such package":    {ann, with(func(q *desk.Question) { q.PackageID = "none" }), "not-found", ""},
		"no such refund":     {ann, with(func(q *desk.Question) { q.RefundID = "none" }), "not-found", ""},
		"a foreign package":  {bob, with(func(q *desk.Question) { q.PackageID = "q" }), "not-found", ""},
		"a foreign refund":   {bob, with(func(q *desk.Question) { q.RefundID = r.ID }), "not-found", ""},
		"a case he works on": {staff, with(func(q *desk.Question) { q.RefundID = r.ID }), "not-found", ""},
	} {
		before := len(o.refusals(audit.TicketWorkRefused))
		_, err := o.desk.Ask(o.Ctx, c.who, c.q)
		assert.Equal(t, c.code, codeOf(err), name)
		assert.Equal(t, c.name, fieldOf(err), name)
		refusals := o.refusals(audit.TicketWorkRefused)
		require.Len(t, refusals, before+1, name)
		last := refusals[before]
		assert.Equal(t, []string{c.code, c.who.AccountID}, []string{last.ReasonCode, last.ObjectID}, name)
	}
	long := with(func(q *desk.Question) {
		q.Subject, q.Body = strings.Repeat("é", 200), strings.Repeat("é", review.MostText)
	})
	require.NoError(t, does(o.desk.Ask(o.Ctx, ann, long)), "characters are counted, not bytes")
	for _, who := range []identity.Actor{rita, ada, billing, nobody} {
		require.ErrorIs(t, does(o.desk.Ask(o.Ctx, who, good)), desk.ErrForbidden)
	}
	require.ErrorIs(t, does(o.desk.Ask(o.Ctx, identity.Actor{Subject: "x", Roles: []identity.Role{identity.Customer}}, good)), desk.ErrNoAccount)
}

func TestBothPartiesSpeak(t *testing.T) {
	o := newOffice(t)
	_, v := o.inReview("p")
	id := v.Ticket.ID
	said, err := o.desk.Say(o.Ctx, ann, id, review.Public, "It was a mistake.")
	require.NoError(t, err)
	assert.False(t, said.ByStaff)
	said, err = o.desk.Say(o.Ctx, rita, id, review.Public, "We are looking.")
	require.NoError(t, err)
	assert.True(t, said.ByStaff)
	require.NoError(t, does(o.desk.Say(o.Ctx, sam, id, review.Internal, "Looks fine.")))
	require.Len(t, o.engine.heard, 2, "what is internal moves nothing")

	inside, err := o.desk.Ticket(o.Ctx, auditor, id)
	require.NoError(t, err)
	require.Len(t, inside.Messages, 3)
	assert.Equal(t, "rita", inside.Messages[1].Author)
	require.NotNil(t, inside.Ticket.RespondedAt)
	hers, err := o.desk.Ticket(o.Ctx, ann, id)
	require.NoError(t, err)
	require.Len(t, hers.Messages, 2)
	assert.Equal(t, ann.Subject, hers.Messages[0].Author)
	assert.Empty(t, hers.Messages[1].Author, "who of the staff it was is nobody's business")

	// Somebody who works here is the customer of his own ticket.
	said, err = o.desk.Say(o.Ctx, kin, id, review.Public, "It is my account, too.")
	require.NoError(t, err)
	assert.False(t, said.ByStaff)
}

// What nobody said the visibility of is mailed to nobody, unless it is the customer's.
func TestTheVisibilityOfAMessage(t *testing.T) {
	o := newOffice(t)
	_, v := o.inReview("p")
	for _, c := range []struct {
		who  identity.Actor
		want review.Visibility
	}{{ann, review.Public}, {kin, review.Public}, {rita, review.Internal}, {sam, review.Internal}} {
		heard := len(o.engine.heard)
		m, err := o.desk.Say(o.Ctx, c.who, v.Ticket.ID, "", "Is it paid?")
		require.NoError(t, err)
		assert.Equal(t, c.want, m.Visibility, c.who.Subject)
		assert.Equal(t, c.want == review.Public, len(o.engine.heard) > heard, c.who.Subject)
	}
	hers, err := o.desk.Ticket(o.Ctx, ann, v.Ticket.ID)
	require.NoError(t, err)
	assert.Len(t, hers.Messages, 2)
}

func TestAConversationIsFull(t *testing.T) {
	o := newOffice(t)
	r, v := o.inReview("p")
	require.NoError(t, does(o.desk.RequestInformation(o.Ctx, rita, v.Ticket.ID, invoice)))
	for range desk.MostMessages - 2 {
		_, _, err := o.Say(o.Ctx, rita, v.Ticket.ID, review.Internal, "x")
		require.NoError(t, err)
	}
	require.NoError(t, does(o.desk.Say(o.Ctx, rita, v.Ticket.ID, review.Internal, "the last one")))
	err := does(o.desk.Say(o.Ctx, rita, v.Ticket.ID, review.Internal, "one too many"))
	require.ErrorIs(t, err, desk.ErrConversationFull)
	assert.Equal(t, "conversation-full", o.refusals(audit.TicketWorkRefused)[0].ReasonCode)
	require.NoError(t, does(o.desk.Say(o.Ctx, ann, v.Ticket.ID, review.Public, "Here it is.")), "what she is asked she can answer")
	o.Step(r.ID, refund.VerbReassess, refund.InReview)
	require.ErrorIs(t, does(o.desk.Say(o.Ctx, ann, v.Ticket.ID, review.Public, "And?")), desk.ErrConversationFull)
	n, err := o.CountMessages(o.Ctx, v.Ticket.ID)
	require.NoError(t, err)
	assert.Equal(t, desk.MostMessages+1, n)
	require.NoError(t, does(o.desk.Withdraw(o.Ctx, ann, r.ID)))
	require.ErrorIs(t, does(o.desk.Say(o.Ctx, rita, v.Ticket.ID, review.Internal, "x")), review.ErrTicketClosed)
}

func TestTooManyQuestions(t *testing.T) {
	o := newOffice(t)
	first := o.question()
	for range desk.MostQuestions - 1 {
		o.question()
	}
	one := desk.Question{Subject: "Hello?", Body: "Is anybody there?"}
	err := does(o.desk.Ask(o.Ctx, ann, one))
	require.ErrorIs(t, err, desk.ErrTooManyQuestions)
	assert.Contains(t, err.Error(), "wait until they are answered")
	assert.Equal(t, "too-many-questions", o.refusals(audit.TicketWorkRefused)[0].ReasonCode)
	require.NoError(t, does(o.desk.Ask(o.Ctx, bob, one)), "each account has its own")
	require.NoError(t, does(o.desk.Resolve(o.Ctx, rita, first.Ticket.ID)))
	require.NoError(t, does(o.desk.Ask(o.Ctx, ann, one)))
	require.ErrorIs(t, does(o.desk.Ask(o.Ctx, ann, one)), desk.ErrTooManyQuestions)
}

func TestAMessageIsChecked(t *testing.T) {
	o := newOffice(t)
	_, v := o.inReview("p")
	id := v.Ticket.ID
	own := identity.Actor{Subject: "own", Roles: []identity.Role{identity.Reviewer}, AccountID: "acct"}
	for name, c := range map[string]struct {
		who        identity.Actor
		visibility review.Visibility
		body       string
		code, name string
	}{
		"internal by its customer":        {ann, review.Internal, "x", "invalid-value", "visibility"},
		"internal by staff on his own":    {kin, review.Internal, "x", "invalid-value", "visibility"},
		"no such visibility":              {rita, "secret", "x", "invalid-value", "visibility"},
		"nothing":                         {rita, review.Public, "", "invalid-value", "body"},
		"blanks":                          {ann, review.Public, " \t\n", "invalid-value", "body"},
		"what nobody sees":                {ann, review.Public, "\u200b \u2060\ufeff\u3164", "invalid-value", "body"},
		"staff of a linked account":       {identity.Actor{Subject: "lin", Roles: []identity.Role{identity.Reviewer}, AccountID: "other"}, review.Internal, "x", "own-ticket", ""},
		"too much":                        {rita, review.Internal, strings.Repeat("x", 100_000), "invalid-value", "body"},
		"control characters":              {ann, review.Public, "a\x00b", "invalid-value", "body"},
		"text in another order":           {ann, review.Public, "a\u202eb", "invalid-value", "body"},
		"an auditor writes nothing":       {auditor, review.Internal, "x", "forbidden", ""},
		"nor does an admin":               {ada, review.Public, "x", "forbidden", ""},
		"nor a reviewer who is admin":     {both, review.Public, "x", "forbidden", ""},
		"staff of the account, no client": {own, review.Internal, "x", "own-ticket", ""},
	} {
		before := len(o.refusals(audit.TicketWorkRefused))
		_, err := o.desk.Say(o.Ctx, c.who, id, c.visibility, c.body)
		assert.Equal(t, c.code, codeOf(err), name)
		assert.Equal(t, c.name, fieldOf(err), name)
		refusals := o.refusals(audit.TicketWorkRefused)
		require.Len(t, refusals, before+1, name)
		assert.Equal(t, c.code, refusals[before].ReasonCode, name)
	}
	for _, who := range []identity.Actor{bob, billing, nobody} {
		err := does(o.desk.Say(o.Ctx, who, id, review.Public, "x"))
		assert.Equal(t, fault.NotFound, fault.From(err).Kind, who.Subject)
	}
	said, err := o.Messages(o.Ctx, true, id)
	require.NoError(t, err)
	assert.Empty(t, said)
	require.NoError(t, does(o.desk.Say(o.Ctx, rita, id, review.Internal, strings.Repeat("宽", review.MostText))))

	q := o.question()
	require.NoError(t, does(o.desk.Resolve(o.Ctx, rita, q.Ticket.ID)))
	for _, who := range []identity.Actor{ann, rita} {
		before := len(o.refusals(audit.TicketWorkRefused))
		require.ErrorIs(t, does(o.desk.Say(o.Ctx, who, q.Ticket.ID, review.Public, "One more thing.")), review.ErrTicketClosed)
		require.Len(t, o.refusals(audit.TicketWorkRefused), before+1)
	}
}

const invoice = "Please send the invoice."

func TestACustomerIsAsked(t *testing.T) {
	o := newOffice(t)
	r, v := o.inReview("p")
	id := v.Ticket.ID
	got, err := o.desk.RequestInformation(o.Ctx, rita, id, invoice)
	require.NoError(t, err)
	assert.Equal(t, refund.AwaitingCustomer, got.Refund.State)
	require.NotNil(t, got.Ticket.AnswerBy)
	require.Len(t, got.Messages, 1)
	assert.Equal(t, invoice, got.Messages[0].Body)

	hers, err := o.desk.Refund(o.Ctx, ann, r.ID)
	require.NoError(t, err)
	assert.Equal(t, got.Ticket.AnswerBy, hers.AnswerBy, "the page can say by when")
	assert.Equal(t, id, hers.TicketID)

	require.NoError(t, does(o.desk.RequestInformation(o.Ctx, rita, id, invoice)), "the same request again")
	require.ErrorIs(t, does(o.desk.RequestInformation(o.Ctx, rita, id, "And your name?")), review.ErrAwaiting)
	require.ErrorIs(t, does(o.desk.RequestInformation(o.Ctx, rob, id, invoice)), review.ErrAwaiting)
	require.ErrorIs(t, does(o.desk.Decide(o.Ctx, rita, id, approve(v.Case.Digest()))), review.ErrAwaiting)
	assert.Len(t, o.refusals(audit.TicketWorkRefused), 2)
	assert.Len(t, o.refusals(audit.DecisionRefused), 1)
	require.Len(t, o.engine.asked, 1)
	assert.Equal(t, 1, o.texts("messages", invoice))

	require.NoError(t, does(o.desk.Say(o.Ctx, ann, id, review.Public, "Here it is.")))
	o.Step(r.ID, refund.VerbReassess, refund.InReview)
	require.NoError(t, does(o.desk.RequestInformation(o.Ctx, rita, id, invoice)), "the same words a second time are another question")
	require.Len(t, o.engine.asked, 2)
	assert.NotEqual(t, o.engine.asked[0].NoteID, o.engine.asked[1].NoteID)
	assert.Equal(t, 2, o.texts("messages", invoice))
}

func TestARequestForInformationWhoseAnswerWasLost(t *testing.T) {
	o := newOffice(t)
	_, v := o.inReview("p")
	before := o.entries()
	o.engine.instead = away
	for range 2 {
		require.ErrorIs(t, does(o.desk.RequestInformation(o.Ctx, rita, v.Ticket.ID, invoice)), away)
	}
	after, err := o.Case(o.Ctx, v.Ticket.ID)
	require.NoError(t, err)
	assert.Equal(t, v, after)
	assert.Equal(t, before, o.entries(), "nobody was refused, nothing is on the record")
	assert.Zero(t, o.texts("messages", invoice))
	assert.Equal(t, 1, o.texts("notes", invoice))
	assert.Equal(t, o.engine.asked[0].NoteID, o.engine.asked[1].NoteID, "one id, so that the engine takes it for one")

	o.engine.instead, o.engine.lost = nil, true
	require.ErrorIs(t, does(o.desk.RequestInformation(o.Ctx, rita, v.Ticket.ID, invoice)), away)
	o.engine.lost = false
	require.NoError(t, does(o.desk.RequestInformation(o.Ctx, rita, v.Ticket.ID, invoice)))
	assert.Equal(t, 1, o.texts("messages", invoice))
}

func TestWhoCannotBeAsked(t *testing.T) {
	o := newOffice(t)
	r, v := o.inReview("p")
	require.ErrorIs(t, does(o.desk.RequestInformation(o.Ctx, rita, o.question().Ticket.ID, invoice)), desk.ErrNotInReview)
	o.engine.instead = fault.New(fault.Conflict, desk.CodeClosed, "The workflow has ended.")
	require.ErrorIs(t, does(o.desk.RequestInformation(o.Ctx, rita, v.Ticket.ID, invoice)), review.ErrTicketClosed)
	o.engine.instead = nil
	require.NoError(t, does(o.desk.SetStanding(o.Ctx, ada, "acct", refund.Suspended, "section 4")))
	o.Step(r.ID, refund.VerbReassess, refund.OnHold)
	require.ErrorIs(t, does(o.desk.RequestInformation(o.Ctx, rita, v.Ticket.ID, invoice)), desk.ErrNotInReview)
	var codes []string
	for _, e := range o.refusals(audit.TicketWorkRefused) {
		codes = append(codes, e.ReasonCode)
	}
	assert.Equal(t, []string{"not-in-review", "ticket-closed", "not-in-review"}, codes)
}

// A form asks once and says once, however often and however fast it is sent.
func TestAFormIsSentOnce(t *testing.T) {
	o := newOffice(t)
	q := desk.Question{Subject: "Where is it?", Body: "I asked a week ago.", Key: "form-1"}
	tickets, messages := map[string]bool{}, map[string]bool{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			v, err := o.desk.Ask(o.Ctx, ann, q)
			mu.Lock()
			defer mu.Unlock()
			assert.NoError(t, err)
			tickets[v.Ticket.ID] = true
		})
	}
	wg.Wait()
	require.Len(t, tickets, 1)
	id := slices.Collect(maps.Keys(tickets))[0]
	for range 8 {
		wg.Go(func() {
			m, err := o.desk.SayOnce(o.Ctx, ann, id, review.Public, "Hello?", "form-2")
			mu.Lock()
			defer mu.Unlock()
			assert.NoError(t, err)
			messages[m.ID] = true
		})
	}
	wg.Wait()
	require.Len(t, messages, 1)
	said, err := o.desk.Ticket(o.Ctx, ann, id)
	require.NoError(t, err)
	require.Len(t, said.Messages, 2)

	q.Subject = "Where is the other?"
	require.ErrorIs(t, does(o.desk.Ask(o.Ctx, ann, q)), desk.ErrIdempotencyMismatch)
	require.ErrorIs(t, does(o.desk.SayOnce(o.Ctx, ann, id, review.Public, "Hello!", "form-2")), desk.ErrIdempotencyMismatch)
	elsewhere, err := o.desk.Ask(o.Ctx, bob, desk.Question{Subject: "Mine?", Body: "I asked a week ago.", Key: "form-1"})
	require.NoError(t, err, "another's key is another")
	require.NotEqual(t, id, elsewhere.Ticket.ID)
	require.NoError(t, does(o.desk.SayOnce(o.Ctx, rita, id, review.Public, "Soon.", "form-2")))
	require.ErrorIs(t, does(o.desk.SayOnce(o.Ctx, rita, elsewhere.Ticket.ID, review.Public, "Soon.", "form-2")), desk.ErrIdempotencyMismatch)
}
