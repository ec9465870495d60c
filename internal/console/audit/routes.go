// Package audit has the pages of auditors: the search and the whole history of a refund,
// with copies of both to take away. They read everything and write nothing but that a copy
// was taken.
package audit

import (
	"refunddesk/internal/console/page"
	"refunddesk/internal/identity"
)

// Routes adds the pages to the kit.
func Routes(k *page.Kit) {
	k.GET("/audit", search, identity.Auditor)
	k.GET("/audit/export", exportSearch, identity.Auditor)
	k.GET("/audit/refunds/:id", history, identity.Auditor)
	k.GET("/audit/refunds/:id/export", exportHistory, identity.Auditor)
}
