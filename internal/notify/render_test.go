package notify

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/fault"
	"refunddesk/internal/refund"
)

var update = flag.Bool("update", false, "write the golden files anew")

func notice(e Event, locale string) Notice {
	n := Notice{
		ID: NoticeID("refund_01jd", e), RefundID: "refund_01jd", Event: e,
		Name: "Harbour & Finch", Email: "billing@example.com", Locale: locale,
		PackageName: "Global SMS 100 USD", Amount: "$87.65",
	}
	if locale == refund.SimplifiedChinese {
		n.Name, n.PackageName, n.Amount = "海岸物流", "国际短信 500 元", "¥431.20"
	}
	words := map[string]struct{ text, told, by string }{
		refund.English: {
			"Thank you for your patience.\n\nWhich card did you pay with (last four digits only)?\nWho bought the package?",
			"The contact data of the account changed shortly before the request.", "27 November 2026, 18:00 (UTC)",
		},
		refund.SimplifiedChinese: {
			"感谢您的耐心等待。\n\n请问您当时使用哪张银行卡付款（只需后四位）？\n套餐包由谁购买？",
			"申请前不久账户的联系方式有过变更。", "2026年11月28日 02:00",
		},
	}[locale]
	switch e {
	case Rejected:
		n.Reason, n.Told = "unverified", words.told
	case InReview:
		n.Told = words.told
	case Wrote, Asked, Reminded:
		n.TicketID, n.Text = "ticket_01jd", words.text
		if e != Wrote {
			n.AnswerBy = words.by
		}
	case Received, Credited, Withdrawn:
	}
	return n
}

func TestEveryEventReadsAsItsGoldenFile(t *testing.T) {
	for _, locale := range locales {
		for _, e := range Events {
			t.Run(locale+"/"+string(e), func(t *testing.T) {
				m, err := Render(notice(e, locale))
				require.NoError(t, err)
				require.Equal(t, locale, m.Locale)
				got := "Subject: " + m.Subject + "\n\n" + m.Text
				golden(t, string(e)+"."+locale+".txt", got)
				golden(t, string(e)+"."+locale+".html", m.HTML)
				for _, part := range []string{m.Subject, m.Text, m.HTML} {
					require.NotContains(t, part, "<no value>")
					require.NotContains(t, part, "{{")
				}
			})
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "read it, and if it is right: go test ./internal/notify -update")
}

func TestEveryReasonIsToldInBothLanguages(t *testing.T) {
	for _, locale := range locales {
		seen := map[string]string{}
		for reason := range publicReasons {
			n := notice(Rejected, locale)
			n.Reason, n.Told = reason, ""
			m, err := Render(n)
			require.NoError(t, err, "%s in %s", reason, locale)
			require.NotContains(t, m.Text, reason, "a code is no word for a customer")
			require.Empty(t, seen[m.Text], "%s reads like %s in %s", reason, seen[m.Text], locale)
			seen[m.Text] = reason
		}
	}
}

func TestAReasonThatIsNotPublicStaysInside(t *testing.T) {
	n := notice(Rejected, refund.English)
	n.Reason = "velocity-3-in-24h: linked to a known fraud ring"
	m, err := Render(n)
	require.NoError(t, err)
	n.Reason = "other"
	other, err := Render(n)
	require.NoError(t, err)
	require.Equal(t, other, m)
}

func TestLocale(t *testing.T) {
	for wish, want := range map[string]string{
		"en": "en", "en-GB": "en", "zh-Hans": "zh-Hans", "zh": "zh-Hans", "zh-CN": "zh-Hans",
		"": "en", "fr": "en", "tlh": "en", "not a locale": "en",
	} {
		n := notice(Credited, refund.English)
		n.Locale = wish
		m, err := Render(n)
		require.NoError(t, err)
		require.Equal(t, want, m.Locale, "locale %q", wish)
	}
}

func TestTheCataloguesHaveTheSameSentences(t *testing.T) {
	keys := func(locale string) []string {
		raw, err := localeFiles.ReadFile("locales/active." + locale + ".json")
		require.NoError(t, err)
		var sentences map[string]string
		require.NoError(t, json.Unmarshal(raw, &sentences))
		var out []string
		for k, v := range sentences {
			require.NotEmpty(t, strings.TrimSpace(v), "%s in %s", k, locale)
			out = append(out, k)
			if locale == refund.SimplifiedChinese && k != "label.colon" {
				requireChinese(t, k, v)
			}
		}
		slices.Sort(out)
		return out
	}
	require.Equal(t, keys(refund.English), keys(refund.SimplifiedChinese))
}

// requireChinese holds that a sentence has Han characters and, beside placeholders, no
// Latin word: nothing was left untranslated.
func requireChinese(t *testing.T, key, sentence string) {
	t.Helper()
	for {
		before, rest, found := strings.Cut(sentence, "{{")
		if !found {
			break
		}
		_, after, _ := strings.Cut(rest, "}}")
		sentence = before + after
	}
	require.True(t, strings.ContainsFunc(sentence, func(r rune) bool { return unicode.Is(unicode.Han, r) }), key)
	require.False(t, strings.ContainsFunc(sentence, func(r rune) bool { return unicode.Is(unicode.Latin, r) }), "%s: %s", key, sentence)
}

func TestNothingFromOutsideAddsALineOrAHeader(t *testing.T) {
	for _, e := range Events {
		n := notice(e, refund.English)
		n.Told, n.AnswerBy, n.TicketID = "Told.", "tomorrow", "ticket_01jd"
		plain, err := Render(n)
		require.NoError(t, err)
		n.PackageName = "SMS\r\nBcc: all@example.com\r\n\r\nYou won"
		n.Name = "Eve\nX-Evil: 1\u2028\u202egnp.exe\x00"
		n.Amount = "$1\r\n.\r\nMAIL FROM:<x@example.com>"
		n.Told += "\r\nX-Told: 1"
		n.AnswerBy += "\r\n\r\nX-By: 1"
		n.TicketID += "\nX-Ticket: 1"
		m, err := Render(n)
		require.NoError(t, err)
		require.False(t, strings.ContainsAny(m.Subject, "\r\n\x00\u2028"), m.Subject)
		require.Equal(t, strings.Count(plain.Text, "\n"), strings.Count(m.Text, "\n"), m.Text)
		require.NotContains(t, m.Text, "\r")
		require.NotContains(t, m.Text+m.HTML, "\u202e")
	}
}

func TestHTMLIsEscaped(t *testing.T) {
	n := notice(Received, refund.English)
	n.PackageName = `<img src=x onerror=alert(1)> & "co"`
	n.Name = "</p><script>alert(1)</script>"
	n.Event, n.Text, n.Told = Rejected, "</blockquote><script>alert(1)</script>\n<b>hello</b>", "<script>"
	m, err := Render(n)
	require.NoError(t, err)
	require.NotContains(t, m.HTML, "<img")
	require.NotContains(t, m.HTML, "<script")
	require.Contains(t, m.HTML, "&lt;img src=x onerror=alert(1)&gt;")
	require.Contains(t, m.Text, `<img src=x onerror=alert(1)> & "co"`, "plain text says it as it is")
}

func TestLongValuesAreCut(t *testing.T) {
	n := notice(Credited, refund.English)
	n.PackageName = strings.Repeat("界", 5000)
	m, err := Render(n)
	require.NoError(t, err)
	require.Contains(t, m.Text, strings.Repeat("界", longestValue)+"…")
	require.NotContains(t, m.Text, strings.Repeat("界", longestValue+1))
}

func TestNamelessCustomerAndPackage(t *testing.T) {
	m, err := Render(Notice{Event: Received, RefundID: "refund_1", Locale: "zh-Hans"})
	require.NoError(t, err)
	require.Contains(t, m.Text, "您好！")
	require.Contains(t, m.Subject, "国际短信")
	require.NotContains(t, m.Text, "申请金额", "an amount nobody gave is left out")
}

func TestUnknownEvent(t *testing.T) {
	_, err := Render(Notice{Event: "exploded", Name: "Eve", Email: "eve@example.com"})
	require.Equal(t, "notice-unknown", fault.CodeOf(err))
	require.NotContains(t, err.Error(), "Eve")
}

func BenchmarkRender(b *testing.B) {
	n := notice(Credited, refund.English)
	for b.Loop() {
		if _, err := Render(n); err != nil {
			b.Fatal(err)
		}
	}
}
