package importer

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// reporter tells a person how far the import is: a bar where a terminal redraws it, a
// line per step where the output is kept.
type reporter struct {
	out  io.Writer
	bars bool
}

// step begins something of total parts (0 when that is not known). at is told how many are
// done; end leaves the bar, if there is one, and writes the result line.
func (r reporter) step(doing string, total int64) (at func(int64), end func(format string, args ...any)) {
	say := func(format string, args ...any) {
		if format != "" {
			fmt.Fprintf(r.out, format+"\n", args...)
		}
	}
	if !r.bars {
		return func(int64) {}, say
	}
	if total <= 0 {
		total = -1 // a spinner
	}
	bar := progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(r.out),
		progressbar.OptionSetDescription(doing),
		progressbar.OptionSetWidth(30),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetRenderBlankState(true),
		progressbar.OptionClearOnFinish(),
	)
	// A terminal that goes away in the middle is no reason to stop: errors are let go.
	return func(n int64) { _ = bar.Set64(n) },
		func(format string, args ...any) {
			_ = bar.Finish()
			say(format, args...)
		}
}
