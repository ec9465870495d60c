package page_test

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/console/page"
	"refunddesk/internal/console/words"
	"refunddesk/internal/fault"
)

// worded is how the pages say one sentence.
func worded(v *page.View, said string) string {
	return page.InWords(v, &fault.Error{Fields: []fault.Field{{Name: "x", Problem: said}}}).Fields[0].Problem
}

func TestWhatIsWrongWithAFieldIsSaidInTheReadersLanguage(t *testing.T) {
	en, zh := viewIn(t, "en"), viewIn(t, "zh-Hans")
	for said, want := range map[string][2]string{
		"must not be empty":                        {"Please fill this in.", "请填写此项。"},
		"is not one of the reasons":                {"Please choose one.", "请选择一项。"},
		"has at most 200 characters":               {"Please shorten it to 200 characters.", "请缩短至 200 个字符以内。"},
		"has at most 10000 characters":             {"Please shorten it to 10000 characters.", "请缩短至 10000 个字符以内。"},
		"is in the future, at most 30 days away":   {"Choose a time in the future, at most 30 days away.", "请选择 30 天以内的未来时间。"},
		"closed already: ticket_1, ticket_2":       {"Closed already: ticket_1, ticket_2", "以下工单已关闭：ticket_1, ticket_2"},
		"for reject is one of [abuse other]":       {"This reason does not go with the decision.", "此原因不适用于所选的处理结果。"},
		"is one of [review escalation]":            {"Please choose one.", "请选择一项。"},
		"is something that nobody thought of here": {"is something that nobody thought of here", "请检查此项。"},
	} {
		assert.Equal(t, want[0], worded(en, said))
		assert.Equal(t, want[1], worded(zh, said))
	}
	given := fault.InvalidField("note", "must not be empty")
	assert.Equal(t, "请填写此项。", page.InWords(zh, given).Fields[0].Problem)
	assert.Equal(t, "must not be empty", given.Fields[0].Problem, "a fault may be everybody's")
	compiled := &fault.Error{Fields: []fault.Field{{Name: "rules", Problem: "must not be empty", Line: 3, Column: 1}}}
	assert.Equal(t, compiled, page.InWords(zh, compiled), "a compiler speaks for itself")
	assert.Nil(t, page.InWords(zh, nil))
	whole := fault.New(fault.Conflict, "refund-open", "A refund is open.")
	assert.Same(t, whole, page.InWords(zh, whole))
}

// Sentences about fields that no form has: of programs' requests, of settings, and of what a
// page asks for by itself.
var formless = map[string]bool{
	// Packages, usage and accounts come from the provider's programs.
	"is %s": true, "is an ISO 4217 code such as USD": true, "must be more than zero": true, "must be at least the price": true,
	"is in the future": true, "must be after the purchase": true, "must be the package's, %s": true, "is none, open, lost or won": true,
	"is before the package was bought": true, "is an address like ann@example.com": true, "must not be blank; leave it out when there is none": true,
	"is %s or %s": true,
	// The pages' own.
	"is in the past, at most %d days ago": true, "is at most %d days ago": true, "is before the end of the time": true, "is in the past": true,
	"is not a cursor that a list returned": true,
	// A setting's.
	"is a PostgreSQL address like postgres://user:password@host:5432/name": true,
}

// Whatever the desk, what it rests on, or a page says of a field has words in every language,
// and no words are kept for what nobody says.
func TestEverySentenceAboutAFieldHasWords(t *testing.T) {
	said := sentencesOf(t, "../../desk", "../../review", "../../refund", "../../store", "../../ledger", "../../session", "..")
	require.Greater(t, len(said), 40, "the sources were not found")
	written := map[string]bool{}
	for _, format := range page.SentenceFormats() {
		assert.False(t, written[format], "%q is listed twice", format)
		written[format] = true
		assert.NotEmpty(t, said[format], "nothing says %q any more", format)
	}
	for format, at := range said {
		assert.True(t, written[format] != formless[format], "%s: %q needs words in page/problems.go, or is of no form (one of the two)", at, format)
		if !written[format] {
			continue
		}
		example := fmt.Sprintf(strings.NewReplacer("%d", "%[1]d", "%s", "%[1]d", "%v", "%[1]d").Replace(format), 77)
		if !strings.Contains(format, "%") {
			example = format
		}
		for _, locale := range words.Locales {
			v := viewIn(t, locale)
			got := worded(v, example)
			assert.NotContains(t, got, "⟦", "%q in %s", format, locale)
			assert.NotContains(t, got, "no value", "%q in %s", format, locale)
			assert.NotEqual(t, v.T("problem.other"), got, "%q in %s", format, locale)
			assert.NotEqual(t, example, got, "%q in %s", format, locale)
		}
	}
	for format := range formless {
		assert.NotEmpty(t, said[format], "nothing says %q any more", format)
	}
}

// sentencesOf reads from the sources what is said of fields, and where.
func sentencesOf(t *testing.T, folders ...string) map[string]string {
	t.Helper()
	said := map[string]string{}
	files := token.NewFileSet()
	for _, folder := range folders {
		constants, parsed := map[string]string{}, []*ast.File{}
		require.NoError(t, filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "_templ.go") {
				return err
			}
			file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			parsed = append(parsed, file)
			ast.Inspect(file, func(n ast.Node) bool {
				if c, ok := n.(*ast.ValueSpec); ok && len(c.Names) == len(c.Values) {
					for i, name := range c.Names {
						if text, ok := literal(c.Values[i], nil); ok {
							constants[name.Name] = text
						}
					}
				}
				return true
			})
			return nil
		}))
		for _, file := range parsed {
			ast.Inspect(file, func(n ast.Node) bool {
				sentence := sentenceAt(n)
				if sentence == nil {
					return true
				}
				at := files.Position(n.Pos())
				text, ok := literal(sentence, constants)
				if assert.True(t, ok, "%s: a sentence that this test cannot read: write it out", at) {
					said[text] = at.String()
				}
				return true
			})
		}
	}
	return said
}

// sentenceAt is what a node says of a field: fault.InvalidField's format, or the Problem of a
// fault.Field.
func sentenceAt(n ast.Node) ast.Expr {
	switch n := n.(type) {
	case *ast.CallExpr:
		if f, ok := n.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "InvalidField" && len(n.Args) > 1 {
			return n.Args[1]
		}
	case *ast.CompositeLit:
		for _, e := range n.Elts {
			if pair, ok := e.(*ast.KeyValueExpr); ok {
				if name, ok := pair.Key.(*ast.Ident); ok && name.Name == "Problem" {
					return pair.Value
				}
			}
		}
	}
	return nil
}

// literal is the text of an expression; what is added to it stands for a value.
func literal(e ast.Expr, constants map[string]string) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			return constant.StringVal(constant.MakeFromLiteral(e.Value, e.Kind, 0)), true
		}
	case *ast.Ident:
		text, ok := constants[e.Name]
		return text, ok
	case *ast.BinaryExpr:
		if text, ok := literal(e.X, constants); ok {
			return text + "%s", true
		}
	}
	return "", false
}
