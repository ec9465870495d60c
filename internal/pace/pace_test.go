package pace

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

func TestEachSubjectHasHisOwn(t *testing.T) {
	t.Parallel()
	now := noon
	l := New(2, func() time.Time { return now })
	for range 4 {
		require.Zero(t, l.Take("a"), "twice as many at once")
	}
	require.Equal(t, 500*time.Millisecond, l.Take("a"))
	require.Zero(t, l.Take("b"))
	now = now.Add(500 * time.Millisecond)
	require.Zero(t, l.Take("a"), "refused requests do not count")
	require.Positive(t, l.Take("a"))
}

func TestSoManySubjectsAreRemembered(t *testing.T) {
	t.Parallel()
	l := New(0.5, func() time.Time { return noon })
	l.most = 2
	require.Zero(t, l.Take("a"))
	require.Positive(t, l.Take("a"))
	require.Zero(t, l.Take("b"))
	require.Positive(t, l.Take("a"))
	require.Zero(t, l.Take("c"), "b, away longest, is forgotten")
	require.Len(t, l.bySubj, 2)
	require.Positive(t, l.Take("a"))
}

func TestNoLimit(t *testing.T) {
	t.Parallel()
	l := New(0, time.Now)
	for range 100 {
		require.Zero(t, l.Take("a"))
	}
}
