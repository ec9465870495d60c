package mail

import (
	"context"
	"errors"
	"io"
	"log"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/notify"
)

// mailbox is a real SMTP server that keeps what it is given and can be told to misbehave.
type mailbox struct {
	server  *smtp.Server
	address string

	mu       sync.Mutex
	mails    []received
	sessions int
	onRcpt   func() error
	onData   func() error
	conns    []net.Conn
	password string // asked for when not empty
}

type received struct {
	from, to  string
	raw       string
	user      string // who signed in
	encrypted bool
}

func newMailbox(t *testing.T) *mailbox {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return serveMailbox(t, listener)
}

func serveMailbox(t *testing.T, listener net.Listener, prepare ...func(*mailbox)) *mailbox {
	t.Helper()
	m := &mailbox{address: listener.Addr().String()}
	m.server = smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.sessions++
		m.conns = append(m.conns, c.Conn())
		return &session{box: m, conn: c}, nil
	}))
	m.server.Domain = "localhost"
	m.server.EnableSMTPUTF8 = true
	m.server.ErrorLog = log.New(io.Discard, "", 0) // a refused handshake is part of some tests
	for _, p := range prepare {
		p(m)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = m.server.Serve(listener) // ends when the test closes it
	}()
	t.Cleanup(func() {
		_ = m.server.Close()
		<-done
	})
	return m
}

func (m *mailbox) set(change func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change()
}

func (m *mailbox) all() []received {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]received(nil), m.mails...)
}

func (m *mailbox) sessionCount() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sessions
}

// hangUp drops every connection, as a server does that was restarted.
func (m *mailbox) hangUp() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.conns {
		_ = c.Close()
	}
	m.conns = nil
}

type session struct {
	box  *mailbox
	conn *smtp.Conn
	user string
	from string
	to   string
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	s.box.mu.Lock()
	on := s.box.onRcpt
	s.box.mu.Unlock()
	if on != nil {
		return on()
	}
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.box.mu.Lock()
	on := s.box.onData
	s.box.mu.Unlock()
	if on != nil {
		if err := on(); err != nil {
			return err
		}
	}
	_, encrypted := s.conn.TLSConnectionState()
	s.box.set(func() {
		s.box.mails = append(s.box.mails, received{from: s.from, to: s.to, raw: string(raw), user: s.user, encrypted: encrypted})
	})
	return nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// letterOf reads a received mail back: its headers, decoded, and its two parts.
type letterOf struct {
	header     netmail.Header
	subject    string
	text, html string
}

func read(t *testing.T, raw string) letterOf {
	t.Helper()
	msg, err := netmail.ReadMessage(strings.NewReader(raw))
	require.NoError(t, err)
	l := letterOf{header: msg.Header}
	l.subject, err = new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
	require.NoError(t, err)
	kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, "multipart/alternative", kind)
	parts := multipart.NewReader(msg.Body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return l
		}
		require.NoError(t, err)
		require.Equal(t, "quoted-printable", part.Header.Get("Content-Transfer-Encoding"))
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		require.NoError(t, err)
		kind, params, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		require.NoError(t, err)
		require.Equal(t, "UTF-8", params["charset"])
		content := strings.ReplaceAll(string(body), "\r\n", "\n")
		if kind == "text/html" {
			l.html = content
		} else {
			l.text = content
		}
	}
}

func newSender(t *testing.T, address string) *Sender {
	t.Helper()
	s, err := New(Config{URL: "smtp://" + address, From: "RefundDesk <refunds@desk.example.com>", MessageIDDomain: "refunds.example.com"})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func credited(locale string) notify.Notice {
	n := notify.Notice{
		ID: notify.NoticeID("refund_01jd", notify.Credited), RefundID: "refund_01jd", Event: notify.Credited,
		Name: "Harbour & Finch", Email: "billing@example.com", Locale: locale, PackageName: "Global SMS 100 USD", Amount: "$87.65",
	}
	if locale == "zh-Hans" {
		n.Name, n.PackageName, n.Amount = "海岸物流", "国际短信 500 元", "¥431.20"
	}
	return n
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
