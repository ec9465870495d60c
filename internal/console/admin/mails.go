package admin

import (
	"github.com/a-h/templ"

	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
)

// outbox are the messages that were given up.
type outbox struct {
	desk.Page[desk.NoticeView]
	Form *page.Form // why one of them is not sent again
}

func mailsOf(c *page.Context) (outbox, error) {
	list, err := c.Desk.FailedNotices(c.Ctx(), c.Actor, desk.Paging{Cursor: c.Query("cursor")})
	return outbox{Page: list}, err
}

func mails(c *page.Context) error {
	list, err := mailsOf(c)
	if err != nil {
		return err
	}
	return c.Show(c.T("admin.mails.title"), mailsPage(c.View, list))
}

func retryMail(c *page.Context) error {
	_, err := c.Desk.RetryNotice(c.Ctx(), c.Actor, c.Param("id"))
	if err == nil {
		return c.See("/mails", "mail-retried")
	}
	list, readErr := mailsOf(c)
	if readErr != nil {
		return page.Graver(err, readErr)
	}
	return c.Again(err, c.T("admin.mails.title"), func(f *page.Form) templ.Component {
		list.Form = f
		return mailsPage(c.View, list)
	})
}
