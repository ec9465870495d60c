package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"refunddesk/internal/fault"
)

// MostSource is how many bytes a policy's source can have.
const MostSource = 1 << 20

// The bounds of a document. They are far above what a policy needs and far below what
// could keep the program busy.
const (
	mostProblems = 50 // that are named at once
	mostRules    = 200
	mostNames    = 100 // limits, calendars, currencies
	mostWords    = 500 // characters of a reason
)

// CodeInvalid is the code of the fault for a document that is not a policy.
const CodeInvalid = "invalid-policy"

// reader walks the nodes of a document and collects what is wrong with them.
type reader struct {
	lines    []string
	problems []fault.Field
	more     int // problems beyond mostProblems
}

// read checks a source and compiles its rules.
func read(source []byte) (document, []rule, error) {
	r := &reader{}
	root := r.parse(source)
	var doc document
	var rules []rule
	if root != nil {
		r.lines = strings.Split(string(source), "\n")
		doc = r.document(root)
		rules = r.compile(doc)
	}
	if len(r.problems) > 0 {
		return document{}, nil, r.fault()
	}
	return doc, rules, nil
}

func (r *reader) fault() *fault.Error {
	slices.SortStableFunc(r.problems, func(a, b fault.Field) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	first := r.problems[0]
	detail := fmt.Sprintf("The policy has a problem in line %d, column %d: %s.", first.Line, first.Column, problemOf(first))
	if n := len(r.problems) + r.more; n > 1 {
		detail = fmt.Sprintf("The policy has %d problems, the first in line %d, column %d: %s.", n, first.Line, first.Column, problemOf(first))
	}
	f := fault.New(fault.Unprocessable, CodeInvalid, "%s", detail)
	f.Fields = r.problems
	return f
}

func problemOf(f fault.Field) string {
	if f.Name == "" {
		return f.Problem
	}
	return f.Name + " " + f.Problem
}

// at names a problem at a place in the source, counted from 1.
func (r *reader) at(line, column int, path, format string, args ...any) {
	if len(r.problems) >= mostProblems {
		r.more++
		return
	}
	r.problems = append(r.problems, fault.Field{Name: path, Problem: fmt.Sprintf(format, args...), Line: max(1, line), Column: max(1, column)})
}

func (r *reader) wrong(n *yaml.Node, path, format string, args ...any) {
	r.at(n.Line, n.Column, path, format, args...)
}

// full reports that no further problem would be named: there is no sense in looking on.
func (r *reader) full() bool { return len(r.problems) >= mostProblems }

// directive is a line such as %TAG. Of these the YAML library compares each with all that
// came before, so that a megabyte of them would keep it busy for seconds.
var directive = regexp.MustCompile("(?:^|[\n\r\u0085\u2028\u2029])\ufeff?%")

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+)(?:, column (\d+))?: )?`)

// parse reads the source as one YAML document that is a mapping, without anchors,
// tags and directives.
func (r *reader) parse(source []byte) *yaml.Node {
	switch {
	case len(source) > MostSource:
		r.at(1, 1, "", "the document is larger than %d KiB", MostSource>>10)
		return nil
	case !utf8.Valid(source):
		line := 1 + bytes.Count(source[:invalidAt(source)], []byte("\n"))
		r.at(line, 1, "", "the text is not UTF-8")
		return nil
	}
	if at := bytes.IndexFunc(source, reorders); at >= 0 {
		line := 1 + bytes.Count(source[:at], []byte("\n"))
		r.at(line, 1+utf8.RuneCount(source[bytes.LastIndexByte(source[:at], '\n')+1:at]), "", "a character here shows text in another order than it is written (Unicode bidirectional control)")
		return nil
	}
	if at := directive.FindIndex(source); at != nil {
		line := 1 + bytes.Count(source[:at[1]], []byte("\n"))
		r.at(line, 1, "", "directives (lines that begin with %%) are not taken")
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(source))
	var doc yaml.Node
	if err := decode(decoder, &doc); err != nil {
		if errors.Is(err, io.EOF) {
			r.at(1, 1, "", "the document is empty; a policy begins with \"policy: 1\"")
			return nil
		}
		r.syntax(err)
		return nil
	}
	var second yaml.Node
	switch err := decode(decoder, &second); {
	case errors.Is(err, io.EOF):
	case err != nil:
		r.syntax(err)
		return nil
	default:
		r.wrong(&second, "", "a second document begins; a policy is one")
		return nil
	}
	root := doc.Content[0]
	if !r.tame(root, 0) {
		return nil
	}
	if root.Kind != yaml.MappingNode {
		if root.Tag == "!!null" {
			r.wrong(root, "", "the document is empty; a policy begins with \"policy: 1\"")
		} else {
			r.wrong(root, "", "a policy is a mapping; it begins with \"policy: 1\"")
		}
		return nil
	}
	return root
}

// decode turns a panic of the YAML library into an error: the source comes from outside.
func decode(d *yaml.Decoder, into *yaml.Node) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("yaml: cannot be read: %v", p)
		}
	}()
	return d.Decode(into)
}

func (r *reader) syntax(err error) {
	message := err.Error()
	line, column := 1, 1
	if m := yamlLine.FindStringSubmatch(message); m != nil {
		message = strings.TrimPrefix(message, m[0])
		if n, err := strconv.Atoi(m[1]); err == nil {
			line = n
		}
		if n, err := strconv.Atoi(m[2]); err == nil {
			column = n
		}
	}
	r.at(line, column, "", "this is not YAML: %s", fault.Clip(message, 200))
}

// deepest is how far a policy nests; its own keys need six levels.
const deepest = 12

// tame refuses what a policy has no use for and what could make a small text large.
func (r *reader) tame(n *yaml.Node, depth int) bool {
	switch {
	case depth > deepest:
		r.wrong(n, "", "the document nests deeper than any policy does")
		return false
	case n.Kind == yaml.AliasNode, n.Anchor != "":
		r.wrong(n, "", "anchors and aliases (& and *) are not taken: write the value where it is meant")
		return false
	case n.Style&yaml.TaggedStyle != 0:
		r.wrong(n, "", "tags such as %s are not taken", fault.Clip(n.Tag, 40))
		return false
	}
	for _, child := range n.Content {
		if !r.tame(child, depth+1) {
			return false
		}
	}
	return true
}

// reorders reports whether c makes a line look like another one: whoever reads what a version
// changes has to see what will be judged by.
func reorders(c rune) bool {
	return (c >= '\u202a' && c <= '\u202e') || (c >= '\u2066' && c <= '\u2069')
}

func invalidAt(source []byte) int {
	for i := 0; i < len(source); {
		c, size := utf8.DecodeRune(source[i:])
		if c == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(source)
}

// entry is a key with its value.
type entry struct {
	key, value *yaml.Node
	path       string
}

// entries are what a mapping holds, in its order, without keys that came before.
func (r *reader) entries(n *yaml.Node, path string) []entry {
	if n.Kind != yaml.MappingNode {
		r.wrong(n, path, "must be a mapping, and is %s", kindOf(n))
		return nil
	}
	var out []entry
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content) && !r.full(); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			r.wrong(key, path, "has a key that is %s", kindOf(key))
			continue
		}
		at := join(path, key.Value)
		if line, before := seen[key.Value]; before {
			r.wrong(key, at, "is there twice; the first is in line %d", line)
			continue
		}
		seen[key.Value] = key.Line
		out = append(out, entry{key: key, value: value, path: at})
	}
	return out
}

// fields reads a mapping of known keys: each is handed to its reader, unknown ones are
// refused by name, and of the needed ones none may be missing.
func (r *reader) fields(n *yaml.Node, path string, needed []string, known map[string]func(n *yaml.Node, path string)) {
	entries := r.entries(n, path)
	if n.Kind != yaml.MappingNode {
		return
	}
	got := map[string]bool{}
	for _, e := range entries {
		got[e.key.Value] = true
		of, ok := known[e.key.Value]
		if !ok {
			names := make([]string, 0, len(known))
			for name := range known {
				names = append(names, name)
			}
			slices.Sort(names)
			r.wrong(e.key, e.path, "is no key here; the keys are %s", strings.Join(names, ", "))
			continue
		}
		of(e.value, e.path)
	}
	for _, name := range needed {
		if !got[name] {
			r.wrong(n, join(path, name), "is missing")
		}
	}
}

// items are what a list holds.
func (r *reader) items(n *yaml.Node, path string, most int, each func(n *yaml.Node, path string)) {
	if n.Kind != yaml.SequenceNode {
		r.wrong(n, path, "must be a list, and is %s", kindOf(n))
		return
	}
	if len(n.Content) > most {
		r.wrong(n, path, "has %d entries; it can have %d", len(n.Content), most)
		return
	}
	for i, item := range n.Content {
		if r.full() {
			return
		}
		each(item, fmt.Sprintf("%s[%d]", path, i))
	}
}

func join(path, key string) string {
	key = fault.Clip(key, 60)
	if path == "" {
		return key
	}
	return path + "." + key
}

// kindOf says what a node is, for people.
func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.Tag {
	case "!!null":
		return "empty"
	case "!!bool":
		return "true or false"
	case "!!int", "!!float":
		return "a number"
	}
	return "text"
}
