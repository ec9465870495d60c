// Package admin has the pages of admins: dashboard, policies, accounts, pauses and mails.
// Auditors read all of them and act on nothing.
package admin

import (
	"refunddesk/internal/audit"
	"refunddesk/internal/console/page"
	"refunddesk/internal/desk"
	"refunddesk/internal/identity"
)

// readers are those who see the pages.
var readers = []identity.Role{identity.Admin, identity.Auditor}

// Routes adds the pages to the kit.
func Routes(k *page.Kit) {
	k.GET("/dashboard", dashboard, readers...)
	k.POST("/attention/:id/retry", audit.RetryRefused, acting(retryRefund), identity.Admin)

	k.GET("/policies", policies, readers...)
	k.GET("/policies/new", acting(newPolicy), identity.Admin)
	k.POST("/policies", audit.PolicyRefused, acting(writePolicy), identity.Admin)
	k.GET("/policies/:version", showPolicy, readers...)
	k.POST("/policies/:version/backtest", audit.PolicyRefused, acting(backtest), identity.Admin)
	k.POST("/policies/:version/publish", audit.PolicyRefused, acting(publish), identity.Admin)

	k.GET("/accounts", accounts, readers...)
	k.GET("/accounts/:id", account, readers...)
	k.POST("/accounts/:id/standing", audit.StandingRefused, acting(setStanding), identity.Admin)

	k.GET("/pauses", pauses, readers...)
	k.POST("/pauses", audit.PauseRefused, acting(pause), identity.Admin)
	k.POST("/pauses/preview", audit.PauseRefused, acting(previewPause), identity.Admin)
	k.POST("/pauses/:id/end", audit.PauseRefused, acting(endPause), identity.Admin)

	k.GET("/mails", mails, readers...)
	k.POST("/mails/:id/retry", audit.NoticeRefused, acting(retryMail), identity.Admin)

	// A form that was refused, or a backtest, leaves its address in the browser, and choosing
	// another language asks for it again: where there is nothing to see, the page is that the
	// form was on.
	for path, form := range map[string]func(*page.Context) string{
		"/attention/:id/retry":        func(*page.Context) string { return "/dashboard" },
		"/policies/:version/backtest": func(c *page.Context) string { return page.PolicyPath(c.Param("version")) },
		"/policies/:version/publish":  func(c *page.Context) string { return page.PolicyPath(c.Param("version")) },
		"/accounts/:id/standing":      func(c *page.Context) string { return page.AccountPath(c.Param("id")) },
		"/pauses/preview":             func(*page.Context) string { return "/pauses" },
		"/pauses/:id/end":             func(*page.Context) string { return "/pauses" },
		"/mails/:id/retry":            func(*page.Context) string { return "/mails" },
	} {
		k.GET(path, func(c *page.Context) error { return c.See(form(c), "") }, readers...)
	}
}

// acts reports whether the reader is shown what can be done: an auditor writes nothing,
// whatever else he is.
func acts(v *page.View) bool {
	return v.Actor.Has(identity.Admin) && !v.Actor.Has(identity.Auditor)
}

// acting is a handler only for those who act.
func acting(h page.Handler) page.Handler {
	return func(c *page.Context) error {
		if !acts(c.View) {
			return c.Refused(desk.ErrForbidden)
		}
		return h(c)
	}
}
