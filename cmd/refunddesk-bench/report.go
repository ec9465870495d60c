package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"text/tabwriter"
)

// report is everything that was measured.
type report struct {
	Machine    machine     `json:"machine"`
	Rounds     int         `json:"rounds"`
	Seconds    float64     `json:"seconds"`
	Samples    []sample    `json:"samples"`
	Statements []statement `json:"statements,omitempty"`

	clients []int
}

// of gives one figure of every round, in the order of the rounds.
func (r *report) of(workload string, clients int, figure func(sample) float64) []float64 {
	out := make([]float64, r.Rounds)
	for _, s := range r.Samples {
		if s.Workload == workload && s.Clients == clients {
			out[s.Round-1] = figure(s)
		}
	}
	return out
}

// ratios divides round by round, so that a disturbance has to hit only one of two segments
// that lie close together to be seen, and one of many rounds not to count.
func ratios(a, b []float64) []float64 {
	out := make([]float64, len(a))
	for i := range a {
		out[i] = a[i] / b[i]
	}
	return out
}

// spread is a median with the lowest and the highest.
func spread(format string, values []float64) string {
	sorted := slices.Sorted(slices.Values(values))
	text := fmt.Sprintf(format, median(sorted))
	if len(sorted) > 1 {
		text += fmt.Sprintf(" ("+format+"–"+format+")", sorted[0], sorted[len(sorted)-1])
	}
	return text
}

func median(sorted []float64) float64 {
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

func rate(s sample) float64 { return s.Rate }
func p50(s sample) float64  { return s.P50 }
func p99(s sample) float64  { return s.P99 }

// print writes the tables: medians over the rounds, with the lowest and the highest.
func (r *report) print(out io.Writer) {
	m := r.Machine
	fmt.Fprintf(out, "\nRefundDesk benchmark · %s · %s, %d cores · %s · PostgreSQL %s, fsync %s · engine %s\n",
		m.At.Format("2006-01-02 15:04"), m.System, m.Cores, m.Go, m.PostgreSQL, m.Sync, m.Engine)
	fmt.Fprintf(out, "rounds: %d, of segments of %g s, interleaved; median (lowest–highest)", r.Rounds, r.Seconds)
	if m.LoadBefore != "" {
		fmt.Fprintf(out, " · load average %s before, %s after", m.LoadBefore, m.LoadAfter)
	}
	fmt.Fprintln(out)

	r.table(out, "clients\tclean refunds/s\tempty workflows/s\tthree activities/s\trefunds ÷ empty\trefunds ÷ three activities", func(clients int) []string {
		refunds, empty, three := r.of(nameRefund, clients, rate), r.of(nameEmpty, clients, rate), r.of(nameActivities, clients, rate)
		return []string{spread("%.1f", refunds), spread("%.1f", empty), spread("%.1f", three), spread("%.2f", ratios(refunds, empty)), spread("%.2f", ratios(refunds, three))}
	})
	r.table(out, "clients\tfiled to credited p50 ms\tp99 ms\tPOST /v1/refunds p50 ms\tone INSERT p50 ms\tPOST ÷ INSERT", func(clients int) []string {
		post, insert := r.of(namePost, clients, p50), r.of(nameInsert, clients, p50)
		return []string{
			spread("%.1f", r.of(nameRefund, clients, p50)), spread("%.1f", r.of(nameRefund, clients, p99)),
			spread("%.2f", post), spread("%.2f", insert), spread("%.2f", ratios(post, insert)),
		}
	})
	r.printCPU(out)
	printStatements(out, r.Statements)
}

// table writes a row for every number of clients.
func (r *report) table(out io.Writer, header string, row func(clients int) []string) {
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintf(w, "\n%s\n", header)
	for _, clients := range r.clients {
		fmt.Fprint(w, clients)
		for _, cell := range row(clients) {
			fmt.Fprint(w, "\t", cell)
		}
		fmt.Fprintln(w)
	}
	_ = w.Flush() // what cannot be printed cannot be said either
}

// printCPU says where the time goes: on a machine with few cores, CPU is what runs out.
func (r *report) printCPU(out io.Writer) {
	if len(r.Samples) == 0 || len(r.Samples[0].CPU) == 0 {
		return
	}
	w := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprint(w, "\nCPU ms for each\tclients")
	for _, part := range cpuParts {
		fmt.Fprint(w, "\t", part)
	}
	fmt.Fprintln(w, "\ttogether")
	for _, name := range []string{nameRefund, nameEmpty, nameActivities} {
		for _, clients := range r.clients {
			fmt.Fprintf(w, "%s\t%d", name, clients)
			for _, part := range cpuParts {
				fmt.Fprintf(w, "\t%.2f", median(slices.Sorted(slices.Values(r.of(name, clients, func(s sample) float64 { return s.CPU[part] })))))
			}
			fmt.Fprintf(w, "\t%.2f\n", median(slices.Sorted(slices.Values(r.of(name, clients, func(s sample) float64 {
				sum := 0.0
				for used := range maps.Values(s.CPU) {
					sum += used
				}
				return sum
			})))))
		}
	}
	_ = w.Flush() // likewise
}

// write keeps every figure in a file.
func (r *report) write(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
