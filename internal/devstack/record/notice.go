package main

import (
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"

	"refunddesk/internal/identity"
	"refunddesk/internal/notify"
	"refunddesk/internal/refund"
)

// noticeScenes are the paths of a message that was given up and is sent again.
var noticeScenes = []scene{
	{"notice-retried", "a message that was given up is sent again, once the mail server takes it", standard, func(t *take) {
		t.givenUp()
		t.stack.Inbox.Reject(true)
		defer t.stack.Inbox.Reject(false)
		t.sendAgain()
		t.pendingActivity()
		t.stack.Inbox.Reject(false)
		t.arrives()
	}},
	{"notice-retried-at-once", "a message that was given up is sent again and arrives at once", standard, func(t *take) {
		t.givenUp()
		t.sendAgain()
		t.arrives()
	}},
}

// notice is the message of the credit.
func (t *take) notice() string { return notify.NoticeID(t.refund, notify.Credited) }

// givenUp has a refund credited whose customer was never told.
func (t *take) givenUp() {
	t.buy(small)
	t.file()
	t.ends(refund.Credited)
	t.do("give the message up", func() error {
		_, err := t.records.ExecContext(t.ctx, "UPDATE notices SET state = 'dead' WHERE id = ?", t.notice())
		return err
	})
}

// sendAgain has an admin retry it. The refund's own workflow is over.
func (t *take) sendAgain() {
	t.do("send it again", func() error {
		_, err := t.stack.App.Desk().RetryNotice(t.ctx, identity.Actor{Subject: "user_admin", Roles: []identity.Role{identity.Admin}}, t.notice())
		if err != nil {
			return err
		}
		var intent string
		err = t.records.QueryRowContext(t.ctx, "SELECT id FROM engine_intents WHERE notice_id = ?", t.notice()).Scan(&intent)
		t.workflow = "notice/" + intent
		return err
	})
	t.do("wait for its workflow", func() error {
		return t.until(func() (bool, error) {
			_, err := t.temporal.DescribeWorkflowExecution(t.ctx, t.workflow, "")
			return err == nil, nil // not started yet is no error
		})
	})
}

// arrives waits for the end of the message's workflow, and holds that the message was sent.
func (t *take) arrives() {
	t.do("wait for the message's end", func() error {
		return t.until(func() (bool, error) {
			found, err := t.temporal.DescribeWorkflowExecution(t.ctx, t.workflow, "")
			if err != nil {
				return false, err
			}
			return found.GetWorkflowExecutionInfo().GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, nil
		})
	})
	t.do("look whether it was sent", func() error {
		var state string
		err := t.records.QueryRowContext(t.ctx, "SELECT state FROM notices WHERE id = ?", t.notice()).Scan(&state)
		if err == nil && state != string(notify.Sent) {
			err = fmt.Errorf("it is %s", state)
		}
		return err
	})
}
