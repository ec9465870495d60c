// Package inbox is the mail server of the development program: it takes every mail over real
// SMTP on a loopback port, keeps it in a folder and shows it at /dev/mail. Nothing leaves the
// machine. Only addresses that end in ".invalid" have no mailbox. Tests use it too, and can
// make it refuse or hang.
package inbox

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// maxMail is the longest mail taken, in bytes.
const maxMail = 5 << 20

// Inbox is a running mail server.
type Inbox struct {
	folder string
	server *smtp.Server
	listen net.Listener
	ended  chan struct{} // closed when the server has stopped

	mu      sync.Mutex
	mails   []Mail          // oldest first
	known   map[string]bool // file names of mails
	changed chan struct{}   // closed and replaced at every new mail
	reject  bool
	refuse  bool
	taken   int           // mails taken, repeats too
	hang    chan struct{} // nil, or closed when hanging ends
}

// Start serves SMTP on a free loopback port and keeps mails in the folder, which it makes if
// needed. Mails that are there already are shown again.
func Start(folder string) (*Inbox, error) {
	mails, err := load(folder)
	if err != nil {
		return nil, err
	}
	listen, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for mail: %w", err)
	}
	i := &Inbox{
		folder:  folder,
		listen:  listen,
		ended:   make(chan struct{}),
		mails:   mails,
		known:   map[string]bool{},
		changed: make(chan struct{}),
	}
	for _, m := range mails {
		i.known[m.file] = true
	}
	i.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &session{inbox: i}, nil
	}))
	i.server.Domain = "localhost"
	i.server.MaxMessageBytes = maxMail
	i.server.MaxRecipients = 100
	i.server.EnableSMTPUTF8 = true
	i.server.ErrorLog = log.New(io.Discard, "", 0) // clients that hang up are no news here
	go func() {
		defer close(i.ended)
		_ = i.server.Serve(listen) // ends with Close
	}()
	return i, nil
}

// Addr is the host:port of the mail server.
func (i *Inbox) Addr() string { return i.listen.Addr().String() }

// Close stops the mail server and cuts its connections. The mails stay in their folder.
func (i *Inbox) Close() error {
	i.Hang(false)
	err := i.server.Close()
	<-i.ended
	return err
}

// Reject makes the server answer every mail with 451 (try again later), or stops that.
func (i *Inbox) Reject(on bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.reject = on
}

// Refuse makes the server answer every recipient with 550 (there is no such mailbox), or stops
// that: such a mail is not tried again.
func (i *Inbox) Refuse(on bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.refuse = on
}

// Taken is how many mails were taken since the start. Unlike in Mails, a repeat counts.
func (i *Inbox) Taken() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.taken
}

// Hang makes the server take connections and then say nothing more to a mail, or lets all
// that wait go on.
func (i *Inbox) Hang(on bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case on && i.hang == nil:
		i.hang = make(chan struct{})
	case !on && i.hang != nil:
		close(i.hang)
		i.hang = nil
	}
}

// Mails gives the mails to an address, or all when it is empty, newest first.
func (i *Inbox) Mails(to string) []Mail {
	i.mu.Lock()
	defer i.mu.Unlock()
	out := make([]Mail, 0, len(i.mails))
	for n := len(i.mails) - 1; n >= 0; n-- {
		if to == "" || i.mails[n].isTo(to) {
			out = append(out, i.mails[n])
		}
	}
	return out
}

// Wait gives the newest mail that matches, and waits for one as long as ctx allows.
func (i *Inbox) Wait(ctx context.Context, match func(Mail) bool) (Mail, error) {
	for {
		i.mu.Lock()
		changed := i.changed
		i.mu.Unlock()
		for _, m := range i.Mails("") {
			if match(m) {
				return m, nil
			}
		}
		select {
		case <-ctx.Done():
			return Mail{}, fmt.Errorf("wait for a mail: %w", ctx.Err())
		case <-changed:
		}
	}
}

// add keeps a mail. One that is here already, by its Message-ID, is a repeat of a sender that
// did not hear our answer: it is taken again without a word, and shown once.
func (i *Inbox) add(to []string, raw []byte) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.taken++
	m := parse(raw)
	m.To, m.Received = to, time.Now().UTC()
	m.file = fileName(m.MessageID, raw)
	if i.known[m.file] {
		return nil
	}
	if err := save(i.folder, m, raw); err != nil {
		return err
	}
	i.known[m.file] = true
	i.mails = append(i.mails, m)
	close(i.changed)
	i.changed = make(chan struct{})
	return nil
}

// session takes the mails of one connection.
type session struct {
	inbox *Inbox
	to    []string
}

var (
	errTryLater = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Try again later"}
	errNobody   = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "There is no such mailbox"}
	errNoSpace  = &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 3, 1}, Message: "The mail could not be kept"}
)

// Mail begins a mail, unless the inbox was told to misbehave.
func (s *session) Mail(string, *smtp.MailOptions) error {
	s.inbox.mu.Lock()
	reject, hang := s.inbox.reject, s.inbox.hang
	s.inbox.mu.Unlock()
	if hang != nil {
		<-hang
	}
	if reject {
		return errTryLater
	}
	return nil
}

// nowhere ends the addresses that cannot be (RFC 2606): a mail to one is refused as by any
// other mail server, so that the page of mails that failed can be tried.
const nowhere = ".invalid"

// Rcpt takes every recipient that can be, unless the inbox was told to refuse them.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.inbox.mu.Lock()
	refuse := s.inbox.refuse
	s.inbox.mu.Unlock()
	if refuse || strings.HasSuffix(strings.ToLower(to), nowhere) {
		return errNobody
	}
	s.to = append(s.to, to)
	return nil
}

// Data keeps the mail.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.inbox.add(s.to, raw); err != nil {
		return errNoSpace
	}
	return nil
}

// Reset forgets the mail that was begun.
func (s *session) Reset() { s.to = nil }

// Logout ends the connection.
func (s *session) Logout() error { return nil }
