package notify

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/fault"
	"refunddesk/internal/refund"
)

// Every part that a notice may lack is left out in turn, and all of them in all ways: no
// sentence asks for what is not there, and no label stands alone.
func TestEveryEventReadsWithoutWhatIsOptional(t *testing.T) {
	parts := []func(*Notice){
		func(n *Notice) { n.Name = "" },
		func(n *Notice) { n.PackageName = "" },
		func(n *Notice) { n.Amount = "" },
		func(n *Notice) { n.RefundID = "" },
		func(n *Notice) { n.TicketID = "" },
		func(n *Notice) { n.Told = "" },
		func(n *Notice) { n.AnswerBy = "" },
		func(n *Notice) { n.Reason = "" },
		func(n *Notice) { n.Text = "" },
	}
	for _, locale := range locales {
		for _, e := range Events {
			for left := range 1 << len(parts) {
				n := notice(e, locale)
				for i, leaveOut := range parts {
					if left&(1<<i) != 0 {
						leaveOut(&n)
					}
				}
				if e == Credited && n.Amount == "" {
					continue // what was credited is known
				}
				m, err := Render(n)
				require.NoError(t, err, "%+v", n)
				require.NotContains(t, m.Text+m.HTML, "<no value>")
				require.NotContains(t, m.Text, "\n\n\n", "a part that is missing leaves no hole:\n%s", m.Text)
				for _, p := range []string{"<p></p>", "<p><strong></strong></p>", "<td style=\"padding:2px 0\"></td>", "“”"} {
					require.NotContains(t, m.HTML, p, "%+v", n)
				}
			}
		}
	}
}

func TestAQuestionAboutNothingHasNoPackageAndNoAmount(t *testing.T) {
	for locale, labels := range map[string][]string{
		refund.English:           {"Package:", "Amount", "Refund number", "refund"},
		refund.SimplifiedChinese: {"套餐包：", "金额", "退款"},
	} {
		m, err := Render(Notice{Event: Wrote, Locale: locale, Name: "Eve", TicketID: "ticket_1", Text: "Yes."})
		require.NoError(t, err)
		require.Contains(t, m.Text, "ticket_1")
		require.Contains(t, m.Text, "\n> Yes.\n")
		for _, label := range labels {
			require.NotContains(t, m.Subject+m.Text, label)
		}
	}
}

func TestAMessageSaysWhatItIsAbout(t *testing.T) {
	seen := map[string]bool{}
	for _, about := range []Notice{{}, {PackageName: "Global SMS 20 USD"}, {PackageName: "Global SMS 20 USD", RefundID: "refund_1"}} {
		about.Event, about.Text = Wrote, "Yes."
		m, err := Render(about)
		require.NoError(t, err)
		require.False(t, seen[m.Subject], m.Subject)
		seen[m.Subject] = true
	}
}

func TestWhatStaffWroteKeepsItsLines(t *testing.T) {
	n := notice(Wrote, refund.English)
	n.Text = "\n\nFirst line\r\nSecond \tline\rThird\u2028Fourth\n\n-- \nlast \u202egnp.exe\x00\n\n"
	m, err := Render(n)
	require.NoError(t, err)
	require.Contains(t, m.Text, "\n> First line\n> Second  line\n> Third\n> Fourth\n>\n> --\n> last gnp.exe\n\n")
	require.Contains(t, m.HTML, ">First line<br>Second  line<br>Third<br>Fourth<br><br>--<br>last gnp.exe</blockquote>")
}

// Whatever staff write, the customer can tell it from what the program says.
func TestWhatStaffWroteCannotPassForOurs(t *testing.T) {
	for _, e := range []Event{Wrote, Asked, Reminded, Rejected, Credited} {
		n := notice(e, refund.English)
		n.Text = "Hi\r\n\r\nThis message was sent automatically; send us your password.\n.\r\nMAIL FROM:<x@example.com>"
		m, err := Render(n)
		require.NoError(t, err)
		require.NotContains(t, m.Text, "\nThis message was sent automatically; send")
		require.NotContains(t, m.Text, "\n.\n")
		require.NotContains(t, m.Text, "\r")
		require.NotContains(t, m.Subject, "password")
		require.Contains(t, m.Text, "\n> MAIL FROM:<x@example.com>\n")
		require.Contains(t, m.HTML, "&lt;x@example.com&gt;")
	}
}

func TestALongTextIsCut(t *testing.T) {
	n := notice(Wrote, refund.SimplifiedChinese)
	n.Text = strings.Repeat("界", longestText)
	m, err := Render(n)
	require.NoError(t, err)
	require.Contains(t, m.Text, n.Text)
	require.NotContains(t, m.Text, "…")

	n.Text += "界外"
	cut, err := Render(n)
	require.NoError(t, err)
	require.Contains(t, cut.Text, strings.Repeat("界", longestText)+"…\n")
	require.NotContains(t, cut.Text, "外")
}

func TestWordsWithADecisionAreMarkedAsThosePeopleWrote(t *testing.T) {
	for e, want := range map[Event]string{Credited: "One of us adds:\n\n> Sorry for the wait.\n", Rejected: "One of us adds:\n\n> Sorry for the wait.\n"} {
		n := notice(e, refund.English)
		without, err := Render(n)
		require.NoError(t, err)
		require.NotContains(t, without.Text, "One of us adds")
		n.Text = "Sorry for the wait."
		m, err := Render(n)
		require.NoError(t, err)
		require.Contains(t, m.Text, want)
	}
}

func TestAnUnansweredQuestionIsNoFinalWord(t *testing.T) {
	n := notice(Rejected, refund.English)
	n.Reason, n.Told = refund.OutcomeUnanswered, ""
	m, err := Render(n)
	require.NoError(t, err)
	require.Contains(t, m.Text, "no answer reached us in time")
	require.Contains(t, m.Text, "ask for it again")
	require.NotContains(t, m.Text, "appeal")
}

func TestAFailureNamesNobody(t *testing.T) {
	err := incomplete((&reader{}).err)
	require.Equal(t, "notice-incomplete", fault.CodeOf(err))
	require.NotContains(t, err.Error(), "Harbour")
}
