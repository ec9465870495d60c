package house_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "refunddesk/"

// root is the folder of the module, from this one.
const root = "../.."

// pkg is what `go list` says of a package.
type pkg struct {
	ImportPath string
	Name       string
	Dir        string
	Imports    []string // not those of its tests
	Deps       []string // all that it links
}

// path is the package's path without the module's name.
func (p pkg) path() string { return strings.TrimPrefix(p.ImportPath, module) }

// ours are those of the paths that belong to the module, without its name.
func ours(paths []string) []string {
	var out []string
	for _, p := range paths {
		if rest, ok := strings.CutPrefix(p, module); ok {
			out = append(out, rest)
		}
	}
	return out
}

var packages = sync.OnceValues(func() (map[string]pkg, error) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Name,Dir,Imports,Deps", "./...")
	cmd.Dir = root
	var problems bytes.Buffer
	cmd.Stderr = &problems
	text, err := cmd.Output()
	if err != nil {
		return nil, errors.New(problems.String())
	}
	out := map[string]pkg{}
	for d := json.NewDecoder(bytes.NewReader(text)); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, err
		}
		out[p.path()] = p
	}
})

// all are the module's packages by path.
func all(t *testing.T) map[string]pkg {
	t.Helper()
	list, err := packages()
	require.NoError(t, err)
	require.Greater(t, len(list), 25, "go list found the module")
	return list
}

// within reports whether the path is the folder or below it.
func within(path string, folders ...string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return path == f || strings.HasPrefix(path, f+"/") })
}
