package main

import (
	"fmt"
	"io"

	"github.com/schollz/progressbar/v3"
)

// progress tells what was measured so far: a bar on a terminal, else a line a segment.
type progress struct {
	out   io.Writer
	lines bool
	bar   *progressbar.ProgressBar
}

func newProgress(out io.Writer, terminal bool) *progress {
	return &progress{out: out, lines: !terminal}
}

func (p *progress) begin(segments int) {
	if !p.lines {
		p.bar = progressbar.NewOptions(segments, progressbar.OptionSetWriter(p.out), progressbar.OptionShowCount(),
			progressbar.OptionSetWidth(30), progressbar.OptionClearOnFinish(), progressbar.OptionSetDescription("warming up"))
	}
}

func (p *progress) step(w workload, s sample) {
	text := fmt.Sprintf("round %d · %2d clients · %s: %.1f/s, p50 %.1f ms, p99 %.1f ms", s.Round, s.Clients, w.title, s.Rate, s.P50, s.P99)
	if p.lines {
		fmt.Fprintln(p.out, text)
		return
	}
	p.bar.Describe(text)
	_ = p.bar.Add(1) // a bar that cannot be drawn is no reason to stop
}

func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Finish() // likewise
	}
}
