package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/fault"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/internal/store"
)

func savedReplies(t *testing.T, open Opener) {
	b := New(t, open)
	none, err := b.SavedReplies(b.Ctx)
	require.NoError(t, err)
	assert.Empty(t, none)
	words := map[string]string{refund.English: "Please wait.", refund.SimplifiedChinese: "请稍候。"}
	first, err := b.SaveReply(b.Ctx, Senior, review.SavedReply{Title: "Wait", Body: words})
	require.NoError(t, err)
	assert.EqualValues(t, 1, first.Version)
	_, err = b.SaveReply(b.Ctx, Admin, review.SavedReply{Title: "WAIT", Body: words})
	require.ErrorIs(t, err, store.ErrReplyExists)
	second, err := b.SaveReply(b.Ctx, Admin, review.SavedReply{Title: "answered", Body: map[string]string{refund.English: "Done."}})
	require.NoError(t, err)
	second.Title = "wAIT"
	_, err = b.SaveReply(b.Ctx, Admin, second)
	require.ErrorIs(t, err, store.ErrReplyExists)

	b.Clock.Add(time.Hour)
	first.Title = "wait"
	changed, err := b.SaveReply(b.Ctx, Admin, first)
	require.NoError(t, err, "another case of its own title")
	assert.EqualValues(t, 2, changed.Version)
	assert.Equal(t, Admin.Subject, changed.UpdatedBy)
	_, err = b.SaveReply(b.Ctx, Senior, first)
	require.ErrorIs(t, err, store.ErrReplyChanged, "it knew the first version")
	first.Version = 0
	_, err = b.SaveReply(b.Ctx, Senior, first)
	require.NoError(t, err)

	all, err := b.SavedReplies(b.Ctx)
	require.NoError(t, err)
	assert.Equal(t, []string{"answered", "wait"}, idsOf(all, func(r review.SavedReply) string { return r.Title }))
	assert.Equal(t, words, all[1].Body)
	assert.Equal(t, map[string]string{refund.English: "Done."}, all[0].Body)

	require.NoError(t, b.DeleteReply(b.Ctx, Senior, first.ID))
	for _, err := range []error{b.DeleteReply(b.Ctx, Senior, first.ID), func() error { _, err := b.SaveReply(b.Ctx, Senior, first); return err }()} {
		assert.Equal(t, fault.NotFound, fault.From(err).Kind)
	}
	_, err = b.SaveReply(b.Ctx, Senior, review.SavedReply{Title: "Wait", Body: words})
	require.NoError(t, err, "the title is free again")
}
