package desk_test

import (
	"context"
	"regexp"
	"strings"
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
)

// command is something that changes things, and who may not do it.
type command struct {
	action audit.Action
	object audit.Object
	id     string // of what it is about
	refuse []identity.Actor
	do     func(ctx context.Context, who identity.Actor, id string) error
}

// commands are all that the desk has, on things of the account "acct".
func (o *office) commands(refundID, ticketID, replyID, pauseID string) map[string]command {
	d, hour := o.desk, o.Clock.Now().Add(time.Hour)
	customers, programs := []identity.Actor{ann, bob}, []identity.Actor{billing, nobody}
	not := func(who ...[]identity.Actor) (all []identity.Actor) {
		for _, some := range who {
			all = append(all, some...)
		}
		return append(all, auditor)
	}
	reviewers, admins := []identity.Actor{rita, sam}, []identity.Actor{ada}
	all := map[string]command{
		"open an account": {audit.AccountRefused, audit.ObjectAccount, "mine", not(customers, reviewers, []identity.Actor{nobody}), func(ctx context.Context, who identity.Actor, id string) error {
			return does(d.OpenAccount(ctx, who, refund.Account{ID: id, Name: "n", Email: "n@example.com"}))
		}},
		"change an account": {audit.AccountRefused, audit.ObjectAccount, "acct", not(customers, reviewers, []identity.Actor{nobody}), func(ctx context.Context, who identity.Actor, id string) error {
			return does(d.ChangeAccount(ctx, who, id, desk.AccountChange{}))
		}},
		"set standing": {audit.StandingRefused, audit.ObjectAccount, "acct", not(customers, reviewers, programs), func(ctx context.Context, who identity.Actor, id string) error {
			return does(d.SetStanding(ctx, who, id, refund.Good, ""))
		}},
		"buy a package": {audit.PackageRefused, audit.ObjectPackage, "mine", not(customers, reviewers, admins, []identity.Actor{nobody}), func(ctx context.Context, who identity.Actor, id string) error {
			return does(d.BuyPackage(ctx, who, refund.Package{ID: id, AccountID: "acct", Product: refund.GlobalSMS, Name: "n", Currency: "USD", Paid: 1}))
		}},
		"record usage": {audit.UsageRefused, audit.ObjectPackage, "q", not(customers, reviewers, admins, []identity.Actor{nobody}), func(ctx context.Context, who identity.Actor, id string) error {
			return does(d.RecordUsage(ctx, who, desk.UsageRecord{ID: "u", PackageID: id, Cost: 1, Currency: "USD"}))
		}},
		"set a dispute": {audit.DisputeRefused, audit.ObjectPackage, "q", not(customers, reviewers, admins, []identity.Actor{nobody}), func(ctx context.Context, who identity.Actor, id string) error {
			return does(d.SetDispute(ctx, who, id, refund.NoDispute))
		}},
		"file": {audit.FilingRefused, audit.ObjectPackage, "q", not([]identity.Actor{bob}, reviewers, admins, programs), func(ctx context.Context, who identity.Actor, id string) error {
			return does(d.File(ctx, who, desk.Filing{PackageID: id, ReasonCode: refund.OtherReason, IdempotencyKey: "k"}, 0))
		}},
		"withdraw": {audit.WithdrawRefused, audit.ObjectRefund, refundID, not([]identity.Actor{bob}, reviewers, admins, programs), func(ctx context.Context, who identity.Actor, id string) error {
			return does(d.Withdraw(ctx, who, id))
		}},
		"appeal": {audit.AppealRefused, audit.ObjectRefund, refundID, not([]identity.Actor{bob}, reviewers, admins, programs), func(ctx context.Context, who identity.Actor, id string) error {
			return does(d.Appeal(ctx, who, id, "why", 0))
		}},
		"retry": {audit.RetryRefused, audit.ObjectRefund, refundID, not(customers, reviewers, programs), func(ctx context.Context, who identity.Actor, id string) error {
			return does(d.Retry(ctx, who, id, "why"))
		}},
		"say": {audit.TicketWorkRefused, audit.ObjectTicket, ticketID, not([]identity.Actor{bob}, admins, programs), func(ctx context.Context, who identity.Actor, id string) error {
			return does(d.Say(ctx, who, id, "", "words"))
		}},
		"decide": {audit.DecisionRefused, audit.ObjectTicket, ticketID, not(customers, admins, programs), func(ctx context.Context, who identity.Actor, id string) error {
			return does(d.Decide(ctx, who, id, desk.Judgement{Vote: review.Reject, ReasonCode: "other", Digest: "x"}))
		}},
		"save a reply": {audit.ReplyRefused, audit.ObjectReply, replyID, not(customers, []identity.Actor{rita}, programs), func(ctx context.Context, who identity.Actor, id string) error {
			return does(d.SaveReply(ctx, who, review.SavedReply{ID: id, Title: "t", Body: map[string]string{"en": "b"}}))
		}},
		"delete a reply": {audit.ReplyRefused, audit.ObjectReply, replyID, not(customers, []identity.Actor{rita}, programs), func(ctx context.Context, who identity.Actor, id string) error {
			return d.DeleteReply(ctx, who, id)
		}},
		"publish a policy": {audit.PolicyRefused, audit.ObjectPolicy, "1", not(customers, reviewers, programs), func(ctx context.Context, who identity.Actor, id string) error {
			return does(d.PublishPolicy(ctx, who, id))
		}},
		"backtest a policy": {audit.PolicyRefused, audit.ObjectPolicy, "1", not(customers, reviewers, programs), func(ctx context.Context, who identity.Actor, id string) error {
			return does(d.Backtest(ctx, who, id))
		}},
		"end a pause": {audit.PauseRefused, audit.ObjectPause, pauseID, not(customers, reviewers, programs), func(ctx context.Context, who identity.Actor, id string) error {
			return does(d.EndPause(ctx, who, id))
		}},
	}
	for name, chore := range o.chores() {
		all[name] = command{audit.TicketWorkRefused, audit.ObjectTicket, ticketID, not(customers, admins, programs), chore}
	}
	// What names nothing.
	all["ask"] = command{audit.TicketWorkRefused, audit.ObjectTicket, audit.NewID, not(reviewers, admins, programs), func(ctx context.Context, who identity.Actor, _ string) error {
		return does(d.Ask(ctx, who, desk.Question{Subject: "s", Body: "b"}))
	}}
	all["draft a policy"] = command{audit.PolicyRefused, audit.ObjectPolicy, audit.NewID, not(customers, reviewers, programs), func(ctx context.Context, who identity.Actor, _ string) error {
		return does(d.DraftPolicy(ctx, who, stricter()))
	}}
	all["check a policy"] = command{audit.PolicyRefused, audit.ObjectPolicy, audit.NewID, append(customers, rita, sam, billing, nobody), func(ctx context.Context, who identity.Actor, _ string) error {
		return does(d.CheckPolicy(ctx, who, stricter()))
	}}
	all["pause"] = command{audit.PauseRefused, audit.ObjectPause, audit.NewID, not(customers, reviewers, programs), func(ctx context.Context, who identity.Actor, _ string) error {
		return does(d.Pause(ctx, who, desk.Pause{Scope: desk.PauseAll, Reason: "r", ExpiresAt: hour}))
	}}
	all["preview a pause"] = command{audit.PauseRefused, audit.ObjectPause, audit.NewID, append(customers, billing, nobody), func(ctx context.Context, who identity.Actor, _ string) error {
		return does(d.PauseEffect(ctx, who, desk.PauseAll, ""))
	}}
	return all
}

// Whoever may not do something leaves one entry that says so, whatever it is.
func TestEveryRefusalIsAnEntry(t *testing.T) {
	o := newOffice(t)
	r, v := o.inReview("p")
	o.Buy("q", 10, 10)
	reply, err := o.desk.SaveReply(o.Ctx, sam, review.SavedReply{Title: "t", Body: map[string]string{"en": "b"}})
	require.NoError(t, err)
	pause, err := o.desk.Pause(o.Ctx, ada, desk.Pause{Scope: desk.PauseAll, Reason: "r", ExpiresAt: o.Clock.Now().Add(time.Hour)})
	require.NoError(t, err)
	ctx := audit.WithRequest(o.Ctx, "req_7")
	ofRefund := map[string]string{r.ID: r.ID, v.Ticket.ID: r.ID}
	id := regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)
	for name, c := range o.commands(r.ID, v.Ticket.ID, reply.ID, pause.ID) {
		t.Run(name, func(t *testing.T) {
			object, is := c.action.Refuses()
			require.True(t, is)
			require.Equal(t, object, c.object)
			refused := func(who identity.Actor, at, entryAt string) {
				t.Helper()
				before := o.entries()
				err := c.do(ctx, who, at)
				require.True(t, fault.IsAnswer(err), "%s: %v", who.Subject, err)
				require.Equal(t, before+1, o.entries(), who.Subject)
				all := o.refusals(c.action)
				require.Regexp(t, id, all[len(all)-1].ObjectID)
				require.Equal(t, audit.Entry{
					Actor: who.Subject, Role: who.MainRole(), Action: c.action, Object: c.object, ObjectID: entryAt, RefundID: ofRefund[at],
					ReasonCode: codeOf(err), RequestID: "req_7",
				}, all[len(all)-1])
			}
			for _, who := range c.refuse {
				refused(who, c.id, c.id)
				if c.id != audit.NewID {
					refused(who, "no/id "+strings.Repeat("x", 100), audit.UnknownID)
				}
			}
		})
	}
}

// Where somebody may do such a thing and there is none, he tried all the same.
func TestAnAttemptAtWhatIsNotThereIsAnEntry(t *testing.T) {
	o := newOffice(t)
	able := map[audit.Action]identity.Actor{
		audit.AccountRefused: ada, audit.StandingRefused: ada, audit.UsageRefused: billing, audit.DisputeRefused: billing, audit.FilingRefused: ann,
		audit.WithdrawRefused: ann, audit.AppealRefused: ann, audit.RetryRefused: ada, audit.TicketWorkRefused: rita, audit.DecisionRefused: rita,
		audit.ReplyRefused: sam, audit.PolicyRefused: ada, audit.PauseRefused: ada,
	}
	for name, c := range o.commands("none", "none", "none", "none") {
		who, ok := able[c.action]
		if !ok || c.id == audit.NewID || name == "open an account" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			before := o.entries()
			require.Equal(t, "not-found", codeOf(c.do(o.Ctx, who, "none")))
			require.Equal(t, before+1, o.entries())
			all := o.refusals(c.action)
			require.Equal(t, audit.Entry{
				Actor: who.Subject, Role: who.MainRole(), Action: c.action, Object: c.object, ObjectID: "none", ReasonCode: "not-found",
			}, all[len(all)-1])
		})
	}
}

// A failure is no refusal, and neither is what comes from beyond the desk but did not refuse.
func TestWhatIsNoRefusalLeavesNoEntry(t *testing.T) {
	o := newOffice(t)
	_, v := o.inReview("p")
	before := o.entries()
	o.engine.instead = away
	require.ErrorIs(t, does(o.desk.Decide(o.Ctx, rita, v.Ticket.ID, approve(v.Case.Digest()))), away)
	for _, err := range []error{nil, away, context.DeadlineExceeded} {
		o.desk.NoteRefusal(o.Ctx, rita, audit.DecisionRefused, audit.ObjectTicket, v.Ticket.ID, err)
	}
	require.Equal(t, before, o.entries())
	for _, err := range []error{
		does(o.desk.Refund(o.Ctx, bob, v.Refund.ID)), does(o.desk.Policies(o.Ctx, bob, desk.Paging{})), does(o.desk.PolicyVersions(o.Ctx, bob, desk.Paging{})),
		does(o.desk.PolicyInForce(o.Ctx, bob)), does(o.desk.CaseFile(o.Ctx, bob, v.Ticket.ID)),
		does(o.desk.Pauses(o.Ctx, bob, true, desk.Paging{})), does(o.desk.SavedReplies(o.Ctx, bob)),
	} {
		require.Error(t, err)
	}
	require.Equal(t, before, o.entries(), "reads leave none")
	assert.Equal(t, "invalid-policy", codeOf(does(o.desk.CheckPolicy(o.Ctx, ada, "x"))))
	require.Equal(t, before, o.entries(), "who has a policy checked hears what is wrong with it")
}

// An edge refuses what names nothing, or something by no id, in an entry all the same; and
// one that hangs up does not escape it.
func TestWhatAnEdgeRefuses(t *testing.T) {
	o := newOffice(t)
	_, v := o.inReview("p")
	ctx, hangUp := context.WithCancel(audit.WithRequest(o.Ctx, "req_7"))
	hangUp()
	o.desk.NoteRefusal(ctx, bob, audit.PauseRefused, "", "", desk.ErrForbidden)
	o.desk.NoteRefusal(ctx, bob, audit.PauseRefused, audit.ObjectPause, "<script>", desk.ErrForbidden)
	o.desk.NoteRefusal(ctx, bob, audit.DecisionRefused, audit.ObjectTicket, v.Ticket.ID, desk.ErrForbidden)
	entry := audit.Entry{
		Actor: bob.Subject, Role: identity.Customer, Action: audit.PauseRefused, Object: audit.ObjectPause, ObjectID: "unknown", ReasonCode: "forbidden", RequestID: "req_7",
	}
	decision := entry
	decision.Action, decision.Object, decision.ObjectID, decision.RefundID = audit.DecisionRefused, audit.ObjectTicket, v.Ticket.ID, v.Ticket.RefundID
	assert.Equal(t, []audit.Entry{entry, entry}, o.refusals(audit.PauseRefused))
	assert.Equal(t, []audit.Entry{decision}, o.refusals(audit.DecisionRefused))
}

// A case that waits for something outside is not closed, and says what it waits for.
func TestADecisionWhileOnHold(t *testing.T) {
	o := newOffice(t)
	r, v := o.inReview("p")
	require.NoError(t, does(o.desk.SetStanding(o.Ctx, ada, "acct", refund.Suspended, "section 4")))
	require.NoError(t, does(o.desk.SetDispute(o.Ctx, billing, "p", refund.DisputeOpen)))
	o.Step(r.ID, refund.VerbReassess, refund.OnHold)
	held, err := o.Case(o.Ctx, v.Ticket.ID)
	require.NoError(t, err)
	err = does(o.desk.Decide(o.Ctx, rita, v.Ticket.ID, approve(held.Case.Digest())))
	require.ErrorIs(t, err, desk.ErrOnHold)
	assert.Equal(t, "The refund is on hold and waits for a payment dispute and the standing of its account; decide when it is released.", fault.From(err).Detail)
	refusals := o.refusals(audit.DecisionRefused)
	assert.Equal(t, "on-hold", refusals[len(refusals)-1].ReasonCode)
	require.ErrorIs(t, does(o.desk.Decide(o.Ctx, ada, v.Ticket.ID, approve(held.Case.Digest()))), review.ErrMayNotDecide, "who may not hears that first")

	require.NoError(t, does(o.desk.SetStanding(o.Ctx, ada, "acct", refund.Good, "appeased")))
	require.NoError(t, does(o.desk.SetDispute(o.Ctx, billing, "p", refund.NoDispute)))
	o.Step(r.ID, refund.VerbReassess, refund.InReview)
	back, err := o.Case(o.Ctx, v.Ticket.ID)
	require.NoError(t, err)
	require.NoError(t, does(o.desk.Decide(o.Ctx, rita, v.Ticket.ID, approve(back.Case.Digest()))))
}

// A refund goes on hold between the desk's look and the workflow's: the tables know why.
func TestADecisionThatMeetsAHold(t *testing.T) {
	o := newOffice(t)
	r, v := o.inReview("p")
	require.NoError(t, does(o.desk.SetStanding(o.Ctx, ada, "acct", refund.Suspended, "section 4")))
	o.engine.before = func() { o.Step(r.ID, refund.VerbReassess, refund.OnHold) }
	require.ErrorIs(t, does(o.desk.Decide(o.Ctx, rita, v.Ticket.ID, approve(v.Case.Digest()))), desk.ErrOnHold)
}
