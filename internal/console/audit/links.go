package audit

import (
	"net/url"
	"strconv"
	"time"

	"refunddesk/internal/console/page"
)

func exportURL(id, format string) string { return page.HistoryPath(id) + "/export?format=" + format }

// exact writes a moment as the record has it, to the microsecond: what an auditor compares.
func exact(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000000") }

// rowID is the anchor of a row of the history.
func rowID(h happened) string { return "h" + strconv.Itoa(h.N) }

// sourceURL shows the history of one source, or of all.
func sourceURL(id, source string) string { return partURL(id, source, 0) }

// partURL shows the page of it that begins after so many.
func partURL(id, source string, from int) string {
	q := url.Values{}
	if source != "" {
		q.Set("source", source)
	}
	if from > 0 {
		q.Set("from", strconv.Itoa(from))
	}
	if len(q) == 0 {
		return page.HistoryPath(id) + "#history"
	}
	return page.HistoryPath(id) + "?" + q.Encode() + "#history"
}
