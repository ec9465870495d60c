package house_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// source is a Go file of the tree.
type source struct {
	path   string
	text   []byte
	syntax *ast.File
}

// notOurs are folders that hold no source of the house.
var notOurs = []string{".git", "bin", "data", "node_modules", "testdata"}

// sources are the Go files that people wrote.
func sources(t *testing.T) (*token.FileSet, []source) {
	t.Helper()
	files := token.NewFileSet()
	var out []source
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && path != root && slices.Contains(notOurs, entry.Name()) {
			return fs.SkipDir
		}
		if filepath.Ext(path) != ".go" || entry.IsDir() {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		syntax, err := parser.ParseFile(files, path, text, parser.ParseComments)
		if err != nil || ast.IsGenerated(syntax) {
			return err
		}
		relative, err := filepath.Rel(root, path)
		out = append(out, source{filepath.ToSlash(relative), text, syntax})
		return err
	}))
	require.Greater(t, len(out), 100)
	return files, out
}

// longest is how many lines a file may have, to be read in one sitting.
const longest = 500

func TestFilesAreShort(t *testing.T) {
	_, list := sources(t)
	for _, s := range list {
		lines := strings.Count(string(s.text), "\n")
		assert.LessOrEqual(t, lines, longest, "%s has %d lines", s.path, lines)
	}
}

// Tests wait for what they wait for, and run or are not there.
func TestNothingSleepsAndNothingIsLeftOut(t *testing.T) {
	files, list := sources(t)
	for _, s := range list {
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			function, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			on, _ := function.X.(*ast.Ident)
			switch {
			case on == nil:
			case on.Name == "time" && function.Sel.Name == "Sleep":
				t.Errorf("%s sleeps: wait for the condition", files.Position(call.Pos()))
			case slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, function.Sel.Name) && on.Name != "filepath" && on.Name != "fs":
				t.Errorf("%s skips: a test that may not run proves nothing", files.Position(call.Pos()))
			}
			return true
		})
	}
}

// Names say what a package is of; these say nothing.
var nameless = []string{
	"util", "utils", "common", "helper", "helpers", "model", "models", "manager", "managers", "misc", "shared", "base", "core", "lib", "types", "pkg",
}

func TestPackagesAreNamedAfterWhatTheyAreOf(t *testing.T) {
	for path, p := range all(t) {
		assert.NotContains(t, nameless, p.Name, path)
		for _, part := range strings.Split(path, "/") {
			assert.NotContains(t, nameless, part, path)
		}
		if p.Name != "main" {
			last := path[strings.LastIndex(path, "/")+1:]
			assert.Equal(t, last, p.Name, "the package in %s is called otherwise", path)
		}
	}
	_, list := sources(t)
	for _, s := range list {
		name := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(s.path), ".go"), "_test")
		assert.NotContains(t, nameless[:8], name, s.path) // a file model_test.go can be of a model
	}
}

// Every package says what it is.
func TestPackagesHaveADocComment(t *testing.T) {
	documented := map[string]bool{}
	_, list := sources(t)
	for _, s := range list {
		if !strings.HasSuffix(s.path, "_test.go") {
			folder := filepath.ToSlash(filepath.Dir(s.path))
			documented[folder] = documented[folder] || s.syntax.Doc != nil
		}
	}
	for folder, is := range documented {
		assert.True(t, is, "%s has no package comment", folder)
	}
}

// The top of the tree is a table of contents: what is not in it is in one of its folders.
func TestTheTopLevelFolders(t *testing.T) {
	wanted := []string{"activities", "api", "cmd", "deploy", "docs", "internal", "scripts", "tools", "workflows"}
	entries, err := os.ReadDir(root)
	require.NoError(t, err)
	var got []string
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && !slices.Contains(notOurs, e.Name()) {
			got = append(got, e.Name())
		}
	}
	assert.Equal(t, wanted, got)
}
