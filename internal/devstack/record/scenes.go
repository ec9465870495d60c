package main

import (
	"fmt"
	"slices"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"

	api "refunddesk/api/client"
	"refunddesk/internal/refund"
	"refunddesk/workflows"
)

// scene is one path of a workflow.
type scene struct {
	name  string
	about string
	stage stage
	play  func(*take)
}

// scenes are all paths that are recorded. They are added and never renamed: a name is a file.
var scenes = slices.Concat(plainScenes, lockScenes, deskScenes, questionScenes, noticeScenes)

var plainScenes = []scene{
	{"clean", "credited at once", standard, func(t *take) {
		t.buy(small)
		t.file()
		t.ends(refund.Credited)
	}},
	{"review-approved", "a person approves", standard, func(t *take) {
		t.inReview()
		t.approve()
		t.ends(refund.Credited)
	}},
	{"review-rejected", "a person rejects", standard, func(t *take) {
		t.inReview()
		t.decide("reviewer", api.VoteReject, api.NewDecisionReasonCodeSuspectedAbuse)
		t.ends(refund.Rejected)
	}},
	{"review-withdrawn", "taken back while a person looks", standard, func(t *take) {
		t.inReview()
		t.withdraw()
		t.ends(refund.Withdrawn)
	}},
	{"review-terminated", "the account is terminated while a person looks", standard, func(t *take) {
		t.inReview()
		t.standing(api.StandingTerminated)
		t.ends(refund.Rejected)
	}},
	{"review-dispute-lost", "the dispute is lost while a person looks", standard, func(t *take) {
		t.inReview()
		t.dispute(api.DisputeStatusLost)
		t.ends(refund.Rejected)
	}},
	{"screening-dispute-lost", "the dispute was lost before", standard, func(t *take) {
		t.buy(small)
		t.dispute(api.DisputeStatusLost)
		t.file()
		t.ends(refund.Rejected)
	}},
	{"hold-standing-released", "suspended in review, reinstated, approved", standard, func(t *take) {
		t.inReview()
		t.standing(api.StandingSuspended)
		t.sees(refund.OnHold)
		t.standing(api.StandingGood)
		t.sees(refund.InReview)
		t.approve()
		t.ends(refund.Credited)
	}},
	{"hold-dispute-released", "a dispute at filing, won later", standard, func(t *take) {
		t.held()
		t.dispute(api.DisputeStatusWon)
		t.ends(refund.Credited)
	}},
	{"hold-two-causes", "held for dispute and standing, released by the last", standard, func(t *take) {
		t.held()
		t.standing(api.StandingSuspended)
		t.causes(2)
		t.dispute(api.DisputeStatusNone)
		t.causes(1)
		t.standing(api.StandingGood)
		t.ends(refund.Credited)
	}},
	{"hold-withdrawn", "taken back while on hold", standard, func(t *take) {
		t.held()
		t.withdraw()
		t.ends(refund.Withdrawn)
	}},
	{"hold-terminated", "suspended in review, then terminated", standard, func(t *take) {
		t.inReview()
		t.standing(api.StandingSuspended)
		t.sees(refund.OnHold)
		t.standing(api.StandingTerminated)
		t.ends(refund.Rejected)
	}},
	{"hold-dispute-lost", "a dispute at filing, lost later", standard, func(t *take) {
		t.held()
		t.dispute(api.DisputeStatusLost)
		t.ends(refund.Rejected)
	}},
	{"parked-retried", "the database refuses the credit, an admin retries", standard, func(t *take) {
		t.parked()
		t.sql(creditAgain)
		t.retry()
		t.ends(refund.Credited)
	}},
	{"parked-rejected", "the database refuses the credit, a senior reviewer rejects", standard, func(t *take) {
		t.parked()
		t.decide("senior", api.VoteReject, api.NewDecisionReasonCodeUnverified)
		t.ends(refund.Rejected)
		t.sql(creditAgain)
	}},
	{"screening-refused", "the database refuses the screening; taken back in the pause", standard, func(t *take) {
		t.buy(small)
		t.sql(refuseScreening(t.pkg))
		t.file()
		t.do("wait for the pause", func() error {
			return t.until(func() (bool, error) {
				s, err := t.snapshot()
				return err == nil && s.Failing != "", nil // not started yet is no error
			})
		})
		t.withdraw()
		t.ends(refund.Withdrawn)
		t.sql("DROP TRIGGER record_screening")
	}},
	{"mail-delayed", "the mail server refuses the first tries", standard, func(t *take) {
		t.stack.Inbox.Reject(true)
		defer t.stack.Inbox.Reject(false)
		t.buy(small)
		t.file()
		t.sees(refund.Credited)
		t.pendingActivity()
		t.stack.Inbox.Reject(false)
		t.ends(refund.Credited)
	}},
	{"sweep", "the schedule's sweep of undelivered intents", standard, (*take).sweep},
	{"drain", "crediting waits for the drain window", drained, func(t *take) {
		t.buy(small)
		t.file()
		t.ends(refund.Credited)
	}},
	{"drain-suspended", "suspended while crediting waits, reinstated", drained, func(t *take) {
		t.buy(small)
		t.file()
		t.sees(refund.Crediting)
		t.standing(api.StandingSuspended)
		t.sees(refund.OnHold)
		t.standing(api.StandingGood)
		t.ends(refund.Credited)
	}},
	{"drain-terminated", "terminated while crediting waits", drained, func(t *take) {
		t.buy(small)
		t.file()
		t.sees(refund.Crediting)
		t.standing(api.StandingTerminated)
		t.ends(refund.Rejected)
	}},
	{"renewed", "continues as new in review and on hold, then approved", renewing, func(t *take) {
		t.inReview()
		for range 5 {
			t.standing(api.StandingSuspended)
			t.sees(refund.OnHold)
			t.standing(api.StandingGood)
			t.sees(refund.InReview)
		}
		t.approve()
		t.ends(refund.Credited)
	}},
}

func (t *take) inReview() {
	t.buy(large)
	t.file()
	t.sees(refund.InReview)
}

func (t *take) held() {
	t.buy(small)
	t.dispute(api.DisputeStatusOpen)
	t.file()
	t.sees(refund.OnHold)
}

func (t *take) causes(n int) {
	t.do(fmt.Sprintf("wait for %d causes", n), func() error {
		return t.until(func() (bool, error) {
			r, err := t.owner.GetRefundWithResponse(t.ctx, t.refund)
			if err != nil {
				return false, err
			}
			now, err := answered(r.JSON200, r.ApplicationProblemJSONDefault, nil)
			return err == nil && now.HoldCauses != nil && len(*now.HoldCauses) == n, err
		})
	})
}

// The triggers stand for what nobody expects: a database that refuses.
const creditAgain = "DROP TRIGGER record_credit"

func (t *take) parked() {
	t.buy(small)
	t.sql(fmt.Sprintf(`CREATE TRIGGER record_credit BEFORE INSERT ON journals
		WHEN NEW.operation = 'refund' AND NEW.package_id = '%s' BEGIN SELECT RAISE(ABORT, 'recording'); END`, t.pkg))
	t.file()
	t.sees(refund.NeedsAttention)
}

func refuseScreening(pkg string) string {
	return fmt.Sprintf(`CREATE TRIGGER record_screening BEFORE UPDATE ON refunds
		WHEN NEW.state = 'screening' AND NEW.package_id = '%s' BEGIN SELECT RAISE(ABORT, 'recording'); END`, pkg)
}

// pendingActivity waits until the workflow has fallen back to a regular activity.
func (t *take) pendingActivity() {
	t.do("wait for a regular activity", func() error {
		return t.until(func() (bool, error) {
			found, err := t.temporal.DescribeWorkflowExecution(t.ctx, t.workflow, "")
			return err == nil && len(found.GetPendingActivities()) > 0, err
		})
	})
}

// sweep waits for a sweep that has ended.
func (t *take) sweep() {
	t.do("wait for a sweep", func() error {
		return t.until(func() (bool, error) {
			found, err := t.temporal.ListWorkflow(t.ctx, &workflowservice.ListWorkflowExecutionsRequest{
				Query: fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = 'Completed'", workflows.WorkflowSweep),
			})
			if err != nil {
				return false, err
			}
			for _, e := range found.GetExecutions() {
				if e.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED {
					t.workflow = e.GetExecution().GetWorkflowId()
					return true, nil
				}
			}
			return false, nil
		})
	})
}
