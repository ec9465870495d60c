package browser_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the program's records are such a file

	"refunddesk/internal/e2e/browser"
	"refunddesk/internal/e2e/stack"
)

// breaks has the records refuse something from now on, which nobody expects of a database:
// what is about a table's new rows. It gives what mends that.
func breaks(t *testing.T, table, when string) (mends func()) {
	t.Helper()
	records, err := sql.Open("sqlite", "file:"+running.Records()+"?_pragma=busy_timeout(20000)")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, records.Close()) })
	name := "broken_" + stack.Unique()
	_, err = records.ExecContext(t.Context(), fmt.Sprintf("CREATE TRIGGER %s BEFORE INSERT ON %s WHEN %s BEGIN SELECT RAISE(ABORT, 'a test'); END", name, table, when))
	require.NoError(t, err)
	return func() {
		_, err := records.ExecContext(t.Context(), "DROP TRIGGER "+name)
		require.NoError(t, err)
	}
}

// stuck gives a refund that was approved and cannot be credited until its mending.
func stuck(t *testing.T, token, pkg string) (refund string, mends func()) {
	t.Helper()
	mends = breaks(t, "journals", "NEW.operation = 'refund' AND NEW.package_id = '"+pkg+"'")
	refund = filed(t, token, pkg).text("id")
	becomes(t, refund, "needs_attention")
	return refund, mends
}

// undelivered gives the refund of a customer whose address cannot be, so that the mail that
// tells him of his money was given up.
func undelivered(t *testing.T) (refund string, whose stranger) {
	t.Helper()
	whose = strangerWith(t, thing{"email": stack.Unique() + "@nowhere.invalid"})
	refund = whose.files(t, small).text("id")
	becomes(t, refund, "credited")
	admin := cookies(t, signedIn(t, "admin"))
	eventually(t, "the mail is given up", func() bool {
		_, page := get(t, "/mails", admin)
		return strings.Contains(page, `id="`+mailRow(refund)+`"`)
	})
	return refund, whose
}

// mailRow is the id of the row of the mail that tells of a refund's money.
func mailRow(refund string) string { return "mail-" + refund + "/credited" }

// eventually waits until a condition is true.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	require.Eventually(t, is, stack.Patience, 20*time.Millisecond, what)
}

// What the records refuse is kept on a page that says so, to be sent again.
func TestTheRecordsRefuse(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, o browser.Options) {
		body := "Which of our offices bought this? " + stack.Unique()
		mends := breaks(t, "messages", "NEW.body = '"+body+"'")
		tab := own(t, o, "customer")
		tab.Go("/tickets/new")
		asks(tab, body)
		tab.Sees(".failure")
		require.Equal(t, body, tab.Value(`.failure textarea[name="body"]`))
		sends(".failure form", "")(t, tab)
		require.Equal(t, body, tab.Value(`.failure textarea[name="body"]`))
		mends()
		tab.Click(".failure button.primary")
		tab.SeesText("#conversation .customer", body)
	})
}
