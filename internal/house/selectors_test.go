package house_test

import (
	"go/ast"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const console = "internal/console"

// A template of the console is told from the others of its area by the ids and classes that it
// alone has. One of them stands in a selector of the area's own tests. A template that has none
// is a part of others and is seen in theirs; what a handler shows is no such part.
func TestEveryTemplateIsFoundByATest(t *testing.T) {
	_, list := sources(t)
	many := 0
	for area, templates := range templatesOf(t) {
		selectors, shown := texts(list, area), called(list, area)
		has := map[string]int{}
		for _, marks := range templates {
			for _, mark := range marks {
				has[mark]++
			}
		}
		for name, marks := range templates {
			own := slices.DeleteFunc(marks, func(mark string) bool { return has[mark] > 1 })
			switch {
			case len(own) > 0:
				many++
				assert.True(t, slices.ContainsFunc(own, func(mark string) bool { return selected(selectors, mark) }),
					"%s: no selector of the tests there finds the template %s: %s", area, name, strings.Join(own, " "))
			case slices.Contains(shown, name):
				t.Errorf("%s: the template %s is shown by a handler, and no id or class tells it from others", area, name)
			}
		}
	}
	assert.Greater(t, many, 80, "or templates are written in another way")
}

var (
	template = regexp.MustCompile(`(?ms)^templ (\w+)\(.*?\) \{\n(.*?)^\}`)
	idOf     = regexp.MustCompile(`\bid=(?:"([^"]+)"|\{ "([^"]+)" \+)`)
	classOf  = regexp.MustCompile(`\bclass=(?:"([^"]+)"|\{([^}]*)\})`)
	quoted   = regexp.MustCompile(`"([^"]+)"`)
	brackets = regexp.MustCompile(`\[[^\]]*\]`)
)

// templatesOf are the templates by their area's folder and name, each with its marks: "#id",
// "#row-" of an id that goes on, ".class".
func templatesOf(t *testing.T) map[string]map[string][]string {
	t.Helper()
	all := map[string]map[string][]string{}
	require.NoError(t, filepath.WalkDir(filepath.Join(root, console), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".templ" {
			return err
		}
		text, err := os.ReadFile(path)
		area, _ := filepath.Rel(root, filepath.Dir(path))
		if all[area] == nil {
			all[area] = map[string][]string{}
		}
		found := template.FindAllStringSubmatch(string(text), -1)
		require.Len(t, found, strings.Count("\n"+string(text), "\ntempl "), "%s: every template is understood", path)
		for _, one := range found {
			all[area][one[1]] = marksOf(one[2])
		}
		return err
	}))
	return all
}

func marksOf(body string) []string {
	var marks []string
	for _, id := range idOf.FindAllStringSubmatch(body, -1) {
		marks = append(marks, "#"+id[1]+id[2])
	}
	for _, class := range classOf.FindAllStringSubmatch(body, -1) {
		words := class[1]
		for _, q := range quoted.FindAllStringSubmatch(class[2], -1) {
			words += " " + q[1]
		}
		for _, word := range strings.Fields(words) {
			marks = append(marks, "."+word)
		}
	}
	slices.Sort(marks)
	return slices.Compact(marks)
}

// of is whether a file is in an area's folder, and a test or not.
func (s source) of(area string, tests bool) bool {
	return filepath.Dir(s.path) == area && strings.HasSuffix(s.path, "_test.go") == tests
}

// texts are those in the tests of an area that can be selectors: addresses are none, and what
// stands in brackets says nothing of ids and classes.
func texts(list []source, area string) []string {
	var all []string
	for _, s := range list {
		if !s.of(area, true) {
			continue
		}
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				if text, err := strconv.Unquote(literal.Value); err == nil && !strings.HasPrefix(text, "/") {
					all = append(all, brackets.ReplaceAllString(text, ""))
				}
			}
			return true
		})
	}
	return all
}

// selected is whether one of the texts has the mark as a whole, or the beginning of an id.
func selected(texts []string, mark string) bool {
	end := `(?:[^\w-]|$)`
	if strings.HasSuffix(mark, "-") {
		end = ""
	}
	whole := regexp.MustCompile(regexp.QuoteMeta(mark) + end)
	return slices.ContainsFunc(texts, whole.MatchString)
}

// called are the functions that the code of an area calls by their bare names, as it does to
// show a template.
func called(list []source, area string) []string {
	var all []string
	for _, s := range list {
		if !s.of(area, false) {
			continue
		}
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if name, ok := call.Fun.(*ast.Ident); ok {
					all = append(all, name.Name)
				}
			}
			return true
		})
	}
	return all
}
