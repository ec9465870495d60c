package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/fault"
	"refunddesk/internal/notify"
	"refunddesk/workflows"
)

func TestAMessageThatWasGivenUpIsSentAgain(t *testing.T) {
	b := setup(t)
	b.records.notices["refund_1/credited"] = notify.Pending
	b.records.noMail = errAway
	b.at(time.Minute, func() { b.records.set(func(r *records) { r.noMail = nil }) })
	b.ExecuteWorkflow(workflows.WorkflowNotice, workflows.NoticeInput{NoticeID: "refund_1/credited"})
	require.NoError(t, b.GetWorkflowError())
	require.Equal(t, []string{"refund_1/credited"}, b.records.mails)
	require.Equal(t, notify.Sent, b.records.notices["refund_1/credited"])
	require.Equal(t, 7*24*time.Hour, b.limits[workflows.ActivityNotify], "as long as at first")
}

func TestAMessageThatCanNeverArriveIsGivenUpAgain(t *testing.T) {
	b := setup(t)
	b.records.notices["refund_1/credited"] = notify.Pending
	b.records.noMail = fault.New(fault.Unprocessable, "mail-refused", "")
	b.ExecuteWorkflow(workflows.WorkflowNotice, workflows.NoticeInput{NoticeID: "refund_1/credited"})
	require.NoError(t, b.GetWorkflowError())
	require.Equal(t, notify.Dead, b.records.notices["refund_1/credited"])
	require.Empty(t, b.records.mails)
}

func TestAMessageThatArrivedMeanwhileIsNotSentAgain(t *testing.T) {
	b := setup(t)
	b.records.notices["refund_1/credited"] = notify.Sent
	b.ExecuteWorkflow(workflows.WorkflowNotice, workflows.NoticeInput{NoticeID: "refund_1/credited"})
	require.NoError(t, b.GetWorkflowError())
	require.Empty(t, b.records.mails)
	require.Equal(t, notify.Sent, b.records.notices["refund_1/credited"])
}
