// Package customer has the pages of customers: packages, refunds, balance and tickets.
package customer

import (
	"net/url"

	"refunddesk/internal/audit"
	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
)

// area is what the pages share.
type area struct{ streams *streams }

// Routes adds the pages to the kit.
func Routes(k *page.Kit) {
	a := &area{streams: newStreams()}
	own := identity.Customer
	k.GET("/packages/global-sms", a.packages, own)
	k.GET("/packages/:id/refund", a.request, own)
	k.POST("/packages/:id/refund", audit.FilingRefused, a.file, own)
	k.GET("/refunds", a.refunds, own)
	k.GET("/refunds/:id", a.refund, own)
	k.GET("/refunds/:id/events", a.events, own)
	k.POST("/refunds/:id/withdraw", audit.WithdrawRefused, a.withdraw, own)
	k.POST("/refunds/:id/reply", audit.TicketWorkRefused, a.reply, own)
	k.POST("/refunds/:id/appeal", audit.AppealRefused, a.appeal, own)
	k.GET("/balance", a.balance, own)
	k.GET("/balance/statement.csv", a.statement, own)
	k.GET("/tickets", a.tickets, own)
	k.GET("/tickets/new", a.newTicket, own)
	k.POST("/tickets", audit.TicketWorkRefused, a.ask, own)
	k.GET("/tickets/:id", a.ticket, own)
	k.POST("/tickets/:id/messages", audit.TicketWorkRefused, a.say, own)

	// A form that was refused leaves its address in the browser, and choosing another language
	// asks for it again: there it leads to the page that the form was on.
	for path, folder := range map[string]string{
		"/refunds/:id/withdraw": "/refunds/", "/refunds/:id/reply": "/refunds/", "/refunds/:id/appeal": "/refunds/", "/tickets/:id/messages": "/tickets/",
	} {
		k.GET(path, func(c *page.Context) error { return c.See(folder+url.PathEscape(c.Param("id")), "") }, own)
	}
}

// me is who looks, as a customer and nothing else: on these pages also somebody who works
// here sees his own account's, and of it what any customer sees.
func me(c *page.Context) (identity.Actor, error) {
	if c.Actor.AccountID == "" {
		return identity.Actor{}, c.Refused(desk.ErrNoAccount)
	}
	return identity.Actor{Subject: c.Actor.Subject, Roles: []identity.Role{identity.Customer}, AccountID: c.Actor.AccountID}, nil
}

// listLength is how many rows a page of a list has.
const listLength = 20

// paging is the page of a list that the URL asks for.
func paging(c *page.Context) desk.Paging {
	return desk.Paging{Limit: listLength, Cursor: c.Query("cursor")}
}
