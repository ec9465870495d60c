// Package audit has the pages of auditors: the search and the whole history of a refund.
package audit

import "refunddesk/internal/console/page"

// Routes adds the pages to the kit.
func Routes(_ *page.Kit) {}
