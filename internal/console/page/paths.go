package page

import "net/url"

// The places of what pages lead to from several areas.

// AccountPath is the page of an account.
func AccountPath(id string) string { return "/accounts/" + url.PathEscape(id) }

// PolicyPath is the page of a version of the policy.
func PolicyPath(version string) string { return "/policies/" + url.PathEscape(version) }

// TicketPath is the page of a ticket for staff.
func TicketPath(id string) string { return "/review/" + url.PathEscape(id) }

// HistoryPath is the history of a refund, for auditors.
func HistoryPath(id string) string { return "/audit/refunds/" + url.PathEscape(id) }

// CasePath leads from a refund to its case; the desk says so when it had none.
func CasePath(refundID string) string { return "/review?q=" + url.QueryEscape(refundID) }
