package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/api/client"
)

// mail is one of the development inbox.
type mail struct {
	To        string `json:"to"`
	Subject   string `json:"subject"`
	Text      string `json:"text"`
	MessageID string `json:"message_id"`
}

// mailsTo gives the mails to an address, newest first.
func mailsTo(t *testing.T, p *Program, to string) []mail {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL+"/dev/mail?to="+url.QueryEscape(to), http.NoBody)
	require.NoError(t, err)
	req.Header.Set("Accept", "application/json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	var page struct {
		Items []mail `json:"items"`
	}
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&page))
	return page.Items
}

// letters waits until the customer has n mails, gives their events oldest first, and holds
// that there are no more once the workflow is over.
func letters(t *testing.T, c *customer, refund string, n int) (events []string, mails []mail) {
	t.Helper()
	workflowEnded(t, c.p, refund)
	mails = mailsTo(t, c.p, c.email)
	require.Len(t, mails, n)
	slices.Reverse(mails)
	for _, m := range mails {
		// The id is made of the refund and the event, so that a repeat is the same message.
		event, ok := strings.CutPrefix(m.MessageID, refund+".")
		require.True(t, ok, m.MessageID)
		event, _, _ = strings.Cut(event, "@")
		events = append(events, event)
		require.Equal(t, c.email, m.To)
		require.Contains(t, m.Text, refund)
	}
	return events, mails
}

// workflowEnded waits until the refund's workflow is over: all its mails are out.
func workflowEnded(t *testing.T, p *Program, refund string) {
	t.Helper()
	auditor := p.as(t, "auditor")
	await(t, "the end of the workflow of "+refund,
		func() []client.HistoryItem { return auditor.history(refund).ok().Items },
		func(items []client.HistoryItem) bool {
			return slices.ContainsFunc(items, func(i client.HistoryItem) bool {
				return i.Event != nil && strings.HasSuffix(i.Event.Type, "ExecutionCompleted")
			})
		})
}

func TestMailsOfACleanRefund(t *testing.T) {
	t.Parallel()
	c := newCustomer(t, program(t), client.LocaleEn)
	id := c.files(c.buys("12.50"))
	c.sees(id, client.RefundStateCredited)
	events, mails := letters(t, c, id, 1)
	require.Equal(t, []string{"credited"}, events)
	require.Equal(t, "$12.50 is back in your account balance", mails[0].Subject)
}

func TestMailsOfAReviewedRefund(t *testing.T) {
	t.Parallel()
	p := program(t)
	for locale, wanted := range map[client.Locale][]string{
		client.LocaleEn:     {"We have your refund request for “Global SMS”", "A person is looking at your refund request for “Global SMS”", "is back in your account balance"},
		client.LocaleZhHans: {"已收到您对“Global SMS”的退款申请", "您对“Global SMS”的退款申请正在人工审核", "已退回您的账户余额"},
	} {
		t.Run(string(locale), func(t *testing.T) {
			t.Parallel()
			c := newCustomer(t, p, locale)
			id := inReview(c)
			approve(p.as(t, "reviewer"), id)
			c.sees(id, client.RefundStateCredited)
			events, mails := letters(t, c, id, 3)
			require.Equal(t, []string{"received", "in_review", "credited"}, events)
			for i, m := range mails {
				require.Contains(t, m.Subject, wanted[i])
			}
			greeting := "Hello Ann Example,"
			if locale == client.LocaleZhHans {
				greeting = "Ann Example，您好！"
			}
			require.Contains(t, mails[0].Text, greeting)
		})
	}
}

func TestMailsOfARejectionAndAWithdrawal(t *testing.T) {
	t.Parallel()
	p := program(t)
	c := newCustomer(t, p, client.LocaleEn)
	id := inReview(c)
	reject(p.as(t, "reviewer"), id)
	c.sees(id, client.RefundStateRejected)
	events, _ := letters(t, c, id, 3)
	require.Equal(t, []string{"received", "in_review", "rejected"}, events)

	c = newCustomer(t, p, client.LocaleEn)
	id = inReview(c)
	c.withdraw(id).ok()
	events, _ = letters(t, c, id, 3)
	require.Equal(t, []string{"received", "in_review", "withdrawn"}, events)
}
