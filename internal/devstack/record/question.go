package main

import (
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"

	api "refunddesk/api/client"
	"refunddesk/internal/review"
	"refunddesk/workflows"
)

// questionScenes are the paths of a customer's question.
var questionScenes = []scene{
	{"question-resolved", "a question is answered and resolved", standard, func(t *take) {
		t.buy(small)
		t.inquire()
		t.say(t.people["reviewer"], staffWords)
		t.say(t.owner, customerAnswer)
		t.told()
		t.resolve()
		t.closes()
	}},
	{"question-escalated", "nobody answers a question: reminders, escalation; then resolved", hurried, func(t *take) {
		t.buy(small)
		t.inquire()
		t.queued(review.QueueEscalation)
		t.say(t.people["reviewer"], staffWords)
		t.told()
		t.resolve()
		t.closes()
	}},
	{"question-mail-delayed", "a question is resolved while the mail server refuses the answer", standard, func(t *take) {
		t.buy(small)
		t.inquire()
		t.stack.Inbox.Reject(true)
		defer t.stack.Inbox.Reject(false)
		t.say(t.people["reviewer"], staffWords)
		t.pendingActivity()
		t.resolve()
		t.stack.Inbox.Reject(false)
		t.closes()
	}},
	{"question-renewed", "a question continues as new while much is said", renewing, func(t *take) {
		t.buy(small)
		t.inquire()
		for n := range 8 {
			t.say(t.people["reviewer"], fmt.Sprintf("%s (%d)", staffWords, n))
			t.told()
		}
		t.resolve()
		t.closes()
	}},
}

// inquire has the customer ask about his package.
func (t *take) inquire() {
	t.do("ask", func() error {
		r, err := t.owner.AskQuestionWithResponse(t.ctx, api.NewQuestion{Subject: customerSubject, Body: customerAsks, PackageID: &t.pkg})
		if err != nil {
			return err
		}
		opened, err := answered(r.JSON201, r.ApplicationProblemJSONDefault, nil)
		if err != nil {
			return err
		}
		t.question, t.workflow = opened.ID, review.QuestionWorkflowID(opened.ID)
		return nil
	})
	t.queued(review.QueueQuestions)
}

func (t *take) questionSnapshot() (s workflows.QuestionSnapshot, err error) {
	value, err := t.temporal.QueryWorkflow(t.ctx, t.workflow, "", workflows.QuerySnapshot)
	if err != nil {
		return s, err
	}
	return s, value.Get(&s)
}

// told waits until the customer has been told everything that was said.
func (t *take) told() {
	t.do("wait for the notices", func() error {
		return t.until(func() (bool, error) {
			var pending int
			err := t.records.QueryRowContext(t.ctx, "SELECT count(*) FROM notices WHERE (ticket_id = ? OR refund_id = ?) AND state = 'pending'", t.question, t.refund).Scan(&pending)
			return pending == 0, err
		})
	})
}

func (t *take) resolve() {
	t.onTicket("resolve", func(id string) error {
		r, err := t.people["reviewer"].ResolveTicketWithResponse(t.ctx, id, api.Nothing{})
		if err != nil {
			return err
		}
		_, err = answered(r.JSON200, r.ApplicationProblemJSONDefault, nil)
		return err
	})
}

// closes waits for the end of the question's workflow.
func (t *take) closes() {
	t.do("wait for the question's end", func() error {
		return t.until(func() (bool, error) {
			found, err := t.temporal.DescribeWorkflowExecution(t.ctx, t.workflow, "")
			if err != nil {
				return false, err
			}
			return found.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, nil
		})
	})
	t.do("ask for the version", func() error {
		s, err := t.questionSnapshot()
		if err == nil && s.Version != questionVersion {
			err = fmt.Errorf("the workflow is at version %d and this program records version %d: change the constant", s.Version, questionVersion)
		}
		return err
	})
}
