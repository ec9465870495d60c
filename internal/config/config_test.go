package config_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"refunddesk/internal/config"
)

func parse(t *testing.T, args ...string) (config.Program, string, error) {
	t.Helper()
	var p config.Program
	parser, err := config.Parser(&p, kong.Exit(func(int) {}))
	require.NoError(t, err)
	ctx, err := parser.Parse(args)
	if err != nil {
		return p, "", err
	}
	return p, ctx.Command(), nil
}

const database = "--database=postgres://app@db/refunds"

func TestNonsenseIsRefusedByName(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"no database", []string{"serve", "--issuer=https://id"}, "--database (REFUNDDESK_DATABASE) is missing"},
		{"not PostgreSQL", []string{"serve", "--issuer=https://id", "--database=mysql://x"}, "--database (REFUNDDESK_DATABASE) must be like"},
		{"no issuer", []string{"serve", database}, "--issuer (REFUNDDESK_ISSUER) is missing"},
		{"issuer", []string{"serve", database, "--issuer=id"}, "--issuer"},
		{"role", []string{"serve", database, "--issuer=https://id", "--role=both"}, "--role (REFUNDDESK_ROLE) must be all, api or worker"},
		{"http", []string{"serve", database, "--issuer=https://id", "--http=8080"}, "--http (REFUNDDESK_HTTP) must be host:port"},
		{"engine", []string{"serve", database, "--issuer=https://id", "--engine=temporal"}, "--engine (REFUNDDESK_ENGINE)"},
		{"sender", []string{"serve", database, "--issuer=https://id", "--smtp=smtp://m:25"}, "--mail-from (REFUNDDESK_MAIL_FROM) is missing"},
		{"metrics address", []string{"serve", database, "--issuer=https://id", "--metrics=9090"}, "--metrics (REFUNDDESK_METRICS)"},
		{"negative window", []string{"serve", database, "--issuer=https://id", "--drain-window=-1s"}, "--drain-window"},
		{"rate", []string{"serve", database, "--issuer=https://id", "--rate-limit=-1"}, "--rate-limit"},
		{"log level", []string{"serve", database, "--issuer=https://id", "--log-level=loud"}, "--log-level"},
		{"console without an address", []string{"serve", database, "--issuer=https://id", "--client-id=c"}, "--public-url (REFUNDDESK_PUBLIC_URL) is missing"},
		{"address without console", []string{"serve", database, "--issuer=https://id", "--public-url=https://a.example"}, "--client-id (REFUNDDESK_CLIENT_ID) is missing"},
		{"secret of nobody", []string{"serve", database, "--issuer=https://id", "--client-secret=s"}, "--client-id (REFUNDDESK_CLIENT_ID) is missing"},
		{"console unencrypted", []string{"serve", database, "--issuer=https://id", "--client-id=c", "--public-url=http://a.example"}, "--public-url (REFUNDDESK_PUBLIC_URL) must be"},
		{"console below a path", []string{"serve", database, "--issuer=https://id", "--client-id=c", "--public-url=https://a.example/desk"}, "--public-url"},
		{"console that is no URL", []string{"serve", database, "--issuer=https://id", "--client-id=c", "--public-url=a.example"}, "--public-url"},
		{"no time to look away", []string{"serve", database, "--issuer=https://id", "--session-idle=1s"}, "--session-idle (REFUNDDESK_SESSION_IDLE)"},
		{"shorter than idle", []string{"serve", database, "--issuer=https://id", "--session-absolute=30m"}, "--session-absolute (REFUNDDESK_SESSION_ABSOLUTE)"},
		{"for good", []string{"serve", database, "--issuer=https://id", "--session-absolute=1000h"}, "--session-absolute"},
		{"empty claim", []string{"serve", database, "--issuer=https://id", "--roles-claim="}, "--roles-claim"},
		{"migrate without database", []string{"migrate", "up"}, "--database"},
		{"unknown flag", []string{"serve", "--verbose"}, "--verbose"},
		{"unknown command", []string{"pay"}, "pay"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := parse(t, c.args...)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestEveryFlagHasItsVariable(t *testing.T) {
	t.Setenv("REFUNDDESK_DATABASE", "postgres://app@db/refunds")
	t.Setenv("REFUNDDESK_ISSUER", "https://id")
	t.Setenv("REFUNDDESK_ROLE", "api")
	t.Setenv("REFUNDDESK_METRICS", "127.0.0.1:9090")
	p, command, err := parse(t, "serve", "--role=worker")
	require.NoError(t, err)
	assert.Equal(t, "serve", command)
	assert.Equal(t, config.RoleWorker, p.Serve.Role, "a flag wins")
	assert.Equal(t, "127.0.0.1:9090", p.Serve.Metrics)

	settings := config.Settings()
	require.NotEmpty(t, settings)
	for _, s := range settings {
		want := "REFUNDDESK_" + strings.ToUpper(strings.ReplaceAll(strings.TrimPrefix(s.Flag, "--"), "-", "_"))
		if s.Flag == "--help" {
			continue
		}
		if strings.HasPrefix(s.Command, "health") {
			want = "REFUNDDESK_HEALTH_" + strings.TrimPrefix(want, "REFUNDDESK_")
		}
		assert.Equal(t, want, s.Env, s.Command+" "+s.Flag)
		assert.NotEmpty(t, s.Help, s.Flag)
	}
}

func TestTheConsolesAddress(t *testing.T) {
	for _, good := range []string{"https://refunds.example.com", "https://refunds.example.com:8443/", "http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"} {
		p, _, err := parse(t, "serve", database, "--issuer=https://id", "--client-id=c", "--public-url="+good)
		require.NoError(t, err, good)
		assert.Equal(t, time.Hour, p.Serve.SessionIdle)
		assert.Equal(t, 12*time.Hour, p.Serve.SessionAbsolute)
	}
}

func TestHelpNamesEverySetting(t *testing.T) {
	var p config.Program
	var out bytes.Buffer
	parser, err := config.Parser(&p, kong.Exit(func(int) {}), kong.Writers(&out, &out))
	require.NoError(t, err)
	_, _ = parser.Parse([]string{"serve", "--help"})
	for _, s := range config.Settings() {
		if strings.HasPrefix(s.Command, "serve") {
			assert.Contains(t, out.String(), s.Flag)
		}
	}
}
