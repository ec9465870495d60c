package e2e

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/api/client"
	"refunddesk/internal/mail/inbox"
)

// mailRoom is a production program whose mails go to an inbox that does as it is told.
type mailRoom struct {
	p       *Program
	box     *inbox.Inbox
	issuer  *issuer
	admin   *visitor
	auditor *visitor
}

func openMailRoom(t *testing.T) *mailRoom {
	t.Helper()
	box, err := inbox.Start(filepath.Join(temporary, "mails-"+unique()))
	require.NoError(t, err)
	t.Cleanup(func() { _ = box.Close() })
	m := &mailRoom{box: box, issuer: startIssuer(t)}
	// Of the shared program only the engine is used; the worker here has its own namespace.
	m.p = serve(t, m.issuer, program(t).Engine, "--engine-namespace", "mails-"+unique(), "--smtp", "smtp://"+box.Addr(),
		"--mail-from", "Refunds <refunds@refunddesk.example>")
	m.ready(t)
	m.admin = m.p.enter(t, m.issuer, "ada", "admin")
	m.auditor = m.p.enter(t, m.issuer, "otto", "auditor")
	return m
}

// restart is kill -9, and the program again.
func (m *mailRoom) restart(t *testing.T) {
	t.Helper()
	m.p.Kill(t)
	require.NoError(t, m.p.spawn())
	m.ready(t)
}

func (m *mailRoom) ready(t *testing.T) {
	t.Helper()
	await(t, "readiness", func() int { return status(m.p.URL + "/readyz") }, func(code int) bool { return code == http.StatusOK })
}

// credited gives a refund that is in the balance, of a new customer.
func (m *mailRoom) credited(t *testing.T) (refund string, c *customer) {
	t.Helper()
	integrator := m.p.with(t, m.issuer.token(t, "billing", "", "integrator"))
	c = &customer{account: "acct_" + unique()}
	c.email = c.account + "@example.com"
	integrator.openAccount(client.NewAccount{ID: &c.account, Name: "Ann Example", Email: c.email}).ok()
	c.person = m.p.with(t, m.issuer.token(t, "owner", c.account, "customer"))
	id := "pkg_" + unique()
	integrator.buy(client.NewPackage{ID: &id, AccountID: c.account, Name: "Global SMS", Price: usd("10")}).ok()
	refund = c.file(id, "1", "").ok().ID
	c.sees(refund, client.RefundStateCredited)
	return refund, c
}

// failed waits until the refund's mail is among those that were given up, or is not.
func (m *mailRoom) failed(t *testing.T, refund string, is bool) {
	t.Helper()
	await(t, "the page of failed mails", func() string { return m.admin.get("/mails").body },
		func(page string) bool { return strings.Contains(page, `id="mail-`+refund+`/credited"`) == is })
}

func retryPath(refund string) string { return "/mails/" + refund + "%2Fcredited/retry" }

// A mail that the customer's mail server refuses is given up and shown; sent again by an
// admin, it arrives once, whatever dies meanwhile and however often he presses.
func TestAMailThatFailedIsSentAgain(t *testing.T) {
	t.Parallel()
	m := openMailRoom(t)
	m.box.Refuse(true)
	refund, c := m.credited(t)
	m.failed(t, refund, true)
	require.Contains(t, m.admin.get("/mails").body, `action="`+retryPath(refund)+`"`)

	seen := m.auditor.get("/mails")
	require.Contains(t, seen.body, "mail-"+refund)
	require.NotContains(t, seen.body, retryPath(refund), "an auditor only reads")
	require.NotContains(t, seen.body, c.email)
	require.Equal(t, http.StatusForbidden, m.auditor.post(retryPath(refund), nil).status)
	require.Contains(t, m.auditor.get("/audit/refunds/"+refund).body, "state-dead")

	// Refused again, it is given up again and shown again.
	require.Equal(t, "/mails?done=mail-retried", m.admin.post(retryPath(refund), nil).location)
	await(t, "the mail to be given up again", func() string { return m.admin.get("/mails").body },
		func(page string) bool { return strings.Contains(page, retryPath(refund)) })
	require.Zero(t, m.box.Taken())

	// Pressed twice while the server has no time: one of the two sends it. Neither that nor
	// kill -9 before anything came of it makes two mails, or none.
	m.box.Refuse(false)
	m.box.Reject(true)
	statuses := together(2, func(int) int { return m.admin.post(retryPath(refund), nil).status })
	require.ElementsMatch(t, []int{http.StatusSeeOther, http.StatusConflict}, statuses)
	m.restart(t)
	m.failed(t, refund, false)
	m.box.Reject(false)
	m.restart(t)
	await(t, "the mail", m.box.Taken, func(n int) bool { return n > 0 })

	await(t, "the record of it", func() string { return m.auditor.get("/audit/refunds/" + refund).body },
		func(page string) bool {
			return !strings.Contains(page, "state-dead") && !strings.Contains(page, "state-pending")
		})
	m.failed(t, refund, false)
	require.Equal(t, http.StatusConflict, m.admin.post(retryPath(refund), nil).status, "what arrived is not sent again")
	require.Equal(t, 1, m.box.Taken())
	mails := m.box.Mails(c.email)
	require.Len(t, mails, 1)
	require.Equal(t, "$10.00 is back in your account balance", mails[0].Subject)
	retries := 0
	for _, item := range m.p.with(t, m.issuer.token(t, "otto", "", "auditor")).history(refund).ok().Items {
		if item.Entry != nil && item.Entry.Action == "notice-retried" {
			retries++
			require.Equal(t, "ada", item.Entry.Actor)
		}
	}
	require.Equal(t, 2, retries)
	m.p.Stop(t)
}
