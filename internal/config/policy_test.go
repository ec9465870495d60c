package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPolicyCommands(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy.yaml")
	require.NoError(t, os.WriteFile(file, []byte("policy: 1\n"), 0o600))

	p, command, err := parse(t, "policy", "check", file)
	require.NoError(t, err)
	assert.Equal(t, "policy check <file>", command)
	assert.Equal(t, file, p.Policy.Check.File, "no database is needed")

	p, command, err = parse(t, "policy", "diff", file, database, "--against=3")
	require.NoError(t, err)
	assert.Equal(t, "policy diff <file>", command)
	assert.Equal(t, "3", p.Policy.Diff.Against)

	p, command, err = parse(t, "policy", "backtest", file, database)
	require.NoError(t, err)
	assert.Equal(t, "policy backtest <file>", command)
	assert.Equal(t, 100_000, p.Policy.Backtest.Limit)

	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no file":        {[]string{"policy", "check"}, "file"},
		"no such file":   {[]string{"policy", "check", file + "x"}, "policy.yamlx"},
		"no command":     {[]string{"policy"}, "check"},
		"no database":    {[]string{"policy", "diff", file}, "--database (REFUNDDESK_DATABASE) is missing"},
		"another one":    {[]string{"policy", "backtest", file, "--database=mysql://x"}, "--database (REFUNDDESK_DATABASE) must be like"},
		"less than none": {[]string{"policy", "backtest", file, database, "--limit=-1"}, "--limit (REFUNDDESK_LIMIT) must be 0 or more"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := parse(t, c.args...)
			require.ErrorContains(t, err, c.want)
		})
	}
}
