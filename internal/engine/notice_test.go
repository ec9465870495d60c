package engine

import (
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"refunddesk/internal/desk"
	"refunddesk/workflows"
)

var noticeOf1 = desk.Intent{ID: "intent_notice", Kind: desk.IntentNotice, NoticeID: "refund_1/credited"}

func TestAMessageIsSentAgainByAWorkflowOfItsOwn(t *testing.T) {
	c, f, out, _ := setup(t, nil)
	f.running["refund/refund_1"] = false // the refund's has ended
	c.deliverOnly(t)
	c.Hear(noticeOf1)
	require.Equal(t, []string{"intent_notice"}, <-out.marked)
	require.Equal(t, []workflows.NoticeInput{{NoticeID: "refund_1/credited"}}, f.notices)
	require.Len(t, f.starts, 1)
	require.Equal(t, "notice/intent_notice", f.starts[0].ID, "one a retry: none that gives the message up just now is in its way")
	require.Equal(t, enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE, f.starts[0].WorkflowIDReusePolicy)
}

func TestAnIntentHeardTwiceSendsAMessageOnce(t *testing.T) {
	c, f, _, _ := setup(t, nil)
	f.running["notice/intent_notice"] = false // done, and the mark was lost
	got, err := c.deliver(t.Context(), noticeOf1)
	require.NoError(t, err)
	require.Equal(t, heardTooLate, got)
	require.Empty(t, f.notices)
}

func TestTheSweepSendsWhatNobodyHeardOf(t *testing.T) {
	c, f, out, _ := setup(t, nil)
	out.pending = []desk.Intent{noticeOf1}
	f.down = true
	_, err := c.Sweep(t.Context())
	require.Error(t, err)
	require.Len(t, out.pending, 1)
	f.down = false
	n, err := c.Sweep(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Len(t, f.notices, 1)
}
