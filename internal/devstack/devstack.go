// Package devstack is everything that the development program adds to RefundDesk: the
// embedded engine, a file for the records, an issuer, an inbox and demo data, in one
// process and one folder. The production program never links it.
package devstack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"refunddesk/internal/app"
	"refunddesk/internal/auth"
	"refunddesk/internal/config"
	"refunddesk/internal/devstack/demo"
	"refunddesk/internal/devstack/devengine"
	"refunddesk/internal/devstack/devissuer"
	"refunddesk/internal/engine"
	"refunddesk/internal/fault"
	"refunddesk/internal/mail"
	"refunddesk/internal/mail/inbox"
	"refunddesk/internal/store"
	"refunddesk/internal/store/postgres"
	"refunddesk/internal/store/sqlite"
)

// Options are the flags of refunddesk-dev, and what the recorder of histories sets.
type Options struct {
	Data     string // the folder that keeps everything
	HTTP     string // loopback host:port
	Engine   string // loopback host:port
	EngineUI string // loopback host:port, "" = off
	NoDemo   bool
	Database string // PostgreSQL for the application's records; "" = a file in Data
	Drain    time.Duration
	// SuggestContinueAsNewAfter makes workflows continue as new early; for recordings.
	SuggestContinueAsNewAfter int
	Out                       io.Writer // told where things are
	Log                       *slog.Logger
}

// Stack is a running development program.
type Stack struct {
	App    *app.App
	Engine *devengine.Engine
	Inbox  *inbox.Inbox
	Tokens map[string]string
	URL    string // where the API is

	play   context.CancelFunc // ends what the demo's people do
	played chan struct{}      // closed when they have ended
}

// Start starts everything. tokens.json is there before the program is ready. Errors name
// the flag that cannot be.
func Start(ctx context.Context, o Options) (_ *Stack, err error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := loopbackOnly("--http", o.HTTP); err != nil {
		return nil, err
	}
	if o.Database != "" {
		if refusal := postgres.Valid("--database", o.Database); refusal != nil {
			return nil, refusal
		}
	}
	if err := os.MkdirAll(o.Data, 0o700); err != nil {
		return nil, fault.InvalidField("--data", "cannot be made a folder: %v", err)
	}
	s := &Stack{}
	defer func() {
		if err != nil {
			s.stopRest()
		}
	}()
	issuer, err := devissuer.Open(o.Data, devissuer.Options{Log: o.Log})
	if err != nil {
		return nil, err
	}
	if s.Tokens, err = issuer.WriteTokens(); err != nil {
		return nil, err
	}
	s.Engine, err = devengine.Start(ctx, devengine.Options{
		File: filepath.Join(o.Data, "engine.db"), Address: o.Engine, UIAddress: o.EngineUI,
		SuggestContinueAsNewAfter: o.SuggestContinueAsNewAfter, Log: o.Log,
	})
	if err != nil {
		return nil, err
	}
	var clock demo.Timepiece
	records, err := openRecords(ctx, o, clock.Now)
	if err != nil {
		return nil, err
	}
	if !o.NoDemo {
		if err := demo.Prepare(ctx, records, &clock); err != nil {
			return nil, errors.Join(err, records.Close())
		}
	}
	if s.Inbox, err = inbox.Start(filepath.Join(o.Data, "mail")); err != nil {
		return nil, errors.Join(err, records.Close())
	}
	mailer, err := mail.New(mail.Config{URL: "smtp://" + s.Inbox.Addr(), From: "RefundDesk <refunds@refunddesk.example>"})
	if err != nil {
		return nil, errors.Join(err, records.Close())
	}
	access := auth.NewStatic(devissuer.Name, devissuer.Audience, issuer.PublicKey())
	var loaded atomic.Bool
	s.App, err = app.Start(app.Options{
		Role: config.RoleAll, HTTP: o.HTTP, Store: records,
		Engine:   engine.Options{Address: s.Engine.Address(), Namespace: s.Engine.Namespace()},
		Verifier: access, Mailer: mailer, Drain: o.Drain,
		Metrics: app.MetricsBeside, ShutdownTimeout: 10 * time.Second, Log: o.Log,
		Routes:  routes(issuer, s.Inbox.Handler()),
		Console: &app.Console{Issuer: newSignIns(issuer, access), Dev: true, Guard: localOnly},
		Gate: func(context.Context) error {
			if loaded.Load() {
				return nil
			}
			return errors.New("demo data")
		},
	})
	if err != nil {
		return nil, errors.Join(err, records.Close())
	}
	s.URL = "http://" + s.App.Address()
	if err := loadDemo(ctx, o, records); err != nil {
		return nil, err
	}
	loaded.Store(true)
	s.playDemo(o, records)
	return s, nil
}

// playDemo has the demo's people act in the background; see demo.Play.
func (s *Stack) playDemo(o Options, records *store.Store) {
	if o.NoDemo {
		return
	}
	var ctx context.Context
	ctx, s.play = context.WithCancel(context.Background())
	s.played = make(chan struct{})
	go func() {
		defer close(s.played)
		demo.Play(ctx, s.App.Desk(), records, o.Log)
	}()
}

func openRecords(ctx context.Context, o Options, now func() time.Time) (*store.Store, error) {
	if o.Database == "" {
		s, err := sqlite.Open(filepath.Join(o.Data, "records.db"), store.Options{Drain: o.Drain, Now: now})
		if err != nil {
			return nil, err
		}
		return s, migrated(ctx, s)
	}
	// Migrating takes the owner's rights; working takes no more than the application's.
	owner, err := postgres.Open(postgres.Config{URL: o.Database, MaxConnections: 1})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(migrated(ctx, owner), owner.Close()); err != nil {
		return nil, err
	}
	return postgres.Open(postgres.Config{URL: o.Database, Role: postgres.AppRole, Options: store.Options{Drain: o.Drain, Now: now}})
}

func migrated(ctx context.Context, s *store.Store) error {
	_, err := s.Migrate(ctx)
	return err
}

// loadDemo loads the demo export once a database: the mark in the folder speaks of the
// folder's own. Loading again, after a start that was cut off or into a PostgreSQL that has
// it, changes nothing of what is there.
func loadDemo(ctx context.Context, o Options, records *store.Store) error {
	if o.NoDemo {
		return nil
	}
	if o.Database != "" {
		_, err := demo.Load(ctx, records, o.Out)
		return err
	}
	mark := filepath.Join(o.Data, "demo-loaded")
	if _, err := os.Stat(mark); err == nil {
		return nil
	}
	if _, err := demo.Load(ctx, records, o.Out); err != nil {
		return err
	}
	return os.WriteFile(mark, []byte("the demo data was loaded; delete this file to load it again\n"), 0o600)
}

// Stop ends gracefully.
func (s *Stack) Stop() error {
	if s.play != nil {
		s.play()
		<-s.played
	}
	err := s.App.Stop()
	s.App = nil
	s.stopRest()
	return err
}

func (s *Stack) stopRest() {
	if s.App != nil {
		_ = s.App.Stop()
	}
	if s.Inbox != nil {
		_ = s.Inbox.Close()
	}
	if s.Engine != nil {
		s.Engine.Stop()
	}
}

// loopbackOnly refuses an address that other machines could reach: the tokens are everybody's.
func loopbackOnly(flag, address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fault.InvalidField(flag, "must be host:port, not %q", address)
	}
	if ip := net.ParseIP(host); host == "localhost" || (ip != nil && ip.IsLoopback()) {
		return nil
	}
	return fault.InvalidField(flag, "must be a loopback address such as 127.0.0.1:8080: the development program gives everybody a token")
}

// localOnly refuses a request that names another host than this machine: a web page from
// elsewhere whose name was made to point here (DNS rebinding) could otherwise fetch tokens.
func localOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if loopbackOnly("Host", net.JoinHostPort(hostOf(r.Host), "0")) != nil {
			http.Error(w, "This page is for this machine only.", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func hostOf(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	return strings.Trim(address, "[]")
}

// Describe writes where everything is and who the demo people are.
func (s *Stack) Describe(o Options, out io.Writer) {
	line := func(what, where string) { _, _ = fmt.Fprintf(out, "  %-14s %s\n", what, where) }
	_, _ = fmt.Fprintln(out, "RefundDesk is ready.")
	line("Console", s.URL)
	line("API", s.URL+"/v1")
	line("Contract", s.URL+"/openapi.yaml")
	line("Mails", s.URL+"/dev/mail")
	if s.Engine.UIAddress() != "" {
		line("Workflows", "http://"+s.Engine.UIAddress())
	}
	line("Tokens", filepath.Join(o.Data, "tokens.json"))
	_, _ = fmt.Fprintln(out, "Demo people (bearer tokens by these names; the console signs them in by one click):")
	for _, name := range devissuer.Names {
		who := devissuer.Demo[name]
		about := string(who.Roles[0])
		if who.AccountID != "" {
			about += " of " + who.AccountID
		}
		line(name, about)
	}
}
