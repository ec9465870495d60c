package review

import (
	"github.com/a-h/templ"

	"refunddesk/internal/console/chart"
	"refunddesk/internal/console/page"
	"refunddesk/internal/refund"
)

// historyOf draws the account's year. Its refunds lead to their cases.
func historyOf(v *page.View, p casePage) templ.Component {
	return chart.Life(v, v.T("review.history.title"), p.Activity, func(r refund.Refund) (href, note string) {
		if r.ID == p.Refund.ID {
			return "", v.T("review.history.this")
		}
		return page.CasePath(r.ID), ""
	})
}
