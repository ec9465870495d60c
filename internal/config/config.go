// Package config is the command line and the environment of the production program: one
// struct gives the flags, the REFUNDDESK_* variables and the help. Whatever is missing or
// makes no sense stops the program at once with a message that names the setting.
package config

import (
	"log/slog"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"refunddesk/internal/fault"
)

// Name is the program's name, and Prefix that of its variables.
const (
	Name   = "refunddesk"
	Prefix = "REFUNDDESK"
)

// Program is the command line of refunddesk.
type Program struct {
	Serve   Serve   `cmd:"" help:"Serve the API and run the refund workflows."`
	Migrate Migrate `cmd:"" help:"Bring the database to this program's schema, show where it stands, or go a step back."`
	Policy  Policy  `cmd:"" help:"Check a screening policy, compare it with what is in force, or replay past requests under it."`
	Import  Import  `cmd:"" help:"Load a billing export: accounts, packages and usage as CSV files."`
	Health  Health  `cmd:"" help:"Ask a running refunddesk whether it is ready; for container health checks."`
	Version Version `cmd:"" help:"Print the version."`
}

// Database is the setting that several commands share.
type Database struct {
	Database string `help:"PostgreSQL address, postgres://user:password@host:5432/name." env:"REFUNDDESK_DATABASE" placeholder:"URL"`
}

// Validate implements kong's hook.
func (d Database) Validate() error {
	if d.Database == "" {
		return missing("--database", "the PostgreSQL address, postgres://user:password@host:5432/name")
	}
	if u, err := url.Parse(d.Database); err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") || u.Host == "" {
		return wrong("--database", "must be like postgres://user:password@host:5432/name")
	}
	return nil
}

// Log is the setting of how much is logged.
type Log struct {
	LogLevel string `help:"What to log: debug, info, warn or error; default ${default}." env:"REFUNDDESK_LOG_LEVEL" default:"info" placeholder:"LEVEL"`
}

// Validate implements kong's hook.
func (l Log) Validate() error {
	if err := new(slog.Level).UnmarshalText([]byte(l.LogLevel)); err != nil {
		return wrong("--log-level", "must be debug, info, warn or error")
	}
	return nil
}

// Level is the level as slog knows it.
func (l Log) Level() slog.Level {
	var level slog.Level
	_ = level.UnmarshalText([]byte(l.LogLevel)) // Validate has seen to it
	return level
}

// The roles of a process.
const (
	RoleAll    = "all"    // API and worker: a refund's first task stays in the process
	RoleAPI    = "api"    // the API alone
	RoleWorker = "worker" // the worker alone
)

// Serve is the service.
type Serve struct {
	Database `embed:""`
	Log      `embed:""`

	Role            string        `help:"What this process does: all, api or worker. all is the fastest: a refund then runs where it was filed; default ${default}." env:"REFUNDDESK_ROLE" default:"all" placeholder:"ROLE"`
	HTTP            string        `name:"http" help:"Where to listen for HTTP; with role worker for /healthz and /readyz only; default ${default}." env:"REFUNDDESK_HTTP" default:"0.0.0.0:8080" placeholder:"ADDR"`
	Metrics         string        `help:"Where to serve /metrics for Prometheus, host:port; empty: nowhere." env:"REFUNDDESK_METRICS" placeholder:"ADDR"`
	Engine          string        `help:"The Temporal engine; default ${default}." env:"REFUNDDESK_ENGINE" default:"127.0.0.1:7233" placeholder:"HOST:PORT"`
	EngineNamespace string        `help:"The engine's namespace; registered when it is missing; default ${default}." env:"REFUNDDESK_ENGINE_NAMESPACE" default:"default" placeholder:"NAME"`
	TaskQueue       string        `help:"The task queue of the workers; default ${default}." env:"REFUNDDESK_TASK_QUEUE" default:"refunds" placeholder:"NAME"`
	Issuer          string        `help:"The OpenID Connect issuer whose tokens are taken. Needed for the API." env:"REFUNDDESK_ISSUER" placeholder:"URL"`
	Audience        string        `help:"The audience that a token must name; default ${default}." env:"REFUNDDESK_AUDIENCE" default:"refunddesk" placeholder:"NAME"`
	RolesClaim      string        `help:"Where a token has its roles, a dotted path such as realm_access.roles; default ${default}." env:"REFUNDDESK_ROLES_CLAIM" default:"roles" placeholder:"PATH"`
	AccountClaim    string        `help:"Where a token has the account of a customer, a dotted path; default ${default}." env:"REFUNDDESK_ACCOUNT_CLAIM" default:"account_id" placeholder:"PATH"`
	PublicURL       string        `name:"public-url" help:"Where browsers find the console: https, or http on this machine. Needed with --client-id." env:"REFUNDDESK_PUBLIC_URL" placeholder:"URL"`
	ClientID        string        `name:"client-id" help:"The console's client at the issuer; empty: no console is served." env:"REFUNDDESK_CLIENT_ID" placeholder:"NAME"`
	ClientSecret    string        `help:"The secret of that client; empty: it has none, PKCE is used either way." env:"REFUNDDESK_CLIENT_SECRET" placeholder:"SECRET"`
	SessionIdle     time.Duration `help:"How long a session of the console lasts without a request; default ${default}." env:"REFUNDDESK_SESSION_IDLE" default:"1h" placeholder:"DURATION"`
	SessionAbsolute time.Duration `help:"How long a session lasts at most; roles are read anew at every sign-in; default ${default}." env:"REFUNDDESK_SESSION_ABSOLUTE" default:"12h" placeholder:"DURATION"`
	SMTP            string        `name:"smtp" help:"The mail server, smtp://user:password@host:587 or smtps://…; empty: no mail is sent." env:"REFUNDDESK_SMTP" placeholder:"URL"`
	MailFrom        string        `help:"The sender of mails, like 'Refunds <refunds@example.com>'. Needed with --smtp." env:"REFUNDDESK_MAIL_FROM" placeholder:"ADDRESS"`
	DrainWindow     time.Duration `help:"How long usage from before a refund request is still taken; crediting waits as long; default ${default}." env:"REFUNDDESK_DRAIN_WINDOW" default:"0s" placeholder:"DURATION"`
	RateLimit       float64       `help:"Requests a second that one subject may make; 0 is no limit; default ${default}." env:"REFUNDDESK_RATE_LIMIT" default:"20" placeholder:"N"`
	ShutdownDelay   time.Duration `help:"How long a stop answers /readyz with 503 before it takes no more connections, so that balancers notice; default ${default}." env:"REFUNDDESK_SHUTDOWN_DELAY" default:"2s" placeholder:"DURATION"`
	ShutdownTimeout time.Duration `help:"How long a stop waits for what is under way; default ${default}." env:"REFUNDDESK_SHUTDOWN_TIMEOUT" default:"30s" placeholder:"DURATION"`
}

// Validate implements kong's hook.
func (s Serve) Validate() error {
	if err := s.Database.Validate(); err != nil {
		return err
	}
	if err := s.Log.Validate(); err != nil {
		return err
	}
	if s.Role != RoleAll && s.Role != RoleAPI && s.Role != RoleWorker {
		return wrong("--role", "must be all, api or worker")
	}
	for _, address := range []struct{ flag, value string }{{"--http", s.HTTP}, {"--engine", s.Engine}, {"--metrics", s.Metrics}} {
		if address.value == "" && address.flag == "--metrics" {
			continue
		}
		if _, port, err := net.SplitHostPort(address.value); err != nil || port == "" {
			return wrong(address.flag, "must be host:port")
		}
	}
	switch u, err := url.Parse(s.Issuer); {
	case s.Issuer == "" && s.Role != RoleWorker:
		return missing("--issuer", "the OpenID Connect issuer's URL")
	case s.Issuer != "" && (err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == ""):
		return wrong("--issuer", "must be a URL like https://id.example.com/realms/refunddesk")
	}
	for _, name := range []struct{ flag, value string }{
		{"--engine-namespace", s.EngineNamespace}, {"--task-queue", s.TaskQueue}, {"--audience", s.Audience},
		{"--roles-claim", s.RolesClaim}, {"--account-claim", s.AccountClaim},
	} {
		if strings.TrimSpace(name.value) == "" {
			return wrong(name.flag, "must not be empty")
		}
	}
	if err := s.validateConsole(); err != nil {
		return err
	}
	if s.SMTP != "" && s.MailFrom == "" {
		return missing("--mail-from", "the sender of mails, with --smtp")
	}
	if s.DrainWindow < 0 || s.DrainWindow > 30*24*time.Hour {
		return wrong("--drain-window", "must be between 0s and 720h")
	}
	if !(s.RateLimit >= 0) {
		return wrong("--rate-limit", "must be 0 or more")
	}
	if s.ShutdownDelay < 0 {
		return wrong("--shutdown-delay", "must be 0s or more")
	}
	if s.ShutdownTimeout <= 0 {
		return wrong("--shutdown-timeout", "must be more than 0s")
	}
	return nil
}

// Migrate changes the schema, as the migrating role.
type Migrate struct {
	Up     Database `cmd:"" help:"Apply what is missing."`
	Status Database `cmd:"" help:"List the steps and when they were applied."`
	Down   Database `cmd:"" help:"Undo the newest step. Its data is lost."`
}

// Import loads a billing export.
type Import struct {
	Database `embed:""`
	Accounts string `arg:"" help:"accounts.csv" type:"existingfile"`
	Packages string `arg:"" help:"packages.csv" type:"existingfile"`
	Usage    string `arg:"" help:"usage.csv" type:"existingfile"`
}

// Health asks a running process.
type Health struct {
	URL     string        `name:"url" help:"What to ask; default ${default}." env:"REFUNDDESK_HEALTH_URL" default:"http://127.0.0.1:8080/readyz" placeholder:"URL"`
	Timeout time.Duration `help:"How long to wait for the answer; default ${default}." env:"REFUNDDESK_HEALTH_TIMEOUT" default:"3s" placeholder:"DURATION"`
}

// Version prints the version.
type Version struct{}

// Parser reads the command line of refunddesk into p. More options can name the output
// and the exit for tests.
func Parser(p *Program, options ...kong.Option) (*kong.Kong, error) {
	return kong.New(p, append([]kong.Option{
		kong.Name(Name),
		kong.Description("RefundDesk: refunds of prepaid packages, screened, reviewed, credited and explained.\n\nEvery flag can be given by the variable named beside it; a flag wins."),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true}),
	}, options...)...)
}

func missing(flag, what string) *fault.Error {
	return fault.New(fault.Unprocessable, "setting-missing", "%s (%s) is missing: %s.", flag, variable(flag), what)
}

func wrong(flag, problem string) *fault.Error {
	return fault.New(fault.Unprocessable, "setting-invalid", "%s (%s) %s.", flag, variable(flag), problem)
}

// variable is the name of the environment variable beside a flag.
func variable(flag string) string {
	return Prefix + "_" + strings.ToUpper(strings.ReplaceAll(strings.TrimLeft(flag, "-"), "-", "_"))
}

// Setting is one flag of one command and the variable beside it.
type Setting struct {
	Command string
	Flag    string
	Env     string
	Default string
	Help    string
}

// Settings lists all settings of the program, in the order of its help: what the
// deployment files are held against.
func Settings() []Setting {
	parser, err := Parser(&Program{})
	if err != nil {
		panic(err) // the grammar is ours; a test parses it
	}
	var out []Setting
	var walk func(n *kong.Node)
	walk = func(n *kong.Node) {
		if n.Type == kong.CommandNode {
			for _, f := range n.Flags {
				s := Setting{Command: n.Path(), Flag: "--" + f.Name, Default: f.Default, Help: f.Help}
				if len(f.Envs) > 0 {
					s.Env = f.Envs[0]
				}
				out = append(out, s)
			}
		}
		for _, child := range n.Children {
			walk(child)
		}
	}
	walk(parser.Model.Node)
	return out
}
