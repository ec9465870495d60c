package words_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/console/words"
)

// keys of every locale; also holds that none is written twice.
func keys(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, locale := range words.Locales {
		list, err := words.Keys(locale)
		require.NoError(t, err)
		all[locale] = list
	}
	return all
}

func TestEverySentenceIsWrittenInEveryLanguage(t *testing.T) {
	all := keys(t)
	for _, locale := range words.Locales[1:] {
		assert.Equal(t, withoutFaults(all[words.Locales[0]]), withoutFaults(all[locale]), "%s and %s have different keys", words.Locales[0], locale)
	}
}

// withoutFaults leaves out the words of faults: English has the fault's own sentence.
func withoutFaults(keys []string) []string {
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return strings.HasPrefix(key, "fault.") })
}

// quoted finds what may be a key in the sources: a lower-case word, then more after dots.
var (
	quoted = regexp.MustCompile(`"([a-z][a-z0-9-]*(?:\.[A-Za-z0-9_-]+)+)"`)
	asked  = regexp.MustCompile(`\.T\("([^"]+)"`)
	groups = regexp.MustCompile(`"([a-z][a-z0-9-]*(?:\.[A-Za-z0-9_-]+)*)\."|Code\((?:v, )?"([a-z][a-z0-9.-]*)"|State\(v, "([a-z][a-z0-9.-]*)"`)
)

func TestEverySentenceIsUsedAndEveryOneUsedIsWritten(t *testing.T) {
	written := keys(t)[words.Locales[0]]
	mentioned, prefixes := map[string]bool{}, map[string]bool{"fault": true, "done": true}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "_templ.go") ||
			(!strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, ".templ")) {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range asked.FindAllSubmatch(source, -1) {
			if key := string(m[1]); !strings.HasSuffix(key, ".") {
				assert.True(t, slices.Contains(written, key), "%s says %q, which is written nowhere", path, key)
			}
		}
		for _, m := range quoted.FindAllSubmatch(source, -1) {
			mentioned[string(m[1])] = true
		}
		for _, m := range groups.FindAllSubmatch(source, -1) {
			for _, group := range m[1:] {
				if len(group) > 0 {
					prefixes[string(group)] = true
				}
			}
		}
		return nil
	})
	require.NoError(t, err)
	for _, key := range written {
		used := mentioned[key]
		for prefix := range prefixes {
			used = used || strings.HasPrefix(key, prefix+".")
		}
		assert.True(t, used, "%q is written and never used", key)
	}
}

func TestLocalesAreMatched(t *testing.T) {
	c, err := words.Load()
	require.NoError(t, err)
	for _, one := range []struct {
		wishes []string
		want   string
	}{
		{nil, "en"},
		{[]string{"", "zh-CN,zh;q=0.9,en;q=0.8"}, "zh-Hans"},
		{[]string{"", "fr-FR,de;q=0.5"}, "en"},
		{[]string{"en", "zh-CN"}, "en"},
		{[]string{"klingon!", "zh-Hans"}, "zh-Hans"},
	} {
		assert.Equal(t, one.want, c.Match(one.wishes...), "%v", one.wishes)
	}
}
