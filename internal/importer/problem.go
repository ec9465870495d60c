package importer

import (
	"fmt"
	"strings"

	"refunddesk/internal/fault"
)

// Problem is one thing that is wrong with a file.
type Problem struct {
	File   string
	Line   int    // from 1; 0 when it is about the file as a whole
	Char   int    // from 1: the character of the line where the cell begins; 0 when it is about the line
	Column string // the header's name for it; empty when it is about the line
	Reason string // what is wrong and what would be right; never a customer's personal data
}

// String is "file:line:char: column: reason", which editors follow.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
		if p.Char > 0 {
			fmt.Fprintf(&b, ":%d", p.Char)
		}
	}
	b.WriteString(": ")
	if p.Column != "" {
		b.WriteString(p.Column + ": ")
	}
	return b.String() + p.Reason
}

// mostListed is how many problems are kept and printed; the rest are only counted.
const mostListed = 100

// Problems are everything that was found wrong. List holds the first hundred.
type Problems struct {
	List  []Problem
	Total int
}

func (p *Problems) add(one Problem) {
	p.Total++
	if len(p.List) < mostListed {
		p.List = append(p.List, one)
	}
}

// Error lists the problems, one a line, and says how many were left out.
func (p *Problems) Error() string {
	var b strings.Builder
	for _, one := range p.List {
		b.WriteString(one.String() + "\n")
	}
	if more := p.Total - len(p.List); more > 0 {
		fmt.Fprintf(&b, "… and %d more\n", more)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// refused is the fault of an export with problems; errors.As finds the *Problems in it.
func (p *Problems) refused(written string) *fault.Error {
	what := "1 problem"
	if p.Total != 1 {
		what = fmt.Sprintf("%d problems", p.Total)
	}
	return fault.New(fault.Unprocessable, "import-refused", "The export has %s; %s.", what, written).With(p)
}
