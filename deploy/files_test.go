// Package deploy holds what production needs beside docker-compose.yml. Its tests hold the
// deployment files against each other and against the program.
package deploy

import (
	"bufio"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
)

// compose is what the tests look at of docker-compose.yml.
type compose struct {
	Services map[string]service `yaml:"services"`
	Volumes  map[string]any     `yaml:"volumes"`
}

type service struct {
	Image       string                    `yaml:"image"`
	Build       *struct{ Context string } `yaml:"build"`
	Command     []string                  `yaml:"command"`
	Environment map[string]string         `yaml:"environment"`
	Ports       []string                  `yaml:"ports"`
	Volumes     []string                  `yaml:"volumes"`
	DependsOn   map[string]dependency     `yaml:"depends_on"`
	Healthcheck *healthcheck              `yaml:"healthcheck"`
	Restart     string                    `yaml:"restart"`
	Profiles    []string                  `yaml:"profiles"`
	ReadOnly    bool                      `yaml:"read_only"`
	Networks    map[string]struct {
		Aliases []string `yaml:"aliases"`
	} `yaml:"networks"`
}

type dependency struct {
	Condition string `yaml:"condition"`
}

type healthcheck struct {
	Test        []string `yaml:"test"`
	Interval    string   `yaml:"interval"`
	Timeout     string   `yaml:"timeout"`
	Retries     int      `yaml:"retries"`
	StartPeriod string   `yaml:"start_period"`
}

// oneShot reports whether the service ends by itself.
func (s service) oneShot() bool { return s.Restart == "no" }

// ours reports whether the service runs refunddesk.
func (s service) ours() bool { return s.Build != nil }

func readCompose(t *testing.T) compose {
	t.Helper()
	raw, err := os.ReadFile("../docker-compose.yml")
	require.NoError(t, err)
	var c compose
	require.NoError(t, yaml.Unmarshal(raw, &c))
	return c
}

// environment reads a .env file.
func environment(t *testing.T, file string) map[string]string {
	t.Helper()
	in, err := os.Open(file)
	require.NoError(t, err)
	defer in.Close()
	values := map[string]string{}
	for lines := bufio.NewScanner(in); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		require.True(t, ok, line)
		values[name] = value
	}
	return values
}

var reference = regexp.MustCompile(`\$\{([A-Z_]+)(:[?-])?([^}]*)\}`)

// interpolate fills ${NAME:?message} in, as docker compose does.
func interpolate(s string, values map[string]string) string {
	return reference.ReplaceAllStringFunc(s, func(ref string) string {
		return values[reference.FindStringSubmatch(ref)[1]]
	})
}

// stage is one build stage of a Dockerfile: its base image and its instructions.
type stage struct {
	base         string
	instructions []instruction
}

type instruction struct{ name, args string }

func (s stage) args(name string) []string {
	var all []string
	for _, i := range s.instructions {
		if i.name == name {
			all = append(all, i.args)
		}
	}
	return all
}

func readDockerfile(t *testing.T) []stage {
	t.Helper()
	raw, err := os.ReadFile("../Dockerfile")
	require.NoError(t, err)
	var stages []stage
	for _, line := range strings.Split(strings.ReplaceAll(string(raw), "\\\n", " "), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, args, _ := strings.Cut(line, " ")
		if name == "FROM" {
			stages = append(stages, stage{base: strings.Fields(args)[0]})
			continue
		}
		require.NotEmpty(t, stages, "the first instruction is FROM")
		last := &stages[len(stages)-1]
		last.instructions = append(last.instructions, instruction{name, strings.Join(strings.Fields(args), " ")})
	}
	return stages
}

// realm is what the tests look at of deploy/keycloak/realm.json.
type realm struct {
	Realm string `json:"realm"`
	Roles struct {
		Realm []struct {
			Name string `json:"name"`
		} `json:"realm"`
	} `json:"roles"`
	Clients []client `json:"clients"`
	Users   []struct {
		Username    string              `json:"username"`
		Email       string              `json:"email"`
		FirstName   string              `json:"firstName"`
		LastName    string              `json:"lastName"`
		Client      string              `json:"serviceAccountClientId"`
		Roles       []string            `json:"realmRoles"`
		Attributes  map[string][]string `json:"attributes"`
		Credentials []struct {
			Value string `json:"value"`
		} `json:"credentials"`
	} `json:"users"`
	Components map[string][]struct {
		Config map[string][]string `json:"config"`
	} `json:"components"`
}

type client struct {
	ClientID   string            `json:"clientId"`
	Public     bool              `json:"publicClient"`
	Secret     string            `json:"secret"`
	Standard   bool              `json:"standardFlowEnabled"`
	Implicit   bool              `json:"implicitFlowEnabled"`
	Direct     bool              `json:"directAccessGrantsEnabled"`
	Redirects  []string          `json:"redirectUris"`
	Attributes map[string]string `json:"attributes"`
	Mappers    []mapper          `json:"protocolMappers"`
}

type mapper struct {
	Kind   string            `json:"protocolMapper"`
	Config map[string]string `json:"config"`
}

func readRealm(t *testing.T) (realm, string) {
	t.Helper()
	raw, err := os.ReadFile("keycloak/realm.json")
	require.NoError(t, err)
	var r realm
	require.NoError(t, json.Unmarshal(raw, &r))
	return r, string(raw)
}

func names[T any](m map[string]T) []string {
	var all []string
	for name := range m {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}
