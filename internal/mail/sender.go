package mail

import (
	"context"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"

	"refunddesk/internal/notify"
)

// How many connections the sender keeps, and for how long it trusts an idle one. Servers
// hang up after some minutes of silence; a connection that is younger is nearly always good.
const (
	mostLinks = 4
	mostIdle  = time.Minute
)

// Sender hands notices over to a mail server. Connections stay open between mails, a
// stale one is replaced without the caller noticing. Safe for concurrent use: at most
// four mails are on their way at once, the others wait within their own deadline.
type Sender struct {
	endpoint endpoint
	slots    chan struct{}

	mu     sync.Mutex
	idle   []*link
	closed bool
}

// New makes a sender and connects to nothing yet: a mail server that is away delays
// mails, not the program's start. Returns a fault naming the setting when the
// configuration makes no sense. A program without a mail server uses Off.
func New(c Config) (*Sender, error) {
	e, err := c.read()
	if err != nil {
		return nil, err
	}
	return &Sender{endpoint: e, slots: make(chan struct{}, mostLinks)}, nil
}

// Send renders the notice and hands it over; nil means that the mail server has taken it
// in charge. The same notice again carries the same Message-ID. It gives up when ctx ends.
//
// Errors name neither the customer nor the address, since they go to the engine's
// history: fault Unavailable "mail-unavailable" (try again), fault Unprocessable
// "mail-refused" (trying again is of no use), and the faults of notify.Render.
func (s *Sender) Send(ctx context.Context, n notify.Notice) error {
	msg, err := s.endpoint.compose(n)
	if err != nil {
		return err
	}
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return unavailable("All connections to the mail server are busy.", ctx.Err())
	}
	if kept := s.take(); kept != nil {
		err := kept.send(ctx, msg)
		if !isStale(err) {
			return s.finish(ctx, kept, err)
		}
		kept.limit.close()
	}
	fresh, err := s.endpoint.dial(ctx)
	if err != nil {
		return dialFailed(err)
	}
	return s.finish(ctx, fresh, fresh.send(ctx, msg))
}

// finish keeps the connection after a mail and gives it up after a failure: what state
// the server believes the session to be in is not worth finding out.
func (s *Sender) finish(ctx context.Context, l *link, err error) error {
	if err != nil {
		l.limit.close()
		return sendFailed(ctx, err)
	}
	l.idle = time.Now()
	s.mu.Lock()
	keep := !s.closed
	if keep {
		s.idle = append(s.idle, l)
	}
	s.mu.Unlock()
	if !keep {
		l.close()
	}
	return nil
}

// take gives the connection used last, nil when there is none young enough.
func (s *Sender) take() *link {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.idle) > 0 {
		l := s.idle[len(s.idle)-1]
		s.idle = s.idle[:len(s.idle)-1]
		if time.Since(l.idle) < mostIdle {
			return l
		}
		l.limit.close()
	}
	return nil
}

// Close says goodbye on idle connections. Mails on their way finish.
func (s *Sender) Close() error {
	s.mu.Lock()
	idle := s.idle
	s.idle, s.closed = nil, true
	s.mu.Unlock()
	for _, l := range idle {
		l.close()
	}
	return nil
}

// isStale reports whether a kept connection turned out to be of no use before the server
// had been told anything of the mail: then nothing was sent, and a fresh connection may try.
func isStale(err error) bool {
	failure, ok := failureOf(err)
	if !ok {
		return false
	}
	switch failure.Reason {
	case gomail.ErrConnCheck:
		return true
	case gomail.ErrSMTPMailFrom:
		// No reply at all, or 421: the server is closing the connection.
		return failure.ErrorCode() == 0 || failure.ErrorCode() == 421
	}
	return false
}
