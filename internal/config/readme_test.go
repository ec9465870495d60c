package config_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/config"
)

// The README's table of settings is the program's: same flags, variables and defaults, in
// the same order.
func TestReadmeTableOfSettings(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(text), "<!-- settings:begin")
	require.True(t, found)
	table, _, found := strings.Cut(rest, "<!-- settings:end")
	require.True(t, found)

	type row struct{ flag, env, preset string }
	var got, want []row
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) < 5 || !strings.Contains(cells[1], "--") || strings.Contains(cells[1], "---") {
			continue
		}
		clean := func(s string) string { return strings.Trim(strings.TrimSpace(s), "`") }
		r := row{flag: clean(cells[1]), env: clean(cells[2]), preset: clean(cells[3])}
		if !strings.Contains(cells[3], "`") || strings.HasPrefix(r.preset, "needed") {
			r.preset = "" // said in words
		}
		got = append(got, r)
	}
	for _, s := range config.Settings() {
		if s.Command == "serve" && s.Flag != "--help" {
			want = append(want, row{flag: s.Flag, env: s.Env, preset: s.Default})
		}
	}
	assert.Equal(t, want, got)
}
