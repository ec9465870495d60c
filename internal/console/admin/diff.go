package admin

import (
	"slices"
	"strings"
)

// The ways in which a line of a comparison stands.
const (
	lineSame    = "same"
	lineAdded   = "added"
	lineRemoved = "removed"
)

// aroundChange is how many lines that are the same are shown around those that are not.
const aroundChange = 3

// diffLine is a line of a comparison: its number before and after, 0 where it is not.
type diffLine struct {
	How      string
	Old, New int
	Text     string
	Gap      bool // lines that are the same are left out before it
}

// Sign is the line's mark in the first column, as everybody writes it.
func (l diffLine) Sign() string {
	switch l.How {
	case lineAdded:
		return "+"
	case lineRemoved:
		return "−"
	}
	return " "
}

// diffLines compares two texts line by line. Between what both begin and end with it anchors
// on the lines that are in both texts exactly once, in the longest order that both have (the
// method of "patience"), and so reads well and takes no longer than sorting, whatever the
// texts are.
func diffLines(from, to string) []diffLine {
	if from == to {
		return nil
	}
	a, b := linesOf(from), linesOf(to)
	top := 0
	for top < len(a) && top < len(b) && a[top] == b[top] {
		top++
	}
	endA, endB := len(a), len(b)
	for endA > top && endB > top && a[endA-1] == b[endB-1] {
		endA, endB = endA-1, endB-1
	}
	all := appendSame(nil, a, 0, 0, top)
	doneA, doneB := top, top
	for _, m := range anchors(a[top:endA], b[top:endB]) {
		atA, atB := m[0]+top, m[1]+top
		if atA < doneA || atB < doneB {
			continue // taken already, with the anchor before it
		}
		// An anchor grows backwards and forwards over lines that are not unique.
		back := 0
		for atA-back > doneA && atB-back > doneB && a[atA-back-1] == b[atB-back-1] {
			back++
		}
		length := 1
		for atA+length < endA && atB+length < endB && a[atA+length] == b[atB+length] {
			length++
		}
		all = appendChanged(all, a, b, doneA, atA-back, doneB, atB-back)
		all = appendSame(all, a, atA-back, atB-back, back+length)
		doneA, doneB = atA+length, atB+length
	}
	all = appendChanged(all, a, b, doneA, endA, doneB, endB)
	return around(appendSame(all, a, endA, endB, len(a)-endA))
}

func appendSame(all []diffLine, a []string, fromA, fromB, length int) []diffLine {
	for i := range length {
		all = append(all, diffLine{How: lineSame, Old: fromA + i + 1, New: fromB + i + 1, Text: a[fromA+i]})
	}
	return all
}

func appendChanged(all []diffLine, a, b []string, fromA, toA, fromB, toB int) []diffLine {
	for i := fromA; i < toA; i++ {
		all = append(all, diffLine{How: lineRemoved, Old: i + 1, Text: a[i]})
	}
	for i := fromB; i < toB; i++ {
		all = append(all, diffLine{How: lineAdded, New: i + 1, Text: b[i]})
	}
	return all
}

// anchors are places of lines that are in both texts exactly once, rising in both.
func anchors(a, b []string) [][2]int {
	type places struct{ inA, inB, at int }
	lines := map[string]*places{}
	of := func(line string) *places {
		if lines[line] == nil {
			lines[line] = &places{}
		}
		return lines[line]
	}
	for _, line := range a {
		of(line).inA++
	}
	for i, line := range b {
		p := of(line)
		p.inB, p.at = p.inB+1, i
	}
	var pairs [][2]int
	for i, line := range a {
		if p := lines[line]; p.inA == 1 && p.inB == 1 && strings.TrimSpace(line) != "" {
			pairs = append(pairs, [2]int{i, p.at})
		}
	}
	return longestRise(pairs)
}

// longestRise is the longest run of pairs, rising by the first already, that rises by the
// second too.
func longestRise(pairs [][2]int) [][2]int {
	var ends []int // the pair that ends the best run of each length
	before := make([]int, len(pairs))
	for i, p := range pairs {
		n, _ := slices.BinarySearchFunc(ends, p[1], func(end, want int) int { return pairs[end][1] - want })
		before[i] = -1
		if n > 0 {
			before[i] = ends[n-1]
		}
		if n == len(ends) {
			ends = append(ends, i)
		} else {
			ends[n] = i
		}
	}
	if len(ends) == 0 {
		return nil
	}
	var out [][2]int
	for i := ends[len(ends)-1]; i >= 0; i = before[i] {
		out = append(out, pairs[i])
	}
	slices.Reverse(out)
	return out
}

// around keeps what changed and a few lines around it.
func around(all []diffLine) []diffLine {
	keep := make([]bool, len(all))
	for i, l := range all {
		if l.How == lineSame {
			continue
		}
		for n := max(0, i-aroundChange); n <= min(len(all)-1, i+aroundChange); n++ {
			keep[n] = true
		}
	}
	var out []diffLine
	for i, l := range all {
		if keep[i] {
			l.Gap = i > 0 && !keep[i-1]
			out = append(out, l)
		}
	}
	return out
}
