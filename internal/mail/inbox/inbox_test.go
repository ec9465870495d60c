package inbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	gomail "github.com/wneessen/go-mail"

	"refunddesk/internal/mail/inbox"
)

func start(t *testing.T, folder string) *inbox.Inbox {
	t.Helper()
	box, err := inbox.Start(folder)
	require.NoError(t, err)
	t.Cleanup(func() { _ = box.Close() })
	return box
}

// send sends as any mail program does, with the standard library's client.
func send(t *testing.T, box *inbox.Inbox, to, message string) error {
	t.Helper()
	return smtp.SendMail(box.Addr(), nil, "desk@refunddesk.test", []string{to}, []byte(strings.ReplaceAll(message, "\n", "\r\n")))
}

func plain(id, subject, text string) string {
	return fmt.Sprintf("From: desk@refunddesk.test\nTo: somebody@example.com\nMessage-ID: <%s>\nSubject: %s\n\n%s\n", id, subject, text)
}

type listing struct {
	Items []struct {
		To        string `json:"to"`
		Subject   string `json:"subject"`
		Text      string `json:"text"`
		MessageID string `json:"message_id"`
	} `json:"items"`
}

func list(t *testing.T, box *inbox.Inbox, query string) listing {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/dev/mail"+query, nil)
	r.Header.Set("Accept", "application/json")
	w := httptest.NewRecorder()
	box.Handler().ServeHTTP(w, r)
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, "application/json", w.Header().Get("Content-Type"))
	var got listing
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
	return got
}

func TestMailsAreKeptOnceAndOverARestart(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "mail")
	box := start(t, folder)
	require.Equal(t, `{"items":[]}`, strings.TrimSpace(body(t, box, "?format=json", "")))
	require.NoError(t, send(t, box, "li@example.com", plain("refund-1/received@desk", "Received", "We have it.")))
	require.NoError(t, send(t, box, "wang@example.com", plain("../../etc/passwd@desk", "Second", ".a dot\n..and two")))
	require.NoError(t, send(t, box, "li@example.com", plain("refund-1/received@desk", "Received", "We have it.")))
	require.NoError(t, send(t, box, "li@example.com", "Subject: without an id\n\nHello\n"))

	check := func() {
		all := list(t, box, "")
		require.Len(t, all.Items, 3)
		require.Equal(t, "without an id", all.Items[0].Subject, "newest first")
		require.Equal(t, "Second", all.Items[1].Subject)
		require.Equal(t, ".a dot\n..and two", all.Items[1].Text)
		require.Equal(t, "refund-1/received@desk", all.Items[2].MessageID)
		require.Equal(t, "li@example.com", all.Items[2].To)
		require.Equal(t, "We have it.", all.Items[2].Text)
		require.Len(t, list(t, box, "?to=LI@example.com").Items, 2)
		require.Empty(t, list(t, box, "?to=nobody@example.com").Items)
	}
	check()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "new-17"), []byte("half"), 0o600))
	require.NoError(t, box.Close())

	box = start(t, folder)
	check()
	require.NoError(t, send(t, box, "li@example.com", plain("refund-1/received@desk", "Received", "We have it.")))
	check()
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, entries, 3, "one file a mail and nothing else")
}

func TestAMailboxThatDoesNotExist(t *testing.T) {
	box := start(t, t.TempDir())
	box.Refuse(true)
	message := plain("refund-1/credited@desk", "Credited", "It is there.")
	require.ErrorContains(t, send(t, box, "li@example.com", message), "550")
	require.Zero(t, box.Taken())
	box.Refuse(false)
	require.NoError(t, send(t, box, "li@example.com", message))
	require.NoError(t, send(t, box, "li@example.com", message))
	require.Equal(t, 2, box.Taken(), "a repeat counts")
	require.Len(t, box.Mails("li@example.com"), 1, "and is shown once")
}

// An address that cannot be has no mailbox, without anybody saying so.
func TestAnAddressThatCannotBe(t *testing.T) {
	box := start(t, t.TempDir())
	message := plain("refund-1/credited@desk", "Credited", "It is there.")
	require.ErrorContains(t, send(t, box, "li@nowhere.invalid", message), "550")
	require.ErrorContains(t, send(t, box, "li@nowhere.INVALID", message), "550")
	require.NoError(t, send(t, box, "invalid@example.com", message))
	require.Equal(t, 1, box.Taken())
}

func TestTheTextOfAMailIsDecoded(t *testing.T) {
	box := start(t, t.TempDir())
	long := strings.Repeat("退款已存入您的账户余额。", 30)
	for name, c := range map[string]struct{ message, subject, text string }{
		"quoted-printable": {"Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nGr=C3=BC=\n=C3=9Fe, 1 =3D 1\n", "Grüße", "Grüße, 1 = 1"},
		"base64":           {"Subject: =?utf-8?b?6YCA5qy+?=\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n6YCA\n5qy+\n", "退款", "退款"},
		"nested": {"Subject: parts\nContent-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/alternative; boundary=b\n\n" +
			"--b\nContent-Type: text/html\n\n<p>no</p>\n--b\nContent-Type: text/plain\n\nyes\n--b--\n" +
			"--a\nContent-Type: text/plain\nContent-Disposition: attachment\n\nno\n--a--\n", "parts", "yes"},
		"only HTML":       {"Subject: html\nContent-Type: text/html\n\n<p>Hello</p>\n", "html", "<p>Hello</p>"},
		"broken":          {"Subject: cut\nContent-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: text/plain\n\nas far as it g", "cut", "as far as it g"},
		"unknown charset": {"Subject: =?x-none?Q?a?=\n\n\xff\xfe\n", "=?x-none?Q?a?=", "\uFFFD"},
		"no mail at all":  {"just a line\n", "", "just a line"},
	} {
		t.Run(name, func(t *testing.T) {
			to := strings.ReplaceAll(name, " ", "-") + "@example.com"
			require.NoError(t, send(t, box, to, c.message))
			got := list(t, box, "?to="+to).Items
			require.Len(t, got, 1)
			require.Equal(t, c.subject, got[0].Subject)
			require.Equal(t, c.text, got[0].Text)
		})
	}
	t.Run("as go-mail writes it", func(t *testing.T) {
		msg := gomail.NewMsg()
		require.NoError(t, msg.From("desk@refunddesk.test"))
		require.NoError(t, msg.To("chen@example.com"))
		msg.Subject(long[:90])
		msg.SetMessageIDWithValue("long@desk")
		msg.SetBodyString(gomail.TypeTextPlain, long)
		msg.AddAlternativeString(gomail.TypeTextHTML, "<p>"+long+"</p>")
		host, port, _ := strings.Cut(box.Addr(), ":")
		var n int
		_, err := fmt.Sscan(port, &n)
		require.NoError(t, err)
		client, err := gomail.NewClient(host, gomail.WithPort(n), gomail.WithTLSPolicy(gomail.NoTLS), gomail.WithHELO("localhost"))
		require.NoError(t, err)
		require.NoError(t, client.DialAndSendWithContext(t.Context(), msg))
		got := list(t, box, "?to=chen@example.com").Items
		require.Len(t, got, 1)
		require.Equal(t, long[:90], got[0].Subject)
		require.Equal(t, long, got[0].Text)
		require.Equal(t, "long@desk", got[0].MessageID)
	})
}

func TestARejectingInboxTakesTheMailLater(t *testing.T) {
	box := start(t, t.TempDir())
	box.Reject(true)
	err := send(t, box, "li@example.com", plain("1@desk", "a", "b"))
	require.ErrorContains(t, err, "451")
	box.Reject(false)
	require.NoError(t, send(t, box, "li@example.com", plain("1@desk", "a", "b")))
	require.Len(t, box.Mails(""), 1)
}

func TestAHangingInboxAnswersWhenItIsLet(t *testing.T) {
	box := start(t, t.TempDir())
	box.Hang(true)
	sent := make(chan error, 1)
	go func() { sent <- send(t, box, "li@example.com", plain("1@desk", "a", "b")) }()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := box.Wait(ctx, func(inbox.Mail) bool { return true })
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Empty(t, sent)
	box.Hang(false)
	require.NoError(t, <-sent)

	box.Hang(true)
	go func() { sent <- send(t, box, "li@example.com", plain("2@desk", "a", "b")) }()
	require.NoError(t, box.Close(), "a hanging inbox can be closed")
	if err := <-sent; err != nil {
		require.NotContains(t, err.Error(), "451", "cut off, not refused")
	}
}

func TestWaitGivesWhatComesWhileWaiting(t *testing.T) {
	box := start(t, t.TempDir())
	var senders sync.WaitGroup
	for n := range 20 {
		senders.Go(func() {
			if err := send(t, box, "li@example.com", plain(fmt.Sprintf("%d@desk", n), fmt.Sprintf("number %d", n), "x")); err != nil {
				t.Error(err)
			}
		})
	}
	got, err := box.Wait(t.Context(), func(m inbox.Mail) bool { return m.Subject == "number 13" })
	require.NoError(t, err)
	require.Equal(t, "13@desk", got.MessageID)
	senders.Wait()
	require.Len(t, box.Mails("li@example.com"), 20)
}

func TestThePage(t *testing.T) {
	box := start(t, t.TempDir())
	require.Contains(t, body(t, box, "", ""), "No mails yet.")
	require.NoError(t, send(t, box, "li@example.com", plain("1@desk", "<script>alert(1)</script>", `</pre><img src=x onerror="alert(1)">`)))
	text := body(t, box, "", "text/html,application/xhtml+xml,application/json;q=0.9")
	require.Contains(t, text, "&lt;script&gt;")
	require.Contains(t, text, "li@example.com")
	require.NotContains(t, text, "<script")
	require.NotContains(t, text, "<img")
	require.Contains(t, text, "color-scheme: light dark")
	text = body(t, box, "?to=%22%3E%3Cb%3Ewang", "")
	require.Contains(t, text, `value="&#34;&gt;&lt;b&gt;wang"`)
	require.Contains(t, body(t, box, "?format=html", "application/json"), "<!doctype html>")

	w := httptest.NewRecorder()
	box.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodDelete, "/dev/mail", nil))
	require.Equal(t, http.StatusMethodNotAllowed, w.Code)
	require.Equal(t, "GET, HEAD", w.Header().Get("Allow"))
}

func TestAFolderThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := inbox.Start(file)
	require.ErrorContains(t, err, "mail folder")
}

func body(t *testing.T, box *inbox.Inbox, query, accept string) string {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/dev/mail"+query, nil)
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	w := httptest.NewRecorder()
	box.Handler().ServeHTTP(w, r)
	require.Equal(t, http.StatusOK, w.Code)
	return w.Body.String()
}
