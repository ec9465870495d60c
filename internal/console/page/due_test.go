package page_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/console/page"
	"refunddesk/internal/console/pagetest"
	"refunddesk/internal/console/words"
)

// A due time says in words how far away it is, with the moment beside it.
func TestADueTimeHasItsMoment(t *testing.T) {
	catalogue, err := words.Load()
	require.NoError(t, err)
	at := now.Add(-2 * time.Hour)
	var b strings.Builder
	require.NoError(t, page.Due(&page.View{Words: catalogue.In("en"), Now: now}, at).Render(context.Background(), &b))
	due := pagetest.Parse(t, b.String()).Find(".due")
	require.Contains(t, due.Text(), "2 h")
	require.Equal(t, at.Format(time.RFC3339), due.Find("small time").Attr("datetime"))
}
