// Package customer has the pages of customers: packages, refunds, balance and tickets.
package customer

import "refunddesk/internal/console/page"

// Routes adds the pages to the kit.
func Routes(_ *page.Kit) {}
