package desk_test

import (
	"context"
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

// call is one call of the desk on things of the account "acct".
type call func(ctx context.Context, d *desk.Desk, who identity.Actor) error

func does[T any](_ T, err error) error { return err }

// Whoever may not know of a thing is told the same as if it were not there.
func TestAThingOfAnotherIsNotThere(t *testing.T) {
	o := newOffice(t)
	r, v := o.inReview("p")
	o.Buy("q", 10, 10)
	digest := v.Case.Digest()
	for name, c := range map[string]struct {
		mine, missing call
		// programs and staff who may know of it; the owner always may.
		knows []identity.Actor
		owner bool
	}{
		"account": {
			func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
				return does(d.Account(ctx, who, "acct"))
			},
			func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
				return does(d.Account(ctx, who, "none"))
			},
			[]identity.Actor{rita, sam, auditor, ada, billing}, true,
		},
		"balances": {
			func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
				return does(d.Balances(ctx, who, "acct"))
			},
			func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
				return does(d.Balances(ctx, who, "none"))
			},
			[]identity.Actor{rita, sam, auditor, ada}, true,
		},
		"statement": {
			func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
				return does(d.Statement(ctx, who, "acct", desk.Paging{}))
			},
			func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
				return does(d.Statement(ctx, who, "none", desk.Paging{}))
			},
			[]identity.Actor{rita, sam, auditor, ada}, true,
		},
		"package": {
			func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
				return does(d.Package(ctx, who, "p"))
			},
			func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
				return does(d.Package(ctx, who, "none"))
			},
			[]identity.Actor{rita, sam, auditor, ada, billing}, true,
		},
		"quote": {
			func(ctx context.Context, d *desk.Desk, who identity.Actor) error { return does(d.Quote(ctx, who, "q")) },
			func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
				return does(d.Quote(ctx, who, "none"))
			},
			[]identity.Actor{rita, sam, auditor, ada, billing}, true,
		},
		"refund": {
			func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
				return does(d.Refund(ctx, who, r.ID))
			},
			func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
				return does(d.Refund(ctx, who, "none"))
			},
			[]identity.Actor{rita, sam, auditor, ada}, true,
		},
		"ticket": {
			func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
				return does(d.Ticket(ctx, who, v.Ticket.ID))
			},
			func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
				return does(d.Ticket(ctx, who, "none"))
			},
			[]identity.Actor{rita, sam, auditor, ada}, true,
		},
		"packages": {
			func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
				return does(d.Packages(ctx, who, desk.PackageFilter{AccountID: "acct"}))
			}, nil, []identity.Actor{rita, sam, auditor, ada}, true,
		},
		"refunds": {
			func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
				return does(d.Refunds(ctx, who, desk.RefundFilter{AccountID: "acct"}))
			}, nil, []identity.Actor{rita, sam, auditor, ada}, true,
		},
		"tickets": {
			func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
				return does(d.Tickets(ctx, who, desk.TicketFilter{AccountID: "acct"}))
			}, nil, []identity.Actor{rita, sam, auditor, ada}, true,
		},
		"withdrawal": {
			func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
				return does(d.Withdraw(ctx, who, r.ID))
			},
			func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
				return does(d.Withdraw(ctx, who, "none"))
			},
			nil, false,
		},
		"filing": {
			func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
				return does(d.File(ctx, who, desk.Filing{PackageID: "p", ReasonCode: refund.OtherReason, IdempotencyKey: "x"}, 0))
			},
			func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
				return does(d.File(ctx, who, desk.Filing{PackageID: "none", ReasonCode: refund.OtherReason, IdempotencyKey: "x"}, 0))
			}, nil, false,
		},
		"decision": {
			func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
				return does(d.Decide(ctx, who, v.Ticket.ID, desk.Judgement{Vote: review.Approve, ReasonCode: "other", Digest: digest + "x"}))
			}, nil, nil, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			foreign := c.mine(o.Ctx, o.desk, bob)
			require.Error(t, foreign)
			if name != "decision" { // a customer is refused for his role
				assert.Equal(t, fault.NotFound, fault.From(foreign).Kind)
			}
			if c.missing != nil {
				gone := c.missing(o.Ctx, o.desk, bob)
				assert.Equal(t, codeOf(gone), codeOf(foreign), "a foreign thing and none are told apart by nothing")
				assert.Equal(t, fault.From(gone).Kind, fault.From(foreign).Kind)
			}
			assert.Error(t, c.mine(o.Ctx, o.desk, nobody), "who has no role knows nothing")
			for _, who := range c.knows {
				assert.NoError(t, c.mine(o.Ctx, o.desk, who), who.Subject)
			}
			if c.owner {
				assert.NoError(t, c.mine(o.Ctx, o.desk, ann))
			}
		})
	}
	after, err := o.Refund(o.Ctx, r.ID)
	require.NoError(t, err)
	assert.Equal(t, refund.InReview, after.State, "nobody's attempt moved it")
}

// Lists of a customer are his own, whether or not he says so.
func TestACustomersListsAreHisOwn(t *testing.T) {
	o := newOffice(t)
	r, _ := o.inReview("p")
	for _, who := range []identity.Actor{ann, bob} {
		want := map[bool]int{true: 1, false: 0}[who.AccountID == "acct"]
		packages, err := o.desk.Packages(o.Ctx, who, desk.PackageFilter{})
		require.NoError(t, err)
		assert.Len(t, packages.Items, want)
		refunds, err := o.desk.Refunds(o.Ctx, who, desk.RefundFilter{PackageID: "p"})
		require.NoError(t, err)
		assert.Len(t, refunds.Items, want)
		tickets, err := o.desk.Tickets(o.Ctx, who, desk.TicketFilter{RefundID: r.ID})
		require.NoError(t, err)
		assert.Len(t, tickets.Items, want)
	}
	_, err := o.desk.Packages(o.Ctx, identity.Actor{Roles: []identity.Role{identity.Customer}}, desk.PackageFilter{})
	require.ErrorIs(t, err, desk.ErrNoAccount)
	_, err = o.desk.Refunds(o.Ctx, billing, desk.RefundFilter{})
	require.ErrorIs(t, err, desk.ErrForbidden)
	_, err = o.desk.Refunds(o.Ctx, rita, desk.RefundFilter{State: "lost"})
	assert.Equal(t, "state", fault.From(err).Fields[0].Name)
}

// Each command is for its roles and for nobody else.
func TestWhoMayCommand(t *testing.T) {
	everybody := []identity.Actor{ann, rita, sam, auditor, ada, billing, nobody}
	o := newOffice(t)
	r, v := o.inReview("p")
	for name, c := range map[string]struct {
		do  call
		may []identity.Actor
	}{
		"open an account": {func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
			return does(d.OpenAccount(ctx, who, refund.Account{Name: "n", Email: "n@example.com"}))
		}, []identity.Actor{ada, billing}},
		"change an account": {func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
			return does(d.ChangeAccount(ctx, who, "acct", desk.AccountChange{}))
		}, []identity.Actor{ada, billing}},
		"set standing": {func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
			return does(d.SetStanding(ctx, who, "acct", refund.Good, "as agreed"))
		}, []identity.Actor{ada}},
		"sell a package": {func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
			return does(d.BuyPackage(ctx, who, refund.Package{AccountID: "acct", Product: refund.GlobalSMS, Name: "n", Currency: "USD", Paid: 1}))
		}, []identity.Actor{billing}},
		"record usage": {func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
			return does(d.RecordUsage(ctx, who, desk.UsageRecord{ID: "u", PackageID: "p", Cost: 1, Currency: "USD", OccurredAt: o.Clock.Now().Add(-time.Minute)}))
		}, []identity.Actor{billing}},
		"set a dispute": {func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
			return does(d.SetDispute(ctx, who, "p", refund.NoDispute))
		}, []identity.Actor{billing}},
		"draft a policy": {func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
			return does(d.DraftPolicy(ctx, who, stricter()))
		}, []identity.Actor{ada}},
		"publish a policy": {func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
			return does(d.PublishPolicy(ctx, who, "1"))
		}, []identity.Actor{ada}},
		"backtest a policy": {func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
			return does(d.Backtest(ctx, who, "1"))
		}, []identity.Actor{ada}},
		"check a policy": {func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
			return does(d.CheckPolicy(ctx, who, stricter()))
		}, []identity.Actor{ada, auditor}},
		"read a policy": {func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
			return does(d.Policy(ctx, who, "1"))
		}, []identity.Actor{ada, auditor}},
		"list policies": {func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
			return does(d.Policies(ctx, who, desk.Paging{}))
		}, []identity.Actor{ada, auditor}},
		"compare policies": {func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
			return does(d.DiffPolicy(ctx, who, "1", ""))
		}, []identity.Actor{ada, auditor}},
		"pause crediting": {func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
			p, err := d.Pause(ctx, who, desk.Pause{Scope: desk.PauseAll, Reason: "r", ExpiresAt: o.Clock.Now().Add(time.Hour)})
			if err == nil {
				_, err = d.EndPause(ctx, who, p.ID)
			}
			return err
		}, []identity.Actor{ada}},
		"end a pause": {func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
			_, err := d.EndPause(ctx, who, "none")
			if codeOf(err) == "not-found" {
				return nil
			}
			return err
		}, []identity.Actor{ada}},
		"list pauses": {func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
			return does(d.Pauses(ctx, who, false, desk.Paging{}))
		}, []identity.Actor{ada, auditor, rita, sam}},
		"read what delays a credit": {func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
			return does(d.CreditDelay(ctx, who, refund.Package{}))
		}, []identity.Actor{ada, auditor, rita, sam}},
		"preview a pause": {func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
			return does(d.PauseEffect(ctx, who, desk.PauseAll, ""))
		}, []identity.Actor{ada, auditor, rita, sam}},
		"read figures": {func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
			return does(d.Figures(ctx, who, time.Time{}))
		}, []identity.Actor{ada, auditor, rita, sam}},
		"read a case file": {func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
			return does(d.CaseFile(ctx, who, v.Ticket.ID))
		}, []identity.Actor{ada, auditor, rita, sam}},
		"read a screening": {func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
			return does(d.Screening(ctx, who, r.ID))
		}, []identity.Actor{ada, auditor, rita, sam}},
		"read saved replies": {func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
			return does(d.SavedReplies(ctx, who))
		}, []identity.Actor{ada, auditor, rita, sam}},
		"save a reply": {func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
			saved, err := d.SaveReply(ctx, who, review.SavedReply{Title: "t", Body: map[string]string{"en": "b"}})
			if err == nil {
				err = d.DeleteReply(ctx, who, saved.ID)
			}
			return err
		}, []identity.Actor{ada, sam}},
		"read a history": {func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
			return does(d.History(ctx, who, r.ID))
		}, []identity.Actor{auditor}},
		"look at what somebody did": {func(ctx context.Context, d *desk.Desk, who identity.Actor) error {
			return does(d.Acts(ctx, who, desk.ActSearch{Actor: who.Subject}))
		}, []identity.Actor{auditor}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, who := range everybody {
				err := c.do(o.Ctx, o.desk, who)
				allowed := false
				for _, a := range c.may {
					allowed = allowed || a.Subject == who.Subject
				}
				if allowed {
					assert.NoError(t, err, who.Subject)
				} else {
					assert.ErrorIs(t, err, desk.ErrForbidden, who.Subject)
				}
			}
		})
	}
	written := identity.Actor{Subject: "w", Roles: []identity.Role{identity.Admin, identity.Senior, identity.Auditor}}
	for _, err := range []error{
		does(o.desk.DraftPolicy(o.Ctx, written, stricter())), does(o.desk.PublishPolicy(o.Ctx, written, "1")),
		does(o.desk.Pause(o.Ctx, written, desk.Pause{})), does(o.desk.EndPause(o.Ctx, written, "none")),
		does(o.desk.SaveReply(o.Ctx, written, review.SavedReply{})), o.desk.DeleteReply(o.Ctx, written, "none"),
	} {
		require.ErrorIs(t, err, desk.ErrForbidden, "an auditor writes nothing, whatever else he is")
	}
	for _, who := range []identity.Actor{ann, billing, nobody} {
		_, err := o.desk.Decide(o.Ctx, who, v.Ticket.ID, desk.Judgement{})
		require.ErrorIs(t, err, desk.ErrForbidden)
	}
	for _, who := range []identity.Actor{ann, rita, billing, auditor} {
		_, err := o.desk.Retry(o.Ctx, who, r.ID, "again")
		require.ErrorIs(t, err, desk.ErrForbidden)
	}
	for _, who := range []identity.Actor{rita, ada, auditor} {
		_, err := o.desk.Withdraw(o.Ctx, who, r.ID)
		require.ErrorIs(t, err, desk.ErrForbidden, "only its customer takes a request back")
	}
	for _, who := range []identity.Actor{rita, ada, billing} {
		_, err := o.desk.File(o.Ctx, who, desk.Filing{PackageID: "p", ReasonCode: refund.OtherReason, IdempotencyKey: "k"}, 0)
		require.ErrorIs(t, err, desk.ErrForbidden)
	}
}

func TestVisibleIsOneAnswerForAllThings(t *testing.T) {
	o := newOffice(t)
	r, v := o.inReview("p")
	for object, id := range map[audit.Object]string{audit.ObjectAccount: "acct", audit.ObjectPackage: "p", audit.ObjectRefund: r.ID, audit.ObjectTicket: v.Ticket.ID} {
		require.NoError(t, o.desk.Visible(o.Ctx, ann, object, id))
		require.NoError(t, o.desk.Visible(o.Ctx, auditor, object, id))
		assert.Equal(t, fault.NotFound, fault.From(o.desk.Visible(o.Ctx, bob, object, id)).Kind, object)
		assert.Equal(t, fault.NotFound, fault.From(o.desk.Visible(o.Ctx, ann, object, "none")).Kind, object)
	}
	for _, who := range []identity.Actor{ada, auditor} {
		require.NoError(t, o.desk.Visible(o.Ctx, who, audit.ObjectPolicy, "1"))
		assert.Equal(t, fault.NotFound, fault.From(o.desk.Visible(o.Ctx, who, audit.ObjectPolicy, "2")).Kind)
		require.NoError(t, o.desk.Visible(o.Ctx, who, audit.ObjectPause, "x"))
	}
	for _, object := range []audit.Object{audit.ObjectPolicy, audit.ObjectPause, audit.ObjectReply} {
		require.ErrorIs(t, o.desk.Visible(o.Ctx, ann, object, "1"), desk.ErrForbidden)
	}
	assert.Equal(t, fault.Internal, fault.From(o.desk.Visible(o.Ctx, ada, "import", "x")).Kind)
}
