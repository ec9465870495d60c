package console

import (
	"net/http"

	"github.com/klauspost/compress/gzhttp"
)

// compressed sends pages, styles, scripts and downloads in a tenth of their size to browsers
// that take it. Streams go as they are: each event has to arrive at once. Pages hold no
// secret beside what a reader types, which is what compression could give away.
func compressed() (func(http.Handler) http.HandlerFunc, error) {
	return gzhttp.NewWrapper(
		gzhttp.MinSize(1<<10),
		gzhttp.ContentTypes([]string{"text/html", "text/css", "text/javascript", "text/csv", "image/svg+xml", "application/x-ndjson"}),
	)
}
