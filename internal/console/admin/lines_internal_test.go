package admin

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"refunddesk/internal/fault"
)

// written writes a comparison as people do.
func written(lines []diffLine) string {
	var b strings.Builder
	for _, l := range lines {
		if l.Gap {
			b.WriteString("@")
		}
		b.WriteString(map[string]string{lineAdded: "+", lineRemoved: "-", lineSame: " "}[l.How] + l.Text + "\n")
	}
	return b.String()
}

func TestLinesAreCompared(t *testing.T) {
	assert.Empty(t, diffLines("a\nb\n", "a\nb\n"))
	assert.Equal(t, " a\n-b\n+x\n c\n", written(diffLines("a\nb\nc\n", "a\nx\nc\n")))
	assert.Equal(t, "-\n+a\n+b\n", written(diffLines("", "a\nb")))
	assert.Equal(t, " a\n }\n+b\n+}\n c\n", written(diffLines("a\n}\nc", "a\n}\nb\n}\nc")))
	assert.Equal(t, "+x\n 1\n 2\n 3\n@ 7\n 8\n 9\n+y\n", written(diffLines("1\n2\n3\n4\n5\n6\n7\n8\n9", "x\n1\n2\n3\n4\n5\n6\n7\n8\n9\ny")))
}

// Whatever the texts are: the lines before and after come out again, in their order.
func TestAComparisonLosesNothing(t *testing.T) {
	text := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "", "  ", "x: 1"}), 0, 12)
	rapid.Check(t, func(t *rapid.T) {
		from, to := strings.Join(text.Draw(t, "from"), "\n"), strings.Join(text.Draw(t, "to"), "\n")
		var before, after []string
		old, fresh := linesOf(from), linesOf(to)
		if from == to {
			return
		}
		doneOld, doneNew := 0, 0
		for _, l := range diffLines(from, to) {
			if l.Gap || doneOld == 0 && doneNew == 0 { // what is left out is the same in both
				for ; doneOld < l.Old-1 && l.Old > 0 && (l.New == 0 || doneNew < l.New-1); doneOld, doneNew = doneOld+1, doneNew+1 {
					before, after = append(before, old[doneOld]), append(after, fresh[doneNew])
				}
			}
			if l.Old > 0 {
				doneOld, before = l.Old, append(before, l.Text)
			}
			if l.New > 0 {
				doneNew, after = l.New, append(after, l.Text)
			}
		}
		before, after = append(before, old[doneOld:]...), append(after, fresh[doneNew:]...)
		if from != strings.TrimSuffix(from, "\n") || to != strings.TrimSuffix(to, "\n") {
			return // the last line break begins no line
		}
		assert.Equal(t, old, before)
		assert.Equal(t, fresh, after)
	})
}

func TestALineIsQuotedWithACaret(t *testing.T) {
	for _, one := range []struct {
		line   string
		column int
		want   string
	}{
		{"when: a >> b", 10, "         ^"},
		{"退款 > 3", 4, "\u3000\u3000 ^"},
		{"\tx", 2, "\t^"},
		{"short", 99, "     ^"},
		{"", 0, "^"},
	} {
		quoted, caret := quote(one.line, one.column)
		assert.Equal(t, one.line, quoted)
		assert.Equal(t, one.want, caret)
	}
	quoted, caret := quote(strings.Repeat("x", 5000)+"!"+strings.Repeat("y", 5000), 5001)
	assert.Less(t, len(quoted), 300)
	assert.Equal(t, '!', []rune(quoted)[strings.Index(caret, "^")])
}

func TestOfALongSourceOnlyItsProblemsAreShown(t *testing.T) {
	source := strings.Repeat("x\n", 5000)
	lines := numbered(source, []fault.Field{{Line: 1}, {Line: 3000}})
	assert.Len(t, lines, 1+aroundProblem+1+2*aroundProblem)
	assert.True(t, lines[0].Marked)
	assert.False(t, lines[0].Gap)
	assert.True(t, lines[aroundProblem+1].Gap)
	assert.Len(t, numbered("a\nb\n", nil), 2)
}
