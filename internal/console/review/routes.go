// Package review has the pages of reviewers: the queue, the case in one screen with its
// decision, and the saved replies. Admins and auditors read them and act on nothing.
package review

import (
	"net/url"

	"refunddesk/internal/audit"
	"refunddesk/internal/console/page"
	"refunddesk/internal/identity"
)

// Routes adds the pages to the kit.
func Routes(k *page.Kit) {
	p := &pages{packages: newNames()}
	k.GET("/review", p.queue, page.Staff...)
	k.POST("/review/assign", audit.TicketWorkRefused, p.assignAll, identity.Reviewer)
	k.POST("/review/claim", audit.TicketWorkRefused, p.claimAll, identity.Reviewer)

	k.GET("/review/saved-replies", p.replies, page.Staff...)
	k.GET("/review/saved-replies/new", p.newReply, replyWriters...)
	k.GET("/review/saved-replies/:reply", p.editReply, replyWriters...)
	k.POST("/review/saved-replies", audit.ReplyRefused, p.saveReply, replyWriters...)
	k.POST("/review/saved-replies/:reply", audit.ReplyRefused, p.saveReply, replyWriters...)
	k.POST("/review/saved-replies/:reply/delete", audit.ReplyRefused, p.deleteReply, replyWriters...)

	k.GET("/review/saved-replies/:reply/delete", func(c *page.Context) error {
		return c.See("/review/saved-replies/"+url.PathEscape(c.Param("reply")), "")
	}, replyWriters...)

	k.GET("/review/:ticket", p.show, page.Staff...)
	k.GET("/review/:ticket/viewers", p.viewers, page.Staff...)
	k.POST("/review/:ticket/decision", audit.DecisionRefused, p.decide, identity.Reviewer)
	k.POST("/review/:ticket/use-reply", "", p.useReply, identity.Reviewer)
	for what, do := range works {
		k.POST("/review/:ticket/"+what, audit.TicketWorkRefused, p.work(what, do), identity.Reviewer)
		k.GET("/review/:ticket/"+what, formOn, page.Staff...)
	}

	// A form that was refused leaves its address in the browser, and choosing another language
	// asks for it again: there it leads to the page that the form was on.
	k.GET("/review/:ticket/decision", formOn, page.Staff...)
	k.GET("/review/:ticket/use-reply", formOn, page.Staff...)
	for _, bulk := range []string{"assign", "claim"} {
		k.GET("/review/"+bulk, func(c *page.Context) error { return c.See(listFrom(c.Query("view")).Path(), "") }, page.Staff...)
	}
}

// formOn is the page of a case, for the address of one of its forms.
func formOn(c *page.Context) error {
	return c.See(listFrom(c.Query("view")).Case(c.Param("ticket")), "")
}

// pages keeps what the pages share between requests.
type pages struct {
	packages *names
}

// replyWriters are those who write saved replies.
var replyWriters = []identity.Role{identity.Senior, identity.Admin}
