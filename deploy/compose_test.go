package deploy

import (
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"refunddesk/internal/config"
)

func TestServices(t *testing.T) {
	c := readCompose(t)
	require.Equal(t, []string{"api", "demo-data", "keycloak", "mailpit", "migrate", "postgres", "temporal", "temporal-schema", "temporal-ui", "worker"}, names(c.Services))
	for _, name := range []string{"api", "migrate", "worker", "demo-data"} {
		s := c.Services[name]
		require.True(t, s.ours(), name)
		require.Equal(t, c.Services["api"].Image, s.Image, "%s runs the image that was built", name)
		require.True(t, s.ReadOnly, name)
	}
	require.Equal(t, []string{"demo"}, c.Services["demo-data"].Profiles, "demonstration data only when asked for")
}

// pinned is a tag that means one version: name:1.2.3 or name:v1.2.3-something, or for
// PostgreSQL name:17.11-something, whose versions have two numbers.
var pinned = regexp.MustCompile(`:v?\d+\.\d+\.\d+(-[a-z0-9.]+)?$|^postgres:\d+\.\d+-[a-z]+$`)

func TestImagesArePinned(t *testing.T) {
	for name, s := range readCompose(t).Services {
		if !s.ours() {
			require.Regexp(t, pinned, s.Image, name)
		}
	}
	for _, s := range readDockerfile(t) {
		if s.base != "scratch" {
			require.Regexp(t, pinned, s.base)
		}
	}
}

// The engine in compose is the one that the development program embeds and the tests ran on.
func TestVersionsAgreeWithTheModule(t *testing.T) {
	raw, err := os.ReadFile("../go.mod")
	require.NoError(t, err)
	version := func(pattern string) string {
		match := regexp.MustCompile(pattern).FindSubmatch(raw)
		require.NotNil(t, match, pattern)
		return string(match[1])
	}
	c := readCompose(t)
	engine := version(`go\.temporal\.io/server v(\S+)`)
	require.Equal(t, "temporalio/server:"+engine, c.Services["temporal"].Image)
	require.Equal(t, "temporalio/admin-tools:"+engine, c.Services["temporal-schema"].Image)
	require.Equal(t, "temporalio/ui:"+version(`temporalio/ui-server/v2 v(\S+)`), c.Services["temporal-ui"].Image)
	require.Equal(t, "golang:"+version(`(?m)^go (\S+)$`)+"-bookworm", readDockerfile(t)[0].base)
}

func TestEveryServiceThatStaysHasAHealthCheck(t *testing.T) {
	for name, s := range readCompose(t).Services {
		if s.oneShot() {
			require.Nil(t, s.Healthcheck, name)
			continue
		}
		require.Equal(t, "unless-stopped", s.Restart, name)
		require.NotNil(t, s.Healthcheck, name)
		require.Greater(t, len(s.Healthcheck.Test), 1, name)
		require.Equal(t, "CMD", s.Healthcheck.Test[0], "%s: the check needs no shell", name)
		require.Positive(t, s.Healthcheck.Retries, name)
		for _, d := range []string{s.Healthcheck.Interval, s.Healthcheck.Timeout, s.Healthcheck.StartPeriod} {
			_, err := time.ParseDuration(d)
			require.NoError(t, err, name)
		}
	}
}

func TestStartOrder(t *testing.T) {
	c := readCompose(t)
	before := map[string][]string{} // all that has to be there first
	var visit func(name string, path []string) []string
	visit = func(name string, path []string) []string {
		require.NotContains(t, path, name, "a circle")
		if all, done := before[name]; done {
			return all
		}
		all := []string{}
		for other, d := range c.Services[name].DependsOn {
			o, known := c.Services[other]
			require.True(t, known, "%s waits for %s, which is no service", name, other)
			require.Empty(t, o.Profiles, "%s waits for %s, which may not be started", name, other)
			want := "service_healthy"
			if o.oneShot() {
				want = "service_completed_successfully"
			}
			require.Equal(t, want, d.Condition, "%s waits for %s", name, other)
			all = append(append(all, other), visit(other, append(path, name))...)
		}
		before[name] = all
		return all
	}
	for name := range c.Services {
		visit(name, nil)
	}
	for name, first := range map[string][]string{
		"temporal":  {"postgres", "temporal-schema"},
		"migrate":   {"postgres"},
		"api":       {"postgres", "migrate", "temporal", "keycloak"},
		"worker":    {"postgres", "migrate", "temporal", "mailpit"},
		"demo-data": {"migrate"},
	} {
		for _, f := range first {
			require.Contains(t, before[name], f, "%s needs %s first", name, f)
		}
	}
}

// Every flag and variable in docker-compose.yml is one that the program has, in the command
// that is given it, and the program takes the values.
func TestSettingsAreTheProgramsOwn(t *testing.T) {
	settings := map[string][]config.Setting{}
	for _, s := range config.Settings() {
		command := strings.TrimPrefix(s.Command, config.Name+" ")
		settings[command] = append(settings[command], s)
	}
	values := environment(t, ".env.example")
	for name, s := range readCompose(t).Services {
		for variable := range s.Environment {
			require.True(t, s.ours() || !strings.HasPrefix(variable, config.Prefix), "%s is given %s and is not refunddesk", name, variable)
		}
		if !s.ours() {
			continue
		}
		t.Run(name, func(t *testing.T) {
			requireKnown(t, settings, s.Command, s.Environment)
			if s.Command[0] == "import" {
				return // the files are where the volume puts them
			}
			for variable, value := range s.Environment {
				t.Setenv(variable, interpolate(value, values))
			}
			requireAccepted(t, s.Command)
		})
		if s.Healthcheck != nil {
			t.Run(name+" health", func(t *testing.T) {
				require.Equal(t, readDockerfile(t)[1].args("ENTRYPOINT"), []string{`["` + s.Healthcheck.Test[1] + `"]`})
				requireKnown(t, settings, s.Healthcheck.Test[2:], nil)
				requireAccepted(t, s.Healthcheck.Test[2:])
			})
		}
	}
}

func requireKnown(t *testing.T, settings map[string][]config.Setting, args []string, variables map[string]string) {
	t.Helper()
	command := args[0]
	if _, whole := settings[command]; !whole && len(args) > 1 {
		command += " " + args[1] // migrate up
	}
	known, ok := settings[command]
	require.True(t, ok, "refunddesk has no command %q", command)
	for _, arg := range args[1:] {
		if flag, _, _ := strings.Cut(arg, "="); strings.HasPrefix(flag, "--") {
			require.True(t, slices.ContainsFunc(known, func(s config.Setting) bool { return s.Flag == flag }), "%s has no flag %s", command, flag)
		}
	}
	for variable := range variables {
		require.True(t, slices.ContainsFunc(known, func(s config.Setting) bool { return s.Env == variable }), "%s reads no variable %s", command, variable)
	}
}

func requireAccepted(t *testing.T, args []string) {
	t.Helper()
	parser, err := config.Parser(&config.Program{})
	require.NoError(t, err)
	_, err = parser.Parse(args)
	require.NoError(t, err)
}

func TestRolesOfTheProcesses(t *testing.T) {
	c := readCompose(t)
	require.Equal(t, []string{"serve", "--role", config.RoleAPI}, c.Services["api"].Command)
	require.Equal(t, []string{"serve", "--role", config.RoleWorker}, c.Services["worker"].Command)
	require.Equal(t, c.Services["api"].Environment, c.Services["worker"].Environment)
}

func TestNoSecretHasADefault(t *testing.T) {
	raw, err := os.ReadFile("../docker-compose.yml")
	require.NoError(t, err)
	documented := environment(t, ".env.example")
	used := map[string]bool{}
	for _, match := range reference.FindAllStringSubmatch(string(raw), -1) {
		used[match[1]] = true
		require.Equal(t, ":?", match[2], "%s: a missing value stops the start and names it", match[1])
		require.NotEmpty(t, match[3])
		require.NotEmpty(t, documented[match[1]], "%s is explained in deploy/.env.example", match[1])
	}
	require.Equal(t, names(documented), names(used))
	for name, s := range readCompose(t).Services {
		for variable, value := range s.Environment {
			secret := regexp.MustCompile(`PASSWORD|PWD|SECRET`).MatchString(variable)
			require.True(t, !secret || reference.MatchString(value), "%s: %s is written out", name, variable)
		}
	}
}

func TestNothingListensBeyondThisMachine(t *testing.T) {
	for name, s := range readCompose(t).Services {
		for _, p := range s.Ports {
			require.Regexp(t, `^127\.0\.0\.1:\d+:\d+$`, p, name)
		}
	}
}

// The services work with the rights of the application; only migrate owns the schema.
func TestDatabaseRoles(t *testing.T) {
	script, err := os.ReadFile("postgres/10-databases.sh")
	require.NoError(t, err)
	c := readCompose(t)
	values := environment(t, ".env.example")
	for name, role := range map[string]string{"migrate": "refunddesk_migrator", "api": "refunddesk_app", "worker": "refunddesk_app", "demo-data": "refunddesk_app"} {
		u, err := url.Parse(interpolate(c.Services[name].Environment["REFUNDDESK_DATABASE"], values))
		require.NoError(t, err)
		require.Equal(t, role, u.User.Username(), name)
		require.Equal(t, "postgres:5432", u.Host, name)
		require.Contains(t, string(script), "CREATE ROLE "+role+" LOGIN")
		require.Contains(t, string(script), "CREATE DATABASE "+strings.TrimPrefix(u.Path, "/")+" OWNER refunddesk_migrator")
	}
	for _, database := range []string{c.Services["temporal"].Environment["DBNAME"], c.Services["temporal"].Environment["VISIBILITY_DBNAME"]} {
		require.Contains(t, string(script), "CREATE DATABASE "+database+" OWNER "+c.Services["temporal"].Environment["POSTGRES_USER"])
	}
	for variable := range c.Services["postgres"].Environment {
		require.True(t, variable == "POSTGRES_PASSWORD" || strings.Contains(string(script), "$"+variable), "%s is used by the script", variable)
	}
}

func TestDockerfile(t *testing.T) {
	stages := readDockerfile(t)
	require.Len(t, stages, 2, "what builds is not what runs")
	build := strings.Join(stages[0].args("RUN"), "\n")
	require.Contains(t, build, "CGO_ENABLED=0")
	require.Contains(t, build, "-trimpath")
	require.Contains(t, build, "./cmd/refunddesk")
	require.NotContains(t, build, "refunddesk-dev")

	final := stages[1]
	require.Equal(t, "scratch", final.base)
	require.Equal(t, []string{"65532:65532"}, final.args("USER"))
	require.Equal(t, []string{`["serve"]`}, final.args("CMD"))
	require.Empty(t, final.args("ENV"), "settings come from outside")
	require.Contains(t, final.args("COPY")[0], "ca-certificates.crt")
}

func TestMountedFilesAreThere(t *testing.T) {
	c := readCompose(t)
	for name, s := range c.Services {
		for _, v := range s.Volumes {
			source, _, _ := strings.Cut(v, ":")
			if strings.HasPrefix(source, "./") {
				_, err := os.Stat("../" + source)
				require.NoError(t, err, name)
				require.True(t, strings.HasSuffix(v, ":ro"), "%s: %s", name, v)
				continue
			}
			require.Contains(t, c.Volumes, source, name)
		}
	}
}
