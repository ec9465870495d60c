package admin

import (
	"net/url"

	"refunddesk/internal/console/page"
	"refunddesk/internal/identity"
)

// refundPath is where the reader sees a refund: an auditor its history, others the account
// that it is of, which lists it.
func refundPath(v *page.View, id string) string {
	if v.Actor.Has(identity.Auditor) {
		return page.HistoryPath(id)
	}
	return "/accounts?text=" + url.QueryEscape(id)
}

// refundRow is the id of a refund's row on the page of its account.
func refundRow(id string) string { return "refund-" + id }

// actionPath is where the form of an action on one of a list goes; an id may have a slash.
func actionPath(list, id, action string) string {
	return "/" + list + "/" + url.PathEscape(id) + "/" + action
}
