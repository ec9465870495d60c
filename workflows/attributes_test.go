package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/workflows"
)

// upserts collects what the workflow tells the engine's visibility.
func (b *bench) upserts() *[]temporal.SearchAttributes {
	var seen []temporal.SearchAttributes
	b.OnUpsertTypedSearchAttributes(mock.Anything).Run(func(args mock.Arguments) {
		if sa, ok := args.Get(0).(temporal.SearchAttributes); ok {
			seen = append(seen, sa)
		}
	}).Return(nil)
	return &seen
}

func TestStartAttributes(t *testing.T) {
	sa := workflows.StartAttributes(workflows.RefundInput{AccountID: accountID, PackageID: packageID})
	for key, want := range map[temporal.SearchAttributeKeyKeyword]string{
		workflows.AttrAccountID: accountID, workflows.AttrPackageID: packageID, workflows.AttrRefundState: "submitted",
	} {
		got, ok := sa.GetKeyword(key)
		require.True(t, ok)
		require.Equal(t, want, got)
	}
}

func TestCleanRefundPublishesOnce(t *testing.T) {
	b := setup(t)
	seen := b.upserts()
	b.run(refund.Credited)
	ours := withState(*seen)
	require.Len(t, ours, 1)
	state, _ := ours[0].GetKeyword(workflows.AttrRefundState)
	require.Equal(t, "credited", state)
	verdict, _ := ours[0].GetKeyword(workflows.AttrVerdict)
	require.Equal(t, "approve", verdict)
}

func TestReviewIsPublishedWhileItWaits(t *testing.T) {
	b := setup(t).inReview()
	seen := b.upserts()
	b.at(time.Hour, func() { b.withdraw("w") })
	b.run(refund.Withdrawn)
	ours := withState(*seen)
	require.Len(t, ours, 2)
	queue, _ := ours[0].GetKeyword(workflows.AttrTicketQueue)
	require.Equal(t, review.QueueReview, queue)
	due, _ := ours[0].GetTime(workflows.AttrDueAt)
	require.Equal(t, start.Add(dueAfter), due)
	_, queued := ours[1].GetKeyword(workflows.AttrTicketQueue)
	require.False(t, queued, "a refund that ended waits in no queue")
	state, _ := ours[1].GetKeyword(workflows.AttrRefundState)
	require.Equal(t, "withdrawn", state)
}

// withState leaves out what the SDK itself publishes (the version marker).
func withState(all []temporal.SearchAttributes) []temporal.SearchAttributes {
	var ours []temporal.SearchAttributes
	for _, sa := range all {
		if _, ok := sa.GetKeyword(workflows.AttrRefundState); ok {
			ours = append(ours, sa)
		}
	}
	return ours
}
