package customer_test

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/console/pagetest"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
	"refunddesk/internal/store/storetest"
)

// event is one event of a stream; comments have no id, name or data.
type event struct{ id, name, data, comment string }

// stream reads events as they come; the channel is closed when the stream ends.
type stream struct {
	t      *testing.T
	events chan event
	cut    context.CancelFunc
}

// follow opens a stream; lastID is what a browser says that comes back.
func follow(t *testing.T, b *pagetest.Browser, path, lastID string) *stream {
	t.Helper()
	ctx, cut := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cut)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.Serve().URL+path, nil)
	require.NoError(t, err)
	r.Header.Set("Accept", "text/event-stream")
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	t.Cleanup(func() { _ = answer.Body.Close() })
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.Equal(t, "text/event-stream; charset=utf-8", answer.Header.Get("Content-Type"))
	s := &stream{t: t, events: make(chan event, 16), cut: cut}
	go s.read(bufio.NewScanner(answer.Body))
	return s
}

func (s *stream) read(lines *bufio.Scanner) {
	defer close(s.events)
	lines.Buffer(nil, 1<<20)
	var e event
	var data []string
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ": ")
		switch field {
		case "id":
			e.id = value
		case "event":
			e.name = value
		case "data":
			data = append(data, value)
		case "":
			if value != "" {
				e.comment = value
			}
			if lines.Text() == "" {
				e.data = strings.Join(data, "\n")
				s.events <- e
				e, data = event{}, nil
			}
		}
	}
}

// next is the next event that is no comment; ok is false when the stream ended.
func (s *stream) next() (event, bool) {
	s.t.Helper()
	for {
		select {
		case e, ok := <-s.events:
			if !ok || e.comment == "" {
				return e, ok
			}
		case <-time.After(15 * time.Second):
			s.t.Fatal("nothing came")
		}
	}
}

// must is the next event with the live part of the page.
func (s *stream) must() (event, *pagetest.Element) {
	s.t.Helper()
	e, ok := s.next()
	require.True(s.t, ok, "the stream ended")
	require.Empty(s.t, e.name, "htmx takes in only events without a name")
	return e, pagetest.Parse(s.t, e.data)
}

// Whoever signed out is shown nothing any more, also by a stream that is still open.
func TestAStreamShowsNothingAfterSigningOut(t *testing.T) {
	o := newOffice(t)
	id := o.inReview("p")
	s := follow(t, o.ann, o.ann.Get("/refunds/"+id).Find("#stream").Attr("hx-sse:connect"), "")
	e, open := <-s.events
	require.True(t, open)
	require.Equal(t, "open", e.comment)
	o.site.EndSessions()
	_, err := o.Desk.Say(o.Ctx, storetest.Reviewer, o.OpenTicket(id), review.Public, "for her eyes only")
	require.NoError(t, err)
	if e, open := s.next(); open {
		t.Errorf("it still shows %q", e.data)
	}
}

func TestAStreamFollowsARefundToItsEnd(t *testing.T) {
	o := newOffice(t)
	id := o.inReview("p")
	path := o.ann.Get("/refunds/" + id).Find("#stream").Attr("hx-sse:connect")
	s := follow(t, o.ann, path, "")
	// What the page shows is not sent again: the first event is of what changes.
	e, open := <-s.events
	require.True(t, open)
	assert.Equal(t, "open", e.comment)

	_, err := o.Desk.Say(o.Ctx, storetest.Reviewer, o.OpenTicket(id), review.Public, "line one\n\nevent: final\rdata: <b>x</b>")
	if err != nil { // a carriage return is no text of ours
		_, err = o.Desk.Say(o.Ctx, storetest.Reviewer, o.OpenTicket(id), review.Public, "line one\n\nevent: final\ndata: <b>x</b>")
	}
	require.NoError(t, err)
	first, live := s.must()
	assert.Equal(t, "line one\n\nevent: final\ndata: <b>x</b>", live.Find(".message .body").Raw(), "what is written cannot break out of an event")
	assert.Equal(t, "In review", live.Find("#now .state").Text())
	assert.Nil(t, live.Find("#stream"), "the stream is outside of what it changes")

	_, err = o.Desk.Say(o.Ctx, storetest.Reviewer, o.OpenTicket(id), review.Internal, "canary")
	require.NoError(t, err)
	o.AskCustomer(id, "Which one?")
	second, live := s.must()
	assert.NotEqual(t, first.id, second.id)
	assert.Equal(t, "Waiting for you", live.Find("#now .state").Text())
	assert.NotContains(t, second.data, "canary")
	assert.NotNil(t, live.Find("#reply-form button.primary"))

	o.Step(id, refund.VerbWithdraw, refund.Withdrawn)
	_, live = s.must()
	assert.Equal(t, "Withdrawn", live.Find("#now .state").Text())
	assert.NotNil(t, live.Find("#unsent textarea#body[readonly]"), "what she was writing has a place to stay")
	assert.Nil(t, o.ann.Get("/refunds/"+id).Find("#unsent"))
	last, _ := s.next()
	assert.Equal(t, event{name: "final", data: "withdrawn"}, last)
	_, more := s.next()
	assert.False(t, more, "the stream ends with the refund")
	assert.Equal(t, "final", o.ann.Get("/refunds/"+o.inReview("q")).Find("#stream").Attr("hx-sse:close"))
}

func TestAStreamThatWasCutResumes(t *testing.T) {
	o := newOffice(t)
	id := o.inReview("p")
	path := "/refunds/" + id + "/events"
	s := follow(t, o.ann, path, "")
	first, _ := s.must() // it does not say what it shows: it is sent what there is
	s.cut()

	// Nothing happened meanwhile: nothing is sent.
	same := follow(t, o.ann, path, first.id)
	e := <-same.events
	assert.Equal(t, "open", e.comment)
	same.cut()

	o.AskCustomer(id, "Which one?")
	back := follow(t, o.ann, path+"?after=older", first.id)
	missed, live := back.must()
	assert.NotEqual(t, first.id, missed.id)
	assert.Equal(t, "Waiting for you", live.Find("#now .state").Text())
	back.cut()

	o.Step(id, refund.VerbWithdraw, refund.Withdrawn)
	end := follow(t, o.ann.In("zh-Hans"), path, missed.id)
	_, live = end.must()
	assert.Equal(t, "已撤回", live.Find("#now .state").Text())
	last, _ := end.next()
	assert.Equal(t, "final", last.name)
}

func TestStreamsAreFewAndEndWithTheProgram(t *testing.T) {
	o := newOffice(t)
	path := "/refunds/" + o.inReview("p") + "/events"
	open := make([]*stream, 5)
	for i := range open {
		open[i] = follow(t, o.ann, path, "")
		open[i].must()
	}
	refused := o.ann.Get(path)
	assert.Equal(t, http.StatusTooManyRequests, refused.Status)
	assert.Equal(t, "30", refused.Header.Get("Retry-After"))

	close(o.site.Stopping)
	for _, s := range open {
		_, more := s.next()
		assert.False(t, more)
	}
	assert.Equal(t, http.StatusOK, o.ann.Get(path).Status, "and make room for others")
}
