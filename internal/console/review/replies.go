package review

import (
	"strconv"

	"github.com/a-h/templ"

	"refunddesk/internal/audit"
	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
	"refunddesk/internal/fault"
	"refunddesk/internal/identity"
	"refunddesk/internal/refund"
	"refunddesk/internal/review"
)

// repliesPage is the list of saved replies.
type repliesPage struct {
	Replies []review.SavedReply
	Writes  bool // whether the reader may write them
}

func writesReplies(a identity.Actor) bool { return a.Has(replyWriters...) && !a.Has(identity.Auditor) }

func (p *pages) replies(c *page.Context) error {
	all, err := c.Desk.SavedReplies(c.Ctx(), c.Actor)
	if err != nil {
		return err
	}
	return c.Show(c.T("review.replies.title"), repliesBody(c.View, repliesPage{Replies: all, Writes: writesReplies(c.Actor)}))
}

// replyPage is the form of one.
type replyPage struct {
	review.SavedReply // without an id: a new one
	Form              *page.Form
}

func (p *pages) newReply(c *page.Context) error {
	return c.Show(c.T("review.replies.new"), replyBody(c.View, replyPage{}))
}

func (p *pages) editReply(c *page.Context) error {
	r, err := findReply(c, c.Param("reply"))
	if err != nil {
		return err
	}
	return c.Show(r.Title, replyBody(c.View, replyPage{SavedReply: r}))
}

func findReply(c *page.Context, id string) (review.SavedReply, error) {
	all, err := c.Desk.SavedReplies(c.Ctx(), c.Actor)
	if err != nil {
		return review.SavedReply{}, err
	}
	for _, r := range all {
		if r.ID == id {
			return r, nil
		}
	}
	return review.SavedReply{}, desk.Missing(audit.ObjectReply, id)
}

// replyLocales are those that a reply can be written in.
var replyLocales = []string{refund.English, refund.SimplifiedChinese}

func (p *pages) saveReply(c *page.Context) error {
	form, err := c.Form()
	if err != nil {
		return err
	}
	r := review.SavedReply{ID: c.Param("reply"), Title: form.Get("title"), Body: map[string]string{}}
	for _, locale := range replyLocales {
		if body := form.Get("body." + locale); body != "" {
			r.Body[locale] = body
		}
	}
	if r.ID != "" {
		if r.Version, err = strconv.ParseInt(form.Get("version"), 10, 64); err != nil {
			err = c.Refused(fault.InvalidField("version", "is a number"))
		}
	}
	if err == nil {
		_, err = c.Desk.SaveReply(c.Ctx(), c.Actor, r)
	}
	if err == nil {
		return c.See("/review/saved-replies", "review-reply-saved")
	}
	return c.Again(err, c.T("review.replies.title"), func(f *page.Form) templ.Component {
		return replyBody(c.View, replyPage{SavedReply: r, Form: f})
	})
}

func (p *pages) deleteReply(c *page.Context) error {
	if err := c.Desk.DeleteReply(c.Ctx(), c.Actor, c.Param("reply")); err != nil {
		return err
	}
	return c.See("/review/saved-replies", "review-reply-deleted")
}

// action is where the form goes.
func (p replyPage) action() string {
	if p.ID == "" {
		return "/review/saved-replies"
	}
	return "/review/saved-replies/" + p.ID
}
