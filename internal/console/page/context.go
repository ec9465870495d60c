package page

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"

	"refunddesk/internal/audit"
	"refunddesk/internal/desk"
)

// Context is one request for a page.
type Context struct {
	*View
	Desk *desk.Desk
	kit  *Kit
	gin  *gin.Context
	form *Form
	// attempt is how the audit log calls it when this is refused, empty when it changes nothing;
	// about is what kind of thing the id in the path is of.
	attempt audit.Action
	about   audit.Object
	holds   func() bool // nil: no stream
}

// Refused gives err back, and if it refuses an attempt to change something that is written
// down: for what a page refuses itself. Whatever goes on to a command of the desk is written
// down there.
func (c *Context) Refused(err error) error {
	if c.attempt == "" {
		return err
	}
	id := ""
	if len(c.gin.Params) > 0 { // forms have one id at most
		id = c.gin.Params[0].Value
	}
	c.Desk.NoteRefusal(c.Ctx(), c.Actor, c.attempt, c.about, id, err)
	return err
}

// Ctx is the request's context.
func (c *Context) Ctx() context.Context { return c.gin.Request.Context() }

// Kit is what the page was made with.
func (c *Context) Kit() *Kit { return c.kit }

// Patience is how long a page may take, and a part of an answer whose whole has no limit.
const Patience = 15 * time.Second

// Limited gives what is read until its end is called as long as a page has: for streams and
// downloads, whose requests have no deadline.
func (c *Context) Limited() (end func()) {
	asked := c.gin.Request
	ctx, cancel := context.WithTimeout(asked.Context(), Patience)
	c.gin.Request = asked.WithContext(ctx)
	return func() {
		cancel()
		c.gin.Request = asked
	}
}

// StillSignedIn reports whether the reader's session holds: for a stream, before it shows
// something new. A session that cannot be looked up holds, for it was there when this began.
func (c *Context) StillSignedIn() bool { return c.holds == nil || c.holds() }

// Holds tells how to find out whether the reader's session still holds.
func (c *Context) Holds(holds func() bool) { c.holds = holds }

// Request is the request itself.
func (c *Context) Request() *http.Request { return c.gin.Request }

// Writer is where a page that is no HTML (a download, a stream) is written.
func (c *Context) Writer() gin.ResponseWriter { return c.gin.Writer }

// Param is a part of the path.
func (c *Context) Param(name string) string { return c.gin.Param(name) }

// Query is a parameter of the URL, without spaces around it.
func (c *Context) Query(name string) string { return strings.TrimSpace(c.gin.Query(name)) }

// Show answers with a page in its frame; title is what the browser's tab says.
func (c *Context) Show(title string, body templ.Component) error {
	return c.ShowAs(http.StatusOK, title, body)
}

// ShowAs is Show with another status.
func (c *Context) ShowAs(status int, title string, body templ.Component) error {
	// A link from elsewhere, a bookmark or a page of history makes no page say that something
	// was done: browsers tell where a request comes from, and a redirect of ours is from here.
	here := c.gin.GetHeader("Sec-Fetch-Site")
	if done := c.gin.Query("done"); (here == "" || here == "same-origin") && c.Has("done."+done) {
		c.Done = "done." + done
	}
	return c.write(status, frame(c.View, title, body))
}

// Fragment answers with a part of a page, for what htmx asks for.
func (c *Context) Fragment(body templ.Component) error { return c.write(http.StatusOK, body) }

func (c *Context) write(status int, body templ.Component) error {
	// Rendered whole before a byte is sent: a page that breaks half-way is an error page.
	buffer := templ.GetBuffer()
	defer templ.ReleaseBuffer(buffer)
	// Whatever has been read is shown: of a request that ran out of time that it did, with what
	// was typed.
	if err := body.Render(context.WithoutCancel(c.Ctx()), buffer); err != nil {
		return err
	}
	h := c.gin.Writer.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	c.gin.Status(status)
	_, err := c.gin.Writer.Write(buffer.Bytes())
	return err
}

// See sends the browser on after something was done (303). done names what the next page
// says of it, by its key below "done."; "" for nothing.
func (c *Context) See(path, done string) error {
	if done != "" {
		mark := "?"
		if strings.Contains(path, "?") {
			mark = "&"
		}
		path += mark + "done=" + url.QueryEscape(done)
	}
	c.gin.Header("Cache-Control", "no-store")
	c.gin.Redirect(http.StatusSeeOther, path)
	return nil
}
