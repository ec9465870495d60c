package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"

	api "refunddesk/api/client"
	"refunddesk/internal/refund"
	"refunddesk/workflows"
)

// take is one scene being played. Its steps do nothing once one has failed, so that a
// scene reads like what happens.
type take struct {
	*studio
	ctx      context.Context //nolint:containedctx // a take lasts no longer
	err      error
	account  string
	pkg      string
	refund   string
	workflow string
	question string // id of the ticket; empty while the scene is about a refund
	paused   string // id of the pause
	owner    *api.ClientWithResponses
	beside   []func() error // wait for what was begun and not waited for
}

func newTake(ctx context.Context, st *studio, name string) *take {
	return &take{studio: st, ctx: ctx, account: "acct_" + name, pkg: "pkg_" + name}
}

// do runs a step and names it when it fails.
func (t *take) do(what string, step func() error) {
	if t.err != nil {
		return
	}
	if err := step(); err != nil {
		t.err = fmt.Errorf("%s: %w", what, err)
	}
}

// answered makes an answer of the API an error unless it is what was wanted.
func answered[T any](wanted *T, problem *api.Problem, err error) (*T, error) {
	switch {
	case err != nil:
		return nil, err
	case wanted == nil && problem != nil:
		return nil, problem
	case wanted == nil:
		return nil, errors.New("an answer that is neither")
	}
	return wanted, nil
}

// The amounts of packages: credited at once, looked at by a person because the account is
// new, and approved by two people only.
const (
	small = "12.5"
	large = "500"
	huge  = "12000"
)

// buy opens an account and buys it a package.
func (t *take) buy(price string) {
	t.do("open an account", func() error {
		// Nobody shares them: accounts that do are linked, and the rejection of one flags the others.
		email, phone := t.account+"."+personEmail, fmt.Sprintf("%s%02d", personPhone, t.studio.accounts)
		t.studio.accounts++
		r, err := t.people["integrator"].CreateAccountWithResponse(t.ctx, api.NewAccount{ID: &t.account, Name: personName, Email: email, Phone: &phone})
		if err != nil {
			return err
		}
		_, err = answered(r.JSON201, r.ApplicationProblemJSONDefault, nil)
		return err
	})
	t.do("buy a package", func() error {
		r, err := t.people["integrator"].CreatePackageWithResponse(t.ctx, api.NewPackage{
			ID: &t.pkg, AccountID: t.account, Product: api.ProductGlobalSMS, Name: packageName, Price: api.MoneyInput{Amount: price, Currency: "USD"},
		})
		if err != nil {
			return err
		}
		_, err = answered(r.JSON201, r.ApplicationProblemJSONDefault, nil)
		return err
	})
	t.do("sign in", func() (err error) {
		t.owner, err = t.customer(t.ctx, t.account)
		return err
	})
}

// file asks for the refund.
func (t *take) file() {
	t.do("file", func() error {
		text := api.Text(note)
		r, err := t.owner.FileRefundWithResponse(t.ctx, &api.FileRefundParams{IdempotencyKey: "1"},
			api.Filing{PackageID: t.pkg, ReasonCode: api.RefundReasonNoLongerNeeded, Note: &text})
		if err != nil {
			return err
		}
		filed, err := answered(r.JSON202, r.ApplicationProblemJSONDefault, nil)
		if err != nil {
			return err
		}
		t.refund, t.workflow = filed.ID, filed.WorkflowID
		return nil
	})
}

// sees waits for a state.
func (t *take) sees(state refund.State) {
	t.do("wait for "+string(state), func() error {
		return t.until(func() (bool, error) {
			r, err := t.owner.GetRefundWithResponse(t.ctx, t.refund)
			if err != nil {
				return false, err
			}
			now, err := answered(r.JSON200, r.ApplicationProblemJSONDefault, nil)
			if err != nil {
				return false, err
			}
			if refund.State(now.State).Final() && refund.State(now.State) != state {
				return false, fmt.Errorf("the refund is %s", now.State)
			}
			return refund.State(now.State) == state, nil
		})
	})
}

// ends waits for a final state and for the workflow to end in it.
func (t *take) ends(state refund.State) {
	t.sees(state)
	t.do("wait for the workflow's end", func() error {
		return t.until(func() (bool, error) {
			found, err := t.temporal.DescribeWorkflowExecution(t.ctx, t.workflow, "")
			if err != nil {
				return false, err
			}
			return found.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, nil
		})
	})
	t.do("ask for the version", func() error {
		s, err := t.snapshot()
		if err == nil && s.Version != version {
			err = fmt.Errorf("the workflow is at version %d and this program records version %d: change the constant", s.Version, version)
		}
		return err
	})
}

func (t *take) snapshot() (s workflows.Snapshot, err error) {
	value, err := t.temporal.QueryWorkflow(t.ctx, t.workflow, "", workflows.QuerySnapshot)
	if err != nil {
		return s, err
	}
	return s, value.Get(&s)
}

// until asks again and again.
func (t *take) until(done func() (bool, error)) error {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-t.ctx.Done():
			return t.ctx.Err()
		case <-again.C:
		}
	}
}

// decide casts a vote on the open ticket, with a note.
func (t *take) decide(who string, vote api.Vote, reason api.NewDecisionReasonCode) {
	text := api.Text(reviewNote)
	t.do(string(vote), func() error { return t.vote(who, vote, reason, &text) })
}

func (t *take) approve() {
	t.decide("reviewer", api.VoteApprove, api.NewDecisionReasonCodeVerifiedRequest)
}

func (t *take) vote(who string, vote api.Vote, reason api.NewDecisionReasonCode, note *api.Text) error {
	return t.cast(who, api.NewDecision{Decision: vote, ReasonCode: reason, Note: note})
}

// cast decides on what the open ticket shows.
func (t *take) cast(who string, d api.NewDecision) error {
	open := api.TicketStateOpen
	r, err := t.people[who].ListTicketsWithResponse(t.ctx, &api.ListTicketsParams{RefundID: &t.refund, State: &open})
	if err != nil {
		return err
	}
	page, err := answered(r.JSON200, r.ApplicationProblemJSONDefault, nil)
	if err != nil {
		return err
	}
	if len(page.Items) != 1 || page.Items[0].Digest == nil {
		return fmt.Errorf("%d open tickets", len(page.Items))
	}
	d.Digest = *page.Items[0].Digest
	voted, err := t.people[who].DecideTicketWithResponse(t.ctx, page.Items[0].ID, d)
	if err != nil {
		return err
	}
	_, err = answered(voted.JSON200, voted.ApplicationProblemJSONDefault, nil)
	return err
}

func (t *take) withdraw() {
	t.do("withdraw", func() error {
		r, err := t.owner.WithdrawRefundWithResponse(t.ctx, t.refund, api.Nothing{})
		if err != nil {
			return err
		}
		_, err = answered(r.JSON200, r.ApplicationProblemJSONDefault, nil)
		return err
	})
}

func (t *take) retry() {
	t.do("retry", func() error {
		r, err := t.people["admin"].RetryRefundWithResponse(t.ctx, t.refund, api.Retry{Reason: whyRetry})
		if err != nil {
			return err
		}
		_, err = answered(r.JSON200, r.ApplicationProblemJSONDefault, nil)
		return err
	})
}

func (t *take) standing(s api.Standing) {
	t.do("standing "+string(s), func() error {
		r, err := t.people["admin"].SetStandingWithResponse(t.ctx, t.account, api.StandingChange{Standing: s, Reason: whyStanding})
		if err != nil {
			return err
		}
		_, err = answered(r.JSON200, r.ApplicationProblemJSONDefault, nil)
		return err
	})
}

func (t *take) dispute(s api.DisputeStatus) {
	t.do("dispute "+string(s), func() error {
		r, err := t.people["integrator"].SetDisputeWithResponse(t.ctx, t.pkg, api.DisputeChange{Status: s})
		if err != nil {
			return err
		}
		_, err = answered(r.JSON200, r.ApplicationProblemJSONDefault, nil)
		return err
	})
}

// sql changes the records behind the program's back.
func (t *take) sql(query string) {
	t.do("break the records", func() error {
		_, err := t.records.ExecContext(t.ctx, query)
		return err
	})
}
