// Package admin has the pages of admins: dashboard, policies, accounts, pauses and mails.
package admin

import "refunddesk/internal/console/page"

// Routes adds the pages to the kit.
func Routes(_ *page.Kit) {}
