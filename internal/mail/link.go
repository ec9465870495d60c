package mail

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// A link is one connection to the mail server, kept open between mails. One goroutine
// uses it at a time.
type link struct {
	client *gomail.Client
	smtp   *smtp.Client
	limit  *limit
	idle   time.Time // since when nobody uses it
}

// commandTimeout is the longest the server may be silent when the caller sets no deadline.
const commandTimeout = 30 * time.Second

// dial opens a connection, says hello, turns to TLS and signs in as configured, all
// before ctx ends.
func (e endpoint) dial(ctx context.Context) (*link, error) {
	l := &link{limit: &limit{}}
	options := []gomail.Option{
		gomail.WithPort(e.port),
		gomail.WithTimeout(commandTimeout),
		gomail.WithTLSConfig(e.tlsConfig()),
		gomail.WithDialContextFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
			return l.limit.dial(ctx, e, network, address)
		}),
		// A kept connection is found stale by its first real command; asking before and
		// tidying up after each mail would double the round trips.
		gomail.WithoutNoop(),
		gomail.WithoutRset(),
	}
	switch {
	case e.tls:
		// The dialler speaks TLS already. Opportunistic makes the client look whether the
		// connection is encrypted, which sign-in depends on; WithSSL would not.
		options = append(options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	case e.local:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	case e.user != "":
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	}
	if e.user != "" {
		kind := gomail.SMTPAuthAutoDiscover
		if e.local && !e.tls {
			kind = gomail.SMTPAuthPlainNoEnc // nothing leaves the machine
		}
		options = append(options, gomail.WithSMTPAuth(kind), gomail.WithUsername(e.user), gomail.WithPassword(e.password))
	}
	client, err := gomail.NewClient(e.host, options...)
	if err != nil {
		return nil, err
	}
	l.client = client
	free := l.limit.bind(ctx)
	defer free()
	if l.smtp, err = client.DialToSMTPClientWithContext(ctx); err != nil {
		l.limit.close() // a handshake that failed half-way leaves its connection open
		return nil, err
	}
	return l, nil
}

// send hands one mail over, before ctx ends.
func (l *link) send(ctx context.Context, msg *gomail.Msg) error {
	free := l.limit.bind(ctx)
	defer free()
	return l.client.SendWithSMTPClient(l.smtp, msg)
}

// close says goodbye without waiting long for the answer.
func (l *link) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	free := l.limit.bind(ctx)
	defer free()
	_ = l.client.CloseWithSMTPClient(l.smtp) // nothing can be done about a goodbye that fails
	l.limit.close()
}

// A limit keeps a connection within the deadline of whoever uses it. The SMTP client
// sets deadlines of its own; they may shorten ours and never lengthen it.
type limit struct {
	mu    sync.Mutex
	conn  net.Conn
	until time.Time
	over  bool // the caller gave up
	user  int  // counts callers, so that a late cancellation hits nobody else
}

func (l *limit) dial(ctx context.Context, e endpoint, network, address string) (net.Conn, error) {
	raw, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	l.conn = raw
	l.mu.Unlock()
	bounded := &boundedConn{Conn: raw, limit: l}
	if !e.tls {
		return bounded, nil
	}
	secure := tls.Client(bounded, e.tlsConfig())
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, err
	}
	return secure, nil
}

// bind holds the connection to ctx until the returned function is called.
func (l *limit) bind(ctx context.Context) (free func()) {
	until, ok := ctx.Deadline()
	if !ok {
		until = time.Now().Add(commandTimeout)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.user++
	l.until, l.over = until, false
	if l.conn != nil {
		_ = l.conn.SetDeadline(until) // a dead connection tells at its next use
	}
	user := l.user
	stop := context.AfterFunc(ctx, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.user != user {
			return
		}
		l.over = true
		if l.conn != nil {
			_ = l.conn.SetDeadline(past) // wakes whoever reads or writes
		}
	})
	return func() { stop() }
}

var past = time.Unix(1, 0)

func (l *limit) set(apply func(time.Time) error, t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.over:
		t = past
	case t.IsZero() || t.After(l.until):
		t = l.until
	}
	return apply(t)
}

func (l *limit) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		_ = l.conn.Close()
	}
}

type boundedConn struct {
	net.Conn
	limit *limit
}

func (c *boundedConn) SetDeadline(t time.Time) error {
	return c.limit.set(c.Conn.SetDeadline, t)
}

func (c *boundedConn) SetReadDeadline(t time.Time) error {
	return c.limit.set(c.Conn.SetReadDeadline, t)
}

func (c *boundedConn) SetWriteDeadline(t time.Time) error {
	return c.limit.set(c.Conn.SetWriteDeadline, t)
}
