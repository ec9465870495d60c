package main

import (
	"context"
	"fmt"
	"io"
	"net"
	netmail "net/mail"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// mailbox is a mail server that takes every mail and remembers which ones there were. It
// implements smtp.Backend and smtp.Session.
type mailbox struct {
	server  *smtp.Server
	address string

	mu  sync.Mutex
	ids map[string]struct{} // Message-IDs: a mail sent twice is still one mail
}

func startMailbox() (*mailbox, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	m := &mailbox{address: listener.Addr().String(), ids: map[string]struct{}{}}
	m.server = smtp.NewServer(m)
	m.server.Domain = "bench.invalid"
	go func() { _ = m.server.Serve(listener) }()
	return m, nil
}

func (m *mailbox) stop() {
	if m != nil {
		_ = m.server.Close()
	}
}

// NewSession implements smtp.Backend.
func (m *mailbox) NewSession(*smtp.Conn) (smtp.Session, error) { return m, nil }

// Mail, Rcpt, Reset and Logout implement smtp.Session.
func (m *mailbox) Mail(string, *smtp.MailOptions) error { return nil }

// Rcpt takes every recipient.
func (m *mailbox) Rcpt(string, *smtp.RcptOptions) error { return nil }

// Reset has nothing to reset.
func (m *mailbox) Reset() {}

// Logout has nothing to end.
func (m *mailbox) Logout() error { return nil }

// Data takes a mail.
func (m *mailbox) Data(r io.Reader) error {
	mail, err := netmail.ReadMessage(r)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, mail.Body); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ids[mail.Header.Get("Message-ID")] = struct{}{}
	return nil
}

func (m *mailbox) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.ids)
}

// mailPatience is how long the last mails may take.
const mailPatience = 30 * time.Second

// await waits until there are that many mails.
func (m *mailbox) await(ctx context.Context, want int) error {
	ctx, cancel := context.WithTimeout(ctx, mailPatience)
	defer cancel()
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for m.count() < want {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d refunds were credited, and %d mails came: %w", want, m.count(), ctx.Err())
		case <-poll.C:
		}
	}
	return nil
}
