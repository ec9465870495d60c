package mail

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"refunddesk/activities"
	"refunddesk/internal/fault"
	"refunddesk/internal/notify"
)

var (
	_ activities.Mailer = (*Sender)(nil)
	_ activities.Mailer = Off{}
)

func TestAMailArrivesInBothLanguages(t *testing.T) {
	box := newMailbox(t)
	s := newSender(t, box.address)
	for _, locale := range []string{"en", "zh-Hans"} {
		n := credited(locale)
		want, err := notify.Render(n)
		require.NoError(t, err)
		require.NoError(t, s.Send(within(t, 5*time.Second), n))
		mails := box.all()
		last := mails[len(mails)-1]
		require.Equal(t, "refunds@desk.example.com", last.from)
		require.Equal(t, "billing@example.com", last.to)
		got := read(t, last.raw)
		require.Equal(t, want.Subject, got.subject)
		require.Equal(t, want.Text, got.text)
		require.Equal(t, want.HTML, got.html)
		require.Equal(t, `"RefundDesk" <refunds@desk.example.com>`, got.header.Get("From"))
		require.Equal(t, "<billing@example.com>", got.header.Get("To"))
		require.Equal(t, "<refund_01jd.credited@refunds.example.com>", got.header.Get("Message-ID"))
		require.Equal(t, "auto-generated", got.header.Get("Auto-Submitted"))
		require.Equal(t, locale, got.header.Get("Content-Language"))
		at, err := got.header.Date()
		require.NoError(t, err)
		require.WithinDuration(t, time.Now(), at, time.Minute)
	}
}

func TestARetryHasTheSameMessageID(t *testing.T) {
	box := newMailbox(t)
	s := newSender(t, box.address)
	n := credited("en")
	require.NoError(t, s.Send(within(t, 5*time.Second), n))
	require.NoError(t, s.Send(within(t, 5*time.Second), n))
	mails := box.all()
	require.Len(t, mails, 2)
	require.Equal(t, read(t, mails[0].raw).header.Get("Message-ID"), read(t, mails[1].raw).header.Get("Message-ID"))
}

func TestTheConnectionStaysOpenBetweenMails(t *testing.T) {
	box := newMailbox(t)
	s := newSender(t, box.address)
	for range 5 {
		require.NoError(t, s.Send(within(t, 5*time.Second), credited("en")))
	}
	require.Len(t, box.all(), 5)
	require.Equal(t, 1, box.sessionCount())
}

func TestADroppedConnectionIsReplacedUnnoticed(t *testing.T) {
	box := newMailbox(t)
	s := newSender(t, box.address)
	require.NoError(t, s.Send(within(t, 5*time.Second), credited("en")))
	box.hangUp()
	require.NoError(t, s.Send(within(t, 5*time.Second), credited("en")))
	require.Len(t, box.all(), 2, "each once")
	require.Equal(t, 2, box.sessionCount())
}

func TestAServerThatIsAwayAndComesBack(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	s := newSender(t, address)
	err = s.Send(within(t, time.Second), credited("en"))
	requireAnonymous(t, err)
	require.Equal(t, fault.Unavailable, fault.From(err).Kind)
	require.Equal(t, "mail-unavailable", fault.CodeOf(err))

	listener, err = net.Listen("tcp", address)
	require.NoError(t, err)
	box := serveMailbox(t, listener)
	require.NoError(t, s.Send(within(t, 5*time.Second), credited("en")))
	require.Len(t, box.all(), 1)
}

func TestAnswers(t *testing.T) {
	answer := func(code int) func() error {
		return func() error {
			return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 1, 1}, Message: "no such user billing@example.com (Harbour & Finch)"}
		}
	}
	cases := []struct {
		name       string
		rcpt, data int
		code       string
		kind       fault.Kind
	}{
		{"greylisted recipient", 451, 0, "mail-unavailable", fault.Unavailable},
		{"recipient unknown for good", 550, 0, "mail-refused", fault.Unprocessable},
		{"message refused for now", 0, 451, "mail-unavailable", fault.Unavailable},
		{"message refused for good", 0, 554, "mail-refused", fault.Unprocessable},
		{"sign-in needed is the operator's", 530, 0, "mail-unavailable", fault.Unavailable},
		{"bad sequence is not the customer's", 503, 0, "mail-unavailable", fault.Unavailable},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			box := newMailbox(t)
			s := newSender(t, box.address)
			box.set(func() {
				if c.rcpt != 0 {
					box.onRcpt = answer(c.rcpt)
				}
				if c.data != 0 {
					box.onData = answer(c.data)
				}
			})
			err := s.Send(within(t, 5*time.Second), credited("en"))
			requireAnonymous(t, err)
			require.Equal(t, c.code, fault.CodeOf(err))
			require.Equal(t, c.kind, fault.From(err).Kind)
			require.Empty(t, box.all())

			box.set(func() { box.onRcpt, box.onData = nil, nil })
			require.NoError(t, s.Send(within(t, 5*time.Second), credited("en")), "the next mail is not harmed")
			require.Len(t, box.all(), 1)
		})
	}
}

func TestASlowServerDoesNotOutlastTheDeadline(t *testing.T) {
	box := newMailbox(t)
	s := newSender(t, box.address)
	require.NoError(t, s.Send(within(t, 5*time.Second), credited("en")), "so that the slow mail goes over a kept connection")
	release := make(chan struct{})
	box.set(func() {
		box.onData = func() error {
			<-release
			return nil
		}
	})
	defer close(release)
	began := time.Now()
	err := s.Send(within(t, 200*time.Millisecond), credited("en"))
	require.Less(t, time.Since(began), 2*time.Second)
	require.Equal(t, "mail-unavailable", fault.CodeOf(err))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	requireAnonymous(t, err)
}

func TestASilentServerDoesNotOutlastTheDeadline(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") // accepts in the kernel and never says hello
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	s := newSender(t, listener.Addr().String())
	began := time.Now()
	err = s.Send(within(t, 200*time.Millisecond), credited("en"))
	require.Less(t, time.Since(began), 2*time.Second)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestACancelledSendStopsAndHarmsNobodyElse(t *testing.T) {
	box := newMailbox(t)
	s := newSender(t, box.address)
	inData, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	box.set(func() {
		box.onData = func() error {
			once.Do(func() { close(inData) })
			<-release
			return nil
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-inData
		cancel()
	}()
	require.Equal(t, "mail-unavailable", fault.CodeOf(s.Send(ctx, credited("en"))))
	box.set(func() { box.onData = nil })
	close(release)
	require.NoError(t, s.Send(within(t, 5*time.Second), credited("en")))
}

func TestManyAtOnceShareFewConnections(t *testing.T) {
	box := newMailbox(t)
	s := newSender(t, box.address)
	const many = 60
	errs := make(chan error, many)
	for i := range many {
		go func() {
			n := credited("en")
			n.ID = fmt.Sprintf("refund_%d/credited", i)
			errs <- s.Send(within(t, 20*time.Second), n)
		}()
	}
	for range many {
		require.NoError(t, <-errs)
	}
	ids := map[string]bool{}
	for _, m := range box.all() {
		ids[read(t, m.raw).header.Get("Message-ID")] = true
	}
	require.Len(t, ids, many)
	require.LessOrEqual(t, box.sessionCount(), mostLinks)
}

func TestNothingInTheNoticeBecomesAHeader(t *testing.T) {
	box := newMailbox(t)
	s := newSender(t, box.address)
	n := credited("en")
	n.Amount = "$1\r\nBcc: all@example.com\r\n\r\nYou won"
	n.PackageName = "x\r\n.\r\nMAIL FROM:<eve@example.com>"
	n.Name = "Eve\r\nX-Evil: yes"
	require.NoError(t, s.Send(within(t, 5*time.Second), n))
	require.Len(t, box.all(), 1)
	got := read(t, box.all()[0].raw)
	require.Empty(t, got.header.Get("Bcc"))
	require.Empty(t, got.header.Get("X-Evil"))
	require.Contains(t, got.subject, "Bcc: all@example.com", "it is only words")

	for _, email := range []string{"", "nobody", "a@example.com\r\nBcc: b@example.com", "Eve <eve@example.com>", "a@example.com, b@example.com", "a@example.com>\r\nRCPT TO:<b@example.com"} {
		n := credited("en")
		n.Email = email
		err := s.Send(within(t, 5*time.Second), n)
		require.Equal(t, "mail-refused", fault.CodeOf(err), email)
		requireAnonymous(t, err)
	}
	n = credited("en")
	n.ID = "refund_1\r\nX: y"
	require.Equal(t, "notice-unknown", fault.CodeOf(s.Send(within(t, 5*time.Second), n)))
	require.Len(t, box.all(), 1)
}

// requireAnonymous looks at everything that could reach the engine: the error and what it wraps.
func requireAnonymous(t *testing.T, err error) {
	t.Helper()
	require.Error(t, err)
	for e := err; e != nil; {
		for _, personal := range []string{"billing", "example.com", "Harbour", "Finch", "eve"} {
			require.NotContains(t, e.Error(), personal)
		}
		u, ok := e.(interface{ Unwrap() error })
		if !ok {
			return
		}
		e = u.Unwrap()
	}
}

func TestAClosedSenderLeavesNoConnection(t *testing.T) {
	box := newMailbox(t)
	s := newSender(t, box.address)
	require.NoError(t, s.Send(within(t, 5*time.Second), credited("en")))
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
	require.Empty(t, s.idle)
	require.NoError(t, s.Send(within(t, 5*time.Second), credited("en")), "a mail on its way at the end still goes")
	require.Empty(t, s.idle)
}

func TestOffSaysSoOnceAndSendsNothing(t *testing.T) {
	var log strings.Builder
	off := NewOff(slog.New(slog.NewTextHandler(&log, nil)))
	for range 3 {
		err := off.Send(t.Context(), credited("en"))
		require.ErrorIs(t, err, ErrOff)
		require.Equal(t, fault.Unprocessable, fault.From(err).Kind, "trying again does not help")
	}
	require.Equal(t, 1, strings.Count(log.String(), "\n"))
	require.Contains(t, log.String(), "REFUNDDESK_SMTP")
}
