// Package review has the pages of reviewers: the queue and the case.
package review

import "refunddesk/internal/console/page"

// Routes adds the pages to the kit.
func Routes(_ *page.Kit) {}
