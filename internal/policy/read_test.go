package policy_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"refunddesk/internal/fault"
	"refunddesk/internal/policy"
)

// problems are what a source is refused for, each as "line:column name problem".
func problems(t testing.TB, source string) []string {
	t.Helper()
	p, err := policy.Parse("1", []byte(source))
	if err == nil {
		return nil
	}
	require.Nil(t, p)
	var f *fault.Error
	require.ErrorAs(t, err, &f)
	require.Equal(t, policy.CodeInvalid, f.Code)
	require.Equal(t, fault.Unprocessable, f.Kind)
	require.NotEmpty(t, f.Fields)
	require.LessOrEqual(t, len(f.Fields), 50)
	var out []string
	for _, field := range f.Fields {
		require.Positive(t, field.Line)
		require.Positive(t, field.Column)
		require.NotEmpty(t, field.Problem)
		out = append(out, strings.Replace(fmt.Sprintf("%d:%d %s %s", field.Line, field.Column, field.Name, field.Problem), "  ", " ", 1))
	}
	require.Contains(t, f.Detail, fmt.Sprintf("line %d, column %d", f.Fields[0].Line, f.Fields[0].Column))
	return out
}

// Every kind of mistake at its place: testdata/bad holds documents whose comments "# want
// line:column words" say what is to be found, and nothing else is.
func TestProblemsHaveTheirPlace(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			source, err := os.ReadFile(file)
			require.NoError(t, err)
			var wanted []string
			for line := range strings.Lines(string(source)) {
				if _, want, ok := strings.Cut(strings.TrimSpace(line), "# want "); ok {
					wanted = append(wanted, want)
				}
			}
			got := problems(t, string(source))
			for i := range min(len(got), len(wanted)) {
				assert.Contains(t, got[i], wanted[i])
				place, _, _ := strings.Cut(wanted[i], " ")
				assert.True(t, strings.HasPrefix(got[i], place+" "), "%s, wanted at %s", got[i], place)
			}
			assert.Len(t, got, len(wanted), "%q", got)
		})
	}
}

func TestWhatIsNoDocument(t *testing.T) {
	good := string(policy.DefaultSource)
	for name, tc := range map[string]struct{ source, want string }{
		"empty":             {"", "1:1 the document is empty"},
		"only a comment":    {"# later\n", "1:1 the document is empty"},
		"null":              {"~\n", "1:1 the document is empty"},
		"a list":            {"- policy\n", "1:1 a policy is a mapping"},
		"a word":            {"policy\n", "1:1 a policy is a mapping"},
		"two documents":     {good + "---\npolicy: 1\n", "a second document begins"},
		"broken behind":     {good + "---\n[", "this is not YAML"},
		"not YAML":          {"policy: 1\nrules: [\n", "this is not YAML"},
		"a tab":             {"policy: 1\nlimits:\n\ta: 1\n", "3:1 this is not YAML"},
		"not UTF-8":         {"policy: 1\n# \xff\n", "2:1 the text is not UTF-8"},
		"an anchor":         {"policy: 1\nbudget: &b {USD: 1}\n", "2:9 anchors and aliases"},
		"an alias":          {"policy: &a 1\nbudget: *a\n", "1:9 anchors and aliases"},
		"a tag":             {"policy: !!str 1\n", "1:9 tags such as !!str"},
		"a directive":       {"%YAML 1.1\n---\n" + good, "1:1 directives (lines that begin with %) are not taken"},
		"another order":     {"# first\npolicy: 1 # \u202e1 :ycilop\n" + good, "2:13 a character here shows text in another order"},
		"a later directive": {"# first\n%TAG ! tag:x,2026:\n---\n" + good, "2:1 directives"},
		"nested too deep":   {"policy: " + strings.Repeat("[", 50) + strings.Repeat("]", 50), "nests deeper"},
		"a mapping as key":  {"{a: 1}: 2\n" + good, "has a key that is a mapping"},
		"a key of the form": {"policy: 1\nrule: []\n" + strings.Replace(good, "policy: 1\n", "", 1), "rule is no key here; the keys are approval, budget, calendars, limits, policy, queues, rules"},
	} {
		t.Run(name, func(t *testing.T) { assert.Contains(t, strings.Join(problems(t, tc.source), "\n"), tc.want) })
	}
}

// What is sent to keep the program busy is refused before it can.
func TestHostileSourcesAreRefusedQuickly(t *testing.T) {
	var laughs strings.Builder
	laughs.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 20; i++ {
		fmt.Fprintf(&laughs, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	var tags strings.Builder
	for i := 0; tags.Len() < policy.MostSource-100; i++ {
		fmt.Fprintf(&tags, "%%TAG !%d! a\n", i)
	}
	rule := "  - {id: r%d, when: 'true', verdict: review, reason: r, customer: {en: e, zh-Hans: z}}\n"
	var rules strings.Builder
	rules.WriteString("policy: 1\nrules:\n")
	for i := range 9000 {
		fmt.Fprintf(&rules, rule, i)
	}
	for name, tc := range map[string]struct{ source, want string }{
		"10 MB":             {strings.Repeat("# a comment that goes on\n", 400_000), "larger than 1024 KiB"},
		"a byte too many":   {strings.Repeat("#", policy.MostSource+1), "larger than 1024 KiB"},
		"a billion laughs":  {laughs.String(), "anchors and aliases"},
		"a megabyte of %":   {tags.String(), "1:1 directives"},
		"after a \u2028":    {"#\u2028" + tags.String(), "1:1 directives"},
		"brackets":          {strings.Repeat("[", policy.MostSource), "this is not YAML"},
		"braces":            {strings.Repeat("{a: ", policy.MostSource/4), "this is not YAML"},
		"keys":              {"policy: 1\n" + strings.Repeat("x: 1\n", 100_000), "x is there twice"},
		"thousands of them": {rules.String(), "has 9000 entries; it can have 200"},
		"one long word":     {"policy: " + strings.Repeat("1", policy.MostSource-20), "policy must be 1"},
		"a long key":        {strings.Repeat("k", 1000) + ": 1\n", "kkk… is no key here"},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			got := problems(t, tc.source)
			assert.Contains(t, strings.Join(got, "\n"), tc.want)
			for _, problem := range got {
				assert.Less(t, len(problem), 600)
			}
			assert.Less(t, time.Since(began), 20*time.Second, "seconds would be much on an idle machine")
		})
	}
}

func TestManyProblemsAreNamedAtOnceUpToFifty(t *testing.T) {
	var b strings.Builder
	b.WriteString("policy: 1\nrules:\n")
	for range 60 {
		b.WriteString("  - {id: same, when: nothing, verdict: maybe}\n")
	}
	assert.Len(t, problems(t, b.String()+rest), 50)
}

// Whatever a policy is changed to, it is read or refused, and what is read can be evaluated.
func TestAnyTextIsReadOrRefused(t *testing.T) {
	lines := bytes.SplitAfter(policy.DefaultSource, []byte("\n"))
	rapid.Check(t, func(t *rapid.T) {
		changed := bytes.Clone(policy.DefaultSource)
		if rapid.Bool().Draw(t, "a line is lost") {
			i := rapid.IntRange(0, len(lines)-1).Draw(t, "line")
			changed = bytes.Join(append(append([][]byte{}, lines[:i]...), lines[i+1:]...), nil)
		}
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			at := rapid.IntRange(0, len(changed)-1).Draw(t, "at")
			changed[at] = rapid.SampledFrom([]byte("\x00\t\n \"'-:>|[]{}&*!#%,.0aé")).Draw(t, "with")
		}
		p, err := policy.Parse("1", changed)
		if err != nil {
			require.Equal(t, policy.CodeInvalid, fault.CodeOf(err))
			for _, f := range fault.From(err).Fields {
				require.True(t, f.Line >= 1 && f.Column >= 1 && f.Line <= bytes.Count(changed, []byte("\n"))+2, "%+v", f)
			}
			return
		}
		require.True(t, p.Evaluate(ordinary()).Verdict.Known())
	})
}
