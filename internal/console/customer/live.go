package customer

import (
	"bytes"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"refunddesk/internal/console/page"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
)

// How a stream of events lives.
const (
	heartbeat  = 15 * time.Second // so that nothing between here and the browser takes it for dead
	writeTime  = 10 * time.Second // a browser that takes nothing for so long is gone
	retryAfter = "2000"           // milliseconds until a browser asks again after a cut
	// A stream ends after that long and the browser opens another: whether it may is asked again.
	streamLife = 2 * time.Minute
	// streamsEach is how many streams somebody may have: one a tab.
	streamsEach = 5
)

// streams counts who has how many.
type streams struct {
	mu   sync.Mutex
	open map[string]int // by subject
}

func newStreams() *streams { return &streams{open: map[string]int{}} }

var errTooManyStreams = fault.New(fault.TooMany, "too-many-streams", "You have too many pages open that follow a refund.").After(30 * time.Second)

// begin takes one of the subject's streams until the function is called.
func (s *streams) begin(subject string) (func(), error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[subject] >= streamsEach {
		return nil, errTooManyStreams
	}
	s.open[subject]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.open[subject]--; s.open[subject] == 0 {
			delete(s.open, subject)
		}
	}, nil
}

// events follows a refund: a message without a name is the live part of its page, which the
// page takes in; its id says what was shown, so that a browser that comes back is sent what
// it missed. "final" says that nothing follows.
func (a *area) events(c *page.Context) error {
	who, err := me(c)
	if err != nil {
		return err
	}
	id := c.Param("id")
	done, err := a.streams.begin(who.Subject)
	if err != nil {
		return err
	}
	defer done()
	changes, stop, err := c.Desk.Changes(c.Ctx(), who, id)
	if err != nil {
		return err
	}
	defer stop()
	r, err := followed(c, who, id)
	if err != nil {
		return err
	}

	h := c.Writer().Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // proxies that gather would hold events back
	c.Writer().WriteHeader(http.StatusOK)
	s := stream{c: c, connection: http.NewResponseController(c.Writer()), shown: shownBefore(c)}
	err = s.follow(who, &r, changes)
	if errors.Is(err, errGone) {
		return nil // there is nobody to tell
	}
	return err
}

// followed is caseOf for a stream: a database that hangs holds it up no longer than a page.
func followed(c *page.Context, who identity.Actor, id string) (refundCase, error) {
	defer c.Limited()()
	return caseOf(c, who, id)
}

// follow sends the refund as it is, and again after each change, until it is final.
func (s *stream) follow(who identity.Actor, r *refundCase, changes <-chan struct{}) error {
	if err := s.show(r); err != nil || r.State.Final() {
		return err
	}
	if err := s.write(": open\n\n"); err != nil {
		return err
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	life := time.NewTimer(streamLife)
	defer life.Stop()
	for {
		select {
		case <-s.c.Ctx().Done():
			return nil // the browser left
		case <-s.c.Kit().Stopping:
			return nil
		case <-life.C:
			return nil
		case <-beat.C:
			if err := s.write(": still here\n\n"); err != nil {
				return err
			}
		case _, more := <-changes:
			if !more {
				return nil
			}
			now, err := followed(s.c, who, r.ID)
			if err != nil {
				return err // the browser asks again, and hears of it then
			}
			if err := s.show(&now); err != nil || now.State.Final() {
				return err
			}
		}
	}
}

// shownBefore is the mark of what the browser shows: what it received last, or what its page
// was made with.
func shownBefore(c *page.Context) string {
	if id := c.Request().Header.Get("Last-Event-ID"); id != "" {
		return id
	}
	return c.Query("after")
}

// errGone ends a stream whose browser takes nothing any more.
var errGone = errors.New("customer: the browser is gone")

// stream writes events.
type stream struct {
	c          *page.Context
	connection *http.ResponseController
	shown      string // mark of what the browser shows
}

// show sends the live part when it is not what the browser shows, and says when it was the
// last.
func (s *stream) show(r *refundCase) error {
	if mark := r.mark(); mark != s.shown {
		if !s.c.StillSignedIn() { // signing out is at once, and this would be news to nobody
			return errGone
		}
		var part bytes.Buffer
		// What the page says is relative to now, not to when the stream began.
		v := *s.c.View
		v.Now = s.c.Kit().Now().UTC()
		if err := live(&v, r, &page.Form{Values: url.Values{}}, true).Render(s.c.Ctx(), &part); err != nil {
			return err
		}
		if err := s.write("retry: " + retryAfter + "\nid: " + mark + "\n" + dataLines(part.String()) + "\n"); err != nil {
			return err
		}
		s.shown = mark
	}
	if r.State.Final() {
		return s.write("event: final\ndata: " + string(r.State) + "\n\n")
	}
	return nil
}

// dataLines writes a text as the data of an event: what breaks a line would end the field.
func dataLines(text string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)) {
		b.WriteString("data: " + strings.TrimSuffix(line, "\n") + "\n")
	}
	return b.String()
}

// write sends at once; each event has its own time to arrive.
func (s *stream) write(event string) error {
	if err := s.connection.SetWriteDeadline(time.Now().Add(writeTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return errGone
	}
	if _, err := s.c.Writer().WriteString(event); err != nil {
		return errGone
	}
	if err := s.connection.Flush(); err != nil {
		return errGone
	}
	return nil
}
