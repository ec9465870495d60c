package desk_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/internal/store"
)

var (
	kin  = identity.Actor{Subject: "kin", Roles: []identity.Role{identity.Reviewer, identity.Customer}, AccountID: "acct"}
	both = identity.Actor{Subject: "both", Roles: []identity.Role{identity.Reviewer, identity.Admin}}
	rob  = identity.Actor{Subject: "rob", Roles: []identity.Role{identity.Reviewer}}
)

// chores are all that is done on a ticket, with values that are right.
func (o *office) chores() map[string]func(ctx context.Context, who identity.Actor, ticketID string) error {
	return map[string]func(ctx context.Context, who identity.Actor, ticketID string) error{
		"claim": func(ctx context.Context, who identity.Actor, id string) error {
			return does(o.desk.Claim(ctx, who, id))
		},
		"release": func(ctx context.Context, who identity.Actor, id string) error {
			return does(o.desk.Release(ctx, who, id))
		},
		"assign": func(ctx context.Context, who identity.Actor, id string) error {
			return does(o.desk.Assign(ctx, who, id, "rob"))
		},
		"assign all": func(ctx context.Context, who identity.Actor, id string) error {
			return does(o.desk.AssignAll(ctx, who, []string{id}, "rob"))
		},
		"snooze": func(ctx context.Context, who identity.Actor, id string) error {
			return does(o.desk.Snooze(ctx, who, id, o.Clock.Now().Add(time.Hour)))
		},
		"escalate": func(ctx context.Context, who identity.Actor, id string) error {
			return does(o.desk.Escalate(ctx, who, id, "too large for me"))
		},
		"request information": func(ctx context.Context, who identity.Actor, id string) error {
			return does(o.desk.RequestInformation(ctx, who, id, "Please send the invoice."))
		},
		"resolve": func(ctx context.Context, who identity.Actor, id string) error {
			return does(o.desk.Resolve(ctx, who, id))
		},
	}
}

// Work is for reviewers who are neither auditor nor admin, and on no ticket of their own.
// Whoever is refused is on the record.
func TestWhoWorksOnTickets(t *testing.T) {
	for name := range (&office{}).chores() {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			_, v := o.inReview("p")
			id := v.Ticket.ID
			if name == "resolve" {
				id = o.question().Ticket.ID
			}
			ctx := audit.WithRequest(o.Ctx, "req_7")
			chore := o.chores()[name]
			var want []audit.Entry
			for _, c := range []struct {
				who  identity.Actor
				role identity.Role
				code string
			}{
				{ann, identity.Customer, "forbidden"}, {bob, identity.Customer, "forbidden"},
				{billing, identity.Integrator, "forbidden"}, {nobody, "", "forbidden"},
				{auditor, identity.Auditor, "forbidden"}, {ada, identity.Admin, "forbidden"},
				{both, identity.Admin, "forbidden"}, {kin, identity.Reviewer, "own-ticket"},
			} {
				err := chore(ctx, c.who, id)
				assert.Equal(t, c.code, codeOf(err), c.who.Subject)
				assert.Equal(t, fault.Forbidden, fault.From(err).Kind)
				want = append(want, audit.Entry{
					Action: audit.TicketWorkRefused, Actor: c.who.Subject, Role: c.role, Object: audit.ObjectTicket, ObjectID: id,
					ReasonCode: c.code, RequestID: "req_7",
				})
			}
			got := o.refusals(audit.TicketWorkRefused)
			for i := range got {
				got[i].RefundID = ""
			}
			assert.Equal(t, want, got)
			assert.Equal(t, fault.NotFound, fault.From(chore(ctx, rita, "none")).Kind)
			require.NoError(t, chore(ctx, rita, id))
		})
	}
}

// A ticket is its opener's and its requester's also when his token names no account: he
// works on none of the two.
func TestNobodyWorksOnWhatHeAskedFor(t *testing.T) {
	o := newOffice(t)
	_, filed := o.inReview("p")
	asked := o.question()
	who := identity.Actor{Subject: ann.Subject, Roles: []identity.Role{identity.Reviewer}}
	require.NotEqual(t, who.Subject, filed.Ticket.OpenedBy)
	require.Equal(t, who.Subject, filed.Refund.RequestedBy)
	inside, err := o.Case(o.Ctx, asked.Ticket.ID)
	require.NoError(t, err)
	require.Equal(t, who.Subject, inside.Ticket.OpenedBy)
	require.Empty(t, inside.Refund.RequestedBy)
	chores := o.chores()
	chores["say"] = func(ctx context.Context, who identity.Actor, id string) error {
		return does(o.desk.Say(ctx, who, id, review.Internal, "x"))
	}
	for _, id := range []string{filed.Ticket.ID, asked.Ticket.ID} {
		for name, chore := range chores {
			require.ErrorIs(t, chore(o.Ctx, who, id), desk.ErrOwnTicket, name)
		}
	}
	assert.Len(t, o.refusals(audit.TicketWorkRefused), 2*len(chores))
}

// What staff filter by would tell them of their own account what they are not shown of it.
func TestNobodyListsHisOwnByWhatIsInside(t *testing.T) {
	o := newOffice(t)
	_, v := o.inReview("p")
	own := identity.Actor{Subject: "own", Roles: []identity.Role{identity.Senior}, AccountID: "acct"}
	yes := true
	for name, f := range map[string]desk.TicketFilter{
		"rule":       {Rule: v.Ticket.Matches[0].Rule},
		"queue":      {Queue: review.QueueReview},
		"unassigned": {Unassigned: &yes},
		"priority":   {Sort: desk.SortPriority},
	} {
		for _, f.AccountID = range []string{"", "acct"} {
			seen, err := o.desk.Tickets(o.Ctx, own, f)
			require.NoError(t, err)
			assert.Empty(t, seen.Items, name)
			seen, err = o.desk.Tickets(o.Ctx, rita, f)
			require.NoError(t, err)
			assert.Len(t, seen.Items, 1, name)
		}
	}
	seen, err := o.desk.Tickets(o.Ctx, own, desk.TicketFilter{})
	require.NoError(t, err)
	require.Len(t, seen.Items, 1, "that it is there is no secret")
	assert.Empty(t, seen.Items[0].Ticket.Matches)
}

// An assignee is an id: no free text gets into the audit log, nor do lists look for any.
func TestAnAssigneeIsAnID(t *testing.T) {
	o := newOffice(t)
	_, v := o.inReview("p")
	for _, who := range []string{"", " ", "Lin Wei", "the customer lies", "-r", "林", "r\n", strings.Repeat("x", 129)} {
		for _, err := range []error{does(o.desk.Assign(o.Ctx, rita, v.Ticket.ID, who)), does(o.desk.AssignAll(o.Ctx, rita, []string{v.Ticket.ID}, who))} {
			assert.Equal(t, "assignee", fieldOf(err), who)
		}
		if who != "" {
			assert.Equal(t, "assignee", fieldOf(does(o.desk.Tickets(o.Ctx, rita, desk.TicketFilter{Assignee: who}))), who)
		}
	}
	for _, who := range []string{"r", "auth0|5f7c.e_2", "lin@example.com", "urn:7:x", strings.Repeat("x", 128)} {
		require.NoError(t, does(o.desk.Assign(o.Ctx, rita, v.Ticket.ID, who)))
		page, err := o.desk.Tickets(o.Ctx, rita, desk.TicketFilter{Assignee: who})
		require.NoError(t, err)
		assert.Len(t, page.Items, 1)
	}
}

// Nothing is done on a ticket that is closed, and the attempt is on the record.
func TestNothingIsDoneOnAClosedTicket(t *testing.T) {
	for name := range (&office{}).chores() {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			r, v := o.inReview("p")
			id := v.Ticket.ID
			if name == "resolve" {
				id = o.question().Ticket.ID
				require.NoError(t, does(o.desk.Resolve(o.Ctx, rita, id)))
			} else {
				require.NoError(t, does(o.desk.Withdraw(o.Ctx, ann, r.ID)))
			}
			heard := len(o.engine.heard)
			err := o.chores()[name](o.Ctx, rita, id)
			require.ErrorIs(t, err, review.ErrTicketClosed)
			refusals := o.refusals(audit.TicketWorkRefused)
			require.Len(t, refusals, 1)
			assert.Equal(t, "ticket-closed", refusals[0].ReasonCode)
			assert.Len(t, o.engine.heard, heard)
			assert.Zero(t, o.texts("notes", "too large for me"))
		})
	}
}

func TestValuesOfWorkAreChecked(t *testing.T) {
	o := newOffice(t)
	_, v := o.inReview("p")
	id, now := v.Ticket.ID, o.Clock.Now()
	many := make([]string, desk.MostAssigned+1)
	for i := range many {
		many[i] = fmt.Sprint("ticket_", i)
	}
	for name, c := range map[string]struct {
		err   error
		field string
	}{
		"nobody":           {does(o.desk.Assign(o.Ctx, rita, id, "")), "assignee"},
		"two lines":        {does(o.desk.Assign(o.Ctx, rita, id, "a\nb")), "assignee"},
		"a long name":      {does(o.desk.Assign(o.Ctx, rita, id, strings.Repeat("x", 201))), "assignee"},
		"all to nobody":    {does(o.desk.AssignAll(o.Ctx, rita, []string{id}, " ")), "assignee"},
		"no tickets":       {does(o.desk.AssignAll(o.Ctx, rita, nil, "rob")), "ticket_ids"},
		"too many tickets": {does(o.desk.AssignAll(o.Ctx, rita, many, "rob")), "ticket_ids"},
		"until now":        {does(o.desk.Snooze(o.Ctx, rita, id, now)), "until"},
		"until long after": {does(o.desk.Snooze(o.Ctx, rita, id, now.Add(desk.MostSnooze+time.Second))), "until"},
		"no reason":        {does(o.desk.Escalate(o.Ctx, rita, id, " \n")), "reason"},
		"an essay":         {does(o.desk.Escalate(o.Ctx, rita, id, strings.Repeat("x", 100_000))), "reason"},
		"a bell":           {does(o.desk.Escalate(o.Ctx, rita, id, "\a")), "reason"},
		"no question":      {does(o.desk.RequestInformation(o.Ctx, rita, id, "")), "body"},
		"a long question":  {does(o.desk.RequestInformation(o.Ctx, rita, id, strings.Repeat("x", review.MostText+1))), "body"},
	} {
		assert.Equal(t, fault.Unprocessable, fault.From(c.err).Kind, name)
		assert.Equal(t, c.field, fieldOf(c.err), name)
	}
	assert.Len(t, o.refusals(audit.TicketWorkRefused), 13, "each attempt is on the record")
	after, err := o.Case(o.Ctx, id)
	require.NoError(t, err)
	assert.Equal(t, v, after)
	assert.Empty(t, o.engine.asked)
}

// A claim is a courtesy: it blocks nobody's message and nobody's vote.
func TestAClaim(t *testing.T) {
	o := newOffice(t)
	_, v := o.inReview("p")
	id := v.Ticket.ID
	got, err := o.desk.Claim(o.Ctx, rita, id)
	require.NoError(t, err)
	assert.Equal(t, "rita", got.Ticket.Assignee)
	require.NoError(t, does(o.desk.Claim(o.Ctx, rita, id)), "his own again")
	require.ErrorIs(t, does(o.desk.Claim(o.Ctx, rob, id)), review.ErrClaimed)
	require.Len(t, o.refusals(audit.TicketWorkRefused), 1)
	assert.Equal(t, "already-claimed", o.refusals(audit.TicketWorkRefused)[0].ReasonCode)
	require.ErrorIs(t, does(o.desk.Release(o.Ctx, rob, id)), store.ErrNotAssignee)
	require.NoError(t, does(o.desk.Say(o.Ctx, rob, id, review.Internal, "I know her.")))
	got, err = o.desk.Release(o.Ctx, rita, id)
	require.NoError(t, err)
	assert.Empty(t, got.Ticket.Assignee)
	got, err = o.desk.Assign(o.Ctx, rob, id, "rita")
	require.NoError(t, err)
	assert.Equal(t, "rita", got.Ticket.Assignee)
	require.NoError(t, does(o.desk.Decide(o.Ctx, rob, id, approve(v.Case.Digest()))))
}

func TestOfClaimsThatRaceOneWins(t *testing.T) {
	o := newOffice(t)
	_, v := o.inReview("p")
	const many = 12
	errs := make([]error, many)
	var race sync.WaitGroup
	for i := range many {
		race.Go(func() {
			who := identity.Actor{Subject: fmt.Sprint("reviewer-", i), Roles: []identity.Role{identity.Reviewer}}
			_, errs[i] = o.desk.Claim(o.Ctx, who, v.Ticket.ID)
		})
	}
	race.Wait()
	after, err := o.Case(o.Ctx, v.Ticket.ID)
	require.NoError(t, err)
	won := 0
	for i, err := range errs {
		if err == nil {
			won++
			assert.Equal(t, fmt.Sprint("reviewer-", i), after.Ticket.Assignee)
			continue
		}
		require.ErrorIs(t, err, review.ErrClaimed)
	}
	assert.Equal(t, 1, won)
	assert.Len(t, o.refusals(audit.TicketWorkRefused), many-1)
	assert.Len(t, o.refusals(audit.TicketClaimed), 1)
}

func TestManyAreAssignedAtOnceOrNone(t *testing.T) {
	o := newOffice(t)
	_, one := o.inReview("p")
	_, two := o.inReview("q")
	ids := []string{one.Ticket.ID, two.Ticket.ID, one.Ticket.ID}
	n, err := o.desk.AssignAll(o.Ctx, rita, ids, "rob")
	require.NoError(t, err)
	assert.Equal(t, 2, n, "a ticket named twice is one")
	_, err = o.desk.AssignAll(o.Ctx, rita, append(ids, "none"), "sam")
	assert.Equal(t, fault.NotFound, fault.From(err).Kind)
	for _, id := range ids {
		v, err := o.Case(o.Ctx, id)
		require.NoError(t, err)
		assert.Equal(t, "rob", v.Ticket.Assignee)
	}
	own := identity.Actor{Subject: "own", Roles: []identity.Role{identity.Reviewer}, AccountID: "acct"}
	_, err = o.desk.AssignAll(o.Ctx, own, ids, "sam")
	require.ErrorIs(t, err, desk.ErrOwnTicket)
}

// What is snoozed is out of the queue until its time, and is found by who asks for it.
func TestASnooze(t *testing.T) {
	o := newOffice(t)
	r, v := o.inReview("p")
	count := func(f desk.TicketFilter) int {
		page, err := o.desk.Tickets(o.Ctx, rita, f)
		require.NoError(t, err)
		return len(page.Items)
	}
	until := o.Clock.Now().Add(24 * time.Hour)
	got, err := o.desk.Snooze(o.Ctx, rita, v.Ticket.ID, until)
	require.NoError(t, err)
	assert.Equal(t, until, *got.Ticket.SnoozedUntil)
	assert.Equal(t, v.Ticket.DueAt, got.Ticket.DueAt, "its clock runs on")
	yes := true
	assert.Zero(t, count(desk.TicketFilter{}))
	assert.Equal(t, 1, count(desk.TicketFilter{Snoozed: &yes}))
	assert.Equal(t, 1, count(desk.TicketFilter{RefundID: r.ID}), "who looks for it finds it")
	mine, err := o.desk.Tickets(o.Ctx, ann, desk.TicketFilter{})
	require.NoError(t, err)
	assert.Len(t, mine.Items, 1, "its customer sees it all the time")

	require.NoError(t, does(o.desk.Snooze(o.Ctx, rita, v.Ticket.ID, time.Time{})))
	assert.Equal(t, 1, count(desk.TicketFilter{}), "woken by hand")
	require.NoError(t, does(o.desk.Snooze(o.Ctx, rita, v.Ticket.ID, until)))
	o.Clock.Add(25 * time.Hour)
	assert.Equal(t, 1, count(desk.TicketFilter{}), "woken by the clock")
}

// The reason of an escalation is a note: only its id is in the audit log.
func TestAnEscalation(t *testing.T) {
	o := newOffice(t)
	r, v := o.inReview("p")
	const reason = "Same card as the ring of May."
	got, err := o.desk.Escalate(o.Ctx, rita, v.Ticket.ID, reason)
	require.NoError(t, err)
	assert.Equal(t, review.QueueEscalation, got.Ticket.Queue)
	assert.Equal(t, 1, o.texts("notes", reason))
	require.Len(t, o.engine.heard, 1)
	assert.Equal(t, desk.IntentTicket, o.engine.heard[0].Kind)
	assert.Equal(t, r.ID, o.engine.heard[0].RefundID)
	require.NoError(t, does(o.desk.Escalate(o.Ctx, rita, v.Ticket.ID, reason)))
	assert.Equal(t, 1, o.texts("notes", reason), "the same reason is the same note")
	assert.Len(t, o.refusals(audit.TicketEscalated), 1)

	q := o.question()
	require.NoError(t, does(o.desk.Escalate(o.Ctx, rita, q.Ticket.ID, "legal has to answer")))
}

func TestAQuestionIsResolvedAndARequestDecided(t *testing.T) {
	o := newOffice(t)
	r, v := o.inReview("p")
	q := o.question()
	require.ErrorIs(t, does(o.desk.Resolve(o.Ctx, rita, v.Ticket.ID)), desk.ErrDecisionNeeded)
	for _, who := range []identity.Actor{rita, ada} {
		err := does(o.desk.Decide(o.Ctx, who, q.Ticket.ID, approve("")))
		want := map[string]error{"rita": desk.ErrNotDecidable, "ada": review.ErrMayNotDecide}[who.Subject]
		require.ErrorIs(t, err, want)
	}
	assert.Len(t, o.refusals(audit.DecisionRefused), 2)
	got, err := o.desk.Resolve(o.Ctx, rita, q.Ticket.ID)
	require.NoError(t, err)
	assert.Equal(t, review.Closed, got.Ticket.State)
	after, err := o.Refund(o.Ctx, r.ID)
	require.NoError(t, err)
	assert.Equal(t, refund.InReview, after.State)
}

// Only what asks a workflow needs the engine.
func TestWorkGoesOnWhileTheEngineIsAway(t *testing.T) {
	o := newOffice(t)
	_, v := o.inReview("p")
	q := o.question()
	o.engine.instead = errors.New("connection refused")
	for name, chore := range o.chores() {
		if name == "request information" || name == "resolve" {
			continue
		}
		require.NoError(t, chore(o.Ctx, sam, v.Ticket.ID), name)
		require.NoError(t, does(o.desk.Release(o.Ctx, sam, v.Ticket.ID)))
	}
	require.NoError(t, does(o.desk.Say(o.Ctx, ann, q.Ticket.ID, review.Public, "Hello?")))
	require.NoError(t, does(o.desk.Resolve(o.Ctx, rita, q.Ticket.ID)))
}
